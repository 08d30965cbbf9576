// The compiler: from a syntax tree to a program.
//
//   syntax tree ─Resolver→ resolved tree ─analyses→ facts about variables, tables, effects ─Generator→ program
//
// The resolver finds out what names mean, folds constants and reports everything that is wrong; only the limits that
// depend on code (registers, constants, distances) are found by the generator. The analyses look at the whole script:
// who calls whom, and with it which tables each CPU can keep a part of, which captured variables handlers assign, and
// what a handler touches. The generator then makes the code of each function from its resolved body, in one walk.
//
// What the language has but this version cannot run becomes a call of the builtin `%unsupported`, so that the script
// fails at that line when it gets there, and not before.

import KtapLanguage

/// Compiles a script. The program is there if no diagnostic is an error; `name` is what error messages call the script.
public func compile(
  _ tree: SyntaxTree, name: String, builtins: BuiltinCatalogue
) -> (program: Program?, diagnostics: [Diagnostic]) {
  let resolver = Resolver(builtins: builtins)
  let resolution = resolver.resolve(tree)
  guard !resolver.diagnostics.contains(where: { $0.severity == .error }) else {
    return (nil, resolver.diagnostics.sorted { $0.position < $1.position })
  }
  resolution.analyseCalls()
  let assembler = ProgramAssembler(sites: resolution.tableSites())
  let functions = assembler.assemble(resolution.functions[0])
  let diagnostics = (resolver.diagnostics + assembler.diagnostics).sorted { $0.position < $1.position }
  guard !diagnostics.contains(where: { $0.severity == .error }) else { return (nil, diagnostics) }
  let program = Program(
    name: name, functions: functions, events: resolution.events, builtins: assembler.builtins,
    tableSites: assembler.sites)
  return (program, diagnostics)
}
