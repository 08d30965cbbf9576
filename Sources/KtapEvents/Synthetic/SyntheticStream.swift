// One CPU's sub-buffers, made when they are asked for or prepared and replayed; and the losses that were asked for.
//
// A lost sub-buffer is made and counted, and never seen; the last one is not lost, so that there is always one left to
// say that something is missing, as there is in a ring buffer.
//
// Unsafe: owns a page's memory and the generator, and frees them when it goes.

import CKernelCalls
import Glibc
import KtapRuntime
import Synchronization

final class SyntheticStream: EventStream {
  let cpu: Int
  private let header: SubBufferHeader
  private let control: SyntheticControl
  private let loss: SyntheticDescription.Loss?
  private let lossSeed: UInt64
  private let storesMissedCount: Bool
  private let memory: UnsafeMutableRawPointer

  private var generator: SyntheticGenerator
  private var encoder: SubBufferEncoder
  private let prepared: PreparedSubBuffers?
  private var isAtEnd = false
  private var pageIndex: UInt64 = 0
  private var missing: UInt64 = 0

  private let isInterrupted = Atomic<Bool>(false)
  private let written = Atomic<UInt64>(0)
  private let overwritten = Atomic<UInt64>(0)
  private let dropped = Atomic<UInt64>(0)

  init(
    _ description: SyntheticDescription, _ selection: EventSelection, cpu: Int, header: SubBufferHeader,
    samplers: SamplerSet, control: SyntheticControl
  ) {
    self.cpu = cpu
    self.header = header
    self.control = control
    loss = description.loss
    lossSeed = RandomStream(seed: ~description.seed, index: UInt64(cpu)).state
    storesMissedCount = description.loss?.report == .counted
    encoder = SubBufferEncoder(header: header, reservesMissedCount: storesMissedCount)
    generator = SyntheticGenerator(description, selection: selection, cpu: cpu, samplers: samplers)
    memory = .allocate(byteCount: header.size, alignment: 4096)
    isAtEnd = generator.isEmpty || generator.eventLimit == 0
    prepared =
      description.prepared > 0 && !isAtEnd
      ? PreparedSubBuffers(description, selection, cpu: cpu, samplers: samplers, encoder: encoder) : nil
  }

  deinit {
    generator.deallocate()
    memory.deallocate()
  }

  /// Of an opened source, exact.
  var statistics: StreamStatistics {
    StreamStatistics(
      cpu: cpu, written: written.load(ordering: .relaxed), overwritten: overwritten.load(ordering: .relaxed),
      dropped: dropped.load(ordering: .relaxed), commitOverrun: 0)
  }

  func interrupt() { isInterrupted.store(true, ordering: .releasing) }

  func wait(nanoseconds: Int64) -> StreamState {
    if isAtEnd || control.isStopped.load(ordering: .acquiring) { return .ended }
    if isInterrupted.exchange(false, ordering: .acquiringAndReleasing) { return .idle }
    // Only before the start there is anything to wait for.
    var left = nanoseconds
    while !control.isStarted.load(ordering: .acquiring) {
      if left <= 0 || isInterrupted.exchange(false, ordering: .acquiringAndReleasing) { return .idle }
      var slice = timespec(tv_sec: 0, tv_nsec: Int(min(left, 1_000_000)))
      nanosleep(&slice, nil)
      left -= 1_000_000
      if control.isStopped.load(ordering: .acquiring) { return .ended }
    }
    return .ready
  }

  func nextSubBuffer() -> SubBuffer? {
    while !isAtEnd, control.isStarted.load(ordering: .acquiring), !control.isStopped.load(ordering: .acquiring) {
      let next: SyntheticPage?
      if let prepared {
        next = prepared.next()
        isAtEnd = next == nil
      } else {
        next = generate()
      }
      guard let produced = next else { return nil }
      isAtEnd = produced.isLast
      let index = pageIndex
      pageIndex &+= 1
      let records = UInt64(produced.records)
      if let loss, !produced.isLast, Self.isLost(index, loss, seed: lossSeed) {
        missing += records
        if loss.report == .silent {
          dropped.add(records, ordering: .relaxed)
        } else {
          overwritten.add(records, ordering: .relaxed)
          written.add(records, ordering: .relaxed)
        }
        continue
      }
      written.add(records, ordering: .relaxed)
      let report: MissedRecords =
        switch loss?.report {
        case .flagged where missing > 0: .some
        case .counted where missing > 0: .counted(missing)
        default: .none
        }
      missing = 0
      SubBufferEncoder.mark(
        produced.page, header: header, length: produced.dataLength, missed: report, hasRoom: storesMissedCount)
      return SubBuffer(bytes: UnsafeRawBufferPointer(start: produced.page, count: header.size))
    }
    return nil
  }

  private static func isLost(_ index: UInt64, _ loss: SyntheticDescription.Loss, seed: UInt64) -> Bool {
    switch loss.pattern {
    case .every(let kept, let lost):
      return index % (UInt64(kept) + UInt64(lost)) >= UInt64(kept)
    case .random(let probability):
      var random = RandomStream(seed: seed, index: index)
      return Double(random.next() >> 11) < probability * Double(1 << 53 as UInt64)
    }
  }

  /// Nil if the generator found nothing to record for a while, or nothing at all any more.
  private func generate() -> SyntheticPage? {
    let outcome = generator.fill(&encoder, page: memory)
    if outcome == .paused { return nil }
    if encoder.recordCount == 0 {
      isAtEnd = true
      return nil
    }
    let length = encoder.finish(commitsPadding: outcome == .full && generator.commitsPadding)
    return SyntheticPage(page: memory, dataLength: length, records: encoder.recordCount, isLast: outcome == .ended)
  }
}

/// A sub-buffer before it is decided whether it is lost.
struct SyntheticPage {
  var page: UnsafeMutableRawPointer
  var dataLength: Int
  var records: Int
  var isLast: Bool
}
