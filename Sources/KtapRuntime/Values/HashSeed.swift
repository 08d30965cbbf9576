// Hashes of keys and strings.
//
// Unsafe: reads `count` bytes from a pointer that the caller vouches for.
//
// Keys are data of the traced system, so whoever is traced may choose them. Both hashes therefore multiply by a secret
// that each process draws anew: the full 128-bit product of (input xor secret) and another secret is folded to 64 bits
// by xor (the step of the wyhash family). Numbers take one such step, strings one for every 16 bytes and one to
// finish. The same content has the same hash in every heap of a process, which lets a worker's string find an entry
// whose key is the shared heap's copy. Nothing that a script can see depends on the secret: iteration follows insertion
// numbers, not slots.

/// The secret of a process's hashes.
@frozen public struct HashSeed: Sendable, Hashable, BitwiseCopyable {
  public var addend: UInt64
  /// Odd, and in each half neither few nor many bits are set, so that a product spreads every input bit.
  public var multiplier: UInt64

  /// A seed from 16 bytes of randomness.
  public init(addend: UInt64, entropy: UInt64) {
    self.addend = addend
    var candidate = entropy | 1
    while !HashSeed.spreads(UInt32(truncatingIfNeeded: candidate))
      || !HashSeed.spreads(UInt32(truncatingIfNeeded: candidate >> 32))
    {
      candidate = (candidate &* 0x9E37_79B9_7F4A_7C15 &+ 0x632B_E59B_D9B4_E019) | 1
    }
    multiplier = candidate
  }

  private static func spreads(_ half: UInt32) -> Bool { (10...22).contains(half.nonzeroBitCount) }

  /// Drawn once a process.
  public static let process: HashSeed = {
    var generator = SystemRandomNumberGenerator()
    return HashSeed(addend: generator.next(), entropy: generator.next())
  }()

  /// The 128-bit product of two words, folded.
  @inlinable @inline(__always) static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  /// Hash of a number.
  @inlinable @inline(__always) public func hash(_ number: Int64) -> UInt64 {
    HashSeed.fold(UInt64(bitPattern: number) ^ addend, multiplier)
  }

  /// Hash of any value whose identity is its payload and tag.
  @inlinable @inline(__always) func hash(payload: Int64, tag: Tag) -> UInt64 {
    HashSeed.fold(UInt64(bitPattern: payload) ^ addend, multiplier &+ UInt64(tag.rawValue) &* 0x9E37_79B9_7F4A_7C16)
  }

  /// One more word into a running hash.
  @inlinable @inline(__always) func combine(_ running: UInt64, _ word: UInt64) -> UInt64 {
    HashSeed.fold(running ^ addend, word ^ multiplier)
  }

  /// Hash of `count` bytes.
  func hash(_ start: UnsafeRawPointer, count: Int) -> UInt64 {
    var bytes = start
    var left = count
    var running = addend
    if left <= 16 {
      let first: UInt64
      let last: UInt64
      if left >= 8 {
        first = bytes.loadUnaligned(as: UInt64.self)
        last = bytes.loadUnaligned(fromByteOffset: left &- 8, as: UInt64.self)
      } else if left >= 4 {
        first = UInt64(bytes.loadUnaligned(as: UInt32.self))
        last = UInt64(bytes.loadUnaligned(fromByteOffset: left &- 4, as: UInt32.self))
      } else if left > 0 {
        let middle = UInt64(bytes.load(fromByteOffset: left &>> 1, as: UInt8.self))
        first = UInt64(bytes.load(as: UInt8.self)) | middle &<< 8
        last = UInt64(bytes.load(fromByteOffset: left &- 1, as: UInt8.self))
      } else {
        first = 0
        last = 0
      }
      return finish(first, last, running, count)
    }
    while left > 16 {
      let first = bytes.loadUnaligned(as: UInt64.self)
      let second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      running = HashSeed.fold(first ^ multiplier, second ^ running)
      bytes += 16
      left &-= 16
    }
    // The last 16 bytes, which overlap what has been read unless the count is a multiple of 16.
    let first = bytes.loadUnaligned(fromByteOffset: left &- 16, as: UInt64.self)
    let last = bytes.loadUnaligned(fromByteOffset: left &- 8, as: UInt64.self)
    return finish(first, last, running, count)
  }

  @inline(__always) private func finish(_ first: UInt64, _ last: UInt64, _ running: UInt64, _ count: Int) -> UInt64 {
    let mixed = HashSeed.fold(first ^ multiplier, last ^ running)
    return HashSeed.fold(mixed ^ 0x9E37_79B9_7F4A_7C15, multiplier ^ UInt64(truncatingIfNeeded: count))
  }
}
