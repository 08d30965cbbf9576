// The interpreter: the tier that everyone can read, and the oracle of the others.
//
// In: a closure of a verified program. Out: its result, or a script error.
//
// A `switch` over the low byte of the instruction word: the opcode and the two flags that make B or C a constant. The
// forms that scripts run most have a case of their own, which reads its operands without asking for the flags; the
// rest share a general case an opcode. Registers and constants are reached through spans, so that even a verifier's
// mistake ends in a trap and not in foreign memory.
//
// Invariants, given by the verifier (KtapBytecode/Verifier) and by `call`:
// - register operands are below the frame's size, and base + frame size is within the stack;
// - a test is followed by a JMP or a LOOP, an UPDATE by its operator word;
// - code does not run off its end.
//
// `registers.pc` is stored before whatever may fail, because a script error is located there. The loop's own state (pc,
// base, the constants' base, the running closure) lives in local variables and is handed to slow paths by value: a
// structure whose address escapes is kept in memory.
//
// Tried and dropped: one `switch` over the opcode with a general operand fetch (a quarter slower on fib), an array of
// closures (three times slower), registers in a class (ten times, by exclusivity checks).

import CKernelCalls
import KtapBytecode
import KtapRuntime

/// The baseline tier.
public enum Interpreter {
  /// Runs `closure` without arguments from an empty stack.
  /// - Throws: the script's error; `state.registers.pc` and its frames say where.
  @inline(never)
  static func run(_ state: ExecutionState, _ entry: Value) throws(ScriptError) -> Value {
    let context = state.context
    let heap = context.heap
    let registers = state.registers
    let loaded = state.loaded
    let code = Span(_unsafeElements: UnsafeBufferPointer(loaded.code))
    let constants = Span(_unsafeElements: UnsafeBufferPointer(loaded.constants))
    let entries = Span(_unsafeElements: UnsafeBufferPointer(loaded.entries))
    let builtins = Span(_unsafeElements: UnsafeBufferPointer(loaded.builtins))
    var stack = MutableSpan(_unsafeStart: state.stack, count: ExecutionLimits.stackSlots)
    var frames = MutableSpan(_unsafeStart: state.frames, count: ExecutionLimits.frames)
    let interrupt = state.interruptWord

    var budget = registers.pointee.loopLimit == 0 ? Int64.max : registers.pointee.loopLimit
    var depth = 0
    var closure = entry
    var base = 1
    stack[0] = entry
    let first = entries[ClosureReference(entry).function]
    var pc = Int(first.start)
    var constantBase = Int(first.constantBase)
    var frameSize = Int(first.frameSize)
    registers.pointee.depth = 0
    registers.pointee.closure = entry
    registers.pointee.top = Int32(base + frameSize)
    registers.pointee.noteHighWater()

    while true {
      let instruction = Instruction(word: code[pc])
      pc &+= 1
      switch instruction.selector {

      // MARK: Moves and constants
      case Selector.move:
        stack[base &+ instruction.a] = stack[base &+ instruction.b]
      case Selector.loadInteger:
        stack[base &+ instruction.a] = Value(Int64(instruction.signedWide))
      case Selector.loadConstant:
        stack[base &+ instruction.a] = constants[constantBase &+ instruction.wide]

      // MARK: Captured variables
      case Selector.getUpvalue:
        let captured = ClosureReference(closure).upvalue(instruction.b)
        stack[base &+ instruction.a] = captured.tag == .cell ? CellReference(captured).load() : captured

      // MARK: Tables
      case Selector.getTable:
        let table = stack[base &+ instruction.b]
        let key = stack[base &+ instruction.c]
        if table.tag == .table, let element = TableReference(table).arrayElement(key) {
          stack[base &+ instruction.a] = element.pointee
        } else {
          registers.pointee.pc = Int32(truncatingIfNeeded: pc)
          stack[base &+ instruction.a] = try state.element(table, key, register: instruction.b)
        }
      case Selector.getTable | Selector.constantC:
        let table = stack[base &+ instruction.b]
        let key = constants[constantBase &+ instruction.c]
        if table.tag == .table {
          stack[base &+ instruction.a] = TableReference(table).get(key)
        } else {
          registers.pointee.pc = Int32(truncatingIfNeeded: pc)
          stack[base &+ instruction.a] = try state.index(table, key, register: instruction.b)
        }
      case Selector.setTable, Selector.setTable | Selector.constantB, Selector.setTable | Selector.constantC,
        Selector.setTable | Selector.constantB | Selector.constantC:
        let table = stack[base &+ instruction.a]
        let key =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let value =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        if table.tag == .table, heap.owner == 0, !value.isNil,
          let element = TableReference(table).arrayElement(key), !element.pointee.isNil
        {
          element.pointee = value
          continue
        }
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        if table.tag != .table { throw state.cannot("index", table, register: instruction.a) }
        try TableReference(table).set(key, value, from: heap)
      case Selector.update, Selector.update | Selector.constantB, Selector.update | Selector.constantC,
        Selector.update | Selector.constantB | Selector.constantC:
        let table = stack[base &+ instruction.a]
        let key =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let value =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        let operation = Instruction(word: code[pc]).opcode
        pc &+= 1
        let isAddition = table.tag == .table && value.tag == .number && operation == Selector.add
        if !(isAddition && TableReference(table).tryAdd(key, value.payload, from: heap)) {
          registers.pointee.pc = Int32(truncatingIfNeeded: pc)
          try state.update(table, key, value, operation, instruction)
        }
      case Selector.newTable:
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = state.makeTable(site: instruction.wide)
        if heap.needsCollection { state.collect() }

      // MARK: Arithmetic
      case Selector.add:
        let left = stack[base &+ instruction.b]
        let right = stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload &+ right.payload)
      case Selector.add | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right = constants[constantBase &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload &+ right.payload)
      case Selector.subtract:
        let left = stack[base &+ instruction.b]
        let right = stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload &- right.payload)
      case Selector.subtract | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right = constants[constantBase &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload &- right.payload)
      case Selector.multiply, Selector.multiply | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload &* right.payload)
      case Selector.divide, Selector.divide | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = Value(try Arithmetic.divide(left.payload, right.payload))
      case Selector.modulo, Selector.modulo | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = Value(try Arithmetic.modulo(left.payload, right.payload))
      case Selector.bitAnd, Selector.bitAnd | Selector.constantC:
        let left = stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        guard bothNumbers(left, right) else { throw state.notNumbers(left, right, instruction, pc) }
        stack[base &+ instruction.a] = Value(left.payload & right.payload)

      // MARK: Tests, each with the jump behind it
      case Selector.equal, Selector.equal | Selector.constantC, Selector.equal | Selector.constantB,
        Selector.equal | Selector.constantB | Selector.constantC:
        let left =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        if left.isEqual(right) == (instruction.a != 0) {
          pc &+= 1
        } else {
          let jump = Instruction(word: code[pc])
          pc &+= 1 &+ jump.jumpDistance
          if jump.opcode == Selector.loop {
            budget &-= 1
            if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          }
        }
      case Selector.less, Selector.less | Selector.constantC, Selector.less | Selector.constantB,
        Selector.less | Selector.constantB | Selector.constantC:
        let left =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        let holds: Bool
        if bothNumbers(left, right) {
          holds = left.payload < right.payload
        } else {
          holds = try state.compare(left, right, instruction, pc) < 0
        }
        if holds == (instruction.a != 0) {
          pc &+= 1
        } else {
          let jump = Instruction(word: code[pc])
          pc &+= 1 &+ jump.jumpDistance
          if jump.opcode == Selector.loop {
            budget &-= 1
            if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          }
        }
      case Selector.lessOrEqual, Selector.lessOrEqual | Selector.constantC, Selector.lessOrEqual | Selector.constantB,
        Selector.lessOrEqual | Selector.constantB | Selector.constantC:
        let left =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        let holds: Bool
        if bothNumbers(left, right) {
          holds = left.payload <= right.payload
        } else {
          holds = try state.compare(left, right, instruction, pc) <= 0
        }
        if holds == (instruction.a != 0) {
          pc &+= 1
        } else {
          let jump = Instruction(word: code[pc])
          pc &+= 1 &+ jump.jumpDistance
          if jump.opcode == Selector.loop {
            budget &-= 1
            if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          }
        }
      case Selector.test:
        if stack[base &+ instruction.b].isTrue == (instruction.a != 0) {
          pc &+= 1
        } else {
          let jump = Instruction(word: code[pc])
          pc &+= 1 &+ jump.jumpDistance
          if jump.opcode == Selector.loop {
            budget &-= 1
            if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          }
        }

      // MARK: Jumps and loops
      case Selector.jump:
        pc &+= instruction.jumpDistance
      case Selector.loop:
        pc &+= instruction.jumpDistance
        budget &-= 1
        if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
      case Selector.forPrepare:
        let slot = base &+ instruction.a
        let start = stack[slot]
        let bound = stack[slot &+ 1]
        let step = stack[slot &+ 2]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        if try state.hasIteration(start, bound, step) {
          stack[slot &+ 3] = start
          budget &-= 1
          if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
        } else {
          pc &+= instruction.signedWide
        }
      case Selector.forLoop:
        let slot = base &+ instruction.a
        let index = stack[slot]
        let bound = stack[slot &+ 1].payload
        let step = stack[slot &+ 2].payload
        let (next, overflow) = index.payload.addingReportingOverflow(step)
        if !overflow && (step > 0 ? next <= bound : next >= bound) {
          stack[slot] = Value(next)
          stack[slot &+ 3] = Value(next)
          pc &+= instruction.signedWide
          budget &-= 1
          if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
        }
      case Selector.iterate:
        let slot = base &+ instruction.a
        let iterator = stack[slot]
        if iterator.tag != .iterator {
          registers.pointee.pc = Int32(truncatingIfNeeded: pc)
          throw state.cannotIterate(iterator)
        }
        if let element = IteratorReference(iterator).next() {
          stack[slot &+ 1] = element.key
          stack[slot &+ 2] = element.value
          pc &+= instruction.signedWide
          budget &-= 1
          if budget < 0 || interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
        }

      // MARK: Calls
      case Selector.call:
        let slot = base &+ instruction.a
        let callee = stack[slot]
        if callee.tag == .closure {
          let entry = entries[ClosureReference(callee).function]
          let newBase = slot &+ 1
          let newSize = Int(entry.frameSize)
          if depth >= ExecutionLimits.frames || newBase &+ newSize > ExecutionLimits.stackSlots {
            registers.pointee.pc = Int32(truncatingIfNeeded: pc)
            throw ScriptError("stack overflow")
          }
          if interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          frames[depth] = Frame(
            pc: Int32(truncatingIfNeeded: pc), base: Int32(truncatingIfNeeded: base),
            constantBase: Int32(truncatingIfNeeded: constantBase), frameSize: Int32(truncatingIfNeeded: frameSize),
            closure: closure)
          depth &+= 1
          var argument = instruction.b
          while argument < Int(entry.parameterCount) {
            stack[newBase &+ argument] = .nilValue
            argument &+= 1
          }
          closure = callee
          base = newBase
          frameSize = newSize
          constantBase = Int(entry.constantBase)
          pc = Int(entry.start)
          registers.pointee.depth = Int32(truncatingIfNeeded: depth)
          registers.pointee.closure = callee
          registers.pointee.top = Int32(truncatingIfNeeded: newBase &+ newSize)
          registers.pointee.noteHighWater()
        } else {
          registers.pointee.pc = Int32(truncatingIfNeeded: pc)
          guard callee.tag == .builtin else { throw state.cannot("call", callee, register: instruction.a) }
          let identifier = BuiltinIdentifier(value: callee)
          stack[slot] = try callBuiltin(identifier, state.values(at: slot &+ 1, count: instruction.b), context)
          if identifier == .exit { throw .exited }
          if heap.needsCollection { state.collect() }
        }
      case Selector.builtin:
        let slot = base &+ instruction.a
        let identifier = builtins[instruction.c]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[slot] = try callBuiltin(identifier, state.values(at: slot, count: instruction.b), context)
        if identifier == .exit { throw .exited }
        if heap.needsCollection { state.collect() }
      case Selector.tailCall:
        let slot = base &+ instruction.a
        let callee = stack[slot]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        if callee.tag == .closure {
          let entry = entries[ClosureReference(callee).function]
          let newSize = Int(entry.frameSize)
          if base &+ newSize > ExecutionLimits.stackSlots { throw ScriptError("stack overflow") }
          if interrupt.pointee != 0 { try state.safePoint(pc, budget, base &+ frameSize) }
          stack[base &- 1] = callee
          var argument = 0
          let parameters = Int(entry.parameterCount)
          let given = min(instruction.b, parameters)
          while argument < given {
            stack[base &+ argument] = stack[slot &+ 1 &+ argument]
            argument &+= 1
          }
          while argument < parameters {
            stack[base &+ argument] = .nilValue
            argument &+= 1
          }
          closure = callee
          frameSize = newSize
          constantBase = Int(entry.constantBase)
          pc = Int(entry.start)
          registers.pointee.closure = callee
          registers.pointee.top = Int32(truncatingIfNeeded: base &+ newSize)
          registers.pointee.noteHighWater()
        } else {
          guard callee.tag == .builtin else { throw state.cannot("call", callee, register: instruction.a) }
          let identifier = BuiltinIdentifier(value: callee)
          let result = try callBuiltin(identifier, state.values(at: slot &+ 1, count: instruction.b), context)
          if identifier == .exit { throw .exited }
          if depth == 0 { return result }
          depth &-= 1
          stack[base &- 1] = result
          let frame = frames[depth]
          closure = frame.closure
          base = Int(frame.base)
          frameSize = Int(frame.frameSize)
          constantBase = Int(frame.constantBase)
          pc = Int(frame.pc)
          registers.pointee.depth = Int32(truncatingIfNeeded: depth)
          registers.pointee.closure = closure
          registers.pointee.top = Int32(truncatingIfNeeded: base &+ frameSize)
          if heap.needsCollection { state.collect() }
        }
      case Selector.returnValue, Selector.returnValue | Selector.constantB:
        let result =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        if depth == 0 { return result }
        depth &-= 1
        stack[base &- 1] = result
        let frame = frames[depth]
        closure = frame.closure
        base = Int(frame.base)
        frameSize = Int(frame.frameSize)
        constantBase = Int(frame.constantBase)
        pc = Int(frame.pc)
        registers.pointee.depth = Int32(truncatingIfNeeded: depth)
        registers.pointee.closure = closure
        registers.pointee.top = Int32(truncatingIfNeeded: base &+ frameSize)

      // MARK: The event at hand
      case Selector.context:
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = try context.contextItem(UInt8(truncatingIfNeeded: instruction.b))
        if heap.needsCollection { state.collect() }
      case Selector.field, Selector.field | Selector.constantB:
        let name =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = try context.field(name)
        if heap.needsCollection { state.collect() }

      // MARK: Everything that is rare
      case Selector.setUpvalue, Selector.setUpvalue | Selector.constantB:
        let value =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        CellReference(ClosureReference(closure).upvalue(instruction.a)).store(value, from: heap)
      case Selector.updateUpvalue, Selector.updateUpvalue | Selector.constantC:
        let value =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        try state.updateCell(ClosureReference(closure).upvalue(instruction.a), value, instruction)
      case Selector.closure:
        stack[base &+ instruction.a] = state.makeClosure(
          instruction.wide, in: closure, registers: state.values(at: base, count: frameSize))
        if heap.needsCollection { state.collect() }
      case Selector.cell, Selector.cell | Selector.constantB:
        let value =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        switch CellOperation(rawValue: UInt8(truncatingIfNeeded: instruction.c)) {
        case .create: stack[base &+ instruction.a] = state.makeCell(value, isShared: false)
        case .createShared: stack[base &+ instruction.a] = state.makeCell(value, isShared: true)
        case .load: stack[base &+ instruction.a] = CellReference(value).load()
        case .store, nil: CellReference(stack[base &+ instruction.a]).store(value, from: heap)
        }
        if heap.needsCollection { state.collect() }
      case Selector.unary, Selector.unary | Selector.constantB:
        let operand =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = try state.unary(operand, instruction)
      case Selector.concatenate:
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = try heap.concatenate(
          state.values(at: base &+ instruction.b, count: instruction.c))
        if heap.needsCollection { state.collect() }

      // The other operators, and those above with a constant on the left.
      default:
        let left =
          instruction.isConstantB ? constants[constantBase &+ instruction.b] : stack[base &+ instruction.b]
        let right =
          instruction.isConstantC ? constants[constantBase &+ instruction.c] : stack[base &+ instruction.c]
        registers.pointee.pc = Int32(truncatingIfNeeded: pc)
        stack[base &+ instruction.a] = try state.arithmetic(left, right, instruction)
      }
    }
  }

  @inline(__always)
  private static func bothNumbers(_ left: Value, _ right: Value) -> Bool {
    (left.tag.rawValue ^ Tag.number.rawValue) | (right.tag.rawValue ^ Tag.number.rawValue) == 0
  }
}
