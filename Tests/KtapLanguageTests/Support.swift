// What the tests share: a script's errors as lines, and its syntax tree as text that is easy to compare.

import KtapLanguage

/// `LINE:COL: MESSAGE near 'TOKEN'` of every diagnostic, warnings marked.
func findings(_ text: String) -> [String] { findings(Array(text.utf8)) }

func findings(_ bytes: [UInt8]) -> [String] {
  parse(SourceFile(name: "t.kp", bytes: bytes)).diagnostics.map {
    "\($0.position.line):\($0.position.column): \($0.severity == .warning ? "warning: " : "")\($0.summary)"
  }
}

/// The tree of a script without errors; otherwise its findings, which no test expects.
func tree(_ text: String) -> String { tree(Array(text.utf8)) }

func tree(_ bytes: [UInt8]) -> String {
  let (tree, diagnostics) = parse(SourceFile(name: "t.kp", bytes: bytes))
  guard let tree else { return "ERRORS: " + diagnostics.map(\.summary).joined(separator: "; ") }
  return describe(tree.chunk.statements)
}

/// The tree of `x = …`, without `x = `.
func expression(_ text: String) -> String {
  let result = tree("x = " + text)
  return result.hasPrefix("x = ") ? String(result.dropFirst(4)) : result
}

/// The statements of a script without errors.
func statements(_ text: String) -> [Statement] {
  parse(SourceFile(name: "t.kp", text: text)).tree?.chunk.statements ?? []
}

func describe(_ statements: [Statement]) -> String { statements.map(describe).joined(separator: "; ") }

private func describe(_ block: Block) -> String {
  block.statements.isEmpty ? "{}" : "{ \(describe(block.statements)) }"
}

func describe(_ statement: Statement) -> String {
  switch statement.kind {
  case .variables(let names, let values):
    "var \(list(names))" + (values.isEmpty ? "" : " = \(list(values))")
  case .function(let name, let body): "function \(name.text)\(describe(body))"
  case .assignment(let targets, let values): "\(list(targets)) = \(list(values))"
  case .compound(let targets, let operation, let values): "\(list(targets)) \(operation.symbol)= \(list(values))"
  case .aggregate(let target, let value): "\(describe(target)) <<< \(describe(value))"
  case .call(let call): describe(call)
  case .conditional(let branches, let otherwise):
    branches.map { "if \(describe($0.condition)) \(describe($0.body))" }.joined(separator: " else ")
      + (otherwise.map { " else \(describe($0))" } ?? "")
  case .whileLoop(let condition, let body): "while \(describe(condition)) \(describe(body))"
  case .repeatLoop(let body, let condition): "repeat \(describe(body)) until \(describe(condition))"
  case .numericFor(let variable, let from, let to, let step, let body):
    "for \(variable.text) = \(describe(from)), \(describe(to))\(step.map { ", \(describe($0))" } ?? "") "
      + describe(body)
  case .classicFor(let initial, let condition, let step, let body):
    "for (\(initial.map(describe) ?? "-") | \(condition.map(describe) ?? "-") | \(step.map(describe) ?? "-")) "
      + describe(body)
  case .iteration(let names, let iterator, let body):
    "for \(list(names)) in \(describe(iterator)) \(describe(body))"
  case .breakLoop: "break"
  case .continueLoop: "continue"
  case .returnValue(let value): value.map { "return \(describe($0))" } ?? "return"
  case .trace(let definition, let body): "trace <\(definition.text)> \(describe(body))"
  case .traceEnd(let body): "trace_end \(describe(body))"
  case .timer(let timer, let body):
    "\(timer.kind) \(timer.text) = \(timer.periodNanoseconds) \(describe(body))"
  case .importFile(let path): "import \(quoted(path))"
  }
}

func describe(_ expression: Expression) -> String {
  switch expression.kind {
  case .nilLiteral: "nil"
  case .boolean(let value): "\(value)"
  case .number(let value): "\(value)"
  case .string(let bytes): quoted(bytes)
  case .name(let name): name
  case .context(let item): "@\(item.word)"
  case .argument(let number): "@arg\(number)"
  case .field(let name): "@args.\(name)"
  case .index(let table, let keys): "\(describe(table))[\(list(keys))]"
  case .call(let callee, let arguments): "\(describe(callee))(\(list(arguments)))"
  case .methodCall(let object, let name, let arguments): "\(describe(object)):\(name)(\(list(arguments)))"
  case .unary(let operation, let operand): "(\(operation.symbol)\(describe(operand)))"
  case .binary(let operation, let left, let right):
    "(\(describe(left)) \(operation.symbol) \(describe(right)))"
  case .table(let items): "{\(items.map(describe).joined(separator: ", "))}"
  case .function(let body): "function\(describe(body))"
  case .parenthesized(let inner): "paren<\(describe(inner))>"
  }
}

private func describe(_ body: FunctionBody) -> String { "(\(list(body.parameters))) \(describe(body.body))" }

private func describe(_ item: TableItem) -> String {
  switch item.key {
  case .positional: describe(item.value)
  case .computed(let key): "[\(describe(key))] = \(describe(item.value))"
  }
}

private func list(_ names: [DeclaredName]) -> String { names.map(\.text).joined(separator: ", ") }
private func list(_ expressions: [Expression]) -> String { expressions.map(describe).joined(separator: ", ") }

/// In double quotes; bytes outside printable ASCII as `\xHH`.
func quoted(_ bytes: [UInt8]) -> String {
  var text = "\""
  for byte in bytes {
    if byte >= 0x20, byte < 0x7f {
      text.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }
  return text + "\""
}
