// `ktap bench overhead`: what does tracing cost the traced workload?
//
// In: scripts, workloads, tiers. Each pair of workload and script is a benchmark. Its arms are the workload alone, twice
// (the second is the A/A check), ktap with empty handlers for the same events (the probes' cost), ktap with the script in
// each tier, and bpftrace where there is a program that does the same. Out: a report; see `Analysis` for what is
// computed.
//
// Without root or tracefs there is nothing to trace. Then generated events are used: an arm is one `ktap run` over the
// same synthetic stream, the baseline is the empty handler, and the times are those of ktap itself. That says what an
// event costs in ktap and nothing about a traced program; the report says so in its first line.
import Foundation
import Glibc

/// A script with what its other arms need.
public struct OverheadScript: Sendable, Hashable {
  public var name: String
  /// ktap source.
  public var source: String
  /// Its arguments.
  public var arguments: [String]
  /// The same events with empty handlers; nil: the attach-only arm is shown as missing.
  public var emptySource: String?
  /// A bpftrace program that counts in the map `@` keyed by numbers and prints it now and then; nil: no peer is shown.
  public var bpftraceProgram: String?

  public init(
    name: String, source: String, arguments: [String] = [], emptySource: String?, bpftraceProgram: String? = nil
  ) {
    self.name = name
    self.source = source
    self.arguments = arguments
    self.emptySource = emptySource
    self.bpftraceProgram = bpftraceProgram
  }

  /// The design note's own case: each system call's entry counted by its name.
  public static let countSystemCalls = OverheadScript(
    name: "count-syscalls",
    source: """
      var s = {}

      trace syscalls:sys_enter_* {
        s[probename] += 1
      }

      trace_end {
        print_hist(s)
      }

      """,
    emptySource: "trace syscalls:sys_enter_* {\n}\n", bpftraceProgram: BpftraceArm.countingProgram)
}

public struct OverheadOptions: Sendable {
  public var suite: SuiteOptions
  public var scripts = [OverheadScript.countSystemCalls]
  public var workloads: [Workload] = [.builtIn("syscall"), .builtIn("futex"), .builtIn("pipe")]
  /// As `ktap run --tier` knows them; each is an arm.
  public var tiers = ["interpreter"]
  /// Other programs, where they are installed.
  public var hasPeers = true
  /// A planted slow-down of this many nanoseconds an operation, which must be found; built-in workloads only.
  public var plantedNanoseconds: Int?
  /// How long the measured part of a built-in workload shall take, untraced.
  public var seconds = 1.0
  /// Instead of calibrating.
  public var operations: UInt64?
  /// `ktap-workload`; nil: beside the ktap program.
  public var workloadProgram: String?
  /// nil: the kernel's events if this process may have them.
  public var usesSyntheticSource: Bool?
  /// Settings of the synthetic source, without its seed.
  public var syntheticSettings = "events=4M"

  public init(output: String? = "reports/overhead") {
    suite = SuiteOptions(name: "ktap bench overhead", output: output)
  }
}

public struct OverheadSuite {
  public var options: OverheadOptions

  public init(_ options: OverheadOptions) { self.options = options }

  public func run() -> BenchExitCode {
    do {
      try options.suite.check()
      guard !options.scripts.isEmpty, !options.workloads.isEmpty, !options.tiers.isEmpty else {
        throw MeasurementError.usage("at least one script, workload and tier is needed")
      }
      guard Command.find(options.suite.ktap) != nil else {
        throw MeasurementError.cannotStart(options.suite.ktap, reason: "there is no such program")
      }
      let run = try SuiteRun(options.suite)
      defer { run.clean() }
      let isSynthetic = options.usesSyntheticSource ?? !(Environment.isRoot && Environment.tracefs != nil)
      return try run.finish(isSynthetic ? syntheticReport(run) : kernelReport(run))
    } catch {
      return reportFailure("overhead", error)
    }
  }

  // MARK: Real events

  private var workloadProgram: String {
    options.workloadProgram
      ?? URL(fileURLWithPath: options.suite.ktap).deletingLastPathComponent().appendingPathComponent("ktap-workload")
      .path
  }

  /// The arms of one script; files are its script's.
  private func kernelArms(_ script: OverheadScript, _ workload: Workload, _ files: ScriptFiles) -> [any Arm] {
    let ktap = options.suite.ktap
    var arms: [any Arm] = [
      UntracedArm(name: "none", role: .baseline), UntracedArm(name: "none again", role: .again),
    ]
    if let nanoseconds = options.plantedNanoseconds, nanoseconds > 0 {
      var planted = UntracedArm(name: "planted", role: .planted, planted: nanoseconds)
      if case .command = workload { planted.record.missing = "only the built-in workloads can be slowed down" }
      arms.append(planted)
    }
    arms.append(attachOnly(files))
    for tier in options.tiers {
      let record = ArmRecord(name: tier, role: .subject, detail: "ktap run --tier \(tier) with the script")
      arms.append(
        KtapArm(record: record, ktap: ktap, tier: tier, script: files.script, scriptArguments: script.arguments))
    }
    if options.hasPeers, let program = script.bpftraceProgram { arms.append(BpftraceArm(program: program)) }
    return arms
  }

  private func attachOnly(_ files: ScriptFiles) -> KtapArm {
    var record = ArmRecord(
      name: "attach-only", role: .attachOnly,
      detail: "ktap run --tier \(options.tiers[0]) with empty handlers for the same events")
    if files.empty == nil { record.missing = "there is no empty form of the script" }
    return KtapArm(record: record, ktap: options.suite.ktap, tier: options.tiers[0], script: files.empty ?? "")
  }

  private func kernelReport(_ run: SuiteRun) throws -> BenchReport {
    let seed = options.suite.chosenSeed()
    var benchmarks: [BenchmarkRecord] = []
    var arms: [[any Arm]] = []
    var runners: [WorkloadRunner] = []
    for workload in options.workloads {
      var runner = WorkloadRunner(
        workload: workload, program: workloadProgram, operations: 0, seed: seed % 1000, timeout: options.suite.timeout)
      if case .builtIn(let name, let settings) = workload {
        guard Command.find(runner.program) != nil else {
          throw MeasurementError.cannotStart(runner.program, reason: "there is no such program")
        }
        runner.operations =
          try options.operations
          ?? WorkloadRunner.calibrate(name, options: settings, program: runner.program, seconds: options.seconds)
      }
      for script in options.scripts {
        let files = try ScriptFiles(script, folder: run.folder, index: benchmarks.count)
        arms.append(kernelArms(script, workload, files))
        runners.append(runner)
        benchmarks.append(
          BenchmarkRecord(
            name: "\(workload.name) × \(script.name)", workload: runner.line,
            operations: runner.operations == 0 ? nil : runner.operations, script: script.source))
      }
    }
    makeNamesDiffer(&benchmarks)
    let plans = plan(&benchmarks, arms, seed)
    var report = BenchReport(
      job: .overhead, run: options.suite.runRecord(seed: seed, source: "kernel", looks: plans.first?.looks.count ?? 1),
      environment: environment(), arms: records(arms), benchmarks: benchmarks)
    report.run.notes = notes(arms)
    let context = ArmContext(
      folder: run.folder, interruption: run.interruption, tracerTimeout: options.suite.tracerTimeout)
    run.measure(&report, plans: plans) { index, name, _, padding in
      guard let arm = arms[index].first(where: { $0.record.name == name }) else {
        throw MeasurementError.usage("no arm is called \(name)")
      }
      let tracer = try arm.start(context)
      do {
        var sample = try runners[index].run(
          arguments: arm.workloadArguments, padding: padding, interruption: run.interruption,
          tracerCPU: { tracer?.cpuTime })
        try tracer?.stop(&sample)
        return sample
      } catch {
        tracer?.abandon()
        throw error
      }
    }
    return report
  }

  private func notes(_ arms: [[any Arm]]) -> [String] {
    var notes: [String] = []
    if arms.joined().contains(where: { $0 is BpftraceArm }) {
      notes.append(
        "bpftrace counts raw_syscalls:sys_enter by number, as the peer of counting syscalls:sys_enter_* by name: it takes "
          + "about 27 s to attach its separate programs to the latter.")
    }
    if options.workloads.contains(where: { if case .command = $0 { true } else { false } }) {
      notes.append("The wall time of a program given after -- includes its start; its standard output is thrown away.")
    }
    return notes
  }

  // MARK: Generated events

  private func syntheticReport(_ run: SuiteRun) throws -> BenchReport {
    let seed = options.suite.chosenSeed()
    let source = "synthetic:\(options.syntheticSettings),seed=\(seed % 1000)"
    var benchmarks: [BenchmarkRecord] = []
    var arms: [[any Arm]] = []
    for script in options.scripts {
      let files = try ScriptFiles(script, folder: run.folder, index: benchmarks.count)
      guard files.empty != nil else {
        throw MeasurementError.usage("\(script.name) has no empty form, with which generated events are compared")
      }
      var baseline = attachOnly(files)
      baseline.record.role = .baseline
      var again = baseline
      again.record = ArmRecord(
        name: "attach-only again", role: .again, detail: "the same, once more (A/A: must not differ)")
      let subjects = options.tiers.map { tier in
        KtapArm(
          record: ArmRecord(name: tier, role: .subject, detail: "ktap run --tier \(tier) with the script"),
          ktap: options.suite.ktap, tier: tier, script: files.script, scriptArguments: script.arguments)
      }
      arms.append(
        ([baseline, again] + subjects).map { arm in
          var arm = arm
          arm.sourceArguments = ["--source", source]
          return arm
        })
      benchmarks.append(
        BenchmarkRecord(
          name: "synthetic × \(script.name)", workload: Command("ktap", ["run", "--source", source]).line,
          script: script.source))
    }
    makeNamesDiffer(&benchmarks)
    let plans = plan(&benchmarks, arms, seed)
    var report = BenchReport(
      job: .overhead,
      run: options.suite.runRecord(seed: seed, source: "synthetic", looks: plans.first?.looks.count ?? 1),
      environment: environment(), arms: records(arms), benchmarks: benchmarks)
    report.run.notes = [
      "Nothing was traced\(Environment.isRoot ? "" : " (not root)"): the times are those of ktap itself over generated events, "
        + "compared with empty handlers; overheads are what the script adds to that."
    ]
    let context = ArmContext(
      folder: run.folder, interruption: run.interruption, tracerTimeout: options.suite.tracerTimeout)
    run.measure(&report, plans: plans) { index, name, _, padding in
      guard let arm = arms[index].first(where: { $0.record.name == name }) as? KtapArm else {
        throw MeasurementError.usage("no arm is called \(name)")
      }
      return try arm.runToEnd(context, timeout: options.suite.timeout, padding: padding)
    }
    return report
  }

  // MARK: Shared

  private func plan(_ benchmarks: inout [BenchmarkRecord], _ arms: [[any Arm]], _ seed: UInt64) -> [BlockPlan] {
    benchmarks.indices.map { index in
      for arm in arms[index] { benchmarks[index].missing[arm.record.name] = arm.record.missing }
      return BlockPlan(
        arms: arms[index].filter { $0.record.missing == nil }.map(\.record.name), seed: seed,
        blocks: options.suite.blocks,
        most: options.suite.budget == nil ? nil : options.suite.mostBlocks)
    }
  }

  /// Each arm once; "missing" only where it is missing everywhere.
  private func records(_ arms: [[any Arm]]) -> [ArmRecord] {
    var result: [ArmRecord] = []
    for record in arms.joined().map(\.record) {
      if let index = result.firstIndex(where: { $0.name == record.name }) {
        if record.missing == nil { result[index].missing = nil }
      } else {
        result.append(record)
      }
    }
    return result
  }

  /// Two scripts of one name would share a random stream and could not be told apart.
  private func makeNamesDiffer(_ benchmarks: inout [BenchmarkRecord]) {
    var seen: [String: Int] = [:]
    for index in benchmarks.indices {
      let name = benchmarks[index].name
      seen[name, default: 0] += 1
      if let count = seen[name], count > 1 { benchmarks[index].name = "\(name) (\(count))" }
    }
  }

  private func environment() -> EnvironmentRecord {
    var binaries = ["ktap": options.suite.ktap, "ktap-workload": workloadProgram]
    if options.hasPeers { binaries["bpftrace"] = Command.find("bpftrace") }
    return Environment.capture(binaries: binaries)
  }
}

/// A script's texts as files of the run.
private struct ScriptFiles {
  var script: String
  var empty: String?

  init(_ source: OverheadScript, folder: String, index: Int) throws {
    script = "\(folder)/script-\(index).kp"
    try ReportFile.write(Data(source.source.utf8), to: script)
    if let text = source.emptySource {
      let path = "\(folder)/empty-\(index).kp"
      try ReportFile.write(Data(text.utf8), to: path)
      empty = path
    }
  }
}
