import Glibc

/// Wilcoxon's signed-rank statistic T under the hypothesis of symmetry about 0: the sum of those of the ranks 1…n that
/// got a positive sign, each sign being + or - with equal probability.
///
/// Up to `exactLimit` values the distribution is computed exactly, by adding one rank after the other to the distribution
/// of the sum (n additions over n(n+1)/2 sums). Beyond that the normal approximation with a continuity correction takes
/// its place; at the limit the two give ranks that differ by at most one out of thousands.
public struct SignedRankDistribution: Sendable {
  public static let exactLimit = 100

  public let count: Int
  /// cumulative[t] = P(T <= t); empty if the approximation is used.
  private let cumulative: [Double]

  public init(count: Int) {
    precondition(count >= 1)
    self.count = count
    guard count <= Self.exactLimit else {
      cumulative = []
      return
    }
    var probability = [Double](repeating: 0, count: count * (count + 1) / 2 + 1)
    probability[0] = 1
    var largest = 0
    for rank in 1...count {
      largest += rank
      for sum in stride(from: largest, through: 0, by: -1) {
        let without = sum <= largest - rank ? probability[sum] : 0
        let with = sum >= rank ? probability[sum - rank] : 0
        probability[sum] = (without + with) / 2
      }
    }
    var total = 0.0
    cumulative = probability.map {
      total += $0; return total
    }
  }

  public var isExact: Bool { !cumulative.isEmpty }
  public var largest: Int { count * (count + 1) / 2 }

  private var mean: Double { Double(count) * Double(count + 1) / 4 }
  private var deviation: Double {
    (Double(count) * Double(count + 1) * Double(2 * count + 1) / 24).squareRoot()
  }

  /// P(T <= t).
  public func probability(upTo t: Int) -> Double {
    if t < 0 { return 0 }
    if t >= largest { return 1 }
    return isExact ? min(1, cumulative[t]) : NormalDistribution.cumulative((Double(t) + 0.5 - mean) / deviation)
  }

  /// The rank q from either end of the sorted Walsh averages at which an interval of at least this confidence begins:
  /// the largest q with P(T <= q - 1) <= (1 - confidence) / 2, but at least 1. With few values not even q = 1 reaches
  /// the confidence; `confidence(ofRank:)` says what it reaches.
  public func intervalRank(confidence: Double) -> Int {
    let tail = (1 - confidence) / 2
    var low = 1
    var high = max(1, largest / 2)
    while low < high {
      let middle = (low + high + 1) / 2
      if probability(upTo: middle - 1) <= tail { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The confidence of the interval from the q-th smallest to the q-th largest Walsh average.
  public func confidence(ofRank rank: Int) -> Double { max(0, 1 - 2 * probability(upTo: rank - 1)) }
}
