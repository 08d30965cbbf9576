// Names for what an instruction reads, so that an error can say whose value was wrong.
//
// A register is named by the variable that lives in it; a temporary by the instruction that has last written it, as
// Lua does: found by walking the code from its start, and given up where a jump makes it uncertain which of several
// instructions that was.

extension Function {
  /// What an operand of the instruction at `pc` is: `variable 'x'`, `captured variable 'x'`, `field 'x'`,
  /// `constant "x"`; nil if it has no name.
  public func describeRegister(_ register: Int, at pc: Int) -> String? {
    var register = register
    var pc = pc
    // A MOVE leads to the register that it was copied from, at an earlier pc.
    while true {
      if let local = variable(in: register, at: pc) { return "variable '\(local)'" }
      guard let writer = lastWriter(of: register, before: pc) else { return nil }
      let instruction = Instruction(word: code[writer])
      guard instruction.operation == .move else { return describeResult(of: instruction, at: writer) }
      register = instruction.b
      pc = writer
    }
  }

  /// What an operand is that is a register or a constant.
  public func describeOperand(_ index: Int, isConstant: Bool, at pc: Int) -> String? {
    isConstant ? describeConstant(index) : describeRegister(index, at: pc)
  }

  public func describeConstant(_ index: Int) -> String? {
    guard constants.indices.contains(index) else { return nil }
    switch constants[index] {
    case .string(let bytes): return "constant \(quoted(bytes))"
    case .number(let number): return "constant \(number)"
    case .nilValue, .boolean, .builtin: return nil
    }
  }

  public func describeUpvalue(_ index: Int) -> String? {
    upvalues.indices.contains(index) ? "captured variable '\(upvalues[index].name)'" : nil
  }

  /// The element that the GETTABLE, SETTABLE or UPDATE at `pc` reads or writes, if its key is a string constant.
  public func describeElement(at pc: Int) -> String? {
    guard code.indices.contains(pc) else { return nil }
    let instruction = Instruction(word: code[pc])
    switch instruction.operation {
    case .getTable: return instruction.isConstantC ? describeField(instruction.c) : nil
    case .setTable, .update: return instruction.isConstantB ? describeField(instruction.b) : nil
    default: return nil
    }
  }

  private func describeField(_ constant: Int) -> String? {
    guard constants.indices.contains(constant), case .string(let bytes) = constants[constant] else { return nil }
    return "field '\(String(quoted(bytes).dropFirst().dropLast()))'"
  }

  private func variable(in register: Int, at pc: Int) -> String? {
    // The innermost declaration comes last.
    locals.last { $0.register == register && $0.start <= pc && pc < $0.end }?.name
  }

  private func describeResult(of instruction: Instruction, at pc: Int) -> String? {
    switch instruction.operation {
    case .getUpvalue: return describeUpvalue(instruction.b)
    case .getTable: return describeElement(at: pc)
    case .loadInteger: return "constant \(instruction.signedWide)"
    case .loadConstant: return describeConstant(instruction.wide)
    case .cell:
      let isLoad = instruction.c == Int(CellOperation.load.rawValue)
      return isLoad ? variable(in: instruction.b, at: pc).map { "variable '\($0)'" } : nil
    case .field:
      guard instruction.isConstantB, constants.indices.contains(instruction.b) else { return nil }
      switch constants[instruction.b] {
      case .number(let number): return "'arg\(number)'"
      case .string(let name): return "event field '\(String(quoted(name).dropFirst().dropLast()))'"
      default: return nil
      }
    default: return nil
    }
  }

  /// The instruction before `end` that has set the register, if it is certain which one.
  private func lastWriter(of register: Int, before end: Int) -> Int? {
    var writer: Int?
    /// Up to here the code may have been jumped over.
    var certainFrom = 0
    var pc = 0
    while pc < min(end, code.count) {
      let instruction = Instruction(word: code[pc])
      guard let operation = instruction.operation else { return nil }
      if operation == .jump {
        let target = pc + 1 + instruction.jumpDistance
        if target <= end { certainFrom = max(certainFrom, target) }
      }
      if writes(instruction, operation, register) { writer = pc < certainFrom ? nil : pc }
      pc += operation == .update ? 2 : 1
    }
    return writer
  }

  private func writes(_ instruction: Instruction, _ operation: Operation, _ register: Int) -> Bool {
    let a = instruction.a
    switch operation {
    case .cell: return a == register && instruction.c != Int(CellOperation.store.rawValue)
    case .call: return register >= a
    case .builtin: return a == register
    case .forPrepare, .forLoop: return register == a || register == a + 3
    case .iterate: return register == a + 1 || register == a + 2
    default: return operation.description.a == .result && a == register
    }
  }
}
