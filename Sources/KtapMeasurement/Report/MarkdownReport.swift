/// A report as Markdown whose tables also line up in a terminal.
public enum MarkdownReport {
  public static func text(_ report: BenchReport) -> String {
    let tables = ReportTables(report: report)
    var lines = ["# \(report.run.name)", "", tables.headline, ""]
    lines += report.run.notes.flatMap { ["> \($0)", ""] }
    lines += results(report, tables)
    lines += tables.legend.map { "- \($0)" } + [""]
    lines += text(tables.arms())
    lines += text(tables.environment())
    return lines.joined(separator: "\n")
  }

  /// The part that is shown at the end of a run.
  public static func summary(_ report: BenchReport) -> String {
    let tables = ReportTables(report: report)
    return (report.run.notes + [tables.headline, ""] + results(report, tables)).joined(separator: "\n")
  }

  private static func results(_ report: BenchReport, _ tables: ReportTables) -> [String] {
    var lines: [String] = []
    for benchmark in report.benchmarks {
      lines += ["## \(benchmark.name)", "", "`\(benchmark.workload)`", ""]
      lines += text(tables.overheads(benchmark))
      if let events = tables.events(benchmark) { lines += text(events) }
      if let actions = tables.actions(benchmark) { lines += text(actions) }
      lines += text(tables.times(benchmark))
      let remarks = tables.remarks(benchmark)
      if !remarks.isEmpty { lines += remarks.map { "- \($0)" } + [""] }
    }
    if let summary = tables.summary() { lines += text(summary) }
    if let verdict = report.gate.verdict { lines += ["**Verdict: \(verdict.rawValue)**", ""] }
    if !report.gate.reasons.isEmpty { lines += report.gate.reasons.map { "- \($0)" } + [""] }
    return lines
  }

  static func text(_ table: ReportTable) -> [String] {
    let rows = ([table.header] + table.rows).map { row in row.map(escaped) }
    let widths = table.header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
    let title = table.title.map { ["### \($0)", ""] } ?? []
    return title + [line(rows[0]), rule] + rows.dropFirst().map(line) + [""]
  }

  private static func escaped(_ cell: String) -> String {
    String(cell.flatMap { $0 == "|" ? ["\\", "|"] : $0.isNewline ? [" "] : [$0] })
  }
}
