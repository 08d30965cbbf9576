// The live kernel's records come out complete, in order, and the same whichever way they are read.

import CKernelCalls
import KtapRuntime
import Testing

@testable import KtapEvents

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"), .serialized)
struct TracefsReadingTests {
  @Test(arguments: TracefsSettings.ReadPath.allCases)
  func everyCallIsReadOnceByEachPath(path: TracefsSettings.ReadPath) throws {
    let source = try TracefsSource(settings: TracefsSettings(readPath: path))
    let format = try source.format(of: parentProcessCall)
    let thread = ktap_thread_id()
    let instance = try source.openInstance(
      EventSelection(events: [SelectedEvent(format: format)], tasks: [thread], followsChildren: false))
    defer { instance.close() }
    var collector = Collector(instance, header: try source.subBufferHeader())
    try instance.start()
    let before = UInt64(ktap_monotonic())
    callParentProcess(3)
    // A page that is not full yet.
    collector.drain()
    #expect(collector.records.count == 3)
    for round in 0..<50 {
      callParentProcess(round * 7)
      if round % 3 == 0 { collector.drain() }
    }
    callParentProcess(20_000)
    let after = UInt64(ktap_monotonic())
    instance.stop()
    collector.drain()
    let expected = 3 + (0..<50).reduce(0) { $0 + $1 * 7 } + 20_000
    #expect(collector.records.count == expected)
    #expect(collector.records.allSatisfy { $0.id == format.id && $0.thread == thread })
    #expect(collector.damaged == 0)
    #expect(collector.missedCounted == 0 && collector.missedUncounted == 0)
    #expect(Set(collector.records).count == expected, "no record comes twice")
    for cpu in Set(collector.records.map(\.cpu)) {
      let times = collector.records.filter { $0.cpu == cpu }.map(\.time)
      #expect(times == times.sorted())
      #expect(times.allSatisfy { before <= $0 && $0 <= after }, "the clock is CLOCK_MONOTONIC")
    }
    let statistics = instance.statistics()
    #expect(statistics.compactMap(\.written).reduce(0, +) == UInt64(expected))
    #expect(statistics.allSatisfy { $0.dropped == 0 && $0.overwritten == 0 && $0.commitOverrun == 0 })
  }

  /// Whatever the kernel writes while the machine does all sorts of things, libtraceevent reads the same from it.
  @Test func pagesAgreeWithLibtraceevent() throws {
    let source = try TracefsSource(settings: TracefsSettings(readPath: .read, subBufferKilobytes: 8))
    let catalogue = try source.catalogue()
    let names = ["sched", "raw_syscalls", "task", "timer", "irq", "kmem", "signal"].flatMap {
      catalogue.matches(system: $0, event: "*")
    }
    let instance = try source.openInstance(
      EventSelection(events: try names.map { SelectedEvent(format: try source.format(of: $0)) }))
    defer { instance.close() }
    try instance.start()
    for _ in 0..<5 {
      runProcess(["/bin/bash", "-c", "/bin/ls -l / | /bin/cat > /dev/null"])
      // Longer than a delta of 27 bits can say.
      usleep(200_000)
    }
    instance.stop()
    var compared = 0
    var decoder = SubBufferDecoder(header: try source.subBufferHeader())
    for stream in instance.streams {
      while let subBuffer = stream.nextOfAll() {
        let page = [UInt8](subBuffer.bytes)
        let records = decoder.all(page)
        #expect(decoder.damage == nil)
        #expect(records == secondOpinion(page))
        compared += records.count
      }
    }
    #expect(compared > 1_000)
    #expect(UInt64(compared) == instance.statistics().compactMap(\.written).reduce(0, +))
  }
}
