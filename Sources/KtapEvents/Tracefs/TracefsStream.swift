// One CPU's records, live.
//
// In: `per_cpu/cpuN/trace_pipe_raw`. Out: sub-buffers, by one of three ways with the same result (`MappedRing`,
// `SplicedRing`, `ReadRing`), and waiting that never spins: poll(2) on the ring, which wakes when the share of the buffer
// that was asked for is full, and on an eventfd for `interrupt`. A poll that says "ready" when nothing can be had, as
// with a CPU that went off-line, is not believed twice: the next wait leaves the ring out for a moment.

import CKernelCalls
import Glibc

public final class TracefsStream: EventStream {
  public let cpu: Int
  let descriptor: Int32
  let wakeUp: Int32
  private let ring: any RingReader
  /// The last wait said "ready" and nothing came of it so far.
  private var isReadinessUnproven = false
  private var isOpen = true

  private static let pauseAfterFalseReadiness: Int64 = 10_000_000

  init(
    path: String, cpu: Int, readPath: TracefsSettings.ReadPath, header: SubBufferHeader
  ) throws(SourceError) {
    self.cpu = cpu
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw TracefsLocation.refusal(of: path, KernelFile.Failure(code: errno)) }
    let wakeUp = ktap_make_wake_up()
    guard wakeUp >= 0 else {
      Glibc.close(descriptor)
      throw SourceError(.unreadable, "no eventfd: \(KernelFile.Failure(code: errno).reason)")
    }
    do throws(SourceError) {
      switch readPath {
      case .mapped: ring = try MappedRing(descriptor, header: header)
      case .spliced: ring = try SplicedRing(descriptor, subBufferSize: header.size)
      case .read: ring = ReadRing(descriptor, subBufferSize: header.size)
      }
    } catch {
      Glibc.close(descriptor)
      Glibc.close(wakeUp)
      throw error
    }
    self.descriptor = descriptor
    self.wakeUp = wakeUp
    self.header = header
  }

  deinit { close() }

  /// What must be let go before the instance's folder can be removed.
  var mappings: [UnsafeRawBufferPointer] { ring.mappings }

  /// Pages are read where the kernel wrote them, without a copy.
  public var isMapped: Bool { !ring.mappings.isEmpty }

  /// The last page was not full: the reader is where the writer is. Asking for more at once would hand out page after
  /// page with a record or two, and each time the asking, a system call, would be the next record of a script that
  /// traces system calls. So there is nothing more until `wait` was called.
  private var hasCaughtUp = false
  /// A page with less room than this may be a full one, in which the next record did not fit.
  private static let roomOfFullPage = 256
  private let header: SubBufferHeader

  public func wait(nanoseconds: Int64) -> StreamState {
    guard isOpen else { return .ended }
    hasCaughtUp = false
    let time = max(nanoseconds, 0)
    let ready =
      isReadinessUnproven
      ? ktap_wait_readable(-1, wakeUp, min(time, Self.pauseAfterFalseReadiness))
      : ktap_wait_readable(descriptor, wakeUp, time)
    isReadinessUnproven = false
    if ready < 0 { return .idle }
    if ready & 2 != 0 {
      var count: UInt64 = 0
      _ = Glibc.read(wakeUp, &count, 8)
    }
    guard ready & 1 != 0 else { return .idle }
    isReadinessUnproven = true
    return .ready
  }

  public func nextSubBuffer() -> SubBuffer? {
    guard isOpen, !hasCaughtUp, let subBuffer = ring.next() else { return nil }
    isReadinessUnproven = false
    hasCaughtUp = freeBytes(in: subBuffer) > Self.roomOfFullPage
    return subBuffer
  }

  private func freeBytes(in subBuffer: SubBuffer) -> Int {
    let commit = subBuffer.bytes.loadUnaligned(fromByteOffset: header.commitOffset, as: UInt32.self)
    let length = Int(UInt64(commit) & SubBufferHeader.lengthMask)
    return subBuffer.bytes.count - header.dataOffset - length
  }

  public func interrupt() {
    var one: UInt64 = 1
    _ = Glibc.write(wakeUp, &one, 8)
  }

  /// Gives back what the stream holds; safe to call twice, but not while another thread waits or reads.
  func close() {
    guard isOpen else { return }
    isOpen = false
    ring.close()
    Glibc.close(descriptor)
    Glibc.close(wakeUp)
  }
}

/// A way to get sub-buffers out of a `trace_pipe_raw`.
protocol RingReader: AnyObject {
  var mappings: [UnsafeRawBufferPointer] { get }
  /// Valid until the next call.
  func next() -> SubBuffer?
  func close()
}
