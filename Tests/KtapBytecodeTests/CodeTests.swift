import KtapBytecode
import Testing

/// The exact code of key constructs, so that a change of the generator shows what it does to them.
@Suite struct CodeTests {
  private func check(
    _ text: String, _ expected: [String], function: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = instructions(try compiled(text), function: function)
    #expect(found == expected, "\(text)\n\(found)", sourceLocation: sourceLocation)
  }

  // MARK: Expressions

  @Test func operandsComeStraightFromVariablesAndConstants() throws {
    try check(
      "var a, b = 1, 2; var c = a + b; c = a * 3 - b; c = c * c + 1",
      [
        "LOADI r0 1", "LOADI r1 2", "ADD r2 r0 r1", "MUL r3 r0 k0", "SUB r2 r3 r1", "MUL r3 r2 r2", "ADD r2 r3 k1",
        "RETURN k2",
      ])
  }

  @Test func intermediateResultsGoToTheDestination() throws {
    try check(
      "var a = 1; var b = (a + 1) * (a - 1) % a",
      ["LOADI r0 1", "ADD r1 r0 k0", "SUB r2 r0 k0", "MUL r1 r1 r2", "MOD r1 r1 r0", "RETURN k1"])
  }

  @Test func constantsAreFolded() throws {
    try check(
      "var a = 2 * 3 + 4; var b = !nil; var c = 1 < 2 && \"x\" .. 1; var d = ~0 >> 1; var e = -(5)",
      ["LOADI r0 10", "LOADK r1 k0", "LOADK r2 k1", "LOADI r3 -1", "LOADI r4 -5", "RETURN k2"])
  }

  @Test func largeNumbersAreConstants() throws {
    try check(
      "var a = 32767; var b = 32768; var c = -32768; var d = -32769",
      ["LOADI r0 32767", "LOADK r1 k0", "LOADI r2 -32768", "LOADK r3 k1", "RETURN k2"])
  }

  @Test func callsHappenAtTheDestination() throws {
    try check(
      "var a = len(1); var f = a; var b = f(a, 2); b = f(b)",
      [
        "LOADI r0 1", "BUILTIN r0 1 b0", "MOVE r1 r0", "MOVE r2 r1", "MOVE r3 r0", "LOADI r4 2", "CALL r2 2",
        "MOVE r3 r1", "MOVE r4 r2", "CALL r3 1", "MOVE r2 r3", "RETURN k0",
      ])
  }

  @Test func methodsPassTheirObject() throws {
    try check(
      "var t = {}; t:m(1)",
      [
        "NEWTABLE r0 t0", "MOVE r2 r0", "GETTABLE r1 r2 k0", "LOADI r3 1", "CALL r1 2", "RETURN k1",
      ])
  }

  @Test func severalKeysMakeATuple() throws {
    try check(
      "var t = {}; t[1, \"a\"] = t[2, 3]",
      [
        "NEWTABLE r0 t0", "LOADI r1 1", "LOADK r2 k0", "BUILTIN r1 2 b0", "LOADI r3 2", "LOADI r4 3",
        "BUILTIN r3 2 b0", "GETTABLE r2 r0 r3", "SETTABLE r0 r1 r2", "RETURN k1",
      ])
  }

  @Test func concatenationIsOneInstruction() throws {
    try check(
      "var a = 1; var b = a .. \"x\" .. \"y\" .. a",
      ["LOADI r0 1", "MOVE r1 r0", "LOADK r2 k0", "MOVE r3 r0", "CONCAT r1 r1 3", "RETURN k1"])
  }

  @Test func constructorsKeepTheOrderOfTheText() throws {
    try check(
      "var t = {1, x = 2, [1] = 3, 4}",
      [
        "NEWTABLE r0 t0", "SETTABLE r0 k0 k0", "SETTABLE r0 k1 k2", "SETTABLE r0 k0 k3", "SETTABLE r0 k2 k4",
        "RETURN k5",
      ])
  }

  @Test func aTableThatNamesItsVariableIsMadeElsewhere() throws {
    try check(
      "var t = 1; t = {t}",
      ["LOADI r0 1", "NEWTABLE r1 t0", "SETTABLE r1 k0 r0", "MOVE r0 r1", "RETURN k1"])
  }

  @Test func eventData() throws {
    try check(
      "trace a:b { var x = arg1 + args.prev_pid; x = pid; x = argstr }",
      ["FIELD r0 k0", "FIELD r1 k1", "ADD r0 r0 r1", "CONTEXT r0 pid", "CONTEXT r0 argstr", "RETURN k2"], function: 1)
  }

  // MARK: Conditions

  @Test func comparisonsAreFusedWithJumps() throws {
    try check(
      "var a = 1; if (a < 2) { a = 3 } else { a = 4 }",
      ["LOADI r0 1", "LT 1 r0 k0", "JMP to 5", "LOADI r0 3", "JMP to 6", "LOADI r0 4", "RETURN k1"])
    try check(
      "var a = 1; if (a >= 2) a = 3",
      ["LOADI r0 1", "LE 1 k0 r0", "JMP to 4", "LOADI r0 3", "RETURN k1"])
    try check(
      "var a = 1; if (!(a != 2)) a = 3",
      ["LOADI r0 1", "EQ 1 r0 k0", "JMP to 4", "LOADI r0 3", "RETURN k1"])
  }

  @Test func shortCircuitsAreJumpLists() throws {
    try check(
      "var a, b, c; if (a && (b || !c)) a = 1",
      [
        "LOADK r0 k0", "LOADK r1 k0", "LOADK r2 k0", "TEST 1 r0", "JMP to 10", "TEST 0 r1", "JMP to 9", "TEST 0 r2",
        "JMP to 10", "LOADI r0 1", "RETURN k0",
      ])
  }

  @Test func shortCircuitsAsValues() throws {
    try check(
      "var a, b; var c = a && b; c = a || 5; c = c && a",
      [
        "LOADK r0 k0", "LOADK r1 k0",
        "MOVE r2 r0", "TEST 1 r2", "JMP to 6", "MOVE r2 r1",
        "MOVE r2 r0", "TEST 0 r2", "JMP to 10", "LOADI r2 5",
        "MOVE r3 r2", "TEST 1 r3", "JMP to 14", "MOVE r3 r0", "MOVE r2 r3",
        "RETURN k0",
      ])
  }

  @Test func comparisonsAsValues() throws {
    try check(
      "var a = 1; var b = a == 2; b = a < 1 && a > b",
      [
        "LOADI r0 1", "LOADK r1 k1", "EQ 0 r0 k0", "JMP to 5", "LOADK r1 k2",
        "LT 1 r0 k3", "JMP to 11", "LT 1 r1 r0", "JMP to 11", "LOADK r2 k1", "JMP to 12", "LOADK r2 k2", "MOVE r1 r2",
        "RETURN k4",
      ])
  }

  @Test func constantConditionsMakeNoTest() throws {
    try check("var a; if (false) { a = 1 } else { a = 2 }", ["LOADK r0 k0", "LOADI r0 2", "RETURN k0"])
    try check("var a; if (1) { a = 1 } else { a = 2 }", ["LOADK r0 k0", "LOADI r0 1", "RETURN k0"])
    try check("while (nil) { print() }", ["RETURN k0"])
  }

  // MARK: Loops

  @Test func whileLoopTestsAtItsEnd() throws {
    try check(
      "var a = 0; while (a < 5) { a += 1; if (a == 3) break; if (a == 4) continue; print(a) }",
      [
        "LOADI r0 0", "JMP to 9", "ADD r0 r0 k0", "EQ 0 r0 k1", "JMP to 11", "EQ 0 r0 k2", "JMP to 9", "MOVE r1 r0",
        "BUILTIN r1 1 b0", "LT 0 r0 k3", "LOOP to 2", "RETURN k4",
      ])
  }

  @Test func conditionsOfSeveralPartsLoopFromEach() throws {
    try check(
      "var a, b; while (a || b) { a = b }",
      [
        "LOADK r0 k0", "LOADK r1 k0", "JMP to 4", "MOVE r0 r1", "TEST 0 r0", "LOOP to 3", "TEST 0 r1", "LOOP to 3",
        "RETURN k0",
      ])
  }

  @Test func endlessAndRepeatLoopsCountTheirFirstIteration() throws {
    try check("while (true) { print() }", ["LOOP to 1", "BUILTIN r0 0 b0", "LOOP to 1", "RETURN k0"])
    try check(
      "repeat { var a = len(1) } until (a > 3)",
      ["LOOP to 1", "LOADI r0 1", "BUILTIN r0 1 b0", "LT 1 k0 r0", "LOOP to 1", "RETURN k1"])
  }

  @Test func numericLoop() throws {
    try check(
      "for (i = 1, 10, 2) { print(i) }",
      [
        "LOADI r0 1", "LOADI r1 10", "LOADI r2 2", "FORPREP r0 to 7", "MOVE r4 r3", "BUILTIN r4 1 b0",
        "FORLOOP r0 to 4",
        "RETURN k0",
      ])
  }

  @Test func iteration() throws {
    try check(
      "var t = {}; for (k, v in pairs(t)) { t[k] = v }",
      [
        "NEWTABLE r0 t0", "MOVE r1 r0", "BUILTIN r1 1 b0", "JMP to 5", "SETTABLE r0 r2 r3", "ITERATE r1 to 4",
        "RETURN k0",
      ])
  }

  @Test func classicLoop() throws {
    try check(
      "for (i = 0; i < 3; i++) { if (i == 1) continue; print(i) }",
      [
        "LOADI r0 0", "JMP to 7", "EQ 0 r0 k0", "JMP to 6", "MOVE r1 r0", "BUILTIN r1 1 b0", "ADD r0 r0 k0",
        "LT 0 r0 k1", "LOOP to 2", "RETURN k2",
      ])
  }

  // MARK: Assignments

  @Test func swapsNeedOneTemporary() throws {
    try check(
      "var a, b = 1, 2; a, b = b, a",
      ["LOADI r0 1", "LOADI r1 2", "MOVE r2 r1", "MOVE r1 r0", "MOVE r0 r2", "RETURN k0"])
  }

  @Test func aKeyThatIsAssignedIsCopiedBefore() throws {
    try check(
      "var i, t = 1, {}; i, t[i] = 2, 20",
      ["LOADI r0 1", "NEWTABLE r1 t0", "MOVE r2 r0", "SETTABLE r1 r2 k1", "LOADI r0 2", "RETURN k2"])
  }

  @Test func missingAndExtraValues() throws {
    try check(
      "var a, b = len(1), len(2), len(3); a, b = 1",
      [
        "LOADI r0 1", "BUILTIN r0 1 b0", "LOADI r1 2", "BUILTIN r1 1 b0", "LOADI r2 3", "BUILTIN r2 1 b0",
        "LOADK r1 k1", "LOADI r0 1", "RETURN k1",
      ])
  }

  @Test func elementsAreUpdatedInOneStep() throws {
    try check(
      "var t = {}; t.x += 1; t[1] <<= 2; t.y--",
      ["NEWTABLE r0 t0", "UPDATE r0 k0 k1 ADD", "UPDATE r0 k1 k2 SHL", "UPDATE r0 k3 k1 SUB", "RETURN k4"])
  }

  // MARK: Functions

  @Test func tailCalls() throws {
    try check("function f(x) { return f(x) }", ["GETUP r1 u0", "MOVE r2 r0", "TAILCALL r1 1"], function: 1)
    try check("function f(x) { return len(x) }", ["MOVE r1 r0", "BUILTIN r1 1 b0", "RETURN r1"], function: 1)
    try check(
      "var g; function f(x) { return (g(x)) }", ["GETUP r1 u0", "MOVE r2 r0", "CALL r1 1", "RETURN r1"], function: 1)
  }

  @Test func handlersAreAttached() throws {
    try check(
      "trace sched:sched_switch { } tick-1s { } trace_end { }",
      [
        "LOADI r0 0", "CLOSURE r1 f0", "BUILTIN r0 2 b0", "LOADI r0 1", "CLOSURE r1 f1", "BUILTIN r0 2 b0",
        "LOADI r0 2", "CLOSURE r1 f2", "BUILTIN r0 2 b0", "RETURN k0",
      ])
    let program = try compiled("trace sched:sched_switch { } tick-1s { } trace_end { }")
    #expect(program.events.map(\.kind) == [.trace, .tick, .traceEnd])
    #expect(program.events[0].text == "sched:sched_switch")
  }

  @Test func builtinsAsValues() throws {
    let program = try compiled("var f = print; f(1)")
    #expect(instructions(program) == ["LOADK r0 k0", "MOVE r1 r0", "LOADI r2 1", "CALL r1 1", "RETURN k1"])
    #expect(program.functions[0].constants[0] == .builtin(0))
    #expect(program.builtins == ["print"])
  }

  @Test func tablesMadeByABuiltinGetTheirSite() throws {
    let program = try compiled("var t = table.new(10, 20)")
    #expect(
      instructions(program) == [
        "LOADI r0 10", "LOADI r1 20", "BUILTIN r0 2 b0", "MOVE r1 r0", "LOADI r2 0", "BUILTIN r1 2 b1", "RETURN k0",
      ])
    #expect(program.builtins == ["table.new", "%site"])
    #expect(program.tableSites[0].name == "t")
    #expect(program.tableSites[0].arrayCapacity == 10)
    #expect(program.tableSites[0].recordCapacity == 20)
  }

  @Test func argumentsOfTheScript() throws {
    let program = try compiled("print(arg[1])")
    #expect(instructions(program) == ["BUILTIN r0 0 b0", "GETTABLE r0 r0 k0", "BUILTIN r0 1 b1", "RETURN k1"])
    #expect(program.builtins == ["%arg", "print"])
  }

  @Test func whatALaterVersionImplementsFailsWhenItRuns() throws {
    for (text, message) in [
      ("var t = {}; t[1] <<< 2", "aggregates (<<<)"), ("import \"x.kp\"", "import"), ("profile-1s { }", "profile-1s"),
      ("trace probe:vfs_read { }", "probe:vfs_read"), ("ansi.clear_screen()", "ansi.clear_screen"),
      ("var t = {}; print(avg(t[1]))", "avg"),
    ] {
      let program = try compiled(text)
      #expect(program.builtins.contains("%unsupported"), "\(text)")
      #expect(program.functions[0].constants.contains(.string(Array(message.utf8))), "\(text)")
    }
  }
}
