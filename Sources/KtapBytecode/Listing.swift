// The listing: a program as text, for `-b` and `ktap disasm`.
//
// One line an instruction: the pc, the source line where it changes, the name from the instruction table, the operands
// as the table's kinds say, and behind a semicolon what a reader would look up otherwise: constants, names of captured
// variables and of builtins, the target of a jump. With the source at hand its lines stand above their instructions.
//
// It also shows programs that the verifier would refuse: whatever does not exist is printed as a number.

import KtapLanguage

extension Program {
  /// The program as text, with the lines of `source` between the instructions if it is given.
  public func listing(source: SourceFile? = nil) -> String {
    var result = "program \(name)\n"
    for (index, event) in events.enumerated() {
      result += "event \(index): \(event.kind.keyword) \(event.text) (line \(event.line))\n"
    }
    for (index, site) in tableSites.enumerated() {
      let sharing = site.isPerCPU ? "per CPU" : "shared"
      result += "table \(index): \(site.name), \(sharing): \(site.reason)\n"
    }
    let lines = source.map { Listing.lines(of: $0) } ?? []
    for index in functions.indices { result += "\n" + Listing(program: self, index: index, source: lines).text }
    return result
  }

  /// One instruction as the listing prints it, without its position.
  func listed(function: Int, pc: Int) -> String {
    Listing(program: self, index: function, source: []).instruction(at: pc)
  }
}

extension EventDeclaration.Kind {
  var keyword: String {
    switch self {
    case .trace: "trace"
    case .traceEnd: "trace_end"
    case .tick: "tick"
    case .profile: "profile"
    }
  }
}

struct Listing {
  let program: Program
  let function: Function
  let index: Int
  let source: [String]

  init(program: Program, index: Int, source: [String]) {
    self.program = program
    self.function = program.functions[index]
    self.index = index
    self.source = source
  }

  static func lines(of source: SourceFile) -> [String] {
    source.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  var text: String {
    var result = "function \(index): \(function.name) (line \(function.line)): \(counts)\n"
    for (index, upvalue) in function.upvalues.enumerated() {
      result += "  u\(index) = \(upvalue.name), \(upvalue.description)\n"
    }
    var line: Int32 = -1
    var pc = 0
    while pc < function.code.count {
      let current = pc < function.positions.count ? function.positions[pc].line : 0
      if current != line, current > 0, Int(current) <= source.count { result += "  | \(source[Int(current) - 1])\n" }
      let shown = current == line ? "" : String(current)
      result += "\(pad(String(pc), 6))\(pad(shown, 6))  \(instruction(at: pc))\n"
      line = current
      pc += length(at: pc)
    }
    return result
  }

  private var counts: String {
    func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
    return [
      count(function.parameterCount, "parameter"), count(function.frameSize, "register"),
      count(function.constants.count, "constant"), count(function.nested.count, "function"),
    ].joined(separator: ", ")
  }

  private func length(at pc: Int) -> Int { Instruction(word: function.code[pc]).operation == .update ? 2 : 1 }

  // MARK: Instructions

  func instruction(at pc: Int) -> String {
    let instruction = Instruction(word: function.code[pc])
    guard let operation = instruction.operation else { return "opcode \(instruction.opcode)" }
    let row = operation.description
    var operands: [String] = []
    var notes: [String] = []
    add(row.a, instruction.a, isConstant: false, row, &operands, &notes)
    switch row.format {
    case .abc:
      add(row.b, instruction.b, isConstant: instruction.isConstantB, row, &operands, &notes)
      add(row.c, instruction.c, isConstant: instruction.isConstantC, row, &operands, &notes)
    case .abx: add(row.b, instruction.wide, isConstant: false, row, &operands, &notes)
    case .asbx where row.b == .jump: operands.append("to \(pc + 1 + instruction.signedWide)")
    case .asbx: add(row.b, instruction.signedWide, isConstant: false, row, &operands, &notes)
    case .sj: operands.append("to \(pc + 1 + instruction.jumpDistance)")
    }
    if operation == .update, pc + 1 < function.code.count {
      operands.append(Instruction(word: function.code[pc + 1]).operation?.description.name ?? "?")
    }
    let text =
      "\(row.name)\(String(repeating: " ", count: max(1, 10 - row.name.utf8.count)))\(operands.joined(separator: " "))"
    guard !notes.isEmpty else { return text }
    return text + String(repeating: " ", count: max(1, 32 - text.utf8.count)) + "; " + notes.joined(separator: ", ")
  }

  private func add(
    _ kind: OperandKind, _ value: Int, isConstant: Bool, _ row: InstructionDescription, _ operands: inout [String],
    _ notes: inout [String]
  ) {
    switch kind {
    case .unused: break
    case .result, .register: operands.append("r\(value)")
    case .registerOrConstant where !isConstant: operands.append("r\(value)")
    case .registerOrConstant, .constant:
      operands.append("k\(value)")
      notes.append(constant(value))
    case .upvalue:
      operands.append("u\(value)")
      if function.upvalues.indices.contains(value) { notes.append(function.upvalues[value].name) }
    case .function:
      operands.append("f\(value)")
      if function.nested.indices.contains(value), program.functions.indices.contains(function.nested[value]) {
        notes.append("function \(function.nested[value]): \(program.functions[function.nested[value]].name)")
      }
    case .builtin:
      operands.append("b\(value)")
      if program.builtins.indices.contains(value) { notes.append(program.builtins[value]) }
    case .tableSite:
      operands.append("t\(value)")
      if program.tableSites.indices.contains(value) { notes.append(program.tableSites[value].name) }
    case .count, .immediate, .flag, .jump: operands.append(String(value))
    case .mode: operands.append(mode(value, of: row.operation))
    }
  }

  private func mode(_ value: Int, of operation: Operation) -> String {
    let raw = UInt8(truncatingIfNeeded: value)
    let name: String?
    switch operation {
    case .unary: name = UnaryOperator(rawValue: raw)?.symbol
    case .context: name = ContextItem(rawValue: raw)?.word
    case .cell: name = CellOperation(rawValue: raw).map { "\($0)" }
    default: name = Operation(rawValue: raw)?.description.name
    }
    return name ?? String(value)
  }

  private func constant(_ index: Int) -> String {
    guard function.constants.indices.contains(index) else { return "no constant" }
    return function.constants[index].text(builtins: program.builtins)
  }
}

extension UpvalueDescriptor {
  fileprivate var description: String {
    let kind = isCell ? "cell" : "value"
    switch source {
    case .register(let register): return "\(kind) in r\(register) of the enclosing function"
    case .upvalue(let index): return "\(kind) in u\(index) of the enclosing function"
    case .itself: return "this function"
    }
  }
}

extension Constant {
  /// As a script would write it, shortened.
  func text(builtins: [String]) -> String {
    switch self {
    case .nilValue: "nil"
    case .boolean(let flag): flag ? "true" : "false"
    case .number(let number): String(number)
    case .string(let bytes): quoted(bytes)
    case .builtin(let index): builtins.indices.contains(index) ? builtins[index] : "builtin \(index)"
    }
  }
}

/// A string between quotes, safe for a terminal, at most 40 bytes of it.
func quoted(_ bytes: [UInt8]) -> String {
  var text = "\""
  for byte in bytes.prefix(40) {
    switch byte {
    case UInt8(ascii: "\n"): text += "\\n"
    case UInt8(ascii: "\t"): text += "\\t"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
    case 0x20..<0x7f: text += String(UnicodeScalar(byte))
    default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }
  return text + (bytes.count > 40 ? "\"…" : "\"")
}

private func pad(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}
