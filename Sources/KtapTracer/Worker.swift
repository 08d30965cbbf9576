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
  private let counters: LedgerCounters
  /// Whose events are the tracer's own; set before events are recorded.
  var ownThreads = ThreadSet([])
  private let header: SubBufferHeader
  private let tasks: TaskDirectory?
  private var thread: ThreadHandle?
  private var taskGeneration: UInt64 = 0

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
      let phase = session.phase.current
      if phase == .ending { break }
      let isComplete = drain(&decoder)
      state.context.flushLines()
      if !isComplete || phase == .draining { break }
      session.gate.leave()
      let streamState = stream.wait(nanoseconds: Self.patience)
      session.gate.enter()
      if streamState == .ended && session.phase.current == .tracing {
        _ = drain(&decoder)
        break
      }
    }
    state.context.flushOutput()
    session.gate.leave()
    session.workerEnded()
  }

  /// Handles all that can be read now.
  /// - Returns: false if tracing is over.
  private func drain(_ decoder: inout SubBufferDecoder) -> Bool {
    while let subBuffer = stream.nextSubBuffer() {
      forgetChangedTasks()
      decoder.begin(subBuffer)
      counters.missed(decoder.missed)
      while let record = decoder.next() {
        if !handle(record) { return false }
      }
      if let damage = decoder.damage { counters.undecodable(damage, bytes: decoder.unreadBytes) }
      if session.script.attention.contains(.worldStop) { session.gate.passSafePoint() }
      if session.phase.current == .ending { return false }
    }
    return true
  }

  /// Calls a record's handlers.
  /// - Returns: false if tracing is over.
  @inline(__always)
  private func handle(_ record: EventRecord) -> Bool {
    let number = probes.index[record.eventID]
    guard number >= 0 else {
      observe(record)
      return true
    }
    let task = record.bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    if ownThreads.contains(task) {
      counters.filtered(probe: Int(number), .tracer)
      return true
    }
    let probe = probes.probes.baseAddress! + Int(number)
    if probe.pointee.isObserved { tasks?.observe(record) }
    state.context.state.pointee.event = EventState(
      record: record.bytes, length: record.length, layout: probe.pointee.layout, time: record.time, thread: task)
    var called = false
    var position = probe.pointee.first
    let end = position &+ probe.pointee.count
    while position < end {
      let handler = probes.handlers.baseAddress! + Int(position)
      position &+= 1
      if handler.pointee.filter >= 0 && !passes(Int(handler.pointee.filter), record) { continue }
      called = true
      do {
        try state.call(handler.pointee.closure)
      } catch {
        if !failed(error, probe: Int(number)) { return false }
      }
      if state.context.isExitRequested {
        counters.handled(probe: Int(number))
        leaveEvent()
        session.wake()
        return false
      }
    }
    leaveEvent()
    if called { counters.handled(probe: Int(number)) } else { counters.filtered(probe: Int(number), .userFilter) }
    return true
  }

  @inline(__always)
  private func leaveEvent() { state.context.state.pointee.event.record = nil }

  @inline(never)
  private func passes(_ filter: Int, _ record: EventRecord) -> Bool {
    probes.filters[filter].passes(record, state.context)
  }

  /// - Returns: false if this error ends tracing.
  @inline(never)
  private func failed(_ failure: ScriptFailure, probe: Int) -> Bool {
    leaveEvent()
    if failure.isInterruption { return false }
    counters.dropped(probe: probe, .scriptError)
    if session.errors.report(failure) {
      session.requestExit()
      return false
    }
    return true
  }

  /// A record that only the task directory wants.
  @inline(never)
  private func observe(_ record: EventRecord) {
    tasks?.observe(record)
    counters.filteredUnknown(.directory)
  }

  /// What this worker remembered of tasks may have changed.
  private func forgetChangedTasks() {
    guard let tasks else { return }
    let generation = tasks.generation
    if generation != taskGeneration {
      taskGeneration = generation
      state.context.state.pointee.tasks.forget()
    }
  }
}
