// From event definitions to probes: which events a script wants, with what filter, and which handlers they call.

import KtapBytecode
import KtapEvents
import KtapLanguage
import KtapRuntime

/// An event definition that cannot be attached, at its line.
public struct DefinitionError: Error, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int32
  public var message: String

  public var description: String { "\(file):\(line): error: \(message)" }
}

/// A tick that was attached.
struct TickTimer {
  var period: Int64
  var handler: Value
  var next: Int64 = 0
}

/// What is to be recorded, and what it calls.
struct TracePlan {
  struct Handler {
    var closure: Value
    /// For the VM to evaluate; nil if the kernel does or if there is none.
    var filter: Filter?
  }

  struct Probe {
    var format: EventFormat
    var handlers: [Handler] = []
    var kernelFilter: String?
  }

  /// In the order in which scripts name them.
  var probes: [Probe] = []
  var ticks: [TickTimer] = []
  /// What `-v` tells.
  var notes: [String] = []
}

extension Session {
  /// Looks up everything that the main chunk attached.
  func makePlan() throws -> TracePlan {
    var plan = TracePlan()
    var indexes: [EventName: Int] = [:]
    var wanted: [(name: EventName, filter: Filter?, handler: Value, line: Int32)] = []
    var catalogue: EventCatalogue?
    for attachment in attachments {
      let line = attachment.declaration.line
      switch attachment.declaration.kind {
      case .traceEnd:
        break
      case .tick, .profile:
        let timer = try parsedTimer(attachment.declaration)
        plan.ticks.append(TickTimer(period: timer.periodNanoseconds, handler: attachment.handler))
      case .trace:
        let definition = try parsedDefinition(attachment.declaration)
        if catalogue == nil { catalogue = EventCatalogue(names: try source.eventNames()) }
        for pattern in definition.patterns {
          guard case .tracepoint(let system, let event) = pattern else {
            throw DefinitionError(
              file: program.name, line: line, message: "'\(definition.text)' is not supported yet: only tracepoints are"
            )
          }
          let matches = try matching(system: system, event: event, in: catalogue!, line: line)
          for name in matches {
            wanted.append((name, definition.filter, attachment.handler, line))
          }
        }
      }
    }
    for (name, filter, handler, line) in wanted {
      let index: Int
      if let known = indexes[name] {
        index = known
      } else {
        index = plan.probes.count
        indexes[name] = index
        plan.probes.append(TracePlan.Probe(format: try source.format(of: name)))
      }
      if let filter {
        do {
          _ = try FilterEvaluator(filter, for: plan.probes[index].format)
        } catch {
          throw DefinitionError(file: program.name, line: line, message: "\(name): \(error.description)")
        }
      }
      plan.probes[index].handlers.append(TracePlan.Handler(closure: handler, filter: filter))
    }
    try pushDownFilters(&plan)
    return plan
  }

  /// A filter goes to the kernel if all handlers of its event have the same, as far as the kernel means the same by it.
  private func pushDownFilters(_ plan: inout TracePlan) throws(SourceError) {
    guard source.filtersInKernel else { return }
    for index in plan.probes.indices {
      let probe = plan.probes[index]
      guard let filter = probe.handlers[0].filter, probe.handlers.allSatisfy({ $0.filter == filter }) else { continue }
      let kernel = try KernelFilter(filter, for: probe.format)
      plan.probes[index].kernelFilter = kernel.text
      for handler in probe.handlers.indices { plan.probes[index].handlers[handler].filter = kernel.remainder }
      if let text = kernel.text { plan.notes.append("\(probe.format.name): filter in the kernel: \(text)") }
      if let reason = kernel.reason { plan.notes.append("\(probe.format.name): filter in user space: \(reason)") }
    }
  }

  private func matching(
    system: String, event: String, in catalogue: EventCatalogue, line: Int32
  ) throws(DefinitionError) -> [EventName] {
    let matches = catalogue.matches(system: system, event: event)
    guard matches.isEmpty else { return matches }
    var message = "no event matches '\(system):\(event)'"
    if let nearest = catalogue.nearest(system: system, event: event, limit: 1).first {
      message += "; did you mean '\(nearest)'?"
    }
    throw DefinitionError(file: program.name, line: line, message: message + " ('ktap list' shows all)")
  }

  private func parsedDefinition(_ declaration: EventDeclaration) throws -> EventDefinition {
    do {
      return try EventDefinition.parse(text: declaration.text)
    } catch {
      throw DefinitionError(file: program.name, line: declaration.line, message: error.summary)
    }
  }

  private func parsedTimer(_ declaration: EventDeclaration) throws -> TimerDefinition {
    do {
      return try TimerDefinition.parse(text: declaration.text, kind: declaration.kind == .tick ? .tick : .profile)
    } catch {
      throw DefinitionError(file: program.name, line: declaration.line, message: error.summary)
    }
  }
}
