import Testing

@testable import KtapRuntime

/// What a table does, said with arrays and a dictionary.
struct ModelTable {
  var elements: [ModelValue: ModelValue] = [:]
  var insertionOrder: [ModelValue] = []
  var limit = Int.max
  var dropped: UInt64 = 0

  mutating func set(_ key: ModelValue, _ value: ModelValue?) {
    if let value {
      if elements[key] == nil {
        if elements.count >= limit {
          dropped += 1
          return
        }
        insertionOrder.append(key)
      }
      elements[key] = value
    } else if elements.removeValue(forKey: key) != nil {
      insertionOrder.removeAll { $0 == key }
    }
  }

  /// The order of `pairs`.
  var keys: [ModelValue] {
    insertionOrder.filter(\.isNumber).sorted { $0.number! < $1.number! } + insertionOrder.filter { !$0.isNumber }
  }
}

@Suite struct TableTests {
  let heap = Heap.makeShared()

  @Test func missingAndNil() throws {
    defer { heap.destroy() }
    let table = heap.table()
    #expect(table.get(Value(1)).isNil && table.get(.nilValue).isNil && table.get(heap.string("a")).isNil)
    let tuple = try heap.tuple(of: Value(1), Value(2))
    #expect(table.get(Value(true)).isNil && table.get(tuple).isNil)
    #expect(throws: ScriptError("table nil index")) { try table.set(.nilValue, Value(1), from: heap) }
    #expect(throws: ScriptError("table nil index")) { try table.set(.nilValue, .nilValue, from: heap) }
    #expect(throws: ScriptError("table nil index")) { try table.add(.nilValue, 1, from: heap) }
    #expect(throws: ScriptError("table nil index")) { try table.update(.nilValue, from: heap) { $0 } }
    try table.set(heap.string("a"), .nilValue, from: heap)
    try table.set(Value(1), .nilValue, from: heap)
    #expect(table.count == 0 && table.visited(in: heap).isEmpty)
  }

  @Test func extremeNumbersAreOrdinaryKeys() throws {
    defer { heap.destroy() }
    let table = heap.table()
    let numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 2, 1 << 32, .max - 1, .max]
    for number in numbers.shuffled() { try table.set(Value(number), Value(number &* 3), from: heap) }
    for number in numbers { #expect(table.get(Value(number)).payload == number &* 3) }
    #expect(table.visited(in: heap).map(\.key.number!) == numbers)
  }

  @Test func addAndUpdate() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for key in [Value(3), Value(1), Value(-9), heap.string("k"), Value(true), try heap.tuple(of: Value(1), Value(2))] {
      try table.add(key, 5, from: heap)
      try table.add(key, -7, from: heap)
      #expect(table.get(key).payload == -2)
      try table.update(key, from: heap) { $0 * 10 }
      #expect(table.get(key).payload == -20)
      #expect(throws: ScriptError("divide 0 arith operation")) {
        try table.update(key, from: heap) { (_) throws(ScriptError) in throw ScriptError("divide 0 arith operation") }
      }
      #expect(table.get(key).payload == -20)
    }
    try table.set(Value(0), Value(.max), from: heap)
    try table.add(Value(0), 1, from: heap)
    #expect(table.get(Value(0)).payload == .min)
    #expect(table.count == 7)
  }

  @Test func arithmeticOnOtherThanNumbers() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for key in [Value(1), heap.string("k")] {
      for (value, name) in [(heap.string("s"), "string"), (Value(true), "boolean"), (table.value, "table")] {
        try table.set(key, value, from: heap)
        let error = ScriptError("attempt to do arithmetic on a \(name) value")
        #expect(throws: error) { try table.add(key, 1, from: heap) }
        #expect(throws: error) { try table.update(key, from: heap) { $0 } }
        #expect(table.get(key).isEqual(value))
      }
    }
    // A failed body leaves a missing element missing.
    #expect(throws: ScriptError("x")) {
      try table.update(Value(77), from: heap) { (_) throws(ScriptError) in throw ScriptError("x") }
    }
    #expect(table.get(Value(77)).isNil)
  }

  /// Any sequence of operations does what the model does, in the model's order.
  @Test(arguments: 1...12) func behavesAsTheModel(seed: Int) throws {
    let worker = Heap.makeWorker(index: 1, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    var generator = SeededGenerator(UInt64(seed))
    var model = ModelTable()
    if seed % 3 == 0 {
      model.limit = 50
      heap.entryLimit = 50
    }
    let reserved = Int.random(in: 0...40, using: &generator)
    let table = TableReference(heap.table(site: 0, array: reserved, records: 40 - reserved))
    if seed % 4 == 0 { heap.becomeHostile() }
    for step in 0..<4000 {
      let source = Bool.random(using: &generator) ? heap : worker
      let key = ModelValue.random(using: &generator)
      let made = key.make(in: source)
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<35:
        let value = ModelValue.random(using: &generator)
        model.set(key, value)
        try table.set(made, value.make(in: source), from: source)
      case 35..<60:
        model.set(key, nil)
        try table.set(made, .nilValue, from: source)
      case 60..<85:
        let amount = Int64.random(in: -5...5, using: &generator)
        if let number = (model.elements[key] ?? .number(0)).number {
          model.set(key, .number(number + amount))
          try table.add(made, amount, from: source)
        } else {
          #expect(throws: ScriptError.self) { try table.add(made, amount, from: source) }
        }
      case 85..<95:
        if let number = (model.elements[key] ?? .number(0)).number {
          model.set(key, .number(number &* 3 ^ 1))
          try table.update(made, from: source) { $0 &* 3 ^ 1 }
        } else {
          #expect(throws: ScriptError.self) { try table.update(made, from: source) { $0 } }
        }
      case 95..<98:
        // Now and then a stretch of integers from 1, in either direction.
        let last = Int64.random(in: 1...40, using: &generator)
        let numbers = (1...last).map { Bool.random(using: &generator) ? $0 : last + 1 - $0 }
        for number in numbers {
          model.set(.number(number), .number(number))
          try table.set(Value(number), Value(number), from: heap)
        }
      case 98:
        heap.collect(keeping: table.value)
        worker.collect { _ in }
      default:
        if step % 5 == 0 {
          model = ModelTable(limit: model.limit, dropped: model.dropped)
          table.clear()
        }
      }
      #expect(table.count == model.elements.count)
      let probe = ModelValue.random(using: &generator)
      let found = table.get(probe.make(in: source))
      #expect(ModelValue(found) == model.elements[probe])
      #expect(table.contains(probe.make(in: source)) == (model.elements[probe] != nil))
      if step % 50 == 0 {
        let visited = table.visited(in: heap)
        #expect(visited.map(\.key) == model.keys)
        for (key, value) in visited { #expect(model.elements[key] == value) }
      }
      if heap.needsCollection { heap.collect(keeping: table.value) }
      if worker.needsCollection { worker.collect { _ in } }
    }
    #expect(table.dropped == model.dropped)
    if seed % 3 == 0 { #expect(model.dropped > 0) }
  }

  @Test func manyKeysOfEachKind() throws {
    defer { heap.destroy() }
    for kind in 0..<4 {
      let table = heap.table()
      let count = 20_000
      func key(_ number: Int) throws -> Value {
        switch kind {
        case 0: Value(Int64(number) &* 4096 &- 50_000)
        case 1: heap.string("key \(number)")
        case 2: try heap.tuple(of: Value(Int64(number % 100)), heap.string("\(number / 100)"))
        default: Value(Int64(number) + 1)
        }
      }
      for number in 0..<count { try table.add(try key(number), Int64(number), from: heap) }
      #expect(table.count == count)
      for number in 0..<count { #expect(table.get(try key(number)).payload == Int64(number)) }
      for number in count..<(count * 2) { #expect(table.get(try key(number)).isNil) }
      for number in stride(from: 0, to: count, by: 2) { try table.set(try key(number), .nilValue, from: heap) }
      #expect(table.count == count / 2)
      for number in 0..<count { #expect(table.get(try key(number)).isNil == (number % 2 == 0)) }
      if kind == 3 { #expect(!table.hasHashPart) } else { #expect(table.state.pointee.arrayCapacity == 0) }
    }
  }

  /// Inserting and deleting for ever needs no more memory than the most elements at a time.
  @Test(arguments: [8, 100, 3000]) func churnNeedsNoMoreMemory(live: Int) throws {
    defer { heap.destroy() }
    let table = heap.table()
    func key(_ number: Int) -> Value { Value(Int64(number) &* 65_537 &+ 100_000) }
    for number in 0..<live { try table.set(key(number), Value(1), from: heap) }
    let bound = 2 * max(8, live * 8 / 7).nextPowerOfTwo
    for number in live..<(live + 200_000) {
      try table.set(key(number - live), .nilValue, from: heap)
      try table.set(key(number), Value(1), from: heap)
    }
    #expect(table.count == live)
    #expect(table.slotCapacity <= bound)
    for number in 200_000..<(live + 200_000) { #expect(table.contains(key(number))) }
    #expect(!table.contains(key(199_999)))
  }

  @Test func clearKeepsMemory() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for round in 0..<3 {
      for number in 0..<1000 {
        try table.set(Value(Int64(number)), Value(1), from: heap)
        try table.set(heap.string("key \(number + round)"), Value(1), from: heap)
      }
      #expect(table.count == 2000)
      let bytes = table.storageBytes
      table.clear()
      #expect(table.count == 0 && table.storageBytes == bytes)
      #expect(table.visited(in: heap).isEmpty && !table.contains(Value(5)) && !table.contains(heap.string("key 5")))
    }
  }

  @Test func entryLimitDropsAndCounts() throws {
    heap.entryLimit = 100
    let table = TableReference(heap.table(site: 3, array: 1 << 40, records: 1 << 40))
    #expect(table.state.pointee.arrayCapacity == 100 && table.slotCapacity <= 128)
    for number in 0..<150 { try table.add(Value(Int64(number) * 1000), 1, from: heap) }
    #expect(table.count == 100 && table.dropped == 50)
    // What is there can still change, and what was removed makes room.
    try table.add(Value(0), 5, from: heap)
    #expect(table.get(Value(0)).payload == 6)
    try table.set(Value(0), .nilValue, from: heap)
    try table.set(Value(1), Value(9), from: heap)
    #expect(table.count == 100 && table.dropped == 50 && table.get(Value(1)).payload == 9)
    try table.update(Value(7), from: heap) { $0 + 1 }
    #expect(table.dropped == 51)
    let other = TableReference(heap.table(site: 1, array: 0, records: 0))
    for number in 0..<101 { try other.set(heap.string("\(number)"), Value(1), from: heap) }
    let third = TableReference(heap.table(site: 2, array: 0, records: 0))
    try third.set(Value(1), Value(1), from: heap)
    #expect(heap.droppedKeys() == [DroppedKeys(site: 1, count: 1), DroppedKeys(site: 3, count: 51)])
    heap.collect { _ in }
    #expect(heap.droppedKeys() == [DroppedKeys(site: 1, count: 1), DroppedKeys(site: 3, count: 51)])
    heap.destroy()
  }

  @Test func arrayPartGrowsUpToTheLimit() throws {
    heap.entryLimit = 10
    defer { heap.destroy() }
    let table = heap.table()
    for number in 1...20 { try table.set(Value(Int64(number)), Value(Int64(number)), from: heap) }
    #expect(table.count == 10 && table.dropped == 10)
    #expect(table.visited(in: heap).map(\.key.number!) == Array(1...10))
  }

  @Test func keysMoveIntoTheArrayPart() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for number in (2...64).reversed() { try table.set(Value(Int64(number)), Value(Int64(number * 2)), from: heap) }
    #expect(table.state.pointee.arrayCapacity == 0)
    try table.set(Value(1), Value(2), from: heap)
    for number in 65...200 { try table.set(Value(Int64(number)), Value(Int64(number * 2)), from: heap) }
    #expect(table.count == 200)
    for number in 1...200 { #expect(table.get(Value(Int64(number))).payload == Int64(number * 2)) }
    #expect(table.visited(in: heap).map(\.key.number!) == Array(1...200))
  }

  @Test func insertionNumbersAreRenewed() throws {
    defer { heap.destroy() }
    let table = heap.table()
    for number in 0..<6 { try table.set(heap.string("early \(number)"), Value(1), from: heap) }
    try table.set(heap.string("early 2"), .nilValue, from: heap)
    table.state.pointee.nextOrder = .max - 2
    for number in 0..<6 { try table.set(heap.string("late \(number)"), Value(1), from: heap) }
    #expect(table.state.pointee.nextOrder < 20)
    let expected = [0, 1, 3, 4, 5].map { "early \($0)" } + (0..<6).map { "late \($0)" }
    #expect(table.visited(in: heap).map(\.key) == expected.map { .string($0) })
  }

  // Hash.

  /// What a script can see does not depend on the process's secret.
  @Test func orderDoesNotDependOnTheSeed() throws {
    heap.destroy()
    var first: [ModelValue]?
    for entropy: UInt64 in [1, 0x1234_5678_9ABC_DEF0, 0xFFFF_0000_FFFF_0000, 42] {
      let heap = Heap.makeShared(seed: HashSeed(addend: entropy &* 0x9E37, entropy: entropy))
      let workers = (0..<2).map { Heap.makeWorker(index: $0, shared: heap) }
      heap.entryLimit = 300
      let table = heap.table()
      table.attachShards(workers)
      var generator = SeededGenerator(9)
      for _ in 0..<2000 {
        let worker = workers[Int.random(in: 0..<2, using: &generator)]
        let name = worker.string("key \(Int.random(in: 0..<400, using: &generator))")
        try table.add(name, 1, from: worker)
        try table.add(Value(Int64.random(in: -100..<100, using: &generator)), 1, from: worker)
      }
      table.releaseShards()
      try table.set(heap.string("key 7"), .nilValue, from: heap)
      try table.set(heap.string("key 7"), Value(1), from: heap)
      let keys = table.visited(in: heap).map(\.key)
      #expect(table.dropped > 0 && keys.count == 300)
      #expect(first == nil || first == keys)
      first = keys
      for worker in workers { worker.destroy() }
      heap.destroy()
    }
  }

  /// Keys that collide in one process do not collide in another: the longest probe of a set that was chosen against
  /// one secret is short under others.
  @Test func collidingKeysOfOneSeedSpreadUnderAnother() throws {
    defer { heap.destroy() }
    let known = HashSeed(addend: 123, entropy: 456)
    var chosen: [Int64] = []
    var number: Int64 = 0
    while chosen.count < 400 {
      number += 1
      if UInt32(truncatingIfNeeded: known.hash(number)) & 0x1FFF == 0 { chosen.append(number) }
    }
    let seed = heap.state.pointee.seed
    var groups = [Int](repeating: 0, count: 64)
    for number in chosen { groups[Int(UInt32(truncatingIfNeeded: seed.hash(number)) >> 7) & 63] += 1 }
    #expect(groups.max()! < 40)
  }

  // Iteration.

  @Test func changingWhileIterating() throws {
    defer { heap.destroy() }
    var generator = SeededGenerator(3)
    for _ in 0..<50 {
      let table = heap.table()
      var model = ModelTable()
      for _ in 0..<60 {
        let key = ModelValue.random(using: &generator)
        model.set(key, .number(1))
        try table.set(key.make(in: heap), Value(1), from: heap)
      }
      let keys = model.keys
      let iterator = IteratorReference(table.iterator(in: heap))
      var visited: [ModelValue] = []
      var removedBefore: Set<ModelValue> = []
      while let element = iterator.next() {
        let key = ModelValue(element.key)!
        #expect(ModelValue(element.value) == model.elements[key])
        visited.append(key)
        for _ in 0..<3 {
          let other = ModelValue.random(using: &generator)
          switch Int.random(in: 0..<3, using: &generator) {
          case 0:
            model.set(other, nil)
            try table.set(other.make(in: heap), .nilValue, from: heap)
            if !visited.contains(other) { removedBefore.insert(other) }
          case 1:
            model.set(other, .number(2))
            try table.set(other.make(in: heap), Value(2), from: heap)
          default:
            model.set(key, .string("changed"))
            try table.set(element.key, heap.string("changed"), from: heap)
          }
        }
      }
      #expect(iterator.next() == nil)
      // In order, each once, and all that were there and stayed.
      var position = 0
      for key in visited {
        while position < keys.count, keys[position] != key {
          #expect(removedBefore.contains(keys[position]))
          position += 1
        }
        #expect(position < keys.count)
        position += 1
      }
      for key in keys[position...] { #expect(removedBefore.contains(key)) }
    }
  }

  @Test func sortedIteration() throws {
    defer { heap.destroy() }
    let table = heap.table()
    let tuple = try heap.tuple(of: Value(1), heap.string("z"))
    let elements: [(Value, Value)] = [
      (heap.string("b"), Value(5)), (Value(3), Value(5)), (heap.string("a"), Value(7)), (Value(-1), Value(9)),
      (Value(true), Value(5)), (Value(false), heap.string("s")), (tuple, Value(true)), (Value(1), heap.string("r")),
      (try heap.tuple(of: Value(1), heap.string("y")), Value(1)),
    ]
    for (key, value) in elements { try table.set(key, value, from: heap) }
    func sorted(_ key: SortKey, _ descending: Bool) -> [String] {
      let iterator = IteratorReference(table.sortedIterator(by: key, descending: descending, in: heap))
      var names: [String] = []
      while let element = iterator.next() {
        switch element.key.tag {
        case .number: names.append(String(element.key.payload))
        case .string: names.append(element.key.text)
        case .tuple: names.append("1," + TupleReference(element.key).part(2).text)
        default: names.append(String(element.key.isTrue))
        }
      }
      return names
    }
    let byKey = ["-1", "1", "3", "a", "b", "false", "true", "1,y", "1,z"]
    #expect(sorted(.key, false) == byKey)
    #expect(sorted(.key, true) == byKey.reversed())
    // By value; keys with the same value ascend in both directions.
    #expect(sorted(.value, false) == ["1,y", "3", "b", "true", "a", "-1", "1", "false", "1,z"])
    #expect(sorted(.value, true) == ["1,z", "false", "1", "-1", "a", "3", "b", "true", "1,y"])
  }
}

extension Int {
  fileprivate var nextPowerOfTwo: Int {
    var power = 1
    while power < self { power *= 2 }
    return power
  }
}
