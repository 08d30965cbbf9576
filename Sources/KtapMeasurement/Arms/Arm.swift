/// One way of running the workload: with nothing, with a tracer, with another tracer.
public protocol Arm {
  var record: ArmRecord { get }
  /// Added to the workload's arguments: the planted slow-down.
  var workloadArguments: [String] { get }
  /// Starts the tracer and waits until it is ready; nil if there is none.
  func start(_ context: ArmContext) throws -> (any RunningTracer)?
}

/// A tracer that is attached. If it goes away without `stop` or `abandon`, its processes are killed.
public protocol RunningTracer: AnyObject {
  /// CPU time so far of its process group, nanoseconds.
  var cpuTime: Int64 { get }
  /// Ends tracing, and puts what the tracer knows into the sample: events, losses, its own CPU time.
  func stop(_ sample: inout SampleRecord) throws
  /// Ends tracing when nobody wants to know any more; the tracer gets a chance to clean up. Does nothing after `stop`.
  func abandon()
}

/// What an arm needs from the run.
public struct ArmContext {
  /// A folder for files of this run.
  public var folder: String
  public var interruption: Interruption?
  /// Seconds until a tracer must be ready, and until it must have stopped.
  public var tracerTimeout: Double

  public init(folder: String, interruption: Interruption? = nil, tracerTimeout: Double = 60) {
    self.folder = folder
    self.interruption = interruption
    self.tracerTimeout = tracerTimeout
  }
}

/// No tracer at all; with `planted`, each operation is slowed down by a known time.
struct UntracedArm: Arm {
  var record: ArmRecord
  var workloadArguments: [String]

  init(name: String, role: ArmRole, planted nanoseconds: Int? = nil) {
    workloadArguments = nanoseconds.map { ["--spin-ns-per-op", String($0)] } ?? []
    let detail =
      switch role {
      case .again: "no tracing, once more (A/A: must not differ)"
      case .planted: "no tracing, \(nanoseconds ?? 0) ns more computing in each operation (must be found)"
      default: "no tracing"
      }
    record = ArmRecord(name: name, role: role, detail: detail)
  }

  func start(_ context: ArmContext) throws -> (any RunningTracer)? { nil }
}

/// The first lines of what a program complained about, for an error message.
func complaint(_ text: String) -> String {
  let lines = text.split(separator: "\n").prefix(5)
  return lines.isEmpty ? "without a word" : lines.joined(separator: " | ")
}
