// What an event definition means: the outline's parts read as patterns, and its filter.
//
// Only the form is checked here. Whether there is such an event, function or field is found where the script runs.

extension EventDefinition {
  /// Reads the text between `trace` and `{`, white space around it allowed.
  ///
  /// - Parameters:
  ///   - position: where the text begins, for the positions of errors; `.none` for the text of a program file, whose
  ///     errors then have no position.
  /// - Throws: the first error.
  public static func parse(text: String, at position: SourcePosition = .none) throws(Diagnostic) -> EventDefinition {
    let bytes = Array(text.utf8)
    guard bytes.count <= longestText else {
      throw Diagnostic("event definition too long (\(bytes.count) bytes, at most \(longestText))", at: position)
    }
    let reader = EventDefinitionReader(bytes: bytes, positions: TextPositions(bytes, base: position))
    return try reader.definition()
  }
}

private struct EventDefinitionReader {
  let bytes: [UInt8]
  let positions: TextPositions

  func definition() throws(Diagnostic) -> EventDefinition {
    let outline = EventDefinitionOutline(bytes, from: 0)
    if outline.end < bytes.count { throw error("unexpected symbol", outline.end..<outline.end + 1) }
    var patterns: [EventPattern] = []
    var filter: Filter?
    for part in outline.parts {
      patterns.append(try pattern(part))
      guard let range = part.filter else { continue }
      // The slash, which the range leaves out.
      let slash = range.lowerBound - 1
      guard part.isFilterClosed else { throw error("unfinished filter: '/' expected", slash..<range.upperBound) }
      guard filter == nil else { throw error("only one filter is allowed", slash..<range.upperBound + 1) }
      filter = try FilterParser.parse(bytes, range, positions)
    }
    return EventDefinition(
      text: text(outline.trimmed), patterns: patterns, filter: filter, position: positions.position(at: 0))
  }

  private func pattern(_ part: EventDefinitionOutline.Part) throws(Diagnostic) -> EventPattern {
    guard part.hasColon else {
      if part.system.isEmpty { throw error("event expected", part.system) }
      throw error("SYSTEM:EVENT expected", part.system)
    }
    if part.system.isEmpty { throw error("SYSTEM:EVENT expected", part.system) }
    if part.path == nil, part.rest.isEmpty {
      throw error("event expected behind '\(printable(bytes[part.system])):'", part.rest)
    }
    switch text(part.system) {
    case "probe": return try probe(part)
    case "sdt": return try marker(part)
    case "ftrace" where text(part.rest) == "function": return .functionTracer
    default:
      try checkGlob(part.system)
      try checkGlob(part.rest)
      return .tracepoint(system: text(part.system), event: text(part.rest))
    }
  }

  // MARK: Probes

  private func probe(_ part: EventDefinitionOutline.Part) throws(Diagnostic) -> EventPattern {
    if part.path != nil, !part.hasPathEnd {
      throw error("':' and a function expected behind the path", part.rest)
    }
    var location = part.rest.lowerBound..<part.rest.lowerBound
    while location.upperBound < part.rest.upperBound, !isWhiteSpace(bytes[location.upperBound]),
      bytes[location.upperBound] != UInt8(ascii: "%")
    {
      location = location.lowerBound..<location.upperBound + 1
    }
    guard !location.isEmpty else { throw error("function expected", part.rest) }
    var fetch = trim(bytes, location.upperBound..<part.rest.upperBound)
    let isReturn = bytes[fetch].starts(with: "%return".utf8) && endsWord(fetch, after: 7)
    if isReturn {
      fetch = trim(bytes, fetch.lowerBound + 7..<fetch.upperBound)
    } else if location.upperBound < part.rest.upperBound, !isWhiteSpace(bytes[location.upperBound]) {
      throw error("'%return' expected", location.upperBound..<part.rest.upperBound)
    }
    guard let path = part.path else {
      return .kernelProbe(function: text(location), isReturn: isReturn, fetch: singleLine(fetch))
    }
    return .userProbe(path: text(path), location: text(location), isReturn: isReturn, fetch: singleLine(fetch))
  }

  private func endsWord(_ range: Range<Int>, after count: Int) -> Bool {
    range.count == count || isWhiteSpace(bytes[range.lowerBound + count])
  }

  /// The kernel takes a probe's definition as one line of words.
  private func singleLine(_ range: Range<Int>) -> String {
    bytes[range].split(whereSeparator: isWhiteSpace).map { String(decoding: $0, as: UTF8.self) }
      .joined(separator: " ")
  }

  private func marker(_ part: EventDefinitionOutline.Part) throws(Diagnostic) -> EventPattern {
    guard let path = part.path else { throw error("absolute path expected behind 'sdt:'", part.rest) }
    guard part.hasPathEnd, !part.rest.isEmpty else {
      throw error("':' and a marker expected behind the path", part.rest)
    }
    guard let colon = bytes[part.rest].firstIndex(of: UInt8(ascii: ":")) else {
      try checkGlob(part.rest)
      return .marker(path: text(path), provider: nil, name: text(part.rest))
    }
    let provider = trim(bytes, part.rest.lowerBound..<colon)
    let name = trim(bytes, colon + 1..<part.rest.upperBound)
    guard !provider.isEmpty, !name.isEmpty else { throw error("PROVIDER:NAME expected", part.rest) }
    try checkGlob(provider)
    try checkGlob(name)
    return .marker(path: text(path), provider: text(provider), name: text(name))
  }

  /// A name with `*`, `?` and `[…]`: one word, brackets closed.
  private func checkGlob(_ range: Range<Int>) throws(Diagnostic) {
    var opened: Int?
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "["): if opened == nil { opened = index }
      // A bracket right behind the opening one is a member of the set.
      case UInt8(ascii: "]"): if let start = opened, index > start + 1 { opened = nil }
      case let byte where isWhiteSpace(byte) || "\"':;(){}<>=&|".utf8.contains(byte):
        throw unexpected(in: index..<range.upperBound)
      default: break
      }
    }
    if let opened { throw error("']' expected", opened..<range.upperBound) }
  }

  /// The word or sign that a name does not have.
  private func unexpected(in range: Range<Int>) -> Diagnostic {
    let word = trim(bytes, range)
    var end = word.lowerBound
    while end < word.upperBound, !isWhiteSpace(bytes[end]) { end += 1 }
    return error("unexpected symbol in an event's name", word.lowerBound..<end)
  }

  // MARK: Text

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func error(_ message: String, _ range: Range<Int>) -> Diagnostic {
    let near = range.isEmpty ? nextSymbol(range.lowerBound) : printable(bytes[range])
    return Diagnostic(message, at: positions.position(at: range.lowerBound), near: near)
  }

  /// What a missing text is missing before.
  private func nextSymbol(_ offset: Int) -> String? {
    offset < bytes.count && bytes[offset] > 0x20 ? printable([bytes[offset]]) : nil
  }
}
