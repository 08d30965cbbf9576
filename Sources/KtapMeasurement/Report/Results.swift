/// An estimate with its signed-rank interval.
public struct EstimateRecord: Codable, Sendable, Hashable {
  public var estimate: Double
  public var interval: Interval

  public init(estimate: Double, interval: Interval) {
    self.estimate = estimate
    self.interval = interval
  }
}

public enum Verdict: String, Codable, Sendable {
  case pass
  case fail
  case inconclusive
}

/// One arm compared with another in one metric.
public struct ResultRecord: Codable, Sendable, Hashable {
  public var arm: String
  /// The arm it is compared with.
  public var versus: String
  public var metric: Metric
  /// Blocks that have both.
  public var blocks: Int
  /// Hodges–Lehmann estimate of the ratio of times, minus 1.
  public var overhead: Double
  /// By the signed-rank distribution.
  public var interval: Interval
  /// What the interval really reaches: with fewer than six blocks it is less than 95 %.
  public var confidence: Double
  /// By the bootstrap over blocks (BCa).
  public var bootstrapInterval: Interval?
  /// Standard deviation of the log-ratios.
  public var logDeviation: Double
  /// 3.24·s/√n, in log-ratio units.
  public var minimumDetectableEffect: Double?
  /// Two-sided, of no difference.
  public var probability: Double
  /// The same, corrected by Holm for all comparisons with the baseline in this metric; absent for the repeated baseline.
  public var adjustedProbability: Double?
  /// Medians of the two arms' times, for orientation: the estimate does not come from them.
  public var median: Double
  public var versusMedian: Double
  /// Blocks whose log-ratio lies outside of Tukey's fences; they are counted in all the same.
  public var outliers: [OutlierRecord]
  /// Extra time of the arm by events that the kernel counted, in nanoseconds.
  public var nanosecondsPerEvent: EstimateRecord?
  /// Median over the blocks of the tracer's CPU time during the measured part by events, in nanoseconds.
  public var tracerNanosecondsPerEvent: Double?
  /// Median over the blocks of the tracer's CPU time by wall time: 1 is one CPU.
  public var tracerShare: Double?
  public var events: UInt64?
  /// Over all blocks, by cause; absent if the tracer does not say.
  public var lost: [String: UInt64]?
  public var blocksWithLoss: Int
  public var unbalancedBlocks: Int
  /// Against the budget, if there is one and the arm is judged.
  public var verdict: Verdict?

  enum CodingKeys: String, CodingKey {
    case arm, versus, metric, blocks, overhead, interval, confidence
    case bootstrapInterval = "bootstrap_interval"
    case logDeviation = "log_deviation"
    case minimumDetectableEffect = "minimum_detectable_effect"
    case probability
    case adjustedProbability = "adjusted_probability"
    case median = "median_ns"
    case versusMedian = "versus_median_ns"
    case outliers
    case nanosecondsPerEvent = "ns_per_event"
    case tracerNanosecondsPerEvent = "tracer_ns_per_event"
    case tracerShare = "tracer_share"
    case events, lost
    case blocksWithLoss = "blocks_with_loss"
    case unbalancedBlocks = "unbalanced_blocks"
    case verdict
  }

  public var lostEvents: UInt64? { lost.map { $0.values.reduce(0, &+) } }
  /// Its losses are known to be 0, or nobody asked.
  public var isClean: Bool { blocksWithLoss == 0 && unbalancedBlocks == 0 }
}

public struct OutlierRecord: Codable, Sendable, Hashable {
  public var block: Int
  public var label: OutlierLabel
}

/// Whether the harness itself can be believed in this benchmark.
public struct SelfCheckRecord: Codable, Sendable, Hashable {
  public var arm: String
  public var role: ArmRole
  public var metric: Metric
  /// Of the overhead, at the confidence below.
  public var interval: Interval
  /// 95 % corrected (Bonferroni) for the number of such checks in the run.
  public var confidence: Double
  /// The repeated baseline: the interval contains 0. A planted slow-down: the interval lies above 0.
  public var holds: Bool
  /// The run is invalid if it does not hold. Not with so few blocks that the confidence is below what it should be. A
  /// planted slow-down decides in the budget's metric alone: a known number of nanoseconds may well drown in wall time
  /// while CPU time shows it.
  public var decides: Bool
}

/// The geometric mean of one arm's ratios over all benchmarks.
public struct SummaryRecord: Codable, Sendable, Hashable {
  public var arm: String
  public var versus: String
  public var metric: Metric
  public var mean: GeometricMean
}

public struct GateRecord: Codable, Sendable, Hashable {
  public var verdict: Verdict?
  public var exitCode: Int32
  /// One sentence each.
  public var reasons: [String]

  enum CodingKeys: String, CodingKey {
    case verdict
    case exitCode = "exit_code"
    case reasons
  }

  public init(verdict: Verdict? = nil, exitCode: Int32 = 0, reasons: [String] = []) {
    self.verdict = verdict
    self.exitCode = exitCode
    self.reasons = reasons
  }
}
