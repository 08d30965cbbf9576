// A filter, made ready for one event: asked for every record that the kernel could not be asked about.
//
// In: a parsed filter and an event's format. Out: a program of steps in raw memory. Each step tests one thing and names
// the step to go to in either case, so `&&`, `||` and `!` cost nothing and each test runs only if it can decide; the
// kernel's own filters work the same way.
//
// Meaning, which is the kernel's wherever the kernel can say it (`KernelFilter` hands over only such filters):
// - A field's value is `size` bytes, sign-extended if `signed:1`. Numbers compare as 64-bit signed ones; an unsigned
//   field of 8 bytes and its literal compare as unsigned.
// - `f & m` asks whether any bit of m is set.
// - Text ends at its first NUL. `==` and `!=` compare all of it, `~` matches all of it with a `Glob`.
//
// Unsafe: reads records. Invariant: a record shorter than the format's `recordSize` is not accepted before any field is
// read; a dynamic field's place is cut to the record. Steps refer only to later-made steps' smaller indices, so a walk
// ends.

import KtapLanguage
import KtapRuntime

/// What a filter may ask about besides the record. Only what the program `needs` must be filled in.
@frozen
public struct FilterContext: Sendable {
  public var cpu: Int32
  public var process: Int32
  public var user: UInt32
  public var name: TaskName

  @inlinable
  public init(cpu: Int32, process: Int32 = 0, user: UInt32 = 0, name: TaskName = .unknown) {
    self.cpu = cpu
    self.process = process
    self.user = user
    self.name = name
  }
}

public final class FilterEvaluator: @unchecked Sendable {
  /// What runs; lives as long as this object.
  public let program: FilterProgram

  private let steps: UnsafeMutableBufferPointer<FilterStep>
  private let texts: UnsafeMutableBufferPointer<UInt8>
  private let globs: UnsafeMutableBufferPointer<Glob.Part>

  public init(_ filter: Filter, for format: EventFormat) throws(SourceError) {
    var builder = FilterBuilder(format: format)
    let entry = try builder.add(filter, onTrue: FilterStep.accept, onFalse: FilterStep.reject, depth: 0)
    steps = .allocate(capacity: builder.steps.count)
    texts = .allocate(capacity: builder.texts.count)
    globs = .allocate(capacity: builder.globs.count)
    _ = steps.initialize(from: builder.steps)
    _ = texts.initialize(from: builder.texts)
    _ = globs.initialize(from: builder.globs)
    program = FilterProgram(
      steps: UnsafePointer(steps.baseAddress!), texts: UnsafeRawPointer(texts.baseAddress!),
      globs: UnsafePointer(globs.baseAddress!), entry: entry, recordSize: format.recordSize,
      needsProcess: builder.needsProcess, needsUser: builder.needsUser, needsName: builder.needsName)
  }

  deinit {
    steps.deallocate()
    texts.deallocate()
    globs.deallocate()
  }
}

/// Copied freely; does not keep its evaluator alive.
public struct FilterProgram: @unchecked Sendable {
  let steps: UnsafePointer<FilterStep>
  let texts: UnsafeRawPointer
  let globs: UnsafePointer<Glob.Part>
  let entry: Int32
  let recordSize: Int
  /// Which parts of the context are asked for.
  public let needsProcess: Bool
  public let needsUser: Bool
  public let needsName: Bool

  public func accepts(_ record: EventRecord, _ context: FilterContext) -> Bool {
    guard record.length >= recordSize else { return false }
    var index = entry
    while index >= 0 {
      let step = steps + Int(index)
      index = test(step, record, context) ? step.pointee.onTrue : step.pointee.onFalse
    }
    return index == FilterStep.accept
  }

  private func test(_ step: UnsafePointer<FilterStep>, _ record: EventRecord, _ context: FilterContext) -> Bool {
    let offset = Int(step.pointee.offset)
    let fieldSize = Int(step.pointee.size)
    func number(_ value: Int64) -> Bool { Self.compare(value, step.pointee) }
    func load<T>(_ type: T.Type) -> T { record.bytes.loadUnaligned(fromByteOffset: offset, as: type) }
    switch step.pointee.source {
    case .signed8: return number(Int64(load(Int8.self)))
    case .signed16: return number(Int64(load(Int16.self)))
    case .signed32: return number(Int64(load(Int32.self)))
    case .signed64: return number(load(Int64.self))
    case .unsigned8: return number(Int64(load(UInt8.self)))
    case .unsigned16: return number(Int64(load(UInt16.self)))
    case .unsigned32: return number(Int64(load(UInt32.self)))
    case .unsigned64: return Self.compare(load(UInt64.self), step.pointee)
    case .process: return number(Int64(context.process))
    case .user: return number(Int64(context.user))
    case .cpu: return number(Int64(context.cpu))
    case .name: return context.name.withBytes { text($0, step.pointee) }
    case .text:
      let room = record.length - offset
      return text(
        UnsafeRawBufferPointer(start: record.bytes + offset, count: fieldSize == 0 ? room : fieldSize), step.pointee)
    case .dynamicText, .relativeText:
      let word = load(UInt32.self)
      let base = step.pointee.source == .relativeText ? offset + 4 : 0
      let start = min(base + Int(word & 0xffff), record.length)
      return text(
        UnsafeRawBufferPointer(start: record.bytes + start, count: min(Int(word >> 16), record.length - start)),
        step.pointee)
    }
  }

  private static func compare<Number: FixedWidthInteger>(_ value: Number, _ step: FilterStep) -> Bool {
    let operand = Number(truncatingIfNeeded: step.operand)
    return switch step.comparison {
    case .equal: value == operand
    case .notEqual: value != operand
    case .less: value < operand
    case .lessOrEqual: value <= operand
    case .greater: value > operand
    case .greaterOrEqual: value >= operand
    case .anyBit: value & operand != 0
    case .glob: false
    }
  }

  private func text(_ whole: UnsafeRawBufferPointer, _ step: FilterStep) -> Bool {
    var count = 0
    while count < whole.count, whole[count] != 0 { count += 1 }
    let text = UnsafeRawBufferPointer(rebasing: whole[..<count])
    if step.comparison == .glob {
      let parts = UnsafeBufferPointer(start: globs + Int(step.literal), count: Int(step.literalCount))
      return Glob.match(parts, text)
    }
    let literal = UnsafeRawBufferPointer(start: texts + Int(step.literal), count: Int(step.literalCount))
    var isEqual = text.count == literal.count
    var index = 0
    while isEqual, index < literal.count {
      isEqual = text[index] == literal[index]
      index += 1
    }
    return isEqual == (step.comparison == .equal)
  }
}

struct FilterStep {
  enum Source: UInt8 {
    case signed8, signed16, signed32, signed64, unsigned8, unsigned16, unsigned32, unsigned64
    case process, user, cpu, name
    case text, dynamicText, relativeText
  }

  /// In place of a step's index.
  static let accept: Int32 = -1
  static let reject: Int32 = -2

  var source: Source
  var comparison: FilterComparison
  /// Of the field.
  var offset: Int32 = 0
  var size: Int32 = 0
  var operand: Int64 = 0
  /// Where the text or the pattern begins, and how long it is.
  var literal: Int32 = 0
  var literalCount: Int32 = 0
  var onTrue: Int32
  var onFalse: Int32
}

private struct FilterBuilder {
  static let greatestDepth = 1_000

  let format: EventFormat
  var steps: [FilterStep] = []
  var texts: [UInt8] = []
  var globs: [Glob.Part] = []
  var needsProcess = false
  var needsUser = false
  var needsName = false

  init(format: EventFormat) { self.format = format }

  /// Steps are made from the last to the first, so that what comes next is known: the index of the first.
  mutating func add(_ filter: Filter, onTrue: Int32, onFalse: Int32, depth: Int) throws(SourceError) -> Int32 {
    guard depth < Self.greatestDepth else {
      throw SourceError(.invalidFilter, "the filter is nested more than \(Self.greatestDepth) levels deep")
    }
    switch filter {
    case .and(let left, let right):
      let second = try add(right, onTrue: onTrue, onFalse: onFalse, depth: depth + 1)
      return try add(left, onTrue: second, onFalse: onFalse, depth: depth + 1)
    case .or(let left, let right):
      let second = try add(right, onTrue: onTrue, onFalse: onFalse, depth: depth + 1)
      return try add(left, onTrue: onTrue, onFalse: second, depth: depth + 1)
    case .not(let inner):
      return try add(inner, onTrue: onFalse, onFalse: onTrue, depth: depth + 1)
    case .compare(let name, let comparison, let literal):
      var step = try step(name, comparison, onTrue: onTrue, onFalse: onFalse)
      let isText = [.name, .text, .dynamicText, .relativeText].contains(step.source)
      switch literal {
      case .number(let value):
        guard !isText else { throw refusal(name, "is text: compare it with a string") }
        guard comparison != .glob else { throw refusal(name, "is a number: '~' needs text") }
        step.operand = value
      case .string(let bytes):
        guard isText else { throw refusal(name, "is a number: compare it with a number") }
        switch comparison {
        case .equal, .notEqual:
          step.literal = Int32(texts.count)
          step.literalCount = Int32(bytes.count)
          texts += bytes
        case .glob:
          let parts = Glob(bytes).parts
          step.literal = Int32(globs.count)
          step.literalCount = Int32(parts.count)
          globs += parts
        default: throw refusal(name, "is text: it can be compared with '==', '!=' and '~'")
        }
      }
      steps.append(step)
      return Int32(steps.count - 1)
    }
  }

  func refusal(_ name: String, _ reason: String) -> SourceError {
    SourceError(.invalidFilter, "field '\(name)' of \(format.name) \(reason)")
  }

  mutating func step(
    _ name: String, _ comparison: FilterComparison, onTrue: Int32, onFalse: Int32
  ) throws(SourceError) -> FilterStep {
    func make(_ source: FilterStep.Source, _ field: FieldLayout? = nil) -> FilterStep {
      FilterStep(
        source: source, comparison: comparison, offset: Int32(field?.offset ?? 0), size: Int32(field?.size ?? 0),
        onTrue: onTrue, onFalse: onFalse)
    }
    switch try FilterName(name, in: format) {
    case .context(.process):
      needsProcess = true
      return make(.process)
    case .context(.user):
      needsUser = true
      return make(.user)
    case .context(.name):
      needsName = true
      return make(.name)
    case .context(.cpu): return make(.cpu)
    case .context(.thread):
      guard let field = format.commonFields.first(where: { $0.name == "common_pid" && $0.size == 4 }) else {
        throw refusal(name, "is not in its records")
      }
      return make(.signed32, field)
    case .field(let field):
      switch (field.kind, field.size, field.isSigned) {
      case (.integer, 1, true): return make(.signed8, field)
      case (.integer, 2, true): return make(.signed16, field)
      case (.integer, 4, true): return make(.signed32, field)
      case (.integer, 8, true): return make(.signed64, field)
      case (.integer, 1, false): return make(.unsigned8, field)
      case (.integer, 2, false): return make(.unsigned16, field)
      case (.integer, 4, false): return make(.unsigned32, field)
      case (.integer, 8, false): return make(.unsigned64, field)
      case (.text, _, _): return make(.text, field)
      case (.dynamicText, _, _): return make(.dynamicText, field)
      case (.relativeText, _, _): return make(.relativeText, field)
      default: throw refusal(name, "is '\(field.type)', which a filter cannot compare")
      }
    }
  }
}
