/// The order of everything: which arm runs when, and how often the results are looked at.
public struct BlockPlan: Sendable {
  /// More would make the Walsh averages (n²/2 of them) too many; at a spread of 6 % this many find effects of 0.5 %.
  public static let mostBlocks = 2000

  public let arms: [String]
  public let seed: UInt64
  /// Blocks in all at each planned look, ascending; the last is the most that are run.
  public let looks: [Int]

  /// - Parameters:
  ///   - blocks: 1…mostBlocks, measured in any case.
  ///   - most: the cap if the verdict is inconclusive; what is reached by doubling.
  public init(arms: [String], seed: UInt64, blocks: Int, most: Int? = nil) {
    self.arms = arms
    self.seed = seed
    let first = min(max(1, blocks), Self.mostBlocks)
    let last = min(max(first, most ?? first), Self.mostBlocks)
    var looks = [first]
    while let previous = looks.last, previous < last { looks.append(min(last, previous * 2)) }
    self.looks = looks
  }

  /// The arms in the order of a block: drawn from the seed, the benchmark and the block alone, so that a block's order
  /// does not depend on how many were run before.
  public func order(benchmark: String, block: Int) -> [String] {
    var generator = RandomGenerator(seed: seed, stream: "order\n\(benchmark)\n\(block)")
    return generator.shuffled(arms)
  }

  /// Bytes added to the environment of a block's processes, 0..<4096. The size of the environment moves the stack and
  /// with it the alignment of hot data; it alone can make a program faster or slower by several per cent (Mytkowicz 2009).
  /// It is the same for all arms of a block, so it cancels there, and differs between blocks, so it is averaged over.
  public func padding(benchmark: String, block: Int) -> Int {
    var generator = RandomGenerator(seed: seed, stream: "padding\n\(benchmark)\n\(block)")
    return generator.below(4096)
  }
}
