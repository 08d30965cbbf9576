// Who a thread is: its name, its process and its user, at the time of an event.
//
// In: records of task_newtask, task_rename and sched_process_exec, which whoever reads the streams passes on
// (`observe`), and on a miss /proc and what the kernel itself saved. Out: a `TaskIdentity` for a thread and a time.
//
// Streams of different CPUs are read at different times, so an event may be asked about after the rename that followed
// it was seen: an entry keeps the name before its last change and the time of that change.
//
// Bounded: at most `capacity` threads; when full, half of them, the ones seen longest ago, are forgotten and looked up
// again. Thread-safe by one lock, held for a few loads on a hit; a reader that asks for the same few threads all the
// time keeps its own small cache and empties it when `generation` has moved.

import KtapRuntime
import Synchronization

/// A thread's name: up to 15 bytes, as the kernel keeps it.
@frozen
public struct TaskName: Hashable, Sendable, CustomStringConvertible {
  public var low: UInt64
  public var high: UInt64

  /// Up to the first NUL, at most 16 bytes.
  @inlinable
  public init(bytes: UnsafeRawBufferPointer) {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { words in
      for index in 0..<min(16, bytes.count) {
        if bytes[index] == 0 { break }
        words[index] = bytes[index]
      }
    }
    (low, high) = words
  }

  public init(_ text: String) {
    var text = text
    self = text.withUTF8 { TaskName(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// The kernel's own word for a thread whose name it does not know.
  public static let unknown = TaskName("<...>")

  /// Calls the body with the bytes before the first NUL.
  @inlinable
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    var words = (low, high)
    return withUnsafeBytes(of: &words) { words in
      var count = 0
      while count < 16, words[count] != 0 { count += 1 }
      return body(UnsafeRawBufferPointer(rebasing: words[..<count]))
    }
  }

  public var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

public struct TaskIdentity: Hashable, Sendable {
  public var name: TaskName
  /// The process id, which is the thread id of its first thread; nil is unknown.
  public var process: Int32?
  /// Nil is unknown.
  public var user: UInt32?

  public init(name: TaskName, process: Int32? = nil, user: UInt32? = nil) {
    self.name = name
    self.process = process
    self.user = user
  }

  public static let unknown = TaskIdentity(name: .unknown)
}

public final class TaskDirectory: Sendable {
  /// Ids of the events that `observe` reads.
  public let observedEvents: [Int]
  /// Those of them that no handler asked for: recorded for the directory alone.
  public let privateEvents: [Int]

  private let layouts: ObservedLayouts
  private let lookUp: @Sendable (Int32) -> TaskIdentity?
  private let entries: Mutex<Entries>
  private let changes = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - observed: formats of those of task_newtask, task_rename and sched_process_exec that are recorded.
  ///   - privateEvents: ids of those that are recorded for the directory alone.
  ///   - capacity: threads to remember at most.
  ///   - lookUp: asked on a miss, outside the lock.
  public init(
    observed: [EventFormat] = [], privateEvents: [Int] = [], capacity: Int = 65_536,
    lookUp: @escaping @Sendable (Int32) -> TaskIdentity? = { _ in nil }
  ) {
    layouts = ObservedLayouts(observed)
    observedEvents = layouts.ids
    self.privateEvents = privateEvents
    self.lookUp = lookUp
    entries = Mutex(Entries(capacity: max(2, capacity)))
  }

  /// Moves whenever a thread that was known has changed: a cache filled before is stale.
  public var generation: UInt64 { changes.load(ordering: .acquiring) }

  /// Who the thread was.
  /// - Parameters:
  ///   - time: of the event, in nanoseconds of the trace clock.
  ///   - cpu: where the event happened, which names the idle thread, 0.
  public func identity(of thread: Int32, at time: UInt64 = .max, cpu: Int = 0) -> TaskIdentity {
    if thread == 0 { return TaskIdentity(name: TaskName("swapper/\(cpu)"), process: 0, user: 0) }
    if let known = entries.withLock({ $0.find(thread, at: time) }) { return known }
    let found = lookUp(thread) ?? .unknown
    return entries.withLock { entries in
      // Another stream may have been told meanwhile.
      if let known = entries.find(thread, at: time) { return known }
      entries.merge(found, into: thread)
      return entries.find(thread, at: time) ?? found
    }
  }

  /// Says who a thread is from now on.
  public func set(_ thread: Int32, _ identity: TaskIdentity, at time: UInt64 = 0) {
    let changed = entries.withLock { $0.set(thread, identity, at: time) }
    if changed { changes.add(1, ordering: .releasing) }
  }

  /// Takes note of a record; of use only for those whose id is in `observedEvents`, others change nothing.
  public func observe(_ record: EventRecord) {
    guard let change = layouts.read(record) else { return }
    let changed: Bool
    switch change {
    case .started(let thread, let parent, let name, let isThread):
      changed = entries.withLock { entries in
        let parentIdentity = entries.find(parent, at: record.time)
        let identity = TaskIdentity(
          name: name, process: isThread ? parentIdentity?.process : thread, user: parentIdentity?.user)
        return entries.set(thread, identity, at: record.time)
      }
    case .renamed(let thread, let old, let new):
      changed = entries.withLock { $0.rename(thread, from: old, to: new, at: record.time) }
    case .executed(let thread):
      changed = entries.withLock { $0.forgetUser(thread) }
    }
    if changed { changes.add(1, ordering: .releasing) }
  }
}

/// What the three events say.
private enum TaskChange {
  case started(Int32, parent: Int32, name: TaskName, isThread: Bool)
  case renamed(Int32, from: TaskName, to: TaskName)
  case executed(Int32)
}

/// Where the fields are.
///
/// Unsafe: reads fields from records, after checking that the record is as long as its format says.
private struct ObservedLayouts: Sendable {
  struct NewTask { var id, size, pid, name, flags: Int, flagsSize: Int }
  struct Rename { var id, size, pid, old, new: Int }
  struct Execute { var id, size, pid: Int }

  static let cloneThread: UInt64 = 0x0001_0000
  static let parentOffset = 4

  var newTask: NewTask?
  var rename: Rename?
  var execute: Execute?
  var ids: [Int] = []

  init(_ formats: [EventFormat]) {
    for format in formats {
      func integer(_ name: String, _ sizes: [Int] = [4]) -> FieldLayout? {
        format.fields.first { $0.name == name && $0.kind == .integer && sizes.contains($0.size) }
      }
      func name(_ name: String) -> FieldLayout? {
        format.fields.first { $0.name == name && $0.kind == .text && $0.size == 16 }
      }
      switch format.name {
      case EventName(system: "task", event: "task_newtask"):
        guard let pid = integer("pid"), let comm = name("comm"), let flags = integer("clone_flags", [4, 8]) else {
          continue
        }
        newTask = NewTask(
          id: format.id, size: format.recordSize, pid: pid.offset, name: comm.offset, flags: flags.offset,
          flagsSize: flags.size)
      case EventName(system: "task", event: "task_rename"):
        // Since 6.15 the event has no pid: it is the one that the record belongs to.
        guard let old = name("oldcomm"), let new = name("newcomm") else { continue }
        rename = Rename(
          id: format.id, size: format.recordSize, pid: integer("pid")?.offset ?? Self.parentOffset, old: old.offset,
          new: new.offset)
      case EventName(system: "sched", event: "sched_process_exec"):
        guard let pid = integer("pid") else { continue }
        execute = Execute(id: format.id, size: format.recordSize, pid: pid.offset)
      default: continue
      }
      ids.append(format.id)
    }
  }

  func read(_ record: EventRecord) -> TaskChange? {
    let id = record.eventID
    func integer(_ offset: Int) -> Int32 { record.bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self) }
    func name(_ offset: Int) -> TaskName {
      TaskName(bytes: UnsafeRawBufferPointer(start: record.bytes + offset, count: 16))
    }
    if let newTask, id == newTask.id, record.length >= newTask.size {
      let flags =
        newTask.flagsSize == 8
        ? record.bytes.loadUnaligned(fromByteOffset: newTask.flags, as: UInt64.self)
        : UInt64(record.bytes.loadUnaligned(fromByteOffset: newTask.flags, as: UInt32.self))
      return .started(
        integer(newTask.pid), parent: integer(Self.parentOffset), name: name(newTask.name),
        isThread: flags & Self.cloneThread != 0)
    }
    if let rename, id == rename.id, record.length >= rename.size {
      return .renamed(integer(rename.pid), from: name(rename.old), to: name(rename.new))
    }
    if let execute, id == execute.id, record.length >= execute.size { return .executed(integer(execute.pid)) }
    return nil
  }
}

private struct Entries {
  struct Entry {
    var identity: TaskIdentity
    /// Since when the name holds.
    var since: UInt64
    /// Before that.
    var nameBefore: TaskName
    /// When it was last asked for, by a count of questions.
    var lastUse: UInt64
    /// Process or user have been looked for where they were not told.
    var isComplete: Bool
  }

  let capacity: Int
  var byThread: [Int32: Entry] = [:]
  var uses: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Nil if the thread must be looked up.
  mutating func find(_ thread: Int32, at time: UInt64) -> TaskIdentity? {
    uses &+= 1
    guard let index = byThread.index(forKey: thread) else { return nil }
    byThread.values[index].lastUse = uses
    let entry = byThread.values[index]
    guard entry.isComplete else { return nil }
    var identity = entry.identity
    if time < entry.since { identity.name = entry.nameBefore }
    return identity
  }

  /// What a look-up found, for what was not told.
  mutating func merge(_ found: TaskIdentity, into thread: Int32) {
    if var entry = byThread[thread] {
      entry.identity.process = entry.identity.process ?? found.process
      entry.identity.user = entry.identity.user ?? found.user
      entry.isComplete = true
      byThread[thread] = entry
    } else {
      insert(thread, Entry(identity: found, since: 0, nameBefore: found.name, lastUse: uses, isComplete: true))
    }
  }

  /// Whether something that was known has changed.
  mutating func set(_ thread: Int32, _ identity: TaskIdentity, at time: UInt64) -> Bool {
    let before = byThread[thread]
    if let before, before.since > time { return false }
    let isComplete = identity.process != nil && identity.user != nil
    insert(
      thread,
      Entry(
        identity: identity, since: time, nameBefore: before?.identity.name ?? identity.name, lastUse: uses,
        isComplete: isComplete))
    return before != nil
  }

  mutating func rename(_ thread: Int32, from old: TaskName, to new: TaskName, at time: UInt64) -> Bool {
    guard var entry = byThread[thread] else {
      insert(
        thread,
        Entry(identity: TaskIdentity(name: new), since: time, nameBefore: old, lastUse: uses, isComplete: false))
      return false
    }
    guard entry.since <= time else { return false }
    entry.identity.name = new
    entry.nameBefore = old
    entry.since = time
    byThread[thread] = entry
    return true
  }

  mutating func forgetUser(_ thread: Int32) -> Bool {
    guard var entry = byThread[thread] else { return false }
    entry.identity.user = nil
    entry.isComplete = false
    byThread[thread] = entry
    return true
  }

  private mutating func insert(_ thread: Int32, _ entry: Entry) {
    if byThread[thread] == nil, byThread.count >= capacity {
      let middle = byThread.values.map(\.lastUse).sorted()[byThread.count / 2]
      byThread = byThread.filter { $0.value.lastUse > middle }
    }
    byThread[thread] = entry
  }
}
