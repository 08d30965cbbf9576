// Statements that begin with an expression: assignments of every kind, and calls. They are also what may stand in the
// head of a C style `for`.

extension Parser {
  @inline(never)
  mutating func simpleStatement() throws(Failure) -> Statement {
    if current.kind == .name, let path = importPath() { return path }
    let first = current
    let target = try suffixedExpression()
    return try simpleStatement(from: first, target)
  }

  /// Goes on behind the first expression of a statement, which began with the token `first`.
  mutating func simpleStatement(from first: Token, _ target: Expression) throws(Failure) -> Statement {
    switch current.kind {
    case .symbol(.increment): return try step(target, by: .add)
    case .symbol(.decrement): return try step(target, by: .subtract)
    case .symbol(.aggregate):
      let position = current.start
      try requireAssignable(target, first)
      advance()
      return Statement(.aggregate(target: target, value: try expression()), at: position)
    case .symbol(.comma): return try assignment([target], first)
    case .symbol(let symbol) where symbol == .assign || symbol.compoundOperator != nil:
      return try assignment([target], first)
    default: break
    }
    switch target.kind {
    case .call, .methodCall: return Statement(.call(target), at: target.position)
    default: throw failNoStatement(first, target)
    }
  }

  /// The rest of `a, b = 1, 2` or `a += 1` behind its first targets.
  mutating func assignment(_ begun: [Expression], _ first: Token) throws(Failure) -> Statement {
    var targets = begun
    try requireAssignable(targets[targets.count - 1], first)
    while accept(.comma) {
      let token = current
      let target = try suffixedExpression()
      try requireAssignable(target, token)
      targets.append(target)
    }
    let position = current.start
    if accept(.assign) {
      return Statement(.assignment(targets: targets, values: try expressionList()), at: position)
    }
    guard case .symbol(let symbol) = current.kind, let compound = symbol.compoundOperator else {
      throw fail("'=' expected")
    }
    let sign = current
    advance()
    let values = try expressionList()
    if values.count != targets.count {
      report("as many values as targets expected (\(targets.count), not \(values.count))", at: sign)
      throw Failure()
    }
    return Statement(.compound(targets: targets, operator: compound, values: values), at: position)
  }

  /// `x++` and `x--`.
  private mutating func step(_ target: Expression, by compound: BinaryOperator) throws(Failure) -> Statement {
    let sign = current
    guard target.isAssignable else {
      throw fail("'\(text(of: sign))' needs a variable or an element before it")
    }
    advance()
    let one = Expression(.number(1), at: sign.start)
    return Statement(.compound(targets: [target], operator: compound, values: [one]), at: sign.start)
  }

  private mutating func requireAssignable(_ target: Expression, _ first: Token) throws(Failure) {
    if target.isAssignable { return }
    report("cannot assign to this", at: first)
    throw Failure()
  }

  /// A statement that is only a value.
  private mutating func failNoStatement(_ first: Token, _ target: Expression) -> Failure {
    if current.kind == .invalid { return Failure() }
    var suggestion: String?
    if case .name(let name) = target.kind {
      suggestion = nearestName(to: name, among: Keyword.allCases.filter(\.beginsStatement).map(\.rawValue))
    }
    report("a value alone is no statement: assignment or call expected", at: first, suggestion: suggestion)
    return Failure()
  }

  /// `import "file.kp"`. The word is not reserved: `import` followed by anything but a string is a name.
  private mutating func importPath() -> Statement? {
    guard bytes(of: current).elementsEqual("import".utf8) else { return nil }
    let path = peekToken()
    guard path.kind == .string else { return nil }
    let position = current.start
    advance()
    advance()
    return Statement(.importFile(path: path.content), at: position)
  }
}

extension Expression {
  /// A variable or an element.
  fileprivate var isAssignable: Bool {
    switch kind {
    case .name(let name): name != Keyword.ffi.rawValue
    case .index: true
    default: false
    }
  }
}

extension Symbol {
  /// The operator in `+=`, `<<=`, ….
  fileprivate var compoundOperator: BinaryOperator? {
    switch self {
    case .assignAdd: .add
    case .assignSubtract: .subtract
    case .assignMultiply: .multiply
    case .assignDivide: .divide
    case .assignModulo: .modulo
    case .assignAnd: .bitAnd
    case .assignOr: .bitOr
    case .assignXor: .bitXor
    case .assignShiftLeft: .shiftLeft
    case .assignShiftRight: .shiftRight
    default: nil
    }
  }
}
