// Writes records into a sub-buffer in the kernel's binary form; the counterpart of `SubBufferDecoder`.
//
// In: records in the order of time. Out: a page as a reader of the ring buffer gets it: header, records with the time
// since the record before, the rest zero. A delta that needs more than 27 bits gets a time extend before its record, as
// in the kernel; an absolute time stamp is written where the caller asks for one (the kernel writes one after an
// interrupted write). What the kernel does on a page's end is done too: a padding with delta 0, outside the committed
// data, or inside it, as older kernels had it.
//
// Unsafe: writes raw memory. Invariant: `begin` is given memory of at least the header's size that nobody else touches
// until the page has been read, and every write is preceded by a check against `end`.

import Glibc

@frozen
public struct SubBufferEncoder {
  public let header: SubBufferHeader
  /// Records on the page, discarded ones not counted.
  public private(set) var recordCount = 0
  private var page: UnsafeMutableRawPointer
  private var cursor: UnsafeMutableRawPointer
  private var end: UnsafeMutableRawPointer
  private var time: UInt64 = 0
  /// Bytes at the end of the data that no record gets: room for a count of missed records.
  private let reserved: Int
  /// Every record is written in the long form, as on machines that align records to 8 bytes.
  private let isAlwaysLong: Bool

  public init(header: SubBufferHeader, reservesMissedCount: Bool = false, isAlwaysLong: Bool = false) {
    let nowhere = UnsafeMutableRawPointer(bitPattern: 8)!
    self.header = header
    self.isAlwaysLong = isAlwaysLong
    reserved = reservesMissedCount ? header.commitSize : 0
    page = nowhere
    cursor = nowhere
    end = nowhere
  }

  /// Turns away from the last page, before it is known whether there will be a next one.
  mutating func clear() { recordCount = 0 }

  /// Starts a page.
  /// - Parameters:
  ///   - memory: at least `header.size` bytes, aligned to 8.
  ///   - time: of the page; no record's is less.
  public mutating func begin(_ memory: UnsafeMutableRawPointer, time: UInt64) {
    page = memory
    cursor = memory + header.dataOffset
    end = memory + header.size - reserved
    self.time = time
    recordCount = 0
    memset(memory, 0, header.dataOffset)
    memory.storeBytes(of: time, toByteOffset: header.timestampOffset, as: UInt64.self)
  }

  /// - Parameters:
  ///   - record: begins with the event's id; at least 4 bytes.
  ///   - isAbsolute: with an absolute time stamp before it.
  /// - Returns: false if the page has no room for it; nothing is written then.
  @inline(__always)
  public mutating func append(_ record: UnsafeRawBufferPointer, time now: UInt64, isAbsolute: Bool = false) -> Bool {
    let length = (record.count &+ 3) & ~3
    let isLong = isAlwaysLong || length > Int(RecordHeader.largestShort) << 2
    var delta = now &- time
    let hasStamp = isAbsolute || delta > RecordHeader.deltaMask
    let room = end - cursor
    guard length &+ 4 &+ (isLong ? 4 : 0) &+ (hasStamp ? 8 : 0) <= room else { return false }
    if hasStamp {
      putStamp(isAbsolute ? RecordHeader.timeStamp : RecordHeader.timeExtend, isAbsolute ? now : delta)
      delta = 0
    }
    if isLong {
      put(RecordHeader.word(type: RecordHeader.longRecord, delta: delta))
      put(UInt32(truncatingIfNeeded: length &+ 4))
    } else {
      put(RecordHeader.word(type: UInt32(truncatingIfNeeded: length) &>> 2, delta: delta))
    }
    if length != record.count { cursor.storeBytes(of: 0, toByteOffset: length &- 4, as: UInt32.self) }
    if let base = record.baseAddress { cursor.copyMemory(from: base, byteCount: record.count) }
    cursor += length
    time = now
    recordCount &+= 1
    return true
  }

  /// A record that the kernel threw away after it had been written.
  /// - Parameter length: of its payload, in bytes; at least 4.
  public mutating func appendDiscarded(length: Int, time now: UInt64) -> Bool {
    let length = max(4, (length + 3) & ~3)
    let delta = now &- time
    guard delta <= RecordHeader.deltaMask, length + 4 <= end - cursor else { return false }
    // A padding's delta of 1 reads as 0, so the time stays what it was.
    put(RecordHeader.word(type: RecordHeader.padding, delta: max(delta, RecordHeader.paddingWithoutDelta)))
    put(UInt32(truncatingIfNeeded: length))
    memset(cursor, 0, length - 4)
    cursor += length - 4
    if delta != RecordHeader.paddingWithoutDelta { time = now }
    return true
  }

  /// Ends the page.
  /// - Parameters:
  ///   - missed: what it says about records that were lost before it; a count is stored only in an encoder that reserves
  ///     the room.
  ///   - commitsPadding: the data reaches to the page's end, and a padding says where the records end.
  /// - Returns: the length of the data, in bytes.
  @discardableResult
  public mutating func finish(missed: MissedRecords = .none, commitsPadding: Bool = false) -> Int {
    let rest = end - cursor
    memset(cursor, 0, rest + reserved)
    if rest >= 4 {
      cursor.storeBytes(of: RecordHeader.word(type: RecordHeader.padding, delta: 0), as: UInt32.self)
      if commitsPadding { cursor = end }
    }
    let length = cursor - (page + header.dataOffset)
    Self.mark(page, header: header, length: length, missed: missed, hasRoom: reserved > 0)
    return length
  }

  /// Writes the commit word, and the count of missed records after the data if there is room for it.
  static func mark(
    _ page: UnsafeMutableRawPointer, header: SubBufferHeader, length: Int, missed: MissedRecords, hasRoom: Bool
  ) {
    var commit = UInt64(length)
    switch missed {
    case .none: break
    case .some: commit |= SubBufferHeader.missedRecords
    case .counted(let count):
      commit |= SubBufferHeader.missedRecords
      if hasRoom {
        // Right after the data, which need not be a multiple of eight bytes.
        commit |= SubBufferHeader.missedCountStored
        let place = page + header.dataOffset + length
        if header.commitSize == 8 {
          place.storeBytes(of: count, as: UInt64.self)
        } else {
          place.storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self)
        }
      }
    }
    if header.commitSize == 8 {
      // The kernel adds the flags to a signed 32-bit number first: they arrive sign-extended.
      let extended = Int64(Int32(truncatingIfNeeded: commit))
      page.storeBytes(of: extended, toByteOffset: header.commitOffset, as: Int64.self)
    } else {
      page.storeBytes(of: UInt32(truncatingIfNeeded: commit), toByteOffset: header.commitOffset, as: UInt32.self)
    }
  }

  @inline(__always)
  private mutating func put(_ word: UInt32) {
    cursor.storeBytes(of: word, as: UInt32.self)
    cursor += 4
  }

  private mutating func putStamp(_ type: UInt32, _ value: UInt64) {
    put(RecordHeader.word(type: type, delta: value & RecordHeader.deltaMask))
    let low59 = (1 << RecordHeader.timeStampBits) - 1 as UInt64
    put(UInt32(truncatingIfNeeded: (value & low59) >> RecordHeader.deltaBits))
  }
}
