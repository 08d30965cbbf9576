// Loop, table and memory limits.

import KtapTiers
import Testing

@Suite struct LimitTests {
  @Test func oneHundredThousandIterationsPass() {
    #expect(ScriptRun("for (i = 1, 100000) { }").error == nil)
    #expect(ScriptRun("var i = 0 while (i < 100000) { i += 1 }").error == nil)
  }

  @Test(arguments: [
    "for (i = 1, 100001) { }", "var i = 0 while (i < 100001) { i += 1 }", "while (1) { }",
    "repeat { } until (false)", "for (;;) { }", "for (i = 1, 60000) { } for (i = 1, 60000) { }",
  ])
  func oneMoreIsAnError(_ text: String) {
    #expect(ScriptRun(text).error == "1: loop execute count exceed max limit(100000)")
  }

  @Test func theLimitCanBeChanged() {
    #expect(ScriptRun("for (i = 1, 11) { }", loopLimit: 10).error == "1: loop execute count exceed max limit(10)")
    #expect(ScriptRun("var n = 0 for (i = 1, 300000) { n += 1 } print(n)", loopLimit: 0).output == "300000\n")
  }

  @Test func aFullTableDropsAndCounts() {
    let run = ScriptRun("var t = {} for (i = 1, 50) { t['k' .. i] = i } print(len(t))", entryLimit: 20)
    #expect(run.error == nil)
    #expect(run.output == "20\n")
  }

  @Test func temporaryStringsDoNotPileUp() {
    let run = ScriptRun(
      """
      var keep = {}
      for (i = 1, 3000000) {
        var s = "temporary string number " .. i
        if (i % 100000 == 0) { keep[i] = s }
      }
      print(len(keep), keep[3000000], keep[100000])
      """, loopLimit: 0)
    #expect(run.error == nil)
    #expect(run.output == "30\ttemporary string number 3000000\ttemporary string number 100000\n")
  }

  @Test func cyclesOfTablesAndClosuresAreReclaimed() {
    let run = ScriptRun(
      """
      var n = 0
      for (i = 1, 300000) {
        var t = {}
        t.me = t
        t.f = function () { return t }
        if (t.f().me == t) { n += 1 }
      }
      print(n)
      """, loopLimit: 0)
    #expect(run.error == nil)
    #expect(run.output == "300000\n")
  }
}
