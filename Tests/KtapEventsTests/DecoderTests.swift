// Pages made by hand, one for every case of the ring buffer's format, with libtraceevent's reader as second opinion where
// both say the same.

import CTraceEvent
import KtapRuntime
import Testing

@testable import KtapEvents

/// Builds a page as the kernel does.
struct PageBuilder {
  var time: UInt64
  var data: [UInt8] = []
  var size = 4096
  var flags: UInt64 = 0
  var storedCount: UInt64?
  /// Instead of the data's length.
  var claimedLength: Int?

  init(time: UInt64) { self.time = time }

  mutating func word(_ value: UInt32) { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
  mutating func header(_ type: UInt32, _ delta: UInt64) { word(RecordHeader.word(type: type, delta: delta)) }

  /// A payload of `count` bytes that begins with the id.
  mutating func short(id: UInt16, bytes count: Int, delta: UInt64) {
    header(UInt32(count / 4), delta)
    payload(id, count)
  }

  mutating func long(id: UInt16, bytes count: Int, delta: UInt64) {
    header(RecordHeader.longRecord, delta)
    word(UInt32(count + 4))
    payload(id, count)
  }

  mutating func payload(_ id: UInt16, _ count: Int) {
    withUnsafeBytes(of: id) { data.append(contentsOf: $0) }
    for index in 2..<count { data.append(UInt8(truncatingIfNeeded: index)) }
  }

  mutating func extend(_ delta: UInt64) {
    header(RecordHeader.timeExtend, delta & RecordHeader.deltaMask)
    word(UInt32(delta >> RecordHeader.deltaBits))
  }

  mutating func stamp(_ time: UInt64) {
    header(RecordHeader.timeStamp, time & RecordHeader.deltaMask)
    word(UInt32(truncatingIfNeeded: (time & ((1 << 59) - 1)) >> RecordHeader.deltaBits))
  }

  /// A record of `bytes` payload that was discarded.
  mutating func discarded(bytes: Int, delta: UInt64) {
    header(RecordHeader.padding, delta)
    word(UInt32(bytes))
    data.append(contentsOf: [UInt8](repeating: 0xee, count: bytes - 4))
  }

  var page: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    var length = UInt64(claimedLength ?? data.count) | flags
    // The kernel adds the flag to a signed 32-bit number.
    if flags & SubBufferHeader.missedRecords != 0 { length |= 0xffff_ffff_0000_0000 }
    withUnsafeBytes(of: time) { bytes.replaceSubrange(0..<8, with: $0) }
    withUnsafeBytes(of: length) { bytes.replaceSubrange(8..<16, with: $0) }
    bytes.replaceSubrange(16..<16 + data.count, with: data)
    if let storedCount {
      withUnsafeBytes(of: storedCount) { bytes.replaceSubrange(16 + data.count..<24 + data.count, with: $0) }
    }
    return bytes
  }
}

struct Decoded: Equatable {
  var time: UInt64
  var id: Int
  var length: Int
}

extension SubBufferDecoder {
  mutating func all(_ page: [UInt8], resumeOffset: Int = 0, dataLimit: Int = .max) -> [Decoded] {
    page.withUnsafeBytes { bytes in
      begin(SubBuffer(bytes: bytes, resumeOffset: resumeOffset, dataLimit: dataLimit))
      var found: [Decoded] = []
      while let record = next() {
        let start = record.bytes - bytes.baseAddress!
        precondition(start >= 16 && record.length >= 4 && start + record.length <= bytes.count)
        found.append(Decoded(time: record.time, id: record.eventID, length: record.length))
      }
      return found
    }
  }
}

/// What libtraceevent reads from the same page.
func secondOpinion(_ page: [UInt8]) -> [Decoded] {
  guard let reader = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_SAME_AS_HOST) else { return [] }
  defer { kbuffer_free(reader) }
  var page = page
  return page.withUnsafeMutableBytes { bytes in
    guard kbuffer_load_subbuffer(reader, bytes.baseAddress) == 0 else { return [] }
    var found: [Decoded] = []
    var time: UInt64 = 0
    while let record = kbuffer_read_event(reader, &time) {
      found.append(
        Decoded(
          time: time, id: Int(record.loadUnaligned(as: UInt16.self)), length: Int(kbuffer_event_size(reader))))
      if kbuffer_next_event(reader, nil) == nil { break }
    }
    return found
  }
}

@Suite struct DecoderTests {
  var decoder = SubBufferDecoder(header: .usual)

  @Test mutating func everyShortLength() {
    var builder = PageBuilder(time: 1_000)
    for words in 1...28 { builder.short(id: UInt16(words), bytes: words * 4, delta: UInt64(words)) }
    var time: UInt64 = 1_000
    let expected = (1...28).map { words in
      time += UInt64(words)
      return Decoded(time: time, id: words, length: words * 4)
    }
    #expect(decoder.all(builder.page) == expected)
    #expect(secondOpinion(builder.page) == expected)
    #expect(decoder.damage == nil && decoder.missed == .none && decoder.unreadBytes == 0)
  }

  @Test mutating func longRecords() {
    var builder = PageBuilder(time: 5)
    builder.long(id: 9, bytes: 200, delta: 10)
    builder.long(id: 8, bytes: 4, delta: 0)
    builder.long(id: 7, bytes: 3_000, delta: RecordHeader.deltaMask)
    let expected = [
      Decoded(time: 15, id: 9, length: 200), Decoded(time: 15, id: 8, length: 4),
      Decoded(time: 15 + RecordHeader.deltaMask, id: 7, length: 3_000),
    ]
    #expect(decoder.all(builder.page) == expected)
    #expect(secondOpinion(builder.page) == expected)
  }

  @Test mutating func aLongRecordsOddLengthIsRoundedUp() {
    var builder = PageBuilder(time: 0)
    builder.header(RecordHeader.longRecord, 1)
    builder.word(4 + 6)
    builder.payload(3, 8)
    builder.short(id: 4, bytes: 8, delta: 1)
    #expect(decoder.all(builder.page) == [Decoded(time: 1, id: 3, length: 6), Decoded(time: 2, id: 4, length: 8)])
  }

  @Test mutating func timeExtend() {
    var builder = PageBuilder(time: 7)
    builder.extend(3 << 27 | 5)
    builder.short(id: 1, bytes: 8, delta: 2)
    builder.extend(UInt64(UInt32.max) << 27)
    builder.short(id: 2, bytes: 8, delta: 0)
    let start: UInt64 = 7 + (3 << 27 | 5) + 2
    let far = start &+ (UInt64(UInt32.max) << 27)
    let right = [Decoded(time: start, id: 1, length: 8), Decoded(time: far, id: 2, length: 8)]
    #expect(decoder.all(builder.page) == right)
    #expect(secondOpinion(builder.page) == right)
  }

  @Test mutating func absoluteTimeKeepsTheUpperBits() {
    let upper: UInt64 = 0xa << 60
    var builder = PageBuilder(time: upper | 100)
    builder.stamp(upper | 5_000_000_000)
    builder.short(id: 1, bytes: 8, delta: 3)
    let expected = [Decoded(time: upper | 5_000_000_003, id: 1, length: 8)]
    #expect(decoder.all(builder.page) == expected)
    #expect(secondOpinion(builder.page) == expected)
  }

  @Test mutating func absoluteTimeThatWouldGoBackHasWrapped() {
    let span: UInt64 = 1 << 59
    var builder = PageBuilder(time: 3 * span - 10)
    builder.stamp(20)
    builder.short(id: 1, bytes: 8, delta: 0)
    #expect(decoder.all(builder.page) == [Decoded(time: 3 * span + 20, id: 1, length: 8)])
  }

  @Test mutating func absoluteTimeBelowTheSpanMayGoBack() {
    var builder = PageBuilder(time: 1_000)
    builder.stamp(400)
    builder.short(id: 1, bytes: 8, delta: 1)
    #expect(decoder.all(builder.page) == [Decoded(time: 401, id: 1, length: 8)])
  }

  @Test mutating func discardedRecordsAreSkippedAndTheirTimeCounts() {
    var builder = PageBuilder(time: 10)
    builder.discarded(bytes: 24, delta: 50)
    builder.short(id: 1, bytes: 8, delta: 5)
    let expected = [Decoded(time: 65, id: 1, length: 8)]
    #expect(decoder.all(builder.page) == expected)
    #expect(secondOpinion(builder.page) == expected)
    // The kernel writes 1 where it was 0.
    builder = PageBuilder(time: 10)
    builder.discarded(bytes: 24, delta: 1)
    builder.short(id: 1, bytes: 8, delta: 5)
    #expect(decoder.all(builder.page) == [Decoded(time: 15, id: 1, length: 8)])
  }

  @Test mutating func paddingWithoutDeltaEndsThePage() {
    var builder = PageBuilder(time: 10)
    builder.short(id: 1, bytes: 8, delta: 5)
    builder.header(RecordHeader.padding, 0)
    builder.data.append(contentsOf: [UInt8](repeating: 0xff, count: 40))
    #expect(decoder.all(builder.page) == [Decoded(time: 15, id: 1, length: 8)])
    #expect(decoder.damage == nil)
  }

  @Test mutating func emptyPage() {
    #expect(decoder.all(PageBuilder(time: 44).page).isEmpty)
    #expect(decoder.time == 44 && decoder.damage == nil)
  }

  @Test mutating func missedRecordsWithoutACount() {
    var builder = PageBuilder(time: 0)
    builder.short(id: 1, bytes: 8, delta: 1)
    builder.flags = SubBufferHeader.missedRecords
    #expect(decoder.all(builder.page).count == 1)
    #expect(decoder.missed == .some)
  }

  @Test mutating func missedRecordsWithACount() {
    var builder = PageBuilder(time: 0)
    builder.short(id: 1, bytes: 8, delta: 1)
    builder.flags = SubBufferHeader.missedRecords | SubBufferHeader.missedCountStored
    builder.storedCount = 96_696
    #expect(decoder.all(builder.page).count == 1)
    #expect(decoder.missed == .counted(96_696))
    // The next page says nothing of it.
    #expect(decoder.all(PageBuilder(time: 1).page).isEmpty)
    #expect(decoder.missed == .none)
  }

  @Test mutating func aCountThatIsNotThereIsUnknown() {
    var builder = PageBuilder(time: 0)
    builder.long(id: 1, bytes: 4_072, delta: 1)
    builder.flags = SubBufferHeader.missedRecords | SubBufferHeader.missedCountStored
    #expect(builder.data.count == 4_080)
    #expect(decoder.all(builder.page).count == 1)
    #expect(decoder.missed == .some)
  }

  @Test mutating func subBufferOfSeveralPages() {
    var builder = PageBuilder(time: 0)
    builder.size = 65_536
    while builder.data.count < 64_000 { builder.short(id: 1, bytes: 112, delta: 1) }
    let records = decoder.all(builder.page)
    #expect(records.count == builder.data.count / 116)
    #expect(records.last?.time == UInt64(records.count))
  }

  @Test mutating func narrowCommitOfA32BitKernel() {
    let header = SubBufferHeader(commitSize: 4, dataOffset: 12)
    var decoder = SubBufferDecoder(header: header)
    var page = [UInt8](repeating: 0, count: 4096)
    var builder = PageBuilder(time: 0)
    builder.short(id: 5, bytes: 8, delta: 3)
    page[8] = UInt8(builder.data.count)
    page[11] = 0xc0
    page.replaceSubrange(12..<12 + builder.data.count, with: builder.data)
    page[12 + builder.data.count] = 17
    #expect(decoder.all(page) == [Decoded(time: 3, id: 5, length: 8)])
    #expect(decoder.missed == .counted(17))
  }

  // MARK: - A page that is handed out in parts

  @Test mutating func aPageThatGrowsGoesOnWhereItWas() {
    var builder = PageBuilder(time: 100)
    builder.flags = SubBufferHeader.missedRecords
    builder.short(id: 1, bytes: 8, delta: 1)
    builder.extend(1 << 30)
    let first = builder.data.count
    builder.short(id: 2, bytes: 8, delta: 1)
    builder.short(id: 3, bytes: 12, delta: 1)
    // The writer has gone on since the page was handed out: only what was there then is read.
    #expect(decoder.all(builder.page, dataLimit: first) == [Decoded(time: 101, id: 1, length: 8)])
    #expect(decoder.missed == .some)
    let rest = decoder.all(builder.page, resumeOffset: first, dataLimit: builder.data.count)
    let later: UInt64 = 101 + (1 << 30)
    #expect(rest == [Decoded(time: later + 1, id: 2, length: 8), Decoded(time: later + 2, id: 3, length: 12)])
    #expect(decoder.missed == .none, "what was lost is told once")
    #expect(decoder.all(builder.page, resumeOffset: 4_000, dataLimit: 4_080).isEmpty)
    #expect(decoder.damage == .resumedPastEnd)
  }

  // MARK: - Pages that lie

  @Test mutating func shorterThanAHeader() {
    #expect(decoder.all([UInt8](repeating: 0xff, count: 15)).isEmpty)
    #expect(decoder.damage == .noHeader)
    decoder.begin(SubBuffer(bytes: UnsafeRawBufferPointer(start: nil, count: 0)))
    #expect(decoder.damage == .noHeader && decoder.next() == nil)
  }

  @Test mutating func commitBeyondThePage() {
    var builder = PageBuilder(time: 0)
    builder.size = 64
    builder.short(id: 1, bytes: 44, delta: 1)
    builder.claimedLength = 1 << 26
    #expect(decoder.all(builder.page) == [Decoded(time: 1, id: 1, length: 44)])
    #expect(decoder.damage == .commitTooLarge)
  }

  @Test(arguments: [
    (RecordHeader.word(type: 28, delta: 1), UInt32(0), SubBufferDamage.recordTooLong),
    (RecordHeader.word(type: 0, delta: 1), UInt32(1_000), .recordTooLong),
    (RecordHeader.word(type: 0, delta: 1), UInt32.max, .recordTooLong),
    (RecordHeader.word(type: 0, delta: 1), UInt32(0), .recordTooShort),
    (RecordHeader.word(type: 0, delta: 1), UInt32(4), .recordTooShort),
    (RecordHeader.word(type: 29, delta: 2), UInt32(1_000), .recordTooLong),
    (RecordHeader.word(type: 29, delta: 2), UInt32(0), .recordTooShort),
  ])
  func recordsThatClaimTooMuchOrTooLittle(first: UInt32, second: UInt32, damage: SubBufferDamage) {
    var builder = PageBuilder(time: 0)
    builder.short(id: 1, bytes: 8, delta: 1)
    builder.word(first)
    builder.word(second)
    var decoder = decoder
    #expect(decoder.all(builder.page) == [Decoded(time: 1, id: 1, length: 8)])
    #expect(decoder.damage == damage)
    #expect(decoder.unreadBytes == 8)
  }

  @Test(arguments: [RecordHeader.longRecord, RecordHeader.timeExtend, RecordHeader.timeStamp, 5])
  func recordsThatAreCutOff(type: UInt32) {
    var builder = PageBuilder(time: 0)
    builder.short(id: 1, bytes: 8, delta: 1)
    builder.header(type, 1)
    var decoder = decoder
    #expect(decoder.all(builder.page).count == 1)
    #expect(decoder.damage == .recordTooLong)
    builder.claimedLength = builder.data.count - 1
    #expect(decoder.all(builder.page).count == 1)
    #expect(decoder.damage == .recordTooLong)
  }

  /// Valid pages with bytes changed: every read stays inside (`all` checks what comes out; the page is its own
  /// allocation), and every walk ends.
  @Test func mutationsAreSurvived() {
    var random = SeededRandom(seed: 42)
    var decoder = decoder
    var damaged = 0
    for round in 0..<3_000 {
      var builder = PageBuilder(time: random.next())
      builder.size = [64, 512, 4096][round % 3]
      while builder.data.count < builder.size - 140 {
        switch random.number(below: 8) {
        case 0: builder.long(id: 3, bytes: 4 * (1 + random.number(below: 20)), delta: 9)
        case 1: builder.extend(random.next() >> 20)
        case 2: builder.stamp(random.next())
        case 3: builder.discarded(bytes: 4 * (2 + random.number(below: 8)), delta: 1 + random.next() >> 50)
        default: builder.short(id: 2, bytes: 4 * (1 + random.number(below: 28)), delta: 4)
        }
      }
      var page = builder.page
      for _ in 0...random.number(below: 6) {
        page[8 + random.number(below: page.count - 8)] = UInt8(random.number(below: 256))
      }
      let resume = random.number(below: 3) == 0 ? random.number(below: 5_000) : 0
      let limit = random.number(below: 3) == 0 ? random.number(below: 5_000) : .max
      let records = decoder.all(page, resumeOffset: resume, dataLimit: limit)
      #expect(records.count <= page.count / 8 + 1)
      if decoder.damage != nil { damaged += 1 }
    }
    #expect(damaged > 300)
  }

  @Test func headerPageAndHeaderEvent() throws {
    let text = """
      \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
      \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
      \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
      \tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;
      """
    #expect(try SubBufferHeader(parsing: Array(text.utf8)) == .usual)
    #expect(SubBufferHeader.usual.size == 4096)
    let lies = ["size:4080": "size:-1", "offset:16": "offset:9", "local_t commit": "local_t other", "size:8": "size:3"]
    for (from, to) in lies {
      let parts = text.split(separator: from, maxSplits: 1)
      let lie = Array((parts[0] + to + parts[1]).utf8)
      #expect(throws: SourceError.self) { try SubBufferHeader(parsing: lie) }
    }
    let event = """
      # compressed entry header
      \ttype_len    :    5 bits
      \ttime_delta  :   27 bits
      \tarray       :   32 bits

      \tpadding     : type == 29
      \ttime_extend : type == 30
      \ttime_stamp : type == 31
      \tdata max type_len  == 28
      """
    try RecordHeader.check(Array(event.utf8))
    #expect(throws: SourceError.self) { try RecordHeader.check(Array("\ttype        :    2 bits\n".utf8)) }
  }
}
