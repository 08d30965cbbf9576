// One self-contained page: no script, no font, no image from elsewhere; plots are inline SVG coloured through CSS variables,
// so that they follow the reader's light or dark scheme and print well.

/// A report as one HTML page.
public enum HTMLReport {
  public static func text(_ report: BenchReport) -> String {
    let tables = ReportTables(report: report)
    var body = "<h1>\(escaped(report.run.name))</h1>\n<p>\(escaped(tables.headline))</p>\n"
    for note in report.run.notes { body += "<p class=\"note\">\(escaped(note))</p>\n" }
    if let verdict = report.gate.verdict {
      body += "<p class=\"verdict\">Verdict: <strong>\(verdict.rawValue)</strong></p>\n"
    }
    body += list(report.gate.reasons)
    if let summary = tables.summary() { body += table(summary) + SummaryPlot(report: report).svg() }
    for benchmark in report.benchmarks {
      body += "<section>\n<h2>\(escaped(benchmark.name))</h2>\n<p><code>\(escaped(benchmark.workload))</code></p>\n"
      if let script = benchmark.script { body += "<pre>\(escaped(script))</pre>\n" }
      for metric in Metric.allCases { body += DotPlot(report: report, benchmark: benchmark, metric: metric).svg() }
      body += EventPlot(report: report, benchmark: benchmark).svg()
      body += table(tables.overheads(benchmark))
      if let events = tables.events(benchmark) { body += table(events) }
      if let actions = tables.actions(benchmark) { body += table(actions) }
      body += table(tables.times(benchmark))
      body += list(tables.remarks(benchmark)) + "</section>\n"
    }
    body += "<h2>Reading the figures</h2>\n" + list(tables.legend)
    body += table(tables.arms()) + table(tables.environment())
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(report.run.name))</title>
      <style>\(style)</style>
      </head>
      <body>
      \(body)</body>
      </html>

      """
  }

  /// For text and for attributes in double quotes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  private static func table(_ table: ReportTable) -> String {
    let title = table.title.map { "<h3>\(escaped($0))</h3>\n" } ?? ""
    let header = table.header.map { "<th>\(escaped($0))</th>" }.joined()
    let rows = table.rows.map { row in "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n" }
    return "\(title)<div class=\"wide\"><table>\n<tr>\(header)</tr>\n\(rows.joined())</table></div>\n"
  }

  private static func list(_ lines: [String]) -> String {
    lines.isEmpty ? "" : "<ul>\n" + lines.map { "<li>\(escaped($0))</li>\n" }.joined() + "</ul>\n"
  }

  private static let style = """
    :root { color-scheme: light dark; --text: #1c1e21; --faint: #6b7280; --line: #d5d9e0; --paper: #ffffff;
      --dot: #2f6fb4; --bar: #b3411f; --other: #7b8794; --shade: #f4f6f8; }
    @media (prefers-color-scheme: dark) { :root { --text: #e4e6ea; --faint: #9aa3af; --line: #3a414b;
      --paper: #16191d; --dot: #6fb1f2; --bar: #f0956b; --other: #8b96a5; --shade: #1f242a; } }
    body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--paper);
      max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0 1rem; }
    th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line);
      white-space: nowrap; vertical-align: top; }
    th { color: var(--faint); font-weight: 500; }
    .wide { overflow-x: auto; }
    pre { background: var(--shade); padding: .6rem .8rem; overflow-x: auto; }
    code, pre { font: 13px/1.4 ui-monospace, monospace; }
    .note { border-left: 3px solid var(--bar); padding-left: .7rem; }
    svg { display: block; width: 100%; max-width: 60rem; height: auto; margin: .5rem 0; }
    svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
    svg .faint { fill: var(--faint); }
    svg .grid { stroke: var(--line); stroke-width: 1; }
    svg .zero { stroke: var(--faint); stroke-width: 1.5; }
    svg .dot { fill: var(--dot); fill-opacity: .45; }
    svg .outlier { fill: none; stroke: var(--dot); }
    svg .bar { stroke: var(--bar); stroke-width: 4; stroke-linecap: round; }
    svg .tick { stroke: var(--text); stroke-width: 2; }
    svg .budget { stroke: var(--bar); stroke-dasharray: 4 3; }
    svg .workload { fill: var(--bar); fill-opacity: .8; }
    svg .tracer { fill: var(--other); fill-opacity: .7; }

    """
}
