// Signals: one thread waits for those that end tracing, so that the main thread can run script code meanwhile.
//
// The first SIGINT, SIGTERM or SIGHUP asks for a normal end; the second interrupts also `trace_end` and handlers.
// SIGCHLD only wakes the main thread, which looks after the traced command.
//
// The signals are blocked in every thread (`ktap_block_ending_signals`, before any thread is made), and the traced
// command unblocks them again.

import CKernelCalls
import Glibc
import Synchronization

final class SignalWatcher: Sendable {
  private let count = Atomic<Int>(0)
  private let threadID = Atomic<Int32>(0)
  private let onSignal: @Sendable (_ endingSignals: Int) -> Void

  /// `onSignal` runs on the watcher's thread, with how many ending signals have come so far (0: a child ended).
  init(onSignal: @escaping @Sendable (Int) -> Void) {
    self.onSignal = onSignal
  }

  /// The id of the thread that waits; 0 before it has begun.
  var thread: Int32 { threadID.load(ordering: .acquiring) }

  /// How many signals that end tracing have come.
  var endingSignals: Int { count.load(ordering: .acquiring) }

  /// Starts the thread; it lives as long as the process.
  func start() {
    startThread(named: "ktap-signals") { [self] in
      threadID.store(ktap_thread_id(), ordering: .releasing)
      while true {
        let number = ktap_wait_for_ending_signal()
        if number != SIGCHLD { count.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        onSignal(number == SIGCHLD ? 0 : endingSignals)
      }
    }
  }
}
