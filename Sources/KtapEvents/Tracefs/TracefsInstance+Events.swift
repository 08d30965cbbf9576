// Filters and enabling.
//
// Enabling goes through one descriptor of `set_event`, a name a write: the kernel takes one word a call anyway. Events
// of a system of which all are wanted go through its own `enable` file.

import Glibc

extension TracefsInstance {
  func enable(_ events: [SelectedEvent], source: TracefsSource) throws(SourceError) {
    for event in events {
      guard let filter = event.kernelFilter, !filter.isEmpty else { continue }
      try setFilter(filter, of: event.format.name)
    }
    let available = Dictionary(grouping: try source.eventNames(), by: \.system).mapValues(\.count)
    let wanted = Dictionary(grouping: Set(events.map(\.format.name)), by: \.system)
    var single: [EventName] = []
    for (system, names) in wanted.sorted(by: { $0.key < $1.key }) {
      if names.count > 1, names.count == available[system] {
        try write("1", to: "events/\(system)/enable")
      } else {
        single += names.sorted()
      }
    }
    try enable(single)
  }

  private func enable(_ names: [EventName]) throws(SourceError) {
    guard !names.isEmpty else { return }
    let file = "\(path)/set_event"
    let descriptor = Glibc.open(file, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw TracefsLocation.refusal(of: file, KernelFile.Failure(code: errno)) }
    defer { Glibc.close(descriptor) }
    for name in names {
      do {
        try KernelFile.write("\(name)\n", to: descriptor)
      } catch {
        if error.code == EINVAL { throw SourceError(.noSuchEvent, "the kernel does not have the event \(name)") }
        throw SourceError(.unreadable, "\(name) cannot be enabled: \(error.reason)")
      }
    }
  }

  private func setFilter(_ filter: String, of name: EventName) throws(SourceError) {
    let file = "\(path)/events/\(name.system)/\(name.event)/filter"
    do {
      try KernelFile.write(filter, to: file)
    } catch {
      guard error.code == EINVAL else { throw TracefsLocation.refusal(of: file, error) }
      let reason = KernelFile.text("\(path)/error_log").flatMap { Self.lastError(in: $0) }
      throw SourceError(
        .invalidFilter, "filter of \(name) refused by the kernel: \(filter)" + (reason.map { ": \($0)" } ?? ""))
    }
  }

  /// The last entry of `error_log` without its caret, as `Field not found (near 'foo == 1')`.
  ///
  ///     [  123.456] event filter parse error: error: Field not found
  ///       Command: foo == 1
  ///                ^
  static func lastError(in log: String) -> String? {
    let lines = log.split(separator: "\n")
    guard let last = lines.lastIndex(where: { $0.hasPrefix("[") }) else { return nil }
    var message = lines[last]
    if let found = message.utf8.lastIndex(of: UInt8(ascii: ":")) { message = message[message.index(after: found)...] }
    while message.first == " " { message = message.dropFirst() }
    var near = ""
    if last + 2 < lines.count, lines[last + 1].contains("Command: ") {
      let command = lines[last + 1]
      let caret = lines[last + 2].prefix { $0 != "^" }.count
      if caret < command.count { near = " at '\(command.dropFirst(caret).prefix(40))'" }
    }
    return message + near
  }
}
