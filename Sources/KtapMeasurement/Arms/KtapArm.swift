import Foundation
import Glibc

/// ktap itself, as a user would start it in the background: system-wide, its output thrown away.
///
/// `ktap run -q --ready-fd 3 --ledger-json FILE [--tier TIER] -o /dev/null SCRIPT`: it writes a byte to descriptor 3 when
/// all events are on, is stopped with SIGINT, and leaves a `TracerLedger`.
struct KtapArm: Arm {
  var record: ArmRecord
  var ktap: String
  var tier: String?
  /// The script's file.
  var script: String
  /// The script's own arguments.
  var scriptArguments: [String] = []
  /// Before the script: an event source other than the kernel's.
  var sourceArguments: [String] = []

  var workloadArguments: [String] { [] }

  func command(ledger: String, isReadyTold: Bool) -> Command {
    var arguments = ["run", "-q"]
    if isReadyTold { arguments += ["--ready-fd", "3"] }
    arguments += ["--ledger-json", ledger]
    if let tier { arguments += ["--tier", tier] }
    arguments += sourceArguments
    return Command(ktap, arguments + ["-o", "/dev/null", script] + scriptArguments)
  }

  private func ledgerPath(_ context: ArmContext) -> String {
    context.folder + "/ledger-" + UUID().uuidString + ".json"
  }

  func start(_ context: ArmContext) throws -> (any RunningTracer)? {
    let ledger = ledgerPath(context)
    let ready = try BarrierPipe()
    let process = try ChildProcess(command(ledger: ledger, isReadyTold: true), inherited: [ready.writing])
    ready.closeWriting()
    switch ready.receive(seconds: context.tracerTimeout, interruption: context.interruption) {
    case .byte: break
    case .interrupted:
      process.endGently()
      throw Interrupted()
    case .timeout:
      process.endGently()
      throw MeasurementError.programFailed(
        "ktap", reason: "was not ready after \(Int(context.tracerTimeout)) s: \(complaint(process.capturedErrors()))")
    case .closed:
      // Closed without a byte: it is about to end, or has.
      _ = process.wait(seconds: 0.5)
      process.end()
      throw MeasurementError.programFailed(
        "ktap", reason: "ended before it was ready: \(complaint(process.capturedErrors()))")
    }
    return RunningKtap(process: process, ledger: ledger, timeout: context.tracerTimeout)
  }

  /// Runs a source that ends by itself: the whole process is what is measured.
  func runToEnd(_ context: ArmContext, timeout: Double, padding: Int) throws -> SampleRecord {
    let ledger = ledgerPath(context)
    defer { unlink(ledger) }
    var command = command(ledger: ledger, isReadyTold: false)
    command.environment = Workload.paddingVariable(padding)
    let stealBefore = Environment.steal() ?? 0
    let process = try ChildProcess(command)
    switch process.wait(seconds: timeout, interruption: context.interruption) {
    case .interrupted:
      process.endGently()
      throw Interrupted()
    case .timeout: throw MeasurementError.programFailed("ktap", reason: "did not end within \(Int(timeout)) s")
    case .ended(let result):
      guard result.end.isSuccess else {
        throw MeasurementError.programFailed("ktap", reason: "\(result.end): \(complaint(result.errors))")
      }
      var sample = SampleRecord(
        wall: result.wallNanoseconds, user: result.userNanoseconds, system: result.systemNanoseconds,
        steal: (Environment.steal() ?? 0) - stealBefore)
      sample.tracerCPU = result.cpuNanoseconds
      sample.tracerTotalCPU = result.cpuNanoseconds
      sample.tracerPeakResident = result.peakResident
      try TracerLedger.read(ledger).fill(&sample)
      return sample
    }
  }
}

private final class RunningKtap: RunningTracer {
  private let process: ChildProcess
  private let ledger: String
  private let timeout: Double

  init(process: ChildProcess, ledger: String, timeout: Double) {
    self.process = process
    self.ledger = ledger
    self.timeout = timeout
  }

  deinit { unlink(ledger) }

  var cpuTime: Int64 { process.groupCPUTime }

  func abandon() { process.endGently() }

  func stop(_ sample: inout SampleRecord) throws {
    let result = try stopTracer(process, name: "ktap", timeout: timeout)
    sample.tracerTotalCPU = result.cpuNanoseconds
    sample.tracerPeakResident = result.peakResident
    try TracerLedger.read(ledger).fill(&sample)
  }
}

/// SIGINT, then its end within the time; it must end well.
func stopTracer(_ process: ChildProcess, name: String, timeout: Double) throws -> ProcessResult {
  process.send(signal: SIGINT)
  // Not interruptible: a tracer that is killed may leave something behind in the kernel.
  guard case .ended(let result) = process.wait(seconds: timeout) else {
    process.end()
    throw MeasurementError.programFailed(name, reason: "did not stop within \(Int(timeout)) s after SIGINT")
  }
  guard result.end.isSuccess else {
    throw MeasurementError.programFailed(name, reason: "\(result.end): \(complaint(result.errors))")
  }
  return result
}
