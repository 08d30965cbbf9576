// How the generator draws the value of a field, or the task that an event belongs to.

/// Which of how many keys an event gets, and how often.
public struct Distribution: Sendable, Hashable, CustomStringConvertible {
  public enum Shape: Sendable, Hashable {
    /// Always the same value.
    case constant(Int64)
    /// Each of `count` keys equally often.
    case uniform(count: UInt64)
    /// The k-th of `count` keys, from 1, with a probability proportional to 1 / k^skew.
    case zipf(skew: Double, count: UInt64)
    /// Key 0 with probability `share`; the others equally often.
    case hot(share: Double, count: UInt64)
  }

  public var shape: Shape
  /// Keys are numbers all over 43 bits, as addresses and identifiers are, not 0…count-1.
  public var isScattered: Bool

  public init(_ shape: Shape, isScattered: Bool = false) {
    self.shape = shape
    self.isScattered = isScattered
  }

  /// A table of so many entries is made for a Zipf distribution: 32 MiB.
  public static let maximumZipfCount: UInt64 = 1 << 22
  public static let maximumCount: UInt64 = 1 << 62

  /// How many different keys there are.
  public var count: UInt64 {
    switch shape {
    case .constant: 1
    case .uniform(let count), .zipf(_, let count), .hot(_, let count): count
    }
  }

  /// As `SyntheticDescription` reads it.
  public var description: String {
    let scattered = isScattered ? ",scattered" : ""
    return switch shape {
    case .constant(let value): "constant(\(value)\(scattered))"
    case .uniform(let count): "uniform(\(count)\(scattered))"
    case .zipf(let skew, let count): "zipf(\(skew),\(count)\(scattered))"
    case .hot(let share, let count): "hot(\(share),\(count)\(scattered))"
    }
  }
}
