import Foundation
import Testing

@testable import KtapEvents

@Suite struct LedgerTests {
  /// Two workers' counters and the kernel's statistics that go with them.
  private func sample(
    statistics: [StreamStatistics]? = nil, unread: [Int: UInt64] = [0: 0, 1: 2], tables: [Ledger.Table] = [],
    change: (LedgerCounters, LedgerCounters) -> Void = { _, _ in }
  ) -> Ledger {
    let workers = [LedgerCounters(cpu: 0, probeCount: 2), LedgerCounters(cpu: 1, probeCount: 2)]
    defer { workers.forEach { $0.deallocate() } }
    workers[0].seen(10)
    workers[0].record(.handled, 7)
    workers[0].deliver(.handled, to: 0, 7)
    workers[0].deliver(.handled, to: 1, 3)
    workers[0].record(.filteredByScript, 2)
    workers[0].deliver(.filteredByScript, to: 1, 2)
    workers[0].record(.filteredSelf)
    workers[1].seen(5)
    workers[1].record(.handled, 5)
    workers[1].deliver(.handled, to: 0, 5)
    change(workers[0], workers[1])
    return Ledger(
      counters: workers, probes: ["sched:sched_switch", "syscalls:*"],
      statistics: statistics ?? [
        StreamStatistics(cpu: 0, written: 10, overwritten: 0, dropped: 0, commitOverrun: 0),
        StreamStatistics(cpu: 1, written: 7, overwritten: 0, dropped: 0, commitOverrun: 0),
      ], unread: unread, tables: tables)
  }

  @Test func allIsWell() {
    let ledger = sample()
    #expect(ledger.balances && ledger.isComplete)
    #expect(ledger.seen == 15)
    #expect(ledger.tally.handled == 12 && ledger.tally.filtered == 3 && ledger.tally.dropped == 0)
    #expect(ledger.probes.map(\.seen) == [12, 5])
    #expect(ledger.text == "15 events: 12 handled, 3 filtered, none lost\n")
  }

  @Test(arguments: LedgerOutcome.allCases) func eachOutcomeIsCountedOnce(outcome: LedgerOutcome) {
    let ledger = sample(
      statistics: [
        StreamStatistics(cpu: 0, written: 13, overwritten: 0, dropped: 0, commitOverrun: 0),
        StreamStatistics(cpu: 1, written: 7, overwritten: 0, dropped: 0, commitOverrun: 0),
      ]
    ) { first, _ in
      first.seen(3)
      first.record(outcome, 3)
      first.deliver(outcome, to: 1, 3)
    }
    #expect(ledger.balances)
    #expect(ledger.tally[outcome] == sample().tally[outcome] + 3)
    #expect(ledger.tally.total == 18)
    #expect(ledger.lost == LedgerCount(outcome.isDropped ? 3 : 0))
    #expect(ledger.isComplete == !outcome.isDropped)
    #expect(ledger.probes[1].seen == 8)
    if outcome.isDropped { #expect(ledger.text.contains(outcome.title)) }
  }

  @Test func lossesInTheKernelAreShownByCause() {
    let ledger = sample(statistics: [
      StreamStatistics(cpu: 0, written: 110, overwritten: 100, dropped: 20, commitOverrun: 3),
      StreamStatistics(cpu: 1, written: 7, overwritten: 0, dropped: 0, commitOverrun: 0),
    ])
    #expect(ledger.balances)
    #expect(ledger.lost == LedgerCount(123))
    #expect(
      ledger.text == """
        15 events: 12 handled, 3 filtered, 123 lost
                 recorded  seen  handled  filtered  ring overwrite  ring full  commit overrun  left unread
          CPU 0       110    10        7         3             100         20               3            0
          CPU 1         7     5        5         0               0          0               0            2
                              seen  handled  filter
          sched:sched_switch    12       12       0
          syscalls:*             5        3       2

        """)
  }

  @Test func unknownIsNeverNothing() {
    let ledger = sample(statistics: [StreamStatistics(cpu: 0), StreamStatistics(cpu: 1, overwritten: 4)], unread: [:]) {
      first, second in
      first.missed(.some)
      first.missed(.counted(9))
      second.missed(.some)
    }
    #expect(ledger.balance == .unknown("how many events were recorded"))
    #expect(ledger.cpus[0].lost(by: .ringOverwrite) == LedgerCount(9, isExact: false))
    #expect(ledger.cpus[1].lost(by: .ringOverwrite) == LedgerCount(4))
    #expect(ledger.cpus[0].lost(by: .ringFull) == .unknown)
    #expect(ledger.lost == LedgerCount(13, isExact: false))
    #expect(ledger.summary == "15 events: 12 handled, 3 filtered, at least 13 lost")
    #expect(ledger.text.contains("  CPU 0   unknown    10"))
    #expect(ledger.text.contains("CPU 0: events were lost at 1 place\n"))
    #expect(!ledger.text.contains("CPU 1: events were lost at"))
    let nothing = sample(statistics: [])
    #expect(nothing.lost == .unknown)
    #expect(nothing.summary.hasSuffix("how many were lost is unknown"))
    #expect(!nothing.isComplete)
  }

  @Test func damageMakesTheSumUnknown() {
    let ledger = sample { _, second in second.damaged() }
    #expect(ledger.balance == .unknown("how many events the damaged sub-buffers held"))
    #expect(!ledger.lost.isExact)
    #expect(ledger.text.contains("CPU 1: 1 sub-buffer could not be read to the end"))
  }

  @Test func whatDoesNotAddUpIsSaid() {
    let unaccounted = sample { first, _ in first.seen(2) }
    #expect(unaccounted.balance == .off(-2))
    #expect(unaccounted.text.contains("CPU 0: the counts do not add up, 2 events are missing"))
    let twice = sample { _, second in second.record(.handled) }
    #expect(twice.balance == .off(1))
    #expect(twice.text.contains("CPU 1: the counts do not add up, 1 event is too many"))
    let unread = sample(unread: [0: 0, 1: 0])
    #expect(unread.balance == .off(-2))
  }

  @Test func cutsAreLossesInsideOfHandledEvents() {
    let ledger = sample(tables: [.init(name: "t", dropped: 4)]) { first, _ in
      first.cut(.tableFull, in: 0, 4)
      first.cut(.stringCut, in: 1)
    }
    #expect(ledger.balances && ledger.lost.isNone && !ledger.isComplete)
    #expect(ledger.probes[0].tally[.tableFull] == 4 && ledger.probes[1].tally[.stringCut] == 1)
    #expect(ledger.text.contains("table t: full, 4 new keys dropped\n"))
    #expect(ledger.text.contains("table full  string cut"))
  }

  @Test func theLedgerOfASourceBalances() throws {
    for loss in ["flagged", "counted", "silent"] {
      let source = SyntheticSource(try SyntheticDescription(parsing: "events=40k,loss=every(3,1,\(loss))"))
      let selection = EventSelection(
        events: try source.eventNames().map { SelectedEvent(format: try source.format(of: $0)) })
      let opened = try source.open(selection)
      try opened.start()
      let workers = opened.streams.map { LedgerCounters(cpu: $0.cpu, probeCount: 1) }
      defer { workers.forEach { $0.deallocate() } }
      for (stream, worker) in zip(opened.streams, workers) {
        var decoder = SubBufferDecoder(header: try source.subBufferHeader())
        while let subBuffer = stream.nextSubBuffer() {
          decoder.begin(subBuffer)
          worker.missed(decoder.missed)
          while let record = decoder.next() {
            let outcome: LedgerOutcome = record.time % 3 == 0 ? .filteredByScript : .handled
            worker.seen()
            worker.record(outcome)
            worker.deliver(outcome, to: 0)
          }
        }
      }
      let ledger = Ledger(
        counters: workers, probes: ["*:*"], statistics: opened.statistics(), unread: [0: 0, 1: 0])
      #expect(ledger.balances)
      #expect(ledger.lost.isExact)
      #expect(ledger.seen + ledger.lost.atLeast == 40_000)
      #expect(ledger.lost(by: loss == "silent" ? .ringFull : .ringOverwrite) == ledger.lost)
      if loss == "counted" { #expect(ledger.cpus.reduce(0) { $0 + $1.missed } == ledger.lost.atLeast) }
    }
  }

  @Test func jsonSaysTheSame() throws {
    let ledger = sample(
      statistics: [
        StreamStatistics(cpu: 0, written: 110, overwritten: 100, dropped: 20, commitOverrun: 3),
        StreamStatistics(cpu: 1),
      ], tables: [.init(name: "a \"b\"\\\n\u{1}é", dropped: .max)])
    let text = ledger.json.description
    let parsed = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(parsed["seen"] as? Int == 15)
    #expect((parsed["balance"] as? [String: String])?["unknown"] == "how many events were recorded")
    let lost = try #require(parsed["lost"] as? [String: Any])
    #expect((lost["total"] as? [String: Int]) == ["atLeast": 123])
    let cpus = try #require(parsed["cpus"] as? [[String: Any]])
    #expect((cpus[0]["lost"] as? [String: Int])?["ring overwrite"] == 100)
    #expect((cpus[1]["lost"] as? [String: Any])?["ring full"] is NSNull)
    #expect(cpus[1]["recorded"] is NSNull)
    let probes = try #require(parsed["probes"] as? [[String: Any]])
    #expect((probes[1]["filtered"] as? [String: Int])?["filter"] == 2)
    let tables = try #require(parsed["tables"] as? [[String: Any]])
    #expect(tables[0]["name"] as? String == "a \"b\"\\\n\u{1}é")
    #expect(tables[0]["dropped"] as? UInt64 == .max)
  }
}
