// What instructions do, seen from a script.

import KtapTiers
import Testing

@Suite struct InterpreterTests {
  @Test(arguments: [
    ("print(1 + 2 * 3 - 4)", "3"),
    ("print(7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 % -3)", "3\t-3\t1\t-1\t1"),
    ("var a = 0x7fffffffffffffff print(a + 1)", "-9223372036854775808"),
    ("var a = 0x8000000000000000 var b = -1 print(a / b, a % b)", "-9223372036854775808\t0"),
    ("var a = 6 print(a & 3, a | 1, a ^ 2, a << 2, a >> 1, ~a)", "2\t7\t4\t24\t3\t-7"),
    ("var a = 1 print(a << 64, a << 65, (0 - 8) >> 1)", "1\t2\t-4"),
    ("print(1 == 1, 1 == '1', nil == false, 'a' .. 'b' == 'ab')", "true\tfalse\tfalse\ttrue"),
    ("print('a' < 'b', 'b' <= 'a', 2 > 1, 2 >= 3)", "true\tfalse\ttrue\tfalse"),
    ("print(1 && 2, nil || 3, false && 1, !nil, !0)", "2\t3\tfalse\ttrue\tfalse"),
    ("print('n=' .. 5 .. ' ' .. true)", "n=5 true"),
  ])
  func expressions(_ text: String, _ expected: String) {
    let run = ScriptRun(text)
    #expect(run.error == nil)
    #expect(run.output == expected + "\n")
  }

  @Test func numericForCountsBothWaysAndStopsAtTheEdges() {
    let run = ScriptRun(
      """
      for (i = 1, 3) { printf("%d ", i) }
      for (i = 3, 1, -1) { printf("%d ", i) }
      for (i = 1, 0) { printf("never") }
      for (i = 0x7ffffffffffffffe, 0x7fffffffffffffff) { printf("%d ", i) }
      """)
    #expect(run.error == nil)
    #expect(run.output == "1 2 3 3 2 1 9223372036854775806 9223372036854775807 ")
  }

  @Test func closuresCaptureByReference() {
    let run = ScriptRun(
      """
      function counter() { var n = 0 return function () { n += 1 return n } }
      var a = counter()
      var b = counter()
      print(a(), a(), b())
      var f = {}
      for (i = 1, 3) { f[i] = function () { return i } }
      print(f[1](), f[2](), f[3]())
      """)
    #expect(run.error == nil)
    #expect(run.output == "1\t2\t1\n1\t2\t3\n")
  }

  @Test func aMillionTailCallsUseNoStack() {
    let run = ScriptRun("function f(n) { if (n == 0) { return 'done' } return f(n - 1) } print(f(1000000))")
    #expect(run.error == nil)
    #expect(run.output == "done\n")
  }

  @Test func functionsMayBeCalledBeforeTheirText() {
    let run = ScriptRun(
      """
      print(even(10), odd(7))
      function even(n) { if (n == 0) { return true } return odd(n - 1) }
      function odd(n) { if (n == 0) { return false } return even(n - 1) }
      """)
    #expect(run.error == nil)
    #expect(run.output == "true\ttrue\n")
  }

  @Test func missingArgumentsAreNilAndExtraOnesAreDropped() {
    let run = ScriptRun("function f(a, b) { return b } print(f(1), f(1, 2), f(1, 2, 3)) print(f())")
    #expect(run.output == "nil\t2\t2\nnil\n")
  }

  @Test func elementsAreUpdatedInPlace() {
    let run = ScriptRun(
      """
      var t = {}
      t.a += 2 t.a *= 5 t["b"] -= 3 t[1] |= 6 t[1] ^= 2 t[1] <<= 4 t[1]++ t.c %= 7
      print(t.a, t.b, t[1], t.c, len(t))
      """)
    #expect(run.error == nil)
    #expect(run.output == "10\t-3\t65\t0\t4\n")
  }

  @Test func iterationGoesByNumberThenByInsertion() {
    let run = ScriptRun(
      """
      var t = {}
      t["z"] = 1 t[300] = 2 t["a"] = 3 t[-5] = 4 t[2] = 5 t[1] = 6
      for (k, v in pairs(t)) { printf("%s=%d ", k .. "", v) }
      """)
    #expect(run.error == nil)
    #expect(run.output == "-5=4 1=6 2=5 300=2 z=1 a=3 ")
  }
}
