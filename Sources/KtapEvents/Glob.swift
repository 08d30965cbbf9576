// Patterns such as `sys_enter_*`, `sched_[sw]*`, `[!_]?*` and `a\*b`.
//
// In: the pattern's bytes. Out: whether a text matches as a whole. The same rules as the kernel's `glob_match`: `*` any
// bytes, `?` one, `[a-z]` one of a set, `[!a-z]` one outside it, `\x` x itself; a bracket that is never closed stands
// for itself.
//
// A star remembers only the last place to go on from, so matching takes at most (text × pattern) steps whatever the
// pattern, and needs no memory of its own.

public struct Glob: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    case byte(UInt8)
    case anyByte
    case anyBytes
    case oneOf(ByteSet)
  }

  struct ByteSet: Sendable, Hashable {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    mutating func insert(_ byte: UInt8) {
      let bit: UInt64 = 1 << (byte & 63)
      switch byte >> 6 {
      case 0: words.0 |= bit
      case 1: words.1 |= bit
      case 2: words.2 |= bit
      default: words.3 |= bit
      }
    }

    mutating func invert() { words = (~words.0, ~words.1, ~words.2, ~words.3) }

    func contains(_ byte: UInt8) -> Bool {
      let word =
        switch byte >> 6 {
        case 0: words.0
        case 1: words.1
        case 2: words.2
        default: words.3
        }
      return word >> (byte & 63) & 1 != 0
    }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }
    func hash(into hasher: inout Hasher) {
      hasher.combine(words.0)
      hasher.combine(words.1)
      hasher.combine(words.2)
      hasher.combine(words.3)
    }
  }

  let parts: [Part]
  /// What the pattern was made from.
  public let text: [UInt8]

  public init(_ text: String) { self.init(Array(text.utf8)) }

  public init(_ bytes: [UInt8]) {
    text = bytes
    var parts: [Part] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "*"):
        if parts.last != .anyBytes { parts.append(.anyBytes) }
      case UInt8(ascii: "?"): parts.append(.anyByte)
      case UInt8(ascii: "\\") where index < bytes.count:
        parts.append(.byte(bytes[index]))
        index += 1
      case UInt8(ascii: "["):
        if let (set, after) = Self.set(in: bytes, from: index) {
          parts.append(.oneOf(set))
          index = after
        } else {
          parts.append(.byte(byte))
        }
      default: parts.append(.byte(byte))
      }
    }
    self.parts = parts
  }

  /// A set whose opening bracket is before `start`, and the place after its closing one.
  private static func set(in bytes: [UInt8], from start: Int) -> (ByteSet, Int)? {
    var index = start
    let isInverted = index < bytes.count && bytes[index] == UInt8(ascii: "!")
    if isInverted { index += 1 }
    var set = ByteSet()
    var isFirst = true
    while index < bytes.count {
      let low = bytes[index]
      // A bracket that closes right after the opening one is a member.
      if low == UInt8(ascii: "]") && !isFirst {
        if isInverted { set.invert() }
        return (set, index + 1)
      }
      isFirst = false
      index += 1
      if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "-"), bytes[index + 1] != UInt8(ascii: "]") {
        let high = bytes[index + 1]
        if low <= high { for byte in low...high { set.insert(byte) } }
        index += 2
      } else {
        set.insert(low)
      }
    }
    return nil
  }

  /// The one text that matches, if the pattern has no star, question mark or set.
  public var literal: [UInt8]? {
    var bytes: [UInt8] = []
    for part in parts {
      guard case .byte(let byte) = part else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  public func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
  }

  public func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    parts.withUnsafeBufferPointer { Self.match($0, text) }
  }

  static func match(_ parts: UnsafeBufferPointer<Part>, _ text: UnsafeRawBufferPointer) -> Bool {
    var part = 0
    var index = 0
    /// After the last star, and where in the text it was tried last.
    var resumePart = -1
    var resumeIndex = 0
    while true {
      if part < parts.count, case .anyBytes = parts[part] {
        part += 1
        resumePart = part
        resumeIndex = index
        if part == parts.count { return true }
        continue
      }
      if index == text.count { return part == parts.count }
      let fits: Bool
      if part < parts.count {
        switch parts[part] {
        case .byte(let byte): fits = byte == text[index]
        case .anyByte: fits = true
        case .anyBytes: fits = false
        case .oneOf(let set): fits = set.contains(text[index])
        }
      } else {
        fits = false
      }
      if fits {
        part += 1
        index += 1
      } else {
        if resumePart < 0 { return false }
        resumeIndex += 1
        index = resumeIndex
        part = resumePart
      }
    }
  }
}
