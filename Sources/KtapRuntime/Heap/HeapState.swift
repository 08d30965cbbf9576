// The words of a heap. Allocated once by malloc, so that any thread can reach them without ARC or exclusivity checks.

/// What a `Heap` refers to.
@frozen public struct HeapState {
  // What the interpreter's safe points and table operations read comes first.

  /// Bytes of live and not yet collected objects and of what their tables hold.
  public var allocatedBytes = 0
  /// A collection is due when `allocatedBytes` is above it.
  public var threshold: Int
  /// The shared heap: workers are running, so that its locks are taken. A worker's heap: always 0.
  public var isConcurrent: UInt32 = 0
  /// 0 the shared heap, else the worker's index + 1.
  public var owner: UInt16
  /// Guards the allocator of the shared heap while workers run.
  var lock: UInt32 = 0
  var seed: HashSeed
  /// The shared heap's state; its own for the shared heap.
  var shared: UnsafeMutablePointer<HeapState>
  /// Elements a table may have.
  var entryLimit = 1_048_576

  // The allocator.

  /// The first free cell of each size class, of the block that is being filled.
  var freeCells: UnsafeMutablePointer<UInt64>
  /// Blocks of each size class; linked by `BlockHeader.next`.
  var blocks: UnsafeMutablePointer<UnsafeMutablePointer<BlockHeader>?>
  /// Those of them that have free cells and are not being filled; linked by `BlockHeader.nextAvailable`.
  var available: UnsafeMutablePointer<UnsafeMutablePointer<BlockHeader>?>
  /// Empty blocks of no class; linked by `BlockHeader.next`.
  var emptyBlocks: UnsafeMutablePointer<BlockHeader>?
  var emptyBlockCount = 0
  /// Mappings that the blocks are cut from.
  var arenas: UnsafeMutablePointer<ArenaHeader>?
  /// Strings too large for a cell.
  var largeObjects: UnsafeMutablePointer<LargeObjectPrefix>?

  // Strings.

  /// Tagged addresses of the first string of each bucket.
  var internBuckets: UnsafeMutablePointer<UInt64>
  var internMask: Int
  var internCount = 0
  /// Where `..` gathers its text; `StringReference.maximumCount` bytes, made on first use.
  var scratch: UnsafeMutableRawPointer?

  // The collector.

  var markStack: RawStack<UnsafeMutablePointer<ObjectHeader>>
  var pins: RawStack<Value>
  /// A worker's heap: its parts of per-CPU tables, which are roots.
  var shards: RawStack<UnsafeMutablePointer<TableState>>
  var collections = 0
  var minimumThreshold: Int
  /// Not nil: allocations collect first (`Heap+Hostile.swift`).
  var hostility: UnsafeMutablePointer<Hostility>?
  /// Drops of tables that have been collected, by table site.
  var droppedOfDeadTables: RawStack<DroppedKeys>

  /// An empty heap.
  init(owner: UInt16, seed: HashSeed, shared: UnsafeMutablePointer<HeapState>) {
    self.owner = owner
    self.seed = seed
    self.shared = shared
    minimumThreshold = HeapState.defaultMinimumThreshold
    threshold = HeapState.defaultMinimumThreshold
    freeCells = HeapState.allocate(SizeClass.count, 0)
    blocks = HeapState.allocate(SizeClass.count, nil)
    available = HeapState.allocate(SizeClass.count, nil)
    internBuckets = HeapState.allocate(InternTable.minimumBuckets, 0)
    internMask = InternTable.minimumBuckets - 1
    markStack = RawStack()
    pins = RawStack()
    shards = RawStack()
    droppedOfDeadTables = RawStack()
  }

  /// Bytes that are always allocated before a collection is due: few enough to stay in a core's second cache together
  /// with their intern table. With 2 MiB, a loop of `..` took 51 ns a string, with 1 MiB 41, with 256 KiB 37.
  static let defaultMinimumThreshold = 1 << 20

  private static func allocate<Element>(_ count: Int, _ element: Element) -> UnsafeMutablePointer<Element> {
    let elements = UnsafeMutablePointer<Element>.allocate(capacity: count)
    elements.initialize(repeating: element, count: count)
    return elements
  }
}

/// Keys that tables made at one place had no room for.
public struct DroppedKeys: Sendable, Hashable, BitwiseCopyable {
  /// Index into the program's table sites, or -1.
  public var site: Int32
  public var count: UInt64

  public init(site: Int32, count: UInt64) {
    self.site = site
    self.count = count
  }
}

/// A growing array in raw memory, for elements without references.
@usableFromInline @frozen struct RawStack<Element: BitwiseCopyable> {
  private(set) var elements: UnsafeMutablePointer<Element>?
  private(set) var count = 0
  private var capacity = 0

  init() {}

  @inline(__always) mutating func push(_ element: Element) {
    if count == capacity { grow() }
    elements.unsafelyUnwrapped[count] = element
    count &+= 1
  }

  @inline(__always) mutating func pop() -> Element? {
    guard count > 0 else { return nil }
    count &-= 1
    return elements.unsafelyUnwrapped[count]
  }

  mutating func remove(where matches: (Element) -> Bool) {
    var kept = 0
    for index in 0..<count {
      let element = elements.unsafelyUnwrapped[index]
      if !matches(element) {
        elements.unsafelyUnwrapped[kept] = element
        kept += 1
      }
    }
    count = kept
  }

  mutating func destroy() {
    elements?.deallocate()
    self = RawStack()
  }

  @inline(never) private mutating func grow() {
    let larger = max(64, capacity * 2)
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    if let elements {
      moved.update(from: elements, count: count)
      elements.deallocate()
    }
    elements = moved
    capacity = larger
  }
}
