// What a case file cannot say: how the program is called, and its exit codes when no script runs.

import Foundation
import Glibc
import Testing

@Suite(
  "Command line", .enabled(if: ProgramUnderTest.path != nil, "no ktap is built: set KTAP_BINARY or build it first"))
struct ConformanceCommandTests {
  private func run(_ arguments: String...) throws -> (output: String, error: String, code: Int32) {
    let run = try ProgramUnderTest.run(arguments, in: ConformanceCase.root)
    #expect(!run.isTimedOut)
    return (
      String(decoding: run.output, as: UTF8.self), String(decoding: run.standardError, as: UTF8.self), run.exitCode
    )
  }

  @Test("run is the default command")
  func defaultCommand() throws {
    let result = try run("-e", "print(1 + 2)")
    #expect(result.output == "3\n" && result.error.isEmpty && result.code == 0)
    #expect(try run("run", "-e", "print(1 + 2)").output == "3\n")
  }

  @Test("Arguments behind -e and a script belong to the script")
  func scriptArguments() throws {
    #expect(try run("-e", "print(arg[0], arg[1], arg[2])", "7", "x").output == "(command line)\t7\tx\n")
  }

  @Test("Messages about a text name the command line")
  func commandLineName() throws {
    let result = try run("-e", "print(1.5)")
    #expect(result.error.hasPrefix("(command line):1:7: error: malformed number near '1.5'\n"))
    #expect(result.code == 65)
  }

  @Test("A file that cannot be read is 66")
  func unreadable() throws {
    let result = try run("no-such-file.kp")
    #expect(result.error.contains("no-such-file.kp") && result.code == 66)
    #expect(try run("/").code == 66)
  }

  @Test(
    "Wrong usage is 64",
    arguments: [[], ["--no-such-option", "-e", "print(1)"], ["--max-loops", "-1", "-e", ""], ["-C", "x", "-e", ""]])
  func usage(_ arguments: [String]) throws {
    let run = try ProgramUnderTest.run(arguments, in: ConformanceCase.root)
    #expect(run.exitCode == 64 && run.output.isEmpty && !run.standardError.isEmpty)
  }

  @Test("--help and --version are no errors")
  func help() throws {
    #expect(try run("--help").code == 0)
    #expect(try run("help", "run").code == 0)
    #expect(try run("list", "--help").code == 0)
    #expect(try run("run", "--help").code == 0)
    #expect(try run("--version").output.hasPrefix("ktap "))
  }

  @Test("Ctrl-C and SIGTERM end tracing normally: trace_end runs", arguments: [SIGINT, SIGTERM])
  func signals(_ signal: Int32) throws {
    let script = "tick-10ms { print(\"tick\") } trace_end { print(\"end\") }"
    let run = try ProgramUnderTest.run(
      ["-q", "--source", "synthetic", "-e", script], in: ConformanceCase.root, signal: signal)
    let output = String(decoding: run.output, as: UTF8.self)
    #expect(!run.isTimedOut && run.exitCode == 0)
    #expect(output.hasPrefix("tick\n") && output.hasSuffix("tick\nend\n"))
  }

  @Test("A damaged bytecode file is refused, never run")
  func damagedFile() throws {
    let file = NSTemporaryDirectory() + "ktap-damaged-" + UUID().uuidString + ".kpc"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let script = ConformanceCase.root + "/functions/recursion.kp"
    #expect(try run("compile", script, "-o", file).code == 0)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(try run(file).output == "6765\n")
    bytes[bytes.count / 2] ^= 0x10
    try bytes.write(to: URL(fileURLWithPath: file))
    let result = try run(file)
    #expect(result.code == 65 && result.output.isEmpty && !result.error.isEmpty)
  }
}

/// The scripts that the documentation shows.
@Suite("Scripts", .enabled(if: ProgramUnderTest.path != nil, "no ktap is built: set KTAP_BINARY or build it first"))
struct CorpusScriptTests {
  static let folder = ConformanceCase.packageRoot + "/corpora/scripts"
  static let scripts = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  static let mayTrace = geteuid() == 0 && access("/sys/kernel/tracing/instances", W_OK) == 0

  @Test("compiles", arguments: scripts)
  func compiles(_ script: String) throws {
    let run = try ProgramUnderTest.run(["disasm", script], in: Self.folder)
    #expect(run.exitCode == 0 && run.standardError.isEmpty, "\(String(decoding: run.standardError, as: UTF8.self))")
  }

  @Test("says what it does and why", arguments: scripts)
  func header(_ script: String) throws {
    let text = try String(contentsOfFile: Self.folder + "/" + script, encoding: .utf8)
    #expect(text.hasPrefix("# ") && text.contains("\n# Why: ") && text.contains("\n#   ktap corpora/scripts/\(script)"))
  }

  @Test("traces a command", .enabled(if: mayTrace, "needs root and tracefs"), arguments: scripts)
  func traces(_ script: String) throws {
    #if !arch(x86_64)
      // The event exists on x86 only.
      if script == "page_faults.kp" { return }
    #endif
    let run = try ProgramUnderTest.run(["-q", script, "--", "true"], in: Self.folder, seconds: 30)
    #expect(!run.isTimedOut && run.exitCode == 0, "\(String(decoding: run.standardError, as: UTF8.self))")
  }
}
