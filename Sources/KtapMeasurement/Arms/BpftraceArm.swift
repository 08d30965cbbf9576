// bpftrace as a peer.
//
// Its program counts system calls by number on the one tracepoint raw_syscalls:sys_enter. That is the fair peer of
// `s[probename] += 1` over syscalls:sys_enter_*: the same counts, but bpftrace would attach some 360 programs for the
// latter, which takes it about 27 s (it is the same cost in the traced path or a bit less, so the peer is not handicapped).
//
// Ready: bpftrace says "Attaching 2 probes…" before it attaches, and its BEGIN runs before the others are attached. So
// the program prints its largest count ten times a second for five seconds, and we make system calls until one is
// printed: then the counting probe works. bpftrace cannot decide by itself: older versions make no integer from count(),
// and print no single element of a map. The prints that are left fall into the measured part: some tens of
// microseconds each.
import CKernelCalls
import Glibc

struct BpftraceArm: Arm {
  static let countingProgram = """
    tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); }
    interval:ms:100 /@prints < 50/ { @prints += 1; print(@, 1); }
    """

  var record: ArmRecord
  var program: String

  init(program: String = Self.countingProgram) {
    self.program = program
    record = ArmRecord(
      name: "bpftrace", role: .peer,
      detail: "raw_syscalls:sys_enter counted by number: it needs about 27 s to attach to syscalls:sys_enter_* instead",
      command: Command("bpftrace", ["-B", "none", "-e", program]).line)
    if Command.find("bpftrace") == nil { record.missing = "not installed" }
  }

  var workloadArguments: [String] { [] }

  func start(_ context: ArmContext) throws -> (any RunningTracer)? {
    let process = try ChildProcess(Command("bpftrace", ["-B", "none", "-e", program]))
    let deadline = ktap_monotonic_raw() + Int64(context.tracerTimeout * 1e9)
    while true {
      switch process.wait(seconds: 0.02, interruption: context.interruption) {
      case .interrupted:
        process.endGently()
        throw Interrupted()
      case .ended(let result):
        throw MeasurementError.programFailed("bpftrace", reason: "\(result.end): \(complaint(result.errors))")
      case .timeout: break
      }
      _ = getppid()
      if Self.counts(process.capturedOutput()) != nil { break }
      guard ktap_monotonic_raw() < deadline else {
        process.endGently()
        throw MeasurementError.programFailed(
          "bpftrace",
          reason: "was not ready after \(Int(context.tracerTimeout)) s: \(complaint(process.capturedErrors()))")
      }
    }
    return RunningBpftrace(process: process, timeout: context.tracerTimeout)
  }

  /// The last count printed for each number; nil before the first.
  static func counts(_ output: String) -> [Int: UInt64]? {
    var result: [Int: UInt64] = [:]
    for line in output.split(separator: "\n") where line.hasPrefix("@[") {
      let parts = line.dropFirst(2).split(separator: "]: ", maxSplits: 1)
      guard parts.count == 2, let key = Int(parts[0]), let count = UInt64(parts[1]) else { continue }
      result[key] = count
    }
    return result.isEmpty ? nil : result
  }

  /// `Lost 12 events`, as often as it is said.
  static func losses(_ text: String) -> UInt64 {
    text.split(separator: "\n").reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "Lost"), place + 2 < words.count, words[place + 2].hasPrefix("event")
      else { return sum }
      return sum &+ (UInt64(words[place + 1]) ?? 0)
    }
  }
}

private final class RunningBpftrace: RunningTracer {
  private let process: ChildProcess
  private let timeout: Double

  init(process: ChildProcess, timeout: Double) {
    self.process = process
    self.timeout = timeout
  }

  var cpuTime: Int64 { process.groupCPUTime }

  func abandon() { process.endGently() }

  func stop(_ sample: inout SampleRecord) throws {
    let result = try stopTracer(process, name: "bpftrace", timeout: timeout)
    sample.tracerTotalCPU = result.cpuNanoseconds
    sample.tracerPeakResident = result.peakResident
    sample.events = BpftraceArm.counts(result.output)?.values.reduce(0, &+)
    sample.lost = ["event output": BpftraceArm.losses(result.output + "\n" + result.errors)]
  }
}
