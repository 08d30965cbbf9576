// Statements and blocks. Loops are in `Parser+Loops`, events in `Parser+Events`, assignments in `Parser+Assignments`.
//
// A production for a kind of statement is marked `@inline(never)`: all are called from one place, `statement`, which
// with their variables in its own frame took 6 KiB of stack a level instead of 1.

extension Parser {
  /// Statements up to a closing brace, the end of the source, or, in a `repeat` without braces, `until`.
  mutating func chunk(endsAtUntil: Bool) -> [Statement] {
    var statements: [Statement] = []
    while true {
      while accept(.semicolon) {}
      if current.kind == .end || current.isSymbol(.closeBrace) { break }
      if endsAtUntil, current.isKeyword(.until) { break }
      let start = mark
      do throws(Failure) { statements.append(try statement()) } catch { synchronize(after: start) }
    }
    return statements
  }

  /// `{ chunk }`.
  mutating func block() throws(Failure) -> Block {
    guard current.isSymbol(.openBrace) else { throw fail("'{' expected") }
    try enter()
    defer { leave() }
    let open = current.start
    advance()
    let outer = tallest
    tallest = 0
    let statements = chunk(endsAtUntil: false)
    closeBlock(outer)
    let end = current.start
    try expect(.closeBrace, closing: .openBrace, at: open)
    return Block(statements, end: end)
  }

  /// Counts a finished block in the height of what encloses it.
  mutating func closeBlock(_ outer: Int) {
    height = tallest + 2
    tallest = max(outer, height)
  }

  /// The body of an `if` or a loop: a block, or a single statement with its `;`.
  @inline(never)
  mutating func body() throws(Failure) -> Block {
    if current.isSymbol(.openBrace) { return try block() }
    if current.kind == .end || current.isSymbol(.semicolon) || current.isSymbol(.closeBrace) {
      throw fail("statement or '{' expected")
    }
    try enter()
    defer { leave() }
    let single = try statement(isBody: true)
    let end = previousStart
    _ = accept(.semicolon)
    return Block([single], end: end)
  }

  /// - Parameter isBody: it is a body without braces.
  mutating func statement(isBody: Bool = false) throws(Failure) -> Statement {
    guard case .keyword(let keyword) = current.kind else { return try simpleStatement() }
    let position = current.start
    switch keyword {
    case .variable: return try variableStatement()
    case .function: return try functionStatement(at: position)
    case .if: return try conditional()
    case .while:
      advance()
      return Statement(.whileLoop(condition: try condition(), body: try body()), at: position)
    case .repeat: return try repeatLoop()
    case .for: return try forLoop()
    case .break:
      advance()
      return Statement(.breakLoop, at: position)
    case .continue:
      advance()
      return Statement(.continueLoop, at: position)
    case .return: return try returnStatement(isBody: isBody)
    case .trace: return try traceStatement()
    case .traceEnd:
      advance()
      return Statement(.traceEnd(body: try block()), at: position)
    case .tick: return try timerStatement(.tick)
    case .profile: return try timerStatement(.profile)
    default: return try simpleStatement()
    }
  }

  /// `var a, b = 1, 2` or `var function f() {}`.
  @inline(never)
  mutating func variableStatement() throws(Failure) -> Statement {
    let position = current.start
    advance()
    if current.isKeyword(.function) { return try functionStatement(at: position) }
    var names = [try declaredName()]
    while accept(.comma) { names.append(try declaredName()) }
    let values = accept(.assign) ? try expressionList() : []
    return Statement(.variables(names: names, values: values), at: position)
  }

  /// `function f(a, b) {}`; the position is that of `var`, if there is one.
  @inline(never)
  private mutating func functionStatement(at position: SourcePosition) throws(Failure) -> Statement {
    let keyword = current.start
    advance()
    let name = try declaredName()
    return Statement(.function(name: name, body: try functionBody(at: keyword)), at: position)
  }

  /// `(a, b) {}` behind a `function` that stands at `position`.
  mutating func functionBody(at position: SourcePosition) throws(Failure) -> FunctionBody {
    let start = mark
    var parameters: [DeclaredName] = []
    do throws(Failure) {
      let open = try expect(.openParenthesis)
      if !current.isSymbol(.closeParenthesis) {
        repeat { parameters.append(try declaredName()) } while accept(.comma)
      }
      try expect(.closeParenthesis, closing: .openParenthesis, at: open)
    } catch {
      guard skipHead(after: start) else { throw error }
    }
    return FunctionBody(parameters: parameters, body: try block(), position: position)
  }

  /// `if (e) …`, any number of `elseif (e) …` or `else if (e) …`, and `else …`.
  @inline(never)
  private mutating func conditional() throws(Failure) -> Statement {
    let position = current.start
    advance()
    var branches = [ConditionalBranch(condition: try condition(), body: try body())]
    while true {
      if current.isKeyword(.elseif) {
        advance()
      } else if current.isKeyword(.else) {
        advance()
        guard current.isKeyword(.if) else {
          return Statement(.conditional(branches: branches, otherwise: try body()), at: position)
        }
        advance()
      } else {
        return Statement(.conditional(branches: branches, otherwise: nil), at: position)
      }
      branches.append(ConditionalBranch(condition: try condition(), body: try body()))
    }
  }

  /// `(e)` of an `if`, `while` or `until`.
  @inline(never)
  mutating func condition() throws(Failure) -> Expression {
    let start = mark
    do throws(Failure) {
      let open = try expect(.openParenthesis)
      let result = try expression()
      if current.isSymbol(.assign) { throw fail("')' expected ('==' compares, '=' assigns)") }
      try expect(.closeParenthesis, closing: .openParenthesis, at: open)
      return result
    } catch {
      guard skipHead(after: start) else { throw error }
      return Expression(.nilLiteral, at: current.start)
    }
  }

  /// `return` with or without a value. The value may begin on the next line, except in a body without braces, where
  /// `if (x) return` and the line that follows are two statements to every reader.
  @inline(never)
  private mutating func returnStatement(isBody: Bool) throws(Failure) -> Statement {
    let position = current.start
    advance()
    let hasValue = beginsExpression(current) && !(isBody && current.startsLine)
    return Statement(.returnValue(hasValue ? try expression() : nil), at: position)
  }
}
