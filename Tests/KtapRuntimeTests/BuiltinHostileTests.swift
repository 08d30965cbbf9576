import Testing

@testable import KtapRuntime

/// Whatever a script passes to a builtin: a result or an error that names the builtin, never a crash.
@Suite struct BuiltinHostileTests {
  @Test(arguments: [nil, 0] as [Int?]) func randomArguments(worker: Int?) throws {
    let fixture = Fixture(worker: worker)
    fixture.shared.entryLimit = 1000
    let layout = fixture.layout(
      "event",
      [
        FieldLayout(name: "n", type: "int", kind: .integer, offset: 8, size: 4, isSigned: true),
        FieldLayout(name: "s", type: "char[8]", kind: .text, offset: 12, size: 8, isSigned: false),
      ])
    let table = try fixture.table([Value(1): Value(5), fixture.string("k"): Value(-1), Value(3): fixture.string("v")])
    let cyclic = try fixture.table()
    try TableReference(cyclic).set(Value(1), cyclic, from: fixture.heap)
    let pool: [Value] = [
      .nilValue, Value(true), Value(false), Value(0), Value(1), Value(-1), Value(16), Value(.max), Value(.min),
      Value(65_535), Value(65_536), fixture.string(""), fixture.string("a b c"), fixture.string("%d %s %*.*x%%"),
      fixture.string("%c%p%-+ #010.3o"), fixture.string("%"), fixture.string("0x12"), fixture.string("key"),
      try fixture.string([0, 0xff, 0x80, 37]), fixture.string(String(repeating: "long ", count: 10_000)), table, cyclic,
      try fixture.table(), try fixture.tuple(Value(1), fixture.string("x")), Value(BuiltinIdentifier.print),
      fixture.shared.closure(function: 1, upvalueCount: 0), try fixture.call(.pairs, table),
      Value(payload: 0x1000, tag: .address), fixture.shared.cell(Value(1), isShared: false),
    ]
    var random = SeededGenerator(99)
    var failures = 0
    for round in 0..<20_000 {
      let row = builtinTable.randomElement(using: &random)!
      let count = Int.random(in: 0...5, using: &random)
      let arguments = (0..<count).map { _ in pool.randomElement(using: &random)! }
      try fixture.inEvent(layout, [UInt8](repeating: 65, count: round % 24)) { () throws in
        do throws(ScriptError) {
          let result = try fixture.call(row.identifier, arguments)
          #expect(result.tag.rawValue <= Tag.cell.rawValue, "\(row.name)")
        } catch {
          failures += 1
          #expect(!error.message.isEmpty, "\(row.name)")
        }
      }
      if round % 100 == 0 {
        _ = fixture.printed()
        let roots = pool
        fixture.context.heap.collect { marker in
          roots.forEach(marker.mark)
          fixture.context.markRoots(marker)
        }
      }
    }
    #expect(failures > 1000)
  }

  /// Steady state: the same calls over and over leave no memory behind.
  @Test func warmCallsDoNotGrow() throws {
    let fixture = Fixture(worker: 0)
    let arguments = [fixture.string("%-10s %5d\n"), fixture.string("text"), Value(5)]
    try fixture.call(.printf, arguments)
    let capacity = fixture.context.state.pointee.scratch.capacity
    let bytes = fixture.heap.allocatedBytes
    for _ in 0..<10_000 {
      try fixture.call(.printf, arguments)
      try fixture.call(.print, arguments)
      fixture.context.state.pointee.output.flushLines()
      if fixture.sink.writtenBytes > 100_000 { _ = fixture.sink.takeBytes() }
    }
    #expect(fixture.context.state.pointee.scratch.capacity == capacity)
    #expect(fixture.heap.allocatedBytes == bytes)
  }
}
