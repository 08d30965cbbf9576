import Testing

@testable import KtapRuntime

@Suite struct BuiltinCallTests {
  let fixture = Fixture()

  // Output.

  @Test func printJoinsByTabs() throws {
    #expect(try fixture.output(.print) == "\n")
    #expect(try fixture.output(.print, Value(1), fixture.string("a"), .nilValue, Value(true)) == "1\ta\tnil\ttrue\n")
    #expect(try fixture.output(.print, fixture.string([97, 0, 98])) == "a\0b\n")
    #expect(
      try fixture.output(.print, Value(.min), fixture.tuple(Value(-1), fixture.string("x"), Value(false)))
        == "-9223372036854775808\t-1, x, false\n")
  }

  @Test func printShowsNoAddresses() throws {
    let table = try fixture.table([Value(1): Value(2)])
    #expect(try fixture.output(.print, fixture.table(), table) == "table: 0 elements\ttable: 1 element\n")
    let known = fixture.shared.closure(function: 7, upvalueCount: 0)
    let unknown = fixture.shared.closure(function: 8, upvalueCount: 0)
    #expect(
      try fixture.output(.print, Value(BuiltinIdentifier.stringSub), known, unknown)
        == "function: string.sub\tfunction: helper\tfunction: #8\n")
    #expect(try fixture.output(.print, fixture.call(.pairs, table)) == "iterator\n")
    #expect(try fixture.output(.print, Value(payload: 0x1000, tag: .address)) == "schedule\n")
    #expect(try fixture.output(.print, Value(payload: -1, tag: .address)) == "0xffffffffffffffff\n")
  }

  @Test func terminalSequences() throws {
    #expect(try fixture.output(.clearScreen) == "\u{1b}[1;1H\u{1b}[J")
    #expect(try fixture.output(.setColor, Value(32)) == "\u{1b}[32m")
    #expect(try fixture.output(.setColor2, Value(32), Value(40)) == "\u{1b}[32;40m")
    #expect(try fixture.output(.setColor3, Value(32), Value(40), Value(1)) == "\u{1b}[32;40;1m")
    #expect(try fixture.output(.setColor3, Value(32), Value(40), Value(0)) == "\u{1b}[32;40m")
    #expect(try fixture.output(.resetColor) == "\u{1b}[0;0m")
    #expect(try fixture.output(.newLine) == "\n")
    #expect(
      fixture.error(.setColor2, Value(1)) == "bad argument #2 to 'ansi.set_color2' (number expected, got nil)")
    #expect(fixture.printed() == "")
  }

  // Tables.

  @Test func lengths() throws {
    #expect(try fixture.call(.length, fixture.string("abc")).payload == 3)
    #expect(try fixture.call(.length, fixture.string([0, 0])).payload == 2)
    let table = try fixture.table([Value(1): Value(1), fixture.string("x"): Value(2)])
    #expect(try fixture.call(.length, table).payload == 2)
    #expect(try fixture.call(.length, fixture.tuple(Value(1), Value(2), Value(3))).payload == 3)
    for (value, name) in [(Value.nilValue, "nil"), (Value(1), "number"), (Value(true), "boolean")] {
      #expect(
        fixture.error(.length, value) == "bad argument #1 to 'len' (string, table or tuple expected, got \(name))")
    }
  }

  @Test func deleting() throws {
    let table = try fixture.table([Value(1): Value(1), Value(2): Value(2), fixture.string("x"): Value(3)])
    try fixture.call(.delete, table, .nilValue)
    #expect(TableReference(table).count == 3)
    try fixture.call(.delete, table, fixture.string("x"))
    try fixture.call(.delete, table, fixture.string("y"))
    #expect(TableReference(table).count == 2)
    try fixture.call(.delete, table)
    #expect(TableReference(table).count == 0)
    #expect(fixture.error(.delete) == "bad argument #1 to 'delete' (table expected, got nil)")
  }

  private func collect(_ iterator: Value) -> [String] {
    var result: [String] = []
    while let (key, value) = IteratorReference(iterator).next() {
      let buffer = ByteBuffer()
      fixture.context.appendText(of: key, to: buffer)
      buffer.append("=")
      fixture.context.appendText(of: value, to: buffer)
      result.append(buffer.text)
      buffer.destroy()
    }
    return result
  }

  @Test func iteration() throws {
    let table = try fixture.table([
      fixture.string("z"): Value(1), Value(5): Value(3), Value(-1): Value(3), fixture.string("a"): Value(2),
    ])
    #expect(try collect(fixture.call(.pairs, table)) == ["-1=3", "5=3", "z=1", "a=2"])
    #expect(try collect(fixture.call(.sortPairs, table)) == ["-1=3", "5=3", "a=2", "z=1"])
    let (key, value) = (fixture.string("key"), fixture.string("value"))
    let (ascending, descending) = (fixture.string("asc"), fixture.string("desc"))
    #expect(try collect(fixture.call(.sortPairs, table, value, ascending)) == ["z=1", "a=2", "-1=3", "5=3"])
    #expect(try collect(fixture.call(.sortPairs, table, key, ascending)) == ["-1=3", "5=3", "a=2", "z=1"])
    #expect(try collect(fixture.call(.sortPairs, table, key)) == ["z=1", "a=2", "5=3", "-1=3"])
    #expect(try collect(fixture.call(.sortPairs, table, .nilValue, descending)) == ["-1=3", "5=3", "a=2", "z=1"])
    #expect(
      fixture.error(.sortPairs, table, fixture.string("keys"))
        == "bad argument #2 to 'sort_pairs' (\"key\" or \"value\" expected)")
    #expect(
      fixture.error(.sortPairs, table, key, fixture.string("up"))
        == "bad argument #3 to 'sort_pairs' (\"asc\" or \"desc\" expected)")
    #expect(
      fixture.error(.sortPairs, table, Value(1)) == "bad argument #2 to 'sort_pairs' (string expected, got number)")
    #expect(fixture.error(.sortPairs) == "bad argument #1 to 'sort_pairs' (table expected, got nil)")
    #expect(
      fixture.error(.pairs, fixture.string("x")) == "bad argument #1 to 'pairs' (table expected, got string)")
  }

  @Test func newTables() throws {
    for arguments in [[], [Value(10)], [Value(0), Value(100)], [.nilValue, Value(5)], [Value(.max), Value(.max)]] {
      let table = try fixture.call(.tableNew, arguments)
      #expect(table.tag == .table)
      #expect(TableReference(table).count == 0 && TableReference(table).site == -1)
    }
    #expect(fixture.error(.tableNew, Value(-1)) == "bad argument #1 to 'table.new' (must not be negative, is -1)")
    #expect(
      fixture.error(.tableNew, Value(1), fixture.string("x"))
        == "bad argument #2 to 'table.new' (number expected, got string)")
    #expect(
      fixture.error(.tableNew, Value(1), Value(1), fixture.string("lru"))
        == "table.new with \"lru\" is not supported yet")
    #expect(
      fixture.error(.tableNew, Value(1), Value(1), Value(1)) == "bad argument #3 to 'table.new' (\"lru\" expected)")
  }

  @Test func describedTables() throws {
    let table = try fixture.table()
    #expect(try fixture.call(.describeTable, table, Value(4)).isEqual(table))
    #expect(TableReference(table).site == 4)
    #expect(fixture.error(.describeTable, Value(1)) == "bad argument #1 to '%site' (table expected, got number)")
  }

  @Test func tuples() throws {
    let tuple = try fixture.call(.makeTuple, Value(1), fixture.string("a"))
    #expect(try tuple.isEqual(fixture.tuple(Value(1), fixture.string("a"))))
    #expect(fixture.error(.makeTuple, Value(1), .nilValue)?.contains("nil") == true)
  }

  @Test func tablesOfHandlersAreShared() throws {
    let worker = Fixture(worker: 0)
    let table = try worker.call(.tableNew)
    #expect(table.object.pointee.owner == 0)
    let parts = try worker.call(.stringSplit, worker.string("a b"))
    #expect(parts.object.pointee.owner == 0)
    #expect(texts(parts) == ["a", "b"])
    #expect(try worker.call(.stringOf, Value(5)).object.pointee.owner == 1)
  }

  // Numbers, machine.

  @Test func mathematics() throws {
    #expect(try fixture.call(.mathMin, Value(3), Value(-1), Value(2)).payload == -1)
    #expect(try fixture.call(.mathMax, Value(3), Value(-1), Value(7)).payload == 7)
    #expect(try fixture.call(.mathMax, Value(3)).payload == 3)
    #expect(try fixture.call(.mathAbs, Value(-3)).payload == 3)
    #expect(try fixture.call(.mathAbs, Value(.min)).payload == .min)
    for (number, logarithm) in [(1, 0), (2, 1), (3, 1), (4, 2), (1023, 9), (1024, 10), (.max, 62), (0, -1), (-8, -1)]
      as [(Int64, Int64)]
    {
      #expect(try fixture.call(.mathLog2, Value(number)).payload == logarithm)
    }
    #expect(fixture.error(.mathMin) == "bad argument #1 to 'math.min' (number expected, got nil)")
    #expect(
      fixture.error(.mathMax, Value(1), fixture.string("2"))
        == "bad argument #2 to 'math.max' (number expected, got string)")
    #expect(fixture.error(.mathAbs, .nilValue) == "bad argument #1 to 'math.abs' (number expected, got nil)")
    #expect(fixture.error(.mathLog2, Value(true)) == "bad argument #1 to 'math.log2' (number expected, got boolean)")
  }

  @Test func theMachine() throws {
    #expect(try fixture.call(.cpuCount).payload >= 1)
    #expect(try !fixture.text(.architecture).isEmpty)
    #expect(try fixture.text(.kernelVersion).contains("."))
  }
}
