import CKernelCalls
import Foundation

/// What is slowed down by tracing.
public enum Workload: Sendable, Hashable {
  /// One of `ktap-workload`'s, with its own options (`--threads 50`).
  case builtIn(String, options: [String] = [])
  /// The user's own program; its wall time includes its start.
  case command([String])

  public var name: String {
    switch self {
    case .builtIn(let name, _): name
    case .command(let words): (words.first ?? "").split(separator: "/").last.map(String.init) ?? "command"
    }
  }

  /// An environment variable of this many bytes; see `BlockPlan.padding`.
  static func paddingVariable(_ bytes: Int) -> [String: String] {
    ["KTAP_BENCH_PADDING": String(repeating: "x", count: bytes)]
  }
}

/// Runs one workload again and again with the same work.
struct WorkloadRunner {
  var workload: Workload
  /// `ktap-workload`'s file.
  var program: String
  var operations: UInt64
  var seed: UInt64
  var timeout: Double

  struct Line: Decodable {
    var operations: UInt64
    var wall: Int64?
    var user: Int64?
    var system: Int64?

    enum CodingKeys: String, CodingKey {
      case operations
      case wall = "wall_ns"
      case user = "user_ns"
      case system = "system_ns"
    }
  }

  /// The command line that is shown.
  var line: String {
    switch workload {
    case .builtIn(let name, let options):
      Command("ktap-workload", [name, "--operations", String(operations), "--seed", String(seed)] + options).line
    case .command(let words): Command(words.first ?? "", Array(words.dropFirst())).line
    }
  }

  /// How many operations of a built-in workload take this long here, without tracing.
  static func calibrate(_ name: String, options: [String], program: String, seconds: Double) throws -> UInt64 {
    let process = try ChildProcess(Command(program, [name, "--calibrate", String(seconds)] + options))
    guard case .ended(let result) = process.wait(seconds: 60 + 30 * seconds) else {
      throw MeasurementError.programFailed(program, reason: "did not finish calibrating")
    }
    guard result.end.isSuccess else {
      throw MeasurementError.programFailed(program, reason: "\(result.end): \(complaint(result.errors))")
    }
    return try parse(result.output, program).operations
  }

  /// A sample without anything about tracers but their CPU time during the measured part, which `tracerCPU` reads.
  func run(
    arguments: [String], padding: Int, interruption: Interruption?, tracerCPU: () -> Int64?
  ) throws -> SampleRecord {
    switch workload {
    case .builtIn(let name, let options):
      try runBuiltIn(name, options + arguments, padding, interruption, tracerCPU)
    case .command(let words):
      try runCommand(words, padding, interruption, tracerCPU)
    }
  }

  private func runBuiltIn(
    _ name: String, _ arguments: [String], _ padding: Int, _ interruption: Interruption?, _ tracerCPU: () -> Int64?
  ) throws -> SampleRecord {
    let ready = try BarrierPipe()
    let start = try BarrierPipe()
    let own = [name, "--operations", String(operations), "--seed", String(seed), "--ready-fd", "3", "--start-fd", "4"]
    let process = try ChildProcess(
      Command(program, own + arguments, environment: Workload.paddingVariable(padding)),
      inherited: [ready.writing, start.reading])
    ready.closeWriting()
    start.closeReading()
    switch ready.receive(seconds: timeout, interruption: interruption) {
    case .byte: break
    case .interrupted: throw Interrupted()
    case .timeout: throw MeasurementError.programFailed(name, reason: "was not ready after \(Int(timeout)) s")
    case .closed:
      _ = process.wait(seconds: 0.5)
      process.end()
      throw MeasurementError.programFailed(name, reason: "ended early: \(complaint(process.capturedErrors()))")
    }
    let before = Reading(tracerCPU)
    start.send()
    let result = try finish(process, name, interruption)
    let after = Reading(tracerCPU)
    let line = try Self.parse(result.output, name)
    guard let wall = line.wall, let user = line.user, let system = line.system, line.operations == operations,
      wall > 0, user >= 0, system >= 0
    else { throw MeasurementError.unexpectedOutput(name, reason: "times or operations are missing or wrong") }
    return after.sample(since: before, wall: wall, user: user, system: system)
  }

  private func runCommand(
    _ words: [String], _ padding: Int, _ interruption: Interruption?, _ tracerCPU: () -> Int64?
  ) throws -> SampleRecord {
    guard let program = words.first else { throw MeasurementError.usage("no program is given after --") }
    let before = Reading(tracerCPU)
    let process = try ChildProcess(
      Command(program, Array(words.dropFirst()), environment: Workload.paddingVariable(padding)), output: .null)
    let result = try finish(process, program, interruption)
    return Reading(tracerCPU).sample(
      since: before, wall: result.wallNanoseconds, user: result.userNanoseconds, system: result.systemNanoseconds)
  }

  private func finish(_ process: ChildProcess, _ name: String, _ interruption: Interruption?) throws -> ProcessResult {
    switch process.wait(seconds: timeout, interruption: interruption) {
    case .interrupted: throw Interrupted()
    case .timeout: throw MeasurementError.programFailed(name, reason: "did not end within \(Int(timeout)) s")
    case .ended(let result):
      guard result.end.isSuccess else {
        throw MeasurementError.programFailed(name, reason: "\(result.end): \(complaint(result.errors))")
      }
      return result
    }
  }

  private static func parse(_ output: String, _ name: String) throws -> Line {
    do {
      return try JSONDecoder().decode(Line.self, from: Data(output.utf8))
    } catch {
      throw MeasurementError.unexpectedOutput(name, reason: complaint(output))
    }
  }

  /// What is read right before and right after the measured part.
  private struct Reading {
    var steal: Int64
    var tracer: Int64?

    init(_ tracerCPU: () -> Int64?) {
      steal = Environment.steal() ?? 0
      tracer = tracerCPU()
    }

    func sample(since before: Reading, wall: Int64, user: Int64, system: Int64) -> SampleRecord {
      var sample = SampleRecord(wall: wall, user: user, system: system, steal: steal - before.steal)
      if let tracer, let earlier = before.tracer { sample.tracerCPU = tracer - earlier }
      return sample
    }
  }
}
