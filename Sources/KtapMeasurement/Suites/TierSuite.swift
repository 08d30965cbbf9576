// `ktap bench tiers`: the classic programs in each tier, beside Lua and LuaJIT.
//
// In: a folder with NAME.kp and, for the same algorithm in Lua, NAME.lua; what a program prints without a size stands in
// NAME.out if there is such a file. Each program is a benchmark, each way to run it an arm: ktap's tiers, lua5.4, LuaJIT's interpreter
// (`-joff`) and LuaJIT. Nothing is timed before every arm has printed the same. A sample is a whole process, start-up and
// compiling included, as a user would wait for it; so the programs must run long enough (a tenth of a second or more) to be
// about what they compute.
//
// The baseline is the reference interpreter, the first tier; it runs twice (A/A). An arm's summary is the geometric mean
// of its ratios, below 1 if it is faster than the baseline.
import Foundation

public struct TierOptions: Sendable {
  public var suite: SuiteOptions
  /// The folder with the programs.
  public var folder = "corpora/classic"
  /// Without `.kp`; empty: all of them.
  public var programs: [String] = []
  /// A program's first argument, by its name; without an entry it runs at its own usual size, which is for testing and
  /// mostly too short: these take the reference interpreter some tenths of a second.
  public var sizes = Self.usualSizes
  /// As `ktap run --tier` knows them; the first is the baseline.
  public var tiers = ["interpreter"]
  /// Options of `ktap run` before the program: the classic programs loop longer than a handler may.
  public var ktapArguments = ["--max-loops", "0"]
  /// lua5.4, LuaJIT: where they are installed.
  public var hasPeers = true

  public static let usualSizes = [
    "fib": "34", "loops": "6000", "sieve": "1000000", "matrix": "300", "queens": "11", "update-integer": "15000000",
    "update-string": "10000000", "iterate": "7000", "strings": "60000",
  ]

  public init(output: String? = "reports/tiers") {
    suite = SuiteOptions(name: "ktap bench tiers", output: output)
    suite.blocks = 10
    suite.budgetMetric = .cpu
  }
}

public struct TierSuite {
  public var options: TierOptions

  public init(_ options: TierOptions) { self.options = options }

  /// An arm; `command` makes the command of a program (its path without suffix), nil if the arm cannot run it.
  private struct Runner {
    var record: ArmRecord
    var command: (String) -> Command?
  }

  public func run() -> BenchExitCode {
    do {
      try options.suite.check()
      guard Command.find(options.suite.ktap) != nil else {
        throw MeasurementError.cannotStart(options.suite.ktap, reason: "there is no such program")
      }
      guard Set(options.tiers).count == options.tiers.count, !options.tiers.isEmpty else {
        throw MeasurementError.usage("at least one tier is needed, and each only once")
      }
      let run = try SuiteRun(options.suite)
      defer { run.clean() }
      return try run.finish(report(run))
    } catch is Interrupted {
      return .inconclusive
    } catch {
      return reportFailure("tiers", error)
    }
  }

  private func size(of path: String) -> [String] {
    options.sizes[URL(fileURLWithPath: path).lastPathComponent].map { [$0] } ?? []
  }

  /// Paths without suffix, sorted.
  private func programs() throws -> [String] {
    let names = try options.programs.isEmpty ? available() : options.programs
    return try names.map { name in
      let path = options.folder + "/" + name
      guard FileManager.default.fileExists(atPath: path + ".kp") else {
        throw MeasurementError.file(path + ".kp", reason: "there is no such program")
      }
      return path
    }
  }

  private func available() throws -> [String] {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: options.folder) else {
      throw MeasurementError.file(options.folder, reason: "cannot be read")
    }
    let names = files.filter { $0.hasSuffix(".kp") }.map { String($0.dropLast(3)) }.sorted()
    guard !names.isEmpty else { throw MeasurementError.file(options.folder, reason: "has no programs (*.kp)") }
    return names
  }

  private func runners() -> [Runner] {
    let ktap = options.suite.ktap
    func tier(_ name: String, _ arm: String, _ role: ArmRole, _ detail: String) -> Runner {
      Runner(record: ArmRecord(name: arm, role: role, detail: detail)) {
        Command(ktap, ["run", "-q", "--tier", name] + options.ktapArguments + [$0 + ".kp"] + size(of: $0))
      }
    }
    let first = options.tiers[0]
    var result = [
      tier(first, first, .baseline, "ktap run --tier \(first)"),
      tier(first, first + " again", .again, "the same, once more (A/A: must not differ)"),
    ]
    result += options.tiers.dropFirst().map { tier($0, $0, .subject, "ktap run --tier \($0)") }
    guard options.hasPeers else { return result }
    for (name, program, arguments) in [
      ("lua5.4", "lua5.4", []), ("luajit -joff", "luajit", ["-joff"]), ("luajit", "luajit", []),
    ] {
      var record = ArmRecord(name: name, role: .peer, detail: Command(program, arguments + ["NAME.lua"]).line)
      if Command.find(program) == nil { record.missing = "not installed" }
      result.append(
        Runner(record: record) { path in
          FileManager.default.fileExists(atPath: path + ".lua")
            ? Command(program, arguments + [path + ".lua"] + size(of: path)) : nil
        })
    }
    return result
  }

  private func report(_ run: SuiteRun) throws -> BenchReport {
    let seed = options.suite.chosenSeed()
    let runners = runners()
    let paths = try programs()
    var benchmarks: [BenchmarkRecord] = []
    var plans: [BlockPlan] = []
    for path in paths {
      let name = URL(fileURLWithPath: path).lastPathComponent
      var benchmark = BenchmarkRecord(name: name, workload: ([path] + size(of: path)).joined(separator: " "))
      for runner in runners {
        benchmark.missing[runner.record.name] =
          runner.record.missing ?? (runner.command(path) == nil ? "there is no \(name).lua" : nil)
      }
      let present = runners.filter { benchmark.missing[$0.record.name] == nil }
      try checkOutputs(path, present, run)
      plans.append(
        BlockPlan(
          arms: present.map(\.record.name), seed: seed, blocks: options.suite.blocks,
          most: options.suite.budget == nil ? nil : options.suite.mostBlocks))
      benchmarks.append(benchmark)
    }
    var binaries = ["ktap": options.suite.ktap]
    for program in ["lua5.4", "luajit"] where options.hasPeers { binaries[program] = Command.find(program) }
    var report = BenchReport(
      job: .tiers, run: options.suite.runRecord(seed: seed, source: "program", looks: plans.first?.looks.count ?? 1),
      environment: Environment.capture(binaries: binaries), arms: runners.map(\.record), benchmarks: benchmarks)
    report.run.notes = ["Times are those of whole processes, start-up and compiling included."]
    run.measure(&report, plans: plans) { index, name, _, padding in
      guard let command = runners.first(where: { $0.record.name == name })?.command(paths[index]) else {
        throw MeasurementError.usage("no arm is called \(name)")
      }
      let stealBefore = Environment.steal() ?? 0
      let result = try execute(command, padding: padding, output: .null, run)
      return SampleRecord(
        wall: result.wallNanoseconds, user: result.userNanoseconds, system: result.systemNanoseconds,
        steal: (Environment.steal() ?? 0) - stealBefore)
    }
    return report
  }

  /// Every arm must print what `NAME.out` holds, or without it (or with a size) what the first arm prints.
  private func checkOutputs(_ path: String, _ runners: [Runner], _ run: SuiteRun) throws {
    let stored = size(of: path).isEmpty ? FileManager.default.contents(atPath: path + ".out") : nil
    var expected = stored.map { String(decoding: $0, as: UTF8.self) }
    var source = path + ".out"
    for runner in runners where runner.record.role != .again {
      guard let command = runner.command(path) else { continue }
      let output = try execute(command, padding: 0, output: .captured, run).output
      if let expected, expected != output {
        let (wanted, found) = Self.firstDifference(expected, output)
        throw MeasurementError.outputsDiffer(
          "\(path): the output of \(runner.record.name) is not that of \(source): '\(found)' instead of '\(wanted)'")
      }
      if expected == nil { (expected, source) = (output, runner.record.name) }
    }
  }

  private static func firstDifference(_ a: String, _ b: String) -> (String, String) {
    let first = a.split(separator: "\n", omittingEmptySubsequences: false)
    let second = b.split(separator: "\n", omittingEmptySubsequences: false)
    for index in 0..<max(first.count, second.count) {
      let left = index < first.count ? String(first[index].prefix(80)) : "(end)"
      let right = index < second.count ? String(second[index].prefix(80)) : "(end)"
      if left != right { return (left, right) }
    }
    return ("", "")
  }

  private func execute(
    _ command: Command, padding: Int, output: ChildProcess.Stream, _ run: SuiteRun
  ) throws -> ProcessResult {
    var command = command
    command.environment = Workload.paddingVariable(padding)
    let process = try ChildProcess(command, output: output)
    switch process.wait(seconds: options.suite.timeout, interruption: run.interruption) {
    case .interrupted: throw Interrupted()
    case .timeout:
      throw MeasurementError.programFailed(command.line, reason: "did not end within \(Int(options.suite.timeout)) s")
    case .ended(let result):
      guard result.end.isSuccess else {
        throw MeasurementError.programFailed(command.line, reason: "\(result.end): \(complaint(result.errors))")
      }
      return result
    }
  }
}
