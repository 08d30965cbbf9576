// Conditions as jumps, and the values of comparisons and of `&&` and `||`.

import KtapLanguage

extension FunctionGenerator {
  /// Jumps if the expression's truth is `wanted`, and falls through otherwise. The jump goes back to `start` as a LOOP
  /// where that is given, and joins the list otherwise.
  func condition(_ node: Node, jumpIf wanted: Bool, _ list: inout JumpList, backTo start: Int? = nil) {
    switch node.kind {
    case .constant(let constant):
      if Folding.isTrue(constant) == wanted { leave(&list, backTo: start, at: node.position) }
    case .logical(let isAnd, let operands):
      if isAnd != wanted {
        // Any operand can decide.
        for operand in operands { condition(operand, jumpIf: wanted, &list, backTo: start) }
      } else {
        var skip = JumpList()
        for operand in operands.dropLast() { condition(operand, jumpIf: !wanted, &skip) }
        condition(operands[operands.count - 1], jumpIf: wanted, &list, backTo: start)
        land(skip)
      }
    case .unary(.not, let inner): condition(inner, jumpIf: !wanted, &list, backTo: start)
    case .grouped(let inner): condition(inner, jumpIf: wanted, &list, backTo: start)
    case .comparison(let comparison, let left, let right):
      compare(comparison, left, right, jumpIf: wanted, at: node.position)
      leave(&list, backTo: start, at: node.position)
    default:
      withTemporaries { emit(.test, a: wanted ? 0 : 1, b: register(node), at: node.position) }
      leave(&list, backTo: start, at: node.position)
    }
  }

  private func leave(_ list: inout JumpList, backTo start: Int?, at position: SourcePosition) {
    if let start { loop(to: start, at: position) } else { jump(&list, at: position) }
  }

  /// The test of a comparison; the jump that is taken if its result is `wanted` must follow.
  private func compare(
    _ comparison: Comparison, _ left: Node, _ right: Node, jumpIf wanted: Bool, at position: SourcePosition
  ) {
    withTemporaries {
      let left = operand(left)
      let right = operand(right)
      compare(comparison, left, right, jumpIf: wanted, at: position)
    }
  }

  private func compare(
    _ comparison: Comparison, _ left: Operand, _ right: Operand, jumpIf wanted: Bool, at position: SourcePosition
  ) {
    let (first, second) = comparison.isSwapped ? (right, left) : (left, right)
    emit(
      comparison.operation, a: wanted != comparison.isNegated ? 0 : 1, b: first, c: second, at: position)
  }

  // MARK: Values

  /// true or false into the register.
  func comparison(_ node: Node, into register: Int) {
    guard case .comparison(let comparison, let left, let right) = node.kind else { return }
    let position = node.position
    withTemporaries {
      let left = operand(left)
      let right = operand(right)
      var isTrue = JumpList()
      if reads(left, register) || reads(right, register) {
        compare(comparison, left, right, jumpIf: true, at: position)
        jump(&isTrue, at: position)
        var end = JumpList()
        load(.boolean(false), into: register, at: position)
        jump(&end, at: position)
        land(isTrue)
        load(.boolean(true), into: register, at: position)
        land(end)
      } else {
        load(.boolean(true), into: register, at: position)
        compare(comparison, left, right, jumpIf: true, at: position)
        jump(&isTrue, at: position)
        load(.boolean(false), into: register, at: position)
        land(isTrue)
      }
    }
  }

  private func reads(_ operand: Operand, _ register: Int) -> Bool {
    if case .register(register) = operand { return true }
    return false
  }

  /// Ways out of the middle of an `&&` or `||`.
  private struct Exits {
    /// The value is in its register.
    var done = JumpList()
    /// The value is true, or false, and has still to be loaded.
    var isTrue = JumpList()
    var isFalse = JumpList()
  }

  /// The value of an `&&` or `||`; the register is written before all operands have been read.
  func logical(_ node: Node, into register: Int) {
    var exits = Exits()
    var last = node
    while case .logical(let isAnd, let operands) = last.kind {
      for operand in operands.dropLast() { decide(operand, stopIf: !isAnd, into: register, &exits) }
      last = operands[operands.count - 1]
    }
    if case .comparison = last.kind {
      condition(last, jumpIf: false, &exits.isFalse)
      land(exits.isTrue)
      load(.boolean(true), into: register, at: last.position)
      finish(&exits, into: register, at: last.position)
      return
    }
    value(last, into: register)
    if !exits.isTrue.jumps.isEmpty {
      jump(&exits.done, at: last.position)
      land(exits.isTrue)
      load(.boolean(true), into: register, at: last.position)
    }
    finish(&exits, into: register, at: last.position)
  }

  private func finish(_ exits: inout Exits, into register: Int, at position: SourcePosition) {
    if !exits.isFalse.jumps.isEmpty {
      jump(&exits.done, at: position)
      land(exits.isFalse)
      load(.boolean(false), into: register, at: position)
    }
    land(exits.done)
  }

  /// Leaves with the operand's value if its truth is `stop`, and falls through otherwise.
  private func decide(_ node: Node, stopIf stop: Bool, into register: Int, _ exits: inout Exits) {
    switch node.kind {
    case .comparison, .unary(.not, _):
      if stop {
        condition(node, jumpIf: true, &exits.isTrue)
      } else {
        condition(node, jumpIf: false, &exits.isFalse)
      }
    case .logical(let isAnd, let operands):
      if isAnd != stop {
        for operand in operands { decide(operand, stopIf: stop, into: register, &exits) }
      } else {
        var goOn = JumpList()
        for operand in operands.dropLast() { condition(operand, jumpIf: !stop, &goOn) }
        decide(operands[operands.count - 1], stopIf: stop, into: register, &exits)
        land(goOn)
      }
    default:
      value(node, into: register)
      emit(.test, a: stop ? 0 : 1, b: register, at: node.position)
      jump(&exits.done, at: node.position)
    }
  }
}
