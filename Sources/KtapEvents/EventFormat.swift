// What an event's record looks like, as the kernel's format file declares it.
//
// In: a format file (`EventFormat+Parsing.swift`) or a synthetic source that makes one up. Out: fields with offset, size
// and kind, which is all that a handler, a filter or a listing needs; the print format is kept as text and never needed.

import KtapRuntime

public struct EventFormat: Sendable, Hashable {
  public var name: EventName
  /// The first 16 bits of a record of this event.
  public var id: Int
  /// The event's own fields in the order of the file: `arg0`, `arg1`, ….
  public var fields: [FieldLayout]
  /// What every record begins with: `common_type`, `common_flags`, `common_preempt_count`, `common_pid`.
  public var commonFields: [FieldLayout]
  /// What stands after `print fmt:`, unread.
  public var printFormat: String
  /// In bytes: a record that is shorter than this is damaged. Dynamic fields add to it.
  public var recordSize: Int

  public init(
    name: EventName, id: Int, fields: [FieldLayout], commonFields: [FieldLayout] = EventFormat.usualCommonFields,
    printFormat: String = ""
  ) {
    self.name = name
    self.id = id
    self.fields = fields
    self.commonFields = commonFields
    self.printFormat = printFormat
    self.recordSize = (commonFields + fields).reduce(0) { max($0, $1.offset + $1.size) }
  }

  /// An own field, or else a common one.
  public func field(named name: String) -> FieldLayout? {
    fields.first { $0.name == name } ?? commonFields.first { $0.name == name }
  }

  /// How every kernel since 2.6.36 begins a record; for sources that make their own events.
  public static let usualCommonFields: [FieldLayout] = [
    FieldLayout(name: "common_type", type: "unsigned short", kind: .integer, offset: 0, size: 2, isSigned: false),
    FieldLayout(name: "common_flags", type: "unsigned char", kind: .integer, offset: 2, size: 1, isSigned: false),
    FieldLayout(
      name: "common_preempt_count", type: "unsigned char", kind: .integer, offset: 3, size: 1, isSigned: false),
    FieldLayout(name: "common_pid", type: "int", kind: .integer, offset: 4, size: 4, isSigned: true),
  ]
}
