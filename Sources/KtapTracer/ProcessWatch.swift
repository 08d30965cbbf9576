// The processes of `-p`: tracing ends when the last of them has.

import CKernelCalls
import Glibc
import KtapEvents

final class ProcessWatch {
  /// Become readable when their process ends.
  let descriptors: [Int32]

  init(_ processes: [Int32]) throws(SourceError) {
    var opened: [Int32] = []
    for process in processes {
      let descriptor = ktap_pidfd_open(process)
      if descriptor < 0 {
        for other in opened { close(other) }
        throw SourceError(.unreadable, "cannot trace process \(process): \(String(cString: strerror(-descriptor)))")
      }
      opened.append(descriptor)
    }
    descriptors = opened
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }

  var allEnded: Bool {
    descriptors.allSatisfy { descriptor in
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&entry, 1, 0) > 0
    }
  }
}
