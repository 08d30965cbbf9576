// What a name in a filter stands for.
//
// In: the name and the event's format. Out: an own field, a common field or a word of the context, in this order, which
// is the kernel's: `/pid == 1/` on sched_wakeup asks about the woken thread, and on an event without such a field about
// the process that caused it. `comm`, `COMM` and `CPU` are what the kernel calls `execname` and `cpu`.

import KtapLanguage
import KtapRuntime

/// What a filter can ask about besides fields.
enum FilterContextWord: Sendable {
  case process, thread, user, cpu, name
}

enum FilterName {
  case field(FieldLayout)
  case context(FilterContextWord)

  init(_ name: String, in format: EventFormat) throws(SourceError) {
    if let field = format.field(named: name) {
      self = .field(field)
      return
    }
    switch name {
    case "pid": self = .context(.process)
    case "tid": self = .context(.thread)
    case "uid": self = .context(.user)
    case "cpu", "CPU": self = .context(.cpu)
    case "execname", "comm", "COMM": self = .context(.name)
    default:
      let known =
        format.fields.map(\.name) + ["pid", "tid", "uid", "cpu", "execname"] + format.commonFields.map(\.name)
      throw SourceError(
        .invalidFilter, "\(format.name) has no field '\(name)'",
        remedy: nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
          ?? "it has \(known.joined(separator: ", "))")
    }
  }
}
