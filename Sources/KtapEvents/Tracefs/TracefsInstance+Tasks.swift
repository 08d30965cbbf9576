// The task directory of a live source: which events feed it, and where it looks when they did not say.
//
// A thread that was there before us is read from /proc/TID/status, which has name, process and user in one; one that is
// gone already from what the kernel saved (`saved_cmdlines`, `saved_tgids`), which is read again at most ten times a
// second. How many names the kernel saves is a setting of the whole system and stays as it is.

import CKernelCalls
import Glibc
import Synchronization

extension TracefsInstance {
  private static let taskEvents = [
    EventName(system: "task", event: "task_newtask"), EventName(system: "task", event: "task_rename"),
    EventName(system: "sched", event: "sched_process_exec"),
  ]

  /// The directory, and the events that must be enabled for it alone; an event that the kernel does not have is done
  /// without.
  static func taskDirectory(for selection: EventSelection, source: TracefsSource) -> (TaskDirectory?, [EventFormat]) {
    guard selection.needsTasks else { return (nil, []) }
    let selected = Set(selection.events.map(\.format.name))
    let formats = taskEvents.compactMap { try? source.format(of: $0) }
    let extra = formats.filter { !selected.contains($0.name) }
    let saved = SavedTasks(folder: source.location.path)
    let directory = TaskDirectory(observed: formats, privateEvents: extra.map(\.id)) { thread in
      liveIdentity(of: thread) ?? saved.identity(of: thread)
    }
    return (directory, extra)
  }

  /// What /proc says now.
  static func liveIdentity(of thread: Int32) -> TaskIdentity? {
    guard let bytes = try? KernelFile.read("/proc/\(thread)/status", limit: 65_536) else { return nil }
    var name: TaskName?
    var process: Int32?
    var user: UInt32?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let rest = line.after("Name:\t") {
        name = rest.withUnsafeBytes { TaskName(bytes: $0) }
      } else if let rest = line.after("Tgid:\t") {
        process = rest.trimmingSpace.decimal.flatMap { Int32(exactly: $0) }
      } else if let rest = line.after("Uid:\t") {
        user = rest.prefix { $0.isDigit }.decimal.flatMap { UInt32(exactly: $0) }
        break
      }
    }
    return name.map { TaskIdentity(name: $0, process: process, user: user) }
  }
}

/// What the kernel saved of threads that are gone.
private final class SavedTasks: Sendable {
  private struct State {
    var names: [Int32: TaskName] = [:]
    var processes: [Int32: Int32] = [:]
    var readAt: Int64 = .min
  }

  private static let period: Int64 = 100_000_000
  private let folder: String
  private let state = Mutex(State())

  init(folder: String) { self.folder = folder }

  func identity(of thread: Int32) -> TaskIdentity? {
    state.withLock { state in
      if state.names[thread] == nil {
        let now = ktap_monotonic()
        if state.readAt == .min || now - state.readAt > Self.period {
          state.readAt = now
          state.names = read("saved_cmdlines") { $0.withUnsafeBytes { TaskName(bytes: $0) } }
          state.processes = read("saved_tgids") { $0.decimal.flatMap { Int32(exactly: $0) } }
        }
      }
      guard let name = state.names[thread] else { return nil }
      return TaskIdentity(name: name, process: state.processes[thread])
    }
  }

  /// Lines of a thread id, a space and something else.
  private func read<Value>(_ file: String, _ value: (ArraySlice<UInt8>) -> Value?) -> [Int32: Value] {
    var found: [Int32: Value] = [:]
    for line in ((try? KernelFile.read("\(folder)/\(file)")) ?? []).split(separator: UInt8(ascii: "\n")) {
      guard let space = line.firstIndex(of: UInt8(ascii: " ")),
        let thread = line[..<space].decimal.flatMap({ Int32(exactly: $0) }), let value = value(line[(space + 1)...])
      else { continue }
      found[thread] = value
    }
    return found
  }
}
