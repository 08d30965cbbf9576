import Foundation

/// A coordinate with one digit after the point.
private func place(_ value: Double) -> String { String(format: "%.1f", value) }

/// An axis of overheads: the places are log-ratios, so that twice as slow and twice as fast are equally far from 0.
private struct OverheadAxis {
  static let left = 130.0
  static let right = 930.0
  let low: Double
  let high: Double

  init(_ logRatios: [Double]) {
    let low = min(0, logRatios.min() ?? 0)
    let high = max(0, logRatios.max() ?? 0)
    let margin = max(0.01, (high - low) * 0.05)
    self.low = low - margin
    self.high = high + margin
  }

  func x(_ logRatio: Double) -> Double {
    Self.left + (logRatio - low) / (high - low) * (Self.right - Self.left)
  }

  /// Round overheads, far enough from each other to be labelled.
  var ticks: [Double] {
    let sizes: [Double] = [
      0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000,
    ]
    let candidates = [0] + sizes + sizes.filter { $0 < 1 }.map { -$0 }
    var result: [Double] = []
    // From 0 outwards and coarse before fine would need a search; 0 first and then each that has room is good enough.
    for value in candidates.sorted(by: { rank($0) < rank($1) }) {
      let position = log1p(value)
      guard position > low && position < high else { continue }
      if result.allSatisfy({ abs(x(log1p($0)) - x(position)) >= 52 }) { result.append(value) }
    }
    return result.sorted()
  }

  private func rank(_ value: Double) -> Double { value == 0 ? -1 : -abs(value) }

  func grid(height: Double) -> String {
    ticks.map { tick in
      let x = place(x(log1p(tick)))
      let label = tick == 0 ? "0" : (tick > 0 ? "+" : "−") + String(format: "%g", abs(tick) * 100) + " %"
      return """
        <line class="\(tick == 0 ? "zero" : "grid")" x1="\(x)" x2="\(x)" y1="24" y2="\(place(height - 22))"/>
        <text class="faint" x="\(x)" y="\(place(height - 8))" text-anchor="middle">\(label)</text>

        """
    }.joined()
  }
}

/// One dot a block and arm, the estimate as a tick and its interval as a bar.
struct DotPlot {
  let report: BenchReport
  let benchmark: BenchmarkRecord
  let metric: Metric

  func svg() -> String {
    guard let baseline = report.arms.first(where: { $0.role == .baseline })?.name else { return "" }
    let results = benchmark.results.filter { $0.versus == baseline && $0.metric == metric }
    guard !results.isEmpty else { return "" }
    let ratios = Dictionary(
      uniqueKeysWithValues: results.map { ($0.arm, Analysis.pairs(benchmark, $0.arm, baseline, metric)) })
    func logRatio(_ pair: (block: Int, sample: SampleRecord, versus: SampleRecord)) -> Double {
      log(Double(pair.sample.value(of: metric)) / Double(pair.versus.value(of: metric)))
    }
    let budget = report.run.budget.flatMap { report.run.budgetMetric == metric ? log1p($0) : nil }
    let axis = OverheadAxis(ratios.values.flatMap { $0.map(logRatio) } + (budget.map { [$0] } ?? []))
    let row = 34.0
    let height = 52 + row * Double(results.count)
    let title = "\(metric == .wall ? "Wall" : "CPU") time against \(baseline): one dot a block"
    var content = "<text x=\"0\" y=\"14\">\(HTMLReport.escaped(title))</text>\n" + axis.grid(height: height)
    if let budget {
      let x = place(axis.x(budget))
      content += "<line class=\"budget\" x1=\"\(x)\" x2=\"\(x)\" y1=\"24\" y2=\"\(place(height - 22))\"/>\n"
    }
    for (index, result) in results.enumerated() {
      let y = 30 + row * (Double(index) + 0.5)
      content += "<text x=\"0\" y=\"\(place(y + 4))\">\(HTMLReport.escaped(result.arm))</text>\n"
      let outliers = Set(result.outliers.map(\.block))
      for pair in ratios[result.arm] ?? [] {
        // Spread by the block's number, so that equal values do not hide each other.
        let offset = Double(pair.block % 5 - 2) * 2 - 3
        let value = logRatio(pair)
        content += """
          <circle class="\(outliers.contains(pair.block) ? "outlier" : "dot")" cx="\(place(axis.x(value)))" \
          cy="\(place(y + offset))" r="3"><title>block \(pair.block): \(Figures.overhead(expm1(value)))</title></circle>

          """
      }
      let from = place(axis.x(log1p(result.interval.lower)))
      let to = place(axis.x(log1p(result.interval.upper)))
      let center = place(axis.x(log1p(result.overhead)))
      content += """
        <line class="bar" x1="\(from)" x2="\(to)" y1="\(place(y + 9))" y2="\(place(y + 9))"/>
        <line class="tick" x1="\(center)" x2="\(center)" y1="\(place(y + 4))" y2="\(place(y + 14))"/>

        """
    }
    return frame(content, height: height, title: title)
  }
}

/// Nanoseconds an event, arm below arm: what the workload pays, and what the tracer burns beside it.
struct EventPlot {
  let report: BenchReport
  let benchmark: BenchmarkRecord

  func svg() -> String {
    guard let baseline = report.arms.first(where: { $0.role == .baseline })?.name else { return "" }
    let results = benchmark.results.filter {
      $0.versus == baseline && $0.metric == .cpu
        && ($0.nanosecondsPerEvent != nil || $0.tracerNanosecondsPerEvent != nil)
    }
    let isTraced = report.run.source == "kernel"
    func parts(_ result: ResultRecord) -> (workload: Double, tracer: Double) {
      (isTraced ? max(0, result.nanosecondsPerEvent?.estimate ?? 0) : 0, max(0, result.tracerNanosecondsPerEvent ?? 0))
    }
    let most = results.map { parts($0).workload + parts($0).tracer }.max() ?? 0
    guard most > 0 else { return "" }
    let row = 26.0
    let height = 30 + row * Double(results.count)
    let title =
      isTraced
      ? "Nanoseconds an event: CPU time added to the workload, then the tracer's own"
      : "Nanoseconds an event: the tracer's CPU time"
    var content = "<text x=\"0\" y=\"14\">\(title)</text>\n"
    for (index, result) in results.enumerated() {
      let y = 24 + row * Double(index)
      let (workload, tracer) = parts(result)
      let scale = 620 / most
      content += """
        <text x="0" y="\(place(y + 14))">\(HTMLReport.escaped(result.arm))</text>
        <rect class="workload" x="130" y="\(place(y + 2))" width="\(place(workload * scale))" height="16"/>
        <rect class="tracer" x="\(place(130 + workload * scale))" y="\(place(y + 2))" width="\(place(tracer * scale))" height="16"/>
        <text class="faint" x="\(place(138 + (workload + tracer) * scale))" y="\(place(y + 14))">\
        \(isTraced ? "\(Figures.plain(workload)) + " : "")\(Figures.plain(tracer)) ns</text>

        """
    }
    return frame(content, height: height, title: title)
  }
}

/// The ladder: each arm's geometric mean of CPU times against the baseline.
struct SummaryPlot {
  let report: BenchReport

  func svg() -> String {
    let summaries = report.summaries.filter { $0.metric == .cpu }
    guard let versus = summaries.first?.versus else { return "" }
    let axis = OverheadAxis(summaries.flatMap { [log($0.mean.interval.lower), log($0.mean.interval.upper)] })
    let row = 26.0
    let height = 52 + row * Double(summaries.count)
    let title = "CPU time against \(versus): geometric mean over the benchmarks"
    var content = "<text x=\"0\" y=\"14\">\(HTMLReport.escaped(title))</text>\n" + axis.grid(height: height)
    for (index, summary) in summaries.enumerated() {
      let y = place(28 + row * (Double(index) + 0.5))
      let center = place(axis.x(log(summary.mean.ratio)))
      content += """
        <text x="0" y="\(y)">\(HTMLReport.escaped(summary.arm))</text>
        <line class="bar" x1="\(place(axis.x(log(summary.mean.interval.lower))))" \
        x2="\(place(axis.x(log(summary.mean.interval.upper))))" y1="\(y)" y2="\(y)"/>
        <circle class="dot" cx="\(center)" cy="\(y)" r="5"><title>\(Figures.ratio(summary.mean))</title></circle>

        """
    }
    return frame(content, height: height, title: title)
  }
}

private func frame(_ content: String, height: Double, title: String) -> String {
  """
  <svg viewBox="0 0 960 \(place(height))" role="img" aria-label="\(HTMLReport.escaped(title))">
  \(content)</svg>

  """
}
