import ArgumentParser
import KtapEvents
import KtapRuntime

/// `ktap list`: what can be traced.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the events that can be traced, with -v their fields.",
    discussion: """
      ktap list
      ktap list 'sched:*'
      ktap list -v sched:sched_switch
      ktap list --source synthetic
      """)

  @Flag(name: .shortAndLong, help: "Show each event's fields as a script sees them.")
  var verbose = false

  @Option(help: ArgumentHelp("Where events come from: tracefs or synthetic.", valueName: "source"))
  var source = "tracefs"

  @Argument(help: "Only events that match, for example 'syscalls:*open*'; without a colon, any system.")
  var pattern: String?

  func run() throws {
    do {
      let eventSource = try SourceSelection.make(source)
      let catalogue = EventCatalogue(names: try eventSource.eventNames())
      let parts = pattern.map {
        $0.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      }
      let system = parts.map { $0.count > 1 ? $0[0] : "*" } ?? "*"
      let event = parts.map { $0.last! } ?? "*"
      let names = catalogue.matches(system: system, event: event)
      guard !names.isEmpty else {
        let nearest = catalogue.nearest(system: system, event: event).map { "'\($0)'" }.joined(separator: ", ")
        throw Failure(
          .invalidScript, "no event matches '\(pattern ?? "*")'" + (nearest.isEmpty ? "" : "; did you mean \(nearest)?")
        )
      }
      var text = ""
      for name in names {
        text += "\(name)\n"
        if verbose { text += Self.fields(of: try eventSource.format(of: name)) }
      }
      standardOutput(text)
    } catch let error as SourceError {
      throw Failure(error)
    }
  }

  private static func fields(of format: EventFormat) -> String {
    var text = ""
    for (index, field) in format.fields.enumerated() {
      let number = "arg\(index)"
      text += "  \(number)\(String(repeating: " ", count: max(1, 7 - number.count)))\(field.name)"
      text += String(repeating: " ", count: max(1, 24 - field.name.count))
      text += "\(Self.meaning(field))  \(field.type)\n"
    }
    return text
  }

  private static func meaning(_ field: FieldLayout) -> String {
    switch field.kind {
    case .integer: "number (\(field.size * 8) bits\(field.isSigned ? "" : ", unsigned"))"
    case .text, .dynamicText, .relativeText: "string"
    case .array, .dynamicArray, .relativeArray: "table"
    case .opaque: "bytes"
    }
  }
}
