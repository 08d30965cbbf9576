import Glibc
import Testing

@testable import KtapEvents

@Suite struct SyntheticDistributionTests {
  private func counts(_ distribution: Distribution, draws: Int, keys: Int) -> [Int] {
    let samplers = SamplerSet()
    let sampler = samplers.sampler(of: distribution)
    var random = RandomStream(seed: 42)
    var counts = [Int](repeating: 0, count: keys)
    withExtendedLifetime(samplers) { for _ in 0..<draws { counts[Int(sampler.value(&random))] += 1 } }
    return counts
  }

  /// Pearson's statistic of the counts against the probabilities; about the number of keys if they agree.
  private func chiSquare(_ counts: [Int], _ probabilities: [Double]) -> Double {
    let draws = Double(counts.reduce(0, +))
    return zip(counts, probabilities).reduce(0) { sum, pair in
      let expected = pair.1 * draws
      return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
  }

  @Test(arguments: [0.5, 0.99, 2.0]) func zipfHasItsProbabilities(skew: Double) {
    let keys = 50
    let weights = (1...keys).map { pow(Double($0), -skew) }
    let sum = weights.reduce(0, +)
    let found = counts(Distribution(.zipf(skew: skew, count: UInt64(keys))), draws: 400_000, keys: keys)
    // 49 degrees of freedom: above 100 with a probability of 2e-5; the seed is fixed.
    #expect(chiSquare(found, weights.map { $0 / sum }) < 100)
  }

  @Test func uniformHasItsProbabilities() {
    let found = counts(Distribution(.uniform(count: 37)), draws: 400_000, keys: 37)
    #expect(chiSquare(found, [Double](repeating: 1 / 37.0, count: 37)) < 80)
  }

  @Test func oneHotKeyHasItsShare() {
    let found = counts(Distribution(.hot(share: 0.9, count: 11)), draws: 400_000, keys: 11)
    #expect(chiSquare(found, [0.9] + [Double](repeating: 0.01, count: 10)) < 40)
    #expect(counts(Distribution(.hot(share: 1, count: 3)), draws: 1000, keys: 3) == [1000, 0, 0])
  }

  @Test func aConstantIsOne() {
    let samplers = SamplerSet()
    let sampler = samplers.sampler(of: Distribution(.constant(-3)))
    var random = RandomStream(seed: 1)
    #expect(Int64(bitPattern: sampler.value(&random)) == -3)
    withExtendedLifetime(samplers) {}
  }

  @Test func scatteredKeysAreDifferentAndWide() {
    let keys = Set((0..<10_000).map { Sampler.scatter($0) })
    #expect(keys.count == 10_000)
    #expect(keys.max()! < 1 << 43)
    #expect(keys.max()! > 1 << 42)
  }

  @Test func exponentialGapsHaveMeanAndSpreadOne() {
    let table = ExponentialTable.make()
    defer { table.deallocate() }
    var random = RandomStream(seed: 3)
    var sum = 0.0
    var squares = 0.0
    let draws = 1_000_000
    for _ in 0..<draws {
      let gap = Double(ExponentialTable.gap(random.next(), table)) / 4_294_967_296
      sum += gap
      squares += gap * gap
    }
    let mean = sum / Double(draws)
    #expect(abs(mean - 1) < 0.005)
    #expect(abs(squares / Double(draws) - mean * mean - 1) < 0.02)
  }

  /// The numbers of Vigna's splitmix64.c for seed 1234567.
  @Test func theStreamIsSplitMix64() {
    var random = RandomStream(seed: 1_234_567)
    #expect(
      (0..<3).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }
}
