import Foundation
import Testing

@testable import KtapMeasurement

@Suite("Statistics against SciPy")
struct StatisticsTests {
  let expected: Expected

  init() throws { expected = try Expected.load() }

  @Test func signedRankIntervals() throws {
    for item in expected.signedRank {
      let result = try #require(HodgesLehmann(item.values, confidence: 0.95))
      #expect(isClose(result.estimate, item.estimate))
      #expect(isClose(result.interval.lower, item.interval[0]) && isClose(result.interval.upper, item.interval[1]))
      #expect(isClose(result.probability, item.probability))
      #expect(result.confidence >= 0.95)
      let narrower = try #require(HodgesLehmann(item.values, confidence: 0.90)).interval
      #expect(isClose(narrower.lower, item.interval90[0]) && isClose(narrower.upper, item.interval90[1]))
    }
  }

  @Test func beyondTheExactLimitTheApproximationTakesOver() throws {
    let item = expected.approximate
    #expect(item.values.count > SignedRankDistribution.exactLimit)
    let result = try #require(HodgesLehmann(item.values, confidence: 0.95))
    #expect(isClose(result.estimate, item.estimate))
    #expect(isClose(result.interval.lower, item.interval[0]) && isClose(result.interval.upper, item.interval[1]))
    #expect(isClose(result.probability, item.probability, within: 1e-3))
  }

  @Test func exactDistributionCountsEverySignVector() {
    for item in expected.exactDistribution {
      let distribution = SignedRankDistribution(count: item.count)
      for (t, probability) in item.cumulative.enumerated() {
        #expect(isClose(distribution.probability(upTo: t), probability, within: 1e-12))
      }
    }
  }

  @Test func fewValuesSayWhatConfidenceTheyReach() throws {
    let result = try #require(HodgesLehmann([1, 2, 3], confidence: 0.95))
    #expect(result.interval == Interval(lower: 1, upper: 3))
    #expect(isClose(result.confidence, 0.75))
    #expect(HodgesLehmann([], confidence: 0.95) == nil)
    let single = try #require(HodgesLehmann([0.5], confidence: 0.95))
    #expect(single.estimate == 0.5 && single.confidence == 0)
  }

  @Test func spread() {
    for item in expected.signedRank {
      #expect(isClose(Spread.deviation(item.values), item.deviation))
      #expect(isClose(Spread.median(item.values) ?? .nan, item.median))
      let sorted = item.values.sorted()
      #expect(isClose(Spread.quantile(ofSorted: sorted, 0.25), item.quartiles[0]))
      #expect(isClose(Spread.quantile(ofSorted: sorted, 0.75), item.quartiles[1]))
    }
    // The figure of the specification: 6 % at 20 blocks.
    let values = (0..<20).map { $0 % 2 == 0 ? 0.06 : -0.06 }
    let deviation = Spread.deviation(values)
    #expect(isClose(Spread.minimumDetectableEffect(values) ?? 0, 3.24 * deviation / 20.0.squareRoot()))
    #expect(Spread.minimumDetectableEffect([1]) == nil)
  }

  @Test func outliersAreLabelled() {
    let values = [1, 2, 3, 4, 5, 6, 7, 14, 30, -3] as [Double]
    #expect(
      OutlierLabel.labels(values) == [
        .inside, .inside, .inside, .inside, .inside, .inside, .inside, .mild, .severe, .inside,
      ])
    #expect(OutlierLabel.labels([1, 100]) == [.inside, .inside])
  }

  @Test func bootstrapAgreesWithinResamplingError() throws {
    for item in expected.bootstrap {
      let interval = try #require(Bootstrap.hodgesLehmannInterval(item.values, confidence: 0.95, seed: 7))
      let width = item.interval[1] - item.interval[0]
      #expect(abs(interval.lower - item.interval[0]) < 0.04 * width)
      #expect(abs(interval.upper - item.interval[1]) < 0.04 * width)
    }
  }

  @Test func bootstrapIsDeterminedByItsSeed() throws {
    let values = expected.bootstrap[0].values
    let first = Bootstrap.hodgesLehmannInterval(values, confidence: 0.95, resamples: 500, seed: 7)
    #expect(first == Bootstrap.hodgesLehmannInterval(values, confidence: 0.95, resamples: 500, seed: 7))
    #expect(first != Bootstrap.hodgesLehmannInterval(values, confidence: 0.95, resamples: 500, seed: 8))
    let equal = Bootstrap.hodgesLehmannInterval([2, 2, 2], confidence: 0.95, resamples: 100, seed: 1)
    #expect(equal == Interval(lower: 2, upper: 2))
    #expect(Bootstrap.hodgesLehmannInterval([1], confidence: 0.95, seed: 1) == nil)
  }

  @Test func geometricMean() throws {
    let item = expected.geometricMean
    let mean = try #require(GeometricMean(logRatios: item.groups, confidence: 0.95, resamples: 4000, seed: 3))
    #expect(isClose(mean.ratio, item.ratio))
    let width = item.interval[1] - item.interval[0]
    #expect(abs(mean.interval.lower - item.interval[0]) < 0.06 * width)
    #expect(abs(mean.interval.upper - item.interval[1]) < 0.06 * width)
    #expect(GeometricMean(logRatios: [], confidence: 0.95, seed: 1) == nil)
  }

  @Test func holm() {
    let adjusted = Holm.adjusted(expected.holm.probabilities)
    for (value, wanted) in zip(adjusted, expected.holm.adjusted) { #expect(isClose(value, wanted)) }
    #expect(Holm.adjusted([]).isEmpty)
  }

  @Test func normalQuantiles() {
    for (level, quantile) in zip(expected.normal.levels, expected.normal.quantiles) {
      #expect(isClose(NormalDistribution.quantile(level), quantile, within: 1e-9))
    }
  }

  @Test func generatorIsXoshiro() {
    var generator = RandomGenerator(seed: expected.xoshiro.seed)
    #expect(expected.xoshiro.values == (0..<5).map { _ in String(generator.next()) })
  }
}

@Suite("Coverage in simulated A/A trials")
struct CoverageTests {
  /// Log-normal times with the noise seen on shared virtual machines, now and then an outlier, and a drift that both arms
  /// of a block share. The seed is fixed, so the numbers of trials are the same on every run.
  @Test(arguments: [10, 20])
  func intervalsCoverZeroInAboutNineteenOfTwentyTrials(blocks: Int) throws {
    var generator = RandomGenerator(seed: 99)
    let trials = 2000
    var covered = 0
    for _ in 0..<trials {
      var differences: [Double] = []
      for block in 0..<blocks {
        let drift = 0.01 * Double(block)
        let a = drift + 0.06 * generator.normal() + (generator.below(20) == 0 ? 0.3 : 0)
        let b = drift + 0.06 * generator.normal() + (generator.below(20) == 0 ? 0.3 : 0)
        differences.append(b - a)
      }
      if try #require(HodgesLehmann(differences, confidence: 0.95)).interval.contains(0) { covered += 1 }
    }
    // Three standard errors of a share of 95 % in 2,000 trials are 1.5 %; the exact interval covers a little more than 95 %.
    #expect(covered >= 1870 && covered <= 1950)
  }

  @Test func theBootstrapIntervalCoversNearlyAsOften() throws {
    var generator = RandomGenerator(seed: 5)
    let trials = 300
    var covered = 0
    for trial in 0..<trials {
      let differences = (0..<20).map { _ in 0.06 * generator.normal() }
      let interval = try #require(
        Bootstrap.hodgesLehmannInterval(differences, confidence: 0.95, resamples: 400, seed: UInt64(trial)))
      if interval.contains(0) { covered += 1 }
    }
    #expect(covered >= 265 && covered <= 295)
  }
}
