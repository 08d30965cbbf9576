// Names, event data, parentheses, and what may follow them: fields, elements, calls. And table constructors.

extension Parser {
  /// A primary with all its suffixes: `t.x[1]:f(a)"b"`.
  mutating func suffixedExpression() throws(Failure) -> Expression {
    var result = try primary()
    while true {
      let below = height
      height = 0
      switch current.kind {
      case .symbol(.dot):
        let position = current.start
        advance()
        let key = try member()
        result = Expression(.index(result, keys: [key]), at: position)
      case .symbol(.openBracket):
        let position = current.start
        advance()
        let keys = try expressionList()
        try expect(.closeBracket, closing: .openBracket, at: position)
        result = Expression(.index(result, keys: keys), at: position)
      case .symbol(.colon):
        advance()
        guard current.isWord else { throw fail("name expected") }
        let name = text(of: current)
        advance()
        guard beginsArguments else { throw fail("function arguments expected") }
        let position = current.start
        let arguments = try arguments()
        result = Expression(.methodCall(result, name: name, arguments: arguments), at: position)
      case .symbol(.openParenthesis), .symbol(.openBrace), .string:
        let position = current.start
        try requireCallable(result)
        let arguments = try arguments()
        result = Expression(.call(result, arguments: arguments), at: position)
      default:
        height = below
        return result
      }
      try grow(above: max(below, height))
    }
  }

  /// The word behind a `.`, as a string.
  private mutating func member() throws(Failure) -> Expression {
    guard current.isWord else { throw fail("name expected") }
    let key = Expression(.string(Array(bytes(of: current))), at: current.start)
    advance()
    return key
  }

  private mutating func primary() throws(Failure) -> Expression {
    let token = current
    height = 1
    switch token.kind {
    case .name, .keyword(.ffi):
      advance()
      return Expression(.name(text(of: token)), at: token.start)
    case .argument:
      advance()
      return Expression(.argument(Int(token.number)), at: token.start)
    case .keyword(.args):
      advance()
      guard current.isSymbol(.dot) else {
        report("'args' needs a field: args.NAME", at: token)
        throw Failure()
      }
      advance()
      guard current.isWord else { throw fail("name expected") }
      let field = text(of: current)
      advance()
      return Expression(.field(field), at: token.start)
    case .symbol(.openParenthesis):
      advance()
      let inner = try expression()
      try grow(above: height)
      try expect(.closeParenthesis, closing: .openParenthesis, at: token.start)
      return Expression(.parenthesized(inner), at: token.start)
    case .keyword(let keyword):
      guard let item = keyword.contextItem else { throw fail("unexpected symbol") }
      advance()
      return Expression(.context(item), at: token.start)
    default: throw fail("unexpected symbol")
    }
  }

  /// A `(` on a line of its own would silently make a call of two statements.
  private mutating func requireCallable(_ callee: Expression) throws(Failure) {
    switch callee.kind {
    case .context, .argument, .field: throw fail("'\(eventData(callee))' is a value and cannot be called")
    default: break
    }
    if current.isSymbol(.openParenthesis), current.start.line != previousEndLine {
      // Go on as if it were a call: then there is no second complaint.
      report("ambiguous syntax: a '(' that continues a call must be on the line of the function", at: current)
    }
  }

  private func eventData(_ callee: Expression) -> String {
    switch callee.kind {
    case .context(let item): item.word
    case .argument(let number): "arg\(number)"
    case .field(let name): "args.\(name)"
    default: ""
    }
  }

  private var beginsArguments: Bool {
    current.isSymbol(.openParenthesis) || current.isSymbol(.openBrace) || current.kind == .string
  }

  /// `(a, b)`, a string, or a table constructor.
  private mutating func arguments() throws(Failure) -> [Expression] {
    let token = current
    height = 1
    switch token.kind {
    case .string:
      advance()
      return [Expression(.string(token.content), at: token.start)]
    case .symbol(.openBrace): return [try tableConstructor()]
    default:
      advance()
      if accept(.closeParenthesis) { return [] }
      let result = try expressionList()
      try expect(.closeParenthesis, closing: .openParenthesis, at: token.start)
      return result
    }
  }

  /// `{1, 2, x = 3, [k] = v}`.
  mutating func tableConstructor() throws(Failure) -> Expression {
    try enter()
    defer { leave() }
    let open = current.start
    advance()
    var items: [TableItem] = []
    var highest = 0
    while !current.isSymbol(.closeBrace) {
      items.append(try tableItem())
      highest = max(highest, height)
      if !accept(.comma), !accept(.semicolon) { break }
    }
    try expect(.closeBrace, closing: .openBrace, at: open)
    try grow(above: highest)
    return Expression(.table(items), at: open)
  }

  private mutating func tableItem() throws(Failure) -> TableItem {
    let position = current.start
    if accept(.openBracket) {
      let key = try expression()
      let keyHeight = height
      try expect(.closeBracket, closing: .openBracket, at: position)
      try expect(.assign)
      let value = try expression()
      height = max(height, keyHeight)
      return TableItem(key: .computed(key), value: value)
    }
    if current.isWord, peekToken().isSymbol(.assign) {
      let key = try member()
      advance()
      return TableItem(key: .computed(key), value: try expression())
    }
    return TableItem(key: .positional, value: try expression())
  }
}
