/// The tables of a report, as text cells: Markdown and HTML show the same ones.
struct ReportTable {
  var title: String?
  var header: [String]
  var rows: [[String]]
}

struct ReportTables {
  let report: BenchReport

  private var roles: [String: ArmRole] { Dictionary(report.arms.map { ($0.name, $0.role) }) { first, _ in first } }
  private var baseline: String { report.arms.first { $0.role == .baseline }?.name ?? "" }

  /// Overheads of one benchmark against the baseline.
  func overheads(_ benchmark: BenchmarkRecord) -> ReportTable {
    let isJudged = benchmark.results.contains { $0.verdict != nil }
    var header = ["arm", "wall [interval]", "bootstrap", "CPU [interval]", "bootstrap", "n", "sd", "MDE", "p (Holm)"]
    if isJudged { header.append("verdict") }
    var rows: [[String]] = []
    for arm in report.arms where arm.name != baseline {
      let results = benchmark.results.filter { $0.arm == arm.name && $0.versus == baseline }
      guard let wall = results.first(where: { $0.metric == .wall }) else {
        let hasFailed = benchmark.failures.contains { $0.arm == arm.name }
        let reason = arm.missing ?? benchmark.missing[arm.name] ?? (hasFailed ? "it failed" : "no block has it")
        rows.append([arm.name, "missing: \(reason)"] + [String](repeating: "", count: header.count - 2))
        continue
      }
      let cpu = results.first { $0.metric == .cpu }
      var row = [
        arm.name + (wall.isClean ? "" : " †"), "\(Figures.overhead(wall.overhead)) \(Figures.overhead(wall.interval))",
        wall.bootstrapInterval.map { Figures.overhead($0) } ?? "–",
        cpu.map { "\(Figures.overhead($0.overhead)) \(Figures.overhead($0.interval))" } ?? "–",
        cpu?.bootstrapInterval.map { Figures.overhead($0) } ?? "–",
      ]
      row += [
        String(wall.blocks) + (wall.outliers.isEmpty ? "" : " (\(wall.outliers.count) out)"),
        Figures.share(wall.logDeviation), wall.minimumDetectableEffect.map { Figures.share($0) } ?? "–",
        wall.adjustedProbability.map { Figures.probability($0) } ?? "–",
      ]
      if isJudged { row.append(results.compactMap(\.verdict?.rawValue).first ?? "") }
      rows.append(row)
    }
    return ReportTable(title: nil, header: header, rows: rows)
  }

  /// Costs by event and what was lost; nil if no arm has events.
  func events(_ benchmark: BenchmarkRecord) -> ReportTable? {
    let walls = benchmark.results.filter {
      $0.metric == .wall && $0.versus == baseline && ($0.events != nil || $0.lost != nil)
    }
    guard !walls.isEmpty else { return nil }
    let rows = walls.map { wall in
      let cpu = benchmark.results.first { $0.arm == wall.arm && $0.metric == .cpu && $0.versus == baseline }
      return [
        wall.arm, wall.nanosecondsPerEvent.map { Figures.nanoseconds($0) } ?? "unknown",
        cpu?.nanosecondsPerEvent.map { Figures.nanoseconds($0) } ?? "unknown",
        wall.tracerNanosecondsPerEvent.map { Figures.plain($0) } ?? "unknown",
        wall.tracerShare.map { Figures.share($0) } ?? "unknown", wall.events.map { Figures.count($0) } ?? "unknown",
        Figures.losses(wall.lost)
          + (wall.unbalancedBlocks > 0 ? ", ledger unbalanced in \(wall.unbalancedBlocks) blocks" : ""),
      ]
    }
    return ReportTable(
      title: "By event",
      header: ["arm", "ns/event wall", "ns/event CPU", "tracer ns/event", "tracer CPU", "events, all blocks", "lost"],
      rows: rows)
  }

  /// What the action costs beyond the probe; nil if there is nothing to say.
  func actions(_ benchmark: BenchmarkRecord) -> ReportTable? {
    let results = benchmark.results.filter { $0.versus != baseline && $0.metric == .wall }
    guard let versus = results.first?.versus else { return nil }
    let rows = results.map { wall in
      let cpu = benchmark.results.first { $0.arm == wall.arm && $0.versus == versus && $0.metric == .cpu }
      return [
        wall.arm, "\(Figures.overhead(wall.overhead)) \(Figures.overhead(wall.interval))",
        cpu.map { "\(Figures.overhead($0.overhead)) \(Figures.overhead($0.interval))" } ?? "–",
        wall.nanosecondsPerEvent.map { Figures.nanoseconds($0) } ?? "–",
      ]
    }
    return ReportTable(
      title: "What the action adds to \(versus)",
      header: ["arm", "wall [interval]", "CPU [interval]", "ns/event wall"],
      rows: rows)
  }

  func times(_ benchmark: BenchmarkRecord) -> ReportTable {
    let rows: [[String]] = report.arms.compactMap { arm in
      let samples = benchmark.blocks.compactMap { $0.samples[arm.name] }
      guard let wall = Spread.median(samples.map { Double($0.wall) }),
        let cpu = Spread.median(samples.map { Double($0.cpu) })
      else { return nil }
      let walls = samples.map { Double($0.wall) }
      let tracer = Spread.median(samples.compactMap { $0.tracerTotalCPU.map { Double($0) } })
      let peak = samples.compactMap(\.tracerPeakResident).max()
      return [
        arm.name, Figures.time(wall), "\(Figures.time(walls.min() ?? 0)) … \(Figures.time(walls.max() ?? 0))",
        Figures.time(cpu), tracer.map { Figures.time($0) } ?? "",
        peak.map { "\(Figures.count(UInt64(max(0, $0)))) KiB" } ?? "",
      ]
    }
    return ReportTable(
      title: "Times of one execution",
      header: [
        "arm", "wall, median", "smallest … largest", "CPU, median", "tracer CPU, start to end", "tracer memory, peak",
      ],
      rows: rows)
  }

  func summary() -> ReportTable? {
    guard !report.summaries.isEmpty else { return nil }
    var rows: [[String]] = []
    for wall in report.summaries where wall.metric == .wall {
      let cpu = report.summaries.first { $0.arm == wall.arm && $0.metric == .cpu }
      rows.append([
        wall.arm, Figures.ratio(wall.mean), cpu.map { Figures.ratio($0.mean) } ?? "–", String(wall.mean.benchmarks),
      ])
    }
    return ReportTable(
      title: "Geometric means of time against \(baseline)", header: ["arm", "wall", "CPU", "benchmarks"], rows: rows)
  }

  func arms() -> ReportTable {
    ReportTable(
      title: "Arms", header: ["arm", "what it is"],
      rows: report.arms.map { arm in
        [arm.name, arm.detail + (arm.missing.map { " — missing: \($0)" } ?? "")]
      })
  }

  func environment() -> ReportTable {
    let environment = report.environment
    var rows: [[String]] = []
    func add(_ name: String, _ value: String?) { rows.append([name, value ?? "unknown"]) }
    add("CPU", environment.cpuModel.map { "\(environment.cpus) × \($0)" })
    add("hypervisor", environment.hypervisor ?? "none seen")
    add("kernel", environment.kernel)
    add("governor", environment.governor)
    add("clock", environment.clockSource)
    add("build", environment.build)
    add(
      "revision", environment.gitRevision.map { $0 + (environment.gitDirty == true ? " with changes" : "") })
    for (name, value) in environment.compilers.sorted(by: { $0.key < $1.key }) { add(name, value) }
    for (name, value) in environment.binaries.sorted(by: { $0.key < $1.key }) { add("SHA-256 of \(name)", value) }
    add("load before, after", "\(list(environment.loadBefore)), \(list(environment.loadAfter))")
    add("stolen by the hypervisor", environment.steal.map { Figures.time(Double($0)) })
    for (name, value) in environment.sysctls.sorted(by: { $0.key < $1.key }) { add(name, value) }
    return ReportTable(title: "Environment", header: ["what", "value"], rows: rows)
  }

  private func list(_ values: [Double]) -> String { values.map { Figures.plain($0) }.joined(separator: " ") }

  // MARK: Sentences

  var headline: String {
    let run = report.run
    let blocks = report.benchmarks.map(\.blocks.count)
    let range =
      blocks.isEmpty ? "0" : Set(blocks).count == 1 ? "\(blocks[0])" : "\(blocks.min() ?? 0)–\(blocks.max() ?? 0)"
    return
      "\(run.started), \(range) blocks, seed \(run.seed), \(Progress.duration(run.seconds)) in all"
      + (run.complete ? "" : "; INTERRUPTED")
  }

  /// One line a self-check, and one for each arm that is marked.
  func remarks(_ benchmark: BenchmarkRecord) -> [String] {
    var lines: [String] = []
    for check in benchmark.selfChecks {
      let confidence = Figures.share(check.confidence)
      let interval = "\(check.metric.rawValue) \(Figures.overhead(check.interval)) at \(confidence)"
      let consequence = check.decides ? ", the run is invalid" : ", which decides nothing here"
      let outcome =
        switch (check.role, check.holds) {
        case (.again, true): check.decides ? "A/A holds" : "A/A cannot be judged with so few blocks"
        case (.again, false): "A/A FAILS\(consequence)"
        case (_, true): "Planted slow-down found"
        case (_, false): "Planted slow-down NOT FOUND\(consequence)"
        }
      lines.append("\(outcome): \(interval)")
    }
    for result in benchmark.results where result.metric == .wall && result.versus == baseline {
      if result.blocksWithLoss > 0 {
        lines.append(
          "† \(result.arm) lost events in \(result.blocksWithLoss) of \(result.blocks) blocks: \(Figures.losses(result.lost))"
        )
      }
      if result.unbalancedBlocks > 0 {
        lines.append(
          "† \(result.arm): the ledger did not balance in \(result.unbalancedBlocks) of \(result.blocks) blocks")
      }
      if result.confidence < report.run.confidence {
        lines.append(
          "\(result.arm): \(result.blocks) blocks reach an interval of only \(Figures.share(result.confidence))")
      }
    }
    lines += benchmark.failureGroups
    return lines
  }

  /// How to read the figures.
  var legend: [String] {
    [
      "Overhead is the Hodges–Lehmann estimate of the ratio of times within blocks, minus 1, with its signed-rank interval "
        + "(\(Figures.share(report.run.confidence))); beside it the bootstrap over blocks (BCa, \(Figures.count(UInt64(report.run.resamples))) resamples).",
      "sd is of the log-ratios; MDE is the smallest true effect found with 90 % probability, 3.24·sd/√n; p is against no "
        + "difference. All of n, sd, MDE and p are of wall time. Outliers (Tukey) are counted and never dropped.",
      "ns/event is extra time by events that the kernel counted; tracer CPU is that of the tracer's own processes while "
        + "the workload ran, 100 % being one CPU.",
    ]
  }
}
