import KtapBytecode
import KtapRuntime
import KtapTiers

/// Runs a verified program's main chunk with little of everything: it ends, with an error or without.
func runBriefly(_ program: Program) {
  let sink = OutputSink.memory()
  let exit = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  exit.initialize(to: 0)
  defer {
    exit.deallocate()
    sink.destroy()
  }
  var options = ScriptOptions()
  options.loopLimit = 500
  options.entryLimit = 500
  do {
    let instance = try ScriptInstance(program, options: options) { heap, shared, index in
      RuntimeContext.make(
        heap: heap, shared: shared, workerIndex: index, output: OutputBuffer(sink: sink), exitRequested: exit, host: nil
      )
    }
    Watchdog.watch(instance) {
      do throws(ScriptFailure) {
        try instance.runMain()
      } catch {
        precondition(!error.message.isEmpty)
      }
    }
    // Nothing that is still reachable may be gone, and nothing else be touched.
    instance.collectSharedHeap()
  } catch {
    precondition(!error.message.isEmpty)
  }
}
