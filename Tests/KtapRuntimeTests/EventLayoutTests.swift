import Glibc
import Testing

@testable import KtapRuntime

/// Bytes of a record, put together by offset.
struct RecordBytes {
  var bytes: [UInt8]
  init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

  mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    withUnsafeBytes(of: number.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
  }
  mutating func put(_ text: String, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
  }
}

@Suite struct EventLayoutTests {
  let fixture = Fixture(worker: 0)

  private func field(
    _ name: String, _ kind: FieldLayout.Kind = .integer, _ offset: Int, _ size: Int, signed: Bool = false,
    element: Int = 1, type: String = ""
  ) -> FieldLayout {
    FieldLayout(
      name: name, type: type, kind: kind, offset: offset, size: size, isSigned: signed, elementSize: element)
  }

  private func layout(_ fields: FieldLayout...) -> EventLayout {
    fixture.layout("sched_switch", fields)
  }

  private func argument(_ number: Int, _ layout: EventLayout, _ record: [UInt8]) throws -> Value {
    try fixture.inEvent(layout, record) { try fixture.context.argument(number) }
  }

  private func bytes(_ value: Value) throws -> [UInt8] {
    try #require(value.tag == .string)
    return Array(StringReference(value).bytes)
  }

  @Test(arguments: [1, 2, 4, 8], [true, false])
  func integersOfEverySizeAndSign(size: Int, isSigned: Bool) throws {
    for offset in 0..<9 {
      var record = RecordBytes(count: offset + size)
      let one = layout(field("n", .integer, offset, size, signed: isSigned))
      for index in 0..<size { record.bytes[offset + index] = 0xff }
      let ones: Int64 = isSigned || size == 8 ? -1 : (1 << (size * 8)) - 1
      #expect(try argument(0, one, record.bytes).payload == ones)
      for index in 0..<size { record.bytes[offset + index] = UInt8(index + 1) }
      var expected: Int64 = 0
      for index in 0..<size { expected |= Int64(index + 1) << (index * 8) }
      let value = try argument(0, one, record.bytes)
      #expect(value.isNumber && value.payload == expected)
    }
  }

  @Test func commonFieldsAreNotCountedButHaveNames() throws {
    var record = RecordBytes(count: 16)
    record.put(UInt16(300), at: 0)
    record.put(Int32(77), at: 4)
    record.put(Int32(-3), at: 8)
    let probe = layout(
      field("common_type", .integer, 0, 2), field("common_pid", .integer, 4, 4, signed: true),
      field("value", .integer, 8, 4, signed: true))
    #expect(try argument(0, probe, record.bytes).payload == -3)
    #expect(try argument(1, probe, record.bytes).isNil)
    #expect(try argument(9, probe, record.bytes).isNil)
    #expect(try argument(.max, probe, record.bytes).isNil)
    #expect(try argument(-1, probe, record.bytes).isNil)
    try fixture.inEvent(probe, record.bytes) { () throws in
      #expect(try fixture.context.field(fixture.shared.string("common_pid")).payload == 77)
      #expect(try fixture.context.field(fixture.shared.string("common_type")).payload == 300)
      #expect(try fixture.context.field(fixture.shared.string("value")).payload == -3)
      // A name that a handler has put together is in another heap.
      #expect(try fixture.context.field(fixture.string("value")).payload == -3)
      #expect(try fixture.context.field(Value(0)).payload == -3)
    }
    #expect(probe.argumentCount == 1 && probe.fieldCount == 3)
    #expect(probe.index(ofName: fixture.shared.string("value")) == 0)
    #expect(probe.index(ofName: fixture.shared.string("no")) == nil)
    #expect(probe.field(at: 3) == nil && probe.field(at: -1) == nil)
  }

  @Test func textEndsAtItsNUL() throws {
    var record = RecordBytes(count: 32)
    record.put("hello", at: 8)
    record.put("0123456789abcdef", at: 16)
    let probe = layout(field("short", .text, 8, 8), field("full", .text, 16, 16), field("none", .text, 4, 0))
    #expect(try bytes(argument(0, probe, record.bytes)) == Array("hello".utf8))
    #expect(try bytes(argument(1, probe, record.bytes)) == Array("0123456789abcdef".utf8))
    #expect(try bytes(argument(2, probe, record.bytes)) == [])
  }

  @Test func dynamicText() throws {
    var record = RecordBytes(count: 32)
    record.put(UInt32(6 << 16 | 20), at: 8)
    record.put("world\0", at: 20)
    record.put(UInt32(4 << 16 | 4), at: 12)
    let probe = layout(field("name", .dynamicText, 8, 4), field("relative", .relativeText, 12, 4))
    #expect(try bytes(argument(0, probe, record.bytes)) == Array("world".utf8))
    // From the end of the field: 16 + 4.
    #expect(try bytes(argument(1, probe, record.bytes)) == Array("worl".utf8))
    #expect(fixture.context.state.pointee.cutFields == 0)
  }

  @Test func arraysAreTablesFromOne() throws {
    var record = RecordBytes(count: 40)
    for index in 0..<3 { record.put(Int16(-index), at: 8 + index * 2) }
    record.put(UInt32(16 << 16 | 24), at: 16)
    record.put(UInt64.max, at: 24)
    record.put(UInt64(5), at: 32)
    record.put(UInt32(9 << 16 | 0), at: 20)
    let probe = layout(
      field("fixed", .array, 8, 6, signed: true, element: 2), field("dynamic", .dynamicArray, 16, 4, element: 8),
      field("relative", .relativeArray, 20, 4, element: 4))
    #expect(numbers(try argument(0, probe, record.bytes)) == [0, -1, -2])
    #expect(numbers(try argument(1, probe, record.bytes)) == [-1, 5])
    // Nine bytes are two elements of four.
    #expect(numbers(try argument(2, probe, record.bytes)) == [0xffff_ffff, 0xffff_ffff])
  }

  @Test func structuresAreBytes() throws {
    let record: [UInt8] = [1, 0, 2, 0, 3]
    #expect(try bytes(argument(0, layout(field("s", .opaque, 1, 3)), record)) == [0, 2, 0])
  }

  @Test func hostileLocationsStayInsideTheRecord() throws {
    let kinds: [FieldLayout.Kind] = [.dynamicText, .relativeText, .dynamicArray, .relativeArray]
    for kind in kinds {
      let probe = layout(field("f", kind, 8, 4, element: 4))
      let isText = kind == .dynamicText || kind == .relativeText
      for location: UInt32 in [0xffff_ffff, 0xffff_0000, 0x0001_ffff, 0x0010_000d, 0x0004_000d] {
        var record = RecordBytes(count: 12)
        record.put(location, at: 8)
        let before = fixture.context.state.pointee.cutFields
        let value = try argument(0, probe, record.bytes)
        // From offset 0 the twelve bytes of the record are there, everything else is not.
        let isReachable = location == 0xffff_0000 && (kind == .dynamicText || kind == .dynamicArray)
        if isText {
          #expect(try bytes(value) == [])
        } else {
          #expect(TableReference(value).count == (isReachable ? 3 : 0))
        }
        #expect(fixture.context.state.pointee.cutFields == before + 1)
      }
    }
  }

  @Test func shortRecordsAreNeverReadPast() throws {
    let probe = layout(
      field("n", .integer, 8, 8), field("t", .text, 8, 8), field("d", .dynamicText, 8, 4),
      field("a", .array, 8, 8, element: 4), field("o", .opaque, 8, 8))
    for count in 0..<16 {
      // Right at the end of a page with nothing behind it, so that a load too far is a crash.
      let pages = mmap(nil, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      mprotect(pages + 4096, 4096, PROT_NONE)
      let start = pages + 4096 - count
      memset(start, 0x41, count)
      fixture.context.state.pointee.event = EventState(
        record: UnsafeRawPointer(start), length: count, layout: probe, time: 0, thread: 0)
      let available = max(0, count - 8)
      #expect(try fixture.context.argument(0).isNil)
      #expect(try bytes(fixture.context.argument(1)).count == available)
      #expect(try bytes(fixture.context.argument(2)) == [])
      #expect(try TableReference(fixture.context.argument(3)).count == available / 4)
      #expect(try bytes(fixture.context.argument(4)).count == available)
      _ = try fixture.context.eventText()
      fixture.context.state.pointee.event = .none
      munmap(pages, 8192)
    }
    #expect(fixture.context.state.pointee.cutFields > 0)
  }

  /// Whatever a format file declares and whatever a record holds: no load leaves the record.
  @Test func randomLayoutsAndRecords() throws {
    var random = SeededGenerator(5)
    let kinds: [FieldLayout.Kind] = [
      .integer, .text, .dynamicText, .relativeText, .array, .dynamicArray, .relativeArray, .opaque,
    ]
    let pages = mmap(nil, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(pages + 4096, 4096, PROT_NONE)
    for _ in 0..<3000 {
      let numbers = [Int.min, -1, 0, 1, 2, 3, 4, 7, 8, 16, 60, 65_536, 1 << 40, .max]
      let probe = layout(
        field(
          "f", kinds.randomElement(using: &random)!, numbers.randomElement(using: &random)!,
          numbers.randomElement(using: &random)!, signed: Bool.random(using: &random),
          element: numbers.randomElement(using: &random)!))
      let count = Int.random(in: 0...64, using: &random)
      let start = pages + 4096 - count
      for offset in 0..<count {
        start.storeBytes(of: UInt8.random(in: 0...20, using: &random), toByteOffset: offset, as: UInt8.self)
      }
      fixture.context.state.pointee.event = EventState(
        record: UnsafeRawPointer(start), length: count, layout: probe, time: 0, thread: 0)
      let value = try fixture.context.argument(0)
      #expect([.nilValue, .number, .string, .table].contains(value.tag))
      _ = try fixture.context.eventText()
    }
    fixture.context.state.pointee.event = .none
    munmap(pages, 8192)
  }

  @Test func outsideAnEvent() {
    #expect(throws: ScriptError("invalid event context")) { try fixture.context.argument(0) }
    #expect(throws: ScriptError("invalid event context")) { try fixture.context.field(fixture.string("n")) }
    #expect(throws: ScriptError("invalid event context")) { try fixture.context.eventText() }
    #expect(throws: ScriptError("invalid event context")) { try fixture.context.probeName() }
  }

  @Test func unknownFieldsNameTheNearest() throws {
    let probe = layout(field("prev_pid", .integer, 0, 4), field("next_comm", .text, 4, 16))
    let message = { (name: Value) throws -> String? in
      try fixture.inEvent(probe, [0]) { () throws in
        do throws(ScriptError) {
          _ = try fixture.context.field(named: name)
          return nil
        } catch {
          return error.message
        }
      }
    }
    #expect(
      try message(fixture.string("prev_pdi"))
        == "event 'sched_switch' has no field 'prev_pdi'; did you mean 'prev_pid'?")
    #expect(
      try message(fixture.string("comm")) == "event 'sched_switch' has no field 'comm'; did you mean 'next_comm'?")
    #expect(try message(fixture.string("filename")) == "event 'sched_switch' has no field 'filename'")
    #expect(try message(.nilValue) == "a field is named by a string or a number, not by a nil value")
  }

  @Test func theEventInWords() throws {
    var record = RecordBytes(count: 64)
    record.put(Int32(-7), at: 8)
    record.put(UInt64(0xffff_ffff_8100_0000), at: 16)
    record.put("a\"b\n\u{1}", at: 24)
    record.put(UInt16(1), at: 32)
    record.put(UInt16(2), at: 34)
    record.put(UInt32.max, at: 36)
    record.put(UInt16(0xbeef), at: 40)
    let probe = layout(
      field("common_type", .integer, 0, 2), field("n", .integer, 8, 4, signed: true),
      field("p", .integer, 16, 8, type: "void *"), field("s", .text, 24, 8), field("a", .array, 32, 4, element: 2),
      field("u", .integer, 36, 4), field("o", .opaque, 40, 2), field("gone", .integer, 64, 4),
      field("mask", .integer, 8, 8, type: "unsigned long"))
    let text = try fixture.inEvent(probe, record.bytes) { try StringReference(fixture.context.eventText()).text }
    #expect(
      text
        == "sched_switch: n=-7 p=0xffffffff81000000 s=\"a\\\"b\\n\\x01\" a={1,2} u=4294967295 o=efbe gone=nil "
        + "mask=0xfffffff9")
  }
}
