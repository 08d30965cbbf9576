// Where to go on after a fault.
//
// The aim is one message a fault: to miss a second fault near the first is better than to report a consequence. The
// depths of braces and parentheses when a statement began tell whether what was skipped lies in something that the
// statement opened and never closed.

extension Parser {
  /// What is open where a statement begins.
  struct StatementMark {
    var tokenCount: Int
    var braceDepth: Int
    var parenthesisDepth: Int
  }

  var mark: StatementMark {
    StatementMark(tokenCount: tokenCount, braceDepth: braceDepth, parenthesisDepth: parenthesisDepth)
  }

  /// Skips the rest of a statement that could not be read: to its `;`, to the brace that closes its block, or to a
  /// line that begins with another statement.
  mutating func synchronize(after mark: StatementMark) {
    lexer.isSilent = true
    defer { lexer.isSilent = false }
    if tokenCount == mark.tokenCount { advance() }
    // Braces opened while skipping.
    var opened = 0
    var mayHaveBlock = true
    while true {
      switch current.kind {
      case .end: return
      case .symbol(.openBrace): opened += 1
      case .symbol(.closeBrace):
        if opened == 0 && braceDepth <= mark.braceDepth { return restore(mark) }
        opened = max(0, opened - 1)
      case .symbol(.semicolon) where opened == 0 && braceDepth == mark.braceDepth:
        lexer.isSilent = false
        advance()
        return restore(mark)
      default: if opened == 0, isAtFreshStatement(after: mark) { return restore(mark) }
      }
      // Each look for a block may go far; after one in vain there is no other, or time would grow with the square.
      if current.isKeyword(.trace), mayHaveBlock {
        mayHaveBlock = skipEventDefinition()
        if mayHaveBlock { continue }
      }
      advance()
    }
  }

  /// A line begins here, and with something that begins a statement. A name does only if nothing is open: in a call or
  /// a constructor over several lines, lines begin with names as well.
  private func isAtFreshStatement(after mark: StatementMark) -> Bool {
    guard current.startsLine else { return false }
    switch current.kind {
    case .keyword(let keyword) where keyword.beginsStatement: return true
    case .name, .keyword(.function), .keyword(.ffi):
      return braceDepth <= mark.braceDepth && parenthesisDepth <= mark.parenthesisDepth
    default: return false
    }
  }

  private mutating func restore(_ mark: StatementMark) {
    braceDepth = mark.braceDepth
    parenthesisDepth = mark.parenthesisDepth
  }

  /// Skips the rest of a head in parentheses that could not be read, so that the body behind it is still checked;
  /// false if no body comes.
  mutating func skipHead(after mark: StatementMark) -> Bool {
    lexer.isSilent = true
    defer { lexer.isSilent = false }
    while true {
      switch current.kind {
      case .end, .symbol(.closeBrace): return false
      case .symbol(.openBrace):
        restore(mark)
        return true
      case .keyword(let keyword) where keyword.beginsStatement && current.startsLine:
        restore(mark)
        return true
      case .symbol(.closeParenthesis) where parenthesisDepth == mark.parenthesisDepth + 1:
        lexer.isSilent = false
        advance()
        return true
      default:
        if current.startsLine, parenthesisDepth <= mark.parenthesisDepth, tokenCount > mark.tokenCount { return true }
        advance()
      }
    }
  }
}
