// The allocator: blocks of equal cells.
//
// Unsafe: raw memory. Invariants: a cell belongs to exactly one block and is either free (kind `free`, on the free list
// of its block or of its size class) or holds an object whose header's kind is not `free`; a block starts at a multiple
// of its size, so that an object's block, and through it its heap, is found by masking its address.
//
// A cell's size is a multiple of 16 bytes up to 256, then one of four steps for each doubling up to 8 KiB; only strings
// are larger, and get a malloc of their own. A block is 64 KiB, cut from 1 MiB mappings. A block whose cells are all
// free goes back to a pool that every size class draws from, so that a script whose strings change in length over time
// stays as flat as one whose strings do not. Memory in the pool beyond what is in use is given back to the kernel.
//
// Why not malloc: a script that makes strings makes little else. glibc takes about 20 ns for a malloc and a free, and
// has nothing to walk the objects by; here allocation is two loads and two stores, and a sweep reads memory in order.

import Glibc

/// At the start of each block.
@usableFromInline @frozen struct BlockHeader {
  @usableFromInline var heap: UnsafeMutablePointer<HeapState>
  var next: UnsafeMutablePointer<BlockHeader>?
  var nextAvailable: UnsafeMutablePointer<BlockHeader>?
  /// Address of the first free cell; 0 while the block is being filled.
  var freeCells: UInt64
  var cellSize: Int
  var cellCount: Int
  /// In the pool, and its memory given back to the kernel.
  var isReturned: Bool

  @usableFromInline static var blockSize: Int { 65_536 }
  static var cellsOffset: Int { 64 }
}

/// At the start of each mapping that blocks are cut from.
@usableFromInline @frozen struct ArenaHeader {
  var next: UnsafeMutablePointer<ArenaHeader>?
  /// What was mapped: more than the blocks need, so that they can be aligned.
  var mapping: UnsafeMutableRawPointer
  var length: Int
}

/// In front of a string that is too large for a cell.
@usableFromInline @frozen struct LargeObjectPrefix {
  var next: UnsafeMutablePointer<LargeObjectPrefix>?
  var size: Int
}

enum SizeClass {
  static let count = 36
  static let largest = 8192
  /// A block cannot hold many cells of the largest classes, but no size wastes more than a fifth of its cell.
  private static let fineLimit = 256

  @inline(__always) static func index(of size: Int) -> Int {
    if size <= fineLimit { return (size &- 1) &>> 4 }
    // 257…320 is the first step of the doubling 256…512.
    let exponent = Int.bitWidth &- 1 &- (size &- 1).leadingZeroBitCount
    return 16 &+ (exponent &- 8) &* 4 &+ (((size &- 1) &>> (exponent &- 2)) & 3)
  }

  static func size(at index: Int) -> Int {
    if index < 16 { return (index + 1) * 16 }
    let exponent = (index - 16) / 4 + 8
    return (1 << exponent) + ((index - 16) % 4 + 1) << (exponent - 2)
  }
}

extension Heap {
  /// The heap that an object of at most `SizeClass.largest` bytes is in.
  @inline(__always) static func containing(_ object: UnsafeMutableRawPointer) -> Heap {
    let block = Int(bitPattern: object) & ~(BlockHeader.blockSize &- 1)
    return Heap(
      UnsafeMutablePointer<BlockHeader>(bitPattern: block).unsafelyUnwrapped.pointee.heap)
  }

  /// A cell with its header written, its other bytes undefined. The caller holds the lock.
  @inline(__always)
  func allocateCell(_ size: Int, _ kind: ObjectKind, detail: UInt32) -> UnsafeMutablePointer<ObjectHeader> {
    let sizeClass = SizeClass.index(of: size)
    let head = state.pointee.freeCells + sizeClass
    if head.pointee == 0 { refill(sizeClass) }
    let cell = UnsafeMutablePointer<ObjectHeader>(bitPattern: UInt(head.pointee)).unsafelyUnwrapped
    head.pointee = cell.pointee.link
    state.pointee.allocatedBytes &+= size
    cell.pointee = ObjectHeader(link: 0, kind: kind, mark: 0, owner: state.pointee.owner, detail: detail)
    return cell
  }

  /// Space for a string larger than any cell. The caller holds the lock.
  func allocateLarge(_ size: Int, _ kind: ObjectKind, detail: UInt32) -> UnsafeMutablePointer<ObjectHeader> {
    if state.pointee.hostility != nil { collectIfHostile() }
    let total = MemoryLayout<LargeObjectPrefix>.size + size
    let memory = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
    let prefix = memory.bindMemory(to: LargeObjectPrefix.self, capacity: 1)
    prefix.pointee = LargeObjectPrefix(next: state.pointee.largeObjects, size: size)
    state.pointee.largeObjects = prefix
    state.pointee.allocatedBytes &+= size
    let object = (memory + MemoryLayout<LargeObjectPrefix>.size).assumingMemoryBound(to: ObjectHeader.self)
    object.pointee = ObjectHeader(link: 0, kind: kind, mark: 0, owner: state.pointee.owner, detail: detail)
    return object
  }

  /// Makes the free list of a size class non-empty.
  @inline(never) func refill(_ sizeClass: Int) {
    if state.pointee.hostility != nil { collectIfHostile() }
    let block: UnsafeMutablePointer<BlockHeader>
    if let available = state.pointee.available[sizeClass] {
      state.pointee.available[sizeClass] = available.pointee.nextAvailable
      block = available
    } else {
      block = makeBlock(sizeClass)
    }
    var cells = block.pointee.freeCells
    block.pointee.freeCells = 0
    if state.pointee.hostility != nil {
      // One cell at a time, so that every allocation comes through here.
      let first = UnsafeMutablePointer<ObjectHeader>(bitPattern: UInt(cells)).unsafelyUnwrapped
      block.pointee.freeCells = first.pointee.link
      first.pointee.link = 0
      cells = UInt64(UInt(bitPattern: first))
      if block.pointee.freeCells != 0 {
        block.pointee.nextAvailable = state.pointee.available[sizeClass]
        state.pointee.available[sizeClass] = block
      }
    }
    state.pointee.freeCells[sizeClass] = cells
  }

  private func makeBlock(_ sizeClass: Int) -> UnsafeMutablePointer<BlockHeader> {
    if state.pointee.emptyBlocks == nil { mapArena() }
    let block = state.pointee.emptyBlocks.unsafelyUnwrapped
    state.pointee.emptyBlocks = block.pointee.next
    state.pointee.emptyBlockCount &-= 1
    let cellSize = SizeClass.size(at: sizeClass)
    let cellCount = (BlockHeader.blockSize - BlockHeader.cellsOffset) / cellSize
    let cells = UnsafeMutableRawPointer(block) + BlockHeader.cellsOffset
    var link: UInt64 = 0
    for index in stride(from: cellCount &- 1, through: 0, by: -1) {
      let cell = (cells + index &* cellSize).assumingMemoryBound(to: ObjectHeader.self)
      cell.pointee = ObjectHeader(link: link, kind: .free, mark: 0, owner: 0, detail: 0)
      link = UInt64(UInt(bitPattern: cell))
    }
    block.pointee = BlockHeader(
      heap: state, next: state.pointee.blocks[sizeClass], nextAvailable: nil, freeCells: link, cellSize: cellSize,
      cellCount: cellCount, isReturned: false)
    state.pointee.blocks[sizeClass] = block
    return block
  }

  private func mapArena() {
    let blockSize = BlockHeader.blockSize
    let blockCount = 16
    // One block more than needed covers alignment and, in what is left of it, nothing; the header has its own page.
    let length = (blockCount + 1) * blockSize + 4096
    guard let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapping != MAP_FAILED
    else { fatalError("out of memory") }
    let arena = mapping.bindMemory(to: ArenaHeader.self, capacity: 1)
    arena.pointee = ArenaHeader(next: state.pointee.arenas, mapping: mapping, length: length)
    state.pointee.arenas = arena
    let first = (Int(bitPattern: mapping) + 4096 + blockSize - 1) & ~(blockSize - 1)
    for index in stride(from: blockCount - 1, through: 0, by: -1) {
      let block = UnsafeMutablePointer<BlockHeader>(bitPattern: first + index * blockSize).unsafelyUnwrapped
      recycle(block)
    }
  }

  /// Puts a block without objects into the pool.
  func recycle(_ block: UnsafeMutablePointer<BlockHeader>) {
    block.pointee = BlockHeader(
      heap: state, next: state.pointee.emptyBlocks, nextAvailable: nil, freeCells: 0, cellSize: 0, cellCount: 0,
      isReturned: false)
    state.pointee.emptyBlocks = block
    state.pointee.emptyBlockCount &+= 1
  }

  /// Gives the memory of pooled blocks beyond `kept` back to the kernel. Their headers' pages stay.
  func returnEmptyBlocks(keeping kept: Int) {
    var index = 0
    var next = state.pointee.emptyBlocks
    while let block = next {
      if index >= kept, !block.pointee.isReturned {
        madvise(UnsafeMutableRawPointer(block) + 4096, BlockHeader.blockSize - 4096, MADV_DONTNEED)
        block.pointee.isReturned = true
      }
      index += 1
      next = block.pointee.next
    }
  }

  /// Bytes that the heap has taken for objects and interning, whether objects use them or not, without what tables
  /// hold.
  public var reservedBytes: Int {
    var bytes = (state.pointee.internMask + 1) * MemoryLayout<UInt64>.stride
    var arena = state.pointee.arenas
    while let mapped = arena {
      bytes += mapped.pointee.length
      arena = mapped.pointee.next
    }
    var large = state.pointee.largeObjects
    while let object = large {
      bytes += MemoryLayout<LargeObjectPrefix>.size + object.pointee.size
      large = object.pointee.next
    }
    return bytes
  }

  func unmapArenas() {
    while let arena = state.pointee.arenas {
      state.pointee.arenas = arena.pointee.next
      munmap(arena.pointee.mapping, arena.pointee.length)
    }
  }
}
