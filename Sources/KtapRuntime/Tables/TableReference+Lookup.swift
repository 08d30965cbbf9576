// Looking up an element.
//
// Unsafe: raw memory. In: any value as key. Out: where its element is, or nil. No calls, no reference counting, no
// overflow checks on the way of numbers and of strings of the table's own heap.

extension TableReference {
  /// The element of a key; nil when it is missing or the key is nil.
  @inlinable public func get(_ key: Value) -> Value {
    if needsLock { return getLocked(key) }
    guard let element = findUnlocked(key) else { return .nilValue }
    return element.pointee
  }

  /// There is an element that is not nil.
  @inlinable public func contains(_ key: Value) -> Bool { !get(key).isNil }

  @usableFromInline @inline(never) func getLocked(_ key: Value) -> Value {
    lock()
    defer { unlock() }
    guard let element = findUnlocked(key) else { return .nilValue }
    return element.pointee
  }

  /// Where a key's element is. In the array part that may be a nil; in the hash part an element is never nil.
  @inlinable @inline(__always) func findUnlocked(_ key: Value) -> UnsafeMutablePointer<Value>? {
    if key.tag == .number {
      let index = UInt64(bitPattern: key.payload) &- 1
      if index < UInt64(truncatingIfNeeded: state.pointee.arrayCapacity) {
        return state.pointee.array + Int(truncatingIfNeeded: index)
      }
      return probeNumber(key.payload)
    }
    if key.tag == .string { return probeContent(key, StringReference(key).hash) }
    return findOther(key)
  }

  @inlinable @inline(__always) func probeNumber(_ number: Int64) -> UnsafeMutablePointer<Value>? {
    let hash = UInt32(truncatingIfNeeded: state.pointee.seed.hash(number))
    let pattern = ControlGroup.pattern(hash)
    let mask = state.pointee.groupMask
    var group = Int(hash &>> 7) & mask
    var step = 0
    while true {
      let word = state.pointee.control[group]
      var matches = ControlGroup.matches(word, pattern)
      while matches != 0 {
        let slot = state.pointee.slots + (group &* 8 &+ ControlGroup.first(matches))
        if slot.pointee.keyPayload == number, slot.pointee.keyTag == .number { return valueAddress(slot) }
        matches &= matches &- 1
      }
      if ControlGroup.empty(word) != 0 { return nil }
      step &+= 1
      group = (group &+ step) & mask
    }
  }

  /// For keys that are equal by content: first by address, then by hash, then by bytes.
  @inlinable @inline(__always) func probeContent(_ key: Value, _ fullHash: UInt64) -> UnsafeMutablePointer<Value>? {
    let hash = UInt32(truncatingIfNeeded: fullHash)
    let pattern = ControlGroup.pattern(hash)
    let mask = state.pointee.groupMask
    var group = Int(hash &>> 7) & mask
    var step = 0
    while true {
      let word = state.pointee.control[group]
      var matches = ControlGroup.matches(word, pattern)
      while matches != 0 {
        let slot = state.pointee.slots + (group &* 8 &+ ControlGroup.first(matches))
        if slot.pointee.keyTag == key.tag {
          if slot.pointee.keyPayload == key.payload { return valueAddress(slot) }
          if slot.pointee.hash == hash, key.hasEqualContent(slot.pointee.key) { return valueAddress(slot) }
        }
        matches &= matches &- 1
      }
      if ControlGroup.empty(word) != 0 { return nil }
      step &+= 1
      group = (group &+ step) & mask
    }
  }

  /// Tuples, booleans and values that are equal by identity.
  @inline(never) @usableFromInline func findOther(_ key: Value) -> UnsafeMutablePointer<Value>? {
    if key.isNil { return nil }
    if key.tag == .tuple { return probeContent(key, TupleReference(key).hash) }
    let hash = UInt32(truncatingIfNeeded: key.hash(state.pointee.seed))
    let pattern = ControlGroup.pattern(hash)
    var group = Int(hash &>> 7) & state.pointee.groupMask
    var step = 0
    while true {
      let word = state.pointee.control[group]
      var matches = ControlGroup.matches(word, pattern)
      while matches != 0 {
        let slot = state.pointee.slots + (group &* 8 &+ ControlGroup.first(matches))
        if slot.pointee.keyPayload == key.payload, slot.pointee.keyTag == key.tag { return valueAddress(slot) }
        matches &= matches &- 1
      }
      if ControlGroup.empty(word) != 0 { return nil }
      step &+= 1
      group = (group &+ step) & state.pointee.groupMask
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
