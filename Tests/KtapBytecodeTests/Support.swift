import KtapBytecode
import KtapLanguage
import Testing

/// A small catalogue: the tests must not depend on which builtins the run time has.
let testBuiltins = BuiltinCatalogue(
  names: [
    "print", "printf", "print_hist", "pairs", "sort_pairs", "len", "delete", "json", "exit", "stack", "table.new",
    "string.sub", "string.find", "string.upper", "timer.tick", "timer.profile", "kdebug.tracepoint",
    "kdebug.trace_end",
  ],
  pure: ["len", "string.sub"],
  planned: ["ansi.clear_screen"])

/// Compiles a script that is right; what comes out always passes the verifier and survives its program file.
func compiled(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Program {
  let (tree, diagnostics) = parse(SourceFile(name: "test.kp", text: text))
  let found = try #require(tree, "\(diagnostics)", sourceLocation: sourceLocation)
  let (program, errors) = compile(found, name: "test.kp", builtins: testBuiltins)
  let result = try #require(program, "\(errors)", sourceLocation: sourceLocation)
  #expect(throws: Never.self, sourceLocation: sourceLocation) { try result.verify() }
  #expect(try Program.decode(result.encode()) == result, sourceLocation: sourceLocation)
  return result
}

/// What the compiler says about a script that parses: `LINE: MESSAGE` and a suggestion in brackets.
func complaints(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
  let (tree, diagnostics) = parse(SourceFile(name: "test.kp", text: text))
  let found = try #require(tree, "\(diagnostics)", sourceLocation: sourceLocation)
  let (program, errors) = compile(found, name: "test.kp", builtins: testBuiltins)
  #expect((program == nil) == !errors.isEmpty, sourceLocation: sourceLocation)
  return errors.map { "\($0.position.line): \($0.message)" + ($0.suggestion.map { " [\($0)]" } ?? "") }
}

/// The instructions of a function as the listing prints them, spaces collapsed and without the notes.
func instructions(_ program: Program, function: Int = 0) -> [String] {
  let header = "function \(function): "
  var isInside = false
  var result: [String] = []
  for line in program.listing().split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("function ") { isInside = line.hasPrefix(header); continue }
    guard isInside, let code = line.split(separator: ";", maxSplits: 1).first, !code.hasPrefix("  u") else { continue }
    let words = code.split(separator: " ")
    guard let first = words.firstIndex(where: { $0.first!.isUppercase }) else { continue }
    result.append(words[first...].joined(separator: " "))
  }
  return result
}
