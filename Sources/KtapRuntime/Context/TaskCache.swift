// Unsafe: who the threads of the last events were, so that repeated events of one thread cost a compare.
//
// Direct-mapped by thread id: two threads that take turns on a CPU, the usual case with context switches, keep an entry
// each. What a thread is called and whom it runs as can change, so `forget()` (a new generation, no memory touched) is
// called whenever the tracer learns something new, at the latest with each batch.
//
// Invariant: `entries` points to `size` entries; an entry holds only if its generation is the current one.

@frozen public struct TaskCache {
  struct Known: OptionSet {
    let rawValue: UInt32
    static let process = Known(rawValue: 1)
    static let user = Known(rawValue: 2)
    static let name = Known(rawValue: 4)
  }

  @usableFromInline struct Entry {
    var thread: Int32 = 0
    var generation: UInt32 = 0
    var known: Known = []
    var process: Int32 = 0
    var user: Int64 = 0
    var name = Value.nilValue
  }

  static let size = 256

  @usableFromInline let entries: UnsafeMutablePointer<Entry>
  @usableFromInline var generation: UInt32 = 1

  init() {
    entries = .allocate(capacity: Self.size)
    entries.initialize(repeating: Entry(), count: Self.size)
  }

  func destroy() { entries.deallocate() }

  /// A thread's entry, emptied if it was another's or is out of date.
  func entry(of thread: Int32) -> UnsafeMutablePointer<Entry> {
    let entry = entries + Int(UInt32(bitPattern: thread) % UInt32(Self.size))
    if entry.pointee.thread != thread || entry.pointee.generation != generation {
      entry.pointee = Entry(thread: thread, generation: generation)
    }
    return entry
  }

  mutating func forget() {
    generation &+= 1
    if generation == 0 {
      // After 2^32 generations an old entry could look current.
      entries.update(repeating: Entry(), count: Self.size)
      generation = 1
    }
  }

  /// Current names are roots; the others are forgotten, since nothing keeps them alive.
  func markNames(_ marker: Marker) {
    for index in 0..<Self.size {
      if entries[index].generation == generation {
        marker.mark(entries[index].name)
      } else {
        entries[index] = Entry()
      }
    }
  }
}

extension RuntimeContext {
  /// What is known about threads may have changed.
  public func forgetTasks() { state.pointee.tasks.forget() }
}
