// Inserting new keys: the entry limit, the array part's growth, and rehashing.
//
// Unsafe: raw memory.
//
// The hash part doubles when seven eighths of its slots are used up. When that happened by deleting rather than by
// holding much, it is rehashed into new memory of the same size, so that inserting and deleting for ever needs no more
// memory than the most elements that there were at a time. The array part grows when the key behind its end is
// inserted and it is at least half full; keys of the hash part that then fall into its range move over.

extension TableReference {
  static func usableSlots(_ capacity: Int) -> Int { capacity / 8 * 7 }

  /// Slots for so many elements: a power of two, at least one group.
  private static func slotCapacity(for elements: Int) -> Int {
    var capacity = 8
    while usableSlots(capacity) < elements { capacity *= 2 }
    return capacity
  }

  /// Makes room before elements come.
  func reserve(array: Int, records: Int) {
    let limit = heap.entryLimit
    if array > 0 { growArray(to: min(array, limit)) }
    if records > 0 { rehash(slots: TableReference.slotCapacity(for: min(records, limit))) }
  }

  /// Inserts a key that has no element. The value is not nil.
  @inline(never) func insertUnlocked(_ key: Value, _ value: Value) {
    guard state.pointee.count < heap.entryLimit else {
      state.pointee.dropped &+= 1
      return
    }
    let held = heap.heldCount
    defer { heap.letGo(keeping: held) }
    let value = adopted(value)
    heap.hold(value)
    if key.isNumber {
      if key.payload == Int64(state.pointee.arrayCapacity) &+ 1 { growArrayAtEnd() }
      let index = UInt64(bitPattern: key.payload) &- 1
      if index < UInt64(state.pointee.arrayCapacity) {
        state.pointee.array[Int(index)] = value
        state.pointee.arrayCount &+= 1
        state.pointee.count &+= 1
        return
      }
    }
    let key = adopted(key)
    if state.pointee.growthLeft == 0 { makeRoom() }
    if state.pointee.nextOrder == .max { renumber() }
    let hash = UInt32(truncatingIfNeeded: key.hash(state.pointee.seed))
    let slot = takeSlot(hash)
    slot.pointee = TableSlot(
      keyPayload: key.payload, keyTag: key.tag, order: state.pointee.nextOrder, value: value, hash: hash)
    state.pointee.nextOrder &+= 1
    state.pointee.count &+= 1
  }

  /// The first vacant slot on a hash's way, marked as taken.
  @inline(__always) private func takeSlot(_ hash: UInt32) -> UnsafeMutablePointer<TableSlot> {
    let mask = state.pointee.groupMask
    var group = Int(hash &>> 7) & mask
    var step = 0
    while true {
      let word = state.pointee.control[group]
      let vacant = ControlGroup.vacant(word)
      if vacant != 0 {
        let index = group &* 8 &+ ControlGroup.first(vacant)
        let controls = UnsafeMutableRawPointer(state.pointee.control)
        if controls.load(fromByteOffset: index, as: UInt8.self) == 0 { state.pointee.growthLeft &-= 1 }
        controls.storeBytes(of: ControlGroup.control(hash), toByteOffset: index, as: UInt8.self)
        return state.pointee.slots + index
      }
      step &+= 1
      group = (group &+ step) & mask
    }
  }

  private func makeRoom() {
    let capacity = slotCapacity
    let used = state.pointee.count - state.pointee.arrayCount
    // With at most three quarters of the usable slots in use, a rehash of the same size leaves room for a long time.
    if capacity > 0, used <= TableReference.usableSlots(capacity) * 3 / 4 {
      rehash(slots: capacity)
    } else {
      rehash(slots: max(8, capacity * 2))
    }
  }

  /// Moves the hash part into new memory, without what was deleted.
  private func rehash(slots capacity: Int) {
    let old = state.pointee
    let oldCapacity = slotCapacity
    let storage = TableStorage.allocate(slots: capacity)
    state.pointee.slots = storage
    state.pointee.control = TableStorage.control(storage, slots: capacity)
    state.pointee.groupMask = capacity / 8 - 1
    state.pointee.growthLeft = TableReference.usableSlots(capacity)
    for group in 0..<(oldCapacity / 8) {
      var occupied = ControlGroup.occupied(old.control[group])
      while occupied != 0 {
        let slot = old.slots + (group &* 8 &+ ControlGroup.first(occupied))
        takeSlot(slot.pointee.hash).pointee = slot.pointee
        occupied &= occupied &- 1
      }
    }
    if oldCapacity > 0 { TableStorage.deallocate(old.slots, slots: oldCapacity) }
    heap.account(TableStorage.size(slots: capacity) - TableStorage.size(slots: oldCapacity))
  }

  /// Gives new insertion numbers in the old order; after four thousand million insertions.
  func renumber() {
    let sorted = slotsInOrder()
    defer { sorted.deallocate() }
    for (number, slot) in sorted.enumerated() { slot.pointee.order = UInt32(number) }
    state.pointee.nextOrder = UInt32(sorted.count)
  }

  /// The used slots by insertion number. The caller deallocates.
  func slotsInOrder() -> UnsafeMutableBufferPointer<UnsafeMutablePointer<TableSlot>> {
    let used = state.pointee.count - state.pointee.arrayCount
    var slots = UnsafeMutableBufferPointer<UnsafeMutablePointer<TableSlot>>.allocate(capacity: used)
    var next = 0
    forEachSlot { slot in
      slots.initializeElement(at: next, to: slot)
      next += 1
    }
    slots.sort { $0.pointee.order < $1.pointee.order }
    return slots
  }

  // The array part.

  private func growArrayAtEnd() {
    let capacity = state.pointee.arrayCapacity
    let limit = heap.entryLimit
    guard state.pointee.arrayCount >= capacity / 2, capacity < limit else { return }
    growArray(to: min(max(4, capacity * 2), limit))
  }

  private func growArray(to capacity: Int) {
    let old = state.pointee.arrayCapacity
    guard capacity > old else { return }
    let array = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
    array.update(from: state.pointee.array, count: old)
    (array + old).initialize(repeating: .nilValue, count: capacity - old)
    let hashCount = state.pointee.count - state.pointee.arrayCount
    if hashCount > 0 { moveFromHashPart(to: array, old + 1, capacity) }
    if old > 0 { state.pointee.array.deallocate() }
    state.pointee.array = array
    state.pointee.arrayCapacity = capacity
    heap.account((capacity - old) * MemoryLayout<Value>.stride)
  }

  /// Moves the elements with keys first…last into the array that will hold them. The array part does not cover them
  /// yet, so that they are found in the hash part.
  private func moveFromHashPart(to array: UnsafeMutablePointer<Value>, _ first: Int, _ last: Int) {
    for number in first...last {
      guard let element = findInHashPart(Int64(number)) else { continue }
      array[number - 1] = element.pointee
      removeUnlocked(element)
      state.pointee.arrayCount &+= 1
      state.pointee.count &+= 1
    }
  }
}
