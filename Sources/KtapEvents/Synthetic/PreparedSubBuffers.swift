// Sub-buffers that are made once and replayed, so that a benchmark times the reading and not the making.
//
// In: a description that says how many to make for each CPU. Out: the same sub-buffers again and again, each round later
// by the time that the first one took, until as many events have happened as the description says; the last sub-buffer
// ends where the events do. A replay changes a sub-buffer's time only, so there are no absolute time stamps in it. What a
// task was in the middle of at the end of a round it never finishes: each round begins like the first.
//
// Unsafe: owns the pages' memory, which what it hands out points into.

import KtapRuntime

final class PreparedSubBuffers {
  private struct Page {
    /// Of the header, in the first round.
    var time: UInt64
    var dataLength: Int
    var records: Int
  }

  private let header: SubBufferHeader
  private let memory: UnsafeMutableRawPointer
  private var pages: [Page] = []
  /// Instead of the page that would be the last one, behind the others in memory; nil: that page is whole.
  private var shortened: Page?
  /// Of one round, in nanoseconds.
  private var span: UInt64 = 0
  private var total: UInt64 = 0
  private var position: UInt64 = 0

  init(
    _ description: SyntheticDescription, _ selection: EventSelection, cpu: Int, samplers: SamplerSet,
    encoder: SubBufferEncoder
  ) {
    header = encoder.header
    memory = .allocate(byteCount: header.size * (description.prepared + 1), alignment: 4096)
    var encoder = encoder
    var generator = SyntheticGenerator(description, selection: selection, cpu: cpu, samplers: samplers)
    defer { generator.deallocate() }
    while pages.count < description.prepared,
      let page = Self.make(&generator, &encoder, at: memory + header.size * pages.count)
    {
      pages.append(page)
    }
    guard generator.hasMore else {
      total = UInt64(pages.count)
      return
    }
    // The record that found no room has happened but is on none of the pages: it belongs to the next round.
    let eventsOfRound = generator.events - 1
    span = generator.time - SyntheticGenerator.startTime
    let (rounds, rest) = generator.eventLimit.quotientAndRemainder(dividingBy: eventsOfRound)
    total = rounds * UInt64(pages.count)
    // The last round is made once more up to where it ends, for its last sub-buffer.
    var partial = SyntheticGenerator(
      description, selection: selection, cpu: cpu, samplers: samplers, eventLimit: rest)
    defer { partial.deallocate() }
    while let page = Self.make(&partial, &encoder, at: memory + header.size * pages.count) {
      shortened = page
      total += 1
    }
  }

  deinit { memory.deallocate() }

  /// Nil if there is nothing more to record.
  private static func make(
    _ generator: inout SyntheticGenerator, _ encoder: inout SubBufferEncoder, at page: UnsafeMutableRawPointer
  ) -> Page? {
    guard generator.hasMore else { return nil }
    var outcome = generator.fill(&encoder, page: page)
    while outcome == .paused { outcome = generator.fill(&encoder, page: page) }
    let records = encoder.recordCount
    guard records > 0 else { return nil }
    let length = encoder.finish(commitsPadding: outcome == .full && generator.commitsPadding)
    let time = page.load(fromByteOffset: encoder.header.timestampOffset, as: UInt64.self)
    return Page(time: time, dataLength: length, records: records)
  }

  /// The next sub-buffer with its time; nil if none is left.
  func next() -> SyntheticPage? {
    guard position < total else { return nil }
    let (round, place) = position.quotientAndRemainder(dividingBy: UInt64(pages.count))
    position += 1
    let isLast = position == total
    var page = pages[Int(place)]
    var address = memory + header.size * Int(place)
    if isLast, let shortened {
      page = shortened
      address = memory + header.size * pages.count
    }
    address.storeBytes(of: page.time &+ round &* span, toByteOffset: header.timestampOffset, as: UInt64.self)
    return SyntheticPage(page: address, dataLength: page.dataLength, records: page.records, isLast: isLast)
  }
}
