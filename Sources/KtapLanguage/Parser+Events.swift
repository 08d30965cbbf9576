// `trace`, `tick-…` and `profile-…`: what stands between the keyword and the block is not made of tokens. A fault in
// it is reported and the block is still read.

extension Parser {
  @inline(never)
  mutating func traceStatement() throws(Failure) -> Statement {
    let keyword = current
    let outline = EventDefinitionOutline(lexer.bytes, from: keyword.end)
    guard outline.isTerminated else {
      if outline.isTooLong {
        report("event definition too long (at most \(EventDefinition.longestText) bytes)", at: keyword)
      } else {
        report("'{' expected behind the event definition", at: keyword)
      }
      throw Failure()
    }
    let definition = readDefinition(outline, behind: keyword)
    resume(at: outline.end)
    return Statement(.trace(definition: definition, body: try block()), at: keyword.start)
  }

  private mutating func readDefinition(_ outline: EventDefinitionOutline, behind keyword: Token) -> EventDefinition {
    let bytes = lexer.bytes[outline.trimmed]
    let position = TextPositions(lexer.bytes, base: keyword.start, baseOffset: Int(keyword.start.offset))
      .position(at: outline.trimmed.lowerBound)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      add(Diagnostic("event definition is not valid UTF-8", at: position, near: printable(bytes)))
      return EventDefinition(text: "", patterns: [], filter: nil, position: position)
    }
    do {
      return try EventDefinition.parse(text: text, at: position)
    } catch {
      add(error)
      return EventDefinition(text: text, patterns: [], filter: nil, position: position)
    }
  }

  /// Passes a `trace` and its definition without reading it; false, without moving, if no block follows.
  mutating func skipEventDefinition() -> Bool {
    let outline = EventDefinitionOutline(lexer.bytes, from: current.end)
    if outline.isTerminated { resume(at: outline.end) }
    return outline.isTerminated
  }

  /// `tick-1s {…}`: the dash, and everything up to white space or the block, is the interval.
  @inline(never)
  mutating func timerStatement(_ kind: TimerDefinition.Kind) throws(Failure) -> Statement {
    let keyword = current
    let bytes = lexer.bytes
    var start = keyword.end
    while start < bytes.count, isWhiteSpace(bytes[start]) { start += 1 }
    guard start < bytes.count, bytes[start] == UInt8(ascii: "-") else {
      advance()
      throw fail("'-' and an interval expected behind '\(text(of: keyword))'")
    }
    start += 1
    while start < bytes.count, bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t") { start += 1 }
    var end = start
    while end < bytes.count, !isWhiteSpace(bytes[end]), bytes[end] != UInt8(ascii: "{") { end += 1 }
    let position = TextPositions(bytes, base: keyword.start, baseOffset: Int(keyword.start.offset)).position(at: start)
    var timer = TimerDefinition(kind: kind, periodNanoseconds: 1, text: "", position: position)
    do {
      timer = try TimerDefinition.parse(
        text: String(decoding: bytes[start..<end], as: UTF8.self), kind: kind, at: position)
    } catch {
      add(error)
    }
    resume(at: end)
    return Statement(.timer(timer, body: try block()), at: keyword.start)
  }
}
