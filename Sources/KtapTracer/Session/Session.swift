// One run of a script: load, run the main chunk, attach, trace, end.
//
// In: a verified program, an event source, options. Out: what the script printed, and a ledger that says what became of
// every event.
//
// The order: the main chunk runs first and registers handlers (`attach`). If it registered any, the events that they name
// are looked up and recorded, one worker a CPU runs the handlers, and the main thread waits: for ticks (which it runs
// with the world stopped), for signals, for the traced command, for workers that have something to say. At the end
// recording stops, the workers read what is left, per-CPU tables are merged, and `trace_end` runs.
//
// Errors in the main chunk end the script. Errors in a handler end tracing, but `trace_end` still runs, so that nothing
// that was gathered is lost.
//
// `Session+Attachment` turns definitions into probes, `Session+Tracing` is the main thread's loop, `Session+Host`
// answers what builtins ask, `Worker` runs handlers.

import CKernelCalls
import Glibc
import KtapBytecode
import KtapEvents
import KtapLanguage
import KtapRuntime
import KtapTiers
import Synchronization

public final class Session: @unchecked Sendable {
  let program: Program
  let source: any EventSource
  let options: SessionOptions
  let gate = WorldGate()
  let wakeDescriptor: Int32
  let errors: HandlerErrors
  var script: ScriptInstance!
  /// Set by `exit()`.
  let exitRequested: UnsafeMutablePointer<UInt32>

  /// What the main chunk attached, in order.
  var attachments: [Attachment] = []
  var traceEnd: Value?
  /// The main chunk runs: statements may attach.
  var acceptsAttachments = true
  /// A tick handler runs.
  var runsTick = false
  var opened: (any OpenedEvents)?
  var probes: ProbeTable?
  var workers: [Worker] = []
  var probeNames: [String] = []
  var statistics: [StreamStatistics] = []
  /// Ticks that did not run because the one before them, or an event, took too long.
  var lateTicks: UInt64 = 0
  var command: TracedCommand?
  /// How much handlers on CPUs are wanted to stop; see `Worker`.
  let phase = TracingPhase()
  var ownThreads = ThreadSet([])
  let endedWorkers = Atomic<Int>(0)
  let endedBySignal = Atomic<Bool>(false)

  /// One `trace`, `tick`, … statement that was run.
  struct Attachment {
    var declaration: EventDeclaration
    var handler: Value
  }

  /// - Throws: `LoadError` if the program does not verify here.
  public init(_ program: Program, source: any EventSource, options: SessionOptions) throws(LoadError) {
    self.program = program
    self.source = source
    self.options = options
    wakeDescriptor = ktap_make_wake_up()
    errors = HandlerErrors(limit: options.errorLimit)
    exitRequested = .allocate(capacity: 1)
    exitRequested.initialize(to: 0)
  }

  deinit {
    close(wakeDescriptor)
    script = nil
    exitRequested.deallocate()
  }

  /// Runs the script to its end.
  /// - Throws: `LoadError`, `SourceError` (what could not be attached), or `DefinitionError`; run-time errors are part of
  ///   the outcome and have been printed on standard error.
  public func run() throws -> SessionOutcome {
    ktap_block_ending_signals()
    let signals = SignalWatcher { [weak self] count in self?.signalled(count) }
    signals.start()
    script = try ScriptInstance(program, options: options.script) { [self] heap, shared, index in
      RuntimeContext.make(
        heap: heap, shared: shared, workerIndex: index,
        output: OutputBuffer(sink: options.output, showsTime: options.showsTime),
        exitRequested: exitRequested, host: self)
    }
    script.onWorldStop = { [gate] in gate.passSafePoint() }
    script.main.context.setScriptArguments(options.arguments)

    var outcome = SessionOutcome(
      ending: .normal, ledger: makeLedger(), lateTicks: 0, commandStatus: nil, tracedEvents: false)
    do {
      try script.runMain()
    } catch {
      if !error.isInterruption {
        script.main.context.flushOutput()
        standardError(error.description + "\n")
        outcome.ending = .scriptError
        return outcome
      }
      requestExit()
    }
    script.lowerAttention(.interruptMain)
    script.main.context.flushOutput()
    acceptsAttachments = false

    if !isExitRequested && !attachments.isEmpty {
      outcome.tracedEvents = true
      try trace(signals)
      if errors.isFatal { outcome.ending = .scriptError }
      outcome.commandStatus = command?.status
    }
    runTraceEnd(&outcome)
    script.main.context.flushOutput()
    outcome.ledger = makeLedger()
    outcome.lateTicks = lateTicks
    for worker in workers { worker.counters.deallocate() }
    return outcome
  }

  private func runTraceEnd(_ outcome: inout SessionOutcome) {
    guard let traceEnd else { return }
    do {
      try script.main.call(traceEnd)
    } catch {
      script.main.context.flushOutput()
      if error.isInterruption {
        outcome.ending = .interrupted
      } else {
        standardError(error.description + "\n")
        outcome.ending = .scriptError
      }
    }
  }

  // MARK: Ending

  var isExitRequested: Bool { ktap_load_acquire_32(exitRequested) != 0 }

  /// Ends tracing as `exit()` does; may be called from any thread.
  func requestExit() {
    ktap_store_release_32(exitRequested, 1)
    wake()
  }

  /// Makes the main thread look around; may be called from any thread.
  func wake() {
    var one: UInt64 = 1
    _ = write(wakeDescriptor, &one, 8)
  }

  private func signalled(_ endingSignals: Int) {
    guard let script else { return }
    if endingSignals == 1 {
      // Tracing ends normally; a main chunk that still runs is cut short.
      endedBySignal.store(true, ordering: .releasing)
      if acceptsAttachments { script.raiseAttention(.interruptMain) }
      requestExit()
    } else if endingSignals > 1 {
      script.raiseAttention(.interruptAll)
      requestExit()
    } else {
      wake()
    }
  }
}

/// Writes to standard error.
func standardError(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
