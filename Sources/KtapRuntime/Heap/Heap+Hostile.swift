// The hostile heap: for tests of whoever uses one.
//
// Unsafe: overwrites freed memory.
//
// Two ways of being hostile. With `slack` alone a collection is due after every few bytes of new objects, so that a
// tier collects at each of its safe points: a value that it forgot to root is gone at the next one. With roots, the
// heap collects by itself in every n-th allocation, which no tier has to live with but which attacks the heap's own
// code. In both, freed cells are overwritten, so that a stale reference is seen instead of being read.
//
// Without hostility this costs nothing: only the slow path of an allocation looks, and a hostile heap makes every
// allocation take it by handing out one free cell at a time.

/// What makes a heap hostile.
@usableFromInline struct Hostility {
  /// Bytes of new objects after which a collection is due.
  var slack: Int
  /// Every how many allocations the heap collects by itself.
  var interval: Int
  var untilCollection: Int
  /// Objects that a maker of several holds in local variables.
  var held: [Value] = []
  var roots: ((Marker) -> Void)?

  static let poisonByte: UInt8 = 0xDB

  static func poison(_ cell: UnsafeMutablePointer<ObjectHeader>, _ size: Int) {
    let header = MemoryLayout<ObjectHeader>.size
    (UnsafeMutableRawPointer(cell) + header).initializeMemory(
      as: UInt8.self, repeating: poisonByte, count: size - header)
    cell.pointee.detail = 0xDBDB_DBDB
  }
}

extension Heap {
  /// Makes a collection due after every `slack` bytes of new objects.
  public func becomeHostile(slack: Int = 0) {
    beginHostility(Hostility(slack: slack, interval: 0, untilCollection: 0, roots: nil))
  }

  /// Makes every `interval`-th allocation collect first, with these roots.
  public func becomeHostile(collectingEvery interval: Int, roots: @escaping (Marker) -> Void) {
    precondition(interval > 0)
    beginHostility(
      Hostility(slack: 0, interval: interval, untilCollection: interval, roots: roots))
  }

  private func beginHostility(_ hostility: Hostility) {
    endHostility()
    state.pointee.hostility = UnsafeMutablePointer<Hostility>.allocate(capacity: 1)
    state.pointee.hostility?.initialize(to: hostility)
    state.pointee.threshold = state.pointee.allocatedBytes + hostility.slack
    // Cells at hand would let allocations past the slow path: they go back to be found by the next one.
    for sizeClass in 0..<SizeClass.count where state.pointee.freeCells[sizeClass] != 0 {
      let cells = state.pointee.freeCells[sizeClass]
      let address = UInt(cells) & ~UInt(BlockHeader.blockSize - 1)
      let block = UnsafeMutablePointer<BlockHeader>(bitPattern: address).unsafelyUnwrapped
      block.pointee.freeCells = cells
      block.pointee.nextAvailable = state.pointee.available[sizeClass]
      state.pointee.available[sizeClass] = block
      state.pointee.freeCells[sizeClass] = 0
    }
  }

  /// Back to normal.
  public func endHostility() {
    guard let hostility = state.pointee.hostility else { return }
    hostility.deinitialize(count: 1)
    hostility.deallocate()
    state.pointee.hostility = nil
    state.pointee.threshold = max(state.pointee.minimumThreshold, state.pointee.allocatedBytes * 2)
  }

  func collectIfHostile() {
    guard let hostility = state.pointee.hostility, let roots = hostility.pointee.roots else { return }
    hostility.pointee.untilCollection -= 1
    guard hostility.pointee.untilCollection <= 0 else { return }
    hostility.pointee.untilCollection = hostility.pointee.interval
    let held = hostility.pointee.held
    collect { marker in
      roots(marker)
      for value in held { marker.mark(value) }
    }
  }

  /// Keeps an object that only a local variable refers to alive across the next allocations of its maker.
  @inline(__always) func hold(_ value: Value) {
    if state.pointee.hostility != nil { holdHostile(value) }
  }

  @inline(never) private func holdHostile(_ value: Value) {
    state.pointee.hostility.unsafelyUnwrapped.pointee.held.append(value)
  }

  /// How many objects are held.
  @inline(__always) var heldCount: Int { state.pointee.hostility?.pointee.held.count ?? 0 }

  /// Holds only the first `count` objects from now on.
  @inline(__always) func letGo(keeping count: Int) {
    if let hostility = state.pointee.hostility {
      hostility.pointee.held.removeLast(hostility.pointee.held.count - count)
    }
  }
}
