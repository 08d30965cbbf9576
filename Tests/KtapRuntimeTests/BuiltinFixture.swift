import Glibc
import Testing

@testable import KtapRuntime

/// A host that knows a few threads and functions and remembers what was attached.
final class FixtureHost: RuntimeHost, @unchecked Sendable {
  var attached: [(declaration: Int, handler: Value)] = []
  var lookups = 0
  var now: UInt64 = 0

  func attach(declaration: Int, handler: Value) throws(ScriptError) {
    guard declaration != 99 else { throw ScriptError("no such event") }
    attached.append((declaration, handler))
  }
  func process(ofThread thread: Int32) -> Int32? {
    lookups += 1
    return thread == 1000 ? nil : thread - 1
  }
  func user(ofThread thread: Int32) -> UInt32? {
    lookups += 1
    return thread == 1000 ? nil : 4_000_000_000
  }
  func executableName(ofThread thread: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    lookups += 1
    guard thread != 1000 else { return nil }
    let name = Array("task\(thread)".utf8)
    buffer.copyBytes(from: name)
    return name.count
  }
  func symbol(at address: UInt64) -> String? {
    switch address {
    case 0x1000: "schedule"
    case 0x2000: "a_very_long_symbol_name_that_does_not_fit"
    default: nil
    }
  }
  func functionName(_ function: Int) -> String? { function == 7 ? "helper" : nil }
  func traceTime() -> UInt64 { now }
}

/// A main context, or a worker's, that prints to memory.
final class Fixture {
  let shared = Heap.makeShared()
  let heap: Heap
  let sink = OutputSink.memory()
  let host = FixtureHost()
  let exitRequested = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  let context: RuntimeContext
  private var layouts: [EventLayout] = []

  init(worker: Int? = nil, showsTime: Bool = false) {
    heap = worker.map { [shared] in Heap.makeWorker(index: $0, shared: shared) } ?? shared
    exitRequested.initialize(to: 0)
    context = RuntimeContext.make(
      heap: heap, shared: shared, workerIndex: worker ?? -1, cpu: worker == nil ? -1 : 3,
      output: OutputBuffer(sink: sink, showsTime: showsTime), exitRequested: exitRequested,
      wallClockOffset: 1_000_000_000_000_000_000, host: host)
  }

  deinit {
    context.destroy()
    layouts.forEach { $0.destroy() }
    if heap.owner != shared.owner { heap.destroy() }
    shared.destroy()
    sink.destroy()
    exitRequested.deallocate()
  }

  func layout(_ name: String, _ fields: [FieldLayout] = []) -> EventLayout {
    layouts.append(EventLayout(name: name, fields: fields, shared: shared))
    return layouts[layouts.count - 1]
  }

  func string(_ text: String) -> Value { heap.string(text) }
  func string(_ bytes: [UInt8]) throws -> Value {
    try bytes.withUnsafeBytes { bytes throws(ScriptError) in try heap.string(bytes) }
  }

  func table(_ elements: KeyValuePairs<Value, Value> = [:]) throws -> Value {
    let value = shared.table(site: -1, array: 0, records: 0)
    for (key, element) in elements { try TableReference(value).set(key, element, from: heap) }
    return value
  }

  func tuple(_ parts: Value...) throws -> Value {
    try parts.withUnsafeBufferPointer { parts throws(ScriptError) in try heap.tuple(parts) }
  }

  @discardableResult func call(_ builtin: BuiltinIdentifier, _ arguments: Value...) throws(ScriptError) -> Value {
    try call(builtin, arguments)
  }

  @discardableResult func call(_ builtin: BuiltinIdentifier, _ arguments: [Value]) throws(ScriptError) -> Value {
    try arguments.withUnsafeBufferPointer { arguments throws(ScriptError) in
      try callBuiltin(builtin, arguments, context)
    }
  }

  /// What the call prints.
  func output(_ builtin: BuiltinIdentifier, _ arguments: Value...) throws -> String {
    try call(builtin, arguments)
    return printed()
  }

  func printed() -> String {
    context.state.pointee.output.flush()
    return String(decoding: sink.takeBytes(), as: UTF8.self)
  }

  /// The string that the call returns, as text.
  func text(_ builtin: BuiltinIdentifier, _ arguments: Value...) throws -> String {
    let value = try call(builtin, arguments)
    try #require(value.tag == .string)
    return StringReference(value).text
  }

  /// The error that the call raises.
  func error(_ builtin: BuiltinIdentifier, _ arguments: Value...) -> String? {
    do throws(ScriptError) {
      try call(builtin, arguments)
      return nil
    } catch {
      return error.message
    }
  }

  /// Runs `body` inside an event with this record.
  @discardableResult func inEvent<Result>(
    _ layout: EventLayout, _ record: [UInt8], time: UInt64 = 5_000_000_000, thread: Int32 = 42,
    _ body: () throws -> Result
  ) throws -> Result {
    try record.withUnsafeBytes { bytes in
      // An empty array may have no address; a record always has one.
      let start = bytes.baseAddress ?? UnsafeRawPointer(exitRequested)
      context.state.pointee.event = EventState(
        record: start, length: bytes.count, layout: layout, time: time, thread: thread)
      defer { context.state.pointee.event = .none }
      return try body()
    }
  }
}

/// The keys and values of a table from 1.
func numbers(_ table: Value) -> [Int64] {
  let reference = TableReference(table)
  return (1...Int64(max(1, reference.count))).compactMap {
    let value = reference.get(Value($0))
    return value.isNumber ? value.payload : nil
  }
}

func texts(_ table: Value) -> [String] {
  let reference = TableReference(table)
  return (1...Int64(max(1, reference.count))).compactMap {
    let value = reference.get(Value($0))
    return value.tag == .string ? StringReference(value).text : nil
  }
}
