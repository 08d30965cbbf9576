// The instruction table: the only place that knows an opcode.
//
// The decoder, the listing, the verifier, the reference page and the interpreter are driven by this table or are
// checked against it by a test. An instruction is one 32-bit word:
//
//      31       24 23       16 15        8 7  6 5      0
//     +-----------+-----------+-----------+--+--+--------+
//     |     C     |     B     |     A     |kC|kB| opcode |   format ABC
//     +-----------+-----------+-----------+--+--+--------+
//     |           Bx          |     A     | 0| 0| opcode |   format ABx (Bx unsigned 16 bits)
//     +-----------------------+-----------+--+--+--------+
//     |           sBx         |     A     | 0| 0| opcode |   format AsBx (sBx signed 16 bits)
//     +-----------------------+-----------+--+--+--------+
//     |                sJ                 | 0| 0| opcode |   format sJ (signed 24 bits)
//     +-----------------------------------+--+--+--------+
//
// Registers are 0…249. An operand of kind RK is a register, or with its flag (kB, kC) set an index into the function's
// first 256 constants. Jump distances count words from the instruction after the jump.
//
// Only LOOP, FORLOOP and ITERATE jump backwards: each of them counts one loop iteration, so that no cycle escapes the
// loop limit. A loop that is entered without one of them counts its first iteration by a LOOP to the next word, a
// numeric one by FORPREP. JMP jumps forwards. A test (EQ, LT, LE, TEST) is followed by the jump that is taken when it fails to
// hold: a JMP or a LOOP; both are executed as one. UPDATE is followed by a word whose opcode (an arithmetic one) names
// the operator; its other bits are zero.
//
// Tried and dropped: Lua's open upvalues. A captured variable that changes lives in a cell instead, one that does not
// is captured by value, which makes almost every capture of a handler free of locks.

/// The shape of a word.
public enum InstructionFormat: UInt8, Sendable, CaseIterable {
  case abc, abx, asbx, sj
}

/// What an operand means; the verifier checks each kind.
public enum OperandKind: UInt8, Sendable {
  case unused
  /// A register that is written.
  case result
  /// A register that is read.
  case register
  /// A register, or with the flag set a constant.
  case registerOrConstant
  /// An index into the function's constants.
  case constant
  /// An index into the function's captured variables.
  case upvalue
  /// An index into the functions nested directly in this one.
  case function
  /// An index into the program's builtins.
  case builtin
  /// An index into the program's table sites.
  case tableSite
  /// A count of values that follow the register in A.
  case count
  /// A signed number.
  case immediate
  /// 0 or 1.
  case flag
  /// A `UnaryOperator`, a `ContextItem`, a `CellOperation`, or an `Operation` that is arithmetic.
  case mode
  /// A distance in words.
  case jump
}

/// The instructions; the raw value is the opcode.
public enum Operation: UInt8, Sendable, CaseIterable {
  case move, loadInteger, loadConstant
  case getUpvalue, setUpvalue, updateUpvalue, closure, cell
  case newTable, getTable, setTable, update
  case add, subtract, multiply, divide, modulo, bitAnd, bitOr, bitXor, shiftLeft, shiftRight
  case unary, concatenate
  case jump, loop, equal, less, lessOrEqual, test
  case forPrepare, forLoop, iterate
  case call, tailCall, returnValue, builtin
  case context, field

  /// Arithmetic on two operands, as UPDATE and UPDATEUP name it.
  public var isArithmetic: Bool { rawValue >= Operation.add.rawValue && rawValue <= Operation.shiftRight.rawValue }
  /// Followed by the jump that belongs to it.
  public var isTest: Bool {
    self == .equal || self == .less || self == .lessOrEqual || self == .test
  }
}

/// What CELL does.
public enum CellOperation: UInt8, Sendable, CaseIterable {
  /// R[A] = a new cell that holds RK[B].
  case create
  /// The same, for a variable that handlers on several CPUs may assign: its accesses take the cell's lock.
  case createShared
  /// R[A] = what the cell in R[B] holds.
  case load
  /// The cell in R[A] = RK[B].
  case store
}

/// One row of the table.
public struct InstructionDescription: Sendable {
  public var operation: Operation
  /// As the listing prints it.
  public var name: String
  public var format: InstructionFormat
  public var a: OperandKind
  /// B, Bx, sBx or sJ.
  public var b: OperandKind
  public var c: OperandKind
  /// A run-time error can come out of it.
  public var mayFail: Bool
  /// It can run other script code or a builtin.
  public var mayCall: Bool
  /// What it does, in pseudo-code.
  public var meaning: String

  init(
    _ operation: Operation, _ name: String, _ format: InstructionFormat, _ a: OperandKind, _ b: OperandKind,
    _ c: OperandKind, fails mayFail: Bool = false, calls mayCall: Bool = false, _ meaning: String
  ) {
    self.operation = operation
    self.name = name
    self.format = format
    self.a = a
    self.b = b
    self.c = c
    self.mayFail = mayFail
    self.mayCall = mayCall
    self.meaning = meaning
  }
}

/// The table, in the order of the opcodes.
public let instructionTable: [InstructionDescription] = [
  .init(.move, "MOVE", .abc, .result, .register, .unused, "R[A] = R[B]"),
  .init(.loadInteger, "LOADI", .asbx, .result, .immediate, .unused, "R[A] = sBx"),
  .init(.loadConstant, "LOADK", .abx, .result, .constant, .unused, "R[A] = K[Bx]"),
  .init(.getUpvalue, "GETUP", .abc, .result, .upvalue, .unused, "R[A] = U[B], or what the cell U[B] holds"),
  .init(.setUpvalue, "SETUP", .abc, .upvalue, .registerOrConstant, .unused, "cell U[A] = RK[B]"),
  .init(
    .updateUpvalue, "UPDATEUP", .abc, .upvalue, .mode, .registerOrConstant, fails: true,
    "cell U[A] = cell U[A] ⊕B RK[C], as one step"),
  .init(
    .closure, "CLOSURE", .abx, .result, .function, .unused, "R[A] = closure of F[Bx], capturing as its descriptors say"),
  .init(.cell, "CELL", .abc, .register, .registerOrConstant, .mode, "C: create, load or store a captured variable"),
  .init(.newTable, "NEWTABLE", .abx, .result, .tableSite, .unused, "R[A] = {}, described by table site Bx"),
  .init(
    .getTable, "GETTABLE", .abc, .result, .register, .registerOrConstant, fails: true, "R[A] = R[B][RK[C]]"),
  .init(
    .setTable, "SETTABLE", .abc, .register, .registerOrConstant, .registerOrConstant, fails: true,
    "R[A][RK[B]] = RK[C]"),
  .init(
    .update, "UPDATE", .abc, .register, .registerOrConstant, .registerOrConstant, fails: true,
    "R[A][RK[B]] = R[A][RK[B]] ⊕ RK[C], as one step; the next word names ⊕; a missing element counts as 0"),
  .init(.add, "ADD", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] + RK[C]"),
  .init(.subtract, "SUB", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] - RK[C]"),
  .init(.multiply, "MUL", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] * RK[C]"),
  .init(.divide, "DIV", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] / RK[C]"),
  .init(.modulo, "MOD", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] % RK[C]"),
  .init(.bitAnd, "AND", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] & RK[C]"),
  .init(.bitOr, "OR", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] | RK[C]"),
  .init(.bitXor, "XOR", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] ^ RK[C]"),
  .init(
    .shiftLeft, "SHL", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] << RK[C]"),
  .init(
    .shiftRight, "SHR", .abc, .result, .registerOrConstant, .registerOrConstant, fails: true, "R[A] = RK[B] >> RK[C]"),
  .init(.unary, "UNARY", .abc, .result, .registerOrConstant, .mode, fails: true, "R[A] = ⊖C RK[B]"),
  .init(
    .concatenate, "CONCAT", .abc, .result, .register, .count, fails: true, "R[A] = R[B] .. … .. R[B+C-1]"),
  .init(.jump, "JMP", .sj, .unused, .jump, .unused, "pc += sJ; sJ >= 0"),
  .init(.loop, "LOOP", .sj, .unused, .jump, .unused, fails: true, "count an iteration; pc += sJ"),
  .init(
    .equal, "EQ", .abc, .flag, .registerOrConstant, .registerOrConstant,
    "if (RK[B] == RK[C]) != A then take the next word's jump, else skip it"),
  .init(
    .less, "LT", .abc, .flag, .registerOrConstant, .registerOrConstant, fails: true,
    "if (RK[B] < RK[C]) != A then take the next word's jump, else skip it"),
  .init(
    .lessOrEqual, "LE", .abc, .flag, .registerOrConstant, .registerOrConstant, fails: true,
    "if (RK[B] <= RK[C]) != A then take the next word's jump, else skip it"),
  .init(
    .test, "TEST", .abc, .flag, .register, .unused, "if truth(R[B]) != A then take the next word's jump, else skip it"),
  .init(
    .forPrepare, "FORPREP", .asbx, .register, .jump, .unused, fails: true,
    "check start, bound, step in R[A], R[A+1], R[A+2]; count an iteration, R[A+3] = R[A], or pc += sBx if there is none"
  ),
  .init(
    .forLoop, "FORLOOP", .asbx, .register, .jump, .unused, fails: true,
    "R[A] += R[A+2]; if not past R[A+1] then count an iteration, R[A+3] = R[A], pc += sBx"),
  .init(
    .iterate, "ITERATE", .asbx, .register, .jump, .unused, fails: true,
    "if the iterator R[A] has another element then count an iteration, R[A+1], R[A+2] = key, value, pc += sBx"),
  .init(
    .call, "CALL", .abc, .register, .count, .unused, fails: true, calls: true, "R[A] = R[A](R[A+1], …, R[A+B])"),
  .init(
    .tailCall, "TAILCALL", .abc, .register, .count, .unused, fails: true, calls: true, "return R[A](R[A+1], …, R[A+B])"),
  .init(.returnValue, "RETURN", .abc, .unused, .registerOrConstant, .unused, "return RK[B]"),
  .init(
    .builtin, "BUILTIN", .abc, .register, .count, .builtin, fails: true, calls: true,
    "R[A] = builtin C (R[A], …, R[A+B-1])"),
  .init(.context, "CONTEXT", .abc, .result, .mode, .unused, fails: true, "R[A] = context item B: pid, tid, …"),
  .init(
    .field, "FIELD", .abc, .result, .registerOrConstant, .unused, fails: true,
    "R[A] = field of the event: RK[B] is its number or its name"),
]

extension Operation {
  /// This instruction's row.
  public var description: InstructionDescription { instructionTable[Int(rawValue)] }
}

/// One instruction word, with accessors for every format.
public struct Instruction: Sendable, Hashable {
  public var word: UInt32

  @inlinable public init(word: UInt32) { self.word = word }

  /// The flag bit that makes B a constant.
  public static let constantB: UInt32 = 1 << 6
  /// The flag bit that makes C a constant.
  public static let constantC: UInt32 = 1 << 7
  /// A register operand is below this.
  public static let registerLimit = 250

  /// An ABC word; the operands are truncated to 8 bits.
  public init(
    _ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0, constantB: Bool = false, constantC: Bool = false
  ) {
    word =
      UInt32(operation.rawValue) | (constantB ? Self.constantB : 0) | (constantC ? Self.constantC : 0)
      | UInt32(UInt8(truncatingIfNeeded: a)) << 8 | UInt32(UInt8(truncatingIfNeeded: b)) << 16
      | UInt32(UInt8(truncatingIfNeeded: c)) << 24
  }

  /// An ABx or AsBx word; the operand is truncated to 16 bits.
  public init(_ operation: Operation, a: Int, wide: Int) {
    word =
      UInt32(operation.rawValue) | UInt32(UInt8(truncatingIfNeeded: a)) << 8
      | UInt32(UInt16(truncatingIfNeeded: wide)) << 16
  }

  /// An sJ word; the distance is truncated to 24 bits.
  public init(_ operation: Operation, jump: Int) {
    word = UInt32(operation.rawValue) | UInt32(truncatingIfNeeded: jump) << 8
  }

  /// The opcode without flags; may be none that exists.
  @inlinable @inline(__always) public var opcode: UInt8 { UInt8(truncatingIfNeeded: word & 0x3f) }
  /// The instruction, if the opcode is one.
  public var operation: Operation? { Operation(rawValue: opcode) }
  /// The opcode with the two flags: what the interpreter switches on.
  @inlinable @inline(__always) public var selector: UInt8 { UInt8(truncatingIfNeeded: word) }
  @inlinable @inline(__always) public var isConstantB: Bool { word & Self.constantB != 0 }
  @inlinable @inline(__always) public var isConstantC: Bool { word & Self.constantC != 0 }
  @inlinable @inline(__always) public var a: Int { Int((word >> 8) & 0xff) }
  @inlinable @inline(__always) public var b: Int { Int((word >> 16) & 0xff) }
  @inlinable @inline(__always) public var c: Int { Int(word >> 24) }
  @inlinable @inline(__always) public var wide: Int { Int(word >> 16) }
  @inlinable @inline(__always) public var signedWide: Int { Int(Int32(bitPattern: word) >> 16) }
  @inlinable @inline(__always) public var jumpDistance: Int { Int(Int32(bitPattern: word) >> 8) }
}
