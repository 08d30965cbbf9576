// Errors of handlers: counted by site, printed when they end tracing and at the end.

import KtapTiers
import Synchronization

final class HandlerErrors: Sendable {
  private struct State {
    var counts: [String: UInt64] = [:]
    /// In the order of their first occurrence.
    var order: [ScriptFailure] = []
    var total: UInt64 = 0
  }

  /// So many are tolerated; one more ends tracing.
  private let limit: UInt64
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = UInt64(max(0, limit))
  }

  /// - Returns: true if tracing must end.
  func report(_ failure: ScriptFailure) -> Bool {
    state.withLock { state in
      state.total += 1
      if let count = state.counts[failure.site] {
        state.counts[failure.site] = count + 1
      } else {
        state.counts[failure.site] = 1
        state.order.append(failure)
      }
      return state.total > limit
    }
  }

  /// More errors than the run tolerates.
  var isFatal: Bool { state.withLock { $0.total > limit } }

  var total: UInt64 { state.withLock { $0.total } }

  /// Each site with its first traceback and how often it failed.
  var text: String {
    state.withLock { state in
      state.order.map { failure in
        let count = state.counts[failure.site]!
        return failure.description + "\n" + (count > 1 ? "  (\(count) times)\n" : "")
      }.joined()
    }
  }
}
