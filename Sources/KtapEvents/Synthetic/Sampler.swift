// Unsafe: a sampler holds the address of its alias table. `SamplerSet` owns the tables and frees them; a sampler is only
// used by what keeps its set alive.
//
// A `Distribution` made ready to be drawn from in constant time, without a branch that depends on the drawn value where
// that can be helped: uniform by multiplication, Zipf by Walker's alias method (a table of `count` columns; a draw picks
// a column and then either the column's own key or its alias). Inverting the cumulative distribution was tried on paper
// and dropped: a binary search in a table of a million entries costs twenty cache misses instead of one. A hot key is a
// threshold on the low half of the random word.
//
// The Zipf weights are made with the C library's `pow`; a library that rounds one of them differently may change a
// threshold by one in 2^32, so bytes are only promised to be equal where the C library is.

import Glibc

/// Draws from one distribution.
@frozen @usableFromInline struct Sampler: @unchecked Sendable {
  @usableFromInline enum Kind: UInt8 { case constant, uniform, alias, hot }

  @usableFromInline let kind: Kind
  @usableFromInline let isScattered: Bool
  /// Of keys, or the constant's bits.
  @usableFromInline let count: UInt64
  /// Of a hot key: it is drawn if 32 random bits are below.
  @usableFromInline let threshold: UInt64
  /// Of `count` columns: the threshold of the column's own key in the low half, its alias in the high half.
  @usableFromInline let columns: UnsafePointer<UInt64>?

  /// The key's number, 0…count-1, or the constant.
  @inline(__always)
  func index(_ random: inout RandomStream) -> UInt64 {
    switch kind {
    case .constant:
      return count
    case .uniform:
      return random.below(count)
    case .alias:
      let word = random.next()
      let column = (word &>> 32).multipliedFullWidth(by: count &<< 32).high
      let entry = columns.unsafelyUnwrapped[Int(truncatingIfNeeded: column)]
      return (word & 0xffff_ffff) < (entry & 0xffff_ffff) ? column : entry &>> 32
    case .hot:
      let word = random.next()
      if (word & 0xffff_ffff) < threshold { return 0 }
      return 1 &+ random.below(count &- 1)
    }
  }

  @inline(__always)
  func value(_ random: inout RandomStream) -> UInt64 {
    let drawn = index(&random)
    return isScattered ? Self.scatter(drawn) : drawn
  }

  /// The scattered key of number `index`, of 43 bits.
  static func scatter(_ index: UInt64) -> UInt64 { RandomStream.mix(index &+ 0x9e37_79b9_7f4a_7c15) &>> 21 }
}

/// Samplers and the tables they use.
final class SamplerSet: @unchecked Sendable {
  private var made: [Distribution: Sampler] = [:]
  private var tables: [UnsafeMutablePointer<UInt64>] = []

  deinit {
    for table in tables { table.deallocate() }
  }

  /// The distribution's sampler; equal distributions share it.
  func sampler(of distribution: Distribution) -> Sampler {
    if let known = made[distribution] { return known }
    let sampler: Sampler
    let scattered = distribution.isScattered
    switch distribution.shape {
    case .constant(let value):
      sampler = Sampler(
        kind: .constant, isScattered: scattered, count: UInt64(bitPattern: value), threshold: 0, columns: nil)
    case .uniform(let count):
      sampler = Sampler(kind: .uniform, isScattered: scattered, count: max(count, 1), threshold: 0, columns: nil)
    case .hot(let share, let count) where count > 1:
      let threshold = UInt64(min(max(share, 0), 1) * 4_294_967_296)
      sampler = Sampler(kind: .hot, isScattered: scattered, count: count, threshold: threshold, columns: nil)
    case .hot:
      sampler = Sampler(kind: .constant, isScattered: scattered, count: 0, threshold: 0, columns: nil)
    case .zipf(let skew, let count):
      let bounded = min(max(count, 1), Distribution.maximumZipfCount)
      sampler = self.sampler(of: (1...Int(bounded)).map { pow(Double($0), -skew) }, isScattered: scattered)
    }
    made[distribution] = sampler
    return sampler
  }

  /// Draws each index as often as its weight says; at least one weight is above 0.
  func sampler(of weights: [Double], isScattered: Bool = false) -> Sampler {
    let table = Self.aliasTable(weights)
    tables.append(table)
    return Sampler(
      kind: .alias, isScattered: isScattered, count: UInt64(weights.count), threshold: 0, columns: UnsafePointer(table))
  }

  /// Vose's construction: columns with less than the average are filled up by one with more, their alias.
  private static func aliasTable(_ weights: [Double]) -> UnsafeMutablePointer<UInt64> {
    var weights = weights
    let count = weights.count
    // From the small ones on, which keeps the sum exact to the last few bits.
    let average = weights.reversed().reduce(0, +) / Double(count)
    for index in weights.indices { weights[index] /= average }
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    var small: [Int] = []
    var large: [Int] = []
    for index in 0..<count {
      // Until an alias is found a column is its own.
      table[index] = 0xffff_ffff | UInt64(index) << 32
      if weights[index] < 1 { small.append(index) } else { large.append(index) }
    }
    while let poor = small.popLast(), let rich = large.last {
      table[poor] = min(UInt64(weights[poor] * 4_294_967_296), 0xffff_ffff) | UInt64(rich) << 32
      weights[rich] -= 1 - weights[poor]
      if weights[rich] < 1 {
        large.removeLast()
        small.append(rich)
      }
    }
    return table
  }
}

/// Exponentially distributed gaps with mean 1, in units of 2^-32: a table of -ln(1 - u) and linear interpolation,
/// because a logarithm an event would cost more than all the rest of making it.
enum ExponentialTable {
  static let bits: UInt64 = 10

  /// The table; the caller frees it.
  static func make() -> UnsafeMutablePointer<UInt64> {
    let size = 1 << bits
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: size + 1)
    for index in 0..<size { table[index] = UInt64(-log1p(-Double(index) / Double(size)) * 4_294_967_296) }
    // The last cell reaches to infinity, and its mean is its beginning plus 1: a line to the beginning plus 2 has it too.
    table[size] = table[0] + UInt64((log(Double(size)) + 2) * 4_294_967_296)
    return table
  }

  /// The gap that belongs to a random word.
  @inline(__always)
  static func gap(_ word: UInt64, _ table: UnsafePointer<UInt64>) -> UInt64 {
    let cell = Int(truncatingIfNeeded: word &>> (64 &- bits))
    let fraction = (word &>> (48 &- bits)) & 0xffff
    let low = table[cell]
    return low &+ ((table[cell &+ 1] &- low) &* fraction) &>> 16
  }
}
