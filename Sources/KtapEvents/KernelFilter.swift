// Which part of a filter the kernel can decide, in the kernel's words.
//
// In: a parsed filter and an event's format. Out: the text for the event's `filter` file, and what remains to be decided
// here (`FilterEvaluator`), with the reason. A filter is a chain of `&&`; each link goes one way or the other as a whole.
//
// The kernel's words do not always mean what they say, so a link goes to the kernel only if both mean the same:
// - A literal that does not fit the field is cut to its size there: `u8 == 257` would match 1. It stays here.
// - `char *` fields are taken for text there, never for numbers.
// - `~ "*x"` compares the last bytes of the whole array, not of the text in it; `~ "*x*"` also looks behind the NUL;
//   `~ "7*"` does not see the star; `~ "!x"` means "not x". With a `\` before the first plain byte the kernel takes its
//   real pattern matcher, whose rules are those of `Glob`; so that is how these are written.
// - `==` looks at no more bytes than an array has: a longer literal would equal an array without a NUL. It stays here.
// - Quotes cannot be escaped; one pattern has at most 255 bytes, a filter one page.

import KtapLanguage
import KtapRuntime

public struct KernelFilter: Sendable {
  /// For the kernel; nil: it is not asked.
  public var text: String?
  /// What is still to be decided for the records that the kernel lets pass.
  public var remainder: Filter?
  /// Why there is a remainder.
  public var reason: String?

  /// - Throws: what `FilterEvaluator` throws, for a filter that means nothing for this event.
  public init(_ filter: Filter, for format: EventFormat) throws(SourceError) {
    // The evaluator knows every rule about names and types.
    _ = try FilterEvaluator(filter, for: format)
    var parts: [String] = []
    var length = 0
    for link in Self.links(of: filter) {
      var writer = KernelFilterWriter(format: format)
      if let reason = writer.write(link) {
        keep(link, reason)
      } else if length + writer.text.utf8.count > Self.longestText {
        keep(link, "the kernel takes filters of at most \(Self.longestText) bytes")
      } else {
        length += writer.text.utf8.count + 8
        parts.append(writer.text)
      }
    }
    if parts.count == 1 {
      text = parts[0]
    } else if !parts.isEmpty {
      text = parts.map { "(\($0))" }.joined(separator: " && ")
    }
  }

  private static let longestText = 3_900

  private mutating func keep(_ link: Filter, _ reason: String) {
    remainder = remainder.map { .and($0, link) } ?? link
    self.reason = self.reason ?? reason
  }

  /// The parts of a chain of `&&`, in order.
  private static func links(of filter: Filter) -> [Filter] {
    var links: [Filter] = []
    var waiting = [filter]
    while let next = waiting.popLast() {
      if case .and(let left, let right) = next {
        waiting.append(right)
        waiting.append(left)
      } else {
        links.append(next)
      }
    }
    return links
  }
}

private struct KernelFilterWriter {
  static let longestPattern = 255
  static let taskNameSize = 16

  let format: EventFormat
  var text = ""

  init(format: EventFormat) { self.format = format }

  /// - Returns: why not, or nil if all is written.
  mutating func write(_ filter: Filter) -> String? {
    switch filter {
    case .and(let left, let right): return pair(left, "&&", right)
    case .or(let left, let right): return pair(left, "||", right)
    case .not(let inner):
      text += "!("
      if let reason = write(inner) { return reason }
      text += ")"
      return nil
    case .compare(let name, let comparison, let literal):
      return write(name, comparison, literal)
    }
  }

  private mutating func pair(_ left: Filter, _ symbol: String, _ right: Filter) -> String? {
    text += "("
    if let reason = write(left) { return reason }
    text += ") \(symbol) ("
    if let reason = write(right) { return reason }
    text += ")"
    return nil
  }

  private mutating func write(_ name: String, _ comparison: FilterComparison, _ literal: FilterLiteral) -> String? {
    guard let resolved = try? FilterName(name, in: format) else { return "'\(name)' is unknown" }
    switch (resolved, literal) {
    case (.context(.process), _): return "the kernel's filters do not know the process ('pid'), only the thread ('tid')"
    case (.context(.user), _): return "the kernel's filters do not know the user ('uid')"
    case (.context(.thread), .number(let value)):
      return number("common_pid", comparison, value, size: 4, isSigned: true)
    case (.context(.cpu), .number(let value)):
      if comparison == .anyBit { return "the kernel's filters cannot test bits of 'cpu'" }
      return number("CPU", comparison, value, size: 4, isSigned: true)
    case (.context(.name), .string(let bytes)):
      return string("COMM", comparison, bytes, arraySize: Self.taskNameSize)
    case (.field(let field), .number(let value)):
      if let reason = obstacle(field) { return reason }
      if !field.type.contains("["), Self.isTakenForText(field.type) {
        return "the kernel takes '\(field.type) \(name)' for text"
      }
      return number(name, comparison, value, size: field.size, isSigned: field.isSigned)
    case (.field(let field), .string(let bytes)):
      if let reason = obstacle(field) { return reason }
      if field.kind == .text && field.size == 0 { return "'\(name)' has no fixed length" }
      return string(name, comparison, bytes, arraySize: field.kind == .text ? field.size : nil)
    default: return "'\(name)' and the literal are of different kinds"
    }
  }

  private static func isTakenForText(_ type: String) -> Bool {
    ["char*", "constchar*"].contains(type.filter { $0 != " " })
  }

  /// What makes a field impossible to name.
  private func obstacle(_ field: FieldLayout) -> String? {
    if !field.name.utf8.allSatisfy({ $0.isPartOfFieldName && $0 != UInt8(ascii: ".") }) {
      return "the kernel's filters cannot name '\(field.name)'"
    }
    if format.fields.count(where: { $0.name == field.name }) > 1 { return "there are several fields '\(field.name)'" }
    return nil
  }

  private mutating func number(
    _ name: String, _ comparison: FilterComparison, _ value: Int64, size: Int, isSigned: Bool
  ) -> String? {
    let bits = Int64(size * 8)
    let fits =
      size == 8 || (isSigned ? value >= -(1 << (bits - 1)) && value < 1 << (bits - 1) : value >= 0 && value < 1 << bits)
    guard fits else { return "\(value) does not fit '\(name)', and the kernel would cut it" }
    let symbol: String
    switch comparison {
    case .equal: symbol = "=="
    case .notEqual: symbol = "!="
    case .less: symbol = "<"
    case .lessOrEqual: symbol = "<="
    case .greater: symbol = ">"
    case .greaterOrEqual: symbol = ">="
    case .anyBit: symbol = "&"
    case .glob: return "'~' needs text"
    }
    let digits = isSigned ? String(value) : String(UInt64(bitPattern: value))
    text += "\(name) \(symbol) \(digits)"
    return nil
  }

  private mutating func string(
    _ name: String, _ comparison: FilterComparison, _ bytes: [UInt8], arraySize: Int?
  ) -> String? {
    var symbol = comparison == .notEqual ? "!=" : "=="
    var pattern = bytes
    if comparison == .glob {
      let glob = Glob(bytes)
      if let literal = glob.literal {
        pattern = literal
      } else {
        symbol = "~"
        guard let written = Self.pattern(glob) else {
          return "the kernel's filters cannot say the pattern of '\(name)'"
        }
        pattern = written
      }
    }
    if symbol != "~", let arraySize, pattern.count >= arraySize {
      return "the text is as long as '\(name)' or longer"
    }
    if pattern.isEmpty { return "the kernel's filters do not take an empty text" }
    if pattern.count > Self.longestPattern {
      return "the kernel's filters take at most \(Self.longestPattern) bytes of text"
    }
    if pattern.contains(where: { $0 < 32 || $0 == 127 }) { return "the text has control characters" }
    let hasDouble = pattern.contains(UInt8(ascii: "\""))
    if hasDouble && pattern.contains(UInt8(ascii: "'")) { return "the text has both kinds of quotes" }
    guard let valid = String(validating: pattern, as: UTF8.self) else { return "the text is not UTF-8" }
    let quote = hasDouble ? "'" : "\""
    text += "\(name) \(symbol) \(quote)\(valid)\(quote)"
    return nil
  }

  /// A pattern that the kernel gives to its own matcher of globs; nil if there is none.
  private static func pattern(_ glob: Glob) -> [UInt8]? {
    let special = Array("*?[]\\!-^".utf8)
    var bytes: [UInt8] = []
    var isForced = false
    for part in glob.parts {
      switch part {
      case .anyBytes: bytes.append(UInt8(ascii: "*"))
      case .anyByte:
        bytes.append(UInt8(ascii: "?"))
        isForced = true
      case .byte(let byte):
        if !isForced || special.contains(byte) { bytes.append(UInt8(ascii: "\\")) }
        isForced = true
        bytes.append(byte)
      case .oneOf(let set):
        isForced = true
        // A set with NUL in it was written with '!': no text has a NUL.
        let isInverted = set.contains(0)
        bytes.append(UInt8(ascii: "["))
        if isInverted { bytes.append(UInt8(ascii: "!")) }
        var isEmpty = true
        var byte = 1
        while byte <= 255 {
          guard set.contains(UInt8(byte)) != isInverted else {
            byte += 1
            continue
          }
          let low = byte
          while byte < 255, set.contains(UInt8(byte + 1)) != isInverted { byte += 1 }
          guard !special.contains(UInt8(low)), !special.contains(UInt8(byte)) else { return nil }
          bytes.append(UInt8(low))
          if byte > low + 1 { bytes.append(UInt8(ascii: "-")) }
          if byte > low { bytes.append(UInt8(byte)) }
          isEmpty = false
          byte += 1
        }
        if isEmpty { return nil }
        bytes.append(UInt8(ascii: "]"))
      }
    }
    // Nothing but stars: two of them are "anything", one alone is not for a text without its NUL.
    return isForced ? bytes : Array("**".utf8)
  }
}
