// Changing elements: set, add, update, remove, clear.
//
// Unsafe: raw memory. What is stored is adopted by the table's heap first, so that a shared table never refers to a
// worker's object.
//
// `add` is what a tracing script does most (`t[k] += n`). Its hit path is inlined into the tier: choose the shard, look
// up, add. Everything else, a miss, a lock, an error, is one call away.

extension TableReference {
  /// `t[key] += amount`, where a missing element counts as 0. In a worker, a table with shards is left alone and the
  /// worker's shard takes the amount.
  @inlinable @inline(__always)
  public func add(_ key: Value, _ amount: Int64, from heap: Heap) throws(ScriptError) {
    if tryAdd(key, amount, from: heap) { return }
    try addSlow(key, amount, from: heap)
  }

  /// `add` when the key is there, its element a number and no lock needed; else nothing happens and the answer is
  /// false. For tiers that leave the rest to a slow path of their own.
  @inlinable @inline(__always)
  public func tryAdd(_ key: Value, _ amount: Int64, from heap: Heap) -> Bool {
    let target = shard(of: heap)
    if target.needsLock { return false }
    guard let element = target.findIdentical(key), element.pointee.tag == .number else { return false }
    element.pointee.payload &+= amount
    return true
  }

  /// The table that `add` changes: the worker's shard if there is one, else the table.
  @inlinable @inline(__always)
  public func shard(of heap: Heap) -> TableReference {
    guard let shards = state.pointee.shards else { return self }
    let index = Int(heap.owner) &- 1
    guard index >= 0, let shard = shards[index] else { return self }
    return TableReference(shard)
  }

  /// All of `add`.
  @inline(never) public func addSlow(_ key: Value, _ amount: Int64, from heap: Heap) throws(ScriptError) {
    let target = shard(of: heap)
    if key.isNil { throw TableReference.nilIndex }
    target.lock()
    defer { target.unlock() }
    guard let element = target.findUnlocked(key), !element.pointee.isNil else {
      target.insertUnlocked(key, Value(amount))
      return
    }
    guard element.pointee.isNumber else { throw TableReference.notANumber(element.pointee) }
    element.pointee.payload &+= amount
  }

  /// `t[key] = value`; nil removes the element. In a full table a new key is dropped and counted.
  public func set(_ key: Value, _ value: Value, from heap: Heap) throws(ScriptError) {
    if key.isNil { throw TableReference.nilIndex }
    lock()
    defer { unlock() }
    guard let element = findUnlocked(key) else {
      if !value.isNil { insertUnlocked(key, value) }
      return
    }
    if value.isNil {
      removeUnlocked(element)
    } else if element.pointee.isNil {
      insertUnlocked(key, value)
    } else {
      element.pointee = adopted(value)
    }
  }

  /// Replaces an element by `body(element)` as one step, where a missing element counts as 0. `body` must not use
  /// tables or cells.
  public func update(
    _ key: Value, from heap: Heap, _ body: (Int64) throws(ScriptError) -> Int64
  ) throws(ScriptError) {
    if key.isNil { throw TableReference.nilIndex }
    lock()
    defer { unlock() }
    guard let element = findUnlocked(key), !element.pointee.isNil else {
      insertUnlocked(key, Value(try body(0)))
      return
    }
    guard element.pointee.isNumber else { throw TableReference.notANumber(element.pointee) }
    element.pointee.payload = try body(element.pointee.payload)
  }

  /// Removes all elements and keeps the memory.
  public func clear() {
    lock()
    defer { unlock() }
    clearUnlocked()
    if !needsLock { forEachShard { $0.clearUnlocked() } }
  }

  func clearUnlocked() {
    state.pointee.array.update(repeating: .nilValue, count: state.pointee.arrayCapacity)
    if hasHashPart {
      state.pointee.control.update(repeating: 0, count: state.pointee.groupMask + 1)
      state.pointee.growthLeft = TableReference.usableSlots(slotCapacity)
    }
    state.pointee.count = 0
    state.pointee.arrayCount = 0
    state.pointee.nextOrder = 0
  }

  /// Removes what `findUnlocked` found.
  ///
  /// A slot of a group that has an empty slot becomes empty again: the group was never full since the last rehash, so
  /// no key was ever pushed past it. Otherwise it is marked deleted until the next rehash.
  func removeUnlocked(_ element: UnsafeMutablePointer<Value>) {
    let arrayIndex = element - state.pointee.array
    if arrayIndex >= 0 && arrayIndex < state.pointee.arrayCapacity {
      guard !element.pointee.isNil else { return }
      element.pointee = .nilValue
      state.pointee.arrayCount &-= 1
      state.pointee.count &-= 1
      return
    }
    let index = slot(element) - state.pointee.slots
    let group = state.pointee.control[index >> 3]
    let controls = UnsafeMutableRawPointer(state.pointee.control)
    if ControlGroup.empty(group) != 0 {
      controls.storeBytes(of: 0, toByteOffset: index, as: UInt8.self)
      state.pointee.growthLeft &+= 1
    } else {
      controls.storeBytes(of: ControlGroup.deleted, toByteOffset: index, as: UInt8.self)
    }
    state.pointee.count &-= 1
  }

  @inline(__always) func adopted(_ value: Value) -> Value {
    let result = heap.adoptForStorage(value)
    assert(heap.mayReferTo(result))
    return result
  }

  // Errors.

  static var nilIndex: ScriptError { ScriptError("table nil index") }

  static func notANumber(_ value: Value) -> ScriptError {
    ScriptError("attempt to do arithmetic on a \(value.tag.typeName) value")
  }
}
