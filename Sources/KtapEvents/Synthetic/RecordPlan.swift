// How a record of one event is made: a template of its bytes and a list of what to draw for which field.
//
// In: an event's format and the description. Out: `RecordPlan`, whose `write` makes a record in a scratch buffer. What a
// field means is told by its name and type, since that is all a format file says: thread ids and names are those of the
// task that the event belongs to or of another task of its CPU (`next_pid`, `child_comm`, who is woken up), pointers look
// like pointers, a few have a value that never changes, and the rest are keys. Where the description gives a field a
// distribution of its own, that comes first.
//
// Unsafe: writes raw memory. Invariant: `scratch` has `scratchSize` bytes; every field lies within the template, whose
// size is checked when the plan is made; text adds at most `maximumText` bytes a dynamic field.

import Glibc
import KtapRuntime

struct RecordPlan {
  /// What goes into a field.
  enum Source: UInt8 {
    /// A drawn number times `factor` plus `base`.
    case key
    /// As `key`, below `limit`, and the same for both events of a pair.
    case pairedKey
    case thread
    case otherThread
    case processor
    case taskName
    case otherTaskName
    /// Dynamic texts.
    case taskNameText
    case otherTaskNameText
    case pathText
    case deviceText
    case emptyText
  }

  struct Fill {
    var source: Source
    var offset: UInt16
    /// Of the field, in bytes.
    var size: UInt8
    var sampler: Sampler
    var factor: UInt64 = 1
    var base: UInt64 = 0
    var limit: UInt64 = .max
  }

  static let scratchSize = 2048
  static let maximumRecordSize = 448
  private static let maximumText = 136

  let id: UInt16
  let template: [UInt8]
  let fills: [Fill]
}

// MARK: Making a plan

extension RecordPlan {
  init(format: EventFormat, description: SyntheticDescription, samplers: SamplerSet) {
    let size = format.recordSize
    precondition(size <= 256, "\(format.name): the fixed part of a record is too long for the generator")
    var template = [UInt8](repeating: 0, count: (size + 3) & ~3)
    var fills: [Fill] = []
    template.withUnsafeMutableBytes { $0.storeBytes(of: UInt16(format.id), as: UInt16.self) }
    let overrides = Dictionary(description.fields.map { ($0.name, $0.values) }) { first, _ in first }
    for field in format.fields {
      let values = overrides[field.name]
      let sampler = samplers.sampler(of: values ?? Self.usualValues(of: field, in: description))
      func fill(_ source: Source, factor: UInt64 = 1, base: UInt64 = 0, limit: UInt64 = .max) {
        fills.append(
          Fill(
            source: source, offset: UInt16(field.offset), size: UInt8(field.size), sampler: sampler, factor: factor,
            base: base, limit: limit))
      }
      let isOther = Self.isOther(field, of: format.name)
      switch field.kind {
      case .integer:
        if field.name == "__syscall_nr" {
          // The number stands for the event, and a distribution would only make it a lie.
          let name = format.name.event.split(separator: "_", maxSplits: 2).last.map(String.init) ?? ""
          Self.store(SyntheticCatalogue.callNumbers[name] ?? 0, field, &template)
        } else if field.name == "id" && format.name.system == "raw_syscalls" {
          fill(.pairedKey, limit: SyntheticCatalogue.callCount)
        } else if values != nil {
          fill(.key)
        } else if field.name == "pid" || field.name.hasSuffix("_pid") {
          fill(isOther ? .otherThread : .thread)
        } else if field.name == "target_cpu" {
          fill(.processor)
        } else if let constant = Self.constants[field.name] {
          Self.store(constant, field, &template)
        } else if field.name == "call_site" {
          fill(.key, factor: 16, base: 0xffff_ffff_8100_0000)
        } else if field.type.contains("*") {
          let base: UInt64 = format.name.system == "kmem" ? 0xffff_8880_0000_0000 : 0x7f00_0000_0000
          fill(.key, factor: 64, base: base)
        } else {
          fill(.key)
        }
      case .text:
        if field.name.hasSuffix("comm"), field.size == 16 {
          fill(isOther ? .otherTaskName : .taskName)
        } else if field.name == "rwbs" {
          template[field.offset] = UInt8(ascii: "W")
        }
      case .dynamicText:
        if field.name.hasSuffix("comm") {
          fill(isOther ? .otherTaskNameText : .taskNameText)
        } else {
          fill(field.name == "filename" ? .pathText : field.name == "name" ? .deviceText : .emptyText)
        }
      case .array where field.elementSize == 8:
        for element in 0..<field.size / 8 {
          fills.append(Fill(source: .key, offset: UInt16(field.offset + 8 * element), size: 8, sampler: sampler))
        }
      default: break
      }
    }
    precondition(fills.filter { $0.source.rawValue >= Source.taskNameText.rawValue }.count <= 2)
    id = UInt16(format.id)
    self.template = template
    self.fills = fills
  }

  /// Values that do not change, and of no interest to a script.
  private static let constants: [String: UInt64] = [
    "prio": 120, "prev_prio": 120, "next_prio": 120, "oom_score_adj": 0, "error": 0, "node": 0, "ioprio": 0,
    "clone_flags": 0, "gfp_flags": 0xcc0, "dev": 8 << 20,
  ]

  private static func usualValues(of field: FieldLayout, in description: SyntheticDescription) -> Distribution {
    switch field.name {
    case "prev_state", "group_dead": Distribution(.uniform(count: 2))
    case "vec": Distribution(.uniform(count: 10))
    case "irq", "name": Distribution(.uniform(count: 16))
    default: description.keys
    }
  }

  /// Says the field something about a task that is not the one that runs?
  private static func isOther(_ field: FieldLayout, of event: EventName) -> Bool {
    field.name.hasPrefix("next_") || field.name.hasPrefix("child_") || event.event == "sched_wakeup"
      || event.event == "task_newtask"
  }

  private static func store(_ value: UInt64, _ field: FieldLayout, _ template: inout [UInt8]) {
    var value = value.littleEndian
    withUnsafeBytes(of: &value) { bytes in
      for index in 0..<min(field.size, 8) {
        #if _endian(little)
          template[field.offset + index] = bytes[index]
        #else
          template[field.offset + index] = bytes[field.size - 1 - index]
        #endif
      }
    }
  }
}

// MARK: Making a record

/// A plan as the generator's loop uses it: addresses only.
struct CompiledPlan {
  /// Not nil: the event is recorded.
  let template: UnsafeRawPointer?
  let templateSize: Int
  let fills: UnsafePointer<RecordPlan.Fill>?
  let fillCount: Int

  init(_ plan: RecordPlan, isSelected: Bool) {
    templateSize = plan.template.count
    fillCount = plan.fills.count
    guard isSelected else {
      template = nil
      fills = nil
      return
    }
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: templateSize, alignment: 8)
    bytes.initializeMemory(as: UInt8.self, from: plan.template, count: plan.template.count)
    template = UnsafeRawPointer(bytes)
    let list = UnsafeMutablePointer<RecordPlan.Fill>.allocate(capacity: max(1, fillCount))
    list.initialize(from: plan.fills, count: fillCount)
    fills = UnsafePointer(list)
  }

  func deallocate() {
    template?.deallocate()
    fills?.deallocate()
  }

  /// Makes the record in `scratch`.
  /// - Parameters:
  ///   - pairIndex: the number of the pair's first event.
  ///   - random: the event's own stream.
  /// - Returns: its size in bytes.
  @inline(__always)
  func write(
    to scratch: UnsafeMutableRawPointer, task: UnsafePointer<SyntheticTask>, other: UnsafePointer<SyntheticTask>,
    cpu: Int, pairSeed: UInt64, pairIndex: UInt64, random: inout RandomStream
  ) -> Int {
    scratch.copyMemory(from: template.unsafelyUnwrapped, byteCount: templateSize)
    scratch.storeBytes(of: task.pointee.thread, toByteOffset: 4, as: Int32.self)
    var size = templateSize
    for index in 0..<fillCount {
      let fill = fills.unsafelyUnwrapped + index
      let place = scratch + Int(fill.pointee.offset)
      switch fill.pointee.source {
      case .key:
        let value = fill.pointee.base &+ fill.pointee.sampler.value(&random) &* fill.pointee.factor
        Self.store(value, place, fill.pointee.size)
      case .pairedKey:
        var paired = RandomStream(seed: pairSeed, index: pairIndex)
        Self.store(fill.pointee.sampler.value(&paired) % fill.pointee.limit, place, fill.pointee.size)
      case .thread: place.storeBytes(of: task.pointee.thread, as: Int32.self)
      case .otherThread: place.storeBytes(of: other.pointee.thread, as: Int32.self)
      case .processor: place.storeBytes(of: Int32(truncatingIfNeeded: cpu), as: Int32.self)
      case .taskName: place.storeBytes(of: task.pointee.name, as: TaskName.self)
      case .otherTaskName: place.storeBytes(of: other.pointee.name, as: TaskName.self)
      default: size = writeText(fill, place, scratch, size, task, other, &random)
      }
    }
    return size
  }

  @inline(__always)
  private static func store(_ value: UInt64, _ place: UnsafeMutableRawPointer, _ size: UInt8) {
    switch size {
    case 8: place.storeBytes(of: value, as: UInt64.self)
    case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    default: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    }
  }

  /// Appends a dynamic text and says where it is in the field's location word: length high, offset low.
  @inline(never)
  private func writeText(
    _ fill: UnsafePointer<RecordPlan.Fill>, _ place: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer,
    _ size: Int, _ task: UnsafePointer<SyntheticTask>, _ other: UnsafePointer<SyntheticTask>,
    _ random: inout RandomStream
  ) -> Int {
    var writer = TextWriter(cursor: scratch + size)
    switch fill.pointee.source {
    case .taskNameText: task.pointee.name.withBytes { writer.put($0) }
    case .otherTaskNameText: other.pointee.name.withBytes { writer.put($0) }
    case .pathText:
      let key = fill.pointee.sampler.value(&random)
      // A deep path now and then, so that there are records of the long form too.
      if key & 15 == 15 { for _ in 0..<12 { writer.put("/usr/lib") } }
      writer.put("/usr/bin/program-")
      writer.put(number: key)
    case .deviceText:
      writer.put("device")
      writer.put(number: fill.pointee.sampler.value(&random))
    default: break
    }
    let length = writer.cursor - (scratch + size) + 1
    writer.put(zero: ((length + 3) & ~3) - length + 1)
    place.storeBytes(of: UInt32(truncatingIfNeeded: length << 16 | size), as: UInt32.self)
    return writer.cursor - scratch
  }
}

/// Writes text without making strings.
private struct TextWriter {
  var cursor: UnsafeMutableRawPointer

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { cursor.copyMemory(from: base, byteCount: bytes.count) }
    cursor += bytes.count
  }

  mutating func put(_ text: StaticString) {
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func put(number: UInt64) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      cursor.storeBytes(of: UInt8(ascii: "0") + UInt8(number / divisor % 10), as: UInt8.self)
      cursor += 1
      divisor /= 10
    }
  }

  mutating func put(zero count: Int) {
    memset(cursor, 0, count)
    cursor += count
  }
}
