import CKernelCalls
import Glibc

/// A pipe by which a child says that it is ready, or is told to start.
final class BarrierPipe {
  private(set) var reading: Int32
  private(set) var writing: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard ktap_make_pipe(&ends, 0) == 0 else {
      throw MeasurementError.cannotStart("a pipe", reason: systemMessage(errno))
    }
    reading = ends[0]
    writing = ends[1]
  }

  deinit {
    closeReading()
    closeWriting()
  }

  func closeReading() {
    if reading >= 0 { close(reading) }
    reading = -1
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  func send() {
    var byte: UInt8 = 1
    while write(writing, &byte, 1) < 0 && errno == EINTR {}
  }

  enum Arrival {
    case byte
    /// The other side has closed it.
    case closed
    case timeout
    case interrupted
  }

  /// Waits for one byte.
  func receive(seconds: Double, interruption: Interruption? = nil) -> Arrival {
    let deadline = ktap_monotonic_raw() &+ Int64(seconds * 1e9)
    while true {
      let left = max(0, deadline &- ktap_monotonic_raw())
      var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      if poll(&descriptor, 1, Int32(min(left / 1_000_000 + 1, 250))) > 0 {
        var byte: UInt8 = 0
        let count = read(reading, &byte, 1)
        if count == 1 { return .byte }
        if count == 0 { return .closed }
        if errno != EINTR { return .closed }
      }
      if interruption?.isRequested == true { return .interrupted }
      if left == 0 { return .timeout }
    }
  }
}
