// Expressions: precedence climbing over the binary operators; `..`, the only one that groups to the right, is read as
// a list and folded afterwards, so that a long chain of it needs no stack.

extension Parser {
  /// How tightly the binary operators bind; higher binds tighter.
  enum Precedence: Int {
    case none, or, and, comparison, bitOr, bitXor, bitAnd, shift, concatenate, sum, product, unary
  }

  mutating func expression() throws(Failure) -> Expression { try expression(above: .none) }

  /// An expression of operators that bind tighter than `limit`.
  private mutating func expression(above limit: Precedence) throws(Failure) -> Expression {
    try enter()
    defer { leave() }
    var left = try unaryExpression()
    while case .symbol(let symbol) = current.kind, let (operation, precedence) = symbol.binaryOperator,
      precedence.rawValue > limit.rawValue
    {
      if operation == .concatenate {
        left = try concatenation(from: left)
        continue
      }
      let position = current.start
      let leftHeight = height
      advance()
      let right = try expression(above: precedence)
      try grow(above: max(leftHeight, height))
      left = Expression(.binary(operation, left, right), at: position)
    }
    tallest = max(tallest, height)
    return left
  }

  /// `a .. b .. c` behind its first operand.
  private mutating func concatenation(from first: Expression) throws(Failure) -> Expression {
    var operands = [(expression: first, height: height)]
    var positions: [SourcePosition] = []
    while current.isSymbol(.concatenate) {
      if positions.count >= Self.maximumHeight { try grow(above: positions.count) }
      positions.append(current.start)
      advance()
      let operand = try expression(above: .concatenate)
      operands.append((operand, height))
    }
    var (result, resultHeight) = operands.removeLast()
    while let position = positions.popLast() {
      let (left, leftHeight) = operands.removeLast()
      try grow(above: max(leftHeight, resultHeight))
      resultHeight = height
      result = Expression(.binary(.concatenate, left, result), at: position)
    }
    return result
  }

  private mutating func unaryExpression() throws(Failure) -> Expression {
    guard case .symbol(let symbol) = current.kind, let operation = symbol.unaryOperator else {
      return try simpleExpression()
    }
    let position = current.start
    advance()
    let operand = try expression(above: .unary)
    try grow(above: height)
    return Expression(.unary(operation, operand), at: position)
  }

  private mutating func simpleExpression() throws(Failure) -> Expression {
    let token = current
    height = 1
    switch token.kind {
    case .number:
      advance()
      return Expression(.number(token.number), at: token.start)
    case .string:
      advance()
      return Expression(.string(token.content), at: token.start)
    case .keyword(.nil):
      advance()
      return Expression(.nilLiteral, at: token.start)
    case .keyword(.true), .keyword(.false):
      advance()
      return Expression(.boolean(token.kind == .keyword(.true)), at: token.start)
    case .symbol(.openBrace): return try tableConstructor()
    case .keyword(.function):
      advance()
      let body = try functionBody(at: token.start)
      try grow(above: height)
      return Expression(.function(body), at: token.start)
    default: break
    }
    let result = try suffixedExpression()
    if current.isSymbol(.increment) { throw fail("'++' is a statement and has no value") }
    if current.isSymbol(.decrement) {
      throw fail("'--' is a statement and has no value (a comment begins with '#' or '//')")
    }
    return result
  }

  /// Whether an expression can begin with the token.
  func beginsExpression(_ token: Token) -> Bool {
    switch token.kind {
    case .name, .number, .string, .argument: true
    case .keyword(let keyword):
      switch keyword {
      case .nil, .true, .false, .function, .args, .ffi: true
      default: keyword.contextItem != nil
      }
    case .symbol(let symbol):
      symbol == .openParenthesis || symbol == .openBrace || symbol.unaryOperator != nil
    case .end, .invalid: false
    }
  }

  /// `e, e, …`: at least one.
  mutating func expressionList() throws(Failure) -> [Expression] {
    var result = [try expression()]
    var highest = height
    while accept(.comma) {
      result.append(try expression())
      highest = max(highest, height)
    }
    height = highest
    return result
  }
}

extension Symbol {
  fileprivate var unaryOperator: UnaryOperator? {
    switch self {
    case .minus: .negate
    case .bang: .not
    case .tilde: .complement
    default: nil
    }
  }

  fileprivate var binaryOperator: (BinaryOperator, Parser.Precedence)? {
    switch self {
    case .or: (.or, .or)
    case .and: (.and, .and)
    case .equal: (.equal, .comparison)
    case .notEqual: (.notEqual, .comparison)
    case .less: (.less, .comparison)
    case .lessOrEqual: (.lessOrEqual, .comparison)
    case .greater: (.greater, .comparison)
    case .greaterOrEqual: (.greaterOrEqual, .comparison)
    case .bar: (.bitOr, .bitOr)
    case .caret: (.bitXor, .bitXor)
    case .ampersand: (.bitAnd, .bitAnd)
    case .shiftLeft: (.shiftLeft, .shift)
    case .shiftRight: (.shiftRight, .shift)
    case .concatenate: (.concatenate, .concatenate)
    case .plus: (.add, .sum)
    case .minus: (.subtract, .sum)
    case .star: (.multiply, .product)
    case .slash: (.divide, .product)
    case .percent: (.modulo, .product)
    default: nil
    }
  }
}
