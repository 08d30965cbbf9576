import Foundation
import Glibc
import Testing

@testable import KtapMeasurement

/// A shell script in the place of ktap: says that it is ready, waits for SIGINT, leaves a ledger; with `--source` it ends by
/// itself; without a ledger it prints what a classic program prints.
private let standIn = """
  #!/bin/sh
  while [ $# -gt 0 ]; do
    case "$1" in
      --ready-fd) ready=$2; shift ;;
      --ledger-json) ledger=$2; shift ;;
      --tier) tier=$2; shift ;;
      --source) source=$2; shift ;;
      -o | --max-loops) shift ;;
      -*) ;;
      *) script=$1 ;;
    esac
    shift
  done
  finish() {
    printf '{"events":{"kernel_written":1000,"handled":990,"filtered":0,"dropped":10,"balanced":true},"drops":{"ring full":10}}' > "$ledger"
    exit 0
  }
  if [ "$tier" = broken ]; then echo "no such tier" >&2; exit 64; fi
  if [ "$tier" = wrong ]; then echo "43"; exit 0; fi
  if [ -z "$ledger" ]; then echo "42"; exit 0; fi
  [ -f "$script" ] || exit 66
  [ -n "$source" ] && finish
  trap finish INT
  printf r >&3
  exec 3>&-
  sleep 100 &
  wait $!

  """

/// Only one suite may run at a time: it takes over SIGINT.
@Suite("Suites with a stand-in for ktap", .serialized)
final class SuiteTests {
  let folder = NSTemporaryDirectory() + "ktap-suite-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(standIn.utf8).write(to: URL(fileURLWithPath: folder + "/ktap"))
    chmod(folder + "/ktap", 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func prepare(_ suite: inout SuiteOptions) {
    suite.ktap = folder + "/ktap"
    suite.blocks = 3
    suite.seed = 5
    suite.resamples = 50
    suite.isQuiet = true
    suite.allowsDebugBuild = true
    suite.timeout = 60
    suite.exports = [.csv, .hyperfine]
  }

  private func overhead() -> OverheadOptions {
    var options = OverheadOptions(output: folder + "/report")
    prepare(&options.suite)
    options.hasPeers = false
    options.usesSyntheticSource = false
    options.workloads = [.command(["/bin/sh", "-c", "exit 0"])]
    return options
  }

  @Test func overheadOfTheUsersOwnProgram() throws {
    let code = OverheadSuite(overhead()).run()
    // Three blocks are too few for the A/A check to decide, so that no timing decides this test.
    #expect(code == .pass)
    let report = try ReportFile.read(folder + "/report.json")
    #expect(report.arms.map(\.name) == ["none", "none again", "attach-only", "interpreter"])
    #expect(report.benchmarks.map(\.name) == ["sh × count-syscalls"] && report.benchmarks[0].blocks.count == 3)
    for block in report.benchmarks[0].blocks {
      let sample = try #require(block.samples["interpreter"])
      #expect(sample.events == 1000 && sample.handled == 990 && sample.lost == ["ring full": 10])
      #expect(sample.tracerCPU != nil && sample.tracerTotalCPU != nil && sample.wall > 0 && sample.cpu > 0)
      #expect(block.samples["none"]?.events == nil && block.samples["none"]?.lost == nil)
    }
    #expect(report.environment.build == "debug" || report.environment.build == "release")
    #expect(report.environment.binaries["ktap"]?.count == 64)
    #expect(try ExplainReport(ReportFile.read(folder + "/report.json")).differences.isEmpty)
    for suffix in [".md", ".html", ".csv", ".hyperfine.json"] {
      #expect(FileManager.default.fileExists(atPath: folder + "/report" + suffix))
    }
  }

  @Test func aTracerThatFailsIsReportedAndGivenUp() throws {
    var options = overhead()
    options.tiers = ["interpreter", "broken"]
    #expect(OverheadSuite(options).run() == .benchmarkFailed)
    let report = try ReportFile.read(folder + "/report.json")
    #expect(report.benchmarks[0].failures.map(\.arm) == ["broken", "broken"])
    #expect(report.benchmarks[0].failures[0].reason.contains("no such tier"))
    #expect(report.gate.reasons.contains { $0.contains("no such tier") })
  }

  @Test func aWorkloadThatFailsIsReported() throws {
    var options = overhead()
    options.workloads = [.command(["/bin/sh", "-c", "echo broken >&2; exit 3"])]
    #expect(OverheadSuite(options).run() == .benchmarkFailed)
    let report = try ReportFile.read(folder + "/report.json")
    #expect(report.benchmarks[0].failures.contains { $0.reason.contains("exited with 3: broken") })
  }

  @Test func generatedEventsNeedNoPrivilege() throws {
    var options = overhead()
    options.usesSyntheticSource = true
    #expect(OverheadSuite(options).run() == .pass)
    let report = try ReportFile.read(folder + "/report.json")
    #expect(report.run.source == "synthetic" && report.run.notes[0].hasPrefix("Nothing was traced"))
    #expect(report.arms.map(\.name) == ["attach-only", "attach-only again", "interpreter"])
    #expect(report.benchmarks[0].workload.contains("synthetic:events=4M,seed="))
    #expect(report.benchmarks[0].blocks.allSatisfy { $0.samples["interpreter"]?.events == 1000 })
    #expect(try ExplainReport(ReportFile.read(folder + "/report.json")).differences.isEmpty)
  }

  @Test func classicPrograms() throws {
    let programs = folder + "/classic"
    for name in ["a", "b"] { try ReportFile.write(Data("print(42)\n".utf8), to: "\(programs)/\(name).kp") }
    try ReportFile.write(Data("print(42)\n".utf8), to: "\(programs)/a.lua")
    try ReportFile.write(Data("42\n".utf8), to: "\(programs)/a.out")
    var options = TierOptions(output: folder + "/tiers")
    prepare(&options.suite)
    options.folder = programs
    options.tiers = ["interpreter", "threaded"]
    #expect(TierSuite(options).run() == .pass)
    let report = try ReportFile.read(folder + "/tiers.json")
    #expect(report.job == .tiers && report.benchmarks.map(\.name) == ["a", "b"])
    #expect(report.summaries.contains { $0.arm == "threaded" && $0.mean.benchmarks == 2 })
    #expect(report.benchmarks[1].missing["lua5.4"] != nil)
    #expect(try ExplainReport(ReportFile.read(folder + "/tiers.json")).differences.isEmpty)

    // Outputs that differ are not timed.
    options.tiers = ["interpreter", "wrong"]
    options.suite.output = folder + "/wrong"
    #expect(TierSuite(options).run() == .benchmarkFailed)
    #expect(!FileManager.default.fileExists(atPath: folder + "/wrong.json"))
  }

  @Test func debugBuildsAreRefused() {
    var options = overhead()
    options.suite.allowsDebugBuild = false
    if Environment.isDebugBuild {
      #expect(OverheadSuite(options).run() == .invalidEnvironment)
      #expect(!FileManager.default.fileExists(atPath: folder + "/report.json"))
    }
  }

  @Test func optionsOutOfRangeAreRefused() {
    var options = overhead()
    options.suite.blocks = 0
    #expect(OverheadSuite(options).run() == .internalError)
    options = overhead()
    options.suite.mostBlocks = 1
    #expect(OverheadSuite(options).run() == .internalError)
    options = overhead()
    options.suite.ktap = folder + "/no-such"
    #expect(OverheadSuite(options).run() == .internalError)
  }

  @Test func ledgers() throws {
    let path = folder + "/ledger.json"
    func ledger(_ text: String) throws -> TracerLedger {
      try ReportFile.write(Data(text.utf8), to: path)
      return try TracerLedger.read(path)
    }
    let full = try ledger(
      "{\"events\":{\"kernel_written\":5,\"handled\":3,\"filtered\":1,\"dropped\":1,\"balanced\":true},\"drops\":{\"late\":1},\"x\":1}"
    )
    #expect(full.events.kernelWritten == 5 && full.losses == ["late": 1])
    let unknown = try ledger("{\"events\":{\"kernel_written\":null,\"handled\":3},\"drops\":{}}")
    #expect(unknown.events.kernelWritten == nil && unknown.events.balanced == nil && unknown.losses == [:])
    #expect(try ledger("{\"events\":{\"handled\":3,\"dropped\":2},\"drops\":{}}").losses == ["unnamed": 2])
    for text in ["", "{}", "{\"events\":{\"handled\":-1},\"drops\":{}}", "[1]"] {
      #expect(throws: MeasurementError.self) { try ledger(text) }
    }
    #expect(throws: MeasurementError.self) { try TracerLedger.read(folder + "/none") }
  }

  @Test func bpftraceOutput() {
    let output = "Attaching 2 probes...\n@[110]: 1\n@[110]: 7\n\n\n@[257]: 10\n@[110]: 9\n@prints: 50\nLost 12 events\n"
    #expect(BpftraceArm.counts(output) == [110: 9, 257: 10])
    #expect(BpftraceArm.counts("Attaching\n") == nil)
    #expect(BpftraceArm.losses(output) == 12 && BpftraceArm.losses("fine") == 0)
  }

  @Test func unfinishedBlocksAreGivenUp() {
    let interruption = Interruption()
    #expect(!interruption.isRequested)
    var benchmark = BenchmarkRecord(name: "b", workload: "w")
    let runner = BlockRunner(
      plan: BlockPlan(arms: ["a", "b"], seed: 1, blocks: 5), interruption: interruption,
      progress: Progress(total: 1, isQuiet: true))
    var calls = 0
    let isFinished = runner.run(&benchmark, until: 5) { _, _, _ in
      calls += 1
      // In the middle of the third block. Not by a signal: other tests of this process may listen for it.
      if calls == 5 { interruption.request() }
      return SampleRecord(wall: 1, user: 0, system: 0)
    }
    #expect(!isFinished && calls == 5 && benchmark.blocks.count == 2)
  }
}
