// The command after `--`: started stopped, released when events are on, watched until it ends.

import CKernelCalls
import Glibc
import KtapEvents

final class TracedCommand {
  let process: Int32
  private var release: Int32
  /// As a shell says it: the exit code, or 128 + the signal; nil while it runs.
  private(set) var status: Int32?

  /// Forks the command; it waits before its first instruction.
  init(_ words: [String]) throws(SourceError) {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var releaseEnd: Int32 = -1
    let result = ktap_fork_stopped(&arguments, &releaseEnd)
    if result < 0 {
      throw SourceError(.unreadable, "cannot start \(words[0]): \(String(cString: strerror(-result)))")
    }
    process = result
    release = releaseEnd
  }

  deinit {
    if release >= 0 { close(release) }
  }

  /// Lets it run.
  func start() {
    guard release >= 0 else { return }
    var byte: UInt8 = 1
    _ = write(release, &byte, 1)
    close(release)
    release = -1
  }

  /// Has it ended? Reaps it then.
  func hasEnded() -> Bool {
    if status != nil { return true }
    let result = ktap_reap(process)
    if result >= 0 { status = result }
    return status != nil
  }
}
