// Numbers and strings. A fault in one is reported at its place and the literal is still delivered.

/// The longest string, in bytes; a string's length is a 16-bit number in a program file.
let longestString = 65_535

extension Lexer {
  /// A number is everything that looks like one to a reader, `1.5e+3` and `10ms` included, so that the complaint is
  /// about the whole of it.
  mutating func scanNumber(_ token: inout Token) {
    let start = offset
    let isHexadecimal = bytes[start] == UInt8(ascii: "0") && peek(1) | 0x20 == UInt8(ascii: "x")
    let exponent = UInt8(ascii: isHexadecimal ? "p" : "e")
    while offset < bytes.count {
      let byte = bytes[offset]
      if isNamePart(byte) || byte == UInt8(ascii: ".") {
        offset += 1
      } else if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"), bytes[offset - 1] | 0x20 == exponent {
        offset += 1
      } else {
        break
      }
    }
    token.kind = .number
    let text = bytes[start..<offset]
    switch IntegerLiteral(text) {
    case .value(let value): token.number = value
    case .malformed: report("malformed number", at: token.start, near: text.indices)
    case .tooLarge:
      token.number = -1
      report(
        "number does not fit in 64 bits and becomes -1", at: token.start, near: text.indices, severity: .warning)
    }
  }

  /// `"…"` or `'…'`.
  mutating func scanQuotedString(_ token: inout Token) {
    token.kind = .string
    let quote = bytes[offset]
    let start = offset
    var content = StringContent()
    offset += 1
    while offset < bytes.count, !isLineEnd(bytes[offset]) {
      let byte = bytes[offset]
      if byte == quote {
        offset += 1
        finish(&token, content)
        return
      }
      if byte == UInt8(ascii: "\\") {
        scanEscape(into: &content)
      } else {
        content.append(byte)
        offset += 1
      }
    }
    // `\z` and an escaped line end may have left the line of the opening quote; the fault is still the string's.
    report("unfinished string", at: token.start, near: start..<offset)
    if offset == bytes.count { endsUnfinished = true }
  }

  private mutating func scanEscape(into content: inout StringContent) {
    let start = offset
    offset += 1
    guard offset < bytes.count else { return }
    let byte = bytes[offset]
    if let value = simpleEscape(byte) {
      content.append(value)
      offset += 1
    } else if isLineEnd(byte) {
      content.append(UInt8(ascii: "\n"))
      passLineEnd()
    } else if isDigit(byte) {
      scanDecimalEscape(into: &content, from: start)
    } else if byte == UInt8(ascii: "x") {
      guard let high = digitValue(peek(1)), let low = digitValue(peek(2)) else {
        offset += 1
        return reportEscape(from: start)
      }
      content.append(UInt8(high << 4 | low))
      offset += 3
    } else if byte == UInt8(ascii: "z") {
      offset += 1
      while offset < bytes.count, isWhiteSpace(bytes[offset]) {
        if isLineEnd(bytes[offset]) { passLineEnd() } else { offset += 1 }
      }
    } else {
      offset += 1
      reportEscape(from: start)
    }
  }

  /// Up to three digits, at most 255.
  private mutating func scanDecimalEscape(into content: inout StringContent, from start: Int) {
    var value = 0
    var digits = 0
    while digits < 3, isDigit(peek()) {
      value = value * 10 + Int(bytes[offset] &- 0x30)
      offset += 1
      digits += 1
    }
    if value <= 255 { content.append(UInt8(value)) } else { reportEscape(from: start) }
  }

  private mutating func reportEscape(from start: Int) {
    report("invalid escape sequence", at: position(at: start), near: start..<offset)
  }

  private func simpleEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "a"): 0x07
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "v"): 0x0b
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): byte
    default: nil
    }
  }

  /// `[[…]]`, `[=[…]=]`, …: no escapes, a line end right behind the opening is dropped, the others become LF.
  mutating func scanLongString(_ token: inout Token) {
    token.kind = .string
    let start = offset
    offset += 1
    let level = passEqualSigns()
    guard peek() == UInt8(ascii: "[") else {
      token.kind = .invalid
      report("invalid long string delimiter", at: token.start, near: start..<offset)
      return
    }
    offset += 1
    if offset < bytes.count, isLineEnd(bytes[offset]) { passLineEnd() }
    var content = StringContent()
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "]") {
        let closing = offset
        offset += 1
        if passEqualSigns() == level, peek() == UInt8(ascii: "]") {
          offset += 1
          finish(&token, content)
          return
        }
        // The bracket that follows the equal signs may begin the real end, so it is not passed.
        for index in closing..<offset { content.append(bytes[index]) }
      } else if isLineEnd(byte) {
        content.append(UInt8(ascii: "\n"))
        passLineEnd()
      } else {
        content.append(byte)
        offset += 1
      }
    }
    report("unfinished long string", at: token.start, near: start..<offset)
    endsUnfinished = true
  }

  /// Passes a run of `=`; how many.
  private mutating func passEqualSigns() -> Int {
    let start = offset
    while peek() == UInt8(ascii: "=") { offset += 1 }
    return offset - start
  }

  private mutating func finish(_ token: inout Token, _ content: StringContent) {
    token.content = content.bytes
    if content.count > longestString {
      report("string too long (\(content.count) bytes, at most \(longestString))", at: token.start)
    }
  }
}

/// A string's bytes as they are decoded: counts all, keeps no more than a string may have.
private struct StringContent {
  private(set) var bytes: [UInt8] = []
  private(set) var count = 0

  mutating func append(_ byte: UInt8) {
    count += 1
    if count <= longestString { bytes.append(byte) }
  }
}
