/// How a live source reads; the defaults are right but for tests and measurements.
public struct TracefsSettings: Sendable {
  /// How pages come out of the ring buffer.
  public enum ReadPath: String, Sendable, CaseIterable {
    /// Mapped where the kernel offers it (6.10 and later), else `read`.
    case automatic
    /// The ring buffer is mapped and its pages are read in place.
    case mapped
    /// Whole pages move into a pipe and are read from there, the last one with read(2).
    case spliced
    /// read(2), one sub-buffer a call.
    case read
  }

  public var readPath: ReadPath
  /// A full buffer overwrites its oldest records. See `TracefsInstance` for why that is not the default.
  public var keepsNewest: Bool
  /// nil: the kernel's, one page.
  public var subBufferKilobytes: Int?
  /// Tried first; `mono` is what compares with CLOCK_MONOTONIC.
  public var clock: String

  public init(
    readPath: ReadPath = .automatic, keepsNewest: Bool = false, subBufferKilobytes: Int? = nil, clock: String = "mono"
  ) {
    self.readPath = readPath
    self.keepsNewest = keepsNewest
    self.subBufferKilobytes = subBufferKilobytes
    self.clock = clock
  }
}
