import Foundation
import Testing

@testable import KtapMeasurement

/// Built beside the test program by `swift build --build-tests`; a build of the tests alone may lack it.
private let workloadProgram = URL(fileURLWithPath: Environment.ownProgram).deletingLastPathComponent()
  .appendingPathComponent("ktap-workload").path

@Suite("Workloads", .enabled(if: Command.find(workloadProgram) != nil, "ktap-workload is not built"))
struct WorkloadTests {
  private func runner(_ name: String, _ operations: UInt64) -> WorkloadRunner {
    WorkloadRunner(
      workload: .builtIn(name), program: workloadProgram, operations: operations, seed: 3, timeout: 120)
  }

  @Test(arguments: [("syscall", 20_000), ("futex", 2_000), ("pipe", 2_000), ("openclose", 1_000), ("cpu", 1_000)])
  func runsAndSaysWhatItTook(name: String, operations: UInt64) throws {
    var readings = 0
    let sample = try runner(name, operations).run(arguments: [], padding: 100, interruption: nil) {
      readings += 1
      return Int64(readings)
    }
    // The tracer's CPU time is read right before and right after.
    #expect(readings == 2 && sample.tracerCPU == 1)
    #expect(sample.wall > 0 && sample.cpu > 0)
  }

  @Test func aPlantedSlowDownIsWork() throws {
    let plain = try runner("syscall", 2_000).run(arguments: [], padding: 0, interruption: nil) { nil }
    let slowed = try runner("syscall", 2_000).run(
      arguments: ["--spin-ns-per-op", "20000"], padding: 0, interruption: nil
    ) { nil }
    // 40 ms more beside less than a millisecond: no noise makes this up.
    #expect(slowed.cpu > plain.cpu && plain.tracerCPU == nil)
  }

  @Test func equalSeedsGiveEqualWork() throws {
    func line(_ seed: String) throws -> [String: Any] {
      let process = try ChildProcess(Command(workloadProgram, ["cpu", "--operations", "200", "--seed", seed]))
      guard case .ended(let result) = process.wait(seconds: 60) else { return [:] }
      return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }
    let first = try line("7")
    #expect(first["operations"] as? Int == 200 && first["workload"] as? String == "cpu")
    // getppid is part of the sum: the parent is the same.
    #expect(first["checksum"] as? UInt64 == (try line("7"))["checksum"] as? UInt64)
    #expect(first["checksum"] as? UInt64 != (try line("8"))["checksum"] as? UInt64)
  }

  @Test func calibrationGivesANumber() throws {
    #expect(try WorkloadRunner.calibrate("syscall", options: [], program: workloadProgram, seconds: 0.02) > 100)
  }

  @Test(arguments: [
    [], ["nothing"], ["syscall"], ["syscall", "--operations"], ["syscall", "--operations", "0"],
    ["syscall", "--operations", "-1"], ["syscall", "--operations", "1x"],
    ["syscall", "--operations", "99999999999999999999"],
    ["syscall", "--fly", "1"], ["futex", "--threads", "0", "--operations", "1"], ["cpu", "--calibrate", "nan"],
  ])
  func wrongArgumentsAreRefused(arguments: [String]) throws {
    let process = try ChildProcess(Command(workloadProgram, arguments))
    guard case .ended(let result) = process.wait(seconds: 60) else { return }
    #expect(result.end == .exited(64) && !result.errors.isEmpty)
  }

  @Test func aClosedBarrierIsAnError() throws {
    let start = try BarrierPipe()
    let process = try ChildProcess(
      Command(workloadProgram, ["syscall", "--operations", "1", "--start-fd", "3"]), inherited: [start.reading])
    start.closeReading()
    start.closeWriting()
    guard case .ended(let result) = process.wait(seconds: 60) else { return }
    #expect(result.end == .exited(1) && result.errors.contains("nobody gave the start"))
  }
}
