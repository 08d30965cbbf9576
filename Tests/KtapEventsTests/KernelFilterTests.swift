// Filters: over made-up records, in the kernel's words, and both ways on live events.

import CKernelCalls
import Glibc
import KtapLanguage
import KtapRuntime
import Testing

@testable import KtapEvents

@Suite struct KernelFilterTests {
  static let format = EventFormat(
    name: EventName(system: "made", event: "thing"), id: 5,
    fields: [
      FieldLayout(name: "s8", type: "signed char", kind: .integer, offset: 8, size: 1, isSigned: true),
      FieldLayout(name: "u8", type: "unsigned char", kind: .integer, offset: 9, size: 1, isSigned: false),
      FieldLayout(name: "s16", type: "short", kind: .integer, offset: 10, size: 2, isSigned: true),
      FieldLayout(name: "u32", type: "unsigned int", kind: .integer, offset: 12, size: 4, isSigned: false),
      FieldLayout(name: "s64", type: "long", kind: .integer, offset: 16, size: 8, isSigned: true),
      FieldLayout(name: "u64", type: "unsigned long", kind: .integer, offset: 24, size: 8, isSigned: false),
      FieldLayout(name: "name", type: "char[8]", kind: .text, offset: 32, size: 8, isSigned: false),
      FieldLayout(name: "msg", type: "__data_loc char[]", kind: .dynamicText, offset: 40, size: 4, isSigned: false),
      FieldLayout(name: "rel", type: "__rel_loc char[]", kind: .relativeText, offset: 44, size: 4, isSigned: false),
      FieldLayout(
        name: "list", type: "u32[2]", kind: .array, offset: 48, size: 8, isSigned: false, elementSize: 4),
      FieldLayout(name: "path", type: "const char *", kind: .integer, offset: 56, size: 8, isSigned: false),
      FieldLayout(name: "a.b", type: "int", kind: .integer, offset: 64, size: 4, isSigned: true),
    ])

  /// s8 -3, u8 250, s16 -300, u32 4000000000, s64 -5, u64 2^64-2, name "kworker", msg "hello", rel "there".
  static let record: [UInt8] = {
    func bytes(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value) { [UInt8]($0) } }
    var record = bytes(UInt16(5)) + [0, 0] + bytes(Int32(321))
    record += bytes(Int8(-3)) + bytes(UInt8(250)) + bytes(Int16(-300)) + bytes(UInt32(4_000_000_000))
    record += bytes(Int64(-5)) + bytes(UInt64.max - 1) + Array("kworker\0".utf8)
    record += bytes(UInt32(6 << 16 | 68)) + bytes(UInt32(6 << 16 | (74 - 48)))
    record += bytes(UInt64(0)) + bytes(UInt64(0)) + bytes(Int32(0))
    return record + Array("hello\0there\0".utf8)
  }()

  func accepts(_ filter: Filter, record: [UInt8] = Self.record, context: FilterContext? = nil) throws -> Bool {
    let evaluator = try FilterEvaluator(filter, for: Self.format)
    return withExtendedLifetime(evaluator) {
      record.withUnsafeBytes {
        evaluator.program.accepts(
          EventRecord(time: 0, bytes: $0.baseAddress!, length: $0.count),
          context ?? FilterContext(cpu: 2, process: 320, user: 1_000, name: TaskName("bash")))
      }
    }
  }

  static func number(_ field: String, _ comparison: FilterComparison, _ value: Int64) -> Filter {
    .compare(field: field, comparison, .number(value))
  }

  static func text(_ field: String, _ comparison: FilterComparison, _ value: String) -> Filter {
    .compare(field: field, comparison, .string(Array(value.utf8)))
  }

  @Test(arguments: [
    (number("s8", .equal, -3), true), (number("s8", .less, 0), true), (number("u8", .equal, 250), true),
    (number("u8", .equal, -6), false), (number("u8", .equal, 250 + 256), false), (number("s16", .less, -299), true),
    (number("u32", .greater, 3_999_999_999), true), (number("u32", .greater, -1), true),
    (number("s64", .greater, -6), true), (number("s64", .greaterOrEqual, -5), true),
    (number("u64", .greater, 5), true), (number("u64", .equal, -2), true), (number("u64", .less, -1), true),
    (number("u8", .anyBit, 2), true), (number("u8", .anyBit, 5), false), (number("u8", .notEqual, 250), false),
    (number("s16", .lessOrEqual, -300), true),
    (text("name", .equal, "kworker"), true), (text("name", .equal, "kwork"), false),
    (text("name", .notEqual, "kwork"), true), (text("name", .glob, "kw*"), true), (text("name", .glob, "*er"), true),
    (text("name", .glob, "kw"), false), (text("msg", .equal, "hello"), true), (text("msg", .glob, "h?l*"), true),
    (text("rel", .equal, "there"), true), (text("rel", .equal, "hello"), false), (text("msg", .equal, ""), false),
    (number("pid", .equal, 320), true), (number("tid", .equal, 321), true), (number("common_pid", .equal, 321), true),
    (number("uid", .equal, 1_000), true), (number("cpu", .equal, 2), true), (text("execname", .equal, "bash"), true),
    (text("comm", .glob, "b*"), true),
  ])
  func oneComparison(filter: Filter, expected: Bool) throws {
    #expect(try accepts(filter) == expected)
    #expect(try accepts(.not(filter)) == !expected)
  }

  @Test func connectives() throws {
    let yes = Self.number("u8", .equal, 250)
    let no = Self.number("u8", .equal, 251)
    for (left, leftValue) in [(yes, true), (no, false)] {
      for (right, rightValue) in [(yes, true), (no, false)] {
        #expect(try accepts(.and(left, right)) == (leftValue && rightValue))
        #expect(try accepts(.or(left, right)) == (leftValue || rightValue))
        #expect(try accepts(.not(.and(.not(left), right))) == !(!leftValue && rightValue))
        #expect(try accepts(.or(.and(left, right), .and(.not(left), .not(right)))) == (leftValue == rightValue))
      }
    }
  }

  @Test func recordsThatLieAreNotReadBeyondTheirEnd() throws {
    #expect(try !accepts(Self.number("u8", .equal, 250), record: Array(Self.record.prefix(60))))
    var record = Self.record
    record.replaceSubrange(40..<44, with: [0xff, 0xff, 0xff, 0xff])
    #expect(try accepts(Self.text("msg", .equal, ""), record: record))
    record.replaceSubrange(40..<44, with: [68, 0, 0xff, 0xff])
    record.removeLast(7)
    #expect(try accepts(Self.text("msg", .equal, "hello"), record: record))
    record = Self.record
    record.replaceSubrange(32..<40, with: Array("12345678".utf8))
    #expect(try accepts(Self.text("name", .equal, "12345678"), record: record), "text may fill its array")
  }

  @Test func mistakesAreNamed() {
    func message(_ filter: Filter) -> String {
      do throws(SourceError) {
        _ = try FilterEvaluator(filter, for: Self.format)
        return ""
      } catch {
        #expect(error.kind == .invalidFilter)
        return error.description
      }
    }
    #expect(message(Self.number("s61", .equal, 1)).contains("did you mean 's"))
    #expect(message(Self.text("nmae", .equal, "x")).contains("'name'"))
    #expect(message(Self.number("nothing_like_it", .equal, 1)).contains("it has s8, u8"))
    #expect(message(Self.text("u8", .equal, "x")).contains("is a number"))
    #expect(message(Self.number("name", .equal, 1)).contains("is text"))
    #expect(message(Self.number("u8", .glob, 1)).contains("'~' needs text"))
    #expect(message(Self.text("name", .less, "x")).contains("'==', '!=' and '~'"))
    #expect(message(Self.number("list", .equal, 1)).contains("u32[2]"))
    var deep = Self.number("u8", .equal, 1)
    for _ in 0..<2_000 { deep = .not(deep) }
    #expect(message(deep).contains("deep"))
  }

  // MARK: - In the kernel's words

  @Test(arguments: [
    (number("u32", .notEqual, 7), "u32 != 7"), (number("s64", .less, -7), "s64 < -7"),
    (number("u64", .equal, -1), "u64 == 18446744073709551615"), (number("u8", .anyBit, 6), "u8 & 6"),
    (number("tid", .equal, 9), "common_pid == 9"), (number("cpu", .lessOrEqual, 1), "CPU <= 1"),
    (text("execname", .equal, "bash"), "COMM == \"bash\""), (text("name", .glob, "kw*"), "name ~ \"\\kw*\""),
    (text("msg", .glob, "*.c"), "msg ~ \"*\\.c\""), (text("msg", .glob, "7*"), "msg ~ \"\\7*\""),
    (text("msg", .glob, "exact"), "msg == \"exact\""), (text("msg", .glob, "*"), "msg ~ \"**\""),
    (text("msg", .glob, "[a-c!]?"), nil), (text("msg", .glob, "[!a-c]?*"), "msg ~ \"[!a-c]?*\""),
    (text("msg", .notEqual, "say \"hi\""), "msg != 'say \"hi\"'"), (text("msg", .equal, "both \" and '"), nil),
    (text("msg", .equal, "a\nb"), nil), (text("name", .equal, "toolong8"), nil),
    (text("msg", .equal, String(repeating: "x", count: 256)), nil), (text("msg", .equal, ""), nil),
    (number("u8", .equal, 256), nil), (number("u8", .equal, -1), nil), (number("s8", .equal, 128), nil),
    (number("s8", .equal, -128), "s8 == -128"), (number("pid", .equal, 1), nil), (number("uid", .equal, 1), nil),
    (number("cpu", .anyBit, 1), nil), (number("path", .equal, 0), nil), (number("a.b", .equal, 0), nil),
    (.or(number("u8", .equal, 1), .not(number("u32", .equal, 2))), "(u8 == 1) || (!(u32 == 2))"),
    (.or(number("u8", .equal, 1), number("pid", .equal, 2)), nil),
  ])
  func words(filter: Filter, expected: String?) throws {
    let translated = try KernelFilter(filter, for: Self.format)
    #expect(translated.text == expected)
    #expect((translated.remainder == nil) == (expected != nil))
    #expect((translated.reason == nil) == (expected != nil))
  }

  @Test func aChainIsDivided() throws {
    let filter = Filter.and(
      .and(Self.number("u8", .equal, 1), Self.number("pid", .equal, 2)), Self.text("msg", .equal, "x"))
    let translated = try KernelFilter(filter, for: Self.format)
    #expect(translated.text == "(u8 == 1) && (msg == \"x\")")
    #expect(translated.remainder == Self.number("pid", .equal, 2))
    #expect(translated.reason?.contains("'pid'") == true)
  }

  @Test func aLongChainKeepsWithinAPage() throws {
    var filter = Self.text("msg", .notEqual, "0")
    for number in 1..<400 { filter = .and(filter, Self.text("msg", .notEqual, "some text number \(number)")) }
    let translated = try KernelFilter(filter, for: Self.format)
    #expect(try #require(translated.text).utf8.count < 4_096)
    #expect(translated.remainder != nil)
  }
}
