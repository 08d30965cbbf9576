import KtapLanguage
import Testing

/// Several faults in one file: each is reported once, and nothing that only follows from one.
@Suite struct RecoveryTests {
  @Test func oneALine() {
    let text = """
      var a = 1 +
      var b = = 2
      f(
      if (1 { g( }
      var c = 3
      c = 08
      return )
      """
    #expect(
      findings(text) == [
        "2:1: unexpected symbol near 'var'", "2:9: unexpected symbol near '='", "4:1: unexpected symbol near 'if'",
        "4:7: ')' expected near '{'", "4:12: unexpected symbol near '}'", "6:5: malformed number near '08'",
        "7:8: unexpected symbol near ')'",
      ])
  }

  @Test func bodiesOfBrokenHeads() {
    let text = """
      if (a b) {
        x = = 1
      }
      while x == 1 {
        y = = 1
      }
      for (i = 1 2) {
        z = = 1
      }
      function f(a, 1) {
        u = = 1
      }
      repeat {
        v = = 1
      } until x
      """
    #expect(
      findings(text) == [
        "1:7: ')' expected near 'b'", "2:7: unexpected symbol near '='", "4:7: '(' expected near 'x'",
        "5:7: unexpected symbol near '='", "7:12: ';' expected near '2'", "8:7: unexpected symbol near '='",
        "10:15: name expected near '1'", "11:7: unexpected symbol near '='", "14:7: unexpected symbol near '='",
        "15:9: '(' expected near 'x'",
      ])
  }

  @Test func brokenConstructors() {
    let text = """
      var t = {
        a = 1
        b = 2,
        c = 3
      }
      var u = {1, 2
      var v = 3
      f({1 2}, function () { g() })
      w = = 1
      """
    #expect(
      findings(text) == [
        "3:3: '}' expected (to close '{' at line 1) near 'b'", "7:1: '}' expected (to close '{' at line 6) near 'var'",
        "8:6: '}' expected near '2'", "9:5: unexpected symbol near '='",
      ])
  }

  @Test func functionsWithinCalls() {
    let text = """
      f(1, function () {
        a = = 1
        b()
      }, 2)
      c = = 2
      """
    #expect(findings(text) == ["2:7: unexpected symbol near '='", "5:5: unexpected symbol near '='"])
  }

  /// What is skipped is not complained about, whatever its tokens would be.
  @Test func skippedText() {
    let text = """
      x = = "unfinished 08 `
      y = ) trace probe:/lib/*:f /s == "{"/ { z = = 1 }
      tick-1s { w() }
      """
    #expect(findings(text) == ["1:5: unexpected symbol near '='", "2:5: unexpected symbol near ')'"])
  }

  @Test func missingBracesAtTheEnd() {
    #expect(
      findings("function f() {\n  if (a) {\n    while (b) {\n") == [
        "4:1: '}' expected (to close '{' at line 3) near '<eof>'"
      ])
    #expect(
      findings("x = 1 }\ny = = 2 }\nz = 3") == [
        "1:7: '}' closes nothing near '}'", "2:5: unexpected symbol near '='", "2:9: '}' closes nothing near '}'",
      ])
  }

  @Test func warningsStayBesideErrors() {
    #expect(
      findings("x = 99999999999999999999\ny = = 1") == [
        "1:5: warning: number does not fit in 64 bits and becomes -1 near '99999999999999999999'",
        "2:5: unexpected symbol near '='",
      ])
  }

  @Test func atMostFifty() {
    let found = findings(String(repeating: "x = = 1\n", count: 1000))
    #expect(found.count == 51)
    #expect(found[49] == "50:5: unexpected symbol near '='")
    #expect(found[50] == "50:5: too many errors, the rest of the file was not read")
    let warnings = findings(String(repeating: "x = 99999999999999999999\n", count: 1000))
    #expect(warnings.count == 50)
  }

  @Test func sortedByPosition() {
    // The body is read, and its fault found, before the missing brace is.
    let found = parse(SourceFile(name: "t.kp", text: "f(function () { a = = 1 }\nb = = 2\n")).diagnostics
    #expect(found.map(\.position) == found.map(\.position).sorted())
    #expect(found.count >= 2)
  }
}
