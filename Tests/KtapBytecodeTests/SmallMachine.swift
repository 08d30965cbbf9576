// A machine that runs programs for the compiler's tests: slow, and so simple that it can be checked by reading.
//
// It trusts nothing: every register is read through `value`, which fails on a cell, so that a generator that mixes up
// cells and values is found out.

import KtapBytecode
import KtapLanguage

indirect enum MachineValue: Equatable {
  case nothing
  case boolean(Bool)
  case number(Int64)
  case string([UInt8])
  case table(MachineTable)
  case closure(MachineClosure)
  case builtin(String)
  case cell(MachineCell)
  case iterator(MachineIterator)

  static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.nothing, .nothing): true
    case (.boolean(let a), .boolean(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.table(let a), .table(let b)): a === b
    case (.closure(let a), .closure(let b)): a === b
    case (.builtin(let a), .builtin(let b)): a == b
    default: false
    }
  }

  var isTrue: Bool { self != .nothing && self != .boolean(false) }

  var text: String {
    switch self {
    case .nothing: "nil"
    case .boolean(let flag): String(flag)
    case .number(let number): String(number)
    case .string(let bytes): String(decoding: bytes, as: UTF8.self)
    case .table: "table"
    case .closure, .builtin: "function"
    case .cell, .iterator: "?"
    }
  }
}

final class MachineTable { var entries: [(key: MachineValue, value: MachineValue)] = [] }
final class MachineCell {
  var value: MachineValue
  init(_ value: MachineValue) { self.value = value }
}
final class MachineIterator {
  var rest: [(key: MachineValue, value: MachineValue)]
  init(_ rest: [(key: MachineValue, value: MachineValue)]) { self.rest = rest }
}
final class MachineClosure {
  let function: Int
  var upvalues: [MachineValue] = []
  init(_ function: Int) { self.function = function }
}

struct MachineError: Error, Equatable {
  var message: String
  var line: Int32
}

final class SmallMachine {
  let program: Program
  private(set) var output: [String] = []
  /// Iterations that were counted.
  private(set) var iterations = 0
  /// What `%attach` was given, by event.
  private(set) var handlers: [(event: Int, closure: MachineClosure)] = []
  private let iterationLimit: Int
  private var depth = 0

  init(_ program: Program, iterationLimit: Int = 100_000) {
    self.program = program
    self.iterationLimit = iterationLimit
  }

  @discardableResult
  func run() throws -> MachineValue { try call(MachineClosure(0), []) }

  func call(_ closure: MachineClosure, _ arguments: [MachineValue]) throws -> MachineValue {
    depth += 1
    defer { depth -= 1 }
    guard depth < 150 else { throw MachineError(message: "stack overflow", line: 0) }
    var frame = Frame(self, closure, arguments)
    while true {
      switch try frame.run() {
      case .returned(let value): return value
      case .tailCall(let function, let arguments):
        // Or a program could run for ever.
        try count(line: 0)
        guard case .closure(let closure) = function else { return try callBuiltin(function, arguments, line: 0) }
        frame = Frame(self, closure, arguments)
      }
    }
  }

  func count(line: Int32) throws {
    iterations += 1
    if iterations > iterationLimit { throw MachineError(message: "loop limit", line: line) }
  }

  func callBuiltin(_ function: MachineValue, _ arguments: [MachineValue], line: Int32) throws -> MachineValue {
    guard case .builtin(let name) = function else {
      throw MachineError(message: "call of \(function.text)", line: line)
    }
    switch name {
    case "print": output.append(arguments.map(\.text).joined(separator: " "))
    case "%attach":
      guard arguments.count == 2, case .number(let event) = arguments[0], case .closure(let closure) = arguments[1]
      else {
        throw MachineError(message: "attach", line: line)
      }
      handlers.append((Int(event), closure))
    case "%tuple": return .string(Array(arguments.map(\.text).joined(separator: ", ").utf8))
    case "%unsupported":
      throw MachineError(message: (arguments.first?.text ?? "") + " is not supported yet", line: line)
    case "table.new": return .table(MachineTable())
    case "%site": return arguments.first ?? .nothing
    case "len":
      switch arguments.first {
      case .table(let table): return .number(Int64(table.entries.count))
      case .string(let bytes): return .number(Int64(bytes.count))
      default: throw MachineError(message: "len", line: line)
      }
    case "pairs":
      guard case .table(let table)? = arguments.first else { throw MachineError(message: "pairs", line: line) }
      return .iterator(MachineIterator(table.entries))
    default: throw MachineError(message: "no builtin \(name)", line: line)
    }
    return .nothing
  }

  enum Outcome {
    case returned(MachineValue)
    case tailCall(MachineValue, [MachineValue])
  }
}

/// One call of a function.
private struct Frame {
  let machine: SmallMachine
  let closure: MachineClosure
  let function: Function
  var registers: [MachineValue]
  var pc = 0

  init(_ machine: SmallMachine, _ closure: MachineClosure, _ arguments: [MachineValue]) {
    self.machine = machine
    self.closure = closure
    function = machine.program.functions[closure.function]
    registers = Array(repeating: .nothing, count: function.frameSize)
    for (index, argument) in arguments.prefix(function.parameterCount).enumerated() { registers[index] = argument }
  }

  var line: Int32 { function.positions[pc - 1].line }
  func fail(_ message: String) -> MachineError { MachineError(message: message, line: line) }

  func value(_ register: Int) throws -> MachineValue {
    if case .cell = registers[register] { throw fail("a cell was read as a value") }
    return registers[register]
  }

  func operand(_ index: Int, _ isConstant: Bool) throws -> MachineValue {
    guard isConstant else { return try value(index) }
    return constant(index)
  }

  func constant(_ index: Int) -> MachineValue {
    switch function.constants[index] {
    case .nilValue: .nothing
    case .boolean(let flag): .boolean(flag)
    case .number(let number): .number(number)
    case .string(let bytes): .string(bytes)
    case .builtin(let index): .builtin(machine.program.builtins[index])
    }
  }

  func cell(_ value: MachineValue) throws -> MachineCell {
    guard case .cell(let cell) = value else { throw fail("a value was used as a cell") }
    return cell
  }

  func table(_ value: MachineValue) throws -> MachineTable {
    guard case .table(let table) = value else { throw fail("index of \(value.text)") }
    return table
  }

  func values(_ base: Int, _ count: Int) throws -> [MachineValue] { try (base..<base + count).map { try value($0) } }

  mutating func run() throws -> SmallMachine.Outcome {
    while true {
      let instruction = Instruction(word: function.code[pc])
      pc += 1
      let a = instruction.a
      let b = instruction.b
      let c = instruction.c
      func rb() throws -> MachineValue { try operand(b, instruction.isConstantB) }
      func rc() throws -> MachineValue { try operand(c, instruction.isConstantC) }
      switch instruction.operation! {
      case .move: registers[a] = try value(b)
      case .loadInteger: registers[a] = .number(Int64(instruction.signedWide))
      case .loadConstant: registers[a] = constant(instruction.wide)
      case .getUpvalue:
        registers[a] = function.upvalues[b].isCell ? try cell(closure.upvalues[b]).value : closure.upvalues[b]
        _ = try value(a)
      case .setUpvalue: try cell(closure.upvalues[a]).value = try rb()
      case .updateUpvalue:
        let cell = try cell(closure.upvalues[a])
        cell.value = try arithmetic(Operation(rawValue: UInt8(b))!, cell.value, try rc())
      case .closure: registers[a] = try makeClosure(function.nested[instruction.wide])
      case .cell:
        switch CellOperation(rawValue: UInt8(c))! {
        case .create, .createShared: registers[a] = .cell(MachineCell(try rb()))
        case .load: registers[a] = try cell(registers[b]).value
        case .store: try cell(registers[a]).value = try rb()
        }
      case .newTable: registers[a] = .table(MachineTable())
      case .getTable:
        let table = try table(try value(b))
        let key = try rc()
        registers[a] = table.entries.first { $0.key == key }?.value ?? .nothing
      case .setTable: try set(try table(try value(a)), try rb(), try rc())
      case .update:
        let table = try table(try value(a))
        let key = try rb()
        let old = table.entries.first { $0.key == key }?.value ?? .number(0)
        let operation = Instruction(word: function.code[pc]).operation!
        pc += 1
        try set(table, key, try arithmetic(operation, old, try rc()))
      case .add, .subtract, .multiply, .divide, .modulo, .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight:
        registers[a] = try arithmetic(instruction.operation!, try rb(), try rc())
      case .unary:
        switch (UnaryOperator(rawValue: UInt8(c))!, try rb()) {
        case (.not, let operand): registers[a] = .boolean(!operand.isTrue)
        case (.negate, .number(let number)): registers[a] = .number(0 &- number)
        case (.complement, .number(let number)): registers[a] = .number(~number)
        default: throw fail("unary")
        }
      case .concatenate:
        var bytes: [UInt8] = []
        for operand in try values(b, c) {
          switch operand {
          case .string, .number, .boolean: bytes += Array(operand.text.utf8)
          default: throw fail("concatenate")
          }
        }
        guard bytes.count <= stringLengthLimit else { throw fail("too long") }
        registers[a] = .string(bytes)
      case .jump: pc += instruction.jumpDistance
      case .loop:
        try machine.count(line: line)
        pc += instruction.jumpDistance
      case .equal: try test(try rb() == (try rc()), a)
      case .less: try test(try compare(try rb(), try rc()) < 0, a)
      case .lessOrEqual: try test(try compare(try rb(), try rc()) <= 0, a)
      case .test: try test(try value(b).isTrue, a)
      case .forPrepare:
        guard case .number(let from) = try value(a), case .number(let to) = try value(a + 1),
          case .number(let step) = try value(a + 2), step != 0
        else { throw fail("for") }
        if step > 0 ? from <= to : from >= to {
          try machine.count(line: line)
          registers[a + 3] = registers[a]
        } else {
          pc += instruction.signedWide
        }
      case .forLoop:
        guard case .number(let from) = try value(a), case .number(let to) = try value(a + 1),
          case .number(let step) = try value(a + 2)
        else { throw fail("for") }
        let (next, overflow) = from.addingReportingOverflow(step)
        if !overflow, step > 0 ? next <= to : next >= to {
          try machine.count(line: line)
          registers[a] = .number(next)
          registers[a + 3] = .number(next)
          pc += instruction.signedWide
        }
      case .iterate:
        guard case .iterator(let iterator) = try value(a) else { throw fail("iterate") }
        if !iterator.rest.isEmpty {
          try machine.count(line: line)
          (registers[a + 1], registers[a + 2]) = iterator.rest.removeFirst()
          pc += instruction.signedWide
        }
      case .call:
        let callee = try value(a)
        let arguments = try values(a + 1, b)
        let line = line
        if case .closure(let closure) = callee {
          registers[a] = try machine.call(closure, arguments)
        } else {
          registers[a] = try machine.callBuiltin(callee, arguments, line: line)
        }
        // What a callee leaves behind: nothing may be read there.
        for index in registers.indices where index > a { registers[index] = .cell(MachineCell(.nothing)) }
      case .tailCall: return .tailCall(try value(a), try values(a + 1, b))
      case .returnValue: return .returned(try rb())
      case .builtin:
        let name = machine.program.builtins[c]
        registers[a] = try machine.callBuiltin(.builtin(name), try values(a, b), line: line)
      case .context, .field: registers[a] = .number(7)
      }
    }
  }

  mutating func test(_ holds: Bool, _ flag: Int) throws {
    let jump = Instruction(word: function.code[pc])
    pc += 1
    guard holds != (flag == 1) else { return }
    if jump.operation == .loop { try machine.count(line: line) }
    pc += jump.jumpDistance
  }

  func makeClosure(_ index: Int) throws -> MachineValue {
    let made = MachineClosure(index)
    for upvalue in machine.program.functions[index].upvalues {
      switch upvalue.source {
      case .register(let register): made.upvalues.append(registers[register])
      case .upvalue(let outer): made.upvalues.append(closure.upvalues[outer])
      case .itself: made.upvalues.append(.closure(made))
      }
      if case .cell = made.upvalues[made.upvalues.count - 1] {
        if !upvalue.isCell { throw fail("captured a cell as a value") }
      } else if upvalue.isCell {
        throw fail("captured a value as a cell")
      }
    }
    return .closure(made)
  }

  func set(_ table: MachineTable, _ key: MachineValue, _ value: MachineValue) throws {
    if key == .nothing { throw fail("table nil index") }
    table.entries.removeAll { $0.key == key }
    if value != .nothing { table.entries.append((key, value)) }
  }

  func compare(_ left: MachineValue, _ right: MachineValue) throws -> Int {
    switch (left, right) {
    case (.number(let a), .number(let b)): return a < b ? -1 : a == b ? 0 : 1
    case (.string(let a), .string(let b)): return a.lexicographicallyPrecedes(b) ? -1 : a == b ? 0 : 1
    default: throw fail("compare")
    }
  }

  /// Written without the compiler's folding, which it is compared with.
  func arithmetic(_ operation: Operation, _ left: MachineValue, _ right: MachineValue) throws -> MachineValue {
    guard case .number(let a) = left, case .number(let b) = right else { throw fail("arithmetic") }
    switch operation {
    case .add: return .number(a &+ b)
    case .subtract: return .number(a &- b)
    case .multiply: return .number(a &* b)
    case .divide, .modulo:
      if b == 0 { throw fail(operation == .divide ? "divide 0" : "mod 0") }
      if b == -1 { return .number(operation == .divide ? 0 &- a : 0) }
      return .number(operation == .divide ? a / b : a % b)
    case .bitAnd: return .number(a & b)
    case .bitOr: return .number(a | b)
    case .bitXor: return .number(a ^ b)
    case .shiftLeft: return .number(a << (b & 63))
    case .shiftRight: return .number(a >> (b & 63))
    default: throw fail("no arithmetic")
    }
  }
}

/// What a script prints, and the error that ends it.
func printed(_ program: Program, iterationLimit: Int = 100_000) -> [String] {
  let machine = SmallMachine(program, iterationLimit: iterationLimit)
  do {
    try machine.run()
    return machine.output
  } catch let error as MachineError {
    return machine.output + ["error: \(error.line): \(error.message)"]
  } catch {
    return ["\(error)"]
  }
}
