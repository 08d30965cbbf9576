// A view of a table: making, destroying, locking, and what it tells about itself.
//
// Unsafe: valid while the table is alive. Whoever is not alone with a table (it belongs to the shared heap, and workers
// are running) holds its lock; methods whose names end in `Unlocked` leave that to the caller.

/// A table of a heap.
@frozen public struct TableReference: @unchecked Sendable {
  /// Public for tiers that emit code.
  public let state: UnsafeMutablePointer<TableState>

  @inlinable @inline(__always) init(_ state: UnsafeMutablePointer<TableState>) { self.state = state }

  /// The value must be a table.
  @inlinable @inline(__always) public init(_ value: Value) {
    state = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: TableState.self)
  }

  /// Index into the program's table sites, or -1.
  public var site: Int32 { state.pointee.site }

  /// Says what the table is in reports: for a table whose maker did not know.
  public func setSite(_ site: Int32) { state.pointee.site = site }

  /// Live elements. Those of shards count once they are merged.
  @inlinable public var count: Int { state.pointee.count }

  /// Keys that were not inserted because the table was full.
  public var dropped: UInt64 { state.pointee.dropped }

  /// Elements of shards that were lost because the table's element is not a number.
  public var mergeErrors: UInt64 { state.pointee.mergeErrors }

  // Making and destroying.

  func initialize(heap: Heap, site: Int32) {
    let header = state.pointee.header
    state.initialize(
      to: TableState(
        header: header, heap: heap.state, shards: nil, array: TableReference.noArray, arrayCapacity: 0,
        control: emptyGroup, slots: TableReference.noSlots, groupMask: 0, seed: heap.state.pointee.seed, count: 0,
        arrayCount: 0, growthLeft: 0, nextOrder: 0, site: site, shardCount: 0, dropped: 0, mergeErrors: 0,
        emptyGroup: 0))
  }

  private var emptyGroup: UnsafeMutablePointer<UInt64> {
    let address = UnsafeMutableRawPointer(state) + MemoryLayout<TableState>.offset(of: \.emptyGroup)!
    return address.assumingMemoryBound(to: UInt64.self)
  }

  // Never read: no index is below a capacity of 0, no group without a match has a slot.
  private static var noArray: UnsafeMutablePointer<Value> { UnsafeMutablePointer(bitPattern: 16).unsafelyUnwrapped }
  private static var noSlots: UnsafeMutablePointer<TableSlot> { UnsafeMutablePointer(bitPattern: 32).unsafelyUnwrapped }

  var hasHashPart: Bool { state.pointee.control != emptyGroup }
  var slotCapacity: Int { hasHashPart ? (state.pointee.groupMask + 1) * 8 : 0 }

  /// Bytes outside the object.
  var storageBytes: Int {
    state.pointee.arrayCapacity * MemoryLayout<Value>.stride + TableStorage.size(slots: slotCapacity)
  }

  func freeStorage() {
    if state.pointee.arrayCapacity > 0 { state.pointee.array.deallocate() }
    if hasHashPart { TableStorage.deallocate(state.pointee.slots, slots: slotCapacity) }
    state.pointee.shards?.deallocate()
  }

  // The lock.

  var heap: Heap { Heap(state.pointee.heap) }

  /// Others may use the table now.
  @inlinable @inline(__always) var needsLock: Bool { state.pointee.heap.pointee.isConcurrent != 0 }

  private var lockWord: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) + ObjectHeader.detailOffset }

  @inline(__always) func lock() {
    if needsLock { SpinLock.acquire(lockWord) }
  }

  @inline(__always) func unlock() {
    if needsLock { SpinLock.release(lockWord) }
  }

  // Contents, in the order of memory.

  @inline(__always) func forEachElement(_ body: (Value, Value) -> Void) {
    for index in 0..<state.pointee.arrayCapacity {
      let value = state.pointee.array[index]
      if !value.isNil { body(Value(Int64(index) + 1), value) }
    }
    forEachSlot { body($0.pointee.key, $0.pointee.value) }
  }

  @inline(__always) func forEachSlot(_ body: (UnsafeMutablePointer<TableSlot>) -> Void) {
    guard hasHashPart else { return }
    for group in 0...state.pointee.groupMask {
      var occupied = ControlGroup.occupied(state.pointee.control[group])
      while occupied != 0 {
        body(state.pointee.slots + (group &* 8 &+ ControlGroup.first(occupied)))
        occupied &= occupied &- 1
      }
    }
  }

  func forEachShard(_ body: (TableReference) -> Void) {
    guard let shards = state.pointee.shards else { return }
    for index in 0..<state.pointee.shardCount {
      if let shard = shards[index] { body(TableReference(shard)) }
    }
  }
}
