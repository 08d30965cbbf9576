import Glibc
import Testing

@testable import KtapRuntime

/// A value of a test's model, which knows nothing of heaps.
enum ModelValue: Hashable {
  case number(Int64)
  case string(String)
  case boolean(Bool)
  case tuple([ModelValue])

  func make(in heap: Heap) -> Value {
    switch self {
    case .number(let number): return Value(number)
    case .string(let text): return heap.string(text)
    case .boolean(let boolean): return Value(boolean)
    case .tuple(let parts):
      let values = parts.map { $0.make(in: heap) }
      return values.withUnsafeBufferPointer { try! heap.tuple($0) }
    }
  }

  init?(_ value: Value) {
    switch value.tag {
    case .number: self = .number(value.payload)
    case .string: self = .string(StringReference(value).text)
    case .trueValue: self = .boolean(true)
    case .falseValue: self = .boolean(false)
    case .tuple: self = .tuple(TupleReference(value).parts.compactMap { ModelValue($0) })
    default: return nil
    }
  }

  var isNumber: Bool {
    if case .number = self { return true }
    return false
  }

  var isTuple: Bool {
    if case .tuple = self { return true }
    return false
  }

  var number: Int64? {
    if case .number(let number) = self { return number }
    return nil
  }
}

/// Random numbers that are the same on every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

extension Heap {
  func tuple(of parts: Value...) throws(ScriptError) -> Value {
    let array = parts
    return try array.withUnsafeBufferPointer { (buffer) throws(ScriptError) in try tuple(buffer) }
  }

  func string(of bytes: [UInt8]) throws(ScriptError) -> Value {
    try bytes.withUnsafeBufferPointer { (buffer) throws(ScriptError) in try string(UnsafeRawBufferPointer(buffer)) }
  }

  func concatenate(_ values: Value...) throws(ScriptError) -> Value {
    let array = values
    return try array.withUnsafeBufferPointer { (buffer) throws(ScriptError) in try concatenate(buffer) }
  }

  func table() -> TableReference { TableReference(table(site: -1, array: 0, records: 0)) }

  /// Collects with these roots.
  func collect(keeping roots: Value...) {
    collect { marker in for root in roots { marker.mark(root) } }
  }
}

extension TableReference {
  var value: Value { Value(payload: Int64(Int(bitPattern: state)), tag: .table) }

  /// What `pairs` visits, as models.
  func visited(in heap: Heap) -> [(key: ModelValue, value: ModelValue)] {
    var found: [(key: ModelValue, value: ModelValue)] = []
    let iterator = IteratorReference(iterator(in: heap))
    while let element = iterator.next() {
      found.append((ModelValue(element.key)!, ModelValue(element.value)!))
    }
    return found
  }
}

extension Value {
  var text: String { StringReference(self).text }
  var address: Int64 { payload }
}

func isDead(_ value: Value) -> Bool { value.object.pointee.kind == .free }

/// Runs a body on several threads at once and waits for all of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Job: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  var threads: [pthread_t] = []
  for index in 0..<count {
    var thread = pthread_t()
    let job = Unmanaged.passRetained(Job(index, body))
    let result = pthread_create(
      &thread, nil,
      { argument in
        let job = Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue()
        job.body(job.index)
        return nil
      }, job.toOpaque())
    precondition(result == 0)
    threads.append(thread)
  }
  for thread in threads { pthread_join(thread, nil) }
}
