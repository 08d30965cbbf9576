import Testing

@testable import KtapRuntime

@Suite(.serialized) struct StringTests {
  @Test func concatenation() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    #expect(try heap.concatenate(heap.string("a"), heap.string("b")).text == "ab")
    #expect(try heap.concatenate(heap.string("n="), Value(-12), Value(true), Value(false)).text == "n=-12truefalse")
    #expect(try heap.concatenate(heap.string(""), heap.string("")).text == "")
    #expect(
      try heap.concatenate(heap.string("a"), heap.string("b")).address == heap.string("ab").address)
    #expect(throws: ScriptError("attempt to concatenate a nil value")) {
      try heap.concatenate(heap.string("a"), .nilValue)
    }
    #expect(throws: ScriptError("attempt to concatenate a table value")) {
      try heap.concatenate(heap.table().value, heap.string("a"))
    }
  }

  @Test func decimalText() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    var numbers: [Int64] = [.min, .max, .min + 1, 0]
    var power: Int64 = 1
    for _ in 0..<19 {
      numbers += [power, power - 1, power + 1, -power, -power + 1, -power - 1]
      power &*= 10
    }
    for number in numbers {
      #expect(try heap.concatenate(Value(number), heap.string("")).text == String(number))
    }
  }

  @Test func lengthLimit() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    let longest = [UInt8](repeating: 65, count: 65_535)
    let value = try heap.string(of: longest)
    #expect(StringReference(value).count == 65_535)
    let longer = longest + [65]
    #expect(throws: ScriptError("string too long (65536 bytes, at most 65535)")) { try heap.string(of: longer) }
    #expect(try heap.concatenate(value, heap.string("")).address == value.address)
    for (more, count) in [(heap.string("x"), 65_536), (Value(-10), 65_538), (Value(false), 65_540), (value, 131_070)] {
      #expect(throws: ScriptError("string too long (\(count) bytes, at most 65535)")) {
        try heap.concatenate(value, more)
      }
      #expect(throws: ScriptError("string too long (\(count) bytes, at most 65535)")) {
        try heap.concatenate(more, value)
      }
    }
  }

  @Test func internedStringsAreReclaimedWhenUnmarked() {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    let kept = heap.string("kept")
    let pinned = heap.string("pinned")
    heap.pin(pinned)
    var dead: [Value] = []
    for number in 0..<10_000 { dead.append(heap.string("temporary \(number)")) }
    #expect(heap.state.pointee.internCount == 10_002)
    heap.collect(keeping: kept)
    #expect(heap.state.pointee.internCount == 2)
    #expect(dead.allSatisfy(isDead))
    #expect(heap.string("kept").address == kept.address)
    #expect(heap.string("pinned").address == pinned.address)
    #expect(kept.text == "kept")
    // The table shrinks again, a half a collection.
    for _ in 0..<10 { heap.collect(keeping: kept) }
    #expect(heap.state.pointee.internMask + 1 == InternTable.minimumBuckets)
    #expect(heap.string("kept").address == kept.address)
  }

  @Test func sizesOfCells() {
    for size in 1...SizeClass.largest {
      let index = SizeClass.index(of: size)
      #expect(index >= 0 && index < SizeClass.count)
      #expect(SizeClass.size(at: index) >= size)
      #expect(index == 0 || SizeClass.size(at: index - 1) < size)
    }
    for index in 0..<SizeClass.count { #expect(SizeClass.size(at: index) % 16 == 0) }
  }

  /// Strings of every size class, with neighbours that must stay what they are.
  @Test func stringsOfAllSizesKeepTheirBytes() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    var generator = SeededGenerator(5)
    var kept: [(Value, [UInt8])] = []
    for round in 0..<6 {
      for _ in 0..<700 {
        let count = Int.random(in: 0...(Bool.random(using: &generator) ? 300 : 20_000), using: &generator)
        let first = UInt64.random(in: 0...(.max), using: &generator)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: first >> (UInt64($0) & 63) &+ UInt64($0)) }
        let value = try heap.string(of: bytes)
        if Int.random(in: 0..<8, using: &generator) == 0 { kept.append((value, bytes)) }
      }
      kept.removeAll { _ in Int.random(in: 0..<3, using: &generator) == 0 }
      heap.collect { marker in for (value, _) in kept { marker.mark(value) } }
      for (value, bytes) in kept { #expect(Array(StringReference(value).bytes) == bytes, "round \(round)") }
    }
  }

  @Test func fiveMillionTemporaryStringsStayFlat() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    let prefix = heap.string("temporary string number ")
    heap.pin(prefix)
    var most = 0
    let operands = UnsafeMutableBufferPointer<Value>.allocate(capacity: 2)
    defer { operands.deallocate() }
    operands[0] = prefix
    for number in 0..<5_000_000 {
      operands[1] = Value(Int64(number))
      _ = try heap.concatenate(UnsafeBufferPointer(operands))
      if heap.needsCollection {
        most = max(most, heap.allocatedBytes)
        heap.collect { _ in }
      }
    }
    #expect(heap.collections > 50)
    #expect(most < 4 << 20)
    #expect(heap.reservedBytes < 12 << 20)
  }

  /// Lengths that change over time must not leave memory behind in every size class.
  @Test func changingLengthsStayFlat() throws {
    let heap = Heap.makeShared()
    defer { heap.destroy() }
    let bytes = [UInt8](repeating: 120, count: 4096)
    for length in stride(from: 32, through: 4096, by: 32) {
      for number in 0..<2000 {
        let part = try heap.string(of: Array(bytes[..<(length - 20)]))
        _ = try heap.concatenate(part, Value(Int64(number)))
        if heap.needsCollection { heap.collect { _ in } }
      }
    }
    #expect(heap.reservedBytes < 12 << 20)
  }
}
