import ArgumentParser
import Glibc
import KtapBytecode
import KtapMeasurement

/// `ktap bench`: what tracing costs.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure what tracing costs, compare tiers, recompute a report.",
    subcommands: [Overhead.self, Tiers.self, Explain.self])
}

/// What every suite takes.
struct SuiteArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Blocks: each runs every arm once, in shuffled order.", valueName: "n"))
  var blocks = 20

  @Option(help: ArgumentHelp("Seed of the order; without it a new one, which the report names.", valueName: "n"))
  var seed: UInt64?

  @Flag(name: .shortAndLong, help: "No progress on standard error.")
  var quiet = false

  @Flag(help: "Leave out other tools and languages.")
  var noPeers = false

  func validate() throws {
    if blocks < 1 || blocks > 2000 { throw ValidationError("--blocks takes 1 to 2000") }
  }

  func apply(to options: inout SuiteOptions) {
    options.blocks = blocks
    options.seed = seed
    options.isQuiet = quiet
  }
}

/// `ktap bench overhead`.
struct Overhead: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what running a script costs the traced workload, against no tracing.",
    discussion: """
      ktap bench overhead
      ktap bench overhead --workload syscall corpora/scripts/count_probename.kp
      ktap bench overhead my.kp -- my-program --its-arguments

      Writes FILE.json, FILE.md and FILE.html. Exit codes: 0 done, 2 over the budget, 3 a benchmark failed, 6 a privilege
      is missing, 7 inconclusive, 8 invalid environment (debug build, A/A failed).
      """)

  @Option(help: ArgumentHelp("syscall, futex, pipe or cpu; may be repeated. Default: all four.", valueName: "name"))
  var workload: [String] = []

  @Option(help: ArgumentHelp("A script to run; may be repeated, or name it as an argument.", valueName: "file"))
  var script: [String] = []

  @Option(help: ArgumentHelp("Length of one run of a workload, in seconds.", valueName: "s"))
  var seconds = 1.0

  @Option(
    help: ArgumentHelp("Overhead that is allowed, in per cent of wall time: gives a verdict.", valueName: "percent"))
  var budget: Double?

  @Flag(help: "Use generated events even if live ones could be traced.")
  var synthetic = false

  @Option(help: ArgumentHelp("Where the report goes, without its ending.", valueName: "file"))
  var output = "reports/overhead"

  @OptionGroup var suite: SuiteArguments

  @Argument(parsing: .captureForPassthrough, help: "Scripts, and after `--` a program to trace as the workload.")
  var words: [String] = []

  func validate() throws {
    if seconds <= 0 || seconds > 3600 { throw ValidationError("--seconds takes more than 0 and at most 3600") }
    if ["--help", "-h"].contains(words.first) { throw CleanExit.helpRequest(Self.self) }
    for name in workload where !Self.workloads.contains(name) {
      throw ValidationError("unknown workload '\(name)': \(Self.workloads.joined(separator: ", "))")
    }
  }

  private static let workloads = ["syscall", "futex", "pipe", "cpu"]

  func run() throws {
    var options = OverheadOptions(output: output)
    suite.apply(to: &options.suite)
    options.suite.budget = budget.map { $0 / 100 }
    options.hasPeers = !suite.noPeers
    options.seconds = seconds
    if synthetic { options.usesSyntheticSource = true }
    var scripts = words
    if let split = words.firstIndex(of: "--") {
      scripts = Array(words[..<split])
      let command = Array(words[(split + 1)...])
      guard !command.isEmpty else { throw ValidationError("name the program to trace after --") }
      options.workloads = [.command(command)]
    } else {
      options.workloads = (workload.isEmpty ? Self.workloads : workload).map { .builtIn($0) }
    }
    if let stray = scripts.first(where: { $0.hasPrefix("-") }) { throw ValidationError("unknown option '\(stray)'") }
    scripts += script
    if !scripts.isEmpty { options.scripts = try scripts.map(Self.benchmarked) }
    Glibc.exit(OverheadSuite(options).run().rawValue)
  }

  /// A script, and beside it one that only attaches to the same events.
  private static func benchmarked(_ path: String) throws -> OverheadScript {
    let (program, _) = try ScriptLoading.load(.file(path))
    let events = program.events.filter { $0.kind == .trace }.map(\.text)
    // bpftrace can be asked to count the same events only where it takes seconds and not half a minute to attach.
    let hasPeer = events == ["syscalls:sys_enter_*"]
    return OverheadScript(
      name: path.split(separator: "/").last.map(String.init) ?? path,
      source: String(decoding: try ScriptLoading.readFile(path), as: UTF8.self),
      emptySource: events.isEmpty ? nil : events.map { "trace \($0) { }\n" }.joined(),
      bpftraceProgram: hasPeer ? OverheadScript.countSystemCalls.bpftraceProgram : nil)
  }
}

/// `ktap bench tiers`.
struct Tiers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare the tiers on classic programs, beside Lua.",
    discussion: "ktap bench tiers\nktap bench tiers fib sieve --blocks 30")

  @Option(help: ArgumentHelp("Folder with NAME.kp and NAME.lua.", valueName: "folder"))
  var folder = "corpora/classic"

  @Option(help: ArgumentHelp("Where the report goes, without its ending.", valueName: "file"))
  var output = "reports/tiers"

  @OptionGroup var suite: SuiteArguments

  @Argument(help: "Names of programs; default: all in the folder.")
  var programs: [String] = []

  func run() throws {
    var options = TierOptions(output: output)
    suite.apply(to: &options.suite)
    options.hasPeers = !suite.noPeers
    options.folder = folder
    options.programs = programs
    Glibc.exit(TierSuite(options).run().rawValue)
  }
}

/// `ktap bench explain`.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Recompute every figure of a report from its raw samples, and say whether they agree.",
    discussion: "ktap bench explain reports/overhead.json")

  @Argument(help: "The report's JSON file.")
  var report: String

  func run() throws { Glibc.exit(ExplainReport.run(report).rawValue) }
}
