// One function: its parts, and each instruction by itself. What depends on paths is in `CellFlow`.

import KtapLanguage

struct FunctionVerifier {
  let program: Program
  let function: Function
  let index: Int
  /// Which words instructions start at, and which words are the jump of a test.
  private(set) var starts: [Bool]
  private var testJumps: [Bool]

  /// The longest code, so that jumps reach everywhere.
  static let codeLimit = 1 << 23

  init(program: Program, index: Int) {
    self.program = program
    self.index = index
    function = program.functions[index]
    starts = Array(repeating: false, count: function.code.count)
    testJumps = starts
  }

  mutating func verify() throws(VerificationError) {
    try verifyParts()
    try markStarts()
    for pc in starts.indices where starts[pc] {
      try verifyOperands(at: pc)
      try verifyJumps(at: pc)
    }
    var flow = CellFlow(verifier: self)
    try flow.verify()
  }

  func refuse(_ reason: String, at pc: Int? = nil) -> VerificationError {
    VerificationError(
      function: index, functionName: function.name, pc: pc,
      instruction: pc.map { program.listed(function: index, pc: $0) } ?? "", reason: reason)
  }

  // MARK: The parts of a function

  private func verifyParts() throws(VerificationError) {
    guard (0...Instruction.registerLimit).contains(function.frameSize) else {
      throw refuse("a frame of \(function.frameSize) registers")
    }
    guard (0...function.frameSize).contains(function.parameterCount) else {
      throw refuse("\(function.parameterCount) parameters in \(function.frameSize) registers")
    }
    guard function.upvalues.count <= CompilerLimit.captures else { throw refuse("too many captured variables") }
    guard function.constants.count <= CompilerLimit.constants else { throw refuse("too many constants") }
    guard function.nested.count <= CompilerLimit.nestedFunctions else { throw refuse("too many functions") }
    guard !function.code.isEmpty else { throw refuse("there is no code") }
    guard function.code.count <= Self.codeLimit else { throw refuse("the code is too long") }
    guard function.positions.count == function.code.count else {
      throw refuse("\(function.code.count) words of code have \(function.positions.count) positions")
    }
    for (number, constant) in function.constants.enumerated() {
      switch constant {
      case .builtin(let builtin) where !program.builtins.indices.contains(builtin):
        throw refuse("constant \(number) names builtin \(builtin), which does not exist")
      case .string(let bytes) where bytes.count > stringLengthLimit:
        throw refuse("constant \(number) is a string of \(bytes.count) bytes")
      default: break
      }
    }
    for child in function.nested where child <= index || child >= program.functions.count {
      throw refuse("function \(child) cannot be nested in function \(index)")
    }
    for local in function.locals {
      guard (0..<max(function.frameSize, 1)).contains(local.register), local.start >= 0, local.start <= local.end,
        local.end <= function.code.count
      else { throw refuse("the name '\(local.name)' has an impossible place") }
    }
    try verifyUpvalues()
  }

  /// Sources that do not depend on where the closure is made.
  private func verifyUpvalues() throws(VerificationError) {
    for (number, upvalue) in function.upvalues.enumerated() where upvalue.source == .itself && upvalue.isCell {
      throw refuse("captured variable \(number) is the function itself and cannot be a cell")
    }
    for child in function.nested {
      for (number, upvalue) in program.functions[child].upvalues.enumerated() {
        let what = "captured variable \(number) of function \(child)"
        switch upvalue.source {
        case .register(let register):
          guard (0..<function.frameSize).contains(register) else {
            throw refuse("\(what) is in r\(register) of \(function.frameSize) registers")
          }
        case .upvalue(let outer):
          guard function.upvalues.indices.contains(outer) else {
            throw refuse("\(what) is u\(outer), which does not exist")
          }
          guard function.upvalues[outer].isCell == upvalue.isCell else {
            throw refuse("\(what) and u\(outer) do not agree about being a cell")
          }
        case .itself: break
        }
      }
    }
  }

  private mutating func markStarts() throws(VerificationError) {
    var pc = 0
    while pc < function.code.count {
      starts[pc] = true
      let word = Instruction(word: function.code[pc])
      guard let operation = word.operation else { throw refuse("there is no such instruction", at: pc) }
      if operation.isTest {
        guard pc + 1 < function.code.count,
          let next = Instruction(word: function.code[pc + 1]).operation, next == .jump || next == .loop
        else { throw refuse("a test must be followed by a jump", at: pc) }
        testJumps[pc + 1] = true
      }
      if operation == .update {
        guard pc + 1 < function.code.count, let next = Instruction(word: function.code[pc + 1]).operation,
          next.isArithmetic, function.code[pc + 1] == UInt32(next.rawValue)
        else { throw refuse("the next word must name an arithmetic operator and nothing else", at: pc) }
        pc += 1
      }
      pc += 1
    }
  }

  // MARK: Operands

  private func verifyOperands(at pc: Int) throws(VerificationError) {
    let instruction = Instruction(word: function.code[pc])
    let row = instruction.operation!.description
    if row.format != .sj { try verify(row.a, instruction.a, isConstant: false, at: pc) }
    var constantB = false
    var constantC = false
    switch row.format {
    case .abc:
      constantB = row.b == .registerOrConstant && instruction.isConstantB
      constantC = row.c == .registerOrConstant && instruction.isConstantC
      try verify(row.b, instruction.b, isConstant: constantB, at: pc)
      try verify(row.c, instruction.c, isConstant: constantC, at: pc)
    case .abx: try verify(row.b, instruction.wide, isConstant: false, at: pc)
    case .asbx, .sj: break
    }
    guard instruction.isConstantB == constantB, instruction.isConstantC == constantC else {
      throw refuse("a flag is set for an operand that cannot be a constant", at: pc)
    }
    if row.operation == .field, constantB {
      switch function.constants[instruction.b] {
      case .number, .string: break
      default: throw refuse("a field is selected by a number or a name", at: pc)
      }
    }
    try verifyMode(instruction, at: pc)
    try verifyExtent(instruction, at: pc)
  }

  private func verify(_ kind: OperandKind, _ value: Int, isConstant: Bool, at pc: Int) throws(VerificationError) {
    func check(_ count: Int, _ what: String) throws(VerificationError) {
      guard value < count else { throw refuse("\(what) \(value) of \(count)", at: pc) }
    }
    switch kind {
    case .unused: guard value == 0 else { throw refuse("an unused operand is \(value)", at: pc) }
    case .registerOrConstant where isConstant: try check(function.constants.count, "constant")
    case .result, .register, .registerOrConstant: try check(function.frameSize, "register")
    case .constant: try check(function.constants.count, "constant")
    case .upvalue: try check(function.upvalues.count, "captured variable")
    case .function: try check(function.nested.count, "nested function")
    case .builtin: try check(program.builtins.count, "builtin")
    case .tableSite: try check(program.tableSites.count, "table site")
    case .flag: guard value <= 1 else { throw refuse("the flag is \(value)", at: pc) }
    case .count, .immediate, .mode, .jump: break
    }
  }

  private func verifyMode(_ instruction: Instruction, at pc: Int) throws(VerificationError) {
    let exists: Bool
    switch instruction.operation {
    case .unary: exists = UnaryOperator(rawValue: UInt8(instruction.c)) != nil
    case .context: exists = ContextItem(rawValue: UInt8(instruction.b)) != nil
    case .cell:
      exists = CellOperation(rawValue: UInt8(instruction.c)) != nil
      if instruction.c == Int(CellOperation.load.rawValue), instruction.isConstantB {
        throw refuse("a constant is no cell", at: pc)
      }
    case .updateUpvalue:
      exists = Operation(rawValue: UInt8(instruction.b))?.isArithmetic ?? false
      try verifyCell(instruction.a, at: pc)
    case .setUpvalue:
      exists = true
      try verifyCell(instruction.a, at: pc)
    default: exists = true
    }
    guard exists else { throw refuse("there is no such mode", at: pc) }
  }

  private func verifyCell(_ upvalue: Int, at pc: Int) throws(VerificationError) {
    guard function.upvalues[upvalue].isCell else {
      throw refuse("captured variable \(upvalue) is no cell and cannot be assigned", at: pc)
    }
  }

  /// Registers that are not named by themselves.
  private func verifyExtent(_ instruction: Instruction, at pc: Int) throws(VerificationError) {
    let end: Int
    switch instruction.operation {
    case .call, .tailCall: end = instruction.a + instruction.b + 1
    case .builtin: end = instruction.a + max(instruction.b, 1)
    case .forPrepare, .forLoop: end = instruction.a + 4
    case .iterate: end = instruction.a + 3
    case .concatenate:
      guard instruction.c > 0 else { throw refuse("nothing to concatenate", at: pc) }
      end = instruction.b + instruction.c
    default: return
    }
    guard end <= function.frameSize else {
      throw refuse("it uses registers up to r\(end - 1) of \(function.frameSize)", at: pc)
    }
  }

  // MARK: Jumps

  /// Where the instruction jumps to, if it jumps.
  func target(at pc: Int) -> Int? {
    let instruction = Instruction(word: function.code[pc])
    switch instruction.operation {
    case .jump, .loop: return pc + 1 + instruction.jumpDistance
    case .forPrepare, .forLoop, .iterate: return pc + 1 + instruction.signedWide
    default: return nil
    }
  }

  private func verifyJumps(at pc: Int) throws(VerificationError) {
    let operation = Instruction(word: function.code[pc]).operation!
    if let target = target(at: pc) {
      guard starts.indices.contains(target), starts[target] else {
        throw refuse("there is no instruction at \(target)", at: pc)
      }
      guard !testJumps[target] else { throw refuse("it jumps between a test and its jump", at: pc) }
      guard target > pc || operation == .loop || operation == .forLoop || operation == .iterate else {
        throw refuse("it jumps backwards", at: pc)
      }
    }
    if let next = next(after: pc), next >= function.code.count {
      throw refuse("it runs off the end of the code", at: pc)
    }
  }

  /// Where the instruction goes on without a jump, if it does; for a test, without its jump.
  func next(after pc: Int) -> Int? {
    switch Instruction(word: function.code[pc]).operation! {
    case .returnValue, .tailCall, .jump, .loop: nil
    case .equal, .less, .lessOrEqual, .test, .update: pc + 2
    default: pc + 1
    }
  }
}
