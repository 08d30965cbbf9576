// Unsafe: what a running invocation knows, in raw memory: its heaps, its output, the event at hand.
//
// One context belongs to the main thread and one to each worker. The tracer makes them, sets `event` before it calls a
// handler, and frees them when the threads are gone. Every tier reaches everything by plain loads through the one
// pointer: a class here would cost a retain, a release and an exclusivity check on each event.
//
// Invariants: `state` lives from `make` to `destroy()`; only the owning thread touches it; `exitRequested` and what
// `shared`, `output`'s sink and `host` stand for outlive it.

import CKernelCalls

/// The event that a handler runs for.
@frozen public struct EventState {
  /// From the record's first byte, its type; nil outside an event.
  public var record: UnsafeRawPointer?
  /// In bytes; no load goes past it.
  public var length: Int
  /// Set whenever `record` is.
  public var layout: EventLayout?
  /// In nanoseconds, on the trace clock.
  public var time: UInt64
  /// The thread that caused it: the record's `common_pid`.
  public var thread: Int32

  @inlinable public init(
    record: UnsafeRawPointer?, length: Int, layout: EventLayout?, time: UInt64, thread: Int32
  ) {
    self.record = record
    self.length = length
    self.layout = layout
    self.time = time
    self.thread = thread
  }

  @inlinable public static var none: EventState {
    EventState(record: nil, length: 0, layout: nil, time: 0, thread: 0)
  }
}

@frozen public struct ContextState {
  /// For strings and tuples: the worker's own, or on the main thread the shared one.
  public var heap: Heap
  /// For tables, closures and iterators.
  public var shared: Heap
  /// -1 on the main thread.
  public var workerIndex: Int32
  /// Whose events this worker handles; -1 on the main thread.
  public var cpu: Int32
  public var event: EventState
  public var output: OutputBuffer
  /// Set to 1 by `exit()`, from any thread; shared by all contexts.
  public var exitRequested: UnsafeMutablePointer<UInt32>
  /// What to add to the trace clock to get nanoseconds since 1970, measured once at the start.
  public var wallClockOffset: Int64
  /// Fields that reached past their record and were cut.
  public var cutFields: UInt64
  /// The script's arguments, the table `arg`; nil until the tracer sets it.
  public var scriptArguments: Value
  /// Where builtins format.
  public var scratch: ByteBuffer
  /// Who the last threads were.
  public var tasks: TaskCache
  /// Not counted: the tracer keeps it alive.
  public unowned(unsafe) var host: (any RuntimeHost)?
}

@frozen public struct RuntimeContext: @unchecked Sendable {
  public let state: UnsafeMutablePointer<ContextState>

  @inlinable public init(_ state: UnsafeMutablePointer<ContextState>) { self.state = state }

  /// A context outside any event. `heap` is the shared heap on the main thread (`workerIndex` -1), otherwise the
  /// worker's own. The context owns `output`; it does not own heaps, sink, flag and host.
  public static func make(
    heap: Heap, shared: Heap, workerIndex: Int = -1, cpu: Int = -1, output: OutputBuffer,
    exitRequested: UnsafeMutablePointer<UInt32>, wallClockOffset: Int64 = measuredWallClockOffset(),
    host: (any RuntimeHost)?
  ) -> RuntimeContext {
    let state = UnsafeMutablePointer<ContextState>.allocate(capacity: 1)
    state.initialize(
      to: ContextState(
        heap: heap, shared: shared, workerIndex: Int32(workerIndex), cpu: Int32(cpu), event: .none, output: output,
        exitRequested: exitRequested, wallClockOffset: wallClockOffset, cutFields: 0, scriptArguments: .nilValue,
        scratch: ByteBuffer(), tasks: TaskCache(), host: host))
    return RuntimeContext(state)
  }

  /// Writes what was printed, then frees the context.
  public func destroy() {
    state.pointee.output.flush()
    state.pointee.output.destroy()
    state.pointee.scratch.destroy()
    state.pointee.tasks.destroy()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  @inlinable public var heap: Heap { state.pointee.heap }
  @inlinable public var shared: Heap { state.pointee.shared }
  @inlinable public var isInEvent: Bool { state.pointee.event.record != nil }
  @inlinable public var isWorker: Bool { state.pointee.workerIndex >= 0 }

  /// Some context has called `exit()`.
  @inlinable public var isExitRequested: Bool { ktap_load_acquire_32(state.pointee.exitRequested) != 0 }

  /// Marks what the context itself refers to; belongs to the roots of every collection of `heap`.
  public func markRoots(_ marker: Marker) {
    marker.mark(state.pointee.scriptArguments)
    state.pointee.tasks.markNames(marker)
  }

  /// CLOCK_REALTIME minus CLOCK_MONOTONIC, in nanoseconds: of several readings the one that took the shortest.
  public static func measuredWallClockOffset() -> Int64 {
    var offset: Int64 = 0
    var shortest = Int64.max
    for _ in 0..<5 {
      let before = ktap_monotonic()
      let wall = ktap_wall_clock()
      let after = ktap_monotonic()
      if after - before < shortest {
        shortest = after - before
        offset = wall - (before + (after - before) / 2)
      }
    }
    return offset
  }

  /// The time of the event at hand, or now, on the trace clock, in nanoseconds.
  public var traceTime: UInt64 {
    if isInEvent { return state.pointee.event.time }
    return state.pointee.host?.traceTime() ?? UInt64(ktap_monotonic())
  }

  /// The same since 1970.
  public var wallTime: Int64 { Int64(truncatingIfNeeded: traceTime) &+ state.pointee.wallClockOffset }
}
