// Which handlers a record calls, found by its event id.
//
// In: a plan. Out: flat arrays that every worker reads while events run; nothing in them changes then, and nothing in
// them is counted by reference, so that finding a record's handlers is two loads.
//
// Unsafe: raw arrays, filled once before the workers start and freed after they have ended. Indexes between them are
// made here and nowhere else.

import KtapEvents
import KtapRuntime
import KtapTiers

struct ProbeEntry {
  var layout: EventLayout
  /// Its handlers are `handlers[first ..< first + count]`.
  var first: Int32
  var count: Int32
  /// The task directory wants its records too.
  var isObserved: Bool
}

struct HandlerEntry {
  var closure: Value
  /// Into `filters`; -1: every event passes.
  var filter: Int32
}

final class ProbeTable: @unchecked Sendable {
  /// Event id to index into `probes`; -1: nobody wants it.
  let index: UnsafeMutablePointer<Int32>
  let probes: UnsafeMutableBufferPointer<ProbeEntry>
  let handlers: UnsafeMutableBufferPointer<HandlerEntry>
  let filters: UnsafeMutableBufferPointer<FilterProgram>
  /// They own what `filters` points to.
  private var evaluators: [FilterEvaluator] = []

  static let idCount = 1 << 16

  init(_ plan: TracePlan, heap: Heap, observed: [Int]) throws(SourceError) {
    index = .allocate(capacity: Self.idCount)
    index.initialize(repeating: -1, count: Self.idCount)
    probes = .allocate(capacity: plan.probes.count)
    let allHandlers = plan.probes.flatMap(\.handlers)
    handlers = .allocate(capacity: allHandlers.count)
    filters = .allocate(capacity: allHandlers.count { $0.filter != nil })
    var nextHandler = 0
    var nextFilter = 0
    for (number, probe) in plan.probes.enumerated() {
      index[probe.format.id] = Int32(number)
      probes.initializeElement(
        at: number,
        to: ProbeEntry(
          layout: EventLayout(
            name: probe.format.name.event, fields: probe.format.fields + probe.format.commonFields, shared: heap),
          first: Int32(nextHandler), count: Int32(probe.handlers.count),
          isObserved: observed.contains(probe.format.id)))
      for handler in probe.handlers {
        var filter: Int32 = -1
        if let wanted = handler.filter {
          let evaluator = try FilterEvaluator(wanted, for: probe.format)
          evaluators.append(evaluator)
          filters.initializeElement(at: nextFilter, to: evaluator.program)
          filter = Int32(nextFilter)
          nextFilter += 1
        }
        handlers.initializeElement(at: nextHandler, to: HandlerEntry(closure: handler.closure, filter: filter))
        nextHandler += 1
      }
    }
  }

  deinit {
    filters.deallocate()
    handlers.deallocate()
    probes.deallocate()
    index.deallocate()
  }
}
