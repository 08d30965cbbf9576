/// How a live source reads; the defaults are right but for tests and measurements.
public struct TracefsSettings: Sendable {
  /// How pages come out of the ring buffer.
  ///
  /// All three give the same; `read` costs the least. A record of 20 bytes, read and decoded, took 7 ns of CPU by read(2),
  /// 8 by splice(2) and 29 from the mapping (4 MB waiting, Linux 6.18): for a mapping the kernel steps over a page record
  /// by record, where read(2) swaps a full page for an empty one and copies it out.
  public enum ReadPath: String, Sendable, CaseIterable {
    /// read(2), one sub-buffer a call.
    case read
    /// Whole pages move into a pipe and are read from there, the last one with read(2).
    case spliced
    /// The ring buffer is mapped and its pages are read in place (6.10 and later).
    case mapped
  }

  public var readPath: ReadPath
  /// A full buffer overwrites its oldest records. See `TracefsInstance` for why that is not the default.
  public var keepsNewest: Bool
  /// nil: the kernel's, one page.
  public var subBufferKilobytes: Int?
  /// Tried first; `mono` is what compares with CLOCK_MONOTONIC.
  public var clock: String

  public init(
    readPath: ReadPath = .read, keepsNewest: Bool = false, subBufferKilobytes: Int? = nil, clock: String = "mono"
  ) {
    self.readPath = readPath
    self.keepsNewest = keepsNewest
    self.subBufferKilobytes = subBufferKilobytes
    self.clock = clock
  }
}
