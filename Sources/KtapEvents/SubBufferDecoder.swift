// Reads the records of sub-buffers, one stream's in order.
//
// In: what a stream hands out: a page (or several: sub-buffers may be larger) in the kernel's binary form, from the ring
// buffer itself, a recording, or a generator. Out: each record's time, place and length. No allocation, no copy.
//
// A page that was not full when it was handed out comes again with a `resumeOffset`; the decoder keeps the time it had,
// because a record's delta counts from the record before it. So one decoder reads one stream, and every sub-buffer.
//
// Times: the page's time stamp is the base; each record adds its delta. A time extend adds a longer one. An absolute
// time stamp has 59 bits and takes the upper five from the time before, and one more if that would go back. A padding is
// a record that was discarded after later ones were written: its delta counts too, unless it is 1, which stands for 0.
//
// Unsafe: reads raw memory. Invariant: `cursor ... end` lies within the sub-buffer's bytes: `begin` cuts what `commit`
// claims to what is there, and every step checks the room that is left before it reads or moves. A record that claims
// more than that ends the page with a `damage`, which the caller counts; nothing outside is ever read. What the page's
// owner writes concurrently lies after the commit that `begin` loaded.

/// One record; valid until the stream's next call.
@frozen
public struct EventRecord {
  /// In nanoseconds of the trace clock.
  public var time: UInt64
  /// At least 4 bytes; the event's id is the first 16 bits.
  public var bytes: UnsafeRawPointer
  /// In bytes; a multiple of four on every kernel known.
  public var length: Int

  @inlinable
  public init(time: UInt64, bytes: UnsafeRawPointer, length: Int) {
    self.time = time
    self.bytes = bytes
    self.length = length
  }

  /// `common_type`.
  @inlinable
  public var eventID: Int { Int(bytes.loadUnaligned(as: UInt16.self)) }
}

/// What a sub-buffer says about records that were lost before it.
public enum MissedRecords: Sendable, Hashable {
  case none
  /// The kernel did not store how many: only the statistics know.
  case some
  case counted(UInt64)
}

/// Why the rest of a sub-buffer could not be read.
public enum SubBufferDamage: UInt8, Sendable, Hashable {
  /// Shorter than its header.
  case noHeader
  /// More data is committed than is there; what is there was read.
  case commitTooLarge
  /// A record that reaches past the data.
  case recordTooLong
  /// A record without the four bytes that hold its id.
  case recordTooShort
  /// The place to go on from is past the data.
  case resumedPastEnd
}

@frozen
public struct SubBufferDecoder {
  @usableFromInline var cursor: UnsafeRawPointer
  @usableFromInline var end: UnsafeRawPointer
  @usableFromInline var currentTime: UInt64
  /// Lost before the current sub-buffer.
  public private(set) var missed: MissedRecords
  /// Nil while all is well; set where reading ended early.
  public private(set) var damage: SubBufferDamage?
  /// Bytes of the current sub-buffer that damage made unreadable.
  public private(set) var unreadBytes: Int
  @usableFromInline let timestampOffset: Int
  @usableFromInline let commitOffset: Int
  @usableFromInline let dataOffset: Int
  @usableFromInline let hasWideCommit: Bool

  public init(header: SubBufferHeader) {
    let nowhere = UnsafeRawPointer(bitPattern: 8)!
    cursor = nowhere
    end = nowhere
    currentTime = 0
    missed = .none
    unreadBytes = 0
    timestampOffset = header.timestampOffset
    commitOffset = header.commitOffset
    dataOffset = header.dataOffset
    hasWideCommit = header.commitSize == 8
  }

  /// Of the last record, or the page's; in nanoseconds.
  @inlinable
  public var time: UInt64 { currentTime }

  /// Turns to the next sub-buffer of the stream.
  public mutating func begin(_ subBuffer: SubBuffer) {
    missed = .none
    damage = nil
    unreadBytes = 0
    guard let base = subBuffer.bytes.baseAddress, subBuffer.bytes.count >= dataOffset else {
      end = cursor
      damage = .noHeader
      return
    }
    let page = UnsafeRawPointer(base)
    let room = subBuffer.bytes.count - dataOffset
    let commit =
      hasWideCommit
      ? page.loadUnaligned(fromByteOffset: commitOffset, as: UInt64.self)
      : UInt64(page.loadUnaligned(fromByteOffset: commitOffset, as: UInt32.self))
    let claimed = Int(commit & SubBufferHeader.lengthMask)
    let length = min(claimed, room, subBuffer.dataLimit)
    let data = page + dataOffset
    end = data + length
    if claimed > room { damage = .commitTooLarge }
    if subBuffer.resumeOffset > 0 {
      if subBuffer.resumeOffset > length {
        cursor = end
        damage = .resumedPastEnd
      } else {
        cursor = data + subBuffer.resumeOffset
      }
      return
    }
    cursor = data
    currentTime = page.loadUnaligned(fromByteOffset: timestampOffset, as: UInt64.self)
    if commit & SubBufferHeader.missedRecords != 0 {
      let width = hasWideCommit ? 8 : 4
      if commit & SubBufferHeader.missedCountStored != 0, claimed + width <= room {
        missed = .counted(
          hasWideCommit
            ? data.loadUnaligned(fromByteOffset: claimed, as: UInt64.self)
            : UInt64(data.loadUnaligned(fromByteOffset: claimed, as: UInt32.self)))
      } else {
        missed = .some
      }
    }
  }

  /// The next record, or nil at the end of what can be read; `damage` says whether that is all there was.
  @inlinable @inline(__always)
  public mutating func next() -> EventRecord? {
    while true {
      let room = end - cursor
      if room < 4 {
        if room != 0 { fail(.recordTooLong) }
        return nil
      }
      let word = cursor.loadUnaligned(as: UInt32.self)
      let type = RecordHeader.type(of: word)
      let payload = cursor + 4
      if type &- 1 < RecordHeader.largestShort {
        let length = Int(type &<< 2)
        if length > room &- 4 {
          fail(.recordTooLong)
          return nil
        }
        currentTime &+= RecordHeader.delta(of: word)
        cursor = payload + length
        return EventRecord(time: currentTime, bytes: payload, length: length)
      }
      let step = special(word, type: type, room: room)
      if step == 0 { return nil }
      if step > 0 { return EventRecord(time: currentTime, bytes: payload + 4, length: step) }
    }
  }

  /// Everything but a short record: the payload's length of a long record, whose payload begins 8 bytes after the
  /// header; -1 to go on; 0 at the end.
  @usableFromInline
  mutating func special(_ word: UInt32, type: UInt32, room: Int) -> Int {
    let delta = RecordHeader.delta(of: word)
    if type == RecordHeader.padding && delta == 0 {
      cursor = end
      return 0
    }
    guard room >= 8 else {
      fail(.recordTooLong)
      return 0
    }
    let second = cursor.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    switch type {
    case RecordHeader.padding:
      guard Int(second) <= room - 4 else {
        fail(.recordTooLong)
        return 0
      }
      guard second >= 4 else {
        fail(.recordTooShort)
        return 0
      }
      if delta != RecordHeader.paddingWithoutDelta { currentTime &+= delta }
      cursor += 4 + min((Int(second) + 3) & ~3, room - 4)
      return -1
    case RecordHeader.timeExtend:
      currentTime &+= UInt64(second) << RecordHeader.deltaBits | delta
      cursor += 8
      return -1
    case RecordHeader.timeStamp:
      let span: UInt64 = 1 << RecordHeader.timeStampBits
      let before = currentTime
      currentTime = (UInt64(second) << RecordHeader.deltaBits | delta) & (span - 1)
      if before >= span {
        currentTime |= before & ~(span - 1)
        if currentTime < before { currentTime &+= span }
      }
      cursor += 8
      return -1
    default:
      guard Int(second) <= room - 4 else {
        fail(.recordTooLong)
        return 0
      }
      guard second >= 8 else {
        fail(.recordTooShort)
        return 0
      }
      currentTime &+= delta
      cursor += 4 + min((Int(second) + 3) & ~3, room - 4)
      return Int(second) - 4
    }
  }

  @usableFromInline
  mutating func fail(_ what: SubBufferDamage) {
    damage = what
    unreadBytes = end - cursor
    // What follows cannot be found any more, but a later part of the same page can: it begins where this one ended.
    end = cursor
  }
}
