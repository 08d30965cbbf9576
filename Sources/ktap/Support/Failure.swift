// How the program ends when it cannot do what was asked: sysexits' codes, a message that says what to do.

import Glibc
import KtapEvents
import KtapTracer

struct Failure: Error {
  enum Code: Int32 {
    case usage = 64
    case invalidScript = 65
    case unreadable = 66
    case unavailable = 69
    case scriptError = 70
    case cannotCreate = 73
    case noPermission = 77
  }

  var code: Code
  /// Already printed if empty.
  var message: String

  init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  init(_ error: SourceError) {
    code =
      switch error.kind {
      case .missingPrivilege: .noPermission
      case .missingFeature: .unavailable
      case .unreadable: .unreadable
      case .noSuchEvent, .invalidFilter: .invalidScript
      }
    message = error.description
  }

  func report() {
    if !message.isEmpty { standardError("ktap: error: \(message)\n") }
  }
}

/// Writes to standard error.
func standardError(_ text: String) {
  writeAll(STDERR_FILENO, text)
}

/// Writes to standard output; the end of the reader ends it quietly.
func standardOutput(_ text: String) {
  writeAll(STDOUT_FILENO, text)
}

private func writeAll(_ descriptor: Int32, _ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while rest.count > 0 {
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
