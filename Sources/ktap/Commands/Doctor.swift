import ArgumentParser
import KtapTracer

/// `ktap doctor`: what this machine permits.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine permits, and what would open what it does not.",
    discussion: "One line a gate: [ok], [no] with the remedy, or [--] where nothing depends on it yet.")

  func run() throws {
    var text = ""
    for check in Capabilities.probe() {
      let mark = check.isAvailable ? "[ok]" : check.isNeeded ? "[no]" : "[--]"
      text += "\(mark) \(check.name): \(check.finding)\n"
      if !check.isAvailable, let remedy = check.remedy { text += "       \(remedy)\n" }
    }
    standardOutput(text)
  }
}
