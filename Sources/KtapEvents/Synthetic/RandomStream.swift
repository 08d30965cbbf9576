// The generator's random numbers: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
// OOPSLA 2014), because its n-th number can be had without the ones before it. Each event draws from a stream that its
// own number begins, so an event that is not recorded costs nothing and changes nothing.

/// A stream of random numbers; equal seeds give equal streams, on every machine.
@frozen public struct RandomStream: Sendable {
  @usableFromInline var state: UInt64

  @inlinable public init(seed: UInt64) { state = seed }

  /// The stream number `index` of those that belong to `seed`.
  @inlinable public init(seed: UInt64, index: UInt64) {
    state = Self.mix(seed ^ Self.mix(index &* 0xd1b5_4a32_d192_ed03 &+ 1))
  }

  /// Scatters: a bijection of 64-bit words in which each bit of the word changes about half of the result's.
  @inlinable @inline(__always)
  public static func mix(_ word: UInt64) -> UInt64 {
    var mixed = word
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  @inlinable @inline(__always)
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(state)
  }

  /// 0…bound-1, by multiplication; the bias is below bound / 2^64.
  @inlinable @inline(__always)
  public mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
