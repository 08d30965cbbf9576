import Foundation

/// Formats of other tools.
public enum ReportExport: String, Sendable, CaseIterable {
  /// One line a process execution.
  case csv
  /// As `hyperfine --export-json`: times in seconds, one entry for each benchmark and arm.
  case hyperfine

  var suffix: String { self == .csv ? ".csv" : ".hyperfine.json" }

  func data(_ report: BenchReport) throws -> Data {
    self == .csv ? Data(Self.csvText(report).utf8) : try Self.hyperfineJSON(report)
  }

  private static func csvText(_ report: BenchReport) -> String {
    var lines = [
      "benchmark,block,position,arm,wall_ns,user_ns,system_ns,tracer_cpu_ns,tracer_total_cpu_ns,events,lost,steal_ns"
    ]
    func text<Number: BinaryInteger>(_ value: Number?) -> String { value.map { String($0) } ?? "" }
    for benchmark in report.benchmarks {
      for block in benchmark.blocks {
        for (position, arm) in block.order.enumerated() {
          guard let sample = block.samples[arm] else { continue }
          lines.append(
            [
              field(benchmark.name), String(block.index), String(position), field(arm), String(sample.wall),
              String(sample.user), String(sample.system), text(sample.tracerCPU), text(sample.tracerTotalCPU),
              text(sample.events), text(sample.lostEvents), String(sample.steal),
            ].joined(separator: ","))
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  private struct Hyperfine: Encodable {
    struct Entry: Encodable {
      var command: String
      var mean: Double
      var stddev: Double
      var median: Double
      var user: Double
      var system: Double
      var min: Double
      var max: Double
      var times: [Double]
      var exitCodes: [Int]

      enum CodingKeys: String, CodingKey {
        case command, mean, stddev, median, user, system, min, max, times
        case exitCodes = "exit_codes"
      }
    }
    var results: [Entry]
  }

  private static func hyperfineJSON(_ report: BenchReport) throws -> Data {
    var entries: [Hyperfine.Entry] = []
    for benchmark in report.benchmarks {
      for arm in report.arms {
        let samples = benchmark.blocks.compactMap { $0.samples[arm.name] }
        let times = samples.map { Double($0.wall) / 1e9 }
        guard let median = Spread.median(times), let least = times.min(), let most = times.max() else { continue }
        entries.append(
          Hyperfine.Entry(
            command: "\(benchmark.name): \(arm.name)", mean: Spread.mean(times), stddev: Spread.deviation(times),
            median: median, user: Spread.mean(samples.map { Double($0.user) / 1e9 }),
            system: Spread.mean(samples.map { Double($0.system) / 1e9 }), min: least, max: most, times: times,
            exitCodes: times.map { _ in 0 }))
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(Hyperfine(results: entries)) + Data("\n".utf8)
  }
}
