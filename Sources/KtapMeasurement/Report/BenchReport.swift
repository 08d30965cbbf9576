import Foundation

/// A report of the schema `ktap-bench/1`: what was run, where, every raw sample, and what was concluded from them.
///
/// Everything in `results`, `summaries` and `gate` is computed from the rest by `Analysis`, so that `ktap bench explain`
/// can compute it again. A value that is not known is absent, never 0. Times are nanoseconds, shares and overheads are
/// fractions (0.05 is 5 %).
public struct BenchReport: Codable, Sendable, Hashable {
  public static let currentSchema = "ktap-bench/1"

  public var schema: String
  public var job: BenchJob
  public var run: RunRecord
  public var environment: EnvironmentRecord
  public var arms: [ArmRecord]
  public var benchmarks: [BenchmarkRecord]
  /// Geometric means over the benchmarks, one an arm.
  public var summaries: [SummaryRecord]
  public var gate: GateRecord

  public init(
    job: BenchJob, run: RunRecord, environment: EnvironmentRecord, arms: [ArmRecord], benchmarks: [BenchmarkRecord] = []
  ) {
    schema = Self.currentSchema
    self.job = job
    self.run = run
    self.environment = environment
    self.arms = arms
    self.benchmarks = benchmarks
    summaries = []
    gate = GateRecord()
  }
}

public enum BenchJob: String, Codable, Sendable {
  case overhead
  case tiers
}

/// What is compared. A block's log-ratio of either is one value.
public enum Metric: String, Codable, Sendable, CaseIterable {
  /// Wall time of the measured part.
  case wall
  /// User and system time of the workload, all threads: much less noise, and blind to waiting.
  case cpu
}

public struct RunRecord: Codable, Sendable, Hashable {
  public var name: String
  /// UTC, ISO 8601.
  public var started: String
  public var seconds: Double
  public var seed: UInt64
  public var arguments: [String]
  /// `blocks`: each arm once a block, in an order drawn from the seed.
  public var design: String
  /// `kernel`: a workload is traced; `synthetic`: generated events, no privilege needed; `program`: nothing is traced.
  public var source: String
  /// false: interrupted; only finished blocks are in the report.
  public var complete: Bool
  public var confidence: Double
  public var resamples: Int
  /// The largest overhead allowed, a fraction; absent: nothing is judged.
  public var budget: Double?
  /// What the budget is about.
  public var budgetMetric: Metric
  /// How often the results may be looked at before more blocks are measured: the level is divided by it.
  public var looks: Int
  /// What a reader must know, one sentence each.
  public var notes: [String]

  enum CodingKeys: String, CodingKey {
    case name, started, seconds, seed, arguments, design, source, complete, confidence, resamples, budget
    case budgetMetric = "budget_metric"
    case looks, notes
  }

  public init(
    name: String, started: String, seed: UInt64, arguments: [String], source: String, confidence: Double = 0.95,
    resamples: Int = Bootstrap.usualResamples, budget: Double? = nil, budgetMetric: Metric = .wall, looks: Int = 1
  ) {
    self.name = name
    self.started = started
    seconds = 0
    self.seed = seed
    self.arguments = arguments
    design = "blocks"
    self.source = source
    complete = true
    self.confidence = confidence
    self.resamples = resamples
    self.budget = budget
    self.budgetMetric = budgetMetric
    self.looks = looks
    notes = []
  }
}

/// What an arm is for.
public enum ArmRole: String, Codable, Sendable {
  /// What the others are compared with.
  case baseline
  /// The baseline again: its interval must contain 0.
  case again
  /// The baseline with a slow-down of known size: it must be found.
  case planted
  /// Events on, empty handlers.
  case attachOnly = "attach-only"
  /// What is judged.
  case subject
  /// Another program that does the same.
  case peer
}

public struct ArmRecord: Codable, Sendable, Hashable {
  public var name: String
  public var role: ArmRole
  /// One line for people.
  public var detail: String
  /// How it is started, where that is the same for all benchmarks.
  public var command: String?
  /// Why it was not measured.
  public var missing: String?

  public init(name: String, role: ArmRole, detail: String, command: String? = nil, missing: String? = nil) {
    self.name = name
    self.role = role
    self.detail = detail
    self.command = command
    self.missing = missing
  }
}

public struct BenchmarkRecord: Codable, Sendable, Hashable {
  public var name: String
  /// The workload's command line without what only the harness adds.
  public var workload: String
  /// Work in one execution, in the workload's own operations.
  public var operations: UInt64?
  /// The script's text.
  public var script: String?
  /// Arms that are not measured here, with the reason.
  public var missing: [String: String]
  public var blocks: [BlockRecord]
  public var failures: [FailureRecord]
  public var results: [ResultRecord]
  public var selfChecks: [SelfCheckRecord]

  enum CodingKeys: String, CodingKey {
    case name, workload, operations, script, missing, blocks, failures, results
    case selfChecks = "self_checks"
  }

  public init(
    name: String, workload: String, operations: UInt64? = nil, script: String? = nil, missing: [String: String] = [:]
  ) {
    self.name = name
    self.workload = workload
    self.operations = operations
    self.script = script
    self.missing = missing
    blocks = []
    failures = []
    results = []
    selfChecks = []
  }
}

public struct BlockRecord: Codable, Sendable, Hashable {
  public var index: Int
  /// The order in which the arms ran.
  public var order: [String]
  public var samples: [String: SampleRecord]

  public init(index: Int, order: [String], samples: [String: SampleRecord]) {
    self.index = index
    self.order = order
    self.samples = samples
  }
}

extension BenchmarkRecord {
  /// One line for each arm and reason.
  var failureGroups: [String] {
    var blocks: [(arm: String, reason: String, blocks: [Int])] = []
    for failure in failures {
      if let index = blocks.firstIndex(where: { $0.arm == failure.arm && $0.reason == failure.reason }) {
        blocks[index].blocks.append(failure.block)
      } else {
        blocks.append((failure.arm, failure.reason, [failure.block]))
      }
    }
    return blocks.map { group in
      let list = group.blocks.map { String($0) }.joined(separator: ", ")
      return "\(group.arm) failed in block \(list): \(group.reason)"
    }
  }
}

/// An arm that failed in a block: the block has no sample of it.
public struct FailureRecord: Codable, Sendable, Hashable {
  public var block: Int
  public var arm: String
  public var reason: String
}

/// One process execution.
public struct SampleRecord: Codable, Sendable, Hashable {
  public var wall: Int64
  public var user: Int64
  public var system: Int64
  /// CPU time of the tracer's process group during the measured part.
  public var tracerCPU: Int64?
  /// From the tracer's start to its end.
  public var tracerTotalCPU: Int64?
  /// Kibibytes.
  public var tracerPeakResident: Int64?
  /// Counted by the kernel (for a ktap arm: records written to its buffers).
  public var events: UInt64?
  public var handled: UInt64?
  public var filtered: UInt64?
  /// By cause; absent if the tracer does not say.
  public var lost: [String: UInt64]?
  /// false: the tracer's ledger does not add up.
  public var balanced: Bool?
  /// Time that the hypervisor gave to others during the measured part, all CPUs; counted in ticks of 10 ms.
  public var steal: Int64

  public var cpu: Int64 { user &+ system }
  public var lostEvents: UInt64? { lost.map { $0.values.reduce(0, &+) } }

  public func value(of metric: Metric) -> Int64 { metric == .wall ? wall : cpu }

  enum CodingKeys: String, CodingKey {
    case wall = "wall_ns"
    case user = "user_ns"
    case system = "system_ns"
    case tracerCPU = "tracer_cpu_ns"
    case tracerTotalCPU = "tracer_total_cpu_ns"
    case tracerPeakResident = "tracer_peak_kib"
    case events, handled, filtered, lost, balanced
    case steal = "steal_ns"
  }

  public init(wall: Int64, user: Int64, system: Int64, steal: Int64 = 0) {
    self.wall = wall
    self.user = user
    self.system = system
    self.steal = steal
  }
}
