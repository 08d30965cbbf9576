import Testing

@testable import KtapRuntime

@Suite struct BuiltinStringTests {
  let fixture = Fixture()

  @Test func anyValueAsAString() throws {
    #expect(try fixture.text(.stringOf, Value(-7)) == "-7")
    #expect(try fixture.text(.stringOf, .nilValue) == "nil")
    #expect(try fixture.text(.stringOf, fixture.string("x")) == "x")
    #expect(try fixture.text(.stringOf, fixture.tuple(Value(1), Value(2))) == "1, 2")
    #expect(try fixture.text(.stringOf, Value(payload: 0x1000, tag: .address)) == "schedule")
  }

  @Test(
    arguments: [
      (2, nil, "bcde"), (1, nil, "abcde"), (2, 3, "bc"), (-2, nil, "de"), (-3, -2, "cd"), (0, 2, "ab"), (4, 2, ""),
      (6, nil, ""), (-100, 2, "ab"), (1, 100, "abcde"), (Int64.min, Int64.max, "abcde"), (Int64.max, Int64.min, ""),
      (3, 3, "c"), (1, 0, ""), (1, -6, ""),
    ] as [(Int64, Int64?, String)])
  func substrings(first: Int64, last: Int64?, expected: String) throws {
    let text = fixture.string("abcde")
    #expect(try fixture.text(.stringSub, text, Value(first), last.map(Value.init) ?? .nilValue) == expected)
  }

  @Test(
    arguments: [
      ("hello", "l", nil, 3), ("hello", "l", 4, 4), ("hello", "lo", nil, 4), ("hello", "x", nil, nil),
      ("hello", "", nil, 1), ("hello", "", 6, 6), ("hello", "", 7, nil), ("hello", "o", -1, 5), ("hello", "h", -1, nil),
      ("a.c", ".", nil, 2), ("aab", "ab", nil, 2), ("", "", nil, 1), ("", "a", nil, nil), ("abc", "abcd", nil, nil),
      ("hello", "h", Int64.min, 1), ("hello", "h", Int64.max, nil),
    ] as [(String, String, Int64?, Int64?)])
  func finding(text: String, part: String, start: Int64?, expected: Int64?) throws {
    let value = try fixture.call(
      .stringFind, fixture.string(text), fixture.string(part), start.map(Value.init) ?? .nilValue)
    #expect(value.isEqual(expected.map(Value.init) ?? .nilValue))
  }

  @Test func bytes() throws {
    let text = fixture.string("AZ")
    #expect(try fixture.call(.stringByte, text).payload == 65)
    #expect(try fixture.call(.stringByte, text, Value(2)).payload == 90)
    #expect(try fixture.call(.stringByte, text, Value(-1)).payload == 90)
    for outside in [0, 3, -3, Int64.min, .max] {
      #expect(try fixture.call(.stringByte, text, Value(outside)).isNil)
    }
    #expect(try fixture.text(.stringCharacter, Value(72), Value(105)) == "Hi")
    #expect(try fixture.text(.stringCharacter) == "")
    #expect(
      fixture.error(.stringCharacter, Value(1), Value(256))
        == "bad argument #2 to 'string.char' (0…255 expected, got 256)")
    #expect(fixture.error(.stringCharacter, Value(-1)) == "bad argument #1 to 'string.char' (0…255 expected, got -1)")
  }

  @Test func letterCase() throws {
    #expect(try fixture.text(.stringUpper, fixture.string("abz`{ÄZ09")) == "ABZ`{ÄZ09")
    #expect(try fixture.text(.stringLower, fixture.string("ABZ@[Äz09")) == "abz@[Äz09")
  }

  @Test(
    arguments: [
      ("42", nil, 42), ("-42", nil, -42), ("+7", nil, 7), (" \t12\n", nil, 12), ("0xff", nil, 255), ("0XFF", nil, 255),
      ("0b101", nil, 5), ("010", nil, 10), ("ff", 16, 255), ("0xff", 16, 255), ("777", 8, 511), ("z", 36, 35),
      ("0b1", 16, 0xb1), ("0b11", 2, 3), ("9223372036854775807", nil, .max), ("-9223372036854775808", nil, .min),
      ("0xffffffffffffffff", nil, -1), ("", nil, nil), (" ", nil, nil), ("-", nil, nil), ("1 2", nil, nil),
      ("1.5", nil, nil), ("12a", nil, nil), ("0x", nil, nil), ("0xg", nil, nil), ("9223372036854775808", nil, nil),
      ("-9223372036854775809", nil, nil), ("0x1ffffffffffffffff", nil, nil), ("99999999999999999999999", nil, nil),
      ("8", 8, nil), ("--1", nil, nil), ("1_000", nil, nil),
    ] as [(String, Int64?, Int64?)])
  func numbersInText(text: String, base: Int64?, expected: Int64?) throws {
    let value = try fixture.call(.stringToNumber, fixture.string(text), base.map(Value.init) ?? .nilValue)
    #expect(value.isEqual(expected.map(Value.init) ?? .nilValue))
  }

  @Test func numbersStayNumbers() throws {
    #expect(try fixture.call(.stringToNumber, Value(5)).payload == 5)
    for base in [Int64(1), 37, 0, -2] {
      #expect(
        fixture.error(.stringToNumber, fixture.string("1"), Value(base))
          == "bad argument #2 to 'string.tonumber' (base 2…36 expected, got \(base))")
    }
    #expect(
      fixture.error(.stringToNumber, .nilValue) == "bad argument #1 to 'string.tonumber' (string expected, got nil)")
  }

  @Test func splitting() throws {
    func split(_ text: String, _ separator: String? = nil) throws -> [String] {
      texts(
        try fixture.call(.stringSplit, fixture.string(text), separator.map { fixture.string($0) } ?? .nilValue))
    }
    #expect(try split("a:b:c", ":") == ["a", "b", "c"])
    #expect(try split(":a::", ":") == ["", "a", "", ""])
    #expect(try split("", ":") == [""])
    #expect(try split("abc", ":") == ["abc"])
    #expect(try split("a, b, c", ", ") == ["a", "b", "c"])
    #expect(try split("aaa", "aa") == ["", "a"])
    #expect(try split("  two \t words\n") == ["two", "words"])
    #expect(try split("") == [])
    #expect(try split("   ") == [])
    #expect(try split("one") == ["one"])
    #expect(
      fixture.error(.stringSplit, fixture.string("a"), fixture.string(""))
        == "bad argument #2 to 'string.split' (the separator is empty)")
  }

  @Test func splittingSurvivesCollections() throws {
    let text = fixture.string(
      String(repeating: "word ", count: 300) + (0..<300).map { "w\($0)" }.joined(separator: " "))
    fixture.shared.becomeHostile(collectingEvery: 1) { $0.mark(text) }
    let table = try fixture.call(.stringSplit, text)
    fixture.shared.endHostility()
    #expect(texts(table) == [String](repeating: "word", count: 300) + (0..<300).map { "w\($0)" })
  }

  @Test func everyFunctionChecksItsFirstArgument() {
    for builtin in [
      BuiltinIdentifier.stringSub, .stringFind, .stringByte, .stringUpper, .stringLower, .stringFormat, .stringSplit,
    ] {
      #expect(fixture.error(builtin) == "bad argument #1 to '\(builtin.name)' (string expected, got nil)")
      #expect(
        fixture.error(builtin, Value(true)) == "bad argument #1 to '\(builtin.name)' (string expected, got boolean)")
    }
    let text = fixture.string("x")
    #expect(fixture.error(.stringSub, text) == "bad argument #2 to 'string.sub' (number expected, got nil)")
    #expect(
      fixture.error(.stringSub, text, Value(1), text) == "bad argument #3 to 'string.sub' (number expected, got string)"
    )
    #expect(fixture.error(.stringFind, text) == "bad argument #2 to 'string.find' (string expected, got nil)")
    #expect(
      fixture.error(.stringFind, text, text, text) == "bad argument #3 to 'string.find' (number expected, got string)")
    #expect(fixture.error(.stringByte, text, text) == "bad argument #2 to 'string.byte' (number expected, got string)")
    #expect(
      fixture.error(.stringCharacter, text) == "bad argument #1 to 'string.char' (number expected, got string)")
    #expect(
      fixture.error(.stringSplit, text, Value(1)) == "bad argument #2 to 'string.split' (string expected, got number)")
    #expect(
      fixture.error(.stringToNumber, text, text) == "bad argument #2 to 'string.tonumber' (number expected, got string)"
    )
  }
}
