import ArgumentParser
import KtapBytecode

/// `ktap disasm`: the instructions of a script.
struct Disassemble: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disasm",
    abstract: "Show the bytecode of a script or of a bytecode file.",
    discussion: """
      ktap disasm script.kp
      ktap disasm script.kpc
      ktap disasm -e 'print(1 + 2)'
      """)

  @Option(
    name: [.customShort("e"), .customLong("execute")], help: ArgumentHelp("The script itself.", valueName: "text"))
  var text: String?

  @Argument(help: "The script or bytecode file.")
  var script: String?

  func run() throws {
    let source: ScriptLoading.Source
    switch (text, script) {
    case (let text?, nil): source = .text(text)
    case (nil, let script?): source = .file(script)
    default: throw ValidationError("name a script, or give its text with -e")
    }
    let (program, file) = try ScriptLoading.load(source)
    standardOutput(program.listing(source: file))
  }
}
