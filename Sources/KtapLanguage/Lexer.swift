// The lexer: bytes in, tokens out, one at a time.
//
// Tokens are made on demand and not in advance, because the text between `trace` and `{` follows rules of its own,
// and only the parser knows whether a `trace` is the statement or a field (`kdebug.trace`). The parser then moves the
// lexer behind that text with `skip(to:)`.
//
// Invariants: `offset` never moves backwards except in `skip(to:)`; every call of `next` but the one at the end of the
// source consumes at least one byte; every byte is looked at a bounded number of times, so the time is linear in the
// source's length whatever it holds. A fault is reported here, once, and the token is still delivered (a malformed
// number as a number, an unfinished string as a string) so that the parser does not trip over it again; only a byte
// that begins no token becomes `.invalid`.
//
// Lines end with LF, CR LF or CR. Columns count bytes from 1; a byte order mark takes none.

struct Lexer {
  let bytes: [UInt8]
  var offset = 0
  var line: Int32 = 1
  /// Where the current line begins.
  var lineStart = 0
  var diagnostics = DiagnosticList()
  /// Set while the parser skips what it could not read: faults there are consequences.
  var isSilent = false
  /// A comment or long string ran into the end of the source: what is missing there has been explained.
  var endsUnfinished = false

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      offset = 3
      lineStart = 3
    }
  }

  /// The position of an offset on the current line.
  func position(at offset: Int) -> SourcePosition {
    SourcePosition(line: line, column: Int32(offset - lineStart + 1), offset: Int32(offset))
  }

  /// The byte `distance` behind the current one; 0 past the end, which callers tell from a NUL by its consequence:
  /// neither begins nor continues any token.
  @inline(__always)
  func peek(_ distance: Int = 0) -> UInt8 {
    let index = offset + distance
    return index < bytes.count ? bytes[index] : 0
  }

  /// - Parameter near: the offsets of the token, whose text is made only if somebody will read it: what is skipped may
  ///   hold a fault in every other byte.
  mutating func report(
    _ message: String, at position: SourcePosition, near: Range<Int>? = nil, severity: Diagnostic.Severity = .error
  ) {
    if isSilent { return }
    diagnostics.add(Diagnostic(severity, message, at: position, near: near.map { printable(bytes[$0]) }))
  }

  /// Passes a line end, counting CR LF as one.
  mutating func passLineEnd() {
    if bytes[offset] == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { offset += 1 }
    offset += 1
    line += 1
    lineStart = offset
  }

  /// Moves to an offset at or behind the given token's end, counting the lines in between.
  mutating func skip(to target: Int, behind token: Token) {
    offset = token.end
    line = token.endLine
    lineStart = startOfLine(containing: token.end)
    while offset < target {
      if isLineEnd(bytes[offset]) { passLineEnd() } else { offset += 1 }
    }
  }

  /// Words and signs are short and hold no line end, so this looks back no further than the line's beginning; the
  /// current line's is known.
  private func startOfLine(containing end: Int) -> Int {
    if lineStart <= end { return lineStart }
    var start = end
    while start > 0, !isLineEnd(bytes[start - 1]) { start -= 1 }
    return start == 0 && bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : start
  }

  mutating func next() -> Token {
    let startsLine = skipBlanks()
    var token = Token(
      kind: .end, start: position(at: offset), end: offset, endLine: line, startsLine: startsLine)
    guard offset < bytes.count else { return token }
    let byte = bytes[offset]
    if isNameStart(byte) {
      scanWord(&token)
    } else if isDigit(byte) || (byte == UInt8(ascii: ".") && isDigit(peek(1))) {
      scanNumber(&token)
    } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      scanQuotedString(&token)
    } else if byte == UInt8(ascii: "["), peek(1) == UInt8(ascii: "[") || peek(1) == UInt8(ascii: "=") {
      scanLongString(&token)
    } else if let symbol = scanSymbol() {
      token.kind = .symbol(symbol)
    } else {
      scanInvalid(&token)
    }
    token.end = offset
    token.endLine = line
    return token
  }

  /// Passes white space and comments; true if the next token is the first on its line.
  private mutating func skipBlanks() -> Bool {
    var startsLine = offset == lineStart
    while offset < bytes.count {
      let byte = bytes[offset]
      if isLineEnd(byte) {
        passLineEnd()
        startsLine = true
      } else if isWhiteSpace(byte) {
        offset += 1
      } else if byte == UInt8(ascii: "#") || (byte == UInt8(ascii: "/") && peek(1) == UInt8(ascii: "/")) {
        while offset < bytes.count, !isLineEnd(bytes[offset]) { offset += 1 }
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        let firstLine = line
        skipComment()
        if line != firstLine { startsLine = true }
      } else {
        break
      }
    }
    return startsLine
  }

  /// Passes `/* … */`, which does not nest.
  private mutating func skipComment() {
    let opening = offset..<offset + 2
    let start = position(at: offset)
    offset += 2
    while offset < bytes.count {
      if isLineEnd(bytes[offset]) {
        passLineEnd()
      } else if bytes[offset] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        offset += 2
        return
      } else {
        offset += 1
      }
    }
    report("unfinished comment", at: start, near: opening)
    endsUnfinished = true
  }

  private mutating func scanWord(_ token: inout Token) {
    let start = offset
    while offset < bytes.count, isNamePart(bytes[offset]) { offset += 1 }
    let word = bytes[start..<offset]
    token.kind = .name
    // The longest reserved word has nine letters.
    guard word.count <= 9 else {
      if let number = argumentNumber(word) { setArgument(&token, number) } else { checkEncoding(word, token.start) }
      return
    }
    if let keyword = Keyword.byWord[String(decoding: word, as: UTF8.self)] {
      token.kind = .keyword(keyword)
    } else if let number = argumentNumber(word) {
      setArgument(&token, number)
    } else {
      checkEncoding(word, token.start)
    }
  }

  /// Names are text: two that differ only in bytes that are not UTF-8 would look the same in every message.
  private mutating func checkEncoding(_ word: ArraySlice<UInt8>, _ position: SourcePosition) {
    guard word.contains(where: { $0 >= 0x80 }), String(validating: word, as: UTF8.self) == nil else { return }
    report("name is not valid UTF-8", at: position, near: word.indices)
  }

  private mutating func setArgument(_ token: inout Token, _ number: Int64) {
    token.kind = .argument
    token.number = number
    if number > Int64(Int32.max) {
      report("argument number too large", at: token.start, near: Int(token.start.offset)..<offset)
      token.number = 0
    }
  }

  /// N of `argN`, without leading zeros; saturates.
  private func argumentNumber(_ word: ArraySlice<UInt8>) -> Int64? {
    guard word.count > 3, word.starts(with: [0x61, 0x72, 0x67]) else { return nil }
    let digits = word.dropFirst(3)
    guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
    var number: Int64 = 0
    for byte in digits {
      guard isDigit(byte) else { return nil }
      number = min(number * 10 + Int64(byte &- 0x30), Int64(Int32.max) + 1)
    }
    return number
  }

  /// A run of bytes that begin nothing is one fault.
  private mutating func scanInvalid(_ token: inout Token) {
    let start = offset
    while offset < bytes.count, beginsNothing(bytes[offset]) { offset += 1 }
    token.kind = .invalid
    report("unexpected character", at: token.start, near: start..<offset)
  }

  private func beginsNothing(_ byte: UInt8) -> Bool {
    byte < 0x20 ? !isWhiteSpace(byte) : byte == 0x7f || "$@?\\`".utf8.contains(byte)
  }
}
