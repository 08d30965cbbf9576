import ArgumentParser
import KtapBytecode

/// `ktap compile`: a bytecode file that runs on any machine.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile a script to a bytecode file that runs on any supported machine.",
    discussion: """
      ktap compile script.kp -o script.kpc
      ktap script.kpc
      """)

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the bytecode.", valueName: "file"))
  var output: String

  @Argument(help: "The script.")
  var script: String

  func run() throws {
    let (program, _) = try ScriptLoading.load(.file(script))
    try ScriptLoading.write(program.encode(), to: output)
  }
}
