import KtapBytecode
import KtapLanguage

/// Any bytes are a script or have errors that can be shown; what the compiler makes the verifier accepts, and a program
/// file gives back.
public func fuzzScript(_ input: UnsafeRawBufferPointer) {
  let source = SourceFile(name: "script.kp", bytes: Array(input))
  let parsed = parse(source)
  for diagnostic in parsed.diagnostics { precondition(!diagnostic.rendered(in: source).isEmpty) }
  precondition((parsed.tree == nil) == parsed.diagnostics.contains { $0.severity == .error })
  guard let tree = parsed.tree else { return }
  let compiled = compile(tree, name: source.name, builtins: fuzzedBuiltins)
  for diagnostic in compiled.diagnostics { precondition(!diagnostic.rendered(in: source).isEmpty) }
  precondition((compiled.program == nil) == compiled.diagnostics.contains { $0.severity == .error })
  guard let program = compiled.program else { return }
  do {
    try program.verify()
    let read = try Program.decode(program.encode())
    precondition(read == program)
  } catch {
    preconditionFailure("\(error)")
  }
  precondition(!program.listing(source: source).isEmpty)
}

private let fuzzedBuiltins = BuiltinCatalogue(
  names: [
    "print", "printf", "print_hist", "pairs", "sort_pairs", "len", "delete", "exit", "stack", "table.new", "timer.tick",
    "kdebug.trace_by_id", "string.sub", "math.max", "gettimeofday_us", "count", "sum", "quantize", "%attach", "%site",
    "%tuple", "%unsupported", "%arg", "pid", "tid", "uid", "cpu", "execname", "probename", "argstr",
  ], pure: ["len", "print", "pairs"], planned: ["json"])
