// `print_hist`: a table as rows, the largest value first.
//
// In: a table whose values are numbers. Out: a header, at most `rows` rows and, if there are more elements, a row of dots:
//
//                          value ------------- Distribution ------------- count
//                            ssh |@@@@@@@@@@@@@@@@@@@@@@@@              65
//                            ... |
//
// The key is right-aligned to 31 columns, the bar has 38 of which floor(value * 38 / sum) are filled, the value is
// left-aligned in 7 (its blanks stay at the end of the line). A string longer than 32 bytes, as a stack is, stands on
// lines of its own, then bar, value and a blank line.
//
// Values have 64 bits and the sum 128, so that no count wraps. Negative values fill nothing. Rows with equal values come
// in the order of their keys: output must not depend on where a hash put an element.
//
// Only the rows that are shown are ever sorted as a whole: candidates gather up to twice their number, then the better
// half stays. A table of a million elements is shown in one pass and a few dozen sorts of almost nothing.

struct Histogram {
  struct Row {
    var key: Value
    var value: Int64
  }

  static let keyColumns = 31
  static let barColumns = 38
  static let valueColumns = 7
  /// A string longer than this stands on its own lines.
  static let longestInlineKey = 32

  var rows: [Row] = []
  var sum: Int128 = 0
  /// There are elements beyond `rows`.
  var hasMore = false

  /// The `limit` largest elements of a table.
  init(of table: TableReference, limit: Int) throws(ScriptError) {
    var isNumeric = true
    var count = 0
    let batch = max(64, limit > Int.max / 2 ? Int.max : limit * 2)
    var threshold: Row?
    table.lock()
    table.forEachElement { key, value in
      guard value.isNumber else {
        isNumeric = false
        return
      }
      count += 1
      sum += Int128(value.payload)
      let row = Row(key: key, value: value.payload)
      if let threshold, !Self.precedes(row, threshold) { return }
      rows.append(row)
      if rows.count >= batch {
        cut(to: limit)
        threshold = rows.last
      }
    }
    table.unlock()
    guard isNumeric else { throw ScriptError("print_hist only can print number") }
    cut(to: limit)
    hasMore = count > rows.count
  }

  private mutating func cut(to limit: Int) {
    rows.sort(by: Self.precedes)
    if rows.count > limit { rows.removeLast(rows.count - limit) }
  }

  private static func precedes(_ left: Row, _ right: Row) -> Bool {
    if left.value != right.value { return left.value > right.value }
    return ValueOrder.compare(left.key, right.key) < 0
  }

  func append(to buffer: ByteBuffer, context: RuntimeContext) {
    FormatSpecification(width: Self.keyColumns).append("value ", to: buffer)
    buffer.append("------------- Distribution ------------- count\n")
    for row in rows { append(row, to: buffer, context: context) }
    if hasMore {
      FormatSpecification(width: Self.keyColumns).append("...", to: buffer)
      buffer.append(" |\n")
    }
  }

  private func append(_ row: Row, to buffer: ByteBuffer, context: RuntimeContext) {
    if row.key.tag == .string && StringReference(row.key).count > Self.longestInlineKey {
      let text = StringReference(row.key).bytes
      buffer.append(text)
      if text.last != UInt8(ascii: "\n") { buffer.append("\n") }
      appendBar(row.value, to: buffer)
      buffer.append("\n")
      buffer.append(decimal: row.value)
      buffer.append("\n\n")
      return
    }
    let start = buffer.count
    context.appendText(of: row.key, to: buffer)
    if row.key.tag == .address && buffer.count - start > Self.longestInlineKey {
      buffer.truncate(to: start + Self.longestInlineKey - 4)
      buffer.append("...")
    }
    FormatSpecification(width: Self.keyColumns).pad(from: start, in: buffer)
    buffer.append(" |")
    appendBar(row.value, to: buffer)
    FormatSpecification(isLeftAligned: true, width: Self.valueColumns).append(signed: row.value, to: buffer)
    buffer.append("\n")
  }

  private func appendBar(_ value: Int64, to buffer: ByteBuffer) {
    let columns = Int128(Self.barColumns)
    let filled = sum > 0 && value > 0 ? Int(min(columns, Int128(value) * columns / sum)) : 0
    buffer.append(repeating: UInt8(ascii: "@"), count: filled)
    buffer.append(repeating: UInt8(ascii: " "), count: Self.barColumns - filled)
  }
}
