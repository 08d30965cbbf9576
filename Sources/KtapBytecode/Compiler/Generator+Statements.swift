// Statements: blocks, declarations, hoisting, branches, returns, handlers.

import KtapLanguage

extension FunctionGenerator {
  /// A block; its variables end with it.
  func block(_ block: ResolvedBlock, beforeEnd: () -> Void = {}) {
    let registers = activeRegisters
    let names = visibleCount
    for (index, statement) in block.statements.enumerated() {
      if let point = block.hoists[index] { hoist(point, at: statement.position) }
      self.statement(statement)
    }
    beforeEnd()
    close(registers: registers, names: names)
  }

  func close(registers: Int, names: Int) {
    closeNames(from: names)
    activeRegisters = registers
    freeRegister = registers
  }

  func statement(_ statement: ResolvedStatement) {
    position = statement.position
    let position = statement.position
    switch statement.kind {
    case .declare(let variables, let values): declare(variables, values)
    case .function(let variable): if variable.hoistedAt == nil { makeFunction(variable) }
    case .assign(let targets, let values): assign(targets, values)
    case .compound(let targets, let operation, let values): compound(targets, operation, values, at: position)
    case .effect(let node): effect(node)
    case .conditional(let branches, let otherwise): conditional(branches, otherwise, at: position)
    case .whileLoop(let condition, let body): whileLoop(condition, body, at: position)
    case .repeatLoop(let body, let until): repeatLoop(body, until, at: position)
    case .numericFor(let variable, let from, let to, let step, let body):
      numericFor(variable, [from, to, step], body, at: position)
    case .classicFor(let initial, let condition, let step, let body):
      classicFor(initial, condition, step, body, at: position)
    case .iteration(let variables, let iterator, let body): iteration(variables, iterator, body, at: position)
    case .breakLoop: jump(&loops[loops.count - 1].breaks, at: position)
    case .continueLoop: jump(&loops[loops.count - 1].continues, at: position)
    case .returnValue(let value): returnValue(value, at: position)
    case .handler(let event, let function): handler(event, function, at: position)
    case .unsupported(let text): withTemporaries { callUnsupported(text, at: reserve(), position) }
    }
    freeRegister = activeRegisters
  }

  // MARK: Declarations

  private func declare(_ variables: [Variable], _ values: [Node]) {
    for (index, variable) in variables.enumerated() {
      let value = index < values.count ? values[index] : Node(.constant(.nilValue), at: variable.position)
      if variable.earlyAt != nil {
        initialise(variable, value)
      } else {
        let register = reserve()
        variable.register = register
        if variable.isCell {
          withTemporaries { createCell(variable, operand(value, scratch: register), at: variable.position) }
        } else {
          self.value(value, into: register)
        }
      }
    }
    for value in values.dropFirst(variables.count) { effect(value) }
    for variable in variables {
      if variable.earlyAt == nil { holdRegister() }
      nameRegister(of: variable)
    }
  }

  /// The declaration of a variable that was made earlier.
  private func initialise(_ variable: Variable, _ value: Node) {
    withTemporaries {
      if variable.isCell {
        store(operand(value), toCell: variable.register, at: variable.position)
      } else {
        self.value(value, into: variable.register)
      }
    }
  }

  func store(_ operand: Operand, toCell register: Int, at position: SourcePosition) {
    emit(.cell, a: register, b: operand, c: Int(CellOperation.store.rawValue), at: position)
  }

  /// Makes what has to be there before its text.
  private func hoist(_ point: HoistPoint, at position: SourcePosition) {
    for variable in point.variables {
      variable.register = reserve()
      if variable.isCell {
        createCell(
          variable, operand(Node(.constant(.nilValue), at: position), scratch: variable.register), at: position)
      } else {
        load(.nilValue, into: variable.register, at: position)
      }
      holdRegister()
    }
    for variable in point.functions { makeFunction(variable) }
  }

  private func makeFunction(_ variable: Variable) {
    guard let function = variable.function else { return }
    let position = function.position
    if variable.earlyAt == nil {
      variable.register = reserve()
      guard variable.isCell else {
        closure(function, into: variable.register, at: position)
        return activate(variable)
      }
      // The cell comes first, because the function may capture it.
      createCell(variable, operand(Node(.constant(.nilValue), at: position), scratch: variable.register), at: position)
      holdRegister()
    }
    nameRegister(of: variable)
    withTemporaries {
      let temporary = reserve()
      closure(function, into: temporary, at: position)
      store(.register(temporary), toCell: variable.register, at: position)
    }
  }

  // MARK: Branches and returns

  private func conditional(
    _ branches: [(condition: Node, body: ResolvedBlock)], _ otherwise: ResolvedBlock?, at position: SourcePosition
  ) {
    if branches.count == 1, otherwise == nil, leaveIf(branches[0].condition, branches[0].body) { return }
    var end = JumpList()
    for (index, branch) in branches.enumerated() {
      if let constant = branch.condition.constant, !Folding.isTrue(constant) { continue }
      var next = JumpList()
      condition(branch.condition, jumpIf: false, &next)
      freeRegister = activeRegisters
      block(branch.body)
      let isAlways = branch.condition.constant != nil
      if !isAlways, index < branches.count - 1 || otherwise != nil, !branch.body.endsInJump {
        jump(&end, at: branch.body.end)
      }
      land(next)
      if isAlways { return land(end) }
    }
    if let otherwise { block(otherwise) }
    land(end)
  }

  /// `if (e) break` and `if (e) continue` are one jump; false if it is another statement.
  private func leaveIf(_ condition: Node, _ body: ResolvedBlock) -> Bool {
    guard body.statements.count == 1 else { return false }
    switch body.statements[0].kind {
    case .breakLoop: self.condition(condition, jumpIf: true, &loops[loops.count - 1].breaks)
    case .continueLoop: self.condition(condition, jumpIf: true, &loops[loops.count - 1].continues)
    default: return false
    }
    return true
  }

  private func returnValue(_ value: Node?, at position: SourcePosition) {
    switch value?.kind {
    case .call, .methodCall:
      let base = reserve()
      let count = prepareCall(value!, at: base)
      emit(.tailCall, a: base, b: count, at: value!.position)
    default:
      let value = operand(value ?? Node(.constant(.nilValue), at: position))
      emit(.returnValue, b: value, at: position)
    }
  }

  // MARK: Handlers

  private func handler(_ event: Int, _ function: FunctionNode, at position: SourcePosition) {
    let base = reserve()
    load(.number(Int64(event)), into: base, at: position)
    closure(function, into: reserve(), at: position)
    emit(.builtin, a: base, b: 2, c: builtin(BuiltinCatalogue.Internal.attach), at: position)
  }
}

extension ResolvedBlock {
  /// What comes behind it is not reached through it.
  var endsInJump: Bool {
    switch statements.last?.kind {
    case .breakLoop, .continueLoop, .returnValue: true
    default: false
    }
  }
}
