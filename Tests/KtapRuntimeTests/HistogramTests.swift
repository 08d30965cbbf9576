import Testing

@testable import KtapRuntime

@Suite struct HistogramTests {
  let fixture = Fixture()
  let header = "                         value ------------- Distribution ------------- count\n"

  private func row(_ key: String, _ filled: Int, _ value: String) -> String {
    let bar = String(repeating: "@", count: filled) + String(repeating: " ", count: 38 - filled)
    let padding = String(repeating: " ", count: max(0, 31 - key.count))
    return padding + key + " |" + bar + value + String(repeating: " ", count: max(0, 7 - value.count)) + "\n"
  }

  /// The original's own layout, byte for byte.
  @Test func theOriginalsLayout() throws {
    let table = try fixture.table([
      fixture.string("b"): Value(20), Value(7): Value(65), fixture.string("c"): Value(10), Value(1): Value(5),
    ])
    #expect(
      try fixture.output(.printHistogram, table, Value(2)) == """
                                 value ------------- Distribution ------------- count
                                      7 |@@@@@@@@@@@@@@@@@@@@@@@@              65    \u{20}
                                      b |@@@@@@@                               20    \u{20}
                                    ... |

        """)
  }

  @Test func emptyTableIsAHeader() throws {
    #expect(try fixture.output(.printHistogram, fixture.table()) == header)
    #expect(header.utf8.count == 31 + 40 + 6 + 1)
  }

  @Test func twentyRowsUnlessAskedOtherwise() throws {
    let table = try fixture.table()
    for number in 1...21 { try TableReference(table).set(Value(Int64(number)), Value(1), from: fixture.heap) }
    var lines = try fixture.output(.printHistogram, table).split(separator: "\n")
    #expect(lines.count == 22)
    #expect(lines.last == "                            ... |")
    lines = try fixture.output(.printHistogram, table, Value(21)).split(separator: "\n")
    #expect(lines.count == 22)
    #expect(lines.last?.hasSuffix("|@                                     1      ") == true)
    #expect(try fixture.output(.printHistogram, table, Value(0)) == header + "                            ... |\n")
    #expect(try fixture.output(.printHistogram, table, Value(-5)) == header + "                            ... |\n")
    #expect(try fixture.output(.printHistogram, table, Value(.max)).split(separator: "\n").count == 22)
  }

  @Test func tiesAreInTheOrderOfKeys() throws {
    let keys = [
      fixture.string("b"), Value(true), Value(10), fixture.string("a"), Value(2), try fixture.tuple(Value(1), Value(2)),
    ]
    for seed in 0..<20 {
      var random = SeededGenerator(UInt64(seed))
      let table = try fixture.table()
      for key in keys.shuffled(using: &random) { try TableReference(table).set(key, Value(1), from: fixture.heap) }
      #expect(
        try fixture.output(.printHistogram, table)
          == header + ["2", "10", "a", "b", "true", "1, 2"].map { row($0, 6, "1") }.joined())
    }
  }

  @Test func valuesHave64Bits() throws {
    let table = try fixture.table([
      fixture.string("max"): Value(.max), fixture.string("half"): Value(.max / 2), fixture.string("again"): Value(.max),
      Value(1 << 40): Value(1),
    ])
    // The sum does not fit 64 bits.
    #expect(
      try fixture.output(.printHistogram, table)
        == header + row("again", 15, "9223372036854775807") + row("max", 15, "9223372036854775807")
        + row("half", 7, "4611686018427387903") + row("1099511627776", 0, "1"))
  }

  @Test func zeroAndNegativeSums() throws {
    let zero = try fixture.table([Value(1): Value(0), Value(2): Value(0)])
    #expect(try fixture.output(.printHistogram, zero) == header + row("1", 0, "0") + row("2", 0, "0"))
    let negative = try fixture.table([Value(1): Value(-5), Value(2): Value(3)])
    #expect(try fixture.output(.printHistogram, negative) == header + row("2", 0, "3") + row("1", 0, "-5"))
    let mixed = try fixture.table([Value(1): Value(-9), Value(2): Value(10)])
    #expect(try fixture.output(.printHistogram, mixed) == header + row("2", 38, "10") + row("1", 0, "-9"))
  }

  @Test func longKeysStandOnTheirOwnLines() throws {
    let stack = "sym_a+0x0/0x10\nsym_b+0x0/0x10\nsym_c+0x0/0x10\n"
    let long = String(repeating: "k", count: 33)
    let exact = String(repeating: "e", count: 32)
    let table = try fixture.table([
      fixture.string(stack): Value(2), fixture.string(long): Value(1), fixture.string(exact): Value(1),
    ])
    #expect(
      try fixture.output(.printHistogram, table)
        == header + stack + String(repeating: "@", count: 19) + String(repeating: " ", count: 19) + "\n2\n\n"
        + row(exact, 9, "1")
        + long + "\n" + String(repeating: "@", count: 9) + String(repeating: " ", count: 29) + "\n1\n\n")
  }

  @Test func addressesShowSymbols() throws {
    let table = try fixture.table([
      Value(payload: 0x1000, tag: .address): Value(1), Value(payload: 0x2000, tag: .address): Value(3),
    ])
    #expect(
      try fixture.output(.printHistogram, table)
        == header + row("a_very_long_symbol_name_that...", 28, "3") + row("schedule", 9, "1"))
  }

  @Test func anythingButNumbersIsAnErrorThatPrintsNothing() throws {
    let table = try fixture.table([Value(1): Value(1), Value(2): fixture.string("x")])
    #expect(fixture.error(.printHistogram, table) == "print_hist only can print number")
    #expect(fixture.error(.printHistogram) == "bad argument #1 to 'print_hist' (table expected, got nil)")
    #expect(fixture.error(.printHistogram, Value(1)) == "bad argument #1 to 'print_hist' (table expected, got number)")
    #expect(
      fixture.error(.printHistogram, table, Value(true))
        == "bad argument #2 to 'print_hist' (number expected, got boolean)")
    #expect(fixture.printed() == "")
  }

  /// Selecting candidates must give what sorting everything gives.
  @Test func selectionAgreesWithSorting() throws {
    var random = SeededGenerator(11)
    for limit in [1, 3, 20, 31, 32, 33, 500, 5000] {
      let table = try fixture.table()
      var expected: [(key: Int64, value: Int64)] = []
      for key in 1...2000 {
        let value = Int64.random(in: 0...50, using: &random)
        expected.append((Int64(key), value))
        try TableReference(table).set(Value(Int64(key)), Value(value), from: fixture.heap)
      }
      expected.sort { ($1.value, $0.key) < ($0.value, $1.key) }
      let histogram = try Histogram(of: TableReference(table), limit: limit)
      #expect(histogram.rows.map(\.key.payload) == expected.prefix(limit).map(\.key))
      #expect(histogram.hasMore == (limit < 2000))
      #expect(histogram.sum == Int128(expected.reduce(0) { $0 + $1.value }))
    }
  }
}
