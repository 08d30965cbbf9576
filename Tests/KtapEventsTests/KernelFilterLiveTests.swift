// The same filter in the kernel and over the records selects the same events.
//
// A dozen instances record the same events of one child and what it starts, each with a filter of its own, and one
// without; its records are put through the evaluators. Random filters are made of values that occur and values that do
// not.

import CKernelCalls
import Glibc
import KtapLanguage
import KtapRuntime
import Testing

@testable import KtapEvents

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"), .serialized)
struct KernelFilterLiveTests {
  /// Fields of several sizes and signs, fixed and dynamic texts.
  static let events = [
    EventName(system: "sched", event: "sched_switch"), EventName(system: "sched", event: "sched_waking"),
    EventName(system: "raw_syscalls", event: "sys_enter"), EventName(system: "raw_syscalls", event: "sys_exit"),
    EventName(system: "sched", event: "sched_process_exec"), EventName(system: "task", event: "task_newtask"),
  ]

  /// A child that stops itself and, once it is continued, does a little of everything.
  static func startWork() throws -> pid_t {
    let work = "for i in 1 2 3; do /bin/true; /bin/ls / > /dev/null; (echo $i | /bin/cat > /dev/null); done"
    let child = startProcess(["/bin/bash", "-c", "kill -STOP $$; \(work)"])
    var status: Int32 = 0
    try #require(waitpid(child, &status, WUNTRACED) == child)
    return child
  }

  /// A value that the field has in some record, or one near it.
  static func value(of field: FieldLayout, in records: [RecordCopy], _ random: inout SeededRandom) -> Int64 {
    let seen = records[random.number(below: records.count)].integer(field)
    return switch random.number(below: 4) {
    case 0: seen &+ 1
    case 1: Int64(random.number(below: 40)) - 5
    default: seen
    }
  }

  static func text(of field: FieldLayout, in record: RecordCopy) -> [UInt8] {
    var bytes = record.bytes[...]
    if field.kind == .text {
      bytes = bytes[field.offset..<field.offset + field.size]
    } else {
      let word = record.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: field.offset, as: UInt32.self) }
      bytes = bytes[Int(word & 0xffff)..<Int(word & 0xffff) + Int(word >> 16)]
    }
    return Array(bytes.prefix { $0 != 0 })
  }

  static func pattern(_ text: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var pattern = text
    for _ in 0...random.number(below: 3) where !pattern.isEmpty {
      let place = random.number(below: pattern.count)
      switch random.number(below: 6) {
      case 0: pattern[place] = UInt8(ascii: "?")
      case 1: pattern = Array(pattern[..<place]) + [UInt8(ascii: "*")]
      case 2: pattern = [UInt8(ascii: "*")] + pattern[place...]
      case 3: pattern.insert(UInt8(ascii: "*"), at: place)
      case 4: pattern.replaceSubrange(place...place, with: Array("[a-m]".utf8))
      default: pattern.replaceSubrange(place...place, with: Array("[!x]".utf8))
      }
    }
    return pattern
  }

  static func filter(_ format: EventFormat, _ records: [RecordCopy], depth: Int, _ random: inout SeededRandom) -> Filter
  {
    if depth > 0, random.number(below: 3) > 0 {
      let left = filter(format, records, depth: depth - 1, &random)
      switch random.number(below: 3) {
      case 0: return .not(left)
      case 1: return .and(left, filter(format, records, depth: depth - 1, &random))
      default: return .or(left, filter(format, records, depth: depth - 1, &random))
      }
    }
    let usable = (format.fields + format.commonFields.suffix(1)).filter {
      $0.kind == .integer || $0.kind == .text || $0.kind == .dynamicText
    }
    let field = usable[random.number(below: usable.count)]
    if field.kind == .integer {
      let comparisons: [FilterComparison] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .anyBit,
      ]
      return .compare(
        field: field.name, comparisons[random.number(below: comparisons.count)],
        .number(value(of: field, in: records, &random)))
    }
    let text = text(of: field, in: records[random.number(below: records.count)])
    switch random.number(below: 4) {
    case 0: return .compare(field: field.name, .equal, .string(text))
    case 1: return .compare(field: field.name, .notEqual, .string(text))
    default: return .compare(field: field.name, .glob, .string(pattern(text, &random)))
    }
  }

  @Test(arguments: events) func kernelAndEvaluatorAgree(event: EventName) throws {
    let source = try TracefsSource()
    let format = try source.format(of: event)
    let header = try source.subBufferHeader()
    var random = SeededRandom(seed: UInt64(format.fields.count) << 8 | UInt64(event.event.utf8.count))

    /// What each filter lets pass of one and the same time.
    func record(_ filters: [String?]) throws -> [[RecordCopy]] {
      let child = try Self.startWork()
      var instances: [TracefsInstance] = []
      defer { for instance in instances { instance.close() } }
      for filter in filters {
        instances.append(
          try source.openInstance(
            EventSelection(
              events: [SelectedEvent(format: format, kernelFilter: filter)], tasks: [child], bufferKilobytes: 1_024)))
      }
      for instance in instances { try instance.start() }
      kill(child, SIGCONT)
      waitForProcess(child)
      for instance in instances { instance.stop() }
      return instances.map { instance in
        var reader = Collector(instance, header: header)
        reader.drain()
        #expect(reader.damaged == 0)
        #expect(instance.statistics().allSatisfy { $0.dropped == 0 })
        return reader.records
      }
    }

    let sample = try #require(try record([nil]).first)
    try #require(sample.count > 5)
    // Bits of the field with the most values, which some records have and others have not.
    var filters = Self.bitFilters(format, sample)
    while filters.count < 15 {
      let filter = Self.filter(format, sample, depth: 3, &random)
      let translated = try KernelFilter(filter, for: format)
      if translated.text != nil, translated.remainder == nil { filters.append(filter) }
    }
    // What the instances see can differ: each copies a task's name at its own moment, and tasks of others rename
    // themselves meanwhile. So filters that disagree are tried again, the same ones: a wrong one disagrees every time.
    var selective = 0
    for _ in 0..<5 where !filters.isEmpty {
      let texts = try filters.map { try #require(try KernelFilter($0, for: format).text) }
      let recorded = try record([nil] + texts)
      let all = recorded[0]
      var disagreeing: [Filter] = []
      for (filter, fromKernel) in zip(filters, recorded.dropFirst()) {
        let evaluator = try FilterEvaluator(filter, for: format)
        let accepted = all.filter { record in
          record.bytes.withUnsafeBytes {
            evaluator.program.accepts(
              EventRecord(time: record.time, bytes: $0.baseAddress!, length: $0.count),
              FilterContext(cpu: Int32(record.cpu)))
          }
        }
        if !accepted.isEmpty && accepted.count < all.count { selective += 1 }
        if counted(fromKernel, format) != counted(accepted, format) { disagreeing.append(filter) }
      }
      filters = disagreeing
    }
    #expect(filters.isEmpty, "\(event): the kernel and the evaluator disagree on \(filters)")
    #expect(selective >= 1)
  }

  static func bitFilters(_ format: EventFormat, _ records: [RecordCopy]) -> [Filter] {
    let integers = (format.fields + format.commonFields.suffix(1)).filter { $0.kind == .integer }
    let field = integers.max { left, right in
      func values(_ field: FieldLayout) -> Int {
        Set(records.map { $0.bytes[field.offset..<field.offset + field.size] }).count
      }
      return values(left) < values(right)
    }
    return [1, 2, 4].map { .compare(field: field!.name, .anyBit, .number($0)) }
  }

  /// Two instances give the same event slightly different times and flags, and what lies between fields is anything: so
  /// records are compared by their fields.
  func counted(_ records: [RecordCopy], _ format: EventFormat) -> [[UInt8]: Int] {
    var keys: [[UInt8]] = []
    for record in records {
      var key: [UInt8] = []
      for field in format.commonFields.suffix(1) + format.fields {
        if field.kind == .integer || field.kind == .array {
          key += record.bytes[field.offset..<field.offset + field.size]
        } else {
          key += Self.text(of: field, in: record) + [0]
        }
      }
      keys.append(key)
    }
    return Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +)
  }

  @Test func contextWords() throws {
    let source = try TracefsSource()
    let format = try source.format(of: parentProcessCall)
    func count(_ filter: Filter) throws -> Int {
      let translated = try KernelFilter(filter, for: format)
      #expect(translated.remainder == nil)
      let instance = try source.openInstance(
        EventSelection(
          events: [SelectedEvent(format: format, kernelFilter: translated.text)], tasks: [ktap_thread_id()],
          followsChildren: false))
      defer { instance.close() }
      var collector = Collector(instance, header: try source.subBufferHeader())
      try instance.start()
      callParentProcess(200)
      instance.stop()
      collector.drain()
      return collector.records.count
    }
    let thread = Int64(ktap_thread_id())
    let name = try #require(TracefsInstance.liveIdentity(of: Int32(thread))).name.description
    #expect(try count(.compare(field: "tid", .equal, .number(thread))) == 200)
    #expect(try count(.compare(field: "tid", .notEqual, .number(thread))) == 0)
    #expect(try count(.compare(field: "execname", .equal, .string(Array(name.utf8)))) == 200)
    #expect(try count(.compare(field: "execname", .glob, .string(Array(("*" + name.suffix(2)).utf8)))) == 200)
    #expect(try count(.compare(field: "execname", .glob, .string(Array("*no such".utf8)))) == 0)
    #expect(try count(.compare(field: "cpu", .greaterOrEqual, .number(0))) == 200)
    #expect(try count(.compare(field: "cpu", .less, .number(0))) == 0)
  }
}
