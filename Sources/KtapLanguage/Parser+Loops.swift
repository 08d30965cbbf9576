// `repeat` and the three kinds of `for`.

extension Parser {
  /// `repeat {…} until (e)`, or, as ever, without braces.
  @inline(never)
  mutating func repeatLoop() throws(Failure) -> Statement {
    let position = current.start
    advance()
    let body: Block
    if current.isSymbol(.openBrace) {
      body = try block()
      guard current.isKeyword(.until) else { throw fail("'until' expected") }
    } else {
      body = try blockUpToUntil(position)
    }
    advance()
    return Statement(.repeatLoop(body: body, until: try condition()), at: position)
  }

  private mutating func blockUpToUntil(_ position: SourcePosition) throws(Failure) -> Block {
    try enter()
    defer { leave() }
    let outer = tallest
    tallest = 0
    let statements = chunk(endsAtUntil: true)
    closeBlock(outer)
    guard current.isKeyword(.until) else {
      let isNear = current.start.line == position.line
      throw fail(isNear ? "'until' expected" : "'until' expected (to close 'repeat' at line \(position.line))")
    }
    return Block(statements, end: current.start)
  }

  /// What stands between the parentheses of a `for`.
  private enum ForHead {
    case numeric(DeclaredName, from: Expression, to: Expression, step: Expression?)
    case classic(initial: Statement?, condition: Expression?, step: Statement?)
    case iteration([DeclaredName], Expression)
  }

  @inline(never)
  mutating func forLoop() throws(Failure) -> Statement {
    let position = current.start
    advance()
    let head = try parenthesizedForHead()
    let body = try body()
    switch head {
    case .numeric(let variable, let from, let to, let step):
      return Statement(.numericFor(variable: variable, from: from, to: to, step: step, body: body), at: position)
    case .classic(let initial, let condition, let step):
      return Statement(.classicFor(initial: initial, condition: condition, step: step, body: body), at: position)
    case .iteration(let names, let iterator):
      return Statement(.iteration(names: names, iterator: iterator, body: body), at: position)
    }
  }

  @inline(never)
  private mutating func parenthesizedForHead() throws(Failure) -> ForHead {
    let start = mark
    do throws(Failure) {
      let open = try expect(.openParenthesis)
      let head = try forHead()
      try expect(.closeParenthesis, closing: .openParenthesis, at: open)
      return head
    } catch {
      guard skipHead(after: start) else { throw error }
      return .classic(initial: nil, condition: nil, step: nil)
    }
  }

  /// Which kind it is shows only behind the first names: `i = 0, 9` counts, `i = 0;` is C style, `k, v in` iterates.
  private mutating func forHead() throws(Failure) -> ForHead {
    if current.isSymbol(.semicolon) { return try classicHead(initial: nil) }
    if current.isKeyword(.variable) { return try classicHead(initial: try variableStatement()) }
    let first = current
    var tokens = [first]
    var targets = [try suffixedExpression()]
    while accept(.comma) {
      tokens.append(current)
      targets.append(try suffixedExpression())
    }
    if current.isKeyword(.in) { return try iterationHead(targets, tokens) }
    if targets.count > 1 { return try classicHead(initial: try assignment(targets, tokens[tokens.count - 1])) }
    guard current.isSymbol(.assign), case .name(let name) = targets[0].kind, first.kind == .name else {
      if !isAfterTarget { throw fail("'=', 'in' or ';' expected") }
      return try classicHead(initial: try simpleStatement(from: first, targets[0]))
    }
    let sign = current.start
    advance()
    let from = try expression()
    guard accept(.comma) else {
      let initial = Statement(.assignment(targets: targets, values: [from]), at: sign)
      return try classicHead(initial: initial)
    }
    let to = try expression()
    let step = accept(.comma) ? try expression() : nil
    return .numeric(DeclaredName(name, at: first.start), from: from, to: to, step: step)
  }

  /// The current token can go on or end a statement that begins with a variable or a call.
  private var isAfterTarget: Bool {
    switch current.kind {
    case .symbol(.closeParenthesis), .end, .name, .number, .string, .keyword: false
    default: true
    }
  }

  private mutating func classicHead(initial: Statement?) throws(Failure) -> ForHead {
    try expect(.semicolon)
    let condition = current.isSymbol(.semicolon) ? nil : try expression()
    try expect(.semicolon)
    let step = current.isSymbol(.closeParenthesis) ? nil : try simpleStatement()
    return .classic(initial: initial, condition: condition, step: step)
  }

  private mutating func iterationHead(_ targets: [Expression], _ tokens: [Token]) throws(Failure) -> ForHead {
    var names: [DeclaredName] = []
    for (target, token) in zip(targets, tokens) {
      guard case .name(let name) = target.kind, token.kind == .name else {
        report("name expected", at: token)
        throw Failure()
      }
      names.append(DeclaredName(name, at: target.position))
    }
    if names.count > 2 {
      report("one or two names expected before 'in'", at: tokens[2])
      throw Failure()
    }
    advance()
    return .iteration(names, try expression())
  }
}
