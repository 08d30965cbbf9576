import Foundation
import Testing

@testable import KtapMeasurement

/// Asked for once: it runs compilers to know their versions.
private let environment = Environment.capture()

/// A report of made-up samples: the interpreter costs 12 %, attaching 5 %, the repeated baseline nothing.
func madeUpReport(
  blocks: Int = 20, seed: UInt64 = 11, overhead: Double = 0.12, again: Double = 0, budget: Double? = nil,
  benchmarks: Int = 2
) -> BenchReport {
  var generator = RandomGenerator(seed: seed)
  let arms = [
    ArmRecord(name: "none", role: .baseline, detail: "no tracing"),
    ArmRecord(name: "none again", role: .again, detail: "once more"),
    ArmRecord(name: "planted", role: .planted, detail: "slower"),
    ArmRecord(name: "attach-only", role: .attachOnly, detail: "<empty> & | quiet"),
    ArmRecord(name: "interpreter", role: .subject, detail: "the script"),
    ArmRecord(name: "bpftrace", role: .peer, detail: "peer", missing: "not installed"),
  ]
  let factors = ["none": 0, "none again": again, "planted": 0.2, "attach-only": 0.05, "interpreter": overhead]
  var report = BenchReport(
    job: .overhead,
    run: RunRecord(
      name: "test", started: "2024-01-01T00:00:00Z", seed: seed, arguments: ["ktap"], source: "kernel", resamples: 60,
      budget: budget), environment: environment, arms: arms)
  for index in 0..<benchmarks {
    var benchmark = BenchmarkRecord(
      name: "syscall × script \(index)", workload: "ktap-workload", operations: 1000, script: "trace a:b {}",
      missing: ["bpftrace": "not installed"])
    let plan = BlockPlan(arms: Array(factors.keys.sorted()), seed: seed, blocks: blocks)
    for block in 0..<blocks {
      let drift = 1 + 0.1 * generator.unit()
      var record = BlockRecord(index: block, order: plan.order(benchmark: benchmark.name, block: block), samples: [:])
      for arm in record.order {
        let time = 1e9 * drift * (1 + (factors[arm] ?? 0)) * (1 + 0.02 * generator.normal())
        var sample = SampleRecord(wall: Int64(time), user: Int64(time * 0.4), system: Int64(time * 0.5))
        if arm == "attach-only" || arm == "interpreter" {
          sample.events = 1_000_000
          sample.handled = 1_000_000
          sample.tracerCPU = 50_000_000
          sample.lost = ["ring full": arm == "interpreter" && block == 3 ? 17 : 0]
          sample.balanced = true
        }
        record.samples[arm] = sample
      }
      benchmark.blocks.append(record)
    }
    report.benchmarks.append(benchmark)
  }
  return Analysis.analyzed(report)
}

@Suite("Analysis")
struct AnalysisTests {
  @Test func estimatesAreNearTheTruth() throws {
    let benchmark = madeUpReport().benchmarks[0]
    let wall = try #require(
      benchmark.results.first { $0.arm == "interpreter" && $0.versus == "none" && $0.metric == .wall })
    #expect(abs(wall.overhead - 0.12) < 0.03)
    #expect(wall.interval.contains(wall.overhead) && wall.interval.lower > 0)
    #expect(try #require(wall.bootstrapInterval).contains(wall.overhead))
    #expect(wall.blocks == 20 && wall.confidence >= 0.95)
    // 12 % of about a second over a million events.
    #expect(abs(try #require(wall.nanosecondsPerEvent).estimate - 126) < 25)
    #expect(wall.tracerNanosecondsPerEvent == 50)
    #expect(wall.lost == ["ring full": 17] && wall.blocksWithLoss == 1 && !wall.isClean)
    let action = try #require(
      benchmark.results.first { $0.arm == "interpreter" && $0.versus == "attach-only" && $0.metric == .wall })
    #expect(abs(action.overhead - (1.12 / 1.05 - 1)) < 0.03)
  }

  @Test func selfChecksHoldOrInvalidateTheRun() {
    let good = madeUpReport()
    #expect(good.benchmarks.allSatisfy { $0.selfChecks.count == 4 && $0.selfChecks.allSatisfy(\.holds) })
    #expect(good.gate.exitCode == BenchExitCode.pass.rawValue)
    let bad = madeUpReport(again: 0.08, budget: 0.5)
    #expect(bad.gate.exitCode == BenchExitCode.invalidEnvironment.rawValue)
    #expect(bad.gate.verdict == nil)
  }

  @Test func tooFewBlocksCheckNothing() {
    // Six blocks reach 96.9 %; four checks need 98.75 %.
    let report = madeUpReport(blocks: 6, again: 0.5, budget: 0.9)
    #expect(report.benchmarks.allSatisfy { $0.selfChecks.allSatisfy { !$0.decides } })
    #expect(report.gate.verdict == .inconclusive && report.gate.exitCode == BenchExitCode.inconclusive.rawValue)
    #expect(madeUpReport(blocks: 6, again: 0.5).gate.exitCode == BenchExitCode.pass.rawValue)
  }

  @Test func verdictsAreThreeWay() {
    #expect(madeUpReport(budget: 0.2).gate == GateRecord(verdict: .pass, exitCode: 0))
    #expect(madeUpReport(budget: 0.05).gate == GateRecord(verdict: .fail, exitCode: 2))
    #expect(madeUpReport(budget: 0.12).gate == GateRecord(verdict: .inconclusive, exitCode: 7))
    // Five blocks cannot reach 95 %, however clear they look.
    #expect(madeUpReport(blocks: 5, budget: 0.5).gate.verdict == .inconclusive)
  }

  @Test func failuresAndInterruptionsEndBadly() {
    var report = madeUpReport()
    report.benchmarks[0].failures = [FailureRecord(block: 1, arm: "interpreter", reason: "exited with 1")]
    #expect(Analysis.analyzed(report).gate.exitCode == BenchExitCode.benchmarkFailed.rawValue)
    report = madeUpReport()
    report.run.complete = false
    #expect(Analysis.analyzed(report).gate.exitCode == BenchExitCode.inconclusive.rawValue)
  }

  @Test func summariesAreGeometricMeans() throws {
    let report = madeUpReport()
    let summary = try #require(report.summaries.first { $0.arm == "interpreter" && $0.metric == .cpu })
    #expect(summary.mean.benchmarks == 2 && abs(summary.mean.ratio - 1.12) < 0.02)
    #expect(summary.mean.interval.contains(summary.mean.ratio))
    #expect(madeUpReport(benchmarks: 1).summaries.isEmpty)
  }

  @Test func blocksThatLackAnArmAreLeftOut() throws {
    var report = madeUpReport()
    report.benchmarks[0].blocks[2].samples["interpreter"] = nil
    report.benchmarks[0].blocks[4].samples["none"] = nil
    let results = Analysis.analyzed(report).benchmarks[0].results
    #expect(results.first { $0.arm == "interpreter" && $0.versus == "none" }?.blocks == 18)
    #expect(results.first { $0.arm == "attach-only" && $0.versus == "none" }?.blocks == 19)
  }
}

@Suite("Reports")
struct ReportTests {
  @Test func roundTrip() throws {
    let report = madeUpReport(budget: 0.2)
    let data = try ReportFile.json(report)
    #expect(try ReportFile.report(from: data, name: "x") == report)
    #expect(try ReportFile.json(ReportFile.report(from: data, name: "x")) == data)
  }

  @Test func hostileReportsAreRefused() throws {
    let good = String(decoding: try ReportFile.json(madeUpReport(benchmarks: 1)), as: UTF8.self)
    #expect(throws: Never.self) { try ReportFile.report(from: Data(good.utf8), name: "x") }
    let texts = [
      "", "[]", "{", "{\"schema\":\"other/1\"}", "{\"schema\":\"ktap-bench/1\"}",
      good.replacingOccurrences(of: "\"resamples\" : 60", with: "\"resamples\" : 99999999999"),
      good.replacingOccurrences(of: "\"looks\" : 1", with: "\"looks\" : 0"),
      good.replacingOccurrences(of: "\"confidence\" : 0.95,", with: "\"confidence\" : 1,"),
      good.replacingOccurrences(of: "\"name\" : \"none again\"", with: "\"name\" : \"none\""),
      String(good.prefix(good.count / 2)),
    ]
    for text in texts {
      #expect(text != good)
      #expect(throws: MeasurementError.self) { try ReportFile.report(from: Data(text.utf8), name: "x") }
    }
  }

  @Test func absurdSamplesAreNoCrash() {
    var report = madeUpReport(benchmarks: 1)
    for (index, value) in [Int64.min, -1, 0, 1, .max].enumerated() {
      report.benchmarks[0].blocks[index].samples["interpreter"] = SampleRecord(wall: value, user: value, system: value)
      report.benchmarks[0].blocks[index].samples["interpreter"]?.lost = ["a": .max, "b": .max]
    }
    let text = HTMLReport.text(Analysis.analyzed(report)) + MarkdownReport.text(Analysis.analyzed(report))
    #expect(!text.contains("nan"))
  }

  @Test func explainFindsAFalsifiedFigure() throws {
    let report = madeUpReport()
    let honest = try ExplainReport(report)
    #expect(honest.differences.isEmpty && honest.compared > 500)

    var falsified = report
    falsified.benchmarks[1].results[2].overhead -= 0.001
    #expect(try ExplainReport(falsified).differences.map(\.place) == ["benchmarks[1].results[2].overhead"])

    falsified = report
    falsified.benchmarks[0].results[3].lost = ["ring full": 0]
    #expect(try ExplainReport(falsified).differences.map(\.place) == ["benchmarks[0].results[3].lost.ring full"])

    falsified = report
    falsified.gate.exitCode = 2
    #expect(try ExplainReport(falsified).differences.map(\.place) == ["gate.exit_code"])

    // A raw sample that was touched up shows in everything that hangs on it.
    falsified = report
    falsified.benchmarks[0].blocks[0].samples["interpreter"]?.wall -= 100_000_000
    #expect(try ExplainReport(falsified).differences.count > 3)

    falsified = report
    falsified.benchmarks[0].results.removeLast()
    #expect(!(try ExplainReport(falsified).differences.isEmpty))
  }

  @Test func explainFindsFalsifiedText() throws {
    let folder = NSTemporaryDirectory() + "ktap-explain-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let report = madeUpReport()
    let path = folder + "/r.json"
    try ReportFile.write(ReportFile.json(report), to: path)
    #expect(ExplainReport.run(path) == .pass)
    var explanation = try ExplainReport(ReportFile.read(path))
    #expect(explanation.compareRenderings(beside: path).isEmpty)
    let text = MarkdownReport.text(report)
    try ReportFile.write(Data(text.utf8), to: folder + "/r.md")
    try ReportFile.write(Data(HTMLReport.text(report).utf8), to: folder + "/r.html")
    #expect(explanation.compareRenderings(beside: path).count == 2 && explanation.differences.isEmpty)
    #expect(ExplainReport.run(path) == .pass)
    try ReportFile.write(Data(text.replacingOccurrences(of: "12.", with: "11.").utf8), to: folder + "/r.md")
    #expect(ExplainReport.run(path) == .benchmarkFailed)
    #expect(ExplainReport.run(folder + "/none.json") == .internalError)
  }

  @Test func textsSayWhatIsMissingLostAndInvalid() {
    let report = madeUpReport(again: 0.08)
    let markdown = MarkdownReport.text(report)
    #expect(markdown.contains("missing: not installed"))
    #expect(markdown.contains("lost events in 1 of 20 blocks: 17 (ring full)"))
    #expect(markdown.contains("A/A FAILS"))
    #expect(markdown.contains("\\|"))
    let html = HTMLReport.text(report)
    #expect(html.contains("&lt;empty&gt; &amp; | quiet") && !html.contains("<empty>"))
    #expect(html.contains("prefers-color-scheme: dark") && !html.contains("<script"))
    // Nothing is fetched from anywhere.
    for reference in ["src=", "href", "url(", "@import"] { #expect(!html.contains(reference)) }
  }

  @Test func htmlIsWellFormed() {
    let html = HTMLReport.text(madeUpReport(budget: 0.1))
    var open: [Substring] = []
    let void: Set<Substring> = ["meta"]
    for part in html.split(separator: "<").dropFirst() where !part.hasPrefix("!") {
      guard let end = part.firstIndex(of: ">") else {
        Issue.record("a tag is not closed: \(part)")
        return
      }
      let tag = part[..<end]
      if tag.hasPrefix("/") {
        #expect(open.popLast() == tag.dropFirst())
      } else if !tag.hasSuffix("/") {
        let name = tag.prefix { !$0.isWhitespace }
        if !void.contains(name) { open.append(name) }
      }
    }
    #expect(open.isEmpty)
    #expect(html.components(separatedBy: "class=\"dot\"").count > 100)
  }

  @Test func exports() throws {
    let report = madeUpReport()
    let csv = String(decoding: try ReportExport.csv.data(report), as: UTF8.self).split(separator: "\n")
    #expect(csv.count == 1 + 2 * 20 * 5)
    #expect(csv.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 12 })
    let json = try JSONSerialization.jsonObject(with: ReportExport.hyperfine.data(report)) as? [String: Any]
    let entries = try #require(json?["results"] as? [[String: Any]])
    #expect(entries.count == 10)
    #expect((entries[0]["times"] as? [Double])?.count == 20)
  }

  @Test func figures() {
    #expect(Figures.overhead(0.1234) == "+12.3 %" && Figures.overhead(-0.004) == "−0.40 %")
    #expect(Figures.plain(9.996) == "10.0" && Figures.plain(99.96) == "100" && Figures.plain(-1.5) == "−1.50")
    #expect(Figures.count(1_234_567) == "1,234,567" && Figures.count(12) == "12")
    #expect(Figures.losses(nil) == "unknown" && Figures.losses(["a": 0]) == "0")
    #expect(Figures.time(1.5e9) == "1.500 s" && Figures.time(2500) == "2.5 µs")
  }
}
