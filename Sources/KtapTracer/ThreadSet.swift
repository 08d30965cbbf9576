// The tracer's own threads: their events are not the user's, unless `--trace-self` says so.
//
// Unsafe: a bit set over the range of the ids, filled before events are recorded and only read afterwards.

/// A set of thread ids that the event path asks.
struct ThreadSet: @unchecked Sendable {
  private let first: Int32
  private let count: Int32
  private let bits: UnsafeMutablePointer<UInt8>

  /// Never freed before the process ends: workers ask it until they do.
  init(_ threads: [Int32]) {
    first = threads.min() ?? 0
    count = threads.isEmpty ? 0 : threads.max()! - first + 1
    bits = .allocate(capacity: max(1, Int(count)))
    bits.initialize(repeating: 0, count: max(1, Int(count)))
    for thread in threads { bits[Int(thread - first)] = 1 }
  }

  func destroy() { bits.deallocate() }

  @inline(__always)
  func contains(_ thread: Int32) -> Bool {
    let offset = thread &- first
    return UInt32(bitPattern: offset) < UInt32(bitPattern: count) && bits[Int(offset)] != 0
  }
}
