// An instance comes, goes, and is cleaned up after whoever could not; only what was selected is recorded.

import CKernelCalls
import Glibc
import KtapRuntime
import Testing

@testable import KtapEvents

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"), .serialized)
struct TracefsLifecycleTests {
  let source: TracefsSource

  init() throws { source = try TracefsSource() }

  func selection(tasks: [Int32] = [ktap_thread_id()], followsChildren: Bool = false) throws -> EventSelection {
    EventSelection(
      events: [SelectedEvent(format: try source.format(of: parentProcessCall))], tasks: tasks,
      followsChildren: followsChildren, bufferKilobytes: 256)
  }

  @Test(arguments: TracefsSettings.ReadPath.allCases)
  func nothingIsLeftAfterClose(path: TracefsSettings.ReadPath) throws {
    source.settings.readPath = path
    let instance = try source.openInstance(try selection())
    let folder = instance.path
    #expect(folder.contains("/instances/ktap-\(getpid())-"))
    #expect(KernelFile.exists(folder))
    try instance.start()
    callParentProcess(100)
    instance.close()
    #expect(!KernelFile.exists(folder))
    #expect(instance.streams.isEmpty)
    instance.close()
  }

  @Test func nothingIsRecordedBeforeStartAndAfterStop() throws {
    let instance = try source.openInstance(try selection())
    defer { instance.close() }
    var collector = Collector(instance, header: try source.subBufferHeader())
    callParentProcess(10)
    collector.drain()
    #expect(collector.records.isEmpty)
    try instance.start()
    callParentProcess(5)
    instance.stop()
    callParentProcess(10)
    collector.drain()
    #expect(collector.records.count == 5)
  }

  @Test func twoInstancesOfOneProcess() throws {
    let first = try source.openInstance(try selection())
    let second = try source.openInstance(try selection())
    #expect(first.path != second.path)
    first.close()
    #expect(KernelFile.exists(second.path))
    second.close()
    #expect(!KernelFile.exists(second.path))
  }

  @Test func leftoversOfTheDeadGoAndTheLivingStay() throws {
    let folder = source.location.path + "/instances"
    // A process that has ended and been waited for: its id is free, or somebody else's with another start time.
    let dead = runProcess(["/bin/true"])
    let start = try #require(TracefsInstance.startTime(of: getpid()))
    let leftover = "ktap-\(dead)-1"
    let reused = "ktap-\(getpid())-\(start + 1)"
    let living = "ktap-1-\(try #require(TracefsInstance.startTime(of: 1)))"
    let foreign = "ktap-notes"
    for name in [leftover, reused, living, foreign] { #expect(mkdir("\(folder)/\(name)", 0o700) == 0) }
    defer { for name in [living, foreign] { TracefsInstance.remove("\(folder)/\(name)") } }
    try KernelFile.write("1", to: "\(folder)/\(leftover)/events/sched/sched_switch/enable")
    let own = try source.openInstance(try selection())
    defer { own.close() }
    let removed = TracefsInstance.removeLeftovers(in: source.location)
    #expect(Set(removed).isSuperset(of: [leftover, reused]))
    #expect(!KernelFile.exists("\(folder)/\(leftover)") && !KernelFile.exists("\(folder)/\(reused)"))
    #expect(KernelFile.exists("\(folder)/\(living)") && KernelFile.exists("\(folder)/\(foreign)"))
    #expect(KernelFile.exists(own.path))
  }

  /// A child opens an instance, maps its rings and is killed while it records.
  @Test func aKilledProcessLeavesNothingForLong() throws {
    let folder = source.location.path + "/instances"
    // A process of its own is needed whose death we decide: a shell that makes the folder in its own name and keeps a
    // file of it open, as a tracer does.
    let script = """
      start=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20); name=ktap-$$-$start
      mkdir \(folder)/$name && exec 3< \(folder)/$name/per_cpu/cpu0/trace_pipe_raw && echo 1 > \(folder)/$name/events/sched/sched_switch/enable
      while :; do sleep 0.05; done
      """
    let child = startProcess(["/bin/bash", "-c", script])
    let name = "ktap-\(child)-\(try #require(TracefsInstance.startTime(of: child)))"
    #expect(eventually { KernelFile.text("\(folder)/\(name)/events/sched/sched_switch/enable") == "1\n" })
    #expect(!TracefsInstance.removeLeftovers(in: source.location).contains(name), "it lives")
    #expect(KernelFile.exists("\(folder)/\(name)"))
    kill(child, SIGKILL)
    waitForProcess(child)
    // The sleeping grandchild holds the descriptor a moment longer.
    #expect(
      eventually {
        TracefsInstance.removeLeftovers(in: source.location).contains(name) || !KernelFile.exists("\(folder)/\(name)")
      })
    #expect(!KernelFile.exists("\(folder)/\(name)"))
  }

  @Test func theEmergencyExitWorksWhileSomebodyReads() throws {
    let instance = try source.openInstance(try selection())
    try instance.start()
    let stream = try #require(instance.streams.first)
    var collector = Collector(instance, header: try source.subBufferHeader())
    callParentProcess(500)
    collector.drain()
    // What `removeOwnInstance` does for each; other tests have theirs open.
    ProcessExit.remove(instance.path)
    #expect(!KernelFile.exists(instance.path))
    // Reading goes on without harm and without anything to read.
    let before = collector.records.count
    collector.drain()
    #expect(collector.records.count == before && collector.damaged == 0)
    #expect(stream.wait(nanoseconds: 1_000_000) != .ended)
    ProcessExit.remove(instance.path)
    instance.close()
  }

  // MARK: - Waiting

  @Test func waitingEndsWithTimeInterruptOrRecords() throws {
    let instance = try source.openInstance(try selection())
    defer { instance.close() }
    try instance.start()
    let stream = instance.streams[0]
    var start = ktap_monotonic()
    #expect(stream.wait(nanoseconds: 30_000_000) == .idle)
    #expect(ktap_monotonic() - start >= 30_000_000)
    stream.interrupt()
    start = ktap_monotonic()
    #expect(stream.wait(nanoseconds: 5_000_000_000) == .idle)
    #expect(ktap_monotonic() - start < 4_000_000_000)
    #expect(stream.wait(nanoseconds: 1_000_000) == .idle, "an interrupt counts once")
    // Beyond a quarter of 256 KiB on whatever CPU this runs.
    callParentProcess(20_000)
    start = ktap_monotonic()
    let states = instance.streams.map { $0.wait(nanoseconds: 200_000_000) }
    #expect(states.contains(.ready))
    for stream in instance.streams { while stream.nextOfAll() != nil {} }
    // A small rest does not wake, but can be had.
    callParentProcess(3)
    #expect(instance.streams.allSatisfy { $0.wait(nanoseconds: 1_000_000) == .idle })
    #expect(instance.streams.contains { $0.nextOfAll() != nil })
  }

  @Test func falseReadinessDoesNotSpin() throws {
    let instance = try source.openInstance(try selection())
    defer { instance.close() }
    try instance.start()
    callParentProcess(20_000)
    let stream = try #require(instance.streams.first { $0.wait(nanoseconds: 100_000_000) == .ready })
    // Nobody reads, so the ring stays ready: each second wait must take its time.
    let start = ktap_monotonic()
    for _ in 0..<20 { _ = stream.wait(nanoseconds: 1_000_000_000) }
    #expect(ktap_monotonic() - start >= 90_000_000)
  }

  // MARK: - What is selected

  @Test func otherThreadsAreNotRecordedAndChildrenAre() throws {
    for follows in [true, false] {
      let instance = try source.openInstance(try selection(followsChildren: follows))
      defer { instance.close() }
      var collector = Collector(instance, header: try source.subBufferHeader())
      try instance.start()
      // bash asks for its parent's id when it starts.
      let child = runProcess(["/bin/bash", "-c", "/bin/bash -c true; true"])
      instance.stop()
      collector.drain()
      let threads = Set(collector.records.map(\.thread))
      if follows {
        #expect(threads.contains(child))
        #expect(threads.count >= 2, "the grandchild too")
      } else {
        #expect(threads.subtracting([ktap_thread_id()]).isEmpty)
      }
    }
  }

  @Test func aProcessStandsForItsThreads() throws {
    let instance = try source.openInstance(try selection(tasks: [getpid()], followsChildren: true))
    defer { instance.close() }
    // Tests do not run on the first thread.
    #expect(ktap_thread_id() != getpid())
    var collector = Collector(instance, header: try source.subBufferHeader())
    try instance.start()
    callParentProcess(50)
    instance.stop()
    collector.drain()
    #expect(collector.records.count(where: { $0.thread == ktap_thread_id() }) == 50)
    #expect(TracefsInstance.threads(of: getpid()).contains(ktap_thread_id()))
    #expect(TracefsInstance.threads(of: ktap_thread_id()).isEmpty)
  }

  @Test func oneCPUOnly() throws {
    let online = try #require(KernelFile.text("/sys/devices/system/cpu/online").flatMap { KernelFile.cpuList($0) })
    let cpu = try #require(online.last)
    var selection = try selection()
    selection.events = [SelectedEvent(format: try source.format(of: EventName(system: "sched", event: "sched_switch")))]
    selection.tasks = []
    selection.cpus = [cpu, 60_000]
    let instance = try source.openInstance(selection)
    defer { instance.close() }
    #expect(instance.streams.map(\.cpu) == [cpu])
    #expect(instance.statistics().map(\.cpu) == [cpu])
    try instance.start()
    usleep(50_000)
    instance.stop()
    let other = online.first { $0 != cpu }
    if let other {
      let text = KernelFile.text("\(instance.path)/per_cpu/cpu\(other)/stats") ?? ""
      #expect(text.contains("entries: 0\n") && text.contains("dropped events: 0"))
    }
    selection.cpus = [60_000]
    #expect(throws: SourceError.self) { try source.openInstance(selection) }
  }

  @Test func hundredsOfEventsAreOnFast() throws {
    let names = try source.catalogue().matches(system: "syscalls", event: "sys_enter_*")
    let formats = try names.map { SelectedEvent(format: try source.format(of: $0)) }
    var selection = try selection()
    selection.events = formats
    let start = ktap_monotonic()
    let instance = try source.openInstance(selection)
    let opened = ktap_monotonic()
    let enabled = KernelFile.text("\(instance.path)/set_event")?.split(separator: "\n").count
    #expect(enabled == names.count)
    let closing = ktap_monotonic()
    instance.close()
    let closed = ktap_monotonic()
    print("open \(names.count) events: \((opened - start) / 1_000) us, close: \((closed - closing) / 1_000) us")
    #expect(opened - start < 10_000_000_000)
  }

  @Test func aWholeSystemIsEnabledAtOnce() throws {
    let names = try source.catalogue().matches(system: "sched", event: "*")
    var selection = try selection()
    selection.events = try names.map { SelectedEvent(format: try source.format(of: $0)) }
    let instance = try source.openInstance(selection)
    defer { instance.close() }
    #expect(KernelFile.text("\(instance.path)/events/sched/enable") == "1\n")
  }

  @Test func aRefusedFilterSaysWhy() throws {
    var selection = try selection()
    selection.events[0].kernelFilter = "no_such_field == 1"
    // By its odd size it can be told from what other tests have open.
    selection.bufferKilobytes = 332
    let error = #expect(throws: SourceError.self) { try source.openInstance(selection) }
    #expect(error?.kind == .invalidFilter)
    #expect(error?.message.contains("Field not found") == true, "\(error?.message ?? "")")
    let folder = source.location.path + "/instances"
    let sizes = (KernelFile.names(in: folder) ?? []).map { KernelFile.text("\(folder)/\($0)/buffer_size_kb") ?? "" }
    #expect(!sizes.contains("332\n"), "nothing is left of the failed attempt")
  }

  @Test func anUnknownClockIsNotedAndReplaced() throws {
    source.settings.clock = "sundial"
    let instance = try source.openInstance(try selection())
    defer { instance.close() }
    #expect(instance.clock == "mono")
    #expect(instance.notes.contains { $0.contains("sundial") })
  }

  func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<300 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }
}

@Suite struct TracefsTextTests {
  @Test func errorLog() {
    let log = """
      [    1.5] hist:sched:x: error: Couldn't find field
        Command: keys=x
                      ^
      [  123.456] event filter parse error: error: Field not found
        Command: foo == 1
                 ^

      """
    #expect(TracefsInstance.lastError(in: log) == "Field not found at 'foo == 1'")
    #expect(TracefsInstance.lastError(in: "") == nil)
    #expect(TracefsInstance.lastError(in: "[") == "[")
  }

  @Test func statistics() {
    let text = "entries: 5\noverrun: 7\ncommit overrun: 1\nbytes: 0\nnow ts:  1.5\ndropped events: 9\nread events: 11\n"
    #expect(
      TracefsInstance.parseStatistics(Array(text.utf8), cpu: 3)
        == StreamStatistics(cpu: 3, written: 23, overwritten: 7, dropped: 9, commitOverrun: 1))
    #expect(TracefsInstance.parseStatistics([], cpu: 3) == StreamStatistics(cpu: 3), "unknown is not zero")
  }

  @Test(arguments: [
    ("0-1\n", [0, 1]), ("0", [0]), ("0-2,5,7-8\n", [0, 1, 2, 5, 7, 8]), ("", []), ("x", nil), ("3-1", nil),
    ("0-99999999", nil), ("1-2-3", nil),
  ])
  func cpuLists(text: String, expected: [Int]?) {
    #expect(KernelFile.cpuList(text) == expected)
  }

  @Test(arguments: ["ktap-", "ktap-1", "ktap-x-1", "ktap-0-1", "ktap-1-2-3-4", "other-1-1", "ktap--1-5", "ktap-1-x"])
  func foreignNamesAreNotLeftovers(name: String) {
    #expect(!TracefsInstance.isLeftover(name))
  }
}
