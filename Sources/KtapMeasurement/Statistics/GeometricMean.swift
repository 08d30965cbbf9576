import Glibc

/// The geometric mean of several benchmarks' ratios.
///
/// The benchmarks are the ones that were chosen, not a sample of all programs, so they stay fixed; what is uncertain is
/// each one's ratio. The interval is therefore a stratified bootstrap: blocks are drawn anew inside each benchmark, the
/// Hodges–Lehmann estimates of the log-ratios are averaged, and the percentiles of that are the ends. It says nothing
/// about programs that were not run.
public struct GeometricMean: Sendable, Hashable, Codable {
  public var ratio: Double
  public var interval: Interval
  public var benchmarks: Int

  /// `logRatios` holds one list of blocks a benchmark; nil if there is none or one of them is empty.
  public init?(logRatios: [[Double]], confidence: Double, resamples: Int = Bootstrap.usualResamples, seed: UInt64) {
    let walsh = logRatios.compactMap { WalshAverages($0) }
    guard !walsh.isEmpty, walsh.count == logRatios.count else { return nil }
    benchmarks = walsh.count
    ratio = exp(Spread.mean(walsh.map { Spread.median(ofSorted: $0.values) }))
    var generator = RandomGenerator(seed: seed, stream: "geometric mean")
    var means: [Double] = []
    means.reserveCapacity(resamples)
    for _ in 0..<resamples {
      var sum = 0.0
      for benchmark in walsh {
        var multiplicities = [Int](repeating: 0, count: benchmark.count)
        Bootstrap.draw(&multiplicities, &generator)
        sum += benchmark.estimate(multiplicities: multiplicities)
      }
      means.append(sum / Double(walsh.count))
    }
    means.sort()
    interval = Interval(
      lower: exp(Spread.quantile(ofSorted: means, (1 - confidence) / 2)),
      upper: exp(Spread.quantile(ofSorted: means, (1 + confidence) / 2)))
  }
}
