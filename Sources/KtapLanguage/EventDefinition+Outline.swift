// Where an event definition ends and what its parts are, without a look at what they mean.
//
//     sched:sched_switch, probe:/bin/bash:readline%return text=$retval /pid == 1 && comm != "a{b"/ {
//     ~~~~~ ~~~~~~~~~~~~         ~~~~~~~~~ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~ ~~~~~~~~~~~~~~~~~~~~~~~~~
//     system rest                path      rest                         filter
//
// The definition ends at the first `{` that is not within a quoted string of a filter. Slashes are the difficulty: one
// begins a filter, unless it begins a path (right behind `probe:` or `sdt:`), and one ends it, unless more follows
// than white space and a comma or the block: a filter may compare with a path or with `kworker/0:1`. Commas separate
// parts, unless they are in parentheses (`+0(%si,8)`) or in a filter.
//
// Every byte is looked at a bounded number of times, and no more than `EventDefinition.longestText` of them.

extension EventDefinition {
  /// In bytes; it becomes a constant of a program.
  public static let longestText = 65_535
}

struct EventDefinitionOutline {
  struct Part {
    /// What stands before the first colon, or all of a part without one.
    var system: Range<Int>
    var hasColon = false
    /// Between the colon of `probe:/…:` or `sdt:/…:` and the next one.
    var path: Range<Int>?
    var hasPathEnd = false
    /// What stands between that and the filter.
    var rest: Range<Int>
    /// Between the slashes.
    var filter: Range<Int>?
    var isFilterClosed = false
  }

  private(set) var parts: [Part] = []
  /// Where the `{` is, or the text ends.
  private(set) var end: Int
  /// The whole definition without white space around it.
  private(set) var trimmed: Range<Int>
  /// A `{` was found.
  private(set) var isTerminated = false
  private(set) var isTooLong = false

  init(_ bytes: [UInt8], from start: Int) {
    let limit = min(bytes.count, start + EventDefinition.longestText + 1)
    var scanner = Scanner(bytes: bytes, offset: start, limit: limit)
    while true {
      parts.append(scanner.part())
      guard scanner.byte == UInt8(ascii: ",") else { break }
      scanner.offset += 1
    }
    end = scanner.offset
    trimmed = trim(bytes, start..<end)
    isTerminated = end < bytes.count && bytes[end] == UInt8(ascii: "{") && end - start <= EventDefinition.longestText
    isTooLong = !isTerminated && end == limit && limit < bytes.count
  }

  private struct Scanner {
    let bytes: [UInt8]
    var offset: Int
    let limit: Int

    /// The current byte; nil at the end.
    var byte: UInt8? { offset < limit ? bytes[offset] : nil }

    mutating func part() -> Part {
      let start = offset
      while let byte, !",:/{".utf8.contains(byte) { offset += 1 }
      var part = Part(system: trim(bytes, start..<offset), rest: offset..<offset)
      if byte == UInt8(ascii: ":") {
        part.hasColon = true
        offset += 1
        passPath(&part)
      }
      passRest(&part)
      if byte == UInt8(ascii: "/") { passFilter(&part) }
      // Whatever follows a closed filter up to a comma or the block is white space.
      while let byte, isWhiteSpace(byte) { offset += 1 }
      return part
    }

    private mutating func passPath(_ part: inout Part) {
      let system = bytes[part.system]
      guard system.elementsEqual("probe".utf8) || system.elementsEqual("sdt".utf8) else { return }
      var start = offset
      while start < limit, isWhiteSpace(bytes[start]) { start += 1 }
      guard start < limit, bytes[start] == UInt8(ascii: "/") else { return }
      offset = start
      while let byte, byte != UInt8(ascii: ":"), byte != UInt8(ascii: "{"), !isLineEnd(byte) { offset += 1 }
      part.path = trim(bytes, start..<offset)
      if byte == UInt8(ascii: ":") {
        part.hasPathEnd = true
        offset += 1
      }
    }

    private mutating func passRest(_ part: inout Part) {
      let start = offset
      var depth = 0
      while let byte, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "{") {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth = max(0, depth - 1) }
        if byte == UInt8(ascii: ","), depth == 0 { break }
        offset += 1
      }
      part.rest = trim(bytes, start..<offset)
    }

    private mutating func passFilter(_ part: inout Part) {
      offset += 1
      let start = offset
      while let byte, byte != UInt8(ascii: "{") {
        if byte == UInt8(ascii: "/"), endsFilter {
          part.filter = start..<offset
          part.isFilterClosed = true
          offset += 1
          return
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { offset = endOfQuotation(byte) ?? offset }
        offset += 1
      }
      part.filter = start..<offset
    }

    private var endsFilter: Bool {
      var next = offset + 1
      while next < limit, isWhiteSpace(bytes[next]) { next += 1 }
      return next == limit || bytes[next] == UInt8(ascii: ",") || bytes[next] == UInt8(ascii: "{")
    }

    /// Where the quotation that begins here ends; nil if it does not on this line.
    private func endOfQuotation(_ quote: UInt8) -> Int? {
      var index = offset + 1
      while index < limit, !isLineEnd(bytes[index]) {
        if bytes[index] == quote { return index }
        index += 1
      }
      return nil
    }
  }
}

/// The range without white space at its ends.
func trim(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
  var start = range.lowerBound
  var end = range.upperBound
  while start < end, isWhiteSpace(bytes[start]) { start += 1 }
  while end > start, isWhiteSpace(bytes[end - 1]) { end -= 1 }
  return start..<end
}
