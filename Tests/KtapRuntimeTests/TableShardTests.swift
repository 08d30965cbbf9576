import Testing

@testable import KtapRuntime

@Suite struct TableShardTests {
  let heap = Heap.makeShared()

  @Test func workersAddToTheirShards() throws {
    let workers = (0..<3).map { Heap.makeWorker(index: $0, shared: heap) }
    defer {
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
    let table = heap.table()
    try table.add(heap.string("base"), 1, from: heap)
    #expect(!table.hasShards)
    table.attachShards(workers)
    #expect(table.hasShards)
    for (index, worker) in workers.enumerated() {
      try table.add(worker.string("base"), 10, from: worker)
      try table.add(worker.string("worker \(index)"), 1, from: worker)
      try table.add(Value(Int64(index)), 1, from: worker)
      try table.add(Value(1 << 40), 1, from: worker)
    }
    // The main thread's goes to the base.
    try table.add(Value(1 << 40), 100, from: heap)
    #expect(table.count == 2 && table.get(Value(1 << 40)).payload == 100)
    table.mergeShards()
    let expected: [(ModelValue, Int64)] = [
      (.number(0), 1), (.number(1), 1), (.number(2), 1), (.number(1 << 40), 103), (.string("base"), 31),
      (.string("worker 0"), 1), (.string("worker 1"), 1), (.string("worker 2"), 1),
    ]
    let visited = table.visited(in: heap)
    #expect(visited.map(\.key) == expected.map(\.0))
    #expect(visited.map(\.value.number) == expected.map(\.1))
    table.mergeShards()
    #expect(table.get(heap.string("base")).payload == 31)
    // The shards keep their memory and go on.
    let shard = table.shard(of: workers[0])
    #expect(shard.state != table.state && shard.count == 0 && shard.slotCapacity > 0)
    try table.add(workers[0].string("base"), 1, from: workers[0])
    table.releaseShards()
    #expect(!table.hasShards && table.get(heap.string("base")).payload == 32)
    try table.add(workers[0].string("base"), 1, from: workers[0])
    #expect(table.get(heap.string("base")).payload == 33)
    heap.collect(keeping: table.value)
    for worker in workers { worker.collect { _ in } }
    #expect(workers.allSatisfy { $0.allocatedBytes == 0 })
    #expect(table.visited(in: heap).map(\.key) == expected.map(\.0))
  }

  /// New keys come in worker order, then in the order in which a worker saw them first.
  @Test func orderOfMerging() throws {
    let workers = (0..<2).map { Heap.makeWorker(index: $0, shared: heap) }
    defer {
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
    heap.entryLimit = 25
    let table = heap.table()
    table.attachShards(workers)
    for (index, worker) in [(1, workers[1]), (0, workers[0])] {
      for number in 0..<20 { try table.add(worker.string("worker \(index) key \(number)"), 1, from: worker) }
    }
    table.mergeShards()
    let expected = (0..<20).map { "worker 0 key \($0)" } + (0..<5).map { "worker 1 key \($0)" }
    #expect(table.visited(in: heap).map(\.key) == expected.map { .string($0) })
    #expect(table.dropped == 15)
    // A shard's own drops reach the base.
    for number in 0..<30 { try table.add(workers[0].string("worker 0 key \(number)"), 1, from: workers[0]) }
    #expect(table.shard(of: workers[0]).dropped == 5 && table.dropped == 15)
    table.mergeShards()
    #expect(table.dropped == 15 + 5 + 5)
    #expect(table.shard(of: workers[0]).dropped == 0)
    #expect(table.get(heap.string("worker 0 key 3")).payload == 2)
  }

  @Test func elementsThatAreNotNumbersStay() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let table = heap.table()
    try table.set(heap.string("a"), heap.string("text"), from: heap)
    try table.set(Value(1), Value(true), from: heap)
    table.attachShards([worker])
    try table.add(worker.string("a"), 1, from: worker)
    try table.add(Value(1), 1, from: worker)
    try table.add(worker.string("b"), 1, from: worker)
    table.mergeShards()
    #expect(table.mergeErrors == 2)
    #expect(table.get(heap.string("a")).text == "text" && table.get(Value(1)).isEqual(Value(true)))
    #expect(table.get(heap.string("b")).payload == 1)
    table.clear()
    table.mergeShards()
    #expect(table.count == 0)
    table.releaseShards()
  }

  @Test func clearAlsoEmptiesShards() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let table = heap.table()
    table.attachShards([worker])
    try table.add(Value(1), 1, from: worker)
    try table.add(worker.string("a"), 1, from: worker)
    table.clear()
    table.releaseShards()
    #expect(table.count == 0)
  }

  /// A worker's heap keeps its shards and their keys, and shared keys live because of them.
  @Test func shardsAreRoots() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let table = heap.table()
    table.attachShards([worker])
    worker.becomeHostile()
    heap.becomeHostile()
    for number in 0..<100 {
      try table.add(worker.string("own \(number)"), 1, from: worker)
      try table.add(heap.string("shared \(number)"), 1, from: worker)
      try table.add(try worker.tuple(of: heap.string("part \(number)"), Value(1)), 1, from: worker)
      worker.collect { _ in }
      heap.collect(keeping: table.value)
    }
    table.releaseShards()
    worker.collect { _ in }
    heap.collect(keeping: table.value)
    #expect(table.count == 300)
    for number in 0..<100 {
      #expect(table.get(heap.string("own \(number)")).payload == 1)
      #expect(table.get(heap.string("shared \(number)")).payload == 1)
      #expect(table.get(try heap.tuple(of: heap.string("part \(number)"), Value(1))).payload == 1)
    }
  }

  // Threads.

  @Test func sharedTableLosesNoCount() throws {
    let count = 4
    let workers = (0..<count).map { Heap.makeWorker(index: $0, shared: heap) }
    defer {
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
    let table = heap.table()
    heap.isConcurrent = true
    let rounds = 30_000
    onThreads(count) { index in
      let worker = workers[index]
      for round in 0..<rounds {
        try! table.add(Value(Int64(round % 100)), 1, from: worker)
        try! table.add(Value(Int64(round % 1000) << 20), 1, from: worker)
        try! table.add(worker.string("key \(round % 50)"), 1, from: worker)
        try! table.update(worker.string("product"), from: worker) { $0 &+ 2 }
        try! table.set(worker.string("own \(index) \(round % 64)"), Value(Int64(round)), from: worker)
        if round % 3 == 0 { try! table.set(worker.string("own \(index) \(round % 64)"), .nilValue, from: worker) }
        if round % 1000 == 0 {
          let iterator = IteratorReference(table.iterator(in: heap))
          while let element = iterator.next() { precondition(!element.key.isNil) }
        }
        if worker.needsCollection { worker.collect { _ in } }
      }
    }
    heap.isConcurrent = false
    heap.collect(keeping: table.value)
    for number in 0..<100 { #expect(table.get(Value(Int64(number))).payload >= Int64(count * rounds / 100)) }
    var total: Int64 = 0
    for number in 1..<1000 { total += table.get(Value(Int64(number) << 20)).payload }
    for number in 0..<100 { total += table.get(Value(Int64(number))).payload }
    #expect(total == Int64(2 * count * rounds))
    var strings: Int64 = 0
    for number in 0..<50 { strings += table.get(heap.string("key \(number)")).payload }
    #expect(strings == Int64(count * rounds))
    #expect(table.get(heap.string("product")).payload == Int64(2 * count * rounds))
  }

  @Test func shardsLoseNoCount() throws {
    let count = 4
    let workers = (0..<count).map { Heap.makeWorker(index: $0, shared: heap) }
    defer {
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
    let table = heap.table()
    table.attachShards(workers)
    for _ in 0..<5 {
      heap.isConcurrent = true
      onThreads(count) { index in
        let worker = workers[index]
        for round in 0..<20_000 {
          try! table.add(Value(Int64(round % 100)), 1, from: worker)
          try! table.add(worker.string("key \(round % 500)"), 1, from: worker)
          if worker.needsCollection { worker.collect { _ in } }
        }
      }
      heap.isConcurrent = false
      table.mergeShards()
      heap.collect(keeping: table.value)
    }
    #expect(table.count == 600)
    for number in 0..<100 { #expect(table.get(Value(Int64(number))).payload == Int64(5 * count * 200)) }
    for number in 0..<500 { #expect(table.get(heap.string("key \(number)")).payload == Int64(5 * count * 40)) }
    table.releaseShards()
  }
}
