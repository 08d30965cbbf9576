import Foundation
import Testing

@testable import KtapRuntime

@Suite struct BuiltinJSONTests {
  let fixture = Fixture()

  @Test func scalars() throws {
    #expect(try fixture.text(.json, .nilValue) == "null")
    #expect(try fixture.text(.json, Value(true)) == "true")
    #expect(try fixture.text(.json, Value(.min)) == "-9223372036854775808")
    #expect(try fixture.text(.json, fixture.string("a\"\\\n\r\t\u{1}\u{7f}é€😀")) == #""a\"\\\n\r\t\u0001\u007fé€😀""#)
    #expect(try fixture.text(.json, fixture.tuple(Value(1), fixture.string("\"x\""))) == #""1, \"x\"""#)
    #expect(try fixture.text(.json, Value(BuiltinIdentifier.print)) == "\"function: print\"")
  }

  @Test func bytesThatAreNotUTF8() throws {
    let cases: [([UInt8], String)] = [
      ([0x80], "\\u0080"), ([0xff, 0x41], "\\u00ffA"), ([0xc3], "\\u00c3"), ([0xc0, 0x80], "\\u00c0\\u0080"),
      ([0xe2, 0x82], "\\u00e2\\u0082"), ([0xed, 0xa0, 0x80], "\\u00ed\\u00a0\\u0080"),
      ([0xf4, 0x90, 0x80, 0x80], "\\u00f4\\u0090\\u0080\\u0080"), ([0xe0, 0x80, 0x80], "\\u00e0\\u0080\\u0080"),
      ([0xc3, 0xa9, 0xc3], "é\\u00c3"), ([0], "\\u0000"),
    ]
    for (bytes, expected) in cases {
      #expect(try fixture.text(.json, fixture.string(bytes)) == "\"\(expected)\"")
    }
  }

  @Test func tables() throws {
    #expect(try fixture.text(.json, fixture.table()) == "{}")
    #expect(try fixture.text(.json, fixture.table([Value(2): Value(20), Value(1): Value(10)])) == "[10,20]")
    #expect(try fixture.text(.json, fixture.table([Value(2): Value(20), Value(3): Value(30)])) == #"{"2":20,"3":30}"#)
    #expect(try fixture.text(.json, fixture.table([Value(0): Value(1), Value(1): Value(2)])) == #"{"0":1,"1":2}"#)
    let nested = try fixture.table([
      fixture.string("b"): fixture.table([Value(1): fixture.table()]), fixture.string("a"): .init(false),
      fixture.tuple(Value(1), Value(2)): Value(3), Value(true): Value(4), Value(-1): Value(5),
    ])
    #expect(try fixture.text(.json, nested) == #"{"-1":5,"a":false,"b":[{}],"true":4,"1, 2":3}"#)
  }

  @Test func theOrderIsThatOfTheKeys() throws {
    var expected: String?
    for seed in 0..<10 {
      var random = SeededGenerator(UInt64(seed))
      let table = try fixture.table()
      for key in (0..<100).shuffled(using: &random) {
        let value = Value(Int64(key))
        try TableReference(table).set(key % 2 == 0 ? fixture.string("k\(key)") : value, value, from: fixture.heap)
      }
      let text = try fixture.text(.json, table)
      #expect(text == expected ?? text)
      expected = text
    }
  }

  @Test func cyclesAndDepth() throws {
    let table = try fixture.table()
    try TableReference(table).set(Value(1), table, from: fixture.heap)
    #expect(fixture.error(.json, table) == "json: a table contains itself")
    // The same table twice is no cycle.
    let shared = try fixture.table([Value(1): Value(1)])
    #expect(try fixture.text(.json, fixture.table([Value(1): shared, Value(2): shared])) == "[[1],[1]]")
    var deep = try fixture.table()
    for _ in 1..<64 { deep = try fixture.table([Value(1): deep]) }
    #expect(
      try fixture.text(.json, deep) == String(repeating: "[", count: 63) + "{}" + String(repeating: "]", count: 63))
    #expect(try fixture.error(.json, fixture.table([Value(1): deep])) == "json: nested deeper than 64 tables")
  }

  /// Shared subtables double the text with every level: it has to stop, and soon.
  @Test func lengthIsBounded() throws {
    var table = try fixture.table()
    for _ in 0..<50 { table = try fixture.table([Value(1): table, Value(2): table]) }
    #expect(fixture.error(.json, table) == "json: the text is longer than 65535 bytes")
  }

  @Test func otherReadersAgree() throws {
    let table = try fixture.table([
      fixture.string("text"): fixture.string([0xff, 34, 92, 10, 0xc3, 0xa9]),
      fixture.string("list"): fixture.table([Value(1): Value(1), Value(2): Value(.max)]),
      fixture.string("no\u{1}"): Value(false),
    ])
    let text = try fixture.text(.json, table)
    let read = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(read["text"] as? String == "\u{ff}\"\\\né")
    #expect(read["list"] as? [Int64] == [1, .max])
    #expect(read["no\u{1}"] as? Bool == false)
  }
}
