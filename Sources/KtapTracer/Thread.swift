// Threads, as far as the tracer needs them: start with a name, and wait for the end.

import CKernelCalls
import Glibc

/// A running thread.
struct ThreadHandle: @unchecked Sendable {
  fileprivate let thread: pthread_t

  /// Waits for the thread's end; once.
  func join() { pthread_join(thread, nil) }
}

private final class ThreadBody {
  let name: String
  let body: () -> Void

  init(name: String, body: @escaping () -> Void) {
    self.name = name
    self.body = body
  }
}

/// Runs `body` on a thread of its own; `name` (at most 15 bytes) is what `ps -T` shows.
@discardableResult
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> ThreadHandle {
  let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
  var thread = pthread_t()
  let result = pthread_create(
    &thread, nil,
    { argument in
      let box = Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue()
      ktap_name_thread(box.name)
      box.body()
      return nil
    }, box.toOpaque())
  precondition(result == 0, "cannot start a thread: \(String(cString: strerror(result)))")
  return ThreadHandle(thread: thread)
}
