import KtapBytecode
import Testing

/// What compiled scripts do, by the small machine.
@Suite struct MeaningTests {
  private func check(_ text: String, _ expected: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(printed(try compiled(text)) == expected, "\(text)", sourceLocation: sourceLocation)
  }

  // MARK: Functions before their text

  @Test func functionsAreCalledBeforeTheirText() throws {
    try check("print(f(2)); function f(x) { return x + 1 }", "3")
    try check("if (true) { print(f(2)) }; function f(x) { return x + 1 }", "3")
    try check("for (i = 1, 2) { print(f(i)); function f(x) { return x * 10 } }", "10", "20")
  }

  @Test func functionsCallEachOther() throws {
    try check(
      """
      function even(n) { if (n == 0) return true; return odd(n - 1) }
      function odd(n) { if (n == 0) return false; return even(n - 1) }
      print(even(10), odd(7), even(3))
      """, "true true false")
    try check(
      """
      print(a(5))
      function a(n) { if (n == 0) return "a"; return b(n - 1) }
      function b(n) { if (n == 0) return "b"; return c(n - 1) }
      function c(n) { if (n == 0) return "c"; return a(n - 1) }
      """, "c")
  }

  @Test func aFunctionMadeEarlySeesLaterVariablesAsNilAtFirst() throws {
    try check(
      """
      f()
      var x = 5
      f()
      function f() { print(x) }
      x = 6
      f()
      """, "nil", "5", "6")
  }

  @Test func variablesBeforeTheFirstUseAreCapturedByValue() throws {
    let program = try compiled("var t = {}; function a() { b() } function b() { t[1] = 2 } a(); print(t[1])")
    #expect(printed(program) == ["2"])
    #expect(program.functions.allSatisfy { $0.upvalues.allSatisfy { !$0.isCell } })
  }

  @Test func whatAHoistedFunctionCallsIsMadeBeforeIt() throws {
    try check("print(f()); function g() { return h() } function h() { return 9 } function f() { return g() }", "9")
    let program = try compiled(
      "print(f()); function g() { return h() } function h() { return 9 } function f() { return g() }")
    #expect(program.functions.allSatisfy { $0.upvalues.allSatisfy { !$0.isCell } })
  }

  @Test func earlierMeaningsOfANameWin() throws {
    try check(
      "var f = function() { return 1 }; if (true) { print(f()); function f() { return 2 } print(f()) }", "1", "2")
    try check("print(len(\"abc\")); function len(x) { return 0 } print(len(\"abc\"))", "3", "0")
  }

  @Test func recursionNeedsNoCell() throws {
    let program = try compiled("function f(n) { if (n < 2) return n; return f(n - 1) + f(n - 2) } print(f(15))")
    #expect(program.functions[1].upvalues == [UpvalueDescriptor(source: .itself, isCell: false, name: "f")])
    #expect(printed(program) == ["610"])
  }

  @Test func innerFunctionsReachTheFunctionAroundThem() throws {
    try check(
      """
      function f(n) { var g = function() { return f(n - 1) }; if (n == 0) return "end"; return g() }
      print(f(4))
      """, "end")
  }

  @Test func aFunctionThatIsAssignedAgain() throws {
    try check(
      """
      function f(n) { if (n == 0) return "old"; return f(n - 1) }
      var g = f
      f = function(n) { return "new" }
      print(g(0), g(1))
      """, "old new")
  }

  // MARK: Captured variables

  @Test func closuresShareVariables() throws {
    try check(
      """
      var n = 0
      function up() { n += 1; return n }
      function get() { return n }
      up(); n = n + 10; up()
      print(get(), n)
      """, "12 12")
  }

  @Test func everyIterationHasItsOwnVariables() throws {
    let list = "print(f[1](), f[2](), f[3]())"
    try check("var f = {}; for (i = 1, 3) { f[i] = function() { i += 10; return i } } \(list)", "11 12 13")
    try check("var f = {}; for (i = 1; i <= 3; i++) { f[i] = function() { return i } } \(list)", "1 2 3")
    try check(
      "var f = {}; var i = 0; while (i < 3) { i++; var j = i; f[i] = function() { j = j * 2; return j } } \(list)",
      "2 4 6")
    try check(
      "var f = {}; var t = {7, 8, 9}; for (k, v in pairs(t)) { f[k] = function() { v++; return v } } \(list)", "8 9 10")
    try check(
      "var f = {}; var i = 0; repeat { i++; var j = i; f[i] = function() { j++; return j } } until (j == 3) \(list)",
      "2 3 4")
  }

  @Test func parametersAreCaptured() throws {
    try check("function f(x) { var g = function() { x++; return x }; g(); return g() + x } print(f(1))", "6")
  }

  @Test func variablesOfFunctionsFurtherOut() throws {
    try check(
      "var n = 1; function f() { return function() { return function() { n++; return n } } } print(f()()(), n)", "2 2")
  }

  // MARK: Loops

  @Test func iterationsAreCountedOnce() throws {
    for (text, count) in [
      ("for (i = 1, 5) { }", 5), ("for (i = 5, 1) { }", 0), ("for (i = 10, 1, -3) { }", 4),
      ("var i = 0; while (i < 5) { i++ }", 5), ("var i = 0; repeat { i++ } until (i == 5)", 5),
      ("var i = 0; while (true) { i++; if (i == 5) break }", 5), ("for (i = 0; i < 5; i++) { }", 5),
      ("for (i = 0; ; i++) { if (i == 4) break }", 5), ("for (k in pairs({1, 2, 3})) { continue }", 3),
      ("var i = 0; while (i < 3 || i < 5) { i++; continue }", 5),
    ] {
      let machine = SmallMachine(try compiled(text))
      try machine.run()
      #expect(machine.iterations == count, "\(text)")
    }
  }

  @Test func continueReachesTheConditionOfRepeat() throws {
    try check("var i = 0; repeat { i++; if (i < 3) continue; var done = i == 4 } until (done) print(i)", "4")
    try check(
      "var i = 0; repeat { i++; if (i < 3) continue; var d = i } until ((function() { return d == 4 })()) print(i)", "4"
    )
    try check(
      "var i = 0; repeat { i++; if (i == 2) continue; function f() { return i } } until (f() > 3) print(i)", "4")
  }

  @Test func aLoopVariableIsACopy() throws {
    try check("for (i = 1, 3) { i = i * 10; print(i) }", "10", "20", "30")
  }

  @Test func nestedLoopsAndBreaks() throws {
    try check(
      """
      for (i = 1, 3) { for (j = 1, 3) { if (j == 2) continue; if (i == 2) break; print(i, j) } }
      """, "1 1", "1 3", "3 1", "3 3")
  }

  // MARK: Operators and assignments

  @Test func logicalOperatorsGiveAnOperand() throws {
    try check(
      "var n, f, z, s; f = false; z = 0; s = \"\"; print(z && 2, n || f, s && \"x\", n && 1, f || n, !z)",
      "2 false x nil nil false")
    try check(
      "var a = 1; var b = 2; print(a < b && b || a, a > b && b || a, (a == 1 || b) && (b == 3 || a > 5))", "2 1 false")
    try check("var a = 5; a = a && a + 1 || a; print(a); a = a > 5 && !a || a == 6; print(a)", "6", "true")
  }

  @Test func assignmentsEvaluateRightSidesFirst() throws {
    try check("var i, t = 1, {}; i, t[i] = 2, 20; print(i, t[1], t[2])", "2 20 nil")
    try check("var a, b, c = 1, 2, 3; a, b, c = c, a, b; print(a, b, c)", "3 1 2")
    try check("var t = {1, 2}; t[1], t[2] = t[2], t[1]; print(t[1], t[2])", "2 1")
    try check("var t = {}; var u = t; t, t.x = 5, 6; print(t, u.x)", "5 6")
    try check("var a, b = 1, 2; a, b += 10, 20; print(a, b)", "11 22")
    try check("var a = 1; a -= a * 3; print(a)", "-2")
    try check("var a, b = 1, 2; function f() { a = 10; return 5 } a, b = f(), a; print(a, b)", "5 10")
  }

  @Test func constructors() throws {
    try check("var t = {1, 2, [1] = 9, x = 3, \"z\"}; print(t[1], t[2], t[3], t.x)", "9 2 z 3")
    try check("var t = {5}; t = {t[1], t}; print(t[1], t[2][1])", "5 5")
  }

  @Test func eachErrorIsAtItsLine() throws {
    try check("print(1)\nvar a = 1 +\n  nil\nprint(2)", "1", "error: 2: arithmetic")
    try check("var z = 0\nprint(1 / z)", "error: 2: divide 0")
    try check("print(1 / 0)", "error: 1: divide 0")
    try check("\nvar t = {}\nt[1] <<< 2", "error: 3: aggregates (<<<) is not supported yet")
  }

  @Test func builtinsAsValues() throws {
    try check("var p = print; p(1, p == print); return p(2)", "1 true", "2")
  }

  @Test func handlersSeeTheVariablesAroundThem() throws {
    let program = try compiled("var n = 5; trace a:b { n += arg0 } trace_end { print(n) }")
    let machine = SmallMachine(program)
    try machine.run()
    for handler in machine.handlers { _ = try machine.call(handler.closure, []) }
    #expect(machine.output == ["12"])
  }
}
