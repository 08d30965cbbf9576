// The main thread while events come: attach, start, wait, run ticks, stop, drain.

import CKernelCalls
import Glibc
import KtapBytecode
import KtapEvents
import KtapRuntime
import KtapTiers
import Synchronization

extension Session {
  /// From the first attachment to the last event; `trace_end` comes after.
  func trace(_ signals: SignalWatcher) throws {
    var plan = try makePlan()
    if options.isVerbose {
      for note in plan.notes { standardError("ktap: \(note)\n") }
      standardError("ktap: \(plan.probes.count) events from \(source.name), \(plan.ticks.count) timers\n")
    }
    if let words = options.command { command = try TracedCommand(words) }
    if options.isDryRun {
      for index in plan.probes.indices { plan.probes[index].handlers = [] }
    }
    let watched = try ProcessWatch(options.processes)
    if !plan.probes.isEmpty { try openEvents(plan) }
    defer { opened?.close() }

    try startRecording(signals)
    command?.start()
    if !options.isQuiet && !isExitRequested { standardError("Tracing... Hit Ctrl-C to end.\n") }
    announceReady()
    waitUntilEnd(&plan.ticks, watched)
    stopRecording()
    if errors.total > 0 { standardError(errors.text) }
  }

  private func openEvents(_ plan: TracePlan) throws {
    let effects = script.loaded.effects
    // A filter may ask who the task is, too.
    let filtersAskForTasks = plan.probes.contains { $0.handlers.contains { $0.filter != nil } }
    let selection = EventSelection(
      events: plan.probes.map { SelectedEvent(format: $0.format, kernelFilter: $0.kernelFilter) },
      cpus: options.cpus, tasks: options.processes + (command.map { [$0.process] } ?? []),
      bufferKilobytes: options.bufferKilobytes,
      needsTasks: filtersAskForTasks || !effects.isDisjoint(with: [.usesExecname, .usesProcess, .usesUser]))
    let opened = try source.open(selection)
    self.opened = opened
    probes = try ProbeTable(plan, heap: script.heap, observed: opened.tasks?.observedEvents ?? [])
    probeNames = plan.probes.map(\.format.name.description)
  }

  /// Makes the workers, tells them who they are, and lets events come.
  private func startRecording(_ signals: SignalWatcher) throws {
    guard let opened, let probes else { return }
    script.beginConcurrency(workers: opened.streams.count)
    let threads = ThreadList()
    let barrier = StartBarrier(opened.streams.count)
    let header = try source.subBufferHeader()
    for (index, stream) in opened.streams.enumerated() {
      let state = script.workers[index]
      state.context.state.pointee.cpu = Int32(stream.cpu)
      workers.append(
        Worker(
          self, stream: stream, state: state, probes: probes,
          counters: LedgerCounters(cpu: stream.cpu, probeCount: probeNames.count),
          header: header, tasks: opened.tasks))
    }
    for worker in workers {
      worker.start {
        threads.add(ktap_thread_id())
        barrier.arriveAndWait()
      }
    }
    barrier.waitForArrivals()
    threads.add(ktap_thread_id())
    threads.add(signals.thread)
    ownThreads = ThreadSet(options.tracesSelf ? [] : threads.all)
    for worker in workers { worker.ownThreads = ownThreads }
    try opened.start()
    barrier.release()
  }

  private func announceReady() {
    guard options.readyDescriptor >= 0 else { return }
    var byte = UInt8(ascii: "R")
    _ = write(options.readyDescriptor, &byte, 1)
    close(options.readyDescriptor)
  }

  // MARK: Waiting

  private func waitUntilEnd(_ ticks: inout [TickTimer], _ watched: ProcessWatch) {
    let start = ktap_monotonic()
    for index in ticks.indices { ticks[index].next = start + ticks[index].period }
    while !isOver(watched) {
      let now = ktap_monotonic()
      let next = ticks.map(\.next).min() ?? .max
      if next <= now {
        runDueTicks(&ticks, now)
      } else {
        sleep(until: next, now: now, watched)
      }
      if script.needsWorldCollection { withWorldStopped { script.collectSharedHeap() } }
    }
  }

  private func isOver(_ watched: ProcessWatch) -> Bool {
    if isExitRequested || errors.isFatal || options.output.error != 0 { return true }
    if let command, command.hasEnded() { return true }
    if !options.processes.isEmpty && watched.allEnded { return true }
    return !workers.isEmpty && endedWorkers.load(ordering: .acquiring) == workers.count
  }

  private func sleep(until next: Int64, now: Int64, _ watched: ProcessWatch) {
    let descriptors = [wakeDescriptor] + watched.descriptors
    ktap_wait_any_readable(descriptors, Int32(descriptors.count), next == .max ? 3600_000_000_000 : next - now)
    var drained: UInt64 = 0
    _ = read(wakeDescriptor, &drained, 8)
  }

  private func runDueTicks(_ ticks: inout [TickTimer], _ now: Int64) {
    withWorldStopped {
      runsTick = true
      defer { runsTick = false }
      for index in ticks.indices where ticks[index].next <= now && !isExitRequested {
        // A tick that comes late is run once, not as often as it was missed.
        let missed = (now - ticks[index].next) / ticks[index].period
        ticks[index].next += (missed + 1) * ticks[index].period
        if missed > 0 { lateTicks += UInt64(missed) }
        runTick(ticks[index].handler)
      }
    }
    script.main.context.flushOutput()
  }

  private func runTick(_ handler: Value) {
    do {
      try script.main.call(handler)
    } catch {
      if !error.isInterruption && errors.report(error) { requestExit() }
    }
  }

  /// Runs `body` while no handler runs, with what the CPUs counted merged into the tables.
  private func withWorldStopped(_ body: () -> Void) {
    guard !workers.isEmpty else { return body() }
    for worker in workers { worker.interrupt() }
    gate.withWorldStopped(script) {
      script.suspendConcurrency()
      body()
      script.resumeConcurrency()
    }
  }

  /// A worker's thread is about to end; called by it.
  func workerEnded() {
    endedWorkers.wrappingAdd(1, ordering: .acquiringAndReleasing)
    wake()
  }

  // MARK: The end

  private func stopRecording() {
    guard let opened else { return }
    opened.stop()
    phase.advance(to: .draining)
    for worker in workers { worker.interrupt() }
    for worker in workers { worker.join() }
    script.endConcurrency()
    statistics = opened.statistics()
  }

  /// What became of every event; after `trace_end`, which can still fill tables.
  func makeLedger() -> Ledger {
    let tables = script.heap.droppedKeys().map { dropped in
      let site = Int(dropped.site)
      let name = program.tableSites.indices.contains(site) ? program.tableSites[site].name : "without a name"
      return Ledger.Table(name: name, dropped: dropped.count)
    }
    // Every worker has read its stream to the end.
    let unread = Dictionary(uniqueKeysWithValues: workers.map { ($0.counters.cpu, UInt64(0)) })
    return Ledger(
      counters: workers.map(\.counters), probes: probeNames, statistics: statistics, unread: unread, tables: tables)
  }
}
