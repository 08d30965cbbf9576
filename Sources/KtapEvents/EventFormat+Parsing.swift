// Reads a format file.
//
// In: the bytes of `events/SYSTEM/EVENT/format`, from this kernel or from a recording, so possibly hostile:
//
//     name: sched_switch
//     ID: 372
//     format:
//     <TAB>field:unsigned short common_type;<TAB>offset:0;<TAB>size:2;<TAB>signed:0;
//     …                                                     common fields up to a blank line, then the event's own
//
//     print fmt: "prev_comm=%s …", REC->prev_comm, …
//
// Out: an `EventFormat`, or a `SourceError` that names the line.
//
// The C type says little: a system call's `int dfd` has size 8 and `ino_t` is whatever the kernel was built with. So
// width and sign come from `size:` and `signed:` alone; the type decides only what the bytes mean: text if it says
// `char`, an array if it has brackets, a location word if it begins with `__data_loc` or `__rel_loc`, a pointer if it
// has a star. An array's element size is size / count where the count is a number, and known from the type's name
// otherwise; where neither helps, the field is `opaque`.
//
// Invariants: one pass over the bytes; every offset and size is within `FormatLimits`, so that sums cannot overflow and
// a record's size stays one that a ring buffer can hold.

import KtapRuntime

/// What a format file may declare at most.
public enum FormatLimits {
  /// Of the whole file, in bytes; the longest of a stock kernel has about 6 KiB.
  public static let fileBytes = 1 << 20
  public static let fields = 4096
  /// Where a fixed field may end, in bytes.
  public static let recordBytes = 1 << 20
}

extension EventFormat {
  /// - Parameter system: the directory above the event's.
  public init(parsing bytes: [UInt8], system: String) throws(SourceError) {
    guard bytes.count <= FormatLimits.fileBytes else {
      throw SourceError(.unreadable, "format of an event of \(system): \(bytes.count) bytes are too many")
    }
    var parser = FormatParser(bytes: bytes, system: system)
    self = try parser.parse()
  }
}

private struct FormatParser {
  let bytes: [UInt8]
  let system: String
  var position = 0
  var line = 0
  var event: String?

  init(bytes: [UInt8], system: String) {
    self.bytes = bytes
    self.system = system
  }

  func error(_ message: String) -> SourceError {
    SourceError(.unreadable, "format of \(system):\(event ?? "?"), line \(line): \(message)")
  }

  /// The next line without its line feed.
  mutating func nextLine() -> ArraySlice<UInt8>? {
    guard position < bytes.count else { return nil }
    let start = position
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
    position = end + 1
    line += 1
    return bytes[start..<end]
  }

  mutating func parse() throws(SourceError) -> EventFormat {
    var id: Int?
    var common: [FieldLayout] = []
    var own: [FieldLayout] = []
    var inFields = false
    var sawBlank = false
    var printFormat = ""
    reading: while let text = nextLine() {
      let trimmed = text.trimmingSpace
      if trimmed.isEmpty {
        if inFields && !common.isEmpty { sawBlank = true }
      } else if let rest = trimmed.after("name:") {
        event = String(decoding: rest.trimmingSpace, as: UTF8.self)
      } else if let rest = trimmed.after("ID:") {
        guard let number = rest.trimmingSpace.decimal, number <= 0xffff else {
          throw error("ID is not a number up to 65535")
        }
        id = number
      } else if trimmed.after("format:") != nil {
        inFields = true
      } else if let rest = trimmed.after("field:") {
        guard inFields else { throw error("a field before 'format:'") }
        guard common.count + own.count < FormatLimits.fields else { throw error("too many fields") }
        let field = try field(rest)
        if sawBlank { own.append(field) } else { common.append(field) }
      } else if let rest = trimmed.after("print fmt:") {
        var whole = rest.trimmingSpace
        if position < bytes.count { whole = bytes[whole.startIndex...].trimmingSpace }
        printFormat = String(decoding: whole, as: UTF8.self)
        break reading
      } else {
        throw error("not understood: '\(String(decoding: trimmed.prefix(40), as: UTF8.self))'")
      }
    }
    guard let event, !event.isEmpty else { throw error("no name") }
    guard let id else { throw error("no ID") }
    guard inFields, !common.isEmpty else { throw error("no fields") }
    return EventFormat(
      name: EventName(system: system, event: event), id: id, fields: own, commonFields: common, printFormat: printFormat
    )
  }

  /// `unsigned long args[6];<TAB>offset:16;<TAB>size:48;<TAB>signed:0;`
  func field(_ text: ArraySlice<UInt8>) throws(SourceError) -> FieldLayout {
    let parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: true)
    guard let declaration = parts.first else { throw error("empty field") }
    var offset: Int?
    var size: Int?
    var isSigned = false
    for part in parts.dropFirst() {
      let part = part.trimmingSpace
      if let value = part.after("offset:") {
        offset = value.trimmingSpace.decimal
      } else if let value = part.after("size:") {
        size = value.trimmingSpace.decimal
      } else if let value = part.after("signed:") {
        isSigned = value.trimmingSpace.decimal == 1
      }
    }
    guard let offset, let size else { throw error("a field without offset and size as numbers") }
    guard offset <= FormatLimits.recordBytes, size <= FormatLimits.recordBytes - offset else {
      throw error("a field ends \(offset) + \(size) bytes into the record, which is too far")
    }
    guard let parsed = FieldDeclaration(declaration) else {
      throw error("field declaration not understood: '\(String(decoding: declaration.prefix(80), as: UTF8.self))'")
    }
    if parsed.location != .inPlace && size != 4 {
      throw error("field \(parsed.name): a location word has 4 bytes, not \(size)")
    }
    return parsed.layout(offset: offset, size: size, isSigned: isSigned)
  }
}
