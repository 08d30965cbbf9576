import Foundation

/// Reports as files.
public enum ReportFile {
  /// Sorted keys and one value a line, so that two reports can be compared as text.
  public static func json(_ report: BenchReport) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(report) + Data("\n".utf8)
  }

  public static func report(from data: Data, name: String) throws -> BenchReport {
    struct Head: Decodable { var schema: String? }
    guard data.count <= 1 << 30 else { throw MeasurementError.file(name, reason: "is larger than 1 GiB") }
    let schema: String?
    do {
      schema = try JSONDecoder().decode(Head.self, from: data).schema
    } catch {
      throw MeasurementError.file(name, reason: "is not JSON")
    }
    guard schema == BenchReport.currentSchema else {
      throw MeasurementError.file(
        name, reason: "has the schema \(schema ?? "(none)"), expected is \(BenchReport.currentSchema)")
    }
    do {
      let report = try JSONDecoder().decode(BenchReport.self, from: data)
      if let complaint = complaint(about: report) { throw MeasurementError.file(name, reason: complaint) }
      return report
    } catch let error as DecodingError {
      throw MeasurementError.file(name, reason: "does not follow \(BenchReport.currentSchema): \(place(of: error))")
    }
  }

  /// What would make computing from it meaningless or endless.
  private static func complaint(about report: BenchReport) -> String? {
    let run = report.run
    if !(0.5..<1).contains(run.confidence) { return "run.confidence is not from 0.5 to 1" }
    if !(1...100_000).contains(run.resamples) { return "run.resamples is not from 1 to 100,000" }
    if !(1...100).contains(run.looks) { return "run.looks is not from 1 to 100" }
    if let budget = run.budget, !(budget > -1 && budget.isFinite) { return "run.budget is not above -1" }
    if Set(report.arms.map(\.name)).count != report.arms.count { return "two arms have the same name" }
    if report.benchmarks.contains(where: { $0.blocks.count > BlockPlan.mostBlocks }) {
      return "a benchmark has more than \(BlockPlan.mostBlocks) blocks"
    }
    return nil
  }

  public static func read(_ path: String) throws -> BenchReport {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw MeasurementError.file(path, reason: "cannot be read")
    }
    return try report(from: data, name: path)
  }

  /// Writes by renaming, so that nobody ever sees half of a file; makes the folder.
  public static func write(_ data: Data, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url, options: .atomic)
    } catch {
      throw MeasurementError.file(path, reason: "cannot be written: \(error.localizedDescription)")
    }
  }

  private static func place(of error: DecodingError) -> String {
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    @unknown default: return "\(error)"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
  }
}
