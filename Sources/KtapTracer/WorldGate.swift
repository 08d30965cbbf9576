// The gate between handlers, which run on all CPUs at once, and `tick` and `trace_end`, which run alone.
//
// In: worker threads that come by between sub-buffers, in loops and in calls; a main thread that wants the world to
// itself. Out: `withWorldStopped` runs its body while every worker waits at the gate or has left.
//
// Invariants: `waiting + inside == entered - left` of the workers; the body runs only when nobody is inside. A worker
// looks at one word (`ScriptInstance.setAttention`) and takes the mutex only if it is set, so that an open gate costs
// the event path one load.
//
// Unsafe: pthread objects in memory that this object owns.

import CKernelCalls
import Glibc
import KtapTiers

final class WorldGate: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var isStopped = false
  private var inside = 0

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// A worker begins to handle events; waits while the world is stopped.
  func enter() {
    pthread_mutex_lock(mutex)
    while isStopped { pthread_cond_wait(changed, mutex) }
    inside += 1
    pthread_mutex_unlock(mutex)
  }

  /// A worker handles no more events, for a while or for ever.
  func leave() {
    pthread_mutex_lock(mutex)
    inside -= 1
    if inside == 0 { pthread_cond_broadcast(changed) }
    pthread_mutex_unlock(mutex)
  }

  /// A worker at a safe point: waits as long as the world is stopped.
  func passSafePoint() {
    pthread_mutex_lock(mutex)
    if isStopped {
      inside -= 1
      if inside == 0 { pthread_cond_broadcast(changed) }
      while isStopped { pthread_cond_wait(changed, mutex) }
      inside += 1
    }
    pthread_mutex_unlock(mutex)
  }

  /// Runs `body` while no worker handles an event. Called by the main thread only; not reentrant.
  func withWorldStopped(_ script: ScriptInstance, _ body: () -> Void) {
    pthread_mutex_lock(mutex)
    isStopped = true
    script.raiseAttention(.worldStop)
    while inside > 0 { pthread_cond_wait(changed, mutex) }
    pthread_mutex_unlock(mutex)
    body()
    pthread_mutex_lock(mutex)
    isStopped = false
    script.lowerAttention(.worldStop)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
