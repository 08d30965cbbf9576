import ArgumentParser
import KtapRuntime

/// `ktap builtins`: what a script can call.
struct Builtins: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the builtin functions, with an example each.",
    discussion: "ktap builtins\nktap builtins printf")

  @Argument(help: "Only builtins whose name contains this.")
  var word: String?

  func run() throws {
    var text = ""
    for builtin in builtinTable where !builtin.isInternal && builtin.isSupported {
      if let word, !builtin.name.contains(word) { continue }
      text += "\(builtin.name)(\(builtin.parameters))\n    \(builtin.summary)\n    \(builtin.example)\n"
    }
    if text.isEmpty { throw Failure(.usage, "no builtin's name contains '\(word ?? "")'") }
    standardOutput(text)
  }
}
