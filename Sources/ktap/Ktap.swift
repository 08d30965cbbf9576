// The command line: what a user types, one file a subcommand. The work is done by the libraries.

import ArgumentParser
import Glibc

@main
struct Ktap: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ktap",
    abstract: "Scripts that trace a running Linux system, and what that costs.",
    discussion: """
      ktap -e 'trace syscalls:sys_enter_openat { printf("%s %s\\n", execname, probename) }'
      ktap -e 'var s = {} trace syscalls:sys_enter_* { s[probename] += 1 } trace_end { print_hist(s) }'
      ktap script.kp arg1 arg2 -- sleep 1        trace a command from its first instruction
      ktap list 'sched:*'                        what can be traced
      ktap doctor                                what this machine permits
      ktap bench overhead                        what tracing costs here, with intervals

      Exit codes: 0 ended normally, 64 wrong usage, 65 the script has errors, 66 a file cannot be read,
      69 the kernel lacks something, 70 a run-time error in the script, 77 a privilege is missing.
      """,
    version: Version.text,
    subcommands: [
      Run.self, Compile.self, Disassemble.self, List.self, Builtins.self, Doctor.self, Benchmark.self,
    ],
    defaultSubcommand: Run.self)

  static func main() {
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch {
      // ArgumentParser's own code for wrong usage is EX_USAGE, as the language's reference page says.
      exit(withError: error)
    }
    do {
      try command.run()
    } catch let error as Failure {
      error.report()
      Glibc.exit(error.code.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
