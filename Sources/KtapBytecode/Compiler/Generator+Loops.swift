// Loops. Every iteration is counted once, by the LOOP, FORLOOP or ITERATE that starts it; the first one of a `repeat`
// or of an endless loop by a LOOP to the next instruction, that of a numeric loop by FORPREP.

import KtapLanguage

extension FunctionGenerator {
  /// Runs the code of a loop; `continue` and `break` lead to where the closures put them.
  private func inLoop(_ body: () -> Void, atContinue: () -> Void) {
    loops.append(Loop())
    body()
    land(loops[loops.count - 1].continues)
    atContinue()
    land(loops.removeLast().breaks)
  }

  func whileLoop(_ condition: Node, _ body: ResolvedBlock, at position: SourcePosition) {
    if let constant = condition.constant, !Folding.isTrue(constant) { return }
    let entry = enter(condition, at: position)
    let start = here
    inLoop {
      block(body)
    } atContinue: {
      land(entry)
      back(to: start, while: condition, at: position)
    }
  }

  /// The way into a loop whose condition stands at its end.
  private func enter(_ condition: Node?, at position: SourcePosition) -> JumpList {
    var entry = JumpList()
    if isEndless(condition) { loop(to: here + 1, at: position) } else { jump(&entry, at: position) }
    return entry
  }

  private func isEndless(_ condition: Node?) -> Bool { condition.map { $0.constant != nil } ?? true }

  /// The end of a loop.
  private func back(to start: Int, while condition: Node?, at position: SourcePosition) {
    guard let condition, !isEndless(condition) else { return loop(to: start, at: position) }
    var unused = JumpList()
    self.condition(condition, jumpIf: true, &unused, backTo: start)
    freeRegister = activeRegisters
  }

  func repeatLoop(_ body: ResolvedBlock, _ until: Node, at position: SourcePosition) {
    loop(to: here + 1, at: position)
    let start = here
    loops.append(Loop())
    block(body) {
      land(loops[loops.count - 1].continues)
      var unused = JumpList()
      self.condition(until, jumpIf: false, &unused, backTo: start)
    }
    land(loops.removeLast().breaks)
  }

  func numericFor(_ variable: Variable, _ bounds: [Node], _ body: ResolvedBlock, at position: SourcePosition) {
    let registers = activeRegisters
    let names = visibleCount
    let base = freeRegister
    for bound in bounds { value(bound, into: reserve()) }
    let prepare = here
    emit(.forPrepare, a: base, wide: 0, at: position)
    variable.register = reserve()
    for _ in 0..<3 { holdRegister() }
    let start = here
    openLoopVariable(variable)
    inLoop {
      block(body)
    } atContinue: {
      self.position = position
      loop(.forLoop, a: base, to: start, at: position)
      landForPrepare(prepare)
    }
    close(registers: registers, names: names)
  }

  /// The loop has just set the variable; where closures share it, it gets a cell of its own in every iteration.
  private func openLoopVariable(_ variable: Variable) {
    if variable.isCell { createCell(variable, .register(variable.register), at: variable.position) }
    activate(variable)
  }

  func iteration(_ variables: [Variable], _ iterator: Node, _ body: ResolvedBlock, at position: SourcePosition) {
    let registers = activeRegisters
    let names = visibleCount
    let base = reserve()
    value(iterator, into: base)
    holdRegister()
    let key = reserve()
    _ = reserve()
    var entry = JumpList()
    jump(&entry, at: position)
    let start = here
    for (index, variable) in variables.enumerated() {
      variable.register = key + index
      openLoopVariable(variable)
    }
    if variables.count == 1 { holdRegister() }
    inLoop {
      block(body)
    } atContinue: {
      self.position = position
      land(entry)
      loop(.iterate, a: base, to: start, at: iterator.position)
    }
    close(registers: registers, names: names)
  }

  func classicFor(
    _ initial: ResolvedStatement?, _ condition: Node?, _ step: ResolvedStatement?, _ body: ResolvedBlock,
    at position: SourcePosition
  ) {
    let registers = activeRegisters
    let names = visibleCount
    var variables: [Variable] = []
    if let initial {
      statement(initial)
      if case .declare(let declared, _) = initial.kind { variables = declared }
    }
    if condition?.constant.map(Folding.isTrue) != false {
      let entry = enter(condition, at: position)
      let start = here
      inLoop {
        block(body)
      } atContinue: {
        for variable in variables where variable.isCell { renewCell(variable, at: position) }
        if let step { statement(step) }
        land(entry)
        back(to: start, while: condition, at: condition?.position ?? position)
      }
    }
    close(registers: registers, names: names)
  }

  /// The next iteration gets a cell of its own, which starts with what this one's holds.
  private func renewCell(_ variable: Variable, at position: SourcePosition) {
    withTemporaries {
      let temporary = reserve()
      emit(.cell, a: temporary, b: variable.register, c: Int(CellOperation.load.rawValue), at: position)
      createCell(variable, .register(temporary), at: position)
    }
  }
}
