import CKernelCalls
import Foundation

/// What all suites have in common.
public struct SuiteOptions: Sendable {
  /// The report's title.
  public var name: String
  /// Files are written to this path with `.json`, `.md` and `.html` added; nil: nothing is written.
  public var output: String?
  /// Written beside them.
  public var exports: Set<ReportExport> = []
  /// Measured in any case, 1…2000. 20 find effects of about 4 % where log-ratios spread by 6 %.
  public var blocks = 20
  /// The most that are measured while the verdict is inconclusive, by doubling; nil: `blocks`.
  public var mostBlocks: Int?
  /// Of orders, paddings, workloads and resamples; nil: from the clock, and logged.
  public var seed: UInt64?
  /// The largest overhead allowed, a fraction (0.05 is 5 %); nil: nothing is judged.
  public var budget: Double?
  public var budgetMetric = Metric.wall
  public var confidence = 0.95
  public var resamples = Bootstrap.usualResamples
  /// The ktap program that is measured.
  public var ktap = Environment.ownProgram
  /// Seconds a tracer may take to be ready, and to stop.
  public var tracerTimeout = 60.0
  /// Seconds one execution of a workload or program may take.
  public var timeout = 600.0
  /// No progress on stderr and no summary on stdout.
  public var isQuiet = false
  /// For the harness's own tests only: figures of a debug build mean nothing.
  public var allowsDebugBuild = false
  /// Recorded in the report.
  public var arguments = CommandLine.arguments

  public init(name: String, output: String?) {
    self.name = name
    self.output = output
  }

  /// Below 2^53, as some JSON readers know only floating point.
  func chosenSeed() -> UInt64 {
    if let seed { return seed }
    var generator = RandomGenerator(
      seed: UInt64(bitPattern: ktap_monotonic_raw()) ^ UInt64(Date().timeIntervalSince1970 * 1e6))
    return generator.next() >> 11
  }

  func check() throws {
    guard allowsDebugBuild || !Environment.isDebugBuild else {
      throw MeasurementError.invalidEnvironment(
        "this is a debug build, whose times mean nothing: build with 'swift build -c release'")
    }
    guard (1...BlockPlan.mostBlocks).contains(blocks),
      mostBlocks.map({ (blocks...BlockPlan.mostBlocks).contains($0) }) ?? true
    else {
      throw MeasurementError.usage(
        "the number of blocks must be from 1 to \(BlockPlan.mostBlocks), and the cap not below it")
    }
    guard (0.5..<1).contains(confidence) else { throw MeasurementError.usage("the confidence must be from 0.5 to 1") }
    guard (1...100_000).contains(resamples) else {
      throw MeasurementError.usage("the number of resamples must be from 1 to 100,000")
    }
    if let budget, !(budget > -1 && budget.isFinite) { throw MeasurementError.usage("the budget must be above -100 %") }
  }

  func runRecord(seed: UInt64, source: String, looks: Int) -> RunRecord {
    RunRecord(
      name: name, started: ISO8601DateFormatter().string(from: Date()), seed: seed, arguments: arguments,
      source: source,
      confidence: confidence, resamples: resamples, budget: budget, budgetMetric: budgetMetric, looks: looks)
  }
}

/// What the suites do around their measuring.
struct SuiteRun {
  let options: SuiteOptions
  let interruption = Interruption()
  let folder: String
  private let began = ktap_monotonic_raw()
  private let stealBefore = Environment.steal()

  init(_ options: SuiteOptions) throws {
    self.options = options
    folder = NSTemporaryDirectory() + "ktap-bench-" + UUID().uuidString
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw MeasurementError.file(folder, reason: error.localizedDescription)
    }
  }

  func clean() { try? FileManager.default.removeItem(atPath: folder) }

  /// Measures all benchmarks, and measures more blocks at each planned look while the verdict is inconclusive.
  func measure(
    _ report: inout BenchReport, plans: [BlockPlan],
    measure: (_ benchmark: Int, String, Int, Int) throws -> SampleRecord
  ) {
    let looks = plans.first?.looks ?? []
    let progress = Progress(
      total: zip(plans, report.benchmarks).reduce(0) { $0 + $1.0.arms.count * ($1.0.looks.first ?? 0) },
      isQuiet: options.isQuiet)
    for count in looks {
      for index in report.benchmarks.indices {
        let runner = BlockRunner(plan: plans[index], interruption: interruption, progress: progress)
        let isFinished = runner.run(&report.benchmarks[index], until: count) { try measure(index, $0, $1, $2) }
        if !isFinished {
          report.run.complete = false
          progress.finish()
          return
        }
      }
      if count == looks.last { break }
      guard Analysis.analyzed(report).gate.verdict == .inconclusive else { break }
      progress.say("inconclusive after \(count) blocks: more are measured")
    }
    progress.finish()
  }

  /// Computes the results, writes the files and prints the summary.
  func finish(_ raw: BenchReport) throws -> BenchExitCode {
    var report = raw
    report.run.seconds = Double(ktap_monotonic_raw() - began) / 1e9
    report.environment.loadAfter = Environment.load()
    if let before = stealBefore, let after = Environment.steal() { report.environment.steal = after - before }
    report = Analysis.analyzed(report)
    if let output = options.output {
      try ReportFile.write(ReportFile.json(report), to: output + ".json")
      try ReportFile.write(Data(MarkdownReport.text(report).utf8), to: output + ".md")
      try ReportFile.write(Data(HTMLReport.text(report).utf8), to: output + ".html")
      for export in options.exports { try ReportFile.write(export.data(report), to: output + export.suffix) }
    }
    if !options.isQuiet {
      print(MarkdownReport.summary(report))
      if let output = options.output { print("Written: \(output).json, .md, .html") }
    }
    return BenchExitCode(rawValue: report.gate.exitCode) ?? .internalError
  }
}

/// Errors of a suite, with the exit code that they mean.
func reportFailure(_ command: String, _ error: any Error) -> BenchExitCode {
  writeError("ktap bench \(command): \(error)\n")
  switch error {
  case MeasurementError.invalidEnvironment: return .invalidEnvironment
  case MeasurementError.programFailed, MeasurementError.outputsDiffer, MeasurementError.unexpectedOutput:
    return .benchmarkFailed
  default: return .internalError
  }
}

func writeError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
