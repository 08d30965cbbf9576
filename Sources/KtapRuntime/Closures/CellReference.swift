// A view of a captured variable that changes.
//
// Unsafe: valid while the cell is alive. A cell that handlers on several CPUs may use is read and written under its
// lock while workers run: its 16 bytes are not one atomic word.

/// A cell of a heap.
@frozen public struct CellReference: @unchecked Sendable {
  @usableFromInline let object: UnsafeMutablePointer<CellObject>

  /// The value must be a cell.
  @inlinable @inline(__always) public init(_ value: Value) {
    object = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: CellObject.self)
  }

  @inlinable @inline(__always) public var isShared: Bool { object.pointee.isShared != 0 }

  @inlinable @inline(__always) public func load() -> Value {
    isShared ? loadShared() : object.pointee.value
  }

  /// Stores a value; one that belongs to another heap than the cell is adopted. `heap` is the caller's.
  public func store(_ value: Value, from heap: Heap) {
    let adopted = Heap.containing(object).adoptForStorage(value)
    assert(Heap.containing(object).mayReferTo(adopted))
    guard takesLock else {
      object.pointee.value = adopted
      return
    }
    SpinLock.acquire(lockWord)
    object.pointee.value = adopted
    SpinLock.release(lockWord)
  }

  /// Replaces what the cell holds by `body(what it holds, operand)` as one step. `body` must not use cells or tables.
  public func update(
    _ operand: Value, from heap: Heap, _ body: (Value, Value) throws(ScriptError) -> Value
  ) throws(ScriptError) {
    guard takesLock else {
      let result = try body(object.pointee.value, operand)
      object.pointee.value = Heap.containing(object).adoptForStorage(result)
      return
    }
    SpinLock.acquire(lockWord)
    defer { SpinLock.release(lockWord) }
    let result = try body(object.pointee.value, operand)
    object.pointee.value = Heap.containing(object).adoptForStorage(result)
  }

  @usableFromInline @inline(never) func loadShared() -> Value {
    guard takesLock else { return object.pointee.value }
    SpinLock.acquire(lockWord)
    defer { SpinLock.release(lockWord) }
    return object.pointee.value
  }

  @inline(__always) private var takesLock: Bool { isShared && Heap.containing(object).isConcurrent }
  private var lockWord: UnsafeMutableRawPointer { UnsafeMutableRawPointer(object) + ObjectHeader.detailOffset }
}
