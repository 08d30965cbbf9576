// The event source abstraction: live tracefs, recordings and the generator all look like this to the tracer.
//
// A source says what events exist and how their records are laid out, and opens a selection of them. What it opens
// gives one stream a CPU; a stream gives sub-buffers, in order, in the kernel's own binary form, which one decoder
// (`SubBufferDecoder`) reads for every source. A stream belongs to one thread at a time; only `interrupt` may be called
// from any.
//
// Nothing is lost in silence: a sub-buffer says what was lost before it, and the opened source's statistics give the
// kernel's own counts, so that the ledger can be checked: recorded = handled + filtered + dropped.

/// An event's name in two parts, as in `sched:sched_switch`.
public struct EventName: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var system: String
  public var event: String

  public init(system: String, event: String) {
    self.system = system
    self.event = event
  }

  public var description: String { "\(system):\(event)" }
  public static func < (left: Self, right: Self) -> Bool {
    (left.system, left.event) < (right.system, right.event)
  }
}

/// Why a source could not do what was asked: which gate refused, and what would open it.
public struct SourceError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable { case missingPrivilege, missingFeature, unreadable, noSuchEvent, invalidFilter }

  public var kind: Kind
  public var message: String
  /// What the user can do about it; one line.
  public var remedy: String?

  public init(_ kind: Kind, _ message: String, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }

  public var description: String { remedy.map { "\(message); \($0)" } ?? message }
}

/// One event to record.
public struct SelectedEvent: Sendable {
  public var format: EventFormat
  /// In the kernel's filter language; nil records every event.
  public var kernelFilter: String?

  public init(format: EventFormat, kernelFilter: String? = nil) {
    self.format = format
    self.kernelFilter = kernelFilter
  }
}

/// What to record and how.
public struct EventSelection: Sendable {
  public var events: [SelectedEvent]
  /// nil: all that are online.
  public var cpus: [Int]?
  /// Thread ids to record; empty: all. With `followsChildren` also what they start, and a process id, which is its
  /// first thread's, stands for all of its threads.
  public var tasks: [Int32]
  public var followsChildren: Bool
  /// Per CPU, in KiB.
  public var bufferKilobytes: Int
  /// Share of the buffer that wakes a waiting reader, 0…100.
  public var wakePercent: Int
  /// The handlers use `execname`, `pid` or `uid`: keep the task directory up to date.
  public var needsTasks: Bool

  public init(
    events: [SelectedEvent], cpus: [Int]? = nil, tasks: [Int32] = [], followsChildren: Bool = true,
    bufferKilobytes: Int = 4096, wakePercent: Int = 25, needsTasks: Bool = false
  ) {
    self.events = events
    self.cpus = cpus
    self.tasks = tasks
    self.followsChildren = followsChildren
    self.bufferKilobytes = bufferKilobytes
    self.wakePercent = wakePercent
    self.needsTasks = needsTasks
  }
}

/// The kernel's own counts for one CPU, since the source was opened; nil is unknown, which is never shown as 0.
public struct StreamStatistics: Sendable, Hashable {
  public var cpu: Int
  /// Records written to the buffer: those read, those still in it and those overwritten.
  public var written: UInt64?
  /// Overwritten before they were read.
  public var overwritten: UInt64?
  /// Not written because the buffer was full.
  public var dropped: UInt64?
  /// Not written because an interrupt nested in another record's writing overran the buffer.
  public var commitOverrun: UInt64?

  public init(
    cpu: Int, written: UInt64? = nil, overwritten: UInt64? = nil, dropped: UInt64? = nil, commitOverrun: UInt64? = nil
  ) {
    self.cpu = cpu
    self.written = written
    self.overwritten = overwritten
    self.dropped = dropped
    self.commitOverrun = commitOverrun
  }
}

/// A page of records, valid until the stream's next call.
public struct SubBuffer {
  /// Header and records.
  public var bytes: UnsafeRawBufferPointer
  /// Data, in bytes from its start, that was handed out before: the page was not full then. The decoder goes on from
  /// there with the time it had. 0: a page that begins.
  public var resumeOffset: Int
  /// Data, in bytes from its start, up to where it may be read now: what is committed to a mapped page after it was
  /// handed out comes with the next call.
  public var dataLimit: Int

  public init(bytes: UnsafeRawBufferPointer, resumeOffset: Int = 0, dataLimit: Int = .max) {
    self.bytes = bytes
    self.resumeOffset = resumeOffset
    self.dataLimit = dataLimit
  }
}

/// What events there are.
public protocol EventSource: AnyObject {
  /// `tracefs`, `synthetic`, …
  var name: String { get }
  /// `SelectedEvent.kernelFilter` is honoured; otherwise it must be nil.
  var filtersInKernel: Bool { get }
  /// Now, on the clock of the records' times, in nanoseconds.
  func now() -> UInt64
  /// Every event, sorted.
  func eventNames() throws(SourceError) -> [EventName]
  func format(of event: EventName) throws(SourceError) -> EventFormat
  /// How a sub-buffer begins.
  func subBufferHeader() throws(SourceError) -> SubBufferHeader
  /// Prepares recording; nothing is recorded before `OpenedEvents.start()`.
  func open(_ selection: EventSelection) throws(SourceError) -> any OpenedEvents
}

/// A selection that is being recorded.
public protocol OpenedEvents: AnyObject {
  /// One a CPU, in the order of the CPUs.
  var streams: [any EventStream] { get }
  /// Who the tasks are; nil if the selection did not ask for it.
  var tasks: TaskDirectory? { get }
  func start() throws(SourceError)
  /// Stops recording; what was recorded can still be read.
  func stop()
  /// The kernel's counts so far.
  func statistics() -> [StreamStatistics]
  /// Gives everything back. Streams are dead afterwards.
  func close()
}

/// One CPU's records, in order.
public protocol EventStream: AnyObject {
  var cpu: Int { get }
  /// Waits until something can be read, `interrupt` is called, or the time is over. Never spins.
  func wait(nanoseconds: Int64) -> StreamState
  /// The next sub-buffer, or nil if there is nothing to read now. Takes what is there, also of a page that is not full;
  /// behind such a page there is nothing until `wait` was called, so that reading never feeds on its own system calls.
  func nextSubBuffer() -> SubBuffer?
  /// Ends a `wait` early; may be called from any thread.
  func interrupt()
}

public enum StreamState: Sendable {
  case ready
  /// The time is over or `interrupt` was called; there may still be a page that is not full.
  case idle
  /// Nothing will come any more: a recording or a generator is at its end.
  case ended
}
