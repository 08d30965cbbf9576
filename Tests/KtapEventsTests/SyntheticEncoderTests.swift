import Glibc
import KtapRuntime
import Testing

@testable import KtapEvents

/// What the decoder finds in a sub-buffer.
struct DecodedRecord: Equatable {
  var time: UInt64
  var bytes: [UInt8]
}

func decode(_ subBuffer: SubBuffer, with decoder: inout SubBufferDecoder) -> [DecodedRecord] {
  var records: [DecodedRecord] = []
  decoder.begin(subBuffer)
  while let record = decoder.next() {
    records.append(
      DecodedRecord(
        time: record.time, bytes: Array(UnsafeRawBufferPointer(start: record.bytes, count: record.length))))
  }
  return records
}

@Suite struct SyntheticEncoderTests {
  /// Writes records until the page is full; they come back as they were.
  private func roundTrip(
    header: SubBufferHeader, isAlwaysLong: Bool = false, commitsPadding: Bool = false, seed: UInt64
  ) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: header.size, alignment: 8)
    defer { memory.deallocate() }
    memset(memory, 0xee, header.size)
    var random = RandomStream(seed: seed)
    var encoder = SubBufferEncoder(header: header, isAlwaysLong: isAlwaysLong)
    var time: UInt64 = 0x3a00_0000_0000_0000 + random.below(1 << 40)
    encoder.begin(memory, time: time)
    var expected: [DecodedRecord] = []
    while true {
      let size = 4 * (1 + Int(random.below(60)))
      let record = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // From nothing to far more than 27 bits.
      time += random.below(1 << random.below(40))
      if random.below(8) == 0 { if !encoder.appendDiscarded(length: size, time: time) { break } }
      let fits = record.withUnsafeBytes { encoder.append($0, time: time, isAbsolute: random.below(8) == 0) }
      if !fits { break }
      expected.append(DecodedRecord(time: time, bytes: record))
    }
    encoder.finish(commitsPadding: commitsPadding)
    var decoder = SubBufferDecoder(header: header)
    let found = decode(
      SubBuffer(bytes: UnsafeRawBufferPointer(start: memory, count: header.size)), with: &decoder)
    #expect(found == expected)
    #expect(decoder.damage == nil)
    #expect(decoder.missed == .none)
    #expect(encoder.recordCount == expected.count)
  }

  @Test func recordsComeBackAsTheyWere() {
    for seed in 0..<200 as Range<UInt64> {
      roundTrip(header: .usual, commitsPadding: seed % 3 == 0, seed: seed)
      roundTrip(header: .usual, isAlwaysLong: true, seed: seed)
      roundTrip(header: SubBufferHeader(dataSize: 65520), seed: seed)
    }
  }

  @Test func pagesOf32BitKernels() {
    for seed in 0..<50 as Range<UInt64> {
      roundTrip(header: SubBufferHeader(commitSize: 4, dataOffset: 12, dataSize: 4084), seed: seed)
    }
  }

  @Test(arguments: [MissedRecords.none, .some, .counted(12_345)]) func lossesAreSaid(missed: MissedRecords) {
    for commitSize in [4, 8] {
      let header = SubBufferHeader(commitSize: commitSize, dataOffset: 8 + commitSize)
      let memory = UnsafeMutableRawPointer.allocate(byteCount: header.size, alignment: 8)
      defer { memory.deallocate() }
      var encoder = SubBufferEncoder(header: header, reservesMissedCount: true)
      encoder.begin(memory, time: 5)
      let record: [UInt8] = [1, 0, 0, 0, 7, 0, 0, 0]
      var count = 0
      while record.withUnsafeBytes({ encoder.append($0, time: 5) }) { count += 1 }
      encoder.finish(missed: missed)
      var decoder = SubBufferDecoder(header: header)
      let found = decode(
        SubBuffer(bytes: UnsafeRawBufferPointer(start: memory, count: header.size)), with: &decoder)
      #expect(found.count == count)
      #expect(decoder.missed == missed)
      #expect(decoder.damage == nil)
    }
  }

  /// As a 6.18 kernel was seen to write it.
  @Test func theFlagIsSignExtended() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 8)
    defer { memory.deallocate() }
    SubBufferEncoder.mark(memory, header: .usual, length: 0xff0, missed: .some, hasRoom: false)
    #expect(memory.load(fromByteOffset: 8, as: UInt64.self) == 0xffff_ffff_8000_0ff0)
  }

  @Test func aRecordLargerThanThePageIsRefused() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 8)
    defer { memory.deallocate() }
    var encoder = SubBufferEncoder(header: .usual)
    encoder.begin(memory, time: 0)
    let record = [UInt8](repeating: 1, count: 4096)
    let fits = record.withUnsafeBytes { encoder.append($0, time: 0) }
    let fitsDiscarded = encoder.appendDiscarded(length: 4096, time: 0)
    let length = encoder.finish()
    #expect(!fits && !fitsDiscarded && length == 0)
  }
}
