import Testing

@testable import KtapMeasurement

@Suite("Blocks")
struct BlockTests {
  let arms = ["none", "none again", "attach-only", "interpreter", "bpftrace"]

  @Test func everyOrderIsAPermutation() {
    let plan = BlockPlan(arms: arms, seed: 1, blocks: 20)
    var orders: Set<[String]> = []
    for block in 0..<200 {
      let order = plan.order(benchmark: "b", block: block)
      #expect(order.sorted() == arms.sorted())
      orders.insert(order)
      #expect((0..<4096).contains(plan.padding(benchmark: "b", block: block)))
    }
    // 120 orders are possible; 200 draws of one generator that is not broken show most of them.
    #expect(orders.count > 80)
  }

  @Test func everyArmComesInEveryPlace() {
    let plan = BlockPlan(arms: arms, seed: 3, blocks: 1)
    var counts = [String: [Int]](uniqueKeysWithValues: arms.map { ($0, [0, 0, 0, 0, 0]) })
    for block in 0..<1000 {
      for (place, arm) in plan.order(benchmark: "b", block: block).enumerated() { counts[arm]?[place] += 1 }
    }
    // 200 expected, standard deviation 12.6; the seed is fixed.
    for places in counts.values { #expect(places.allSatisfy { abs($0 - 200) < 60 }) }
  }

  @Test func orderDependsOnSeedBenchmarkAndBlockAlone() {
    let a = BlockPlan(arms: arms, seed: 1, blocks: 20)
    let b = BlockPlan(arms: arms, seed: 1, blocks: 5)
    let c = BlockPlan(arms: arms, seed: 2, blocks: 20)
    let orders = { (plan: BlockPlan, name: String) in (0..<20).map { plan.order(benchmark: name, block: $0) } }
    #expect(orders(a, "x") == orders(b, "x"))
    #expect(orders(a, "x") != orders(c, "x"))
    #expect(orders(a, "x") != orders(a, "y"))
  }

  @Test func looksDoubleUpToTheCap() {
    #expect(BlockPlan(arms: arms, seed: 1, blocks: 20).looks == [20])
    #expect(BlockPlan(arms: arms, seed: 1, blocks: 20, most: 100).looks == [20, 40, 80, 100])
    #expect(BlockPlan(arms: arms, seed: 1, blocks: 0).looks == [1])
    #expect(BlockPlan(arms: arms, seed: 1, blocks: 9999).looks == [BlockPlan.mostBlocks])
  }

  private func runner(_ interruption: Interruption? = nil) -> BlockRunner {
    BlockRunner(
      plan: BlockPlan(arms: arms, seed: 1, blocks: 6), interruption: interruption,
      progress: Progress(total: 1, isQuiet: true))
  }

  @Test func everyArmRunsOnceABlockInTheDrawnOrder() {
    var benchmark = BenchmarkRecord(name: "b", workload: "w")
    var calls: [String] = []
    let isFinished = runner().run(&benchmark, until: 6) { arm, block, _ in
      calls.append("\(block) \(arm)")
      return SampleRecord(wall: Int64(block + 1), user: 1, system: 1)
    }
    #expect(isFinished && benchmark.blocks.count == 6 && benchmark.failures.isEmpty)
    #expect(calls == benchmark.blocks.flatMap { block in block.order.map { "\(block.index) \($0)" } })
    for block in benchmark.blocks { #expect(block.samples.count == arms.count) }
    // More blocks go on where it stopped.
    #expect(runner().run(&benchmark, until: 8) { _, _, _ in SampleRecord(wall: 1, user: 0, system: 0) })
    #expect(benchmark.blocks.map(\.index) == Array(0..<8))
  }

  @Test func anArmThatKeepsFailingIsGivenUp() {
    var benchmark = BenchmarkRecord(name: "b", workload: "w")
    var attempts = 0
    let isFinished = runner().run(&benchmark, until: 6) { arm, _, _ in
      if arm == "bpftrace" {
        attempts += 1
        throw MeasurementError.programFailed("bpftrace", reason: "exited with 1")
      }
      return SampleRecord(wall: 1, user: 0, system: 0)
    }
    #expect(isFinished && attempts == 2 && benchmark.failures.count == 2)
    #expect(benchmark.failures[0].reason == "bpftrace exited with 1")
    for block in benchmark.blocks { #expect(block.samples.count == arms.count - 1) }
  }
}
