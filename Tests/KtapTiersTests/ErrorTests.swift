// Run-time errors: the message, the variable at fault, the line, the calls.

import KtapTiers
import Testing

@Suite struct ErrorTests {
  @Test(arguments: [
    ("var x = nil\nprint(x + 1)", "2: attempt to do arithmetic on a nil value (variable 'x')"),
    ("var t = {}\nprint(1 - t.count)", "2: attempt to do arithmetic on a nil value (field 'count')"),
    ("var s = 'a'\nprint(-s)", "2: attempt to negate a string value (variable 's')"),
    ("var s = {}\nprint(s < 1)", "2: attempt to compare a table value (variable 's')"),
    ("var f = 3\nf(1)", "2: attempt to call a number value (variable 'f')"),
    ("var t = 3\nprint(t.x)", "2: attempt to index a number value (variable 't')"),
    ("var t = {}\nt[nil] = 1", "2: table nil index"),
    ("var z = 0\nprint(1 / z)", "2: divide 0 arith operation"),
    ("print(1 % 0)", "1: mod 0 arith operation"),
    ("var t = { a = 'x' }\nt.a += 1", "2: attempt to do arithmetic on a string value"),
    ("for (i = 1, 'x') { }", "1: 'for' limit value must be a number, not a string"),
    ("for (i = 1, 2, 0) { }", "1: 'for' step is zero"),
    ("for (k in 5) { }", "1: attempt to iterate over a number value; use pairs or sort_pairs"),
    ("print(probename)", "1: invalid event context"),
  ])
  func messages(_ text: String, _ expected: String) {
    #expect(ScriptRun(text).error == expected)
  }

  @Test func theTracebackNamesTheCalls() {
    let run = ScriptRun(
      """
      function inner(x) {
        return x.field + 1
      }
      function outer() {
        var r = inner(nil)
        return r
      }
      outer()
      """)
    #expect(run.failure?.line == 2)
    #expect(run.failure?.calls.map(\.function) == ["inner", "outer", "main chunk"])
    #expect(run.failure?.calls.map(\.line) == [2, 5, 8])
  }

  @Test func deepRecursionEndsWithAShortTraceback() throws {
    let run = ScriptRun("function f(n) { return 1 + f(n + 1) }\nprint(f(0))")
    let failure = try #require(run.failure)
    #expect(failure.message == "stack overflow")
    #expect(failure.calls.count > 200)
    #expect(failure.description.split(separator: "\n").count < 20)
  }

  @Test func recursionWorksAtLeast200Deep() {
    let run = ScriptRun("function f(n) { if (n == 0) { return 0 } return 1 + f(n - 1) } print(f(5000))")
    #expect(run.output == "5000\n")
  }
}
