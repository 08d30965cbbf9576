// How a sub-buffer of the kernel's ring buffer begins, and the numbers that its records are made of.
//
// In: the text of `events/header_page` and `events/header_event`. Out: where time, commit and data are. The decoder and
// whoever writes sub-buffers (the synthetic source, recordings) share these constants; they are nowhere else.
//
//     0   u64   time of the first record's base, ns
//     8   long  commit: bytes of data; bit 31: records are missing before this page; bit 30: how many is stored, as a
//               long, right after the data. The kernel adds the flags to a signed number, so bits 32…63 may be set too.
//     16  data  records, each aligned to 4 bytes
//
// A record begins with a word: type_len in the low 5 bits, the time since the record before it (ns) in the high 27.

public struct SubBufferHeader: Sendable, Hashable {
  /// In bytes from the page's start.
  public var timestampOffset: Int
  public var commitOffset: Int
  /// 8 on 64-bit kernels, 4 on 32-bit ones; a stored count of missed records is as wide.
  public var commitSize: Int
  public var dataOffset: Int
  /// The most data a sub-buffer of the size at the time of reading holds. Sub-buffers may be enlarged later: what is
  /// handed out says its own size.
  public var dataSize: Int

  public init(
    timestampOffset: Int = 0, commitOffset: Int = 8, commitSize: Int = 8, dataOffset: Int = 16, dataSize: Int = 4080
  ) {
    self.timestampOffset = timestampOffset
    self.commitOffset = commitOffset
    self.commitSize = commitSize
    self.dataOffset = dataOffset
    self.dataSize = dataSize
  }

  /// Header and data, in bytes.
  public var size: Int { dataOffset + dataSize }

  /// A 64-bit kernel's with pages of 4 KiB.
  public static let usual = SubBufferHeader()

  /// Bits of `commit`.
  public static let missedRecords: UInt64 = 1 << 31
  public static let missedCountStored: UInt64 = 1 << 30
  public static let lengthMask: UInt64 = (1 << 27) - 1

  /// - Parameter bytes: of `events/header_page`.
  public init(parsing bytes: [UInt8]) throws(SourceError) {
    var found: [String: (offset: Int, size: Int)] = [:]
    for line in bytes.prefix(65_536).split(separator: UInt8(ascii: "\n")) {
      guard let rest = line.trimmingSpace.after("field:") else { continue }
      let parts = rest.split(separator: UInt8(ascii: ";"))
      guard let declaration = parts.first else { continue }
      let name = declaration.reversed().prefix { $0.isPartOfFieldName }.reversed()
      var offset: Int?
      var size: Int?
      for part in parts.dropFirst() {
        let part = part.trimmingSpace
        if let value = part.after("offset:") { offset = value.decimal }
        if let value = part.after("size:") { size = value.decimal }
      }
      guard let offset, let size else { continue }
      found[String(decoding: Array(name), as: UTF8.self)] = (offset, size)
    }
    guard let time = found["timestamp"], let commit = found["commit"], let data = found["data"] else {
      throw SourceError(.unreadable, "header_page does not say where timestamp, commit and data are")
    }
    guard time.size == 8, commit.size == 4 || commit.size == 8, time.offset <= 64, commit.offset <= 64,
      data.offset >= max(time.offset + 8, commit.offset + commit.size), data.offset <= 256, data.size >= 64,
      data.size < Int(Self.lengthMask)
    else {
      throw SourceError(.unreadable, "header_page describes a sub-buffer of an unknown form")
    }
    self.init(
      timestampOffset: time.offset, commitOffset: commit.offset, commitSize: commit.size, dataOffset: data.offset,
      dataSize: data.size)
  }
}

/// The word that a record begins with.
public enum RecordHeader {
  public static let typeBits: UInt32 = 5
  public static let typeMask: UInt32 = 31
  /// Of the time since the record before, in bits.
  public static let deltaBits: UInt64 = 27
  public static let deltaMask: UInt64 = (1 << 27) - 1
  /// type_len 0: the next word holds the length of itself and the payload.
  public static let longRecord: UInt32 = 0
  /// type_len 1…28: a payload of four times as many bytes.
  public static let largestShort: UInt32 = 28
  /// Delta 0: nothing more on the page. Else the next word holds the bytes to skip after the first word.
  public static let padding: UInt32 = 29
  /// The next word holds the delta's bits from 27 on.
  public static let timeExtend: UInt32 = 30
  /// Delta and next word hold the low 59 bits of the time itself.
  public static let timeStamp: UInt32 = 31
  /// Of an absolute time; the bits above are those of the time before.
  public static let timeStampBits: UInt64 = 59

  /// A delta of 1 in a padding stands for "was 0": 0 would end the page.
  public static let paddingWithoutDelta: UInt64 = 1

  /// The word with its two parts.
  @inlinable
  public static func word(type: UInt32, delta: UInt64) -> UInt32 {
    #if _endian(little)
      type | UInt32(truncatingIfNeeded: delta) << typeBits
    #else
      type << 27 | UInt32(truncatingIfNeeded: delta & deltaMask)
    #endif
  }

  @inlinable
  public static func type(of word: UInt32) -> UInt32 {
    #if _endian(little)
      word & typeMask
    #else
      word >> 27
    #endif
  }

  @inlinable
  public static func delta(of word: UInt32) -> UInt64 {
    #if _endian(little)
      UInt64(word >> typeBits)
    #else
      UInt64(word) & deltaMask
    #endif
  }

  /// Checks that `events/header_event` describes the form that this file knows, which is every kernel's since 2.6.30.
  public static func check(_ bytes: [UInt8]) throws(SourceError) {
    var numbers: [String: Int] = [:]
    for line in bytes.prefix(65_536).split(separator: UInt8(ascii: "\n")) {
      let words = line.split { !$0.isPartOfFieldName }.map { String(decoding: $0, as: UTF8.self) }
      guard let first = words.first, let number = words.dropFirst().lazy.compactMap({ Int($0) }).first else { continue }
      numbers[first] = number
    }
    let expected = [
      "type_len": Int(typeBits), "time_delta": Int(deltaBits), "padding": Int(padding), "time_extend": Int(timeExtend),
    ]
    for (name, value) in expected.sorted(by: { $0.key < $1.key }) where numbers[name] != value {
      throw SourceError(
        .unreadable, "header_event: \(name) is \(numbers[name].map(String.init) ?? "not there"), not \(value)")
    }
  }
}
