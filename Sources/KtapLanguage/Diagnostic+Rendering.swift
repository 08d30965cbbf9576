// How a finding is shown: one line that tools can read, the source line, and a caret under the place.
//
//     script.kp:3:11: error: undeclared name 'coutn'; did you mean 'count'?
//       print(coutn)
//             ^
//
// The source line is shown as text that is safe for a terminal: control characters and bytes that are not UTF-8
// become U+FFFD, one column each. Tabs stay tabs, in the caret's line too, so that both lines expand alike. Of a line
// longer than `widestLine` bytes only the part around the caret is shown, and only that part is looked at, so that
// fifty findings in a line of ten megabytes cost fifty times 120 bytes.

private let widestLine = 120
private let shownBeforeCaret = 80

extension Diagnostic: Error {}

extension Diagnostic {
  /// The first line's text behind `FILE:LINE:COL: error: `: the message, the token and the suggestion.
  public var summary: String {
    var text = message
    if let near { text += " near '\(near)'" }
    if let suggestion { text += "; did you mean '\(suggestion)'?" }
    return text
  }

  /// What the user sees: the line with the place and the message, the source line and a caret. Ends without a line
  /// end. A diagnostic whose position is `.none`, or is not in the file, is only the first line.
  public func rendered(in source: SourceFile) -> String {
    let severityWord = severity == .error ? "error" : "warning"
    guard position.line > 0 else { return "\(source.name): \(severityWord): \(summary)" }
    let first = "\(source.name):\(position.line):\(position.column): \(severityWord): \(summary)"
    guard let line = source.lineRange(at: position, limit: widestLine) else { return first }
    return first + "\n" + excerpt(of: source, line: line)
  }

  private func excerpt(of source: SourceFile, line: Range<Int>) -> String {
    let caret = Int(position.offset)
    var start = line.lowerBound
    var end = line.upperBound
    if end - start > widestLine {
      if caret - start > shownBeforeCaret { start = caret - shownBeforeCaret }
      end = characterStart(source.bytes, at: min(end, start + widestLine), notBefore: caret)
    }
    start = characterStart(source.bytes, at: start, notBefore: line.lowerBound)
    let (before, padding) = display(source.bytes[start..<caret])
    let (behind, _) = display(source.bytes[caret..<end])
    let isCutBefore = start > line.lowerBound
    let isCutBehind = end < source.bytes.count && !isLineEnd(source.bytes[end])
    return (isCutBefore ? "..." : "") + before + behind + (isCutBehind ? "..." : "") + "\n"
      + (isCutBefore ? "   " : "") + padding + "^"
  }
}

/// Moves back over the bytes that continue a UTF-8 character, so that a clipped line does not begin within one.
private func characterStart(_ bytes: [UInt8], at offset: Int, notBefore limit: Int) -> Int {
  var start = offset
  while start > limit, offset - start < 3, start < bytes.count, bytes[start] & 0xc0 == 0x80 { start -= 1 }
  return start
}

/// The bytes as a terminal may be shown them, and as many columns of blanks.
private func display(_ bytes: ArraySlice<UInt8>) -> (text: String, padding: String) {
  var text = ""
  var padding = ""
  for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
    if scalar == "\t" {
      text += "\t"
      padding += "\t"
      continue
    }
    let isControl = scalar.value < 0x20 || (scalar.value >= 0x7f && scalar.value < 0xa0)
    text.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
    padding += " "
  }
  return (text, padding)
}
