extension Lexer {
  /// The longest operator or punctuation that begins here, or nil without moving.
  mutating func scanSymbol() -> Symbol? {
    guard let symbol = symbolHere() else { return nil }
    offset += symbol.rawValue.utf8.count
    return symbol
  }

  private func symbolHere() -> Symbol? {
    let second = peek(1)
    let hasAssignment = second == UInt8(ascii: "=")
    switch bytes[offset] {
    case UInt8(ascii: "+"): return second == UInt8(ascii: "+") ? .increment : hasAssignment ? .assignAdd : .plus
    case UInt8(ascii: "-"): return second == UInt8(ascii: "-") ? .decrement : hasAssignment ? .assignSubtract : .minus
    case UInt8(ascii: "*"): return hasAssignment ? .assignMultiply : .star
    case UInt8(ascii: "/"): return hasAssignment ? .assignDivide : .slash
    case UInt8(ascii: "%"): return hasAssignment ? .assignModulo : .percent
    case UInt8(ascii: "&"): return second == UInt8(ascii: "&") ? .and : hasAssignment ? .assignAnd : .ampersand
    case UInt8(ascii: "|"): return second == UInt8(ascii: "|") ? .or : hasAssignment ? .assignOr : .bar
    case UInt8(ascii: "^"): return hasAssignment ? .assignXor : .caret
    case UInt8(ascii: "~"): return .tilde
    case UInt8(ascii: "!"): return hasAssignment ? .notEqual : .bang
    case UInt8(ascii: "="): return hasAssignment ? .equal : .assign
    case UInt8(ascii: "<"):
      guard second == UInt8(ascii: "<") else { return hasAssignment ? .lessOrEqual : .less }
      let third = peek(2)
      return third == UInt8(ascii: "<") ? .aggregate : third == UInt8(ascii: "=") ? .assignShiftLeft : .shiftLeft
    case UInt8(ascii: ">"):
      guard second == UInt8(ascii: ">") else { return hasAssignment ? .greaterOrEqual : .greater }
      return peek(2) == UInt8(ascii: "=") ? .assignShiftRight : .shiftRight
    case UInt8(ascii: "."):
      guard second == UInt8(ascii: ".") else { return .dot }
      return peek(2) == UInt8(ascii: ".") ? .ellipsis : .concatenate
    case UInt8(ascii: "("): return .openParenthesis
    case UInt8(ascii: ")"): return .closeParenthesis
    case UInt8(ascii: "["): return .openBracket
    case UInt8(ascii: "]"): return .closeBracket
    case UInt8(ascii: "{"): return .openBrace
    case UInt8(ascii: "}"): return .closeBrace
    case UInt8(ascii: ","): return .comma
    case UInt8(ascii: ";"): return .semicolon
    case UInt8(ascii: ":"): return .colon
    default: return nil
    }
  }
}
