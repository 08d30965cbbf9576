import KtapBytecode
import KtapLanguage
import KtapRuntime

/// Any bytes are a script or have errors that can be shown; what the compiler makes the verifier accepts, a program file
/// gives back, and the interpreter runs to an end.
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
  runBriefly(program)
}

private let fuzzedBuiltins = BuiltinCatalogue(
  names: BuiltinNames.supported, pure: BuiltinNames.pure, planned: BuiltinNames.planned)
