import KtapLanguage
import Testing

@Suite struct DiagnosticTests {
  private func rendered(_ text: String) -> [String] {
    let source = SourceFile(name: "t.kp", text: text)
    return parse(source).diagnostics.map { $0.rendered(in: source) }
  }

  @Test func lineAndCaret() {
    #expect(
      rendered("var a = 1\nprint(a b)\n") == [
        "t.kp:2:9: error: ')' expected near 'b'\nprint(a b)\n        ^"
      ])
    #expect(
      rendered("vra x = 1") == [
        "t.kp:1:1: error: a value alone is no statement: assignment or call expected near 'vra'; did you mean 'var'?\n"
          + "vra x = 1\n^"
      ])
  }

  @Test func warning() {
    #expect(
      rendered("x = 99999999999999999999") == [
        "t.kp:1:5: warning: number does not fit in 64 bits and becomes -1 near '99999999999999999999'\n"
          + "x = 99999999999999999999\n    ^"
      ])
  }

  @Test func tabsAndWideText() {
    #expect(rendered("\tx\t= = 1") == ["t.kp:1:6: error: unexpected symbol near '='\n\tx\t= = 1\n\t \t  ^"])
    // Two bytes, one column on the screen; the column in the message counts bytes.
    #expect(rendered("\u{e9} = = 1") == ["t.kp:1:6: error: unexpected symbol near '='\n\u{e9} = = 1\n    ^"])
  }

  @Test func endOfFile() {
    #expect(rendered("x =") == ["t.kp:1:4: error: unexpected symbol near '<eof>'\nx =\n   ^"])
    #expect(rendered("x =\n") == ["t.kp:2:1: error: unexpected symbol near '<eof>'\n\n^"])
  }

  @Test func byteOrderMarkTakesNoColumn() {
    #expect(rendered("\u{feff}x = = 1") == ["t.kp:1:5: error: unexpected symbol near '='\nx = = 1\n    ^"])
  }

  @Test func nothingDangerousForATerminal() {
    let source = SourceFile(name: "t.kp", bytes: Array("x = 1 \u{1b}[2J".utf8) + [0xff, 0x0a])
    let text = parse(source).diagnostics.map { $0.rendered(in: source) }.joined(separator: "\n")
    #expect(text.hasPrefix("t.kp:1:7: error: unexpected character near '\\x1b'\nx = 1 \u{fffd}[2J\u{fffd}\n      ^"))
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test func longLinesAreClipped() throws {
    let filler = String(repeating: "a", count: 500)
    let far = try #require(rendered("\(filler) = = \(filler)").first)
    #expect(
      far == "t.kp:1:504: error: unexpected symbol near '='\n..." + String(repeating: "a", count: 77) + " = = "
        + String(repeating: "a", count: 38) + "...\n   " + String(repeating: " ", count: 80) + "^")
    let near = try #require(rendered("x = = \(filler)").first)
    #expect(
      near == "t.kp:1:5: error: unexpected symbol near '='\nx = = " + String(repeating: "a", count: 114) + "...\n    ^")
  }

  @Test func longTokensAreClipped() {
    let long = String(repeating: "x", count: 100)
    #expect(findings("f(a \(long))") == ["1:5: ')' expected near '\(String(repeating: "x", count: 40))...'"])
  }

  @Test func clippingKeepsCharactersWhole() throws {
    for shift in 0..<4 {
      let text =
        String(repeating: "b", count: shift) + String(repeating: "\u{20ac}", count: 200) + " = = "
        + String(repeating: "\u{20ac}", count: 200)
      let shown = try #require(rendered(text).first)
      #expect(!shown.contains("\u{fffd}"))
    }
  }

  @Test func withoutPosition() {
    let source = SourceFile(name: "t.kp", text: "x")
    #expect(Diagnostic("no source", at: .none).rendered(in: source) == "t.kp: error: no source")
    let outside = SourcePosition(line: 3, column: 9, offset: 100)
    #expect(Diagnostic("elsewhere", at: outside).rendered(in: source) == "t.kp:3:9: error: elsewhere")
  }

  @Test func lineText() {
    let source = SourceFile(name: "t.kp", text: "ab\r\ncd\n")
    #expect(source.lineText(at: SourcePosition(line: 1, column: 2, offset: 1)) == "ab")
    #expect(source.lineText(at: SourcePosition(line: 2, column: 1, offset: 4)) == "cd")
    #expect(source.lineText(at: SourcePosition(line: 3, column: 1, offset: 7)) == "")
    #expect(source.lineText(at: .none) == nil)
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("prnt", "print"), ("pritn", "print"), ("Print", "print"), ("prinft", "printf"), ("printff", "printf"),
    ("sched_swich", "sched_switch"), ("cpuu", "cpu"),
  ])
  func near(_ name: String, _ expected: String) {
    #expect(nearestName(to: name, among: ["cpu", "print", "printf", "print_hist", "sched_switch"]) == expected)
  }

  @Test func tooFar() {
    #expect(nearestName(to: "xyz", among: ["print", "len"]) == nil)
    #expect(nearestName(to: "a", among: ["b", "c"]) == nil)
    #expect(nearestName(to: "", among: ["b"]) == nil)
    #expect(nearestName(to: "abc", among: []) == nil)
  }

  @Test func sameAnswerForAnyOrder() {
    let names = ["tab", "tad", "tag", "tan", "tap"]
    #expect(nearestName(to: "taz", among: names) == "tab")
    #expect(nearestName(to: "taz", among: Set(names)) == "tab")
    #expect(nearestNames(to: "taz", among: names.reversed(), limit: 3) == ["tab", "tad", "tag"])
    #expect(
      nearestNames(to: "sched_swich", among: ["sched_switch", "sched_swiches", "x"], limit: 5) == [
        "sched_switch", "sched_swiches",
      ])
  }

  @Test func longNames() {
    let long = String(repeating: "a", count: 1_000_000)
    #expect(nearestName(to: long, among: [String(repeating: "b", count: 1_000_000), "a"]) == nil)
  }
}
