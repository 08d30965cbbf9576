import Foundation
import KtapTiers
import Synchronization

/// Interrupts a script that recurses for ever within its limits, as `fib(90)` does: loops are limited, calls are not.
enum Watchdog {
  private struct Watched {
    var instance: ScriptInstance?
    var ticks = 0
  }

  private static let patience = 4
  private static let watched = Mutex(Watched())
  private static let isRunning: Bool = {
    let thread = Thread {
      while true {
        Thread.sleep(forTimeInterval: 0.05)
        tick()
      }
    }
    thread.start()
    return true
  }()

  /// Runs the body; after a fifth of a second the instance is asked to end.
  static func watch(_ instance: ScriptInstance, _ body: () -> Void) {
    precondition(isRunning)
    watched.withLock { $0 = Watched(instance: instance) }
    body()
    watched.withLock { $0 = Watched() }
  }

  private static func tick() {
    watched.withLock { watched in
      watched.ticks += 1
      if watched.ticks >= patience { watched.instance?.raiseAttention(.interruptAll) }
    }
  }
}
