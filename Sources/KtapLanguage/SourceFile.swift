/// A script's text under the name that messages give it.
///
/// The bytes are kept as they were read; they need not be valid UTF-8.
public struct SourceFile: Sendable {
  /// The path as the user gave it, or `(command line)`.
  public let name: String
  public let bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  public init(name: String, text: String) { self.init(name: name, bytes: Array(text.utf8)) }

  /// The longest file that is read; offsets are 32-bit.
  public static let maximumByteCount = 1 << 30

  /// The offsets of a position's line, without its line end; nil if the position is not in this file.
  ///
  /// Looks only at the bytes from the position to the end of its line, so that many findings in one long line stay
  /// cheap when the reader asks for `lineRange` clipped by `limit`.
  func lineRange(at position: SourcePosition, limit: Int = .max) -> Range<Int>? {
    let start = Int(position.offset) - (Int(position.column) - 1)
    guard position.line > 0, start >= 0, Int(position.offset) <= bytes.count else { return nil }
    var end = Int(position.offset)
    while end < bytes.count, end - Int(position.offset) < limit, !isLineEnd(bytes[end]) { end += 1 }
    return start..<end
  }

  /// The text of the line that a position is on, without its line end; nil if the position is not in this file.
  /// Bytes that are not UTF-8 are shown as U+FFFD.
  public func lineText(at position: SourcePosition) -> String? {
    lineRange(at: position).map { String(decoding: bytes[$0], as: UTF8.self) }
  }
}

/// LF and CR both end a line; CR LF ends one.
@inline(__always)
func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

/// Space, tab, vertical tab, form feed and the line ends.
@inline(__always)
func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

/// What a name begins with: a letter, `_`, or a byte of a character outside ASCII.
@inline(__always)
func isNameStart(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5f || byte >= 0x80 }

@inline(__always)
func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

/// Text for a message: control characters and bytes that are not UTF-8 as `\xHH`, clipped to `limit` characters.
func printable(_ bytes: some Sequence<UInt8>, limit: Int = 40) -> String {
  var result = ""
  var count = 0
  var decoder = UTF8.ForwardParser()
  var iterator = bytes.makeIterator()
  decoding: while count < limit {
    switch decoder.parseScalar(from: &iterator) {
    case .valid(let encoded):
      let scalar = UTF8.decode(encoded)
      if scalar.value < 0x20 || (scalar.value >= 0x7f && scalar.value < 0xa0) {
        result += escaped(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        result.unicodeScalars.append(scalar)
      }
    case .error: result += "\u{fffd}"
    case .emptyInput: break decoding
    }
    count += 1
  }
  if case .emptyInput = decoder.parseScalar(from: &iterator) { return result }
  return result + "..."
}

private func escaped(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return "\\x" + (digits.count == 1 ? "0" : "") + digits
}
