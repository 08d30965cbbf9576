import KtapLanguage
import Testing

@Suite struct SourceTextTests {
  @Test(arguments: [
    "#!/usr/bin/ktap\nx = 1", "\u{feff}x = 1", "\u{feff}#!/usr/bin/ktap -q\nx = 1", "x = 1 # comment",
    "# a\n# b\nx = 1",
    "x = 1 // comment", "// comment\nx = 1", "x = /* a */ 1 /* b\n c * / */", "/**/x = 1", "/***/x = 1",
    "x /* ' \" [[ */ = 1", "x = 1 # unfinished \" string", "x\u{b}=\u{c}1", "x\t=\r\n1", "x =\r1", "x = 1\n",
  ])
  func blanks(_ text: String) { #expect(tree(text) == "x = 1") }

  @Test func empty() {
    #expect(tree("") == "")
    #expect(tree("\n\n") == "")
    #expect(tree("#!/usr/bin/ktap") == "")
    #expect(tree(";;;") == "")
  }

  @Test func unfinishedComment() {
    #expect(findings("x = 1\n  /* abc") == ["2:3: unfinished comment near '/*'"])
    #expect(findings("/*/") == ["1:1: unfinished comment near '/*'"])
    // The missing brace is a consequence.
    #expect(findings("function f() {\n /* }") == ["2:2: unfinished comment near '/*'"])
  }

  @Test(arguments: [
    "a", "_", "_1", "A9", "na\u{ef}ve", "\u{3b1}", "trace2", "forx", "argx", "arg", "arg01", "import", "goto",
  ])
  func names(_ name: String) { #expect(tree("\(name) = \(name)") == "\(name) = \(name)") }

  @Test func nameThatIsNoText() {
    let source = Array("ab".utf8) + [0xff] + Array(" = 1".utf8)
    #expect(findings(source) == ["1:1: name is not valid UTF-8 near 'ab\u{fffd}'"])
  }

  @Test func reserved() {
    let words = """
      trace trace_end tick profile argstr probename args pid tid uid cpu execname break continue else elseif false for
      function if in var nil repeat return true until while ffi arg0 arg1 arg2 arg3 arg4 arg5 arg6 arg7 arg8 arg9
      """
    let expected = Set(words.split(whereSeparator: \.isWhitespace).map(String.init))
    #expect(Set(reservedWords) == expected)
    for word in reservedWords.sorted() {
      // `var function` begins a declaration of its own.
      let declaration = word == "function" ? "var a, \(word) = 1" : "var \(word) = 1"
      let column = word == "function" ? 8 : 5
      #expect(findings(declaration) == ["1:\(column): name expected, and this word is reserved near '\(word)'"])
      #expect(tree("x = t.\(word)") == "x = t[\"\(word)\"]")
      #expect(tree("x = {\(word) = 1}") == "x = {[\"\(word)\"] = 1}")
      #expect(tree("t:\(word)(1)") == "t:\(word)(1)")
    }
  }

  @Test func unexpectedCharacters() {
    #expect(findings("x = $") == ["1:5: unexpected character near '$'"])
    #expect(
      findings("x = 1 ?? y\ny = `") == ["1:7: unexpected character near '??'", "2:5: unexpected character near '`'"])
    #expect(findings([0x78, 0, 0, 1, 0x3d, 0x31]) == ["1:2: unexpected character near '\\x00\\x00\\x01'"])
  }

  @Test func lineEnds() {
    for end in ["\n", "\r\n", "\r"] {
      #expect(findings("x = 1\(end)\(end)y = [[\(end)]] z = 08") == ["4:8: malformed number near '08'"])
    }
  }

  @Test func noLimitOnLines() {
    let lines = String(repeating: "\n", count: 100_000)
    #expect(tree(lines + "x = 1" + lines) == "x = 1")
    #expect(findings(lines + "x = 08") == ["100001:5: malformed number near '08'"])
  }
}
