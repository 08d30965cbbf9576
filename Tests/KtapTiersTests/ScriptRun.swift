// Runs a script's main chunk in this process and keeps what it printed.

import KtapBytecode
import KtapLanguage
import KtapRuntime
import KtapTiers

struct ScriptRun {
  var output: String
  var failure: ScriptFailure?
  var diagnostics: [Diagnostic]

  /// - Parameter arguments: `arg[1]`, ….
  init(_ text: String, loopLimit: Int64 = ExecutionLimits.loops, entryLimit: Int = 1 << 20) {
    output = ""
    let source = SourceFile(name: "test.kp", text: text)
    let (tree, findings) = parse(source)
    diagnostics = findings
    guard let tree else { return }
    let (program, more) = KtapBytecode.compile(
      tree, name: source.name,
      builtins: BuiltinCatalogue(names: BuiltinNames.supported, pure: BuiltinNames.pure, planned: BuiltinNames.planned))
    diagnostics += more
    guard let program else { return }
    let sink = OutputSink.memory()
    let exit = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    exit.initialize(to: 0)
    defer {
      exit.deallocate()
      sink.destroy()
    }
    var options = ScriptOptions()
    options.loopLimit = loopLimit
    options.entryLimit = entryLimit
    do {
      let instance = try ScriptInstance(program, options: options) { heap, shared, index in
        RuntimeContext.make(
          heap: heap, shared: shared, workerIndex: index, output: OutputBuffer(sink: sink), exitRequested: exit,
          host: nil)
      }
      do {
        try instance.runMain()
      } catch {
        failure = error
      }
      instance.main.context.state.pointee.output.flush()
      output = String(decoding: sink.takeBytes(), as: UTF8.self)
    } catch {
      failure = ScriptFailure(message: error.message, file: source.name, line: 0, calls: [])
    }
  }

  /// The error's message with its line: `3: divide 0 arith operation`.
  var error: String? { failure.map { "\($0.line): \($0.message)" } }
}
