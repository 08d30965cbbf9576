// Which registers hold cells: a forward analysis to a fixed point.
//
// A register holds a value, a cell, or what cannot be known (a value on one path and a cell on another, or whatever a
// callee has left). Where paths meet, registers that differ become unknown, so that a register changes at most twice
// and the analysis ends. States are kept at jump targets only and the code between them is walked through; sweeps go
// from the first instruction to the last, because most jumps lead forwards: each loop level costs another sweep.
//
// Code that no path reaches is not looked at.

/// What the registers hold at one place.
private struct RegisterStates: Equatable {
  private var cells = SIMD4<UInt64>()
  private var unknown = SIMD4<UInt64>()

  enum Content { case value, cell, unknown }

  subscript(register: Int) -> Content {
    get {
      let bit = UInt64(1) << (register & 63)
      if unknown[register >> 6] & bit != 0 { return .unknown }
      return cells[register >> 6] & bit != 0 ? .cell : .value
    }
    set {
      let bit = UInt64(1) << (register & 63)
      cells[register >> 6] &= ~bit
      unknown[register >> 6] &= ~bit
      switch newValue {
      case .value: break
      case .cell: cells[register >> 6] |= bit
      case .unknown: unknown[register >> 6] |= bit
      }
    }
  }

  /// What holds on both paths.
  func merged(with other: Self) -> Self {
    var result = self
    result.unknown = unknown | other.unknown | (cells ^ other.cells)
    result.cells = cells & other.cells & ~result.unknown
    return result
  }
}

struct CellFlow {
  private let verifier: FunctionVerifier
  private let function: Function
  /// The jump targets and the entry, ascending; their positions in that list by pc.
  private var leaders: [Int] = [0]
  private var leaderIndex: [Int32]
  /// The state at each leader, nil until a path has reached it.
  private var states: [RegisterStates?]
  private var isDirty: [Bool]

  init(verifier: FunctionVerifier) {
    self.verifier = verifier
    function = verifier.function
    var isLeader = Array(repeating: false, count: function.code.count)
    for pc in function.code.indices where verifier.starts[pc] {
      if let target = verifier.target(at: pc) { isLeader[target] = true }
    }
    isLeader[0] = true
    leaders = isLeader.indices.filter { isLeader[$0] }
    leaderIndex = Array(repeating: -1, count: isLeader.count)
    for (index, pc) in leaders.enumerated() { leaderIndex[pc] = Int32(index) }
    states = Array(repeating: nil, count: leaders.count)
    isDirty = Array(repeating: false, count: leaders.count)
  }

  mutating func verify() throws(VerificationError) {
    meet(RegisterStates(), at: 0)
    var isChanging = true
    while isChanging {
      isChanging = false
      for index in leaders.indices where isDirty[index] {
        isDirty[index] = false
        try walk(from: index)
        isChanging = true
      }
    }
  }

  private mutating func meet(_ state: RegisterStates, at pc: Int) {
    let index = Int(leaderIndex[pc])
    let merged = states[index].map { $0.merged(with: state) } ?? state
    guard merged != states[index] else { return }
    states[index] = merged
    isDirty[index] = true
  }

  private mutating func walk(from leader: Int) throws(VerificationError) {
    var pc = leaders[leader]
    guard var state = states[leader] else { return }
    while true {
      let instruction = Instruction(word: function.code[pc])
      let operation = instruction.operation!
      try read(instruction, at: pc, state)
      if operation.isTest {
        meet(state, at: verifier.target(at: pc + 1)!)
      } else if let target = verifier.target(at: pc) {
        var taken = state
        switch operation {
        case .forLoop: taken[instruction.a + 3] = .value
        case .iterate:
          taken[instruction.a + 1] = .value
          taken[instruction.a + 2] = .value
        default: break
        }
        meet(taken, at: target)
      }
      write(instruction, &state)
      guard let next = verifier.next(after: pc) else { return }
      if leaderIndex[next] >= 0 { return meet(state, at: next) }
      pc = next
    }
  }

  // MARK: Reading

  private func read(_ instruction: Instruction, at pc: Int, _ state: RegisterStates) throws(VerificationError) {
    let a = instruction.a
    switch instruction.operation! {
    case .cell: try readCell(instruction, at: pc, state)
    case .closure: try capture(function.nested[instruction.wide], at: pc, state)
    case .call, .tailCall: try values(a...(a + instruction.b), at: pc, state)
    case .builtin: if instruction.b > 0 { try values(a...(a + instruction.b - 1), at: pc, state) }
    case .concatenate: try values(instruction.b...(instruction.b + instruction.c - 1), at: pc, state)
    case .forPrepare, .forLoop: try values(a...(a + 2), at: pc, state)
    default:
      let row = instruction.operation!.description
      if row.a == .register { try values(a...a, at: pc, state) }
      guard row.format == .abc else { return }
      if isRegister(row.b, isConstant: instruction.isConstantB) {
        try values(instruction.b...instruction.b, at: pc, state)
      }
      if isRegister(row.c, isConstant: instruction.isConstantC) {
        try values(instruction.c...instruction.c, at: pc, state)
      }
    }
  }

  private func isRegister(_ kind: OperandKind, isConstant: Bool) -> Bool {
    kind == .register || kind == .registerOrConstant && !isConstant
  }

  private func values(_ registers: ClosedRange<Int>, at pc: Int, _ state: RegisterStates) throws(VerificationError) {
    for register in registers { try expect(.value, in: register, at: pc, state) }
  }

  private func expect(
    _ content: RegisterStates.Content, in register: Int, at pc: Int, _ state: RegisterStates
  ) throws(VerificationError) {
    let found = state[register]
    guard found != content else { return }
    switch found {
    case .cell: throw verifier.refuse("r\(register) holds a cell, not a value", at: pc)
    case .value: throw verifier.refuse("r\(register) holds a value, not a cell", at: pc)
    case .unknown: throw verifier.refuse("it is not known what r\(register) holds", at: pc)
    }
  }

  private func readCell(
    _ instruction: Instruction, at pc: Int, _ state: RegisterStates
  ) throws(VerificationError) {
    switch CellOperation(rawValue: UInt8(instruction.c))! {
    case .create, .createShared: break
    case .load: return try expect(.cell, in: instruction.b, at: pc, state)
    case .store: try expect(.cell, in: instruction.a, at: pc, state)
    }
    if !instruction.isConstantB { try expect(.value, in: instruction.b, at: pc, state) }
  }

  private func capture(_ child: Int, at pc: Int, _ state: RegisterStates) throws(VerificationError) {
    for upvalue in verifier.program.functions[child].upvalues {
      guard case .register(let register) = upvalue.source else { continue }
      try expect(upvalue.isCell ? .cell : .value, in: register, at: pc, state)
    }
  }

  // MARK: Writing

  private func write(_ instruction: Instruction, _ state: inout RegisterStates) {
    let a = instruction.a
    switch instruction.operation! {
    case .cell:
      switch CellOperation(rawValue: UInt8(instruction.c))! {
      case .create, .createShared: state[a] = .cell
      case .load: state[a] = .value
      case .store: break
      }
    case .call:
      state[a] = .value
      for register in (a + 1)..<max(a + 1, function.frameSize) { state[register] = .unknown }
    case .builtin: state[a] = .value
    case .forPrepare: state[a + 3] = .value
    default: if instruction.operation!.description.a == .result { state[a] = .value }
    }
  }
}
