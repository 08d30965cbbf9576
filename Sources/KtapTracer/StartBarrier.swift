// How workers start: all have told their thread id before events are recorded, none reads before.
//
// Unsafe: pthread objects in memory that this object owns.

import Glibc
import Synchronization

/// Workers arrive and wait; the main thread waits for all of them, and later lets them go.
final class StartBarrier: @unchecked Sendable {
  private let arrivals: UnsafeMutablePointer<sem_t>
  private let releases: UnsafeMutablePointer<sem_t>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    arrivals = .allocate(capacity: 1)
    releases = .allocate(capacity: 1)
    sem_init(arrivals, 0, 0)
    sem_init(releases, 0, 0)
  }

  deinit {
    sem_destroy(arrivals)
    sem_destroy(releases)
    arrivals.deallocate()
    releases.deallocate()
  }

  func arriveAndWait() {
    sem_post(arrivals)
    while sem_wait(releases) != 0 {}
  }

  func waitForArrivals() {
    for _ in 0..<count { while sem_wait(arrivals) != 0 {} }
  }

  func release() {
    for _ in 0..<count { sem_post(releases) }
  }
}

/// The tracer's own threads, collected while they start.
final class ThreadList: Sendable {
  private let threads = Mutex<[Int32]>([])

  func add(_ thread: Int32) { threads.withLock { $0.append(thread) } }

  /// What has been added so far, as the event path asks for it.
  var all: [Int32] { threads.withLock { $0 } }
}
