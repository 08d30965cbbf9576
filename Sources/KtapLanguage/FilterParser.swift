// The filter of an event definition: `prev_pid != 0 && (prev_comm ~ "kw*" || cpu == 1)`.
//
// What the kernel's filter language accepts, with its precedence (`!`, then `&&`, then `||`), is accepted here:
// numbers in C's notations with a sign, strings in either kind of quotes without escapes, and bare words, which only
// the function tracer's `ip == vfs_*` needs there. A field's name may have the kernel's suffixes (`filename.ustring`).
//
// A chain of `&&` or `||` makes a tree that leans to the left and is as deep as the chain is long; so the number of
// comparisons is limited, and nesting as in a script.

struct FilterParser {
  static let maximumComparisons = 1000

  private let bytes: [UInt8]
  private let end: Int
  private let positions: TextPositions
  private var offset: Int
  private var nesting = 0
  private var comparisons = 0

  /// Reads what stands between the slashes.
  static func parse(
    _ bytes: [UInt8], _ range: Range<Int>, _ positions: TextPositions
  ) throws(Diagnostic) -> Filter {
    var parser = FilterParser(bytes, range, positions)
    parser.skipBlanks()
    if parser.offset == parser.end { throw parser.error("empty filter") }
    let filter = try parser.disjunction()
    if parser.offset < parser.end { throw parser.error("'&&', '||' or '/' expected") }
    return filter
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>, _ positions: TextPositions) {
    self.bytes = bytes
    self.positions = positions
    offset = range.lowerBound
    end = range.upperBound
  }

  private mutating func disjunction() throws(Diagnostic) -> Filter {
    var filter = try conjunction()
    while accept("||") { filter = .or(filter, try conjunction()) }
    return filter
  }

  private mutating func conjunction() throws(Diagnostic) -> Filter {
    var filter = try operand()
    while accept("&&") { filter = .and(filter, try operand()) }
    return filter
  }

  private mutating func operand() throws(Diagnostic) -> Filter {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Parser.maximumNesting else {
      throw error("too many nesting levels in the filter (at most \(Parser.maximumNesting))")
    }
    if accept("!") { return .not(try operand()) }
    guard accept("(") else { return try comparison() }
    let filter = try disjunction()
    guard accept(")") else { throw error("')' expected") }
    return filter
  }

  private mutating func comparison() throws(Diagnostic) -> Filter {
    comparisons += 1
    guard comparisons <= Self.maximumComparisons else {
      throw error("filter too long (at most \(Self.maximumComparisons) comparisons)")
    }
    let field = word { isNamePart($0) || $0 == UInt8(ascii: ".") }
    guard let first = field.first, isNameStart(first) else {
      offset -= field.count
      throw error("field expected")
    }
    skipBlanks()
    guard let comparison = comparisonOperator() else { throw error("comparison expected") }
    skipBlanks()
    let literalStart = offset
    let literal = try literal()
    switch (comparison, literal) {
    case (.glob, .number), (.anyBit, .string):
      offset = literalStart
      throw error(comparison == .glob ? "'~' needs a string" : "'&' needs a number")
    default: break
    }
    skipBlanks()
    return .compare(field: String(decoding: field, as: UTF8.self), comparison, literal)
  }

  private mutating func comparisonOperator() -> FilterComparison? {
    // Longer ones first; `&&` joins comparisons and is none.
    if follows("&&") { return nil }
    let signs: [(String, FilterComparison)] = [
      ("==", .equal), ("!=", .notEqual), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less),
      (">", .greater), ("&", .anyBit), ("~", .glob),
    ]
    for (sign, comparison) in signs where accept(sign) { return comparison }
    return nil
  }

  private mutating func literal() throws(Diagnostic) -> FilterLiteral {
    guard offset < end else { throw error("value expected") }
    let byte = bytes[offset]
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return .string(try quotation(byte)) }
    let text = word { !isWhiteSpace($0) && !"()&|!\"'".utf8.contains($0) }
    guard let first = text.first else { throw error("value expected") }
    guard isDigit(first) || first == UInt8(ascii: "-") else { return .string(Array(text)) }
    let isNegative = first == UInt8(ascii: "-")
    switch IntegerLiteral(isNegative ? text.dropFirst() : text) {
    case .value(let magnitude) where !isNegative: return .number(magnitude)
    // The magnitude of the least number wraps to that number.
    case .value(let magnitude) where magnitude >= 0 || magnitude == .min: return .number(0 &- magnitude)
    case .malformed: throw error("malformed number", text)
    case .value, .tooLarge: throw error("number does not fit in 64 bits", text)
    }
  }

  private mutating func quotation(_ quote: UInt8) throws(Diagnostic) -> [UInt8] {
    let start = offset + 1
    var index = start
    while index < end, bytes[index] != quote, !isLineEnd(bytes[index]) { index += 1 }
    guard index < end, bytes[index] == quote else { throw error("unfinished string") }
    offset = index + 1
    return Array(bytes[start..<index])
  }

  // MARK: Text

  private mutating func word(_ belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = offset
    while offset < end, belongs(bytes[offset]) { offset += 1 }
    return bytes[start..<offset]
  }

  private mutating func skipBlanks() { while offset < end, isWhiteSpace(bytes[offset]) { offset += 1 } }

  private func follows(_ sign: String) -> Bool { bytes[offset..<end].starts(with: sign.utf8) }

  private mutating func accept(_ sign: String) -> Bool {
    skipBlanks()
    guard follows(sign) else { return false }
    offset += sign.utf8.count
    skipBlanks()
    return true
  }

  private func error(_ message: String, _ text: ArraySlice<UInt8>) -> Diagnostic {
    Diagnostic(message, at: positions.position(at: text.startIndex), near: printable(text))
  }

  /// An error at the current place, near the word or sign there.
  private func error(_ message: String) -> Diagnostic {
    var near = offset
    while near < end, isNamePart(bytes[near]) { near += 1 }
    if near == offset, near <= end, near < bytes.count { near += 1 }
    let token = near == offset ? nil : printable(bytes[offset..<near])
    return Diagnostic(message, at: positions.position(at: offset), near: token)
  }
}
