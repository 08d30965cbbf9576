import Glibc

/// From raw samples to results: a pure function of the report's raw part, so that it can be done again by anybody.
///
/// In: a report whose benchmarks hold blocks. Out: the same report with results, self-checks, summaries and gate anew.
/// Each comparison is of two arms inside a block: the log of the ratio of their times. Wall and CPU time are compared apart.
/// Random numbers are needed only for resampling; they come from the run's seed and the comparison's names, so that the
/// order of the comparisons does not matter.
///
/// Levels. An interval that is printed is at the run's confidence, by itself. What decides is corrected: the self-checks
/// by Bonferroni for their number (with ten of them at 95 %, a sound run would be called invalid in 40 % of the cases), a
/// "fail" by Holm over all that is judged, and every verdict by Bonferroni for the looks that were planned.
public enum Analysis {
  public static func analyzed(_ report: BenchReport) -> BenchReport {
    var result = report
    let roles = Dictionary(report.arms.map { ($0.name, $0.role) }) { first, _ in first }
    for index in result.benchmarks.indices {
      result.benchmarks[index].results = results(of: result.benchmarks[index], in: report, roles: roles)
    }
    adjustProbabilities(&result, roles)
    selfChecks(&result, roles)
    judge(&result, roles)
    result.summaries = summaries(of: result, roles)
    result.gate = gate(of: result, roles)
    return result
  }

  // MARK: Comparisons

  /// The blocks that have both arms' samples, with times above 0.
  static func pairs(
    _ benchmark: BenchmarkRecord, _ arm: String, _ versus: String, _ metric: Metric
  ) -> [(block: Int, sample: SampleRecord, versus: SampleRecord)] {
    benchmark.blocks.compactMap { block in
      guard let a = block.samples[arm], let b = block.samples[versus], a.value(of: metric) > 0, b.value(of: metric) > 0
      else { return nil }
      return (block.index, a, b)
    }
  }

  static func logRatios(_ benchmark: BenchmarkRecord, _ arm: String, _ versus: String, _ metric: Metric) -> [Double] {
    pairs(benchmark, arm, versus, metric).map {
      log(Double($0.sample.value(of: metric)) / Double($0.versus.value(of: metric)))
    }
  }

  private static func results(
    of benchmark: BenchmarkRecord, in report: BenchReport, roles: [String: ArmRole]
  ) -> [ResultRecord] {
    let names = report.arms.map(\.name)
    guard let baseline = names.first(where: { roles[$0] == .baseline }) else { return [] }
    let attachOnly = names.first { roles[$0] == .attachOnly }
    var results: [ResultRecord] = []
    for metric in Metric.allCases {
      for name in names where name != baseline {
        if let result = result(name, baseline, metric, benchmark, report.run) { results.append(result) }
      }
      // What the action costs beyond the probe.
      guard let attachOnly, attachOnly != baseline else { continue }
      for name in names where roles[name] == .subject {
        if let result = result(name, attachOnly, metric, benchmark, report.run) { results.append(result) }
      }
    }
    return results
  }

  private static func result(
    _ arm: String, _ versus: String, _ metric: Metric, _ benchmark: BenchmarkRecord, _ run: RunRecord
  ) -> ResultRecord? {
    let pairs = pairs(benchmark, arm, versus, metric)
    let ratios = logRatios(benchmark, arm, versus, metric)
    guard let walsh = WalshAverages(ratios) else { return nil }
    let location = HodgesLehmann(walsh, confidence: run.confidence)
    var result = ResultRecord(
      arm: arm, versus: versus, metric: metric, blocks: ratios.count, overhead: expm1(location.estimate),
      interval: location.interval.map { expm1($0) }, confidence: location.confidence, bootstrapInterval: nil,
      logDeviation: Spread.deviation(ratios), minimumDetectableEffect: Spread.minimumDetectableEffect(ratios),
      probability: location.probability, adjustedProbability: nil,
      median: Spread.median(pairs.map { Double($0.sample.value(of: metric)) }) ?? 0,
      versusMedian: Spread.median(pairs.map { Double($0.versus.value(of: metric)) }) ?? 0, outliers: [],
      nanosecondsPerEvent: nil, tracerNanosecondsPerEvent: nil, tracerShare: nil, events: nil, lost: nil,
      blocksWithLoss: 0, unbalancedBlocks: 0, verdict: nil)
    if ratios.count > 1 {
      let stream = "\(benchmark.name)\n\(arm)\n\(versus)\n\(metric.rawValue)"
      var seeds = RandomGenerator(seed: run.seed, stream: stream)
      result.bootstrapInterval = Bootstrap.hodgesLehmannInterval(
        walsh, confidence: run.confidence, resamples: run.resamples, seed: seeds.next()
      ).map { expm1($0) }
    }
    for (pair, label) in zip(pairs, OutlierLabel.labels(ratios)) where label != .inside {
      result.outliers.append(OutlierRecord(block: pair.block, label: label))
    }
    addEvents(&result, pairs, metric, run)
    return result
  }

  private static func addEvents(
    _ result: inout ResultRecord, _ pairs: [(block: Int, sample: SampleRecord, versus: SampleRecord)], _ metric: Metric,
    _ run: RunRecord
  ) {
    var perEvent: [Double] = []
    var tracerPerEvent: [Double] = []
    var shares: [Double] = []
    for pair in pairs {
      let sample = pair.sample
      if let events = sample.events {
        result.events = (result.events ?? 0) &+ events
        if events > 0 {
          perEvent.append(Double(sample.value(of: metric) - pair.versus.value(of: metric)) / Double(events))
          if let cpu = sample.tracerCPU { tracerPerEvent.append(Double(cpu) / Double(events)) }
        }
      }
      if let cpu = sample.tracerCPU, sample.wall > 0 { shares.append(Double(cpu) / Double(sample.wall)) }
      if let lost = sample.lost {
        result.lost = (result.lost ?? [:]).merging(lost) { $0 &+ $1 }
        if lost.values.contains(where: { $0 > 0 }) { result.blocksWithLoss += 1 }
      }
      if sample.balanced == false { result.unbalancedBlocks += 1 }
    }
    if let location = HodgesLehmann(perEvent, confidence: run.confidence) {
      result.nanosecondsPerEvent = EstimateRecord(estimate: location.estimate, interval: location.interval)
    }
    result.tracerNanosecondsPerEvent = Spread.median(tracerPerEvent)
    result.tracerShare = Spread.median(shares)
  }

  // MARK: Several comparisons together

  private static func adjustProbabilities(_ report: inout BenchReport, _ roles: [String: ArmRole]) {
    for metric in Metric.allCases {
      var places: [(Int, Int)] = []
      for (benchmark, record) in report.benchmarks.enumerated() {
        for (index, result) in record.results.enumerated()
        where result.metric == metric && roles[result.arm] != .again && roles[result.versus] == .baseline {
          places.append((benchmark, index))
        }
      }
      let adjusted = Holm.adjusted(places.map { report.benchmarks[$0.0].results[$0.1].probability })
      for (place, value) in zip(places, adjusted) {
        report.benchmarks[place.0].results[place.1].adjustedProbability = value
      }
    }
  }

  private static func selfChecks(_ report: inout BenchReport, _ roles: [String: ArmRole]) {
    guard let baseline = report.arms.first(where: { $0.role == .baseline })?.name else { return }
    for role in [ArmRole.again, .planted] {
      let arms = report.arms.filter { $0.role == role }.map(\.name)
      var checks: [(benchmark: Int, arm: String, metric: Metric, values: [Double])] = []
      for index in report.benchmarks.indices {
        if role == .again { report.benchmarks[index].selfChecks = [] }
        for arm in arms {
          for metric in Metric.allCases {
            let values = logRatios(report.benchmarks[index], arm, baseline, metric)
            if !values.isEmpty { checks.append((index, arm, metric, values)) }
          }
        }
      }
      let wanted = 1 - (1 - report.run.confidence) / Double(max(1, checks.count))
      for check in checks {
        guard let location = HodgesLehmann(check.values, confidence: wanted) else { continue }
        let interval = location.interval.map { expm1($0) }
        report.benchmarks[check.benchmark].selfChecks.append(
          SelfCheckRecord(
            arm: check.arm, role: role, metric: check.metric, interval: interval, confidence: location.confidence,
            holds: role == .again ? interval.contains(0) : interval.lower > 0,
            decides: location.confidence >= wanted && (role == .again || check.metric == report.run.budgetMetric)))
      }
    }
  }

  /// Three-way verdicts of the judged arms.
  private static func judge(_ report: inout BenchReport, _ roles: [String: ArmRole]) {
    guard let budget = report.run.budget, let baseline = report.arms.first(where: { $0.role == .baseline })?.name
    else { return }
    let level = (1 - report.run.confidence) / Double(max(1, report.run.looks))
    let limit = log1p(budget)
    var judged: [(benchmark: Int, result: Int, values: [Double], probability: Double)] = []
    for (benchmark, record) in report.benchmarks.enumerated() {
      for (index, result) in record.results.enumerated()
      where result.metric == report.run.budgetMetric && roles[result.arm] == .subject && result.versus == baseline {
        let values = logRatios(record, result.arm, baseline, result.metric)
        guard let beyond = HodgesLehmann(values.map { $0 - limit }, confidence: 1 - level) else { continue }
        judged.append((benchmark, index, values, beyond.probability))
      }
    }
    let adjusted = Holm.adjusted(judged.map(\.probability))
    for (item, probability) in zip(judged, adjusted) {
      guard let location = HodgesLehmann(item.values, confidence: 1 - level) else { continue }
      // With too few blocks the interval does not reach its confidence, and nothing can be concluded.
      let isEnough = location.confidence >= 1 - level
      let verdict: Verdict =
        if isEnough && location.interval.upper <= limit {
          .pass
        } else if isEnough && location.interval.lower > limit && probability <= level {
          .fail
        } else {
          .inconclusive
        }
      report.benchmarks[item.benchmark].results[item.result].verdict = verdict
    }
  }

  private static func summaries(of report: BenchReport, _ roles: [String: ArmRole]) -> [SummaryRecord] {
    guard report.benchmarks.count > 1, let baseline = report.arms.first(where: { $0.role == .baseline })?.name
    else { return [] }
    var result: [SummaryRecord] = []
    for metric in Metric.allCases {
      for arm in report.arms where arm.name != baseline {
        // Of those benchmarks in which the arm ran; their number stands beside the mean.
        let ratios = report.benchmarks.map { logRatios($0, arm.name, baseline, metric) }.filter { !$0.isEmpty }
        var seeds = RandomGenerator(seed: report.run.seed, stream: "\(arm.name)\n\(metric.rawValue)")
        guard
          let mean = GeometricMean(
            logRatios: ratios, confidence: report.run.confidence, resamples: report.run.resamples, seed: seeds.next())
        else { continue }
        result.append(SummaryRecord(arm: arm.name, versus: baseline, metric: metric, mean: mean))
      }
    }
    return result
  }

  // MARK: The end

  /// Invalid before failed before judged: a run that cannot be believed is not a regression.
  private static func gate(of report: BenchReport, _ roles: [String: ArmRole]) -> GateRecord {
    var gate = GateRecord()
    var code = BenchExitCode.pass
    let judged = report.benchmarks.flatMap { benchmark in benchmark.results.filter { $0.verdict != nil } }
    if report.run.budget != nil {
      let verdicts = judged.map(\.verdict)
      if verdicts.contains(.fail) {
        (gate.verdict, code) = (.fail, .regression)
      } else if verdicts.isEmpty || verdicts.contains(.inconclusive) || !report.run.complete {
        (gate.verdict, code) = (.inconclusive, .inconclusive)
      } else {
        gate.verdict = .pass
      }
    }
    let isUnchecked = report.benchmarks.contains { $0.selfChecks.contains { $0.role == .again && !$0.decides } }
    if isUnchecked && (gate.verdict == .pass || gate.verdict == .fail) {
      (gate.verdict, code) = (.inconclusive, .inconclusive)
      gate.reasons.append("there are too few blocks to check that identical arms do not differ")
    }
    if !report.run.complete {
      gate.reasons.append("the run was interrupted: only finished blocks are in it")
      if code == .pass { code = .inconclusive }
    }
    for benchmark in report.benchmarks {
      for failure in benchmark.failureGroups {
        gate.reasons.append("\(benchmark.name): \(failure)")
      }
      // A peer that does not work is no fault of what is measured.
      if benchmark.failures.contains(where: { roles[$0.arm] != .peer }) { code = .benchmarkFailed }
      if benchmark.blocks.isEmpty && report.run.complete { code = .benchmarkFailed }
    }
    for benchmark in report.benchmarks {
      for check in benchmark.selfChecks where !check.holds && check.decides {
        gate.reasons.append(
          check.role == .again
            ? "\(benchmark.name): \(check.metric.rawValue) time of identical arms differs: the run is invalid"
            : "\(benchmark.name): the planted slow-down was not found in \(check.metric.rawValue) time: the run is invalid"
        )
        code = .invalidEnvironment
      }
    }
    if code == .invalidEnvironment { gate.verdict = nil }
    gate.exitCode = code.rawValue
    return gate
  }
}
