import KtapBytecode
import Testing

@Suite struct TableAnalysisTests {
  private func site(_ text: String, _ index: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) throws
    -> TableSite
  {
    try #require(try compiled(text, sourceLocation: sourceLocation).tableSites.dropFirst(index).first)
  }

  private func check(
    _ text: String, _ expected: Bool, _ reason: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try site(text, sourceLocation: sourceLocation)
    #expect(found.isPerCPU == expected, "\(text): \(found.reason)", sourceLocation: sourceLocation)
    if let reason { #expect(found.reason == reason, sourceLocation: sourceLocation) }
  }

  @Test func additionsInHandlersOnly() throws {
    try check("var s = {}; trace a:b { s[pid] += 1 }", true, "handlers only add to its elements (line 1)")
    try check("var s = {}\ntrace a:b {\ns[pid]++ }", true, "handlers only add to its elements (line 3)")
    try check("var s = {}; trace a:b { s[execname, cpu] -= arg1 }", true)
    try check("var s = table.new(0, 100); trace a:b { s[pid] += 1 }", true)
    try check("var s = ({}); trace a:b { s.x += 1 } trace c:d { s.y += 1 }", true)
    try check("var s = {}; function hit(k) { s[k] += 1 } trace a:b { hit(pid) }", true)
    try check("var s = {}; trace a:b { hit(pid) } function hit(k) { s[k] += 1 }", true)
  }

  @Test func whereHandlersDoNotRunTheTableIsFree() throws {
    let uses =
      "print_hist(s); print(s, len(s), s[1]); for (k, v in sort_pairs(s)) { s[k] = nil } delete(s); s[1] *= 2; s.x = 3"
    try check("var s = {}; trace a:b { s[pid] += 1 } tick-1s { \(uses) } trace_end { \(uses) }", true)
    try check("var s = {}; trace a:b { s[pid] += 1 } \(uses)", true)
    try check("var s = {a = 1, b = -2}; trace a:b { s[pid] += 1 }", true)
    try check("var s = {}; trace a:b { s[pid] += 1 } function show() { print(s[1]) } tick-1s { show() }", true)
  }

  @Test func otherUsesInHandlers() throws {
    try check("var s = {}; trace a:b { s[pid] *= 2 }", false, "line 1 updates it in a handler otherwise than by adding")
    try check("var s = {}; trace a:b { s[pid] = 2 }", false, "line 1 assigns an element in a handler")
    try check("var s = {}; trace a:b { s[1] += 1; if (s[1] > 5) exit() }", false, "line 1 reads it in a handler")
    try check("var s = {}; trace a:b { s[1] += 1; print(len(s)) }", false, "line 1 passes it to 'len' in a handler")
    try check("var s = {}; trace a:b { s[1] += 1; for (k in pairs(s)) { } }", false)
    try check("var s = {}; trace a:b { s[1].x += 1 }", false, "line 1 reads it in a handler")
    try check(
      "var s = {}; function top() { return s[1] } trace a:b { s[1] += 1; top() }", false, "line 1 reads it in a handler"
    )
    try check("var s = {}; trace a:b { s[s] += 1 }", false)
  }

  @Test func otherHolders() throws {
    let handler = "trace a:b { s[1] += 1 }"
    let escapes = "line 1 uses it as a value, so that it may have other holders"
    try check("var s = {}; var u = s; \(handler)", false, escapes)
    try check("var s = {}; var u = {}; u.x = s; \(handler)", false, escapes)
    try check("var s = {}; function f(t) { } f(s); \(handler)", false, escapes)
    try check("var s = {}; function f() { return s } \(handler)", false, escapes)
    try check("var s = {}; s:m(); \(handler)", false, escapes)
    try check("var s = {}; var u = {s}; \(handler)", false, escapes)
    try check("var s = {}; exit(s); \(handler)", false, "line 1 passes it to 'exit'")
  }

  @Test func otherTables() throws {
    try check("var s = {}; trace a:b { }", false, "no handler uses it")
    try check("var s = {}; s[1] += 1", false, "no handler uses it")
    try check("var s = {}; tick-1s { s[1] += 1 }", false, "no handler uses it")
    try check("var s = {}; s = nil; trace a:b { s[1] += 1 }", false, "'s' is assigned again")
    try check(
      "if (true) { var s = {}; trace a:b { s[1] += 1 } }", false,
      "'s' is not declared in the main chunk's outermost block")
    try check("trace a:b { var s = {}; s[1] += 1 }", false)
    try check("print({}); var s = {}; trace a:b { s[1] += 1 }", false, "it is not what a variable is initialised with")
    try check("var s; s = {}; trace a:b { s[1] += 1 }", false, "it is not what a variable is initialised with")
    try check(
      "var s = table.new(1, 2, \"lru\"); trace a:b { s[1] += 1 }", false,
      "line 1 makes it with a third argument: what it evicts depends on all CPUs")
  }

  @Test func elementsThatMayBeNoNumbers() throws {
    try check(
      "var s = {a = \"x\"}; trace a:b { s[1] += 1 }", false, "line 1 gives it an element that may not be a number")
    try check(
      "var s = {}; s[1] = {}; trace a:b { s[1] += 1 }", false, "line 1 assigns an element that may not be a number")
    try check("var s = {}; s[1] = 5 * arg[1]; trace a:b { s[1] += 1 }", true)
  }

  @Test func callsOfUnknownFunctionsReachEveryFunctionValue() throws {
    try check(
      "var s = {}; var f = {x = function() { print(s[1]) }}; trace a:b { s[1] += 1; f.x() }", false,
      "line 1 reads it in a handler")
    try check("var s = {}; var f = {x = function() { print(s[1]) }}; trace a:b { s[1] += 1 } tick-1s { f.x() }", true)
    // A function that is only ever called by its name is not among them.
    try check("var s = {}; var f = {x = 1}; function g() { print(s[1]) } trace a:b { s[1] += 1; f.x() } g()", true)
    try check(
      "var s = {}; kdebug.tracepoint(\"a\", function() { s[1] = 2 })", false, "line 1 assigns an element in a handler")
  }

  @Test func namesAndCapacities() throws {
    let program = try compiled("var a, b = {1, 2, x = 3}, table.new(7, 9)\nprint({})")
    #expect(program.tableSites.map(\.name) == ["a", "b", "table made at line 2"])
    #expect(program.tableSites.map(\.arrayCapacity) == [2, 7, 0])
    #expect(program.tableSites.map(\.recordCapacity) == [1, 9, 0])
  }
}

@Suite struct CallAnalysisTests {
  private func effects(_ text: String) throws -> HandlerEffects {
    let program = try compiled(text)
    return try #require(program.functions.first { $0.name.hasPrefix("trace") }).effects
  }

  @Test func effectsOfHandlers() throws {
    #expect(try effects("trace a:b { }") == [])
    #expect(try effects("trace a:b { print(arg1) }") == .readsFields)
    #expect(try effects("trace a:b { print(argstr) }") == .readsFields)
    #expect(try effects("trace a:b { print(args.x, execname, tid, cpu, probename) }") == [.readsFields, .usesExecname])
    #expect(try effects("trace a:b { print(pid, uid) }") == [.usesProcess, .usesUser])
  }

  @Test func effectsOfWhatTheyCall() throws {
    #expect(try effects("function f() { return pid } function g() { return f() } trace a:b { g() }") == .usesProcess)
    #expect(try effects("var f = function() { return uid }; trace a:b { f() }") == .usesUser)
    #expect(try effects("trace a:b { (function() { print(execname) })() }") == .usesExecname)
    #expect(try effects("function f() { return pid } trace a:b { }") == [])
    #expect(try effects("var t = {f = function() { return pid }}; trace a:b { t.f() }") == .usesProcess)
    #expect(
      try effects("var t = {f = function() { return pid }}; function g() { return uid } trace a:b { t.f() }")
        == .usesProcess)
    #expect(
      try effects(
        "function f(n) { if (n) return g(n); return pid } function g(n) { return f(n) + uid } trace a:b { g(1) }") == [
          .usesProcess, .usesUser,
        ])
  }

  @Test func cellsThatHandlersAssignAreShared() throws {
    func isShared(_ text: String) throws -> Bool { try compiled(text).listing().contains("createShared") }
    #expect(try isShared("var n = 0; trace a:b { n += 1 }"))
    #expect(try isShared("var n = 0; function f() { n = 1 } trace a:b { f() }"))
    #expect(try !isShared("var n = 0; n = 2; trace a:b { print(n) }"))
    #expect(try !isShared("var n = 0; tick-1s { n += 1 } trace a:b { print(n) }"))
    #expect(try !isShared("var n = 0; function f() { n = 1 } f(); trace a:b { print(n) }"))
    #expect(try isShared("var n = 0; timer.profile(\"1s\", function() { n += 1 })"))
    #expect(try !isShared("var n = 0; timer.tick(\"1s\", function() { n += 1 })"))
  }
}
