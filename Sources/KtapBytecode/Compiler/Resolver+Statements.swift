// Statements of the syntax tree into statements of the resolved tree.

import KtapLanguage

extension Resolver {
  func statement(_ statement: Statement) -> ResolvedStatement {
    ResolvedStatement(kind: kind(of: statement), position: statement.position)
  }

  private func kind(of statement: Statement) -> ResolvedStatement.Kind {
    let position = statement.position
    switch statement.kind {
    case .variables(let names, let values): return declaration(names, values)
    case .function(let name, let body): return functionDeclaration(name, body, at: position)
    case .assignment(let targets, let values): return assignment(targets, values)
    case .compound(let targets, let `operator`, let values): return compound(targets, `operator`, values, at: position)
    case .aggregate(let target, let value):
      _ = expression(target)
      _ = expression(value)
      return .unsupported("aggregates (<<<)")
    case .call(let call): return .effect(expression(call))
    case .conditional(let branches, let otherwise):
      return .conditional(
        branches.map { (condition: expression($0.condition), body: block($0.body)) },
        otherwise: otherwise.map { block($0) })
    case .whileLoop(let condition, let body):
      let condition = expression(condition)
      return .whileLoop(condition, loopBody(body))
    case .repeatLoop(let body, let until): return repeatLoop(body, until)
    case .numericFor(let variable, let from, let to, let step, let body):
      let from = expression(from)
      let to = expression(to)
      let step = step.map { expression($0) } ?? Node(.constant(.number(1)), at: position)
      let scope = openScope()
      let loopVariable = declare(variable)
      let resolved = loopBody(body)
      dropScope(scope)
      return .numericFor(loopVariable, from: from, to: to, step: step, resolved)
    case .classicFor(let initial, let condition, let step, let body):
      return classicFor(initial, condition, step, body)
    case .iteration(let names, let iterator, let body):
      if !(1...2).contains(names.count) { report("a loop over elements has one or two names", at: position) }
      let iterator = expression(iterator)
      let scope = openScope()
      let variables = names.map { declare($0) }
      let resolved = loopBody(body)
      dropScope(scope)
      return .iteration(variables, iterator, resolved)
    case .breakLoop:
      if frames[frames.count - 1].loops.isEmpty { report("'break' outside a loop", at: position, near: "break") }
      return .breakLoop
    case .continueLoop:
      if let loop = frames[frames.count - 1].loops.last {
        if loop.firstContinue == nil { loop.firstContinue = loop.statement }
      } else {
        report("'continue' outside a loop", at: position, near: "continue")
      }
      return .continueLoop
    case .returnValue(let value): return .returnValue(value.map { expression($0) })
    case .trace(let definition, let body): return trace(definition, body, at: position)
    case .traceEnd(let body): return handler(.traceEnd, text: "", name: "trace_end", body, at: position)
    case .timer(let definition, let body):
      switch definition.kind {
      case .tick: return handler(.tick, text: definition.text, name: "tick-\(definition.text)", body, at: position)
      case .profile:
        let name = "profile-\(definition.text)"
        _ = function(name: name, parameters: [], body: body, position: position, handles: .profile)
        return .unsupported(name)
      }
    case .importFile: return .unsupported("import")
    }
  }

  /// Ends a scope that declares nothing but a loop's variables.
  private func dropScope(_ scope: Scope) {
    scopes.removeLast()
    frames[frames.count - 1].activeLocals -= scope.localCount
  }

  // MARK: Declarations

  private func declaration(_ names: [DeclaredName], _ values: [Expression]) -> ResolvedStatement.Kind {
    var nodes: [Node] = []
    for (index, value) in values.enumerated() {
      if case .function(let body) = value.kind, index < names.count {
        nodes.append(closure(body, name: names[index].text, at: value.position, isBound: true))
      } else {
        nodes.append(expression(value))
      }
    }
    let variables = names.map { declare($0) }
    for (variable, node) in zip(variables, nodes) { bind(variable, to: node) }
    return .declare(variables, values: nodes)
  }

  /// Notes what a variable is initialised with.
  private func bind(_ variable: Variable, to node: Node) {
    switch node.kind {
    case .closure(let function):
      variable.function = function
      boundVariables.append(variable)
    case .table(_, let site), .makeTable(_, let site):
      site.name = variable.name
      variable.site = site
      tableVariables.append(variable)
    case .grouped(let inner): bind(variable, to: inner)
    default: break
    }
  }

  private func functionDeclaration(
    _ name: DeclaredName, _ body: FunctionBody, at position: SourcePosition
  ) -> ResolvedStatement.Kind {
    // The block's opening has made the variable.
    let variable = scopes[scopes.count - 1].pending[name.text]!.removeLast()
    makeVisible(variable)
    variable.function = function(
      name: name.text, parameters: body.parameters, body: body.body, position: position, handles: nil, itself: variable)
    return .function(variable)
  }

  // MARK: Assignments

  private func assignment(_ targets: [Expression], _ values: [Expression]) -> ResolvedStatement.Kind {
    let nodes = values.map { expression($0) }
    let resolved = targets.enumerated().compactMap { index, target in
      self.target(target) { variable, position in
        noteTableUse(
          variable, .store(isNumeric: index >= nodes.count || nodes[index].isNumericOrNil), at: position)
      }
    }
    return .assign(resolved, values: nodes)
  }

  private func compound(
    _ targets: [Expression], _ operator: BinaryOperator, _ values: [Expression], at position: SourcePosition
  ) -> ResolvedStatement.Kind {
    guard let operation = `operator`.arithmetic else {
      report("'\(`operator`.symbol)=' is not an assignment", at: position, near: `operator`.symbol)
      return .assign([], values: [])
    }
    let nodes = values.map { expression($0) }
    let resolved = targets.compactMap { target in
      self.target(target) { variable, position in
        noteTableUse(variable, operation == .add || operation == .subtract ? .add : .update, at: position)
      }
    }
    return .compound(resolved, operation, values: nodes)
  }

  /// `note` is called for an element of a table that a variable holds.
  private func target(_ target: Expression, note: (Variable, SourcePosition) -> Void) -> Target? {
    switch target.kind {
    case .name(let name):
      guard let variable = assignable(name, at: target.position) else { return nil }
      assign(variable, at: target.position)
      return .variable(variable, target.position)
    case .index(let base, let keys):
      let node = expression(target, use: .target)
      guard case .index(let table, let key) = node.kind else {
        if case .unsupported = node.kind {
          return .element(node, key: Node(.constant(.nilValue), at: target.position), target.position)
        }
        if case .name(let library) = base.kind, case .string(let member)? = keys.first?.kind {
          let name = "\(library).\(String(decoding: member, as: UTF8.self))"
          report("cannot assign to the builtin '\(name)'", about: name, at: target.position)
        }
        return nil
      }
      if case .variable(let variable) = table.kind { note(variable, target.position) }
      return .element(table, key: key, target.position)
    case .parenthesized(let inner): return self.target(inner, note: note)
    case .context(let item):
      report("cannot assign to '\(item.word)'", at: target.position, near: item.word)
    case .argument(let number):
      report("cannot assign to 'arg\(number)'", at: target.position, near: "arg\(number)")
    default:
      report("this expression cannot be assigned to", at: target.position)
    }
    return nil
  }

  private func assignable(_ name: String, at position: SourcePosition) -> Variable? {
    switch meaning(of: name) {
    case .variable(let variable): return variable
    case .builtin, .planned: report("cannot assign to the builtin '\(name)'", about: name, at: position)
    case .library: report("cannot assign to the library '\(name)'", about: name, at: position)
    case .arguments: report("cannot assign to 'arg'", about: name, at: position)
    case .nothing: reportUndeclared(name, at: position, isAssigned: true)
    }
    return nil
  }

  // MARK: Loops

  private func loopBody(_ body: Block) -> ResolvedBlock {
    let scope = openScope()
    frames[frames.count - 1].loops.append(scope)
    var resolved = statements(of: body, in: scope)
    frames[frames.count - 1].loops.removeLast()
    closeScope(&resolved)
    return resolved
  }

  private func repeatLoop(_ body: Block, _ until: Expression) -> ResolvedStatement.Kind {
    let scope = openScope()
    frames[frames.count - 1].loops.append(scope)
    var resolved = statements(of: body, in: scope)
    frames[frames.count - 1].loops.removeLast()
    scope.isInCondition = true
    let condition = expression(until)
    closeScope(&resolved)
    return .repeatLoop(resolved, until: condition)
  }

  private func classicFor(
    _ initial: Statement?, _ condition: Expression?, _ step: Statement?, _ body: Block
  ) -> ResolvedStatement.Kind {
    let scope = openScope()
    let initial = initial.flatMap { isSimple($0) ? self.initial($0) : nil }
    let condition = condition.map { expression($0) }
    let step = step.flatMap { isSimple($0) ? self.statement($0) : nil }
    let resolved = loopBody(body)
    dropScope(scope)
    return .classicFor(initial: initial, condition: condition, step: step, resolved)
  }

  /// It may stand in the head of a loop; reports it otherwise.
  private func isSimple(_ statement: Statement) -> Bool {
    switch statement.kind {
    case .variables, .assignment, .compound, .aggregate, .call: return true
    default:
      report("this statement cannot stand in the head of a loop", at: statement.position)
      return false
    }
  }

  /// An assignment to a name that nobody has declared declares it for the loop.
  private func initial(_ statement: Statement) -> ResolvedStatement {
    if case .assignment(let targets, let values) = statement.kind {
      let names = targets.compactMap { target -> DeclaredName? in
        guard case .name(let name) = target.kind, case .nothing = meaning(of: name) else { return nil }
        return DeclaredName(name, at: target.position)
      }
      if names.count == targets.count {
        return ResolvedStatement(kind: declaration(names, values), position: statement.position)
      }
    }
    return self.statement(statement)
  }

  // MARK: Handlers

  private func trace(
    _ definition: EventDefinition, _ body: Block, at position: SourcePosition
  ) -> ResolvedStatement.Kind {
    let unsupported = definition.patterns.lazy.compactMap(\.unsupportedName).first
    let name = "trace \(definition.text)"
    guard let unsupported else { return handler(.trace, text: definition.text, name: name, body, at: position) }
    _ = function(name: name, parameters: [], body: body, position: position, handles: .trace)
    return .unsupported(unsupported)
  }

  private func handler(
    _ kind: EventDeclaration.Kind, text: String, name: String, _ body: Block, at position: SourcePosition
  ) -> ResolvedStatement.Kind {
    let event = events.count
    events.append(EventDeclaration(kind: kind, text: text, line: position.line))
    return .handler(
      event: event, function(name: name, parameters: [], body: body, position: position, handles: kind))
  }
}

extension EventPattern {
  /// What this version says about a pattern that a later one will trace.
  fileprivate var unsupportedName: String? {
    switch self {
    case .tracepoint: nil
    case .kernelProbe(let function, _, _): "probe:\(function)"
    case .userProbe(let path, let location, _, _): "probe:\(path):\(location)"
    case .marker(let path, _, let name): "sdt:\(path):\(name)"
    case .functionTracer: "ftrace:function"
    }
  }
}
