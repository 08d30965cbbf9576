/// The Hodges–Lehmann estimate of a location and Wilcoxon's signed-rank interval around it.
///
/// In: the log-ratios (or differences) of the blocks. Out: the median of all Walsh averages (the means of each pair,
/// each value with itself included), and an interval from the q-th smallest to the q-th largest of them, where q comes
/// from the distribution of the signed-rank statistic. It supposes that the blocks are independent and that the
/// differences are symmetric about their centre, which log-ratios of two arms of one block are when the arms do not
/// differ; no normal distribution. Outliers move it little: almost a third of the blocks may be arbitrarily wrong.
///
/// Ties and zeros need no special treatment here: the interval is conservative with them.
public struct HodgesLehmann: Sendable, Hashable {
  public var estimate: Double
  public var interval: Interval
  /// What the interval's ends really stand for; less than asked for with fewer than six values at 95 %.
  public var confidence: Double
  /// The two-sided probability of a signed-rank statistic at least this far out if the location were 0.
  public var probability: Double

  /// nil without values.
  public init?(_ values: [Double], confidence: Double) {
    guard let walsh = WalshAverages(values) else { return nil }
    self.init(walsh, confidence: confidence)
  }

  init(_ walsh: WalshAverages, confidence: Double) {
    let distribution = SignedRankDistribution(count: walsh.count)
    let rank = distribution.intervalRank(confidence: confidence)
    let averages = walsh.values
    estimate = Spread.median(ofSorted: averages)
    interval = Interval(lower: averages[rank - 1], upper: averages[averages.count - rank])
    self.confidence = distribution.confidence(ofRank: rank)
    // T is the number of positive Walsh averages; a zero is on neither side, so the side nearer the middle counts it.
    let positive = averages.count { $0 > 0 }
    let negative = averages.count { $0 < 0 }
    let nearer = averages.count - max(positive, negative)
    probability = min(1, 2 * distribution.probability(upTo: nearer))
  }
}

/// A closed interval; an end may be infinite.
public struct Interval: Sendable, Hashable, Codable {
  public var lower: Double
  public var upper: Double

  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  public func map(_ transform: (Double) -> Double) -> Interval {
    Interval(lower: transform(lower), upper: transform(upper))
  }
}

/// All pairs' averages, sorted, each with the two places it comes from, so that a resample's Hodges–Lehmann estimate is a
/// weighted median of this one list: no sorting again.
struct WalshAverages: Sendable {
  let count: Int
  let values: [Double]
  private let first: [Int32]
  private let second: [Int32]

  init?(_ sample: [Double]) {
    guard !sample.isEmpty else { return nil }
    count = sample.count
    var pairs: [(value: Double, first: Int32, second: Int32)] = []
    pairs.reserveCapacity(count * (count + 1) / 2)
    for i in 0..<count {
      for j in i..<count {
        // A value with itself is that value, without rounding.
        let value = i == j ? sample[i] : (sample[i] + sample[j]) / 2
        pairs.append((value, Int32(i), Int32(j)))
      }
    }
    pairs.sort { $0.value < $1.value }
    values = pairs.map(\.value)
    first = pairs.map(\.first)
    second = pairs.map(\.second)
  }

  /// The estimate of the sample in which the i-th value stands `multiplicities[i]` times.
  func estimate(multiplicities: [Int]) -> Double {
    let size = multiplicities.reduce(0, +)
    let total = size * (size + 1) / 2
    // The middle one, or the mean of the two in the middle.
    let low = (total - 1) / 2
    let high = total / 2
    var passed = 0
    var lower: Double?
    for index in values.indices {
      let i = Int(first[index])
      let j = Int(second[index])
      let a = multiplicities[i]
      passed += i == j ? a * (a + 1) / 2 : a * multiplicities[j]
      if lower == nil, passed > low { lower = values[index] }
      if let lower, passed > high { return low == high ? lower : (lower + values[index]) / 2 }
    }
    return lower ?? 0
  }
}
