import KtapRuntime
import Testing

@testable import KtapEvents

@Suite struct SyntheticSourceTests {
  /// Everything that a source gives for a selection.
  private struct Result: Equatable {
    var records: [[DecodedRecord]] = []
    var missed: [MissedRecords] = []
    var pages: [[UInt8]] = []
    var statistics: [StreamStatistics] = []
  }

  private func read(
    _ text: String, events: (String, String) = ("*", "*"), tasks: [Int32] = [], cpus: [Int]? = nil
  ) throws -> Result {
    let source = SyntheticSource(try SyntheticDescription(parsing: text))
    let names = EventCatalogue(names: source.eventNames()).matches(system: events.0, event: events.1)
    let selection = EventSelection(
      events: try names.map { SelectedEvent(format: try source.format(of: $0)) }, cpus: cpus, tasks: tasks)
    let opened = try source.open(selection)
    try opened.start()
    var result = Result()
    for stream in opened.streams {
      var decoder = SubBufferDecoder(header: try source.subBufferHeader())
      var records: [DecodedRecord] = []
      while stream.wait(nanoseconds: 0) == .ready {
        guard let subBuffer = stream.nextSubBuffer() else { continue }
        result.pages.append(Array(subBuffer.bytes))
        records += decode(subBuffer, with: &decoder)
        if decoder.missed != .none { result.missed.append(decoder.missed) }
        #expect(decoder.damage == nil)
      }
      #expect(stream.nextSubBuffer() == nil)
      #expect(stream.wait(nanoseconds: 0) == .ended)
      result.records.append(records)
    }
    result.statistics = opened.statistics()
    opened.close()
    return result
  }

  private func id(_ record: DecodedRecord) -> Int { Int(record.bytes[0]) | Int(record.bytes[1]) << 8 }

  private func id(of system: String, _ event: String) -> Int {
    SyntheticCatalogue.formats[SyntheticCatalogue.index(of: EventName(system: system, event: event))!].id
  }

  private func integer(_ record: DecodedRecord, _ offset: Int) -> Int32 {
    record.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int32.self) }
  }

  @Test func allEventsArriveInOrderAndAreCounted() throws {
    let result = try read("events=20001,cpus=3")
    #expect(result.records.map(\.count) == [6667, 6667, 6667])
    for (cpu, records) in result.records.enumerated() {
      #expect(zip(records, records.dropFirst()).allSatisfy { $0.time <= $1.time })
      #expect(
        result.statistics[cpu]
          == StreamStatistics(cpu: cpu, written: 6667, overwritten: 0, dropped: 0, commitOverrun: 0))
    }
    // Every event of the catalogue is in the default mix.
    #expect(Set(result.records.joined().map(id)) == Set(SyntheticCatalogue.formats.map(\.id)))
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    #expect(try read("events=5000,seed=9") == read("events=5000,seed=9"))
    #expect(try read("events=5000,seed=9") != read("events=5000,seed=10"))
  }

  @Test func whatIsRecordedDoesNotDependOnTheSelection() throws {
    let all = try read("events=20000")
    let some = try read("events=20000", events: ("sys*", "*_read"))
    let wanted = Set([id(of: "syscalls", "sys_enter_read"), id(of: "syscalls", "sys_exit_read")])
    for cpu in 0..<2 {
      let expected = all.records[cpu].filter { wanted.contains(id($0)) }
      #expect(expected.count > 100)
      #expect(some.records[cpu] == expected)
      #expect(some.statistics[cpu].written == UInt64(expected.count))
    }
    let oneCPU = try read("events=20000", cpus: [1])
    #expect(oneCPU.records == [all.records[1]])
    let thread: Int32 = 1004
    let oneTask = try read("events=20000", tasks: [thread])
    #expect(oneTask.records.joined().elementsEqual(all.records.joined().filter { integer($0, 4) == thread }))
    #expect(!oneTask.records[0].isEmpty)
    #expect(oneTask.records[1].isEmpty)
    #expect(try read("events=1T,rate=1G,mix=sched:sched_switch", events: ("syscalls", "*")).records == [[], []])
  }

  @Test func recordsAreAsLongAsTheirFormatSays() throws {
    let formats = Dictionary(uniqueKeysWithValues: SyntheticCatalogue.formats.map { ($0.id, $0) })
    for record in try read("events=20000").records.joined() {
      let format = formats[id(record)]!
      #expect(record.bytes.count >= format.recordSize)
      for field in format.fields where field.kind == .dynamicText {
        let word = UInt32(bitPattern: integer(record, field.offset))
        let (offset, length) = (Int(word & 0xffff), Int(word >> 16))
        #expect(offset >= format.recordSize && offset + length <= record.bytes.count && length > 0)
        #expect(record.bytes[offset + length - 1] == 0)
        #expect(!record.bytes[offset..<offset + length - 1].contains(0))
      }
    }
  }

  @Test func switchesChainAndCallsAlternate() throws {
    let result = try read("events=30000")
    let switchID = id(of: "sched", "sched_switch")
    let formats = Dictionary(uniqueKeysWithValues: SyntheticCatalogue.formats.map { ($0.id, $0.name) })
    for records in result.records {
      var running: Int32?
      var open: [Int32: (name: String, number: Int32)] = [:]
      var pairs = 0
      for record in records {
        let thread = integer(record, 4)
        if let running { #expect(thread == running) }
        running = thread
        if id(record) == switchID {
          #expect(integer(record, 24) == thread)
          running = integer(record, 56)
        }
        let name = formats[id(record)]!
        if name.event.hasPrefix("sys_enter") {
          #expect(open[thread] == nil)
          open[thread] = (name.description.replacing("sys_enter", with: "sys_exit"), integer(record, 8))
        } else if name.event.hasPrefix("sys_exit") {
          #expect(open[thread]?.name == name.description)
          #expect(open[thread]?.number == integer(record, 8))
          open[thread] = nil
          pairs += 1
        }
      }
      #expect(pairs > 1000)
    }
  }

  @Test func rateAndBurstsAreAsDescribed() throws {
    for text in ["gaps=fixed", "gaps=exponential", "gaps=exponential,burst=100us/900us"] {
      let records = try read("events=50000,cpus=1,tasks=8,rate=500k,\(text)").records[0]
      let seconds = Double(records.last!.time - records[0].time) / 1e9
      #expect(abs(seconds - 0.1) < 0.003, "\(text): \(seconds)")
      if text.contains("burst") {
        #expect(records.allSatisfy { ($0.time - SyntheticGenerator.startTime) % 1_000_000 < 100_000 })
      }
    }
    let shortRun = try read("events=1M,cpus=1,tasks=8,rate=1M,gaps=fixed,duration=1ms").records[0]
    #expect(shortRun.count == 999)
  }

  @Test func weightsAreAsDescribed() throws {
    let records = try read("events=40000,mix=sched:sched_switch@3+sched:sched_wakeup").records.joined()
    let switches = records.filter { id($0) == id(of: "sched", "sched_switch") }.count
    #expect(abs(Double(switches) / 40_000 - 0.75) < 0.01)
  }

  @Test func fieldsFollowTheirDistributions() throws {
    let records = try read(
      "events=20000,mix=syscalls:sys_enter_read,field.fd=constant(7),field.count=uniform(10),keys=zipf(0.99,50)"
    ).records.joined()
    let number = { (record: DecodedRecord, offset: Int) in
      record.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
    #expect(records.allSatisfy { number($0, 16) == 7 })
    #expect(Set(records.map { number($0, 32) }) == Set(0..<10))
    let pointers = Set(records.map { number($0, 24) })
    #expect(pointers.count == 50 && pointers.allSatisfy { $0 >> 40 == 0x7f })
  }

  @Test(arguments: ["every(5,2", "random(0.3"], ["flagged", "counted", "silent"])
  func lossesAreCountedExactly(pattern: String, report: String) throws {
    for prepared in [0, 7] {
      let base = "events=60000,cpus=1,tasks=8,prepare=\(prepared)"
      let whole = try read(base)
      let result = try read("\(base),loss=\(pattern),\(report))")
      let read = UInt64(result.records[0].count)
      let statistics = result.statistics[0]
      let lost = 60_000 - read
      #expect(whole.records[0].count == 60_000)
      #expect(lost > 5_000)
      switch report {
      case "silent":
        #expect(result.missed.isEmpty)
        #expect(statistics.written == read && statistics.dropped == lost && statistics.overwritten == 0)
      case "counted":
        let counted = result.missed.reduce(into: UInt64(0)) { sum, missed in
          if case .counted(let count) = missed { sum += count } else { Issue.record("\(missed)") }
        }
        #expect(counted == lost)
        #expect(statistics.written == 60_000 && statistics.overwritten == lost)
      default:
        #expect(!result.missed.isEmpty && result.missed.allSatisfy { $0 == .some })
        #expect(statistics.written == 60_000 && statistics.overwritten == lost)
      }
    }
  }

  @Test(arguments: [1, 3, 10, 1000], [100, 1000, 99_999])
  func preparedSubBuffersAreReplayedToTheEnd(prepared: Int, events: Int) throws {
    let result = try read("events=\(events),prepare=\(prepared)")
    #expect(result.records.map(\.count).reduce(0, +) == events)
    for records in result.records { #expect(zip(records, records.dropFirst()).allSatisfy { $0.time <= $1.time }) }
    let some = try read("events=\(events),prepare=\(prepared)", events: ("sched", "*"))
    if events > 1000 { #expect(some.records.map(\.count).reduce(0, +) > 0) }
  }

  @Test func preparedSubBuffersSayWhatMadeOnesSay() throws {
    let made = try read("events=3000")
    let prepared = try read("events=3000,prepare=100")
    #expect(made.records == prepared.records)
  }

  @Test func aStoppedSourceEnds() throws {
    let source = SyntheticSource(try SyntheticDescription(parsing: "events=1T,rate=1G"))
    let format = try source.format(of: EventName(system: "sched", event: "sched_switch"))
    let opened = try source.open(EventSelection(events: [SelectedEvent(format: format)]))
    let stream = opened.streams[0]
    #expect(stream.wait(nanoseconds: 2_000_000) == .idle)
    #expect(stream.nextSubBuffer() == nil)
    try opened.start()
    #expect(stream.wait(nanoseconds: 0) == .ready)
    #expect(stream.nextSubBuffer() != nil)
    stream.interrupt()
    #expect(stream.wait(nanoseconds: 1_000_000_000) == .idle)
    opened.stop()
    #expect(stream.wait(nanoseconds: 1_000_000_000) == .ended)
    #expect(stream.nextSubBuffer() == nil)
  }

  @Test func theDirectoryKnowsThePopulation() throws {
    let source = SyntheticSource(try SyntheticDescription(parsing: "tasks=100,threads=4,names=20,cpus=2"))
    let opened = try source.open(EventSelection(events: [], needsTasks: true))
    let directory = try #require(opened.tasks)
    var processes: [Int32: Int] = [:]
    for thread in 1000..<1100 as Range<Int32> {
      let identity = directory.identity(of: thread)
      #expect(identity.name != .unknown)
      #expect(identity.user != nil)
      processes[try #require(identity.process), default: 0] += 1
    }
    #expect(processes.count == 26)
    #expect(processes.values.filter { $0 == 4 }.count == 24)
    #expect(try source.open(EventSelection(events: [])).tasks == nil)
  }

  @Test func whatItCannotDoItSays() throws {
    let source = SyntheticSource(SyntheticDescription())
    let name = EventName(system: "sched", event: "sched_swich")
    let error = #expect(throws: SourceError.self) { try source.format(of: name) }
    #expect(error?.description.contains("sched:sched_switch") == true)
    let format = try source.format(of: EventName(system: "sched", event: "sched_switch"))
    #expect(throws: SourceError.self) {
      try source.open(EventSelection(events: [SelectedEvent(format: format, kernelFilter: "prev_pid == 1")]))
    }
    #expect(throws: SourceError.self) { try source.open(EventSelection(events: [], cpus: [2])) }
  }
}
