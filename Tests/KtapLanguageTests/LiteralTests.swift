import KtapLanguage
import Testing

@Suite struct NumberTests {
  @Test(arguments: [
    ("0", "0"), ("7", "7"), ("1000", "1000"), ("9223372036854775807", "9223372036854775807"),
    ("0x10", "16"), ("0XfF", "255"), ("0xe+1", "(14 + 1)"),
    ("022", "18"), ("00", "0"), ("0777", "511"),
    ("0b101", "5"), ("0B11", "3"),
    ("1_000_000", "1000000"), ("0xff_ff", "65535"), ("0b1010_0101", "165"), ("0_7", "7"),
  ])
  func value(_ text: String, _ value: String) { #expect(expression(text) == value) }

  @Test(arguments: [
    ("9223372036854775808", "-9223372036854775808"), ("18446744073709551615", "-1"),
    ("0xffffffffffffffff", "-1"), ("0x8000000000000000", "-9223372036854775808"),
    ("01777777777777777777777", "-1"), ("0b" + String(repeating: "1", count: 64), "-1"),
  ])
  func wraps(_ text: String, _ value: String) {
    #expect(expression(text) == value)
    #expect(findings("x = " + text) == [])
  }

  @Test(arguments: [
    "18446744073709551616", "0x10000000000000000", "02000000000000000000000", "99999999999999999999999999",
    "0b1" + String(repeating: "0", count: 64),
  ])
  func saturates(_ text: String) {
    #expect(expression(text) == "-1")
    let shown = text.count > 40 ? text.prefix(40) + "..." : text
    #expect(findings("x = " + text) == ["1:5: warning: number does not fit in 64 bits and becomes -1 near '\(shown)'"])
  }

  @Test(arguments: [
    "1.5", "1.", ".5", "1e5", "1e+5", "1.5e-3", "0x1p-2", "08", "09", "0x", "0b", "0b2", "0xg", "10LL", "5ms", "1..2",
    "1_", "1__0", "0x_1", "0b_1", "0_", "5\u{b5}s",
  ])
  func malformed(_ text: String) {
    #expect(findings("x = \(text) y = 1") == ["1:5: malformed number near '\(text)'"])
  }

  @Test func concatenationNeedsSpace() {
    #expect(expression("1 .. 2") == "(1 .. 2)")
    #expect(expression("a..2") == "(a .. 2)")
  }
}

@Suite struct StringTests {
  @Test(arguments: [
    (#""abc""#, #""abc""#), (#"'abc'"#, #""abc""#), (#""""#, #""""#), (#""it's""#, #""it's""#),
    (#""\a\b\f\n\r\t\v""#, #""\x07\x08\x0c\x0a\x0d\x09\x0b""#),
    (#""\\\"\'""#, #""\"'""#),
    (#""\x41\x00\xfF""#, #""A\x00\xff""#),
    (#""\0\65\0651\255""#, #""\x00AA1\xff""#),
    ("\"a\\z  \n\t b\"", #""ab""#), ("\"a\\\nb\"", #""a\x0ab""#), ("\"a\\\r\nb\"", #""a\x0ab""#),
    ("\"\u{e9}\"", #""\xc3\xa9""#), ("\"a # b // c /* d\"", #""a # b // c /* d""#),
  ])
  func quotedForms(_ text: String, _ value: String) { #expect(expression(text) == value) }

  @Test(arguments: [
    ("[[abc]]", #""abc""#), ("[=[a]]b]=]", #""a]]b""#), ("[==[a]=]b]==]", #""a]=]b""#), ("[[]]", #""""#),
    ("[[\nabc]]", #""abc""#), ("[[\r\nabc]]", #""abc""#), ("[[\n\nabc]]", #""\x0aabc""#),
    ("[[a\nb\r\nc\rd]]", #""a\x0ab\x0ac\x0ad""#), (#"[[\n"']]"#, #""\n"'""#), ("[=[]]=]", #""]""#),
    ("[=[]=]", #""""#), ("[=[a]==]=]", #""a]==""#),
  ])
  func longForms(_ text: String, _ value: String) { #expect(expression(text) == value) }

  @Test func bytesAreKept() {
    let source = Array("x = \"".utf8) + [0, 0xff, 0x80, 0x01] + Array("\"".utf8)
    #expect(tree(source) == #"x = "\x00\xff\x80\x01""#)
  }

  @Test func longest() {
    let longest = String(repeating: "a", count: 65_535)
    #expect(findings("x = \"\(longest)\"") == [])
    #expect(findings("x = \"\(longest)a\"") == ["1:5: string too long (65536 bytes, at most 65535)"])
    #expect(findings("x = [[\(longest)aa]]") == ["1:5: string too long (65537 bytes, at most 65535)"])
    // Decoded bytes count, not those of the source.
    let escapes = String(repeating: "\\x41", count: 65_535)
    #expect(findings("x = \"\(escapes)\"") == [])
  }

  @Test(arguments: [
    (#"x = "abc"#, #"1:5: unfinished string near '"abc'"#),
    ("x = \"abc\ny = 1", #"1:5: unfinished string near '"abc'"#),
    ("x = 'abc\"\ny = 1", #"1:5: unfinished string near ''abc"'"#),
    (#"x = "abc\"#, #"1:5: unfinished string near '"abc\'"#),
    ("x = [[abc", "1:5: unfinished long string near '[[abc'"),
    ("x = [=[abc]]", "1:5: unfinished long string near '[=[abc]]'"),
    ("x = [=abc", "1:5: invalid long string delimiter near '[='"),
    (#"x = "a\qb""#, #"1:7: invalid escape sequence near '\q'"#),
    (#"x = "a\x4z""#, #"1:7: invalid escape sequence near '\x'"#),
    (#"x = "\256""#, #"1:6: invalid escape sequence near '\256'"#),
    ("f(\"\\z\n\n  \\q\")", #"3:3: invalid escape sequence near '\q'"#),
  ])
  func faults(_ text: String, _ finding: String) { #expect(findings(text) == [finding]) }

  @Test func everyFaultOfOneString() {
    #expect(
      findings(#"x = "\q\w\x""#) == [
        #"1:6: invalid escape sequence near '\q'"#, #"1:8: invalid escape sequence near '\w'"#,
        #"1:10: invalid escape sequence near '\x'"#,
      ])
  }
}
