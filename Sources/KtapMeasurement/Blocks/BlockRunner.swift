// Runs the blocks of one benchmark.
//
// In: the arms' names, a plan, and a function that measures one execution of one arm. Out: finished blocks with every raw
// sample, and what failed. It knows nothing of tracers and workloads, so that it can be tested with a function that
// makes numbers up.
//
// A block that is interrupted is given up as a whole: an incomplete block would give some arms more weight. An arm that
// fails leaves a gap in its block and a line in the report; after two failures in a row it is not tried again, as a
// tracer that cannot attach now will not in the next hundred blocks either, and each attempt may last until a time limit.

/// What the user asked for was to stop.
struct Interrupted: Error {}

struct BlockRunner {
  var plan: BlockPlan
  var interruption: Interruption?
  var progress: Progress

  /// Measures one execution.
  typealias Measure = (_ arm: String, _ block: Int, _ padding: Int) throws -> SampleRecord

  /// Runs blocks until the record holds `count`, or fewer if interrupted; false then.
  func run(_ benchmark: inout BenchmarkRecord, until count: Int, measure: Measure) -> Bool {
    var failuresInARow: [String: Int] = [:]
    for failure in benchmark.failures { failuresInARow[failure.arm, default: 0] += 1 }
    while benchmark.blocks.count < count {
      let index = benchmark.blocks.count
      let order = plan.order(benchmark: benchmark.name, block: index)
      var block = BlockRecord(index: index, order: order, samples: [:])
      var failures: [FailureRecord] = []
      for arm in order where failuresInARow[arm, default: 0] < 2 {
        if interruption?.isRequested == true { return false }
        do {
          block.samples[arm] = try measure(arm, index, plan.padding(benchmark: benchmark.name, block: index))
          failuresInARow[arm] = 0
        } catch is Interrupted {
          return false
        } catch {
          failuresInARow[arm, default: 0] += 1
          failures.append(FailureRecord(block: index, arm: arm, reason: "\(error)"))
          progress.say("\(benchmark.name), \(arm): \(error)")
        }
        progress.advance("\(benchmark.name): block \(index + 1) of \(count)")
      }
      benchmark.blocks.append(block)
      benchmark.failures += failures
    }
    return true
  }
}
