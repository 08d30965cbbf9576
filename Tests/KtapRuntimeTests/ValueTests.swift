import Testing

@testable import KtapRuntime

@Suite struct ValueTests {
  let heap = Heap.makeShared()

  @Test func differentTypesAreUnequal() {
    defer { heap.destroy() }
    let values = [.nilValue, Value(false), Value(true), Value(0), Value(1), heap.string("0"), heap.string("")]
    for (left, first) in values.enumerated() {
      for (right, second) in values.enumerated() {
        #expect(first.isEqual(second) == (left == right))
      }
    }
  }

  @Test func stringsAreEqualByContentAcrossHeaps() throws {
    let worker = Heap.makeWorker(index: 2, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    for count in [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 100, 4096, 8169, 65_535] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let ours = try heap.string(of: bytes)
      let again = try heap.string(of: bytes)
      let theirs = try worker.string(of: bytes)
      #expect(ours.address == again.address)
      #expect(ours.address != theirs.address)
      #expect(ours.isEqual(theirs))
      #expect(StringReference(ours).hash == StringReference(theirs).hash)
      #expect(Array(StringReference(theirs).bytes) == bytes)
      for position in Set([0, count / 2, count - 1]) where position >= 0 && count > 0 {
        var changed = bytes
        changed[position] ^= 0x40
        let other = try worker.string(of: changed)
        #expect(!ours.isEqual(other))
        #expect(StringReference(ours).hash != StringReference(other).hash)
      }
    }
  }

  @Test func tuplesAreEqualByContent() throws {
    let worker = Heap.makeWorker(index: 0, shared: heap)
    defer {
      worker.destroy()
      heap.destroy()
    }
    let first = try heap.tuple(of: Value(1), heap.string("a"))
    let second = try worker.tuple(of: Value(1), worker.string("a"))
    #expect(first.isEqual(second))
    #expect(second.isEqual(first))
    #expect(TupleReference(first).hash == TupleReference(second).hash)
    #expect(!first.isEqual(try heap.tuple(of: heap.string("a"), Value(1))))
    #expect(!first.isEqual(try heap.tuple(of: Value(1), heap.string("a"), Value(false))))
    #expect(!first.isEqual(try heap.tuple(of: Value(1), heap.string("b"))))
    #expect(!first.isEqual(try heap.tuple(of: Value(1), Value(true))))
    #expect(TupleReference(first).part(1).isEqual(Value(1)))
    #expect(TupleReference(first).part(2).text == "a")
    for outside in [0, 3, -1, Int64.min, Int64.max] { #expect(TupleReference(first).part(outside).isNil) }
  }

  @Test func tuplesHoldNumbersStringsAndBooleansOnly() throws {
    defer { heap.destroy() }
    #expect(throws: ScriptError("a tuple cannot hold a nil value")) { try heap.tuple(of: Value(1), .nilValue) }
    #expect(throws: ScriptError("a tuple cannot hold a table value")) {
      try heap.tuple(of: heap.table().value, Value(1))
    }
    #expect(throws: ScriptError("a tuple cannot hold a tuple value")) {
      try heap.tuple(of: heap.tuple(of: Value(1), Value(2)), Value(1))
    }
    #expect(throws: ScriptError("a tuple has 2 to 8 parts, not 1")) { try heap.tuple(of: Value(1)) }
    #expect(throws: ScriptError("a tuple has 2 to 8 parts, not 9")) {
      try heap.tuple(of: Value(1), Value(2), Value(3), Value(4), Value(5), Value(6), Value(7), Value(8), Value(9))
    }
  }

  @Test func orderOfNumbersAndStrings() {
    defer { heap.destroy() }
    #expect(Value(.min).compare(Value(.max))! < 0)
    #expect(Value(3).compare(Value(3)) == 0)
    #expect(Value(3).compare(Value(-3))! > 0)
    let texts = ["", "\u{0}", "a", "a\u{0}", "ab", "b", "\u{7F}", "é"]
    for (left, first) in texts.enumerated() {
      for (right, second) in texts.enumerated() {
        let order = heap.string(first).compare(heap.string(second))!
        #expect(order.signum() == (left - right).signum())
      }
    }
    #expect(Value(1).compare(heap.string("1")) == nil)
    #expect(Value(true).compare(Value(true)) == nil)
    #expect(Value.nilValue.compare(.nilValue) == nil)
  }

  /// Structured inputs, as keys of a traced system are, must spread over both parts of the hash that a table uses.
  @Test(arguments: [UInt64(0), 1, 0xDEAD_BEEF, .max])
  func hashOfNumbersSpreads(entropy: UInt64) {
    defer { heap.destroy() }
    let seed = HashSeed(addend: entropy &* 77, entropy: entropy)
    let families: [(String, (Int64) -> Int64)] = [
      ("consecutive", { $0 }), ("pages", { $0 << 12 }), ("high half", { $0 << 32 }), ("highest bits", { $0 << 50 }),
      ("kernel addresses", { Int64(bitPattern: 0xFFFF_8880_0000_0000) &+ $0 &* 192 }), ("negative", { -$0 }),
    ]
    for (name, family) in families {
      var controls = [Int](repeating: 0, count: 128)
      var groups = [Int](repeating: 0, count: 1024)
      for number in 0..<8192 {
        let hash = UInt32(truncatingIfNeeded: seed.hash(family(Int64(number))))
        controls[Int(hash & 127)] += 1
        groups[Int(hash >> 7) & 1023] += 1
      }
      // 64 and 8 expected; a multiply spreads some families more evenly than chance, none may be far worse.
      #expect(controls.max()! < 192, "\(name)")
      #expect(groups.max()! < 48, "\(name)")
    }
  }
}

@Suite struct ValueLayoutTests {
  /// Tiers that emit code know these numbers.
  @Test func offsets() {
    #expect(MemoryLayout<Value>.stride == 16 && MemoryLayout<Value>.offset(of: \.tag) == 8)
    #expect(MemoryLayout<ObjectHeader>.size == 16)
    #expect(MemoryLayout<ObjectHeader>.offset(of: \.detail) == ObjectHeader.detailOffset)
    #expect(MemoryLayout<StringObject>.size == StringObject.bytesOffset)
    #expect(MemoryLayout<TupleObject>.size == TupleObject.partsOffset)
    #expect(MemoryLayout<ClosureObject>.size == ClosureObject.upvaluesOffset)
    #expect(MemoryLayout<CellObject>.size == 32 && MemoryLayout<CellObject>.offset(of: \.value) == 16)
    #expect(MemoryLayout<TableSlot>.size == 32 && MemoryLayout<TableSlot>.offset(of: \.value) == 16)
    #expect(MemoryLayout<TableSlot>.offset(of: \.hash) == 28)
  }
}
