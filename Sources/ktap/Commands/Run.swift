import ArgumentParser
import Glibc
import KtapBytecode
import KtapEvents
import KtapRuntime
import KtapTiers
import KtapTracer

/// `ktap run`, the default: runs a script.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a script (the default: `ktap script.kp`).",
    usage:
      "ktap [options] <script> [<script arguments> ...] [-- <command> ...]\n       ktap [options] -e <text> [-- <command> ...]",
    discussion: """
      ktap -e 'trace sched:sched_process_exec { print(execname, argstr) }'
      ktap -e 'var n = 0 trace syscalls:sys_enter_* { n += 1 } tick-1s { print(n) n = 0 }'
      ktap -T -o trace.txt script.kp -- make -j2
      ktap -p 1234 -e 'trace syscalls:sys_exit_* /ret < 0/ { print(probename, arg1) }'
      ktap --source synthetic -e 'var s = {} trace *:* { s[probename] += 1 } trace_end { print_hist(s) }'
      """)

  @Option(
    name: [.customShort("e"), .customLong("execute")],
    help: ArgumentHelp("The script itself, in place of a file.", valueName: "text"))
  var text: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Write what the script prints to a file.", valueName: "file"))
  var output: String?

  @Option(
    name: [.customShort("p"), .customLong("pid")],
    help: ArgumentHelp("Trace only this process, its threads and what it starts; may be repeated.", valueName: "pid"))
  var processes: [Int32] = []

  @Option(
    name: [.customShort("C"), .customLong("cpu")],
    help: ArgumentHelp("Trace only on these CPUs, for example 0,2-3.", valueName: "list"))
  var cpus: String?

  @Flag(
    name: [.customShort("T"), .customLong("time")], help: "Begin each line that a handler prints with the event's time."
  )
  var showsTime = false

  @Flag(name: .shortAndLong, help: "Say what is attached and how.")
  var verbose = false

  @Flag(
    name: .shortAndLong, help: "Do not say that tracing has begun; no summary at the end unless something was lost.")
  var quiet = false

  @Flag(name: [.customShort("d"), .customLong("dry-run")], help: "Record and read the events, but run no handler.")
  var dryRun = false

  @Flag(name: [.customShort("b"), .customLong("bytecode")], help: "Show the bytecode and stop.")
  var showsBytecode = false

  @Option(
    help: ArgumentHelp(
      "Where events come from: tracefs, or synthetic[:DESCRIPTION] for generated ones (see `ktap help run`).",
      valueName: "source"))
  var source = "tracefs"

  @Option(help: ArgumentHelp("Which tier runs the script; this version has the interpreter.", valueName: "tier"))
  var tier: TierName = .auto

  @Option(help: ArgumentHelp("Loop iterations of one invocation; 0 lifts the limit.", valueName: "n"))
  var maxLoops: Int64 = ExecutionLimits.loops

  @Option(help: ArgumentHelp("Elements of one table; what does not fit is dropped and counted.", valueName: "n"))
  var maxEntries: Int = 1 << 20

  @Option(help: ArgumentHelp("Errors in handlers to live with before tracing stops.", valueName: "n"))
  var maxErrors: Int = 0

  @Option(help: ArgumentHelp("Ring buffer per CPU in KiB.", valueName: "kib"))
  var buffer: Int = 4096

  @Flag(help: "Keep the events that ktap itself causes.")
  var traceSelf = false

  @Option(
    help: ArgumentHelp("Write what became of every event to this file as JSON.", valueName: "file"))
  var ledgerJSON: String?

  @Option(help: ArgumentHelp("Write one byte to this descriptor when tracing has begun.", visibility: .hidden))
  var readyFD: Int32 = -1

  @Argument(
    parsing: .captureForPassthrough,
    help: "The script, its arguments (`arg[1]`, …), and after `--` a command to trace.")
  var words: [String] = []

  enum TierName: String, ExpressibleByArgument, CaseIterable { case auto, interpreter }

  func validate() throws {
    if maxLoops < 0 { throw ValidationError("--max-loops takes 0 or more") }
    if maxEntries < 1 { throw ValidationError("--max-entries takes 1 or more") }
    if maxErrors < 0 { throw ValidationError("--max-errors takes 0 or more") }
    if !(16...4_194_304).contains(buffer) { throw ValidationError("--buffer takes 16 to 4194304 KiB") }
    if let option = invocation.strayOption {
      if option == "--help" || option == "-h" { throw CleanExit.helpRequest(Self.self) }
      throw ValidationError("unknown option '\(option)'; options stand before the script, its arguments behind it")
    }
    if text == nil && invocation.script == nil {
      throw ValidationError("name a script, or give its text with -e (`ktap --help` has examples)")
    }
  }

  /// The words behind the options, taken apart.
  private var invocation: Invocation { Invocation(words, hasText: text != nil) }

  func run() throws {
    let invocation = invocation
    let scriptSource: ScriptLoading.Source = text.map { .text($0) } ?? .file(invocation.script!)
    let (program, file) = try ScriptLoading.load(scriptSource)
    if showsBytecode {
      standardOutput(program.listing(source: file))
      return
    }
    var options = SessionOptions()
    options.script.loopLimit = maxLoops
    options.script.entryLimit = maxEntries
    options.arguments = [program.name] + invocation.arguments
    options.processes = processes
    options.cpus = try cpus.map(CPUList.parse)
    options.command = invocation.command
    options.isQuiet = quiet
    options.isVerbose = verbose
    options.showsTime = showsTime
    options.isDryRun = dryRun
    options.tracesSelf = traceSelf
    options.errorLimit = maxErrors
    options.bufferKilobytes = buffer
    options.readyDescriptor = readyFD
    if let output { options.output = .descriptor(try openOutput(output)) }
    try finish(program, options)
  }

  private func openOutput(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(.cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    return descriptor
  }

  /// Runs the session and turns its outcome into messages and an exit code.
  private func finish(_ program: Program, _ options: SessionOptions) throws {
    let outcome: SessionOutcome
    do {
      let eventSource = try SourceSelection.make(source)
      outcome = try Session(program, source: eventSource, options: options).run()
    } catch let error as SourceError {
      throw Failure(error)
    } catch let error as LoadError {
      throw Failure(.invalidScript, "\(program.name): \(error)")
    } catch let error as DefinitionError {
      standardError("\(error)\n")
      throw Failure(.invalidScript)
    }
    if let ledgerJSON { try ScriptLoading.write(Array(outcome.ledger.json.description.utf8), to: ledgerJSON) }
    if outcome.tracedEvents { report(outcome) }
    for table in outcome.ledger.tables where !outcome.tracedEvents { standardError(table.description + "\n") }
    try reportOutput(options.output)
    switch outcome.ending {
    case .normal: break
    case .scriptError: throw Failure(.scriptError)
    case .interrupted: Glibc.exit(130)
    }
  }

  /// Losses are always told; a run without any only when it was asked for.
  private func report(_ outcome: SessionOutcome) {
    let ledger = outcome.ledger
    if outcome.lateTicks > 0 {
      standardError("\(outcome.lateTicks) ticks were skipped, because something took longer than their interval\n")
    }
    if !ledger.isComplete || !ledger.balances || verbose {
      standardError(ledger.text)
    } else if !quiet {
      standardError(ledger.summary + "\n")
    }
  }

  /// A reader that went away ends a run quietly; a full disk does not.
  private func reportOutput(_ sink: OutputSink) throws {
    if sink.error != 0 && !sink.isClosedByReader {
      throw Failure(
        .cannotCreate,
        "cannot write the script's output: \(String(cString: strerror(sink.error))); \(sink.lostBytes) bytes were lost")
    }
  }
}

/// `SCRIPT ARGUMENTS… -- COMMAND…`.
private struct Invocation {
  var script: String?
  var arguments: [String] = []
  var command: [String]?
  /// What looks like an option where a script was expected.
  var strayOption: String?

  init(_ words: [String], hasText: Bool) {
    var before = words
    if let split = words.firstIndex(of: "--") {
      before = Array(words[..<split])
      let rest = Array(words[(split + 1)...])
      command = rest.isEmpty ? nil : rest
    }
    if let first = before.first, first.hasPrefix("-"), first != "-" { strayOption = first }
    if !hasText {
      script = before.first
      before = Array(before.dropFirst())
    }
    arguments = before
  }
}
