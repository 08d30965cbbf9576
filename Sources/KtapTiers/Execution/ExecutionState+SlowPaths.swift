// What an instruction does when its fast path does not apply: errors with the name of the variable at fault, rare
// operand types, and everything that allocates. Shared by the tiers, so that they fail alike.
//
// All of these are kept out of line: a slow path inside the interpreter's function costs registers on the fast one.

import KtapBytecode
import KtapRuntime

extension ExecutionState {
  /// `count` slots from `slot`; the caller's verifier has checked that they are in its frame.
  @inline(__always)
  func values(at slot: Int, count: Int) -> UnsafeBufferPointer<Value> {
    UnsafeBufferPointer(start: stack + slot, count: count)
  }

  // MARK: Errors

  /// `attempt to VERB a TYPE value (variable 'x')`.
  @inline(never)
  func cannot(_ verb: String, _ value: Value, register: Int?) -> ScriptError {
    var message = "attempt to \(verb) a \(value.tag.typeName) value"
    if let register {
      let (function, pc) = loaded.locate(pc: Int(registers.pointee.pc) - 1)
      if let name = loaded.program.functions[function].describeRegister(register, at: pc) { message += " (\(name))" }
    }
    return ScriptError(message)
  }

  /// The error of a `for … in` over what is no iterator.
  @inline(never)
  func cannotIterate(_ value: Value) -> ScriptError {
    ScriptError("attempt to iterate over a \(value.tag.typeName) value; use pairs or sort_pairs")
  }

  /// The error of an arithmetic instruction with an operand that is not a number.
  @inline(never)
  func notNumbers(_ left: Value, _ right: Value, _ instruction: Instruction, _ pc: Int) -> ScriptError {
    registers.pointee.pc = Int32(truncatingIfNeeded: pc)
    return notNumbers(left, right, instruction)
  }

  private func notNumbers(_ left: Value, _ right: Value, _ instruction: Instruction) -> ScriptError {
    left.isNumber
      ? cannot("do arithmetic on", right, register: instruction.isConstantC ? nil : instruction.c)
      : cannot("do arithmetic on", left, register: instruction.isConstantB ? nil : instruction.b)
  }

  // MARK: Operators

  /// An arithmetic instruction, any operator and operands.
  @inline(never)
  func arithmetic(_ left: Value, _ right: Value, _ instruction: Instruction) throws(ScriptError) -> Value {
    guard left.isNumber && right.isNumber else { throw notNumbers(left, right, instruction) }
    guard let operation = instruction.operation, operation.isArithmetic else { throw .invalidInstruction }
    return Value(try Arithmetic.apply(operation, left.payload, right.payload))
  }

  @inline(never)
  func unary(_ operand: Value, _ instruction: Instruction) throws(ScriptError) -> Value {
    let register = instruction.isConstantB ? nil : instruction.b
    switch instruction.c {
    case UnaryMode.negate:
      guard operand.isNumber else { throw cannot("negate", operand, register: register) }
      return Value(0 &- operand.payload)
    case UnaryMode.not:
      return Value(!operand.isTrue)
    default:
      guard operand.isNumber else { throw cannot("do arithmetic on", operand, register: register) }
      return Value(~operand.payload)
    }
  }

  /// Below, at or above 0 as `left` is below, equal to or above `right`; for operands that are not both numbers.
  @inline(never)
  func compare(_ left: Value, _ right: Value, _ instruction: Instruction, _ pc: Int) throws(ScriptError) -> Int {
    registers.pointee.pc = Int32(truncatingIfNeeded: pc)
    if let order = left.compare(right) { return order }
    let leftIsAtFault = !(left.isNumber || left.tag == .string) || (right.isNumber && !left.isNumber)
    throw leftIsAtFault
      ? cannot("compare", left, register: instruction.isConstantB ? nil : instruction.b)
      : cannot("compare", right, register: instruction.isConstantC ? nil : instruction.c)
  }

  // MARK: Tables

  /// An element of a table's hash part, or of what is not a table.
  @inline(never)
  func element(_ object: Value, _ key: Value, register: Int) throws(ScriptError) -> Value {
    object.tag == .table ? TableReference(object).get(key) : try index(object, key, register: register)
  }

  /// Indexing what is not a table: the parts of a tuple, else an error.
  @inline(never)
  func index(_ object: Value, _ key: Value, register: Int) throws(ScriptError) -> Value {
    guard object.tag == .tuple else { throw cannot("index", object, register: register) }
    guard key.isNumber else { return .nilValue }
    return TupleReference(object).part(key.payload)
  }

  /// `t[k] op= v` with any operator and any operands.
  @inline(never)
  func update(
    _ table: Value, _ key: Value, _ value: Value, _ operation: UInt8, _ instruction: Instruction
  ) throws(ScriptError) {
    guard table.tag == .table else { throw cannot("index", table, register: instruction.a) }
    guard value.isNumber else {
      throw cannot("do arithmetic on", value, register: instruction.isConstantC ? nil : instruction.c)
    }
    guard let operation = Operation(rawValue: operation), operation.isArithmetic else { throw .invalidInstruction }
    let amount = value.payload
    switch operation {
    case .add: try TableReference(table).add(key, amount, from: context.heap)
    case .subtract: try TableReference(table).add(key, 0 &- amount, from: context.heap)
    default:
      try TableReference(table).update(key, from: context.heap) { element throws(ScriptError) in
        try Arithmetic.apply(operation, element, amount)
      }
    }
  }

  @inline(never)
  func makeTable(site index: Int) -> Value {
    let site = loaded.program.tableSites[index]
    return context.shared.table(site: Int32(index), array: site.arrayCapacity, records: site.recordCapacity)
  }

  // MARK: Captured variables and closures

  /// A captured variable of the running function, as one step.
  @inline(never)
  func updateCell(_ cell: Value, _ operand: Value, _ instruction: Instruction) throws(ScriptError) {
    guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: instruction.b)), operation.isArithmetic else {
      throw .invalidInstruction
    }
    guard operand.isNumber else {
      throw cannot("do arithmetic on", operand, register: instruction.isConstantC ? nil : instruction.c)
    }
    let (function, _) = loaded.locate(pc: Int(registers.pointee.pc) - 1)
    let name = loaded.program.functions[function].upvalues[instruction.a].name
    try CellReference(cell).update(operand, from: context.heap) { value, operand throws(ScriptError) in
      guard value.isNumber else {
        throw ScriptError("attempt to do arithmetic on a \(value.tag.typeName) value (captured variable '\(name)')")
      }
      return Value(try Arithmetic.apply(operation, value.payload, operand.payload))
    }
  }

  @inline(never)
  func makeCell(_ value: Value, isShared: Bool) -> Value {
    context.shared.cell(context.shared.adopt(value), isShared: isShared)
  }

  /// A closure of the running function's nested function `index`.
  @inline(never)
  func makeClosure(_ index: Int, in enclosing: Value, registers: UnsafeBufferPointer<Value>) -> Value {
    let parent = loaded.program.functions[ClosureReference(enclosing).function]
    let function = parent.nested[index]
    let captures = loaded.program.functions[function].upvalues
    let made = context.shared.closure(function: function, upvalueCount: captures.count)
    let reference = ClosureReference(made)
    for (position, capture) in captures.enumerated() {
      switch capture.source {
      case .register(let register): reference.setUpvalue(position, context.shared.adopt(registers[register]))
      case .upvalue(let upvalue): reference.setUpvalue(position, ClosureReference(enclosing).upvalue(upvalue))
      case .itself: reference.setUpvalue(position, made)
      }
    }
    return made
  }

  // MARK: Loops

  /// What FORPREP checks; false if the loop has no iteration.
  @inline(never)
  func hasIteration(_ start: Value, _ bound: Value, _ step: Value) throws(ScriptError) -> Bool {
    for (value, what) in [(start, "initial"), (bound, "limit"), (step, "step")] where !value.isNumber {
      throw ScriptError("'for' \(what) value must be a number, not a \(value.tag.typeName)")
    }
    if step.payload == 0 { throw ScriptError("'for' step is zero") }
    return step.payload > 0 ? start.payload <= bound.payload : start.payload >= bound.payload
  }

  /// The loop limit is reached, or somebody wants this thread's attention.
  @inline(never)
  func safePoint(_ pc: Int, _ budget: Int64, _ top: Int) throws(ScriptError) {
    registers.pointee.pc = Int32(truncatingIfNeeded: pc)
    registers.pointee.top = Int32(truncatingIfNeeded: top)
    if budget < 0 {
      throw ScriptError("loop execute count exceed max limit(\(registers.pointee.loopLimit))")
    }
    try attend()
  }
}

/// UNARY's C, the raw values of the syntax tree's `UnaryOperator`.
enum UnaryMode {
  static let negate = 0
  static let not = 1
}

extension ScriptError {
  /// Cannot happen after the verifier.
  static let invalidInstruction = ScriptError("invalid instruction")
  /// `exit()` was called: not an error, but it ends all calls of this invocation.
  static let exited = ScriptError("exit")
}
