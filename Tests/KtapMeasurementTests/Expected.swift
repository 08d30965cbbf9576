import Foundation

/// Values computed by SciPy; `Expected/expected.py` makes them.
struct Expected: Decodable {
  struct SignedRank: Decodable {
    var values: [Double]
    var estimate: Double
    var interval: [Double]
    var interval90: [Double]
    var probability: Double
    var deviation: Double
    var median: Double
    var quartiles: [Double]
  }
  struct Approximate: Decodable {
    var values: [Double]
    var estimate: Double
    var interval: [Double]
    var probability: Double
  }
  struct Distribution: Decodable {
    var count: Int
    var cumulative: [Double]
  }
  struct Bootstrap: Decodable {
    var values: [Double]
    var interval: [Double]
  }
  struct Geometric: Decodable {
    var groups: [[Double]]
    var ratio: Double
    var interval: [Double]
  }
  struct Holm: Decodable {
    var probabilities: [Double]
    var adjusted: [Double]
  }
  struct Normal: Decodable {
    var levels: [Double]
    var quantiles: [Double]
  }
  struct Xoshiro: Decodable {
    var seed: UInt64
    var values: [String]
  }
  var signedRank: [SignedRank]
  var approximate: Approximate
  var exactDistribution: [Distribution]
  var bootstrap: [Bootstrap]
  var geometricMean: Geometric
  var holm: Holm
  var normal: Normal
  var xoshiro: Xoshiro

  static func load() throws -> Expected {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Expected.self, from: Data(contentsOf: folder.appendingPathComponent("Expected/expected.json")))
  }
}

func isClose(_ a: Double, _ b: Double, within tolerance: Double = 1e-9) -> Bool {
  abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}
