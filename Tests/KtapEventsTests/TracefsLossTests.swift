// What is lost is counted, to the record.

import CKernelCalls
import KtapRuntime
import Testing

@testable import KtapEvents

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"), .serialized)
struct TracefsLossTests {
  static let calls = 60_000

  func record(
    _ settings: TracefsSettings, kilobytes: Int = 64, body: (inout Collector, TracefsInstance) throws -> Void
  ) throws {
    let source = try TracefsSource(settings: settings)
    let instance = try source.openInstance(
      EventSelection(
        events: [SelectedEvent(format: try source.format(of: parentProcessCall))], tasks: [ktap_thread_id()],
        followsChildren: false, bufferKilobytes: kilobytes))
    defer { instance.close() }
    var collector = Collector(instance, header: try source.subBufferHeader())
    try instance.start()
    try body(&collector, instance)
  }

  @Test(arguments: TracefsSettings.ReadPath.allCases)
  func aFullBufferDropsAndCounts(path: TracefsSettings.ReadPath) throws {
    try record(TracefsSettings(readPath: path)) { collector, instance in
      callParentProcess(Self.calls)
      instance.stop()
      let before = instance.statistics()
      collector.drain()
      let after = instance.statistics()
      #expect(before.compactMap(\.written) == after.compactMap(\.written), "reading changes nothing")
      let written = after.compactMap(\.written).reduce(0, +)
      let dropped = after.compactMap(\.dropped).reduce(0, +)
      #expect(dropped > 0)
      #expect(written + dropped == UInt64(Self.calls))
      #expect(UInt64(collector.records.count) == written)
      #expect(after.allSatisfy { $0.overwritten == 0 })
      #expect(collector.missedCounted == 0 && collector.missedUncounted == 0)
    }
  }

  @Test(arguments: TracefsSettings.ReadPath.allCases)
  func anOverwrittenBufferSaysSo(path: TracefsSettings.ReadPath) throws {
    try record(TracefsSettings(readPath: path, keepsNewest: true)) { collector, instance in
      callParentProcess(Self.calls)
      instance.stop()
      collector.drain()
      let statistics = instance.statistics()
      let written = statistics.compactMap(\.written).reduce(0, +)
      let overwritten = statistics.compactMap(\.overwritten).reduce(0, +)
      #expect(written == UInt64(Self.calls))
      #expect(overwritten > 0)
      #expect(UInt64(collector.records.count) + overwritten == written)
      #expect(statistics.allSatisfy { $0.dropped == 0 })
      #expect(collector.missedUncounted > 0 || collector.missedCounted > 0)
      if collector.missedUncounted == 0 { #expect(collector.missedCounted == overwritten) }
    }
  }

  @Test(arguments: TracefsSettings.ReadPath.allCases)
  func subBuffersLargerThanAPage(path: TracefsSettings.ReadPath) throws {
    let settings = TracefsSettings(readPath: path, subBufferKilobytes: 32)
    try record(settings, kilobytes: 4096) { collector, instance in
      callParentProcess(10)
      collector.drain()
      callParentProcess(Self.calls - 10)
      instance.stop()
      collector.drain()
      #expect(collector.records.count == Self.calls)
      #expect(Set(collector.records).count == Self.calls)
      #expect(collector.damaged == 0)
      // A record takes at least 16 bytes here, so pages of the usual size would have been more.
      #expect(collector.subBuffers < Self.calls * 16 / 4_080)
    }
  }
}
