import Foundation

/// What `ktap run --ledger-json FILE` writes when tracing has ended: one JSON object.
///
/// ```json
/// {
///   "events": {
///     "kernel_written": 4474312,
///     "handled": 4474312,
///     "filtered": 0,
///     "dropped": 0,
///     "balanced": true
///   },
///   "drops": { "ring full": 0, "table full": 0 }
/// }
/// ```
///
/// All counts are of the whole run, all CPUs and all probes together. Keys that are not named here are ignored. A count
/// that is not known is null or absent, never 0.
public struct TracerLedger: Codable, Sendable, Hashable {
  public struct Events: Codable, Sendable, Hashable {
    /// Records that the kernel wrote to the tracer's buffers, by the kernel's own count; for a synthetic source the events
    /// that it made.
    public var kernelWritten: UInt64?
    /// Events that a handler ran for.
    public var handled: UInt64
    /// Events that a filter in the tracer rejected; those that the kernel rejected were never written.
    public var filtered: UInt64?
    /// Events lost anywhere; the sum of `drops` as far as those are events.
    public var dropped: UInt64?
    /// What was written is what was handled, filtered and dropped; absent if it cannot be told.
    public var balanced: Bool?

    enum CodingKeys: String, CodingKey {
      case kernelWritten = "kernel_written"
      case handled, filtered, dropped, balanced
    }

    public init(
      kernelWritten: UInt64?, handled: UInt64, filtered: UInt64? = nil, dropped: UInt64? = nil, balanced: Bool? = nil
    ) {
      self.kernelWritten = kernelWritten
      self.handled = handled
      self.filtered = filtered
      self.dropped = dropped
      self.balanced = balanced
    }
  }

  public var events: Events
  /// What was lost, by cause.
  public var drops: [String: UInt64]

  public init(events: Events, drops: [String: UInt64]) {
    self.events = events
    self.drops = drops
  }

  /// Reads the file; at most 64 MiB of it, as it may tell of thousands of probes.
  public static func read(_ path: String) throws -> TracerLedger {
    guard let text = Environment.text(path, limit: 1 << 26) else {
      throw MeasurementError.file(path, reason: "there is no ledger")
    }
    do {
      return try JSONDecoder().decode(TracerLedger.self, from: Data(text.utf8))
    } catch {
      throw MeasurementError.file(path, reason: "is not a ledger: \(error)")
    }
  }

  /// Losses by cause: `drops`, and where it names none of them the total.
  public var losses: [String: UInt64] {
    let sum = drops.values.reduce(0, &+)
    if let dropped = events.dropped, sum == 0, dropped > 0 { return drops.merging(["unnamed": dropped]) { $1 } }
    return drops
  }

  func fill(_ sample: inout SampleRecord) {
    sample.events = events.kernelWritten
    sample.handled = events.handled
    sample.filtered = events.filtered
    sample.lost = losses
    sample.balanced = events.balanced
  }
}
