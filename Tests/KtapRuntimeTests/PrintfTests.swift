import Glibc
import Testing

@testable import KtapRuntime

@Suite struct PrintfTests {
  let fixture = Fixture()

  private func format(_ format: String, _ arguments: Value...) throws -> String {
    let value = try fixture.call(.stringFormat, [fixture.string(format)] + arguments)
    return StringReference(value).text
  }

  private func failure(_ format: String, _ arguments: Value...) -> String? {
    do throws(ScriptError) {
      try fixture.call(.printf, [fixture.string(format)] + arguments)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func literalTextAndPercent() throws {
    #expect(try format("") == "")
    #expect(try format("plain\n") == "plain\n")
    #expect(try format("100%% of %d%%", Value(5)) == "100% of 5%")
  }

  @Test func signedAndUnsigned() throws {
    #expect(try format("%d %i", Value(-5), Value(7)) == "-5 7")
    #expect(try format("%u", Value(-1)) == "18446744073709551615")
    #expect(try format("%x %X %o", Value(-1), Value(0xbeef), Value(8)) == "ffffffffffffffff BEEF 10")
    #expect(try format("%d", Value(Int64.min)) == "-9223372036854775808")
    #expect(
      try format("[%5d|%-5d|%05d|%+d|% d]", Value(42), Value(42), Value(42), Value(42), Value(42))
        == "[   42|42   |00042|+42| 42]")
    #expect(try format("%#x %#o %#x %#o", Value(255), Value(8), Value(0), Value(0)) == "0xff 010 0 0")
  }

  @Test func starsTakeArguments() throws {
    #expect(try format("[%*d]", Value(6), Value(1)) == "[     1]")
    #expect(try format("[%*d]", Value(-6), Value(1)) == "[1     ]")
    #expect(try format("[%.*s]", Value(2), fixture.string("abc")) == "[ab]")
    #expect(try format("[%.*s]", Value(-2), fixture.string("abc")) == "[abc]")
    #expect(try format("[%-*.*s]", Value(5), Value(1), fixture.string("abc")) == "[a    ]")
  }

  @Test func everyValueAsText() throws {
    #expect(try format("%s", Value(12)) == "12")
    #expect(try format("%s|%s", Value(true), Value(false)) == "true|false")
    #expect(try format("%s", fixture.tuple(Value(1), fixture.string("x"))) == "1, x")
    #expect(try format("[%12s]", fixture.table()) == "[table: 0 elements]")
    #expect(
      try format("[%22s|%-22s]", fixture.table(), fixture.table())
        == "[     table: 0 elements|table: 0 elements     ]")
    #expect(try format("%.3s", Value(123456)) == "123")
  }

  /// The original stopped formatting there and lost the rest, the newline included.
  @Test func nilIsNilUnderEveryConversion() throws {
    for letter in ["d", "i", "u", "o", "x", "X", "c", "s", "p"] {
      #expect(try format("<%\(letter)>\n", .nilValue) == "<nil>\n")
      #expect(try format("<%6\(letter)|%-6\(letter)>", .nilValue, .nilValue) == "<   nil|nil   >")
    }
  }

  @Test func charactersAndSymbols() throws {
    #expect(try format("%c%c", Value(72), Value(105)) == "Hi")
    #expect(try format("[%3c|%-3c]", Value(65), Value(65)) == "[  A|A  ]")
    let zero = try fixture.call(.stringFormat, fixture.string("%c"), Value(0))
    #expect(Array(StringReference(zero).bytes) == [0])
    #expect(try format("%p|%10p|%p", Value(0x1000), Value(0x1000), Value(0xdead)) == "schedule|  schedule|0xdead")
    #expect(try format("%p", Value(payload: 0x1000, tag: .address)) == "schedule")
    #expect(try format("%x", Value(payload: 0x1000, tag: .address)) == "1000")
  }

  @Test func stringsMayHoldNUL() throws {
    let value = try fixture.call(
      .stringFormat, fixture.string([37, 115, 0, 37, 115]), fixture.string([97, 0, 98]), fixture.string("c"))
    #expect(Array(StringReference(value).bytes) == [97, 0, 98, 0, 99])
  }

  @Test func errorsNameTheArgumentAndPrintNothing() {
    #expect(failure("%d") == "bad argument #2 to 'printf' (no value)")
    #expect(failure("a%d%d", Value(1)) == "bad argument #3 to 'printf' (no value)")
    #expect(failure("%d", fixture.string("x")) == "bad argument #2 to 'printf' (number expected, got string)")
    #expect(failure("%s %x", Value(1), Value(true)) == "bad argument #3 to 'printf' (number expected, got boolean)")
    #expect(
      failure("%*d", fixture.string("x"), Value(1)) == "bad argument #2 to 'printf' (number expected, got string)")
    #expect(failure("%*d", Value(1)) == "bad argument #3 to 'printf' (no value)")
    #expect(failure("abc%y", Value(1)) == "invalid conversion '%y' to 'printf'")
    #expect(failure("%ld", Value(1)) == "invalid conversion '%l' to 'printf'")
    #expect(failure("%") == "invalid conversion '%' to 'printf'")
    #expect(failure("%-05.3", Value(1)) == "invalid conversion '%-05.3' to 'printf'")
    #expect(failure("%5%") == "invalid conversion '%5%' to 'printf'")
    #expect(failure("%99999d", Value(1)) == "width or precision of 'printf' is above 65535")
    #expect(failure("%.*d", Value(.max), Value(1)) == "width or precision of 'printf' is above 65535")
    #expect(failure("%*d", Value(.min), Value(1)) == "width or precision of 'printf' is above 65535")
    #expect(failure("%99999999999999999999999d", Value(1)) == "width or precision of 'printf' is above 65535")
    #expect(fixture.error(.printf) == "bad argument #1 to 'printf' (string expected, got nil)")
    #expect(fixture.error(.printf, Value(1)) == "bad argument #1 to 'printf' (string expected, got number)")
    #expect(fixture.error(.stringFormat, fixture.string("%d")) == "bad argument #2 to 'string.format' (no value)")
    #expect(fixture.printed() == "")
  }

  @Test func extraArgumentsAreIgnored() throws {
    #expect(try fixture.output(.printf, fixture.string("%d\n"), Value(1), Value(2)) == "1\n")
  }

  @Test func resultsTooLongForAStringAreAnError() throws {
    #expect(try format("%65535d", Value(1)).utf8.count == 65_535)
    #expect(fixture.error(.stringFormat, fixture.string("%65535d%d"), Value(1), Value(2))?.contains("65535") == true)
    // Printing has no such limit.
    #expect(try fixture.output(.printf, fixture.string("%65535d%d"), Value(1), Value(2)).utf8.count == 65_536)
  }

  /// What C's own `snprintf` makes of the same format.
  private func c(_ format: String, _ arguments: [any CVarArg]) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = withVaList(arguments) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(decoding: buffer[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func agreesWithCOnRandomSpecifications() throws {
    var random = SeededGenerator(20_240_601)
    let numbers: [Int64] = [0, 1, -1, 7, 8, 9, 10, 63, 64, 255, 256, -255, .max, .min, .min + 1, 1 << 32, 0o777]
    let strings = ["", "a", "hello", "a longer text than most widths"]
    for _ in 0..<20_000 {
      var specification = "%"
      for flag in ["-", "+", " ", "#", "0"] where Int.random(in: 0..<3, using: &random) == 0 { specification += flag }
      var stars: [Int32] = []
      for prefix in ["", "."] where Bool.random(using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
          stars.append(Int32.random(in: -30...30, using: &random))
          specification += prefix + "*"
        case 1 where prefix == ".": specification += prefix
        default: specification += prefix + "\(Int.random(in: 1...40, using: &random))"
        }
      }
      let letter = "diuoxXs".randomElement(using: &random)!
      var arguments = stars.map { Value(Int64($0)) }
      var expected = stars.map { $0 as any CVarArg }
      if letter == "s" {
        let text = strings.randomElement(using: &random)!
        arguments.append(fixture.string(text))
        let actual = try fixture.call(.stringFormat, [fixture.string(specification + "s")] + arguments)
        let wanted = text.withCString { c(specification + "s", expected + [$0]) }
        try #require(StringReference(actual).text == wanted, "\(specification)s of '\(text)', \(stars)")
      } else {
        let number =
          Bool.random(using: &random)
          ? numbers.randomElement(using: &random)!
          : Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random)
        arguments.append(Value(number))
        expected.append(number)
        let actual = try fixture.call(.stringFormat, [fixture.string("\(specification)\(letter)")] + arguments)
        let wanted = c("\(specification)l\(letter)", expected)
        try #require(StringReference(actual).text == wanted, "\(specification)\(letter) of \(number), \(stars)")
      }
    }
  }
}
