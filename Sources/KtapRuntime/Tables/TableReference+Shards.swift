// Shards: a part of a table for each worker, so that `t[k] += n` needs no lock.
//
// Unsafe: raw memory. Invariant: while workers run, a shard is touched by its worker alone; it is attached, merged and
// released while none runs.
//
// A shard is a table of the worker's heap, which keeps it alive. Its keys may be the worker's strings or shared ones;
// merging adopts a key only when the base has no element for it, so that in steady state a merge makes no objects. It
// goes through the shards in worker order. Keys that the base has are added in the order of memory, which nobody can
// tell; keys that are new to it follow in the order in which the worker saw them first, so that iteration and what is
// dropped by a full table do not depend on the hash.

extension TableReference {
  public var hasShards: Bool { state.pointee.shards != nil }

  /// Gives each of the workers' heaps a shard.
  public func attachShards(_ heaps: [Heap]) {
    precondition(!hasShards && state.pointee.header.owner == 0)
    let count = heaps.map { Int($0.owner) }.max() ?? 0
    guard count > 0 else { return }
    let shards = UnsafeMutablePointer<UnsafeMutablePointer<TableState>?>.allocate(capacity: count)
    shards.initialize(repeating: nil, count: count)
    for heap in heaps {
      precondition(heap.owner > 0)
      let shard = TableReference(heap.table(site: site, array: 0, records: 0))
      heap.state.pointee.shards.push(shard.state)
      shards[Int(heap.owner) - 1] = shard.state
    }
    state.pointee.shards = shards
    state.pointee.shardCount = count
  }

  /// Adds what the shards hold to the table and empties them; they keep their memory.
  public func mergeShards() {
    forEachShard { shard in
      if shard.count > 0 { merge(shard) }
      state.pointee.dropped &+= shard.state.pointee.dropped
      shard.state.pointee.dropped = 0
    }
  }

  /// Merges the shards and gives them up; their heaps free them when they are next collected.
  public func releaseShards() {
    guard let shards = state.pointee.shards else { return }
    mergeShards()
    forEachShard { shard in
      shard.state.pointee.heap.pointee.shards.remove { $0 == shard.state }
    }
    shards.deallocate()
    state.pointee.shards = nil
    state.pointee.shardCount = 0
  }

  private func merge(_ shard: TableReference) {
    for index in 0..<shard.state.pointee.arrayCapacity {
      let value = shard.state.pointee.array[index]
      if !value.isNil { merge(Value(Int64(index) + 1), value.payload) }
    }
    var newSlots = RawStack<UnsafeMutablePointer<TableSlot>>()
    defer { newSlots.destroy() }
    shard.forEachSlot { slot in
      if let element = findUnlocked(slot.pointee.key), !element.pointee.isNil {
        merge(into: element, slot.pointee.value.payload)
      } else {
        newSlots.push(slot)
      }
    }
    if newSlots.count > 0 {
      var slots = UnsafeMutableBufferPointer(start: newSlots.elements, count: newSlots.count)
      slots.sort { $0.pointee.order < $1.pointee.order }
      for slot in slots { merge(slot.pointee.key, slot.pointee.value.payload) }
    }
    shard.clearUnlocked()
  }

  private func merge(_ key: Value, _ amount: Int64) {
    if let element = findUnlocked(key), !element.pointee.isNil {
      merge(into: element, amount)
    } else {
      insertUnlocked(key, Value(amount))
    }
  }

  private func merge(into element: UnsafeMutablePointer<Value>, _ amount: Int64) {
    if element.pointee.isNumber {
      element.pointee.payload &+= amount
    } else {
      state.pointee.mergeErrors &+= 1
    }
  }
}
