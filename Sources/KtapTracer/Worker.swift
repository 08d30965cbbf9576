// A worker: one thread, one CPU's stream, the handlers of that CPU's events in order.
//
// In: sub-buffers from a stream. Out: handlers called, and counters that say what became of each record.
//
// Between sub-buffers the worker passes the world's gate, so that a tick waits for a page of records at most; inside
// handlers, loops and calls pass it too. While it waits for events it is outside the gate.
//
// On the event path nothing allocates, locks or counts references: a record's handlers are found in flat arrays, the
// event is described by plain stores into the context, the interpreter runs on this thread's own stack, counters are
// this worker's own memory.

import CKernelCalls
import Glibc
import KtapEvents
import KtapRuntime
import KtapTiers

final class Worker: @unchecked Sendable {
  private unowned let session: Session
  private let stream: any EventStream
  private let state: ExecutionState
  private let probes: ProbeTable
  let counters: LedgerCounters
  /// Whose events are the tracer's own; set before events are recorded.
  var ownThreads = ThreadSet([])
  private let header: SubBufferHeader
  private let tasks: TaskDirectory?
  private var thread: ThreadHandle?
  private var taskGeneration: UInt64 = 0
  /// False after `exit()` and after an error that ends tracing: what still comes is only counted.
  private var handlesEvents = true
  /// Of the context, as far as they are in the ledger.
  private var cutFields: UInt64 = 0

  /// How long a worker waits when less than the wake-up share of the buffer is filled, in nanoseconds: what a user at a
  /// terminal takes for at once.
  private static let patience: Int64 = 100_000_000

  init(
    _ session: Session, stream: any EventStream, state: ExecutionState, probes: ProbeTable, counters: LedgerCounters,
    header: SubBufferHeader, tasks: TaskDirectory?
  ) {
    self.session = session
    self.stream = stream
    self.state = state
    self.probes = probes
    self.counters = counters
    self.header = header
    self.tasks = tasks
  }

  /// Starts the thread; `ready` runs on it first.
  func start(_ ready: @escaping @Sendable () -> Void) {
    thread = startThread(named: "ktap-cpu\(stream.cpu)") { [self] in
      ready()
      run()
    }
  }

  /// Waits for the thread's end.
  func join() {
    thread?.join()
    thread = nil
  }

  /// Ends a wait for events; may be called from any thread.
  func interrupt() { stream.interrupt() }

  private func run() {
    var decoder = SubBufferDecoder(header: header)
    session.gate.enter()
    while true {
      // The phase is read before the stream: what was recorded before the end is there when it says so.
      let phase = session.phase.current
      let took = drain(&decoder)
      state.context.flushLines()
      if phase != .tracing {
        if took == 0 { break }
        // Nothing is recorded any more, so this does not wait: it only says that more is wanted.
        _ = stream.wait(nanoseconds: 0)
        continue
      }
      session.gate.leave()
      let streamState = stream.wait(nanoseconds: Self.patience)
      session.gate.enter()
      if streamState == .ended {
        while drain(&decoder) > 0 {}
        break
      }
    }
    state.context.flushOutput()
    session.gate.leave()
    session.workerEnded()
  }

  /// Takes what can be read now.
  /// - Returns: how many sub-buffers that were.
  private func drain(_ decoder: inout SubBufferDecoder) -> Int {
    var taken = 0
    while let subBuffer = stream.nextSubBuffer() {
      forgetChangedTasks()
      decoder.begin(subBuffer)
      counters.missed(decoder.missed)
      var count: UInt64 = 0
      while let record = decoder.next() {
        count &+= 1
        handle(record)
      }
      counters.seen(count)
      if decoder.damage != nil { counters.damaged() }
      if session.script.attention.contains(.worldStop) { session.gate.passSafePoint() }
      taken += 1
    }
    return taken
  }

  /// Calls a record's handlers.
  @inline(__always)
  private func handle(_ record: EventRecord) {
    let number = probes.index[record.eventID]
    guard number >= 0 else { return observe(record) }
    let probe = probes.probes.baseAddress! + Int(number)
    let task = record.bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    if ownThreads.contains(task) || !handlesEvents { return skip(record, task, Int(number)) }
    if probe.pointee.isObserved { tasks?.observe(record) }
    state.context.state.pointee.event = EventState(
      record: record.bytes, length: record.length, layout: probe.pointee.layout, time: record.time, thread: task)
    var outcome = probe.pointee.count == 0 ? LedgerOutcome.handled : .filteredByScript
    var position = probe.pointee.first
    let end = position &+ probe.pointee.count
    while position < end && handlesEvents {
      let handler = probes.handlers.baseAddress! + Int(position)
      position &+= 1
      if handler.pointee.filter >= 0 && !passes(Int(handler.pointee.filter), record) { continue }
      if outcome == .filteredByScript { outcome = .handled }
      do {
        try state.call(handler.pointee.closure)
      } catch {
        outcome = failed(error)
      }
      if state.context.isExitRequested {
        handlesEvents = false
        session.wake()
      }
    }
    state.context.state.pointee.event.record = nil
    if state.context.state.pointee.cutFields != cutFields { countCuts(Int(number)) }
    counters.record(outcome)
    counters.deliver(outcome, to: Int(number))
  }

  /// A record of the tracer's own, or one that came after the end.
  @inline(never)
  private func skip(_ record: EventRecord, _ task: Int32, _ probe: Int) {
    let outcome = ownThreads.contains(task) ? LedgerOutcome.filteredSelf : .afterEnd
    counters.record(outcome)
    counters.deliver(outcome, to: probe)
  }

  @inline(never)
  private func countCuts(_ probe: Int) {
    counters.cut(.stringCut, in: probe, state.context.state.pointee.cutFields &- cutFields)
    cutFields = state.context.state.pointee.cutFields
  }

  @inline(never)
  private func passes(_ filter: Int, _ record: EventRecord) -> Bool {
    let program = probes.filters[filter]
    var context = FilterContext(cpu: state.context.state.pointee.cpu)
    if program.needsProcess || program.needsUser || program.needsName {
      let identity = tasks?.identity(of: state.context.state.pointee.event.thread, at: record.time) ?? .unknown
      context.process = identity.process ?? -1
      context.user = identity.user ?? .max
      context.name = identity.name
    }
    return program.accepts(record, context)
  }

  /// What an error makes of the event; one too many ends tracing.
  @inline(never)
  private func failed(_ failure: ScriptFailure) -> LedgerOutcome {
    if failure.isInterruption {
      handlesEvents = false
      return .afterEnd
    }
    if session.errors.report(failure) {
      handlesEvents = false
      session.requestExit()
    }
    return .scriptError
  }

  /// A record that only the task directory wants, or of no event that was asked for.
  @inline(never)
  private func observe(_ record: EventRecord) {
    tasks?.observe(record)
    counters.record(.notWanted)
  }

  /// What this worker remembered of tasks may have changed.
  private func forgetChangedTasks() {
    guard let tasks else { return }
    let generation = tasks.generation
    if generation != taskGeneration {
      taskGeneration = generation
      state.context.forgetTasks()
    }
  }
}
