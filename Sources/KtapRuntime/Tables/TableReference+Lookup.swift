// Looking up an element.
//
// Unsafe: raw memory. In: any value as key. Out: where its element is, or nil.
//
// The inlined part knows numbers and strings and compares keys by address: a table mostly meets the strings of its own
// heap, and one heap has one string of a content. It has no calls, no reference counting and no overflow checks. What
// it does not find is looked up once more by content, one call away, because an equal string can come from another
// heap. Comparing content in the inlined loop made the compiler spill a dozen registers around a call that hardly ever
// happens: 5.5 ns for a number that is there instead of 4.

extension TableReference {
  /// The element of a key; nil when it is missing or the key is nil.
  @inlinable @inline(__always) public func get(_ key: Value) -> Value {
    if !needsLock, let element = findIdentical(key) { return element.pointee }
    return getSlow(key)
  }

  /// Where the element of a number in the array part is, if no lock is needed; it may be nil. For tiers that inline
  /// just this and call `get` and `set` for the rest.
  @inlinable @inline(__always) public func arrayElement(_ key: Value) -> UnsafeMutablePointer<Value>? {
    let index = UInt64(bitPattern: key.payload) &- 1
    if key.tag != .number || index >= UInt64(truncatingIfNeeded: state.pointee.arrayCapacity) || needsLock {
      return nil
    }
    return state.pointee.array + Int(truncatingIfNeeded: index)
  }

  /// There is an element that is not nil.
  @inlinable public func contains(_ key: Value) -> Bool { !get(key).isNil }

  /// All of `get`.
  @inline(never) public func getSlow(_ key: Value) -> Value {
    lock()
    defer { unlock() }
    guard let element = findUnlocked(key) else { return .nilValue }
    return element.pointee
  }

  /// Where the element of a number or of the very same string is. In the array part that may be a nil; in the hash
  /// part an element is never nil.
  @inlinable @inline(__always) func findIdentical(_ key: Value) -> UnsafeMutablePointer<Value>? {
    let hash: UInt64
    if key.tag == .number {
      let index = UInt64(bitPattern: key.payload) &- 1
      if index < UInt64(truncatingIfNeeded: state.pointee.arrayCapacity) {
        return state.pointee.array + Int(truncatingIfNeeded: index)
      }
      hash = state.pointee.seed.hash(key.payload)
    } else if key.tag == .string {
      hash = StringReference(key).hash
    } else {
      return nil
    }
    return probe(UInt32(truncatingIfNeeded: hash)) { slot in
      slot.pointee.keyPayload == key.payload && slot.pointee.keyTag == key.tag
    }
  }

  /// Where the element of any key is, found by content.
  @inline(never) func findUnlocked(_ key: Value) -> UnsafeMutablePointer<Value>? {
    if key.isNumber { return findIdentical(key) }
    if key.isNil { return nil }
    let hash = UInt32(truncatingIfNeeded: key.hash(state.pointee.seed))
    return probe(hash) { slot in
      slot.pointee.hash == hash && slot.pointee.keyTag == key.tag && slot.pointee.key.isEqual(key)
    }
  }

  /// Where the element of a number is in the hash part.
  func findInHashPart(_ number: Int64) -> UnsafeMutablePointer<Value>? {
    probe(UInt32(truncatingIfNeeded: state.pointee.seed.hash(number))) { slot in
      slot.pointee.keyPayload == number && slot.pointee.keyTag == .number
    }
  }

  /// Visits the slots whose control byte matches the hash until one is right, or a group has an empty slot.
  @inlinable @inline(__always)
  func probe(
    _ hash: UInt32, _ isRight: (UnsafeMutablePointer<TableSlot>) -> Bool
  ) -> UnsafeMutablePointer<Value>? {
    let pattern = ControlGroup.pattern(hash)
    let mask = state.pointee.groupMask
    var group = Int(hash &>> 7) & mask
    var step = 0
    while true {
      let word = state.pointee.control[group]
      var matches = ControlGroup.matches(word, pattern)
      while matches != 0 {
        let slot = state.pointee.slots + (group &* 8 &+ ControlGroup.first(matches))
        if isRight(slot) { return valueAddress(slot) }
        matches &= matches &- 1
      }
      if ControlGroup.empty(word) != 0 { return nil }
      step &+= 1
      group = (group &+ step) & mask
    }
  }

  @inlinable @inline(__always)
  func valueAddress(_ slot: UnsafeMutablePointer<TableSlot>) -> UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(slot) + 16).assumingMemoryBound(to: Value.self)
  }

  @inlinable @inline(__always)
  func slot(_ value: UnsafeMutablePointer<Value>) -> UnsafeMutablePointer<TableSlot> {
    (UnsafeMutableRawPointer(value) - 16).assumingMemoryBound(to: TableSlot.self)
  }
}
