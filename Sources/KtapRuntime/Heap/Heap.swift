// A heap: who owns objects, and when they go away.
//
// Unsafe: a `Heap` is an address; it must not be used after `destroy()`.
//
// The shared heap (owner 0) holds what the main chunk makes and everything that outlives a handler. Each worker has a
// heap of its own for the strings and tuples that its handlers make; tables, closures, cells and iterators made there
// are allocated in the shared heap, under its lock while workers run. The one rule between heaps: **an object of the
// shared heap never refers to a worker's object**. Whatever stores a value into a shared object therefore adopts it
// first (`Heap+Adoption.swift`). A worker's object may refer to shared ones.
//
// Making an object never collects. A tier asks `needsCollection` where it knows its roots, and calls `collect`; a
// builtin can hold values in local variables without rooting them. The shared heap is collected only while no worker
// runs; a worker's heap by its worker.

import CKernelCalls

/// A heap of objects.
@frozen public struct Heap: @unchecked Sendable {
  /// Public for tiers that emit code.
  public let state: UnsafeMutablePointer<HeapState>

  @inlinable public init(_ state: UnsafeMutablePointer<HeapState>) { self.state = state }

  /// A heap with owner 0.
  public static func makeShared() -> Heap { makeShared(seed: .process) }

  static func makeShared(seed: HashSeed) -> Heap {
    make(owner: 0, seed: seed, shared: nil)
  }

  /// The heap of the worker with `index` (0…65,534); it adopts into and takes its limits from `shared`.
  public static func makeWorker(index: Int, shared: Heap) -> Heap {
    precondition(index >= 0 && index < Int(UInt16.max) && shared.owner == 0)
    return make(owner: UInt16(index + 1), seed: shared.state.pointee.seed, shared: shared)
  }

  private static func make(owner: UInt16, seed: HashSeed, shared: Heap?) -> Heap {
    let state = UnsafeMutablePointer<HeapState>.allocate(capacity: 1)
    state.initialize(to: HeapState(owner: owner, seed: seed, shared: shared?.state ?? state))
    return Heap(state)
  }

  /// Frees everything. A worker's heap goes before the shared heap, after `releaseShards`.
  public func destroy() {
    endHostility()
    releaseAllObjects()
    unmapArenas()
    state.pointee.freeCells.deallocate()
    state.pointee.blocks.deallocate()
    state.pointee.available.deallocate()
    state.pointee.internBuckets.deallocate()
    state.pointee.scratch?.deallocate()
    state.pointee.markStack.destroy()
    state.pointee.pins.destroy()
    state.pointee.shards.destroy()
    state.pointee.droppedOfDeadTables.destroy()
    state.deallocate()
  }

  /// 0 the shared heap, else the worker's index + 1.
  @inlinable public var owner: UInt16 { state.pointee.owner }

  /// A collection is due.
  @inlinable public var needsCollection: Bool { state.pointee.allocatedBytes > state.pointee.threshold }

  /// Bytes of objects that have not been collected and of what their tables hold.
  public var allocatedBytes: Int { state.pointee.allocatedBytes }

  /// How often `collect` ran.
  public var collections: Int { state.pointee.collections }

  /// Workers are running, so that operations on shared objects take locks. Of the shared heap only; changed only while
  /// no worker runs.
  public var isConcurrent: Bool {
    get { state.pointee.isConcurrent != 0 }
    nonmutating set {
      precondition(owner == 0)
      state.pointee.isConcurrent = newValue ? 1 : 0
    }
  }

  /// Elements that a table may have (`--max-entries`); 1…134,217,728. Workers' heaps follow their shared heap.
  public var entryLimit: Int {
    get { state.pointee.shared.pointee.entryLimit }
    nonmutating set {
      state.pointee.shared.pointee.entryLimit = min(max(newValue, 1), 1 << 27)
    }
  }

  /// Keeps a value alive as long as the heap: program constants, names.
  public func pin(_ value: Value) {
    guard value.tag.isObject else { return }
    lock()
    state.pointee.pins.push(value)
    unlock()
  }

  // The allocator's lock: of the shared heap, while workers run.

  @inline(__always) func lock() {
    if state.pointee.isConcurrent != 0 { lockConcurrent() }
  }

  @inline(__always) func unlock() {
    if state.pointee.isConcurrent != 0 { unlockConcurrent() }
  }

  @inline(never) private func lockConcurrent() { SpinLock.acquire(lockWord) }
  @inline(never) private func unlockConcurrent() { SpinLock.release(lockWord) }

  private var lockWord: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(state) + MemoryLayout<HeapState>.offset(of: \.lock)!
  }

  /// Counts bytes that an object holds outside its cell.
  func account(_ bytes: Int) {
    lock()
    state.pointee.allocatedBytes &+= bytes
    unlock()
  }
}

/// A word of memory that one thread at a time holds.
enum SpinLock {
  /// Waits until the word is free. Holders never block, so the wait is short unless one of them was preempted: after
  /// some hundred turns the thread yields its CPU.
  static func acquire(_ word: UnsafeMutableRawPointer) {
    var turns = 0
    while ktap_exchange_acquire_32(word, 1) != 0 {
      while ktap_load_relaxed_32(word) != 0 {
        turns &+= 1
        if turns & 127 == 0 { ktap_yield() } else { ktap_spin_pause() }
      }
    }
  }

  @inline(__always) static func release(_ word: UnsafeMutableRawPointer) { ktap_store_release_32(word, 0) }
}
