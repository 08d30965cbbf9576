// What workers are to do, in one word that they look at between sub-buffers.

import Synchronization

final class TracingPhase: Sendable {
  enum Phase: Int {
    /// Handle events as they come.
    case tracing
    /// Recording has stopped: take what is left, then end.
    case draining
  }

  private let word = Atomic<Int>(Phase.tracing.rawValue)

  var current: Phase { Phase(rawValue: word.load(ordering: .acquiring))! }

  /// Phases only go forward.
  func advance(to phase: Phase) {
    while true {
      let now = word.load(ordering: .acquiring)
      if now >= phase.rawValue { return }
      if word.compareExchange(expected: now, desired: phase.rawValue, ordering: .acquiringAndReleasing).exchanged {
        return
      }
    }
  }
}
