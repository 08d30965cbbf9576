// The reference page of the instructions, made from the instruction table; `Documentation/Instructions.md` is this text,
// and a test compares them.

import KtapLanguage

/// The page as Markdown.
public func instructionReference() -> String {
  var page = """
    # Instructions

    Made from the instruction table in `Sources/KtapBytecode/Instruction.swift`; do not edit.

    An instruction is one 32-bit word. Registers are 0 to \(Instruction.registerLimit - 1). An operand written RK is a
    register, or with its flag (kB, kC) set one of the function's first 256 constants. Jump distances count words from
    the next word. A test (EQ, LT, LE, TEST) is followed by the JMP or LOOP that is taken when it does not hold; UPDATE
    is followed by a word whose opcode names the operator. LOOP, FORLOOP and ITERATE count loop iterations; nothing else
    jumps backwards. A shift takes its count modulo 64; `/` truncates, `%` has the dividend's sign, all arithmetic wraps.

    ## Formats


    """
  for format in InstructionFormat.allCases { page += "```\n\(ruler)\n\(layout(of: format))\n```\n\n" }
  page += "## Overview\n\n| opcode | name | format | operands | may fail | may call | meaning |\n"
  page += "|---:|---|---|---|---|---|---|\n"
  for row in instructionTable {
    page += "| \(row.operation.rawValue) | \(row.name) | \(row.format.name) | \(operands(of: row)) "
    page += "| \(row.mayFail ? "yes" : "") | \(row.mayCall ? "yes" : "") | `\(cell(row.meaning))` |\n"
  }
  page += "\n## Modes\n\n| instruction | operand | values |\n|---|---|---|\n"
  page += "| UNARY | C | \(modes(UnaryOperator.allCases) { $0.symbol }) |\n"
  page += "| CELL | C | \(modes(CellOperation.allCases) { "\($0)" }) |\n"
  page += "| CONTEXT | B | \(modes(ContextItem.allCases) { $0.word }) |\n"
  page += "| UPDATEUP | B | \(modes(Operation.allCases.filter(\.isArithmetic)) { $0.description.name }) |\n"
  return page
}

private func modes<Mode: RawRepresentable>(_ all: [Mode], _ name: (Mode) -> String) -> String
where Mode.RawValue == UInt8 {
  all.map { "\($0.rawValue) `\(name($0))`" }.joined(separator: ", ")
}

/// Text in a table: a bar would end its cell.
private func cell(_ text: String) -> String {
  text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
}

private func operands(of row: InstructionDescription) -> String {
  let second = row.format == .abc ? "B" : row.format.wideOperand
  return [("A", row.a), (second, row.b), ("C", row.c)].filter { $0.1 != .unused }
    .map { "\($0.0) \($0.1.name)" }.joined(separator: ", ")
}

private let ruler = " 31      24 23      16 15       8  7  6 5       0"

private func layout(of format: InstructionFormat) -> String {
  switch format {
  case .abc: "|    C     |    B     |    A     |kC|kB| opcode |  ABC"
  case .abx: "|          Bx         |    A     | 0| 0| opcode |  ABx, Bx unsigned"
  case .asbx: "|         sBx         |    A     | 0| 0| opcode |  AsBx, sBx signed"
  case .sj: "|               sJ               | 0| 0| opcode |  sJ, signed"
  }
}

extension InstructionFormat {
  fileprivate var name: String {
    switch self {
    case .abc: "ABC"
    case .abx: "ABx"
    case .asbx: "AsBx"
    case .sj: "sJ"
    }
  }

  fileprivate var wideOperand: String {
    switch self {
    case .abc, .abx: "Bx"
    case .asbx: "sBx"
    case .sj: "sJ"
    }
  }
}

extension OperandKind {
  fileprivate var name: String {
    switch self {
    case .unused: "unused"
    case .result: "result"
    case .register: "register"
    case .registerOrConstant: "register or constant"
    case .constant: "constant"
    case .upvalue: "captured variable"
    case .function: "nested function"
    case .builtin: "builtin"
    case .tableSite: "table site"
    case .count: "count"
    case .immediate: "number"
    case .flag: "flag"
    case .mode: "mode"
    case .jump: "jump"
    }
  }
}
