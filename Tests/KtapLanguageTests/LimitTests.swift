import KtapLanguage
import Testing

/// Depth and size, at the limit and past it: a message, never a crash, in time that grows with the size.
@Suite struct LimitTests {
  private func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  private static let tooDeep = "too many nesting levels (at most 200)"
  private static let tooLong = "expression too long (at most 1000 operators deep)"

  /// The only finding's message, without place and token.
  private func message(_ text: String) -> String {
    let found = parse(SourceFile(name: "t.kp", text: text)).diagnostics
    return found.count == 1 ? found[0].message : "\(found.count) findings: \(found.prefix(3).map(\.summary))"
  }

  @Test func nestingAtTheLimit() {
    #expect(findings("x = " + times("(", 199) + "1" + times(")", 199)) == [])
    #expect(findings("x = " + times("-", 199).map { "\($0) " }.joined() + "1") == [])
    #expect(findings("x = " + times("!", 199) + "a") == [])
    #expect(findings(times("if (a) {", 200) + times("}", 200)) == [])
    #expect(findings(times("while (a) ", 199) + "f()") == [])
    #expect(findings("x = " + times("{", 100) + times("}", 100)) == [])
  }

  @Test(arguments: [
    "(", "-", "!", "~", "{", "f(", "t[", "function () { return ", "{[", "{x = ", "if (a) {", "if (a) ", "while (a) ",
    "repeat ",
    "repeat { ", "for (;;) ", "for (;;) {", "for (k in pairs(t)) ", "trace a:b {", "trace_end {", "tick-1s {",
    "function f() { ",
    "f{", "a || b && c == d | e ^ f & g << h .. i + j * (", "if (a) {} else { ", "(function () { ", "a:b(",
    "- ( ! ",
  ])
  func deepNesting(_ unit: String) {
    let prefix =
      [
        "(", "-", "!", "~", "{", "f(", "t[", "function () { return ", "{[", "{x = ", "f{",
        "a || b && c == d | e ^ f & g << h .. i + j * (", "(function () { ", "a:b(", "- ( ! ",
      ].contains(unit) ? "x = " : ""
    for count in [300, 20_000] {
      #expect(message(prefix + times(unit == "-" ? "- " : unit, count)) == Self.tooDeep)
    }
  }

  @Test func placeOfTheLevelThatIsTooDeep() {
    #expect(
      findings("x =\n" + times("(", 300)) == ["2:201: too many nesting levels (at most 200) near '('"])
    #expect(
      findings(times("if (a) {\n", 300)) == ["201:5: too many nesting levels (at most 200) near 'a'"])
  }

  @Test(arguments: [" + a", " .. a", " || a", " == a", ".a", "[a]", "(a)", ":a(a)", " - f(a)", "\"a\"", "{}"])
  func chains(_ unit: String) {
    #expect(findings("x = a" + times(unit, 900)) == [])
    for count in [1100, 50_000] {
      #expect(message("x = a" + times(unit, count)) == Self.tooLong)
    }
  }

  /// Chains within nesting, which would add up to a tree of 200,000 levels.
  @Test func chainsWithinNesting() {
    var text = "a"
    for _ in 0..<150 { text = "(" + text + times("+a", 100) + ")" }
    #expect(message("x = " + text) == Self.tooLong)
    text = "a"
    for _ in 0..<60 { text = "f(function () { return " + text + times("+a", 100) + " })" }
    #expect(message("x = " + text) == Self.tooLong)
    text = "a"
    for _ in 0..<60 { text = "{" + times("a..", 100) + text + "}" }
    #expect(message("x = " + text) == Self.tooLong)
  }

  @Test func listsHaveNoLimit() {
    #expect(findings("if (a) {}" + times(" else if (a) {}", 10_000)) == [])
    #expect(findings("if (a) f()" + times(" elseif (a) f()", 10_000)) == [])
    #expect(findings("x = {" + times("a + 1, ", 10_000) + "}") == [])
    #expect(findings("f(" + times("a.b, ", 10_000) + "1)") == [])
    #expect(findings(times("f()\n", 10_000)) == [])
    #expect(findings("var a" + times(", a", 10_000)) == [])
    #expect(findings(times(";", 100_000)) == [])
  }

  @Test func longLines() {
    let size = 400_000
    #expect(findings("x = 1 # " + times("a", size)) == [])
    #expect(findings("x = 1" + times(" ", size) + "= 2").count == 1)
    #expect(message("x = " + times("9", size)) == "number does not fit in 64 bits and becomes -1")
    #expect(message("x = " + times("z", size) + " y") == "a value alone is no statement: assignment or call expected")
    #expect(message("x = \"" + times("a", size) + "\"") == "string too long (\(size) bytes, at most 65535)")
    #expect(message("x = \"" + times("a", size)) == "unfinished string")
    #expect(message("x = [[" + times("]=", size / 2)) == "unfinished long string")
    #expect(message("x = [" + times("=", size)) == "invalid long string delimiter")
    #expect(message("/*" + times("* /", size / 2)) == "unfinished comment")
    #expect(message(times("$", size)) == "unexpected character")
    #expect(message("trace " + times("a", size) + "{}") == "event definition too long (at most 65535 bytes)")
    #expect(message("tick-" + times("1", size) + "{}") == "cannot parse timer interval: \(times("1", 40))...")
  }

  @Test func manyFaults() {
    for unit in [
      "$ ", "08 ", "\"\n", "'\\q' ", "} ", "= ", "trace ", "trace a:b ", "tick ", "tick-", "x = = ", "(", "[=", "a ",
      "if ", "f\n(", "else {", "\u{0}",
    ] {
      let found = findings(times(unit, 20_000))
      #expect(!found.isEmpty && found.count <= 51)
    }
  }
}
