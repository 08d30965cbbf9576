// Unsafe: passes C arrays of strings to the call that starts a process. They are made and freed around that one call,
// which copies what it needs into the new process.
//
// A child process as a measurement needs it.
//
// In: a command, and what its descriptors 0, 1, 2, … are. Out: how it ended, its wall time, and the CPU time of it and
// of the descendants it waited for (wait4), which is apart from every other child's. Its output goes to a file in memory,
// so that nobody has to read while it runs and the measuring process sleeps.
//
// Invariants:
// - A child is in a process group of its own, so that Ctrl-C at the terminal reaches only us and we can end it with
//   all that it started: `wait` and `deinit` kill what is left of the group while its leader is still a zombie, so that
//   the number cannot have been given to somebody else.
// - A child dies with the thread that started it (PR_SET_PDEATHSIG), even if we are killed with SIGKILL.
// - Each child is waited for exactly once; a `ChildProcess` that goes away ends its process.
//
// posix_spawn was not used because it knows neither PR_SET_PDEATHSIG nor closing all other descriptors. SIGCHLD was not
// used because it belongs to the whole program: a pidfd can be polled with a time limit.
import CKernelCalls
import Foundation
import Glibc

/// How a process ended.
public enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
  case exited(Int32)
  case killed(signal: Int32)

  public var isSuccess: Bool { self == .exited(0) }

  public var description: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .killed(let signal): "was killed by signal \(signal)"
    }
  }
}

/// What is known about a process after its end.
public struct ProcessResult: Sendable {
  public var end: ProcessEnd
  /// From before the start until the end was seen, CLOCK_MONOTONIC_RAW.
  public var wallNanoseconds: Int64
  /// Of the process and the descendants that it waited for; the kernel gives microseconds.
  public var userNanoseconds: Int64
  public var systemNanoseconds: Int64
  /// Kibibytes.
  public var peakResident: Int64
  /// At most `ChildProcess.outputLimit` bytes of each.
  public var output: String
  public var errors: String

  public var cpuNanoseconds: Int64 { userNanoseconds + systemNanoseconds }
}

/// Why waiting ended.
public enum WaitOutcome {
  case ended(ProcessResult)
  /// The time was over: the process still runs.
  case timeout
  /// `Interruption.isRequested`: the process still runs.
  case interrupted
}

public final class ChildProcess {
  public static let outputLimit = 1 << 24

  /// What a child's descriptor is.
  public enum Stream {
    case null
    /// Kept in memory, found in the result.
    case captured
    /// A descriptor of ours.
    case descriptor(Int32)
  }

  public let identifier: pid_t
  public let program: String
  private let started: Int64
  private let endDescriptor: Int32
  private var outputFile: Int32 = -1
  private var errorFile: Int32 = -1
  private var isRunning = true

  /// - Parameter inherited: what the child has as its descriptors 3, 4, ….
  public init(
    _ command: Command, input: Stream = .null, output: Stream = .captured, errors: Stream = .captured,
    inherited: [Int32] = []
  ) throws {
    guard let path = Command.find(command.program) else {
      throw MeasurementError.cannotStart(command.program, reason: "there is no such program")
    }
    program = command.program
    var files: [Int32] = []
    func open(_ stream: Stream, _ name: String) throws -> Int32 {
      switch stream {
      case .null: return -1
      case .descriptor(let descriptor): return descriptor
      case .captured:
        let file = ktap_memory_file(name)
        guard file >= 0 else { throw MeasurementError.cannotStart(command.program, reason: systemMessage(-file)) }
        files.append(file)
        return file
      }
    }
    var isComplete = false
    defer { if !isComplete { files.forEach { close($0) } } }
    let descriptors = [try open(input, "input"), try open(output, "output"), try open(errors, "errors")] + inherited
    if case .captured = output { outputFile = descriptors[1] }
    if case .captured = errors { errorFile = descriptors[2] }

    started = ktap_monotonic_raw()
    identifier = Self.start(command, path: path, descriptors: descriptors)
    guard identifier > 0 else {
      throw MeasurementError.cannotStart(command.program, reason: systemMessage(-identifier))
    }
    endDescriptor = ktap_process_descriptor(identifier)
    guard endDescriptor >= 0 else {
      kill(identifier, SIGKILL)
      waitpid(identifier, nil, 0)
      throw MeasurementError.cannotStart(command.program, reason: systemMessage(-endDescriptor))
    }
    isComplete = true
  }

  deinit {
    if isRunning { _ = end() }
    if outputFile >= 0 { close(outputFile) }
    if errorFile >= 0 { close(errorFile) }
    close(endDescriptor)
  }

  private static func start(_ command: Command, path: String, descriptors: [Int32]) -> pid_t {
    var environment = ProcessInfo.processInfo.environment
    environment.merge(command.environment) { $1 }
    // Sorted: the order of a dictionary changes from run to run, and with it the layout of the child's stack.
    let variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    let arguments = ([command.program] + command.arguments).map { strdup($0) } + [nil]
    let directory = command.directory.map { strdup($0) } ?? nil
    defer {
      variables.forEach { free($0) }
      arguments.forEach { free($0) }
      free(directory)
    }
    return arguments.withUnsafeBufferPointer { arguments in
      variables.withUnsafeBufferPointer { variables in
        descriptors.withUnsafeBufferPointer { descriptors in
          path.withCString { path in
            var process = ktap_process(
              path: path, arguments: arguments.baseAddress, environment: variables.baseAddress, directory: directory,
              descriptors: descriptors.baseAddress, descriptor_count: descriptors.count)
            return ktap_process_start(&process)
          }
        }
      }
    }
  }

  /// Waits until the process ends, the time is over or the user interrupts; at once if it has ended already.
  /// May be called again after a timeout or an interruption, not after the end.
  public func wait(seconds: Double, interruption: Interruption? = nil) -> WaitOutcome {
    precondition(isRunning)
    let deadline = ktap_monotonic_raw() &+ Int64(min(seconds, 1e9) * 1e9)
    while true {
      let left = max(0, deadline &- ktap_monotonic_raw())
      // A signal may come between the check and the sleep: the slices bound what that costs.
      let slice = Int32(min(left / 1_000_000 + 1, interruption == nil ? 60_000 : 250))
      var descriptor = pollfd(fd: endDescriptor, events: Int16(POLLIN), revents: 0)
      if poll(&descriptor, 1, slice) > 0 { return .ended(collect()) }
      if interruption?.isRequested == true { return .interrupted }
      if ktap_monotonic_raw() >= deadline { return .timeout }
    }
  }

  /// Sends a signal to the process alone.
  public func send(signal: Int32) { if isRunning { kill(identifier, signal) } }

  /// Kills the process and all of its group; nil if it had ended before.
  @discardableResult
  public func end() -> ProcessResult? {
    guard isRunning else { return nil }
    kill(-identifier, SIGKILL)
    kill(identifier, SIGKILL)
    var descriptor = pollfd(fd: endDescriptor, events: Int16(POLLIN), revents: 0)
    while poll(&descriptor, 1, -1) <= 0 {}
    return collect()
  }

  /// SIGINT, five seconds to clean up, then `end`. Does nothing if it has ended.
  public func endGently() {
    guard isRunning else { return }
    send(signal: SIGINT)
    if case .ended = wait(seconds: 5) { return }
    end()
  }

  /// CPU time so far of the processes of its group that still run, nanoseconds.
  public var groupCPUTime: Int64 { ProcessGroup.cpuTime(of: identifier) }

  private func collect() -> ProcessResult {
    let ended = ktap_monotonic_raw()
    kill(-identifier, SIGKILL)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(identifier, &status, 0, &usage) < 0 && errno == EINTR {}
    isRunning = false
    let signal = status & 0x7f
    func nanoseconds(_ time: timeval) -> Int64 { (Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec)) * 1000 }
    return ProcessResult(
      end: signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal), wallNanoseconds: ended - started,
      userNanoseconds: nanoseconds(usage.ru_utime), systemNanoseconds: nanoseconds(usage.ru_stime),
      peakResident: Int64(usage.ru_maxrss), output: capturedOutput(), errors: capturedErrors())
  }

  /// What was written so far.
  public func capturedOutput() -> String { Self.contents(outputFile) }
  public func capturedErrors() -> String { Self.contents(errorFile) }

  private static func contents(_ file: Int32) -> String {
    guard file >= 0 else { return "" }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count < outputLimit {
      // The child shares the file's position, so it must not be moved.
      let count = pread(file, &chunk, min(chunk.count, outputLimit - bytes.count), off_t(bytes.count))
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += chunk[0..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The system's words for an error number.
func systemMessage(_ error: Int32) -> String { String(cString: strerror(error)) }
