// Makes one CPU's events and writes them into sub-buffers.
//
// In: a description, the selected events, a CPU. Out: sub-buffers, the same for the same input. Two streams of random
// numbers keep them independent of the selection: one, drawn from in the order of events, decides when an event happens,
// which one it is and to which task it belongs; everything inside a record is drawn from a stream of its own that begins
// with the event's number. So an event that nobody selected costs a few nanoseconds and changes nothing else.
//
// Tasks: if sched_switch is in the mix, it says who runs; else each event draws its task. If both events of a pair
// (`sys_enter_X`, `sys_exit_X`) are in the mix, they are one choice with the sum of their weights, and what happens is
// the second where the task has an open one.
//
// Time is virtual and counted in 2^-16 ns, so that a gap that is no whole number of nanoseconds adds up to no error.
//
// Unsafe: raw memory for tasks, choices, plans and scratch. Invariant: made in `init`, freed by `deallocate`, which the
// owning stream calls once; indices come from samplers made for exactly these counts. A generator is used by one thread
// at a time.

import KtapRuntime

struct SyntheticGenerator {
  /// One entry of the mix.
  struct Choice {
    var first: Int32
    /// The event that follows on the same task; -1: none.
    var second: Int32
    var isSwitch: Bool
  }

  /// What `fill` came to.
  enum Outcome { case full, ended, paused }

  static let startTime: UInt64 = 1_000_000_000_000
  /// Events that are not selected, one after the other, before `fill` lets its caller look around.
  static let patience: UInt64 = 1 << 16
  /// One of so many records has an absolute time stamp, and one of so many is preceded by a discarded one.
  static let stampPeriod: UInt64 = 1024
  static let discardPeriod: UInt64 = 4096
  /// One of so many sub-buffers has its padding inside the committed data.
  static let paddingPeriod: UInt64 = 16
  private static let fractionBits: UInt64 = 16

  let cpu: Int
  private let seed: UInt64
  private let usesStamps: Bool
  /// Of events, selected or not.
  let eventLimit: UInt64
  private let endTime: UInt64
  private let meanGap: UInt64
  private let isExponential: Bool
  private let burst: SyntheticDescription.Burst?
  private let samplers: SamplerSet
  private let choiceSampler: Sampler
  private let taskSampler: Sampler
  private let hasSwitch: Bool
  private let onlyTasks: UnsafeMutablePointer<Bool>?
  private let tasks: UnsafeMutablePointer<SyntheticTask>
  private let taskCount: Int
  private let choices: UnsafeMutablePointer<Choice>
  private let plans: UnsafeMutablePointer<CompiledPlan>
  private let planCount: Int
  private let gaps: UnsafeMutablePointer<UInt64>
  private let scratch: UnsafeMutableRawPointer

  private var random: RandomStream
  /// Without the pauses between bursts, in nanoseconds.
  private var activeTime: UInt64 = 0
  /// What is left over, in 2^-16 ns.
  private var fraction: UInt64 = 0
  private var current: Int
  /// In `scratch` is a record that found no room.
  private var pendingSize = 0
  private var pendingTime: UInt64 = 0
  private var records: UInt64 = 0
  private var pages: UInt64 = 0
  /// Events that have happened, selected or not.
  private(set) var events: UInt64 = 0
  /// Of the last event, in nanoseconds.
  private(set) var time: UInt64 = startTime
  /// Nothing can ever be recorded.
  let isEmpty: Bool

  /// - Parameters:
  ///   - samplers: may be shared by the generators of one description, so that they share the tables.
  ///   - eventLimit: of this CPU; nil: its share of the description's.
  init(
    _ description: SyntheticDescription, selection: EventSelection, cpu: Int, samplers: SamplerSet,
    eventLimit limit: UInt64? = nil
  ) {
    self.cpu = cpu
    seed = RandomStream(seed: description.seed, index: UInt64(cpu)).state
    usesStamps = description.prepared == 0
    let cpus = UInt64(description.cpus)
    eventLimit = limit ?? description.events / cpus + (UInt64(cpu) < description.events % cpus ? 1 : 0)
    endTime = description.duration.map { Self.startTime &+ $0 } ?? .max
    burst = description.burst
    // In a burst events are as much closer together as the pauses are long.
    var gap = 1_000_000_000 * Double(cpus) / Double(description.rate)
    if let burst { gap *= Double(burst.on) / (Double(burst.on) + Double(burst.off)) }
    meanGap = UInt64(gap * Double(1 << Self.fractionBits))
    isExponential = description.gaps == .exponential
    gaps = ExponentialTable.make()

    self.samplers = samplers
    let population = TaskPopulation.tasks(of: description, cpu: cpu)
    taskCount = population.count
    tasks = .allocate(capacity: taskCount)
    tasks.initialize(from: population, count: taskCount)
    taskSampler = samplers.sampler(of: description.tasks.restricted(to: UInt64(taskCount)))
    if selection.tasks.isEmpty {
      onlyTasks = nil
    } else {
      let wanted = Set(selection.tasks)
      onlyTasks = .allocate(capacity: taskCount)
      for (index, task) in population.enumerated() { onlyTasks![index] = wanted.contains(task.thread) }
    }

    let formats = SyntheticCatalogue.formats
    let weights = SyntheticCatalogue.weights(of: description.mix)
    let selected = Set(selection.events.map(\.format.name))
    planCount = formats.count
    plans = .allocate(capacity: planCount)
    for (index, format) in formats.enumerated() {
      let plan = RecordPlan(format: format, description: description, samplers: samplers)
      (plans + index).initialize(to: CompiledPlan(plan, isSelected: selected.contains(format.name)))
    }

    var list: [Choice] = []
    var choiceWeights: [Double] = []
    var paired: Set<Int> = []
    var canRecord = false
    for (index, format) in formats.enumerated() where weights[index] > 0 {
      if selected.contains(format.name) { canRecord = true }
      var choice = Choice(
        first: Int32(index), second: -1, isSwitch: format.name == EventName(system: "sched", event: "sched_switch"))
      var weight = weights[index]
      if let partner = SyntheticCatalogue.partner(of: format.name).flatMap({ SyntheticCatalogue.index(of: $0) }),
        weights[partner] > 0
      {
        choice.second = Int32(partner)
        weight += weights[partner]
        paired.insert(partner)
      }
      list.append(choice)
      choiceWeights.append(Double(weight))
    }
    for index in list.indices.reversed() where paired.contains(Int(list[index].first)) {
      list.remove(at: index)
      choiceWeights.remove(at: index)
    }
    choices = .allocate(capacity: list.count)
    choices.initialize(from: list, count: list.count)
    choiceSampler = samplers.sampler(of: choiceWeights)
    hasSwitch = list.contains { $0.isSwitch }
    isEmpty = !canRecord || onlyTasks.map { tasks in !(0..<population.count).contains { tasks[$0] } } ?? false

    scratch = .allocate(byteCount: RecordPlan.scratchSize, alignment: 16)
    random = RandomStream(seed: seed)
    current = 0
    current = Int(taskSampler.value(&random))
  }

  func deallocate() {
    for index in 0..<planCount { plans[index].deallocate() }
    plans.deallocate()
    choices.deallocate()
    tasks.deallocate()
    onlyTasks?.deallocate()
    gaps.deallocate()
    scratch.deallocate()
  }

  /// Writes one sub-buffer's records; `encoder` is about to get its page. With `.paused` and `.ended` the page may be
  /// without a record (`encoder.recordCount`).
  mutating func fill(_ encoder: inout SubBufferEncoder, page: UnsafeMutableRawPointer) -> Outcome {
    encoder.clear()
    var hasBegun = false
    if pendingSize > 0 {
      encoder.begin(page, time: pendingTime)
      _ = encoder.append(UnsafeRawBufferPointer(start: scratch, count: pendingSize), time: pendingTime)
      pendingSize = 0
      hasBegun = true
      pages &+= 1
    }
    var skipped: UInt64 = 0
    while events < eventLimit, !isEmpty {
      let size = step()
      if time >= endTime {
        events = eventLimit
        break
      }
      if size == 0 {
        skipped &+= 1
        if skipped == Self.patience && !hasBegun { return .paused }
        continue
      }
      if !hasBegun {
        encoder.begin(page, time: time)
        hasBegun = true
        pages &+= 1
      }
      records &+= 1
      var isAbsolute = false
      if records & 0x3ff == 0 {
        isAbsolute = usesStamps && records % Self.stampPeriod == 0
        if records % Self.discardPeriod == 0 { _ = encoder.appendDiscarded(length: 24, time: time) }
      }
      if !encoder.append(UnsafeRawBufferPointer(start: scratch, count: size), time: time, isAbsolute: isAbsolute) {
        pendingSize = size
        pendingTime = time
        return .full
      }
    }
    return .ended
  }

  /// There may be something to record yet.
  var hasMore: Bool { pendingSize > 0 || (events < eventLimit && !isEmpty) }

  /// Of the page just filled.
  var commitsPadding: Bool { pages % Self.paddingPeriod == 0 }

  /// One event. Returns the size of its record in `scratch`, or 0 if it is not recorded.
  @inline(__always)
  private mutating func step() -> Int {
    advance()
    let index = events
    events &+= 1
    let choice = choices + Int(truncatingIfNeeded: choiceSampler.index(&random))
    var event = Int(choice.pointee.first)
    if !hasSwitch { current = Int(truncatingIfNeeded: taskSampler.value(&random)) }
    let running = current
    let task = tasks + running
    var next = -1
    var pairIndex = index
    if choice.pointee.isSwitch {
      next = Int(truncatingIfNeeded: taskSampler.value(&random))
      current = next
    } else if choice.pointee.second >= 0 {
      let open = task.pointee.openPair
      if open != 0 {
        event = Int(choices[Int(open) &- 1].second)
        task.pointee.openPair = 0
        pairIndex = task.pointee.openIndex
      } else {
        task.pointee.openPair = UInt32(truncatingIfNeeded: choice - choices) &+ 1
        task.pointee.openIndex = index
      }
    }
    let plan = plans + event
    if plan.pointee.template == nil { return 0 }
    if let onlyTasks, !onlyTasks[running] { return 0 }
    var fields = RandomStream(seed: seed, index: index)
    if next < 0 { next = Int(truncatingIfNeeded: taskSampler.value(&fields)) }
    return plan.pointee.write(
      to: scratch, task: UnsafePointer(task), other: UnsafePointer(tasks + next), cpu: cpu,
      pairSeed: ~seed, pairIndex: pairIndex, random: &fields)
  }

  @inline(__always)
  private mutating func advance() {
    if isExponential {
      let gap = ExponentialTable.gap(random.next(), UnsafePointer(gaps))
      let product = gap.multipliedFullWidth(by: meanGap)
      fraction &+= product.high &<< 32 | product.low &>> 32
    } else {
      fraction &+= meanGap
    }
    activeTime &+= fraction &>> Self.fractionBits
    fraction &= (1 &<< Self.fractionBits) &- 1
    var nanoseconds = activeTime
    if let burst {
      let (bursts, within) = nanoseconds.quotientAndRemainder(dividingBy: burst.on)
      nanoseconds = bursts &* (burst.on &+ burst.off) &+ within
    }
    time = Self.startTime &+ nanoseconds
  }
}

extension Distribution {
  /// The same over the first `count` keys.
  func restricted(to count: UInt64) -> Distribution {
    switch shape {
    case .constant: self
    case .uniform: Distribution(.uniform(count: count))
    case .zipf(let skew, _): Distribution(.zipf(skew: skew, count: count))
    case .hot(let share, _): Distribution(.hot(share: share, count: count))
    }
  }
}
