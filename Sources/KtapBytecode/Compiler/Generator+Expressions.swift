// Expressions: values into registers, operands, calls, tables.

import KtapLanguage

extension FunctionGenerator {
  /// What an instruction can read: a variable's register, a constant, or a temporary that is `scratch` or reserved.
  func operand(_ node: Node, scratch: Int? = nil) -> Operand {
    let index: Int
    switch node.kind {
    case .constant(let constant): index = self.constant(constant)
    case .builtin(let name): index = constant(.builtin(builtin(name)))
    default: return .register(register(node, scratch: scratch))
    }
    return index < 256 ? .constant(index) : .register(register(node, scratch: scratch))
  }

  /// A register that holds the value.
  func register(_ node: Node, scratch: Int? = nil) -> Int {
    if let register = variableRegister(node) { return register }
    let register = scratch ?? reserve()
    value(node, into: register)
    return register
  }

  /// The register of a variable that lives in one.
  func variableRegister(_ node: Node) -> Int? {
    guard case .variable(let variable) = node.kind, variable.owner === function, !variable.isCell else { return nil }
    return variable.register
  }

  /// A register for intermediate results on the way to a destination: the destination where that may be written early.
  private func scratch(for destination: Int) -> Int? { isTemporary(destination) ? destination : nil }

  /// Leaves the value in the register.
  func value(_ node: Node, into register: Int) {
    let position = node.position
    switch node.kind {
    case .constant(let constant): load(constant, into: register, at: position)
    case .builtin(let name): load(.builtin(builtin(name)), into: register, at: position)
    case .variable(let variable): load(variable, into: register, at: position)
    case .context(let item): emit(.context, a: register, b: Int(item.rawValue), at: position)
    case .field(let selector): field(selector, into: register, at: position)
    case .index(let table, let key): index(table, key, into: register, at: position)
    case .call, .methodCall, .builtinCall, .makeTable, .unsupported: call(node, into: register)
    case .grouped(let inner): value(inner, into: register)
    case .unary(let `operator`, let inner): unary(`operator`, inner, into: register, at: position)
    case .arithmetic(let first, let steps): arithmetic(first, steps, into: register)
    case .comparison: comparison(node, into: register)
    case .logical: viaTemporary(node, into: register) { logical(node, into: $0) }
    case .concatenate(let operands): concatenate(operands, into: register, at: position)
    case .table(let items, let site): viaTemporary(node, into: register) { table(items, site, into: $0, at: position) }
    case .closure(let function): closure(function, into: register, at: position)
    }
  }

  /// Evaluates for the effect and for the errors.
  func effect(_ node: Node) {
    switch node.kind {
    case .constant, .builtin: break
    case .variable: break
    default: withTemporaries { value(node, into: reserve()) }
    }
  }

  // MARK: Constants and variables

  func load(_ constant: Constant, into register: Int, at position: SourcePosition) {
    if case .number(let number) = constant, let small = Int16(exactly: number) {
      emit(.loadInteger, a: register, wide: Int(small), at: position)
    } else {
      emit(.loadConstant, a: register, wide: self.constant(constant), at: position)
    }
  }

  private func load(_ variable: Variable, into register: Int, at position: SourcePosition) {
    if variable.owner !== function {
      emit(.getUpvalue, a: register, b: upvalue(of: variable), at: position)
    } else if variable.isCell {
      emit(.cell, a: register, b: variable.register, c: Int(CellOperation.load.rawValue), at: position)
    } else if variable.register != register {
      emit(.move, a: register, b: variable.register, at: position)
    }
  }

  /// Makes the variable's cell in its register.
  func createCell(_ variable: Variable, _ initial: Operand, at position: SourcePosition) {
    let operation: CellOperation = variable.isShared ? .createShared : .create
    emit(.cell, a: variable.register, b: initial, c: Int(operation.rawValue), at: position)
  }

  // MARK: Operators

  private func field(_ selector: Constant, into register: Int, at position: SourcePosition) {
    withTemporaries {
      let selector = operand(Node(.constant(selector), at: position), scratch: scratch(for: register))
      emit(.field, a: register, b: selector, at: position)
    }
  }

  private func index(_ table: Node, _ key: Node, into register: Int, at position: SourcePosition) {
    withTemporaries {
      let table = self.register(table, scratch: scratch(for: register))
      let key = operand(key)
      emit(.getTable, a: register, b: table, c: key, at: position)
    }
  }

  private func unary(
    _ operator: UnaryOperator, _ inner: Node, into register: Int, at position: SourcePosition
  ) {
    withTemporaries {
      let operand = operand(inner, scratch: scratch(for: register))
      emit(.unary, a: register, b: operand, c: Int(`operator`.rawValue), at: position)
    }
  }

  private func arithmetic(_ first: Node, _ steps: [ArithmeticStep], into register: Int) {
    withTemporaries {
      var intermediate = scratch(for: register)
      var left = operand(first, scratch: intermediate)
      for (index, step) in steps.enumerated() {
        let isLast = index == steps.count - 1
        if !isLast, intermediate == nil {
          // The first operand's temporary can be written over.
          if case .register(let temporary) = left, isTemporary(temporary) {
            intermediate = temporary
          } else {
            intermediate = reserve()
          }
        }
        let result = isLast ? register : intermediate!
        withTemporaries {
          let right = operand(step.operand)
          emit(step.operation, a: result, b: left, c: right, at: step.position)
        }
        left = .register(result)
      }
    }
  }

  private func concatenate(_ operands: [Node], into register: Int, at position: SourcePosition) {
    withTemporaries {
      let base = isTop(register) ? register : reserve()
      for (index, operand) in operands.enumerated() { value(operand, into: index == 0 ? base : reserve()) }
      emit(.concatenate, a: register, b: base, c: operands.count, at: position)
    }
  }

  // MARK: Tables

  private func table(
    _ items: [ResolvedItem], _ site: TableSiteNode, into register: Int, at position: SourcePosition
  ) {
    emit(.newTable, a: register, wide: site.index, at: position)
    for item in items {
      withTemporaries {
        let key = operand(item.key)
        let value = operand(item.value)
        emit(.setTable, a: register, b: key, c: value, at: item.value.position)
      }
    }
  }

  /// Runs `body` with a register that it may write at any time: the destination, unless that is a variable's which
  /// the expression reads.
  private func viaTemporary(_ node: Node, into register: Int, _ body: (Int) -> Void) {
    if isTemporary(register) || !mentions(node, register) { return body(register) }
    withTemporaries {
      let temporary = reserve()
      body(temporary)
      emit(.move, a: register, b: temporary, at: node.position)
    }
  }

  /// The expression reads the variable in the register.
  private func mentions(_ node: Node, _ register: Int) -> Bool {
    func any(_ nodes: [Node]) -> Bool { nodes.contains { mentions($0, register) } }
    switch node.kind {
    case .variable: return variableRegister(node) == register
    case .constant, .builtin, .context, .field, .closure, .unsupported: return false
    case .index(let table, let key): return mentions(table, register) || mentions(key, register)
    case .call(let function, let arguments): return mentions(function, register) || any(arguments)
    case .methodCall(let object, _, let arguments): return mentions(object, register) || any(arguments)
    case .builtinCall(_, let arguments), .makeTable(let arguments, _): return any(arguments)
    case .unary(_, let inner), .grouped(let inner): return mentions(inner, register)
    case .arithmetic(let first, let steps): return mentions(first, register) || any(steps.map(\.operand))
    case .comparison(_, let left, let right): return mentions(left, register) || mentions(right, register)
    case .logical(_, let operands), .concatenate(let operands): return any(operands)
    case .table(let items, _): return items.contains { mentions($0.key, register) || mentions($0.value, register) }
    }
  }

  // MARK: Calls

  /// It is the uppermost register, and a temporary.
  private func isTop(_ register: Int) -> Bool { isTemporary(register) && register == freeRegister - 1 }

  /// Calls happen at the top of the registers: at the destination, if it is there.
  private func call(_ node: Node, into register: Int) {
    withTemporaries {
      let base = isTop(register) ? register : reserve()
      let position = node.position
      switch node.kind {
      case .call, .methodCall:
        let count = prepareCall(node, at: base)
        emit(.call, a: base, b: count, at: position)
      case .builtinCall(let name, let arguments): callBuiltin(name, arguments, at: base, position)
      case .makeTable(let arguments, let site): makeTable(arguments, site, at: base, position)
      case .unsupported(let text): callUnsupported(text, at: base, position)
      default: break
      }
      if base != register { emit(.move, a: register, b: base, at: position) }
    }
  }

  /// Puts function and arguments into registers from `base` on; the number of arguments.
  func prepareCall(_ node: Node, at base: Int) -> Int {
    switch node.kind {
    case .call(let function, let arguments):
      value(function, into: base)
      for argument in arguments { value(argument, into: reserve()) }
      return arguments.count
    case .methodCall(let object, let name, let arguments):
      let receiver = reserve()
      value(object, into: receiver)
      withTemporaries {
        let key = operand(Node(.constant(.string(Array(name.utf8))), at: node.position), scratch: base)
        emit(.getTable, a: base, b: receiver, c: key, at: node.position)
      }
      for argument in arguments { value(argument, into: reserve()) }
      return arguments.count + 1
    default: return 0
    }
  }

  private func callBuiltin(_ name: String, _ arguments: [Node], at base: Int, _ position: SourcePosition) {
    for (index, argument) in arguments.enumerated() { value(argument, into: index == 0 ? base : reserve()) }
    emit(.builtin, a: base, b: arguments.count, c: builtin(name), at: position)
  }

  private func makeTable(_ arguments: [Node], _ site: TableSiteNode, at base: Int, _ position: SourcePosition) {
    withTemporaries { callBuiltin("table.new", arguments, at: base, position) }
    withTemporaries {
      let copy = reserve()
      emit(.move, a: copy, b: base, at: position)
      load(.number(Int64(site.index)), into: reserve(), at: position)
      emit(.builtin, a: copy, b: 2, c: builtin(BuiltinCatalogue.Internal.site), at: position)
    }
  }

  func callUnsupported(_ text: String, at base: Int, _ position: SourcePosition) {
    load(.string(Array(text.utf8)), into: base, at: position)
    emit(.builtin, a: base, b: 1, c: builtin(BuiltinCatalogue.Internal.unsupported), at: position)
  }
}
