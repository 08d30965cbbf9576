// Assignments. With several targets, tables and keys are evaluated first, then the right sides, then the targets are
// assigned from the last to the first. A table or key that is a variable which the same statement assigns is copied
// before (`i, t[i] = 2, 20` stores t[old i]); so is such a variable on a right side.

import KtapLanguage

extension FunctionGenerator {
  /// Where a target is, with its table and key evaluated.
  private enum Place {
    case register(Int)
    case cell(Int)
    case upvalue(Int)
    case element(Int, key: Operand)
  }

  func assign(_ targets: [Target], _ values: [Node]) {
    if targets.count == 1, values.count == 1 { return store(values[0], to: place(targets[0], []), targets[0].position) }
    let assigned = assignedRegisters(targets)
    let places = targets.map { place($0, assigned) }
    // The last right side needs no temporary if nothing is evaluated after it.
    let isEven = targets.count == values.count
    let operands = values.prefix(isEven ? targets.count - 1 : targets.count).map { frozen($0, assigned) }
    for value in values.dropFirst(targets.count) { effect(value) }
    for index in targets.indices.reversed() {
      if index < operands.count {
        store(operands[index], to: places[index], targets[index].position)
      } else {
        let value = index < values.count ? values[index] : Node(.constant(.nilValue), at: targets[index].position)
        store(value, to: places[index], targets[index].position)
      }
    }
  }

  func compound(_ targets: [Target], _ operation: Operation, _ values: [Node], at position: SourcePosition) {
    let assigned = targets.count == 1 ? [] : assignedRegisters(targets)
    let places = targets.map { place($0, assigned) }
    let operands = targets.indices.map { index in
      index < values.count
        ? (targets.count == 1 ? operand(values[index]) : frozen(values[index], assigned))
        : operand(Node(.constant(.nilValue), at: position))
    }
    for value in values.dropFirst(targets.count) { effect(value) }
    for (place, operand) in zip(places, operands) { update(place, operation, operand, at: position) }
  }

  private func update(_ place: Place, _ operation: Operation, _ operand: Operand, at position: SourcePosition) {
    switch place {
    case .register(let register): emit(operation, a: register, b: .register(register), c: operand, at: position)
    case .cell(let cell):
      withTemporaries {
        let temporary = reserve()
        emit(.cell, a: temporary, b: cell, c: Int(CellOperation.load.rawValue), at: position)
        emit(operation, a: temporary, b: .register(temporary), c: operand, at: position)
        store(.register(temporary), toCell: cell, at: position)
      }
    case .upvalue(let index):
      emit(.updateUpvalue, a: index, b: Int(operation.rawValue), c: operand, at: position)
    case .element(let table, let key):
      emit(.update, a: table, b: key, c: operand, at: position)
      emitOperator(operation, at: position)
    }
  }

  // MARK: Places

  private func assignedRegisters(_ targets: [Target]) -> Set<Int> {
    Set(
      targets.compactMap { target in
        guard case .variable(let variable, let position) = target else { return nil }
        return variableRegister(Node(.variable(variable), at: position))
      })
  }

  private func place(_ target: Target, _ assigned: Set<Int>) -> Place {
    switch target {
    case .variable(let variable, _):
      if variable.owner !== function { return .upvalue(upvalue(of: variable)) }
      return variable.isCell ? .cell(variable.register) : .register(variable.register)
    case .element(let table, let key, let position):
      let table = copy(.register(register(table)), ifIn: assigned, at: position)
      return .element(table.index, key: copy(operand(key), ifIn: assigned, at: position))
    }
  }

  /// An operand that assignments of this statement do not change.
  private func frozen(_ node: Node, _ assigned: Set<Int>) -> Operand {
    copy(operand(node), ifIn: assigned, at: node.position)
  }

  private func copy(_ operand: Operand, ifIn assigned: Set<Int>, at position: SourcePosition) -> Operand {
    guard case .register(let register) = operand, assigned.contains(register) else { return operand }
    let temporary = reserve()
    emit(.move, a: temporary, b: register, at: position)
    return .register(temporary)
  }

  // MARK: Stores

  private func store(_ node: Node, to place: Place, _ position: SourcePosition) {
    if case .register(let register) = place { return value(node, into: register) }
    withTemporaries { store(operand(node), to: place, position) }
  }

  private func store(_ operand: Operand, to place: Place, _ position: SourcePosition) {
    switch place {
    case .register(let register):
      switch operand {
      case .register(let source): if source != register { emit(.move, a: register, b: source, at: position) }
      case .constant(let index): loadConstant(index, into: register, at: position)
      }
    case .cell(let cell): store(operand, toCell: cell, at: position)
    case .upvalue(let index): emit(.setUpvalue, a: index, b: operand, at: position)
    case .element(let table, let key): emit(.setTable, a: table, b: key, c: operand, at: position)
    }
  }
}

extension Target {
  var position: SourcePosition {
    switch self {
    case .variable(_, let position), .element(_, _, let position): position
    }
  }
}
