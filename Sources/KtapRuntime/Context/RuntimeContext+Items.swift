// The context words: `pid`, `tid`, `uid`, `cpu`, `execname`, `probename`, `argstr`.
//
// Inside an event they describe the thread that caused it; outside (main chunk, tick, trace_end) the tracer itself,
// and the words about the event are an error.

import CKernelCalls
import Glibc

/// The context words in the order of `KtapLanguage.ContextItem`, which this module does not import: a CONTEXT
/// instruction carries the raw value. A test where both are visible compares the two.
public enum ContextWord: UInt8, Sendable, CaseIterable {
  case pid, tid, uid, cpu, execname, probename, argstr
}

extension ScriptError {
  /// A word about the event was used where there is none.
  public static let invalidEventContext = ScriptError("invalid event context")
}

extension RuntimeContext {
  /// The value of a context word, by its raw value.
  public func contextItem(_ item: UInt8) throws(ScriptError) -> Value {
    guard let word = ContextWord(rawValue: item) else { throw ScriptError("unknown context item \(item)") }
    switch word {
    case .pid: return processItem
    case .tid: return threadItem
    case .uid: return userItem
    case .cpu: return cpuItem
    case .execname: return executableNameItem()
    case .probename: return try probeName()
    case .argstr: return try eventText()
    }
  }

  /// `tid`.
  public var threadItem: Value {
    if isInEvent { return Value(Int64(state.pointee.event.thread)) }
    return Value(Int64(ktap_thread_id()))
  }

  /// `cpu`.
  public var cpuItem: Value {
    if isInEvent { return Value(Int64(state.pointee.cpu)) }
    return Value(Int64(ktap_current_cpu()))
  }

  /// `pid`: the process; -1 if it is not known, because the thread was gone before anyone could ask.
  public var processItem: Value {
    guard isInEvent else { return Value(Int64(getpid())) }
    let thread = state.pointee.event.thread
    let entry = state.pointee.tasks.entry(of: thread)
    if !entry.pointee.known.contains(.process) {
      entry.pointee.process = thread == 0 ? 0 : state.pointee.host?.process(ofThread: thread) ?? -1
      entry.pointee.known.insert(.process)
    }
    return Value(Int64(entry.pointee.process))
  }

  /// `uid`; -1 if it is not known.
  public var userItem: Value {
    guard isInEvent else { return Value(Int64(getuid())) }
    let thread = state.pointee.event.thread
    let entry = state.pointee.tasks.entry(of: thread)
    if !entry.pointee.known.contains(.user) {
      entry.pointee.user = thread == 0 ? 0 : state.pointee.host?.user(ofThread: thread).map(Int64.init) ?? -1
      entry.pointee.known.insert(.user)
    }
    return Value(entry.pointee.user)
  }

  /// `execname`; `<...>` if it is not known, as the kernel's own trace file prints it.
  public func executableNameItem() -> Value {
    guard isInEvent else { return heap.string(ownExecutableName()) }
    let thread = state.pointee.event.thread
    let entry = state.pointee.tasks.entry(of: thread)
    if !entry.pointee.known.contains(.name) {
      entry.pointee.name = lookUpExecutableName(thread)
      entry.pointee.known.insert(.name)
    }
    return entry.pointee.name
  }

  @inline(never) private func lookUpExecutableName(_ thread: Int32) -> Value {
    // The idle threads share id 0 and have no entry in any directory of tasks.
    if thread == 0 { return heap.string("swapper/\(state.pointee.cpu)") }
    let name: Value? = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
      guard let host = state.pointee.host, let count = host.executableName(ofThread: thread, into: buffer) else {
        return nil
      }
      let length = min(max(count, 0), buffer.count)
      return try? heap.string(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
    }
    return name ?? heap.string("<...>")
  }

  /// The tracer's own name, as the kernel shows it.
  private func ownExecutableName() -> String {
    let file = open("/proc/self/comm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "ktap" }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      var count = max(0, read(file, buffer.baseAddress!, buffer.count))
      if count > 0 && buffer[count - 1] == UInt8(ascii: "\n") { count -= 1 }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  /// `probename`: the event's name without its system.
  @inlinable public func probeName() throws(ScriptError) -> Value {
    guard isInEvent, let layout = state.pointee.event.layout else { throw .invalidEventContext }
    return layout.name
  }
}
