// A selection of events recorded in a tracefs instance of our own.
//
// In: the selection. Out: a stream a CPU, the kernel's counts, and at the end nothing that stays behind.
//
// The instance is called `ktap-PID-START`, with START the process's start time in clock ticks since boot, so that it can
// be told from one that a dead process left even if the process id has been given out again.
//
// A full buffer drops what comes (overwrite=0) rather than overwrite what is there. Either way the kernel counts: with
// overwrite the count grows by a whole page's records when the writer takes the page, and the reader sees a page that
// says "records are missing" mostly without a number; without it `dropped events` grows by exactly one for each record
// that was not written, every record that was written is read, and so written = read holds at the end to the last
// record. The traced system pays less as well while its tracer is behind (240 instead of 355 ns for a system call).
// What it costs: a gap is not marked in the stream, only counted.
//
// Order of the steps: the clock first (changing it empties the buffer), then sizes and options, then filters, then
// enabling; `tracing_on` stays 0 until `start()`, so nothing is recorded of a half-made selection.

import Glibc

public final class TracefsInstance: OpenedEvents {
  /// Of the instance's folder.
  public let path: String
  public private(set) var streams: [any EventStream] = []
  public let tasks: TaskDirectory?
  /// Ids of events that were enabled for the task directory alone.
  public var privateEvents: [Int] { tasks?.privateEvents ?? [] }
  /// The trace clock in use.
  public private(set) var clock = ""
  /// What did not go as asked but did not stand in the way.
  public private(set) var notes: [String] = []

  private var isOpen = true
  private let cpus: [Int]

  init(_ selection: EventSelection, source: TracefsSource) throws(SourceError) {
    let online = Self.onlineCPUs()
    cpus = selection.cpus.map { $0.filter(online.contains) } ?? online
    guard !cpus.isEmpty else { throw SourceError(.missingFeature, "none of the wanted CPUs is online") }
    path = try Self.makeFolder(in: source.location)
    let extra: [EventFormat]
    (tasks, extra) = Self.taskDirectory(for: selection, source: source)
    ProcessExit.register(path)
    do {
      try configure(selection, settings: source.settings)
      try enable(selection.events + extra.map { SelectedEvent(format: $0) }, source: source)
      try openStreams(settings: source.settings)
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  public func start() throws(SourceError) { try write("1", to: "tracing_on") }

  public func stop() { try? KernelFile.write("0", to: "\(path)/tracing_on") }

  /// Stops recording, gives back buffers and descriptors, and removes the instance; safe to call twice.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    stop()
    ProcessExit.forget(path)
    for case let stream as TracefsStream in streams { stream.close() }
    streams = []
    Self.remove(path)
  }

  // MARK: - Set up

  private func configure(_ selection: EventSelection, settings: TracefsSettings) throws(SourceError) {
    try write("0", to: "tracing_on")
    chooseClock(settings.clock)
    try write(settings.keepsNewest ? "1" : "0", to: "options/overwrite")
    if let kilobytes = settings.subBufferKilobytes { try write(String(kilobytes), to: "buffer_subbuf_size_kb") }
    let kilobytes = String(max(selection.bufferKilobytes, 8))
    if cpus.count == Self.onlineCPUs().count {
      try write(kilobytes, to: "buffer_size_kb")
    } else {
      try write("8", to: "buffer_size_kb")
      for cpu in cpus { try write(kilobytes, to: "per_cpu/cpu\(cpu)/buffer_size_kb") }
      try write(Self.mask(of: cpus), to: "tracing_cpumask")
    }
    note("buffer_percent") { () throws(SourceError) in
      try write(String(min(max(selection.wakePercent, 0), 100)), to: "buffer_percent")
    }
    if selection.needsTasks {
      note("record-tgid") { () throws(SourceError) in try write("1", to: "options/record-tgid") }
    }
    if !selection.tasks.isEmpty {
      if selection.followsChildren { try write("1", to: "options/event-fork") }
      try restrict(to: selection.tasks, withThreads: selection.followsChildren)
    }
  }

  private func chooseClock(_ wanted: String) {
    var tried: [String] = []
    for clock in [wanted, "mono", "boot", "global"] where !tried.contains(clock) {
      if (try? KernelFile.write(clock, to: "\(path)/trace_clock")) != nil {
        self.clock = clock
        if !tried.isEmpty {
          notes.append(
            "the kernel has no trace clock '\(tried.joined(separator: "', '"))'; times are those of '\(clock)'")
        }
        return
      }
      tried.append(clock)
    }
    notes.append("the trace clock cannot be set; times of different CPUs may differ")
    clock = "local"
  }

  /// The kernel's list is one of threads. With children followed, a process's first thread stands for all of its
  /// threads; those that are started between looking and writing are found by looking again.
  private func restrict(to tasks: [Int32], withThreads: Bool) throws(SourceError) {
    var listed: Set<Int32> = []
    var wanted = Set(tasks)
    for _ in 0..<16 {
      if withThreads { for task in tasks { wanted.formUnion(Self.threads(of: task)) } }
      let new = wanted.subtracting(listed)
      if new.isEmpty { return }
      // The end of a write is not taken for the end of a number.
      try write(new.sorted().map { "\($0) " }.joined(), to: "set_event_pid", appending: !listed.isEmpty)
      listed = wanted
    }
  }

  /// All threads of the process whose first thread this is; none if it is not a first thread.
  static func threads(of process: Int32) -> [Int32] {
    guard liveIdentity(of: process)?.process == process else { return [] }
    return (KernelFile.names(in: "/proc/\(process)/task") ?? []).compactMap { Int32($0) }
  }

  private func openStreams(settings: TracefsSettings) throws(SourceError) {
    let header = try TracefsSource.header(
      in: KernelFile.exists("\(path)/events/header_page") ? path : Self.root(of: path))
    for cpu in cpus {
      let stream = try TracefsStream(
        path: "\(path)/per_cpu/cpu\(cpu)/trace_pipe_raw", cpu: cpu, readPath: settings.readPath, header: header)
      streams.append(stream)
      ProcessExit.add(stream, to: path)
    }
  }

  // MARK: - Files

  func write(_ text: String, to file: String, appending: Bool = false) throws(SourceError) {
    do {
      try KernelFile.write(text, to: "\(path)/\(file)", appending: appending)
    } catch {
      if error.code == EINVAL { throw SourceError(.unreadable, "\(path)/\(file) does not take '\(text.prefix(200))'") }
      throw TracefsLocation.refusal(of: "\(path)/\(file)", error)
    }
  }

  /// Tries what can be done without.
  private func note(_ what: String, _ body: () throws(SourceError) -> Void) {
    do throws(SourceError) { try body() } catch { notes.append("\(what) is not set: \(error.message)") }
  }

  private static func onlineCPUs() -> [Int] {
    KernelFile.text("/sys/devices/system/cpu/online").flatMap { KernelFile.cpuList($0) } ?? [0]
  }

  /// Groups of 32 bits in hexadecimal, the highest first.
  private static func mask(of cpus: [Int]) -> String {
    var words = [UInt32](repeating: 0, count: (cpus.max() ?? 0) / 32 + 1)
    for cpu in cpus { words[cpu / 32] |= 1 << UInt32(cpu % 32) }
    return words.reversed().map { String($0, radix: 16) }.joined(separator: ",")
  }

  /// Where tracefs is, given an instance's folder.
  private static func root(of path: String) -> String {
    guard let range = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    let instances = path[..<range]
    guard let slash = instances.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(instances[..<slash])
  }
}
