import Testing

@testable import KtapRuntime

@Suite struct HeapTests {
  let heap = Heap.makeShared()

  @Test func ownersAndLimits() {
    let worker = Heap.makeWorker(index: 6, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    #expect(heap.owner == 0)
    #expect(worker.owner == 7)
    heap.entryLimit = 12
    #expect(worker.entryLimit == 12)
    heap.entryLimit = 0
    #expect(heap.entryLimit == 1)
    heap.entryLimit = .max
    #expect(heap.entryLimit == 1 << 27)
  }

  @Test func reachedObjectsLiveAndOthersDie() throws {
    defer { heap.destroy() }
    let root = heap.table()
    let inner = heap.table()
    let closure = heap.closure(function: 4, upvalueCount: 2)
    let cell = heap.cell(heap.string("in a cell"), isShared: false)
    ClosureReference(closure).setUpvalue(0, cell)
    ClosureReference(closure).setUpvalue(1, try heap.tuple(of: heap.string("part"), Value(1)))
    try inner.set(heap.string("closure"), closure, from: heap)
    try root.set(Value(1), inner.value, from: heap)
    try root.set(heap.string("self"), root.value, from: heap)
    try inner.set(heap.string("back"), root.value, from: heap)
    try root.set(try heap.tuple(of: heap.string("key"), Value(2)), Value(3), from: heap)
    // A cycle that nothing reaches.
    let lost = heap.table()
    let lostClosure = heap.closure(function: 0, upvalueCount: 1)
    ClosureReference(lostClosure).setUpvalue(0, lost.value)
    try lost.set(Value(1), lostClosure, from: heap)
    for number in 0..<1000 { try lost.set(Value(Int64(number)), heap.string("lost \(number)"), from: heap) }

    heap.collect(keeping: root.value)
    heap.collect(keeping: root.value)
    #expect(isDead(lost.value) && isDead(lostClosure))
    let found = root.get(Value(1))
    #expect(found.address == inner.value.address)
    let call = ClosureReference(inner.get(heap.string("closure")))
    #expect(call.function == 4 && call.upvalueCount == 2)
    #expect(CellReference(call.upvalue(0)).load().text == "in a cell")
    #expect(TupleReference(call.upvalue(1)).part(1).text == "part")
    #expect(root.get(try heap.tuple(of: heap.string("key"), Value(2))).payload == 3)
    heap.collect { _ in }
    #expect(isDead(root.value) && isDead(closure))
    #expect(heap.allocatedBytes == 0)
  }

  @Test func aLongListNeedsNoCallStack() throws {
    defer { heap.destroy() }
    let head = heap.table()
    var last = head
    for _ in 0..<200_000 {
      let next = heap.table()
      try last.set(Value(1), next.value, from: heap)
      last = next
    }
    heap.collect(keeping: head.value)
    #expect(!isDead(last.value))
    heap.collect { _ in }
    #expect(isDead(last.value))
  }

  @Test func thresholdFollowsWhatLives() throws {
    defer { heap.destroy() }
    #expect(!heap.needsCollection)
    let table = heap.table()
    var number: Int64 = 0
    while !heap.needsCollection {
      try table.set(Value(number &* 7_919_000), heap.string("value \(number)"), from: heap)
      number += 1
    }
    let before = heap.allocatedBytes
    heap.collect(keeping: table.value)
    #expect(!heap.needsCollection)
    // All of it lives: the table, and a string an element.
    #expect(heap.allocatedBytes >= before * 9 / 10)
    #expect(heap.state.pointee.threshold == heap.allocatedBytes * 2)
    #expect(table.count == Int(number))
    heap.collect { _ in }
    #expect(heap.state.pointee.threshold == heap.state.pointee.minimumThreshold)
  }

  @Test func iteratorsKeepTableAndKeys() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for number in 0..<100 { try table.set(heap.string("key \(number)"), Value(Int64(number)), from: heap) }
    let iterator = table.iterator(in: heap)
    for number in 0..<50 {
      heap.collect(keeping: iterator)
      let element = IteratorReference(iterator).next()!
      #expect(element.key.text == "key \(number)" && element.value.payload == Int64(number))
    }
    heap.collect { _ in }
    #expect(isDead(iterator) && isDead(table.value))
  }

  @Test func pinnedObjectsKeepWhatTheyReach() throws {
    defer { heap.destroy() }
    let table = heap.table()
    heap.pin(table.value)
    heap.pin(Value(5))
    try table.set(heap.string("key"), heap.string("value"), from: heap)
    heap.collect { _ in }
    #expect(table.get(heap.string("key")).text == "value")
  }

  // Hostile heaps.

  /// A hostile heap makes a collection due after every allocation, and what is dead is unreadable.
  @Test func slackMakesCollectionsDue() throws {
    defer { heap.destroy() }
    _ = heap.string("before")
    heap.becomeHostile()
    heap.collect { _ in }
    #expect(!heap.needsCollection)
    let value = heap.string("a string that dies")
    #expect(heap.needsCollection)
    heap.collect { _ in }
    #expect(isDead(value))
    #expect(StringReference(value).bytes.prefix(4).allSatisfy { $0 == Hostility.poisonByte })
    heap.endHostility()
    _ = heap.string("after")
    #expect(!heap.needsCollection)
  }

  /// The heap's own code survives a collection in every allocation.
  @Test(arguments: [1, 2, 3, 7]) func collectingInEveryAllocation(interval: Int) throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let root = heap.table()
    heap.becomeHostile(collectingEvery: interval) { marker in marker.mark(root.value) }
    var generator = SeededGenerator(UInt64(interval))
    var model: [ModelValue: ModelValue] = [:]
    for step in 0..<600 {
      let key = ModelValue.random(using: &generator)
      let value = ModelValue.random(using: &generator)
      model[key] = value
      // Made in the worker's heap, so that the shared one has to adopt key and value.
      try root.set(key.make(in: worker), value.make(in: worker), from: worker)
      if step % 100 == 0 {
        let cell = heap.cell(worker.string("cell \(step)"), isShared: false)
        try root.set(Value(-1), cell, from: heap)
        #expect(CellReference(root.get(Value(-1))).load().text == "cell \(step)")
        try root.set(Value(-1), .nilValue, from: heap)
        model[.number(-1)] = nil
      }
    }
    #expect(heap.collections > 100 / interval)
    #expect(root.count == model.count)
    for (key, value) in model { #expect(ModelValue(root.get(key.make(in: worker))) == value) }
    heap.endHostility()
    heap.collect(keeping: root.value)
    #expect(root.count == model.count)
  }

  // Adoption.

  @Test func storingAdoptsWorkersStrings() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let table = heap.table()
    let key = worker.string("key")
    let value = try worker.tuple(of: worker.string("part"), Value(1))
    try table.set(key, value, from: worker)
    try table.add(worker.string("counter"), 1, from: worker)
    try table.update(worker.string("product"), from: worker) { ($0 + 3) * 2 }
    let cell = heap.cell(worker.string("in a cell"), isShared: true)
    let closure = heap.closure(function: 0, upvalueCount: 1)
    ClosureReference(closure).setUpvalue(0, worker.string("captured"))
    let roots = [table.value, cell, closure]
    // The worker's heap forgets everything; the shared objects do not notice.
    worker.becomeHostile()
    worker.collect { _ in }
    heap.collect { marker in for root in roots { marker.mark(root) } }
    #expect(isDead(key) && isDead(value))
    #expect(table.visited(in: heap).map(\.key) == [.string("key"), .string("counter"), .string("product")])
    #expect(ModelValue(table.get(heap.string("key"))) == .tuple([.string("part"), .number(1)]))
    #expect(table.get(heap.string("product")).payload == 6)
    #expect(CellReference(cell).load().text == "in a cell")
    #expect(ClosureReference(closure).upvalue(0).text == "captured")
    CellReference(cell).store(worker.string("second"), from: worker)
    worker.collect { _ in }
    #expect(CellReference(cell).load().text == "second")
    table.forEachElement { key, value in
      #expect(heap.mayReferTo(key) && heap.mayReferTo(value))
    }
  }

  @Test func adoptCopiesOncePerContent() throws {
    let worker = Heap.makeWorker(index: 3, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let theirs = worker.string("text")
    let ours = heap.adopt(theirs)
    #expect(ours.address != theirs.address && ours.object.pointee.owner == 0)
    #expect(heap.adopt(worker.string("text")).address == ours.address)
    #expect(heap.adopt(ours).address == ours.address)
    #expect(worker.adopt(ours).address == theirs.address)
    let tuple = heap.adopt(try worker.tuple(of: theirs, Value(2)))
    #expect(tuple.object.pointee.owner == 0)
    #expect(TupleReference(tuple).part(1).address == ours.address)
    for other in [Value(1), Value(true), .nilValue, heap.table().value] {
      #expect(worker.adopt(other).address == other.address)
    }
  }

  /// A worker's tuple may be all that refers to a shared string.
  @Test func workersTuplesKeepSharedStrings() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let shared = heap.string("shared")
    let tuple = try worker.tuple(of: shared, Value(1))
    heap.collect(keeping: tuple)
    #expect(TupleReference(tuple).part(1).address == shared.address)
    #expect(!isDead(shared))
    heap.collect { _ in }
    #expect(isDead(shared))
  }

  // Cells.

  @Test func cellsUpdateInOneStep() throws {
    defer { heap.destroy() }
    for isShared in [false, true] {
      let cell = CellReference(heap.cell(Value(1), isShared: isShared))
      try cell.update(Value(5), from: heap) { Value($0.payload + $1.payload) }
      #expect(cell.load().payload == 6)
      #expect(throws: ScriptError("no")) {
        try cell.update(Value(5), from: heap) { (_, _) throws(ScriptError) in throw ScriptError("no") }
      }
      #expect(cell.load().payload == 6)
    }
  }

  @Test func sharedCellsLoseNoUpdate() throws {
    defer { heap.destroy() }
    let cell = CellReference(heap.cell(Value(0), isShared: true))
    let workers = (0..<4).map { Heap.makeWorker(index: $0, shared: heap) }
    defer { for worker in workers { worker.destroy() } }
    heap.isConcurrent = true
    onThreads(4) { index in
      for step in 0..<50_000 {
        try! cell.update(Value(1), from: workers[index]) { Value($0.payload + $1.payload) }
        if step % 64 == 0 { precondition(cell.load().isNumber) }
      }
    }
    heap.isConcurrent = false
    #expect(cell.load().payload == 200_000)
  }

  @Test func workersAllocateInTheSharedHeapAtOnce() throws {
    let workers = (0..<4).map { Heap.makeWorker(index: $0, shared: heap) }
    defer {
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
    let table = heap.table()
    heap.isConcurrent = true
    onThreads(4) { index in
      let worker = workers[index]
      for step in 0..<5_000 {
        let inner = TableReference(heap.table(site: -1, array: 0, records: 0))
        try! inner.set(worker.string("name"), worker.string("value \(step % 100)"), from: worker)
        try! table.set(Value(Int64(step * 4 + index)), inner.value, from: worker)
        if worker.needsCollection { worker.collect { _ in } }
      }
    }
    heap.isConcurrent = false
    heap.collect(keeping: table.value)
    #expect(table.count == 20_000)
    for number in 0..<20_000 {
      let inner = TableReference(table.get(Value(Int64(number))))
      #expect(inner.get(heap.string("name")).text == "value \(number / 4 % 100)")
    }
  }
}

extension ModelValue {
  /// Values that meet each other often.
  static func random(using generator: inout SeededGenerator) -> ModelValue {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0..<4: return .number(Int64.random(in: -20...60, using: &generator))
    case 4..<5: return .number(Int64.random(in: 0..<100, using: &generator) << 40)
    case 5..<8: return .string("text \(Int.random(in: 0..<100, using: &generator))")
    case 8: return .boolean(Bool.random(using: &generator))
    default:
      return .tuple([
        .number(Int64.random(in: 0..<10, using: &generator)),
        .string("part \(Int.random(in: 0..<5, using: &generator))"),
      ])
    }
  }
}
