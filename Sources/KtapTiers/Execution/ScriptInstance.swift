// A script that runs: its program, its heaps, and one execution state a thread.
//
// The world: the main thread runs the main chunk, `tick` and `trace_end` while no worker runs a handler. In between,
// workers run handlers at the same time. `withWorldStopped` (KtapTracer) makes the difference; this file only provides
// what must be done on either side: locks on and off, shards attached, merged and released, garbage collected.
//
// Roots of the shared heap: pinned constants, the handlers' closures, and every thread's stack and frames. A worker's
// own heap is collected by its worker; the shared heap only while the world is stopped. A worker that finds the shared
// heap full asks for that (`needsWorldCollection`) and goes on.

import CKernelCalls
import KtapBytecode
import KtapRuntime

public struct ScriptOptions: Sendable {
  /// Loop iterations of one invocation; 0 lifts the limit.
  public var loopLimit: Int64 = ExecutionLimits.loops
  /// Live elements of one table.
  public var entryLimit: Int = 1 << 20

  public init() {}
}

public final class ScriptInstance: @unchecked Sendable {
  public let heap: Heap
  public let loaded: LoadedProgram
  public let main: ExecutionState
  public private(set) var workers: [ExecutionState] = []
  private let options: ScriptOptions
  private let makeContext: (_ heap: Heap, _ shared: Heap, _ workerIndex: Int) -> RuntimeContext
  /// Closures that events call; they stay alive while the script does.
  private var handlers: [Value] = []
  /// Tables of which every worker has a part.
  private var perCPUTables: [Value] = []
  /// Asks every thread to come to a safe point and look at what is wanted.
  let interruptWord: UnsafeMutablePointer<UInt32>
  /// Called by a worker at a safe point while the world is to be stopped; waits there.
  public var onWorldStop: (@Sendable () -> Void)?

  /// Loads a program: verifies it, lays it out, makes heaps and states. `makeContext` is called for the main thread
  /// (index -1) and for each worker that `beginConcurrency` makes.
  public init(
    _ program: Program, options: ScriptOptions,
    makeContext: @escaping (_ heap: Heap, _ shared: Heap, _ workerIndex: Int) -> RuntimeContext
  ) throws(LoadError) {
    heap = Heap.makeShared()
    heap.entryLimit = options.entryLimit
    do throws(LoadError) {
      loaded = try LoadedProgram(program, heap: heap)
    } catch {
      heap.destroy()
      throw error
    }
    self.options = options
    self.makeContext = makeContext
    interruptWord = .allocate(capacity: 1)
    interruptWord.initialize(to: 0)
    main = ExecutionState(context: makeContext(heap, heap, -1), loaded: loaded, interruptWord: interruptWord)
    adopt(main)
  }

  private func adopt(_ state: ExecutionState) {
    state.registers.pointee.loopLimit = options.loopLimit
    state.instance = self
  }

  deinit {
    for state in workers {
      state.context.heap.destroy()
      state.context.destroy()
    }
    main.context.destroy()
    heap.destroy()
    interruptWord.deallocate()
  }

  /// Runs the main chunk.
  public func runMain() throws(ScriptFailure) {
    let chunk = heap.closure(function: 0, upvalueCount: 0)
    addHandler(chunk)
    _ = try main.call(chunk)
  }

  /// Keeps `closure` alive.
  public func addHandler(_ closure: Value) { handlers.append(closure) }

  /// What a thread is asked for at its next safe point.
  public struct Attention: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Workers wait at the gate.
    public static let worldStop = Attention(rawValue: 1 << 0)
    /// Script code on the main thread ends.
    public static let interruptMain = Attention(rawValue: 1 << 1)
    /// Script code on every thread ends.
    public static let interruptAll = Attention(rawValue: 1 << 2)
  }

  /// Sets bits of the word that every thread looks at in loops and calls. May be called from any thread.
  public func raiseAttention(_ attention: Attention) { ktap_or_32(interruptWord, attention.rawValue) }
  /// Clears them again.
  public func lowerAttention(_ attention: Attention) { ktap_and_32(interruptWord, ~attention.rawValue) }
  /// What is asked for now.
  public var attention: Attention { Attention(rawValue: ktap_load_acquire_32(interruptWord)) }

  // MARK: Concurrency

  /// `count` workers are about to run handlers: a state for each, locks on, a part of every per-CPU table for each.
  public func beginConcurrency(workers count: Int) {
    for index in workers.count..<max(count, workers.count) {
      let context = makeContext(Heap.makeWorker(index: index, shared: heap), heap, index)
      let state = ExecutionState(context: context, loaded: loaded, interruptWord: interruptWord)
      adopt(state)
      workers.append(state)
    }
    perCPUTables = heap.tables(where: { site in site >= 0 && loaded.program.tableSites[Int(site)].isPerCPU })
    let heaps = workers.map(\.context.heap)
    for table in perCPUTables { TableReference(table).attachShards(heaps) }
    heap.isConcurrent = true
  }

  /// The world is stopped: what the CPUs counted is merged, locks are off.
  public func suspendConcurrency() {
    heap.isConcurrent = false
    for table in perCPUTables { TableReference(table).mergeShards() }
  }

  /// The world is about to go on.
  public func resumeConcurrency() { heap.isConcurrent = true }

  /// All workers have ended.
  public func endConcurrency() {
    suspendConcurrency()
    for table in perCPUTables { TableReference(table).releaseShards() }
    perCPUTables = []
  }

  // MARK: Collection

  /// Collects the shared heap; the world is stopped.
  public func collectSharedHeap() {
    heap.collect { marker in
      for handler in handlers { marker.mark(handler) }
      for table in perCPUTables { marker.mark(table) }
      for state in [main] + workers { state.markRoots(marker) }
    }
  }

  /// The shared heap has grown past its threshold while workers were running.
  public var needsWorldCollection: Bool { heap.needsCollection }
}

extension ExecutionState {
  /// Runs a closure without arguments to its end.
  /// - Returns: its result; nil if it ended by `exit()`.
  @discardableResult
  public func call(_ closure: Value) throws(ScriptFailure) -> Value {
    do {
      let result = try Interpreter.run(self, closure)
      registers.pointee.top = 0
      return result
    } catch {
      let failure = error == .exited ? nil : locate(error)
      registers.pointee.top = 0
      registers.pointee.depth = 0
      if let failure { throw failure }
      return .nilValue
    }
  }

  /// Reports everything that this thread's frames refer to.
  func markRoots(_ marker: Marker) {
    context.markRoots(marker)
    let top = Int(registers.pointee.top)
    marker.mark(values(at: 0, count: top))
    if top > 0 {
      marker.mark(registers.pointee.closure)
      for depth in 0..<Int(registers.pointee.depth) { marker.mark(frames[depth].closure) }
    }
    // What lies above the top is dead; nil, so that no later frame finds a dangling value there.
    let used = max(Int(registers.pointee.highWater), top)
    if used > top { (stack + top).update(repeating: .nilValue, count: used - top) }
    registers.pointee.highWater = Int32(top)
  }

  /// Collects this thread's heap; every live value is in a register, a cell or a table.
  @inline(never)
  func collect() {
    if !context.isWorker {
      instance?.collectSharedHeap()
    } else {
      context.heap.collect { marker in markRoots(marker) }
    }
  }

  /// A thread found the interrupt word set.
  func attend() throws(ScriptError) {
    guard let instance else { return }
    if instance.attention.contains(.worldStop) && context.isWorker { instance.onWorldStop?() }
    let attention = instance.attention
    if attention.contains(.interruptAll) || (attention.contains(.interruptMain) && !context.isWorker) {
      throw .interrupted
    }
  }
}
