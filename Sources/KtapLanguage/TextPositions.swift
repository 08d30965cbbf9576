/// Positions within a text that is not made of tokens, from the position of one of its bytes.
///
/// Counts lines from the base on, so it is meant for short texts and single faults.
struct TextPositions {
  private let bytes: [UInt8]
  private let base: SourcePosition
  private let baseOffset: Int

  /// - Parameter baseOffset: which byte of `bytes` stands at `base`.
  init(_ bytes: [UInt8], base: SourcePosition, baseOffset: Int = 0) {
    self.bytes = bytes
    self.base = base
    self.baseOffset = baseOffset
  }

  /// The position of the byte at `offset`, which is at or behind the base. `.none` if the base is.
  func position(at offset: Int) -> SourcePosition {
    guard base.line > 0 else { return .none }
    var line = base.line
    var lineStart = baseOffset - (Int(base.column) - 1)
    var index = baseOffset
    while index < offset {
      let byte = bytes[index]
      index += 1
      guard isLineEnd(byte) else { continue }
      if byte == UInt8(ascii: "\r"), index < bytes.count, bytes[index] == UInt8(ascii: "\n") { index += 1 }
      line += 1
      lineStart = index
    }
    return SourcePosition(
      line: line, column: Int32(offset - lineStart + 1), offset: base.offset + Int32(offset - baseOffset))
  }
}
