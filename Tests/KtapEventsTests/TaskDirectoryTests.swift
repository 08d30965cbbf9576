// Names, processes and users: what records say, what /proc says, and which of them holds when.

import CKernelCalls
import Glibc
import KtapRuntime
import Synchronization
import Testing

@testable import KtapEvents

@Suite struct TaskDirectoryTests {
  static let newTask = EventFormat(
    name: EventName(system: "task", event: "task_newtask"), id: 10,
    fields: [
      FieldLayout(name: "pid", type: "pid_t", kind: .integer, offset: 8, size: 4, isSigned: true),
      FieldLayout(name: "comm", type: "char[16]", kind: .text, offset: 12, size: 16, isSigned: false),
      FieldLayout(name: "clone_flags", type: "u64", kind: .integer, offset: 32, size: 8, isSigned: false),
    ])
  static let rename = EventFormat(
    name: EventName(system: "task", event: "task_rename"), id: 11,
    fields: [
      FieldLayout(name: "pid", type: "pid_t", kind: .integer, offset: 8, size: 4, isSigned: true),
      FieldLayout(name: "oldcomm", type: "char[16]", kind: .text, offset: 12, size: 16, isSigned: false),
      FieldLayout(name: "newcomm", type: "char[16]", kind: .text, offset: 28, size: 16, isSigned: false),
    ])
  static let execute = EventFormat(
    name: EventName(system: "sched", event: "sched_process_exec"), id: 12,
    fields: [FieldLayout(name: "pid", type: "pid_t", kind: .integer, offset: 8, size: 4, isSigned: true)])

  static func name(_ text: String) -> [UInt8] { Array(text.utf8) + [UInt8](repeating: 0, count: 16 - text.utf8.count) }
  static func bytes(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value) { [UInt8]($0) } }

  static func observe(_ directory: TaskDirectory, at time: UInt64, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes {
      directory.observe(EventRecord(time: time, bytes: $0.baseAddress!, length: $0.count))
    }
  }

  static func started(_ thread: Int32, by parent: Int32, named name: String, isThread: Bool) -> [UInt8] {
    bytes(UInt16(10)) + [0, 0] + bytes(parent) + bytes(thread) + Self.name(name) + [0, 0, 0, 0]
      + bytes(UInt64(isThread ? 0x10000 : 0x11))
  }

  static func renamed(_ thread: Int32, from old: String, to new: String) -> [UInt8] {
    bytes(UInt16(11)) + [0, 0] + bytes(thread) + bytes(thread) + name(old) + name(new)
  }

  static func executed(_ thread: Int32) -> [UInt8] { bytes(UInt16(12)) + [0, 0] + bytes(thread) + bytes(thread) }

  func make(
    capacity: Int = 1_000, lookUp: @escaping @Sendable (Int32) -> TaskIdentity? = { _ in nil }
  ) -> TaskDirectory {
    TaskDirectory(
      observed: [Self.newTask, Self.rename, Self.execute], privateEvents: [11], capacity: capacity, lookUp: lookUp)
  }

  @Test func names() {
    #expect(TaskName("bash").description == "bash")
    #expect(TaskName("exactly-sixteen!").description == "exactly-sixteen!")
    #expect(TaskName("much longer than sixteen").description == "much longer than")
    #expect(TaskName("").description == "")
    let padded = TaskName(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(padded == TaskName(""))
    Self.name("a\0b").withUnsafeBytes { #expect(TaskName(bytes: $0) == TaskName("a")) }
  }

  @Test func theIdleThreadIsNamedByItsCPU() {
    #expect(make().identity(of: 0, cpu: 3) == TaskIdentity(name: TaskName("swapper/3"), process: 0, user: 0))
  }

  @Test func unknownIsSaidAndAskedForOnce() {
    let questions = Atomic<Int>(0)
    let directory = make { _ in
      questions.add(1, ordering: .relaxed)
      return nil
    }
    for _ in 0..<5 { #expect(directory.identity(of: 77) == .unknown) }
    #expect(questions.load(ordering: .relaxed) == 1)
  }

  @Test func aNewThreadHasItsParentsProcessAndUser() {
    let directory = make()
    directory.set(100, TaskIdentity(name: TaskName("parent"), process: 100, user: 1_000))
    Self.observe(directory, at: 50, Self.started(101, by: 100, named: "worker", isThread: true))
    Self.observe(directory, at: 60, Self.started(102, by: 100, named: "child", isThread: false))
    #expect(directory.identity(of: 101, at: 55) == TaskIdentity(name: TaskName("worker"), process: 100, user: 1_000))
    #expect(directory.identity(of: 102, at: 65) == TaskIdentity(name: TaskName("child"), process: 102, user: 1_000))
  }

  @Test func aNewTaskOfUnknownParentsIsLookedUpButKeepsItsName() {
    let directory = make { _ in TaskIdentity(name: TaskName("later"), process: 9, user: 5) }
    Self.observe(directory, at: 50, Self.started(9, by: 8, named: "child", isThread: false))
    #expect(directory.identity(of: 9, at: 51) == TaskIdentity(name: TaskName("child"), process: 9, user: 5))
  }

  @Test func aRenameHoldsFromItsTimeOn() {
    let directory = make { _ in TaskIdentity(name: TaskName("now"), process: 5, user: 0) }
    let generation = directory.generation
    directory.set(5, TaskIdentity(name: TaskName("bash"), process: 5, user: 0))
    Self.observe(directory, at: 100, Self.renamed(5, from: "bash", to: "ls"))
    #expect(directory.generation > generation)
    #expect(directory.identity(of: 5, at: 99).name == TaskName("bash"))
    #expect(directory.identity(of: 5, at: 100).name == TaskName("ls"))
    // A stream that is read late does not bring an older name back.
    Self.observe(directory, at: 90, Self.renamed(5, from: "sh", to: "bash"))
    #expect(directory.identity(of: 5, at: 200).name == TaskName("ls"))
    // Of a thread that was not known, the rename tells both names, and the rest is looked up.
    Self.observe(directory, at: 100, Self.renamed(6, from: "old", to: "new"))
    #expect(directory.identity(of: 6, at: 50).name == TaskName("old"))
    #expect(directory.identity(of: 6, at: 150) == TaskIdentity(name: TaskName("new"), process: 5, user: 0))
  }

  @Test func anIdUsedAgainIsSomebodyElse() {
    let directory = make()
    directory.set(7, TaskIdentity(name: TaskName("first"), process: 7, user: 1))
    directory.set(8, TaskIdentity(name: TaskName("parent"), process: 8, user: 2))
    Self.observe(directory, at: 500, Self.started(7, by: 8, named: "second", isThread: false))
    #expect(directory.identity(of: 7, at: 400).name == TaskName("first"))
    #expect(directory.identity(of: 7, at: 600) == TaskIdentity(name: TaskName("second"), process: 7, user: 2))
  }

  @Test func aProgramMayChangeItsUser() {
    let directory = make { _ in TaskIdentity(name: TaskName("su"), process: 4, user: 0) }
    directory.set(4, TaskIdentity(name: TaskName("bash"), process: 4, user: 1_000))
    Self.observe(directory, at: 10, Self.executed(4))
    #expect(directory.identity(of: 4, at: 20) == TaskIdentity(name: TaskName("bash"), process: 4, user: 0))
  }

  @Test func otherAndTooShortRecordsChangeNothing() {
    let directory = make()
    #expect(directory.observedEvents == [10, 11, 12] && directory.privateEvents == [11])
    Self.observe(directory, at: 10, [99, 0, 0, 0, 1, 0, 0, 0])
    Self.observe(directory, at: 10, Array(Self.renamed(5, from: "a", to: "b").prefix(40)))
    #expect(directory.identity(of: 5, at: 20) == .unknown)
    #expect(directory.generation == 0)
  }

  @Test func memoryIsBounded() {
    let questions = Atomic<Int>(0)
    let directory = make(capacity: 100) { thread in
      questions.add(1, ordering: .relaxed)
      return TaskIdentity(name: TaskName("t\(thread)"), process: thread, user: 0)
    }
    for thread in 1...10_000 {
      #expect(directory.identity(of: Int32(thread)).name == TaskName("t\(thread)"))
      _ = directory.identity(of: 1)
    }
    #expect(questions.load(ordering: .relaxed) == 10_000, "the one that is always asked for is never forgotten")
    #expect(directory.identity(of: 2).name == TaskName("t2"))
    #expect(questions.load(ordering: .relaxed) == 10_001)
  }

  @Test func manyThreadsAtOnce() async {
    let directory = make(capacity: 50) { TaskIdentity(name: TaskName("t\($0)"), process: $0, user: 0) }
    await withTaskGroup { group in
      for seed in 0..<4 {
        group.addTask {
          var random = SeededRandom(seed: UInt64(seed))
          for _ in 0..<3_000 {
            let thread = Int32(1 + random.number(below: 80))
            if random.number(below: 10) == 0 {
              Self.observe(directory, at: random.next() >> 1, Self.renamed(thread, from: "x", to: "y"))
            }
            let identity = directory.identity(of: thread, at: random.next() >> 1)
            #expect(["x", "y", "t\(thread)"].contains(identity.name.description))
            #expect(identity.process == thread)
          }
        }
      }
    }
  }
}

// Needs root and tracefs; skipped elsewhere.
@Suite(.enabled(if: tracefsObstacle == nil, "\(tracefsObstacle ?? "")"), .serialized)
struct TaskDirectoryKernelTests {
  @Test func thisThreadAndTheFirst() throws {
    let own = try #require(TracefsInstance.liveIdentity(of: ktap_thread_id()))
    #expect(own.process == getpid() && own.user == getuid())
    #expect(TracefsInstance.liveIdentity(of: 1)?.process == 1)
    #expect(TracefsInstance.liveIdentity(of: .max) == nil)
  }

  /// A child that renames itself by exec is called by both names, each at its time.
  @Test func namesFollowTheEvents() throws {
    let source = try TracefsSource()
    let wanted = try source.format(of: EventName(system: "sched", event: "sched_process_exit"))
    let instance = try source.openInstance(
      EventSelection(events: [SelectedEvent(format: wanted)], needsTasks: true))
    defer { instance.close() }
    let directory = try #require(instance.tasks)
    #expect(directory.observedEvents.count == 3 && Set(directory.privateEvents) == Set(directory.observedEvents))
    #expect(!instance.privateEvents.contains(wanted.id))
    var collector = Collector(instance, header: try source.subBufferHeader())
    try instance.start()
    let child = runProcess(["/bin/bash", "-c", "exec /bin/true"])
    instance.stop()
    collector.drain()
    let records = collector.records.sorted { $0.time < $1.time }
    for record in records {
      record.bytes.withUnsafeBytes {
        directory.observe(EventRecord(time: record.time, bytes: $0.baseAddress!, length: $0.count))
      }
    }
    let exit = try #require(records.last { $0.id == wanted.id && $0.thread == child })
    let identity = directory.identity(of: child, at: exit.time)
    #expect(identity.name == TaskName("true"))
    #expect(identity.process == child)
    let rename = try #require(
      records.last {
        $0.thread == child && $0.id == (try? source.format(of: EventName(system: "task", event: "task_rename")))?.id
      })
    #expect(directory.identity(of: child, at: rename.time - 1).name == TaskName("bash"))
  }

  @Test func eventsThatWereAskedForAreNotPrivate() throws {
    let source = try TracefsSource()
    let rename = try source.format(of: EventName(system: "task", event: "task_rename"))
    let instance = try source.openInstance(
      EventSelection(events: [SelectedEvent(format: rename)], needsTasks: true))
    defer { instance.close() }
    #expect(instance.tasks?.observedEvents.contains(rename.id) == true)
    #expect(!instance.privateEvents.contains(rename.id) && instance.privateEvents.count == 2)
    let plain = try source.openInstance(EventSelection(events: [SelectedEvent(format: rename)]))
    defer { plain.close() }
    #expect(plain.tasks == nil)
  }
}
