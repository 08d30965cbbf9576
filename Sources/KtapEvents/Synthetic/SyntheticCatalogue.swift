// The events that the generator can make: those whose format texts are built in.

import KtapRuntime

enum SyntheticCatalogue {
  /// Sorted by name.
  static let formats: [EventFormat] = BuiltInFormats.texts.map { text in
    do {
      return try EventFormat(parsing: Array(text.text.utf8), system: text.system)
    } catch {
      preconditionFailure("built-in format: \(error)")
    }
  }.sorted { $0.name < $1.name }

  static let names = EventCatalogue(names: formats.map(\.name))

  /// Of the event with that name, in `formats`.
  static func index(of name: EventName) -> Int? { formats.firstIndex { $0.name == name } }

  static func contains(_ share: SyntheticDescription.Share) -> Bool {
    !names.matches(system: share.system, event: share.event).isEmpty
  }

  /// Of each of `formats`. Weights of parts that match the same event add up, but for one with weight 0.
  static func weights(of mix: [SyntheticDescription.Share]) -> [UInt64] {
    var weights = [UInt64](repeating: 0, count: formats.count)
    for share in mix {
      for name in names.matches(system: share.system, event: share.event) {
        guard let index = index(of: name) else { continue }
        weights[index] = share.weight == 0 ? 0 : weights[index] + UInt64(share.weight)
      }
    }
    return weights
  }

  /// Names to suggest for a pattern that matches none.
  static func nearest(to pattern: String) -> [String] {
    let parts = pattern.split(separator: ":", maxSplits: 1).map(String.init)
    let near = names.nearest(system: parts.first ?? "", event: parts.last ?? "")
    return (near.isEmpty ? Array(names.names.prefix(3)) : near).map(\.description)
  }

  /// The event that follows this one on a task: `sys_exit_X` for `sys_enter_X`, `X_exit` for `X_entry` of interrupts is
  /// not one, because an interrupt has no task of its own.
  static func partner(of name: EventName) -> EventName? {
    guard name.event.hasPrefix("sys_enter"), name.system == "syscalls" || name.system == "raw_syscalls" else {
      return nil
    }
    return EventName(system: name.system, event: "sys_exit" + name.event.dropFirst("sys_enter".count))
  }

  /// Of x86-64, by the name in `sys_enter_NAME`.
  static let callNumbers: [String: UInt64] = [
    "read": 0, "write": 1, "close": 3, "newfstat": 5, "mmap": 9, "getppid": 110, "futex": 202,
    "clock_nanosleep": 230, "epoll_wait": 232, "openat": 257,
  ]
  /// How many there are, for events that do not say which in their name.
  static let callCount: UInt64 = 335
}
