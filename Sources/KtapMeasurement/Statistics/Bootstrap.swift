/// Bootstrap intervals over blocks: blocks are drawn with replacement, the statistic is computed anew.
public enum Bootstrap {
  public static let usualResamples = 10_000

  /// The interval of the Hodges–Lehmann estimate, bias-corrected and accelerated (BCa, Efron 1987): the percentiles are
  /// shifted by the share of resamples below the estimate and by the skewness of the estimate found by leaving out one
  /// block after the other. nil for fewer than two values; a point if all values are equal.
  public static func hodgesLehmannInterval(
    _ values: [Double], confidence: Double, resamples: Int = usualResamples, seed: UInt64
  ) -> Interval? {
    guard values.count > 1, let walsh = WalshAverages(values) else { return nil }
    return hodgesLehmannInterval(walsh, confidence: confidence, resamples: resamples, seed: seed)
  }

  static func hodgesLehmannInterval(
    _ walsh: WalshAverages, confidence: Double, resamples: Int, seed: UInt64
  ) -> Interval {
    let count = walsh.count
    var generator = RandomGenerator(seed: seed, stream: "bootstrap")
    var multiplicities = [Int](repeating: 0, count: count)
    var estimates: [Double] = []
    estimates.reserveCapacity(resamples)
    for _ in 0..<resamples {
      draw(&multiplicities, &generator)
      estimates.append(walsh.estimate(multiplicities: multiplicities))
    }
    estimates.sort()

    let estimate = walsh.estimate(multiplicities: [Int](repeating: 1, count: count))
    var leftOut: [Double] = []
    for index in 0..<count {
      var all = [Int](repeating: 1, count: count)
      all[index] = 0
      leftOut.append(walsh.estimate(multiplicities: all))
    }
    return biasCorrected(estimates, estimate: estimate, leftOut: leftOut, confidence: confidence)
  }

  /// `estimates` is sorted.
  static func biasCorrected(
    _ estimates: [Double], estimate: Double, leftOut: [Double], confidence: Double
  ) -> Interval {
    let below = estimates.count { $0 < estimate }
    let equal = estimates.count { $0 == estimate }
    // Half of the ties count as below, as they are many with few blocks.
    let share = (Double(below) + Double(equal) / 2) / Double(estimates.count)
    let center = Spread.mean(leftOut)
    var squares = 0.0
    var cubes = 0.0
    for value in leftOut {
      let difference = center - value
      squares += difference * difference
      cubes += difference * difference * difference
    }
    let acceleration = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
    let bias = NormalDistribution.quantile(share)
    func end(_ level: Double) -> Double {
      guard bias.isFinite else { return Spread.quantile(ofSorted: estimates, level) }
      let z = bias + NormalDistribution.quantile(level)
      let denominator = 1 - acceleration * z
      // So skewed that the correction has no meaning: plain percentiles.
      guard denominator > 0 else { return Spread.quantile(ofSorted: estimates, level) }
      let shifted = NormalDistribution.cumulative(bias + z / denominator)
      return Spread.quantile(ofSorted: estimates, shifted)
    }
    return Interval(lower: end((1 - confidence) / 2), upper: end((1 + confidence) / 2))
  }

  /// How often each of the blocks is drawn when as many are drawn as there are.
  static func draw(_ multiplicities: inout [Int], _ generator: inout RandomGenerator) {
    let count = multiplicities.count
    for index in 0..<count { multiplicities[index] = 0 }
    for _ in 0..<count { multiplicities[generator.below(count)] += 1 }
  }
}
