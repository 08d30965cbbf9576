import Foundation

/// Recomputes every figure of a report from its raw samples.
///
/// The results, self-checks, summaries and gate in the file are thrown away and computed anew from the blocks; then the two
/// are compared value by value, numbers to a relative 1e-9 (the logarithm of another C library may differ in the last
/// digit), everything else exactly. Markdown and HTML that lie beside the report under the same name are rendered again
/// from the recomputed report and compared as text, so that what people read is checked and not only what programs read.
public struct ExplainReport {
  /// A figure that is not what the samples say.
  public struct Difference: Sendable, Hashable {
    /// `benchmarks[0].results[2].overhead`, or a file's name.
    public var place: String
    public var stored: String
    public var recomputed: String
  }

  public var report: BenchReport
  public var recomputed: BenchReport
  /// Figures compared.
  public var compared: Int
  public var differences: [Difference]

  public init(_ report: BenchReport) throws {
    self.report = report
    recomputed = Analysis.analyzed(report)
    compared = 0
    differences = []
    let stored = try JSONSerialization.jsonObject(with: ReportFile.json(report))
    let again = try JSONSerialization.jsonObject(with: ReportFile.json(recomputed))
    compare(stored, again, at: "")
  }

  private mutating func compare(_ stored: Any, _ again: Any, at place: String) {
    if let stored = stored as? [String: Any], let again = again as? [String: Any] {
      for key in Set(stored.keys).union(again.keys).sorted() {
        let inner = place.isEmpty ? key : "\(place).\(key)"
        if let a = stored[key], let b = again[key] {
          compare(a, b, at: inner)
        } else {
          note(inner, stored[key].map { "\($0)" } ?? "absent", again[key].map { "\($0)" } ?? "absent")
        }
      }
    } else if let stored = stored as? [Any], let again = again as? [Any] {
      if stored.count != again.count { note(place, "\(stored.count) entries", "\(again.count) entries") }
      for (index, pair) in zip(stored, again).enumerated() { compare(pair.0, pair.1, at: "\(place)[\(index)]") }
    } else if let stored = stored as? String, let again = again as? String {
      compared += 1
      if stored != again { note(place, stored, again) }
    } else if let stored = stored as? NSNumber, let again = again as? NSNumber {
      compared += 1
      let a = stored.doubleValue
      let b = again.doubleValue
      if abs(a - b) > 1e-9 * max(abs(a), abs(b)) { note(place, "\(stored)", "\(again)") }
    } else {
      note(place, "\(stored)", "\(again)")
    }
  }

  private mutating func note(_ place: String, _ stored: String, _ again: String) {
    differences.append(Difference(place: place, stored: stored, recomputed: again))
  }

  /// Compares the text files beside `NAME.json`; those that are not there are passed over. Returns the names of those that
  /// were compared.
  public mutating func compareRenderings(beside path: String) -> [String] {
    guard path.hasSuffix(".json") else { return [] }
    let base = String(path.dropLast(5))
    var names: [String] = []
    for (suffix, text) in [(".md", MarkdownReport.text(recomputed)), (".html", HTMLReport.text(recomputed))] {
      guard let data = FileManager.default.contents(atPath: base + suffix) else { continue }
      names.append(base + suffix)
      compared += 1
      let stored = String(decoding: data, as: UTF8.self)
      guard stored != text else { continue }
      let lines = zip(stored.split(separator: "\n"), text.split(separator: "\n"))
      let (was, now) = lines.first { $0 != $1 } ?? ("another length", "")
      note(base + suffix, String(was), String(now))
    }
    return names
  }

  /// Prints how each figure comes about and whether it holds.
  ///
  /// Returns `pass`, `benchmarkFailed` if a figure is not what the samples say, `internalError` if there is no such report.
  public static func run(_ path: String) -> BenchExitCode {
    do {
      var explanation = try ExplainReport(ReportFile.read(path))
      let renderings = explanation.compareRenderings(beside: path)
      print(explanation.text(renderings: renderings))
      return explanation.differences.isEmpty ? .pass : .benchmarkFailed
    } catch {
      writeError("ktap bench explain: \(error)\n")
      return .internalError
    }
  }

  func text(renderings: [String]) -> String {
    var lines: [String] = []
    for benchmark in recomputed.benchmarks {
      lines.append("\(benchmark.name): \(benchmark.blocks.count) blocks")
      for result in benchmark.results {
        let confidence = Figures.share(result.confidence)
        let distribution = SignedRankDistribution(count: result.blocks)
        let rank = distribution.intervalRank(confidence: recomputed.run.confidence)
        lines.append(
          "  \(result.arm) / \(result.versus), \(result.metric.rawValue): \(result.blocks) log-ratios, "
            + "\(distribution.largest) Walsh averages, their median is \(Figures.overhead(result.overhead)), "
            + "the interval from the \(rank). to the \(rank). last is \(Figures.overhead(result.interval)) "
            + "(\(confidence), \(distribution.isExact ? "exact" : "normal approximation")); sd "
            + "\(Figures.share(result.logDeviation))"
            + (result.minimumDetectableEffect.map { ", MDE 3.24·sd/√\(result.blocks) = \(Figures.share($0))" } ?? ""))
      }
    }
    for name in renderings { lines.append("compared with \(name)") }
    for difference in differences {
      lines.append("DIFFERS \(difference.place): stored \(difference.stored), recomputed \(difference.recomputed)")
    }
    lines.append(
      differences.isEmpty
        ? "\(compared) values compared: all are what the raw samples say"
        : "\(compared) values compared: \(differences.count) are not what the raw samples say")
    return lines.joined(separator: "\n")
  }
}
