// Collection: mark, then sweep.
//
// Unsafe: raw memory. After it, every object of this heap that was not marked is gone.
//
// Precise, non-moving, not incremental: a heap that traces is small (keys of its tables and strings of the current
// batch), and between two batches nobody waits. The next collection is due when twice as much is allocated as was left,
// and never below a minimum that fits a core's cache, so the cost of marking what lives is spread over as many bytes of
// new objects.

extension Heap {
  /// Frees what is reached neither from what `roots` marks nor from pinned values. A worker's heap also keeps its
  /// parts of per-CPU tables. The shared heap: only while no worker runs; its roots are the constants, the handlers'
  /// closures, and the stacks of the main thread and of all workers.
  public func collect(_ roots: (Marker) -> Void) {
    precondition(state.pointee.isConcurrent == 0, "the shared heap is collected while workers run")
    let marker = Marker(state: state)
    roots(marker)
    for index in 0..<state.pointee.pins.count {
      marker.mark(state.pointee.pins.elements.unsafelyUnwrapped[index])
    }
    for index in 0..<state.pointee.shards.count {
      marker.markTable(state.pointee.shards.elements.unsafelyUnwrapped[index])
    }
    marker.drain()
    sweep()
    state.pointee.collections &+= 1
    setThreshold()
  }

  private func setThreshold() {
    let live = state.pointee.allocatedBytes
    if let hostility = state.pointee.hostility {
      state.pointee.threshold = live + hostility.pointee.slack
    } else {
      state.pointee.threshold = max(state.pointee.minimumThreshold, live * 2)
    }
  }

  private func sweep() {
    resetInternTable()
    var live = sweepLargeObjects()
    var blockCount = 0
    for sizeClass in 0..<SizeClass.count {
      state.pointee.freeCells[sizeClass] = 0
      state.pointee.available[sizeClass] = nil
      var next = state.pointee.blocks[sizeClass]
      state.pointee.blocks[sizeClass] = nil
      while let block = next {
        next = block.pointee.next
        blockCount += 1
        let liveHere = sweep(block)
        if liveHere.cells == 0 {
          recycle(block)
          continue
        }
        live += liveHere.bytes
        block.pointee.next = state.pointee.blocks[sizeClass]
        state.pointee.blocks[sizeClass] = block
        if block.pointee.freeCells != 0 {
          block.pointee.nextAvailable = state.pointee.available[sizeClass]
          state.pointee.available[sizeClass] = block
        }
      }
    }
    state.pointee.allocatedBytes = live
    // As many as were in use stay at hand: after a peak, memory goes back one collection later.
    returnEmptyBlocks(keeping: blockCount)
  }

  private func sweep(_ block: UnsafeMutablePointer<BlockHeader>) -> (cells: Int, bytes: Int) {
    let cellSize = block.pointee.cellSize
    let cells = UnsafeMutableRawPointer(block) + BlockHeader.cellsOffset
    let poison = state.pointee.hostility != nil
    var free: UInt64 = 0
    var liveCells = 0
    var liveBytes = 0
    for index in stride(from: block.pointee.cellCount &- 1, through: 0, by: -1) {
      let cell = (cells + index &* cellSize).assumingMemoryBound(to: ObjectHeader.self)
      if cell.pointee.mark != 0 {
        cell.pointee.mark = 0
        liveCells &+= 1
        liveBytes &+= keep(cell)
        continue
      }
      if cell.pointee.kind != .free {
        release(cell)
        if poison { Hostility.poison(cell, cellSize) }
        cell.pointee.kind = .free
      }
      cell.pointee.link = free
      free = UInt64(UInt(bitPattern: cell))
    }
    block.pointee.freeCells = free
    return (liveCells, liveBytes)
  }

  /// What a live object counts as; a string goes back into the intern table.
  @inline(__always) private func keep(_ cell: UnsafeMutablePointer<ObjectHeader>) -> Int {
    let address = UnsafeMutableRawPointer(cell)
    switch cell.pointee.kind {
    case .string:
      let string = address.assumingMemoryBound(to: StringObject.self)
      putIntoBucket(string, string.pointee.hash)
      state.pointee.internCount &+= 1
      return StringObject.bytesOffset &+ Int(cell.pointee.detail)
    case .tuple:
      return TupleObject.partsOffset &+ Int(cell.pointee.detail) &* MemoryLayout<Value>.stride
    case .closure:
      return ClosureObject.upvaluesOffset &+ Int(cell.pointee.detail) &* MemoryLayout<Value>.stride
    case .cell:
      return MemoryLayout<CellObject>.size
    case .table:
      let table = TableReference(address.assumingMemoryBound(to: TableState.self))
      return MemoryLayout<TableState>.size &+ table.storageBytes
    default:
      let iterator = address.assumingMemoryBound(to: IteratorObject.self)
      let keyBytes = iterator.pointee.keys == nil ? 0 : iterator.pointee.count * MemoryLayout<Value>.stride
      return MemoryLayout<IteratorObject>.size &+ keyBytes
    }
  }

  /// Gives up what a dead object holds outside its cell.
  @inline(__always) private func release(_ cell: UnsafeMutablePointer<ObjectHeader>) {
    let address = UnsafeMutableRawPointer(cell)
    if cell.pointee.kind == .table {
      let table = TableReference(address.assumingMemoryBound(to: TableState.self))
      if table.dropped > 0 { rememberDropped(site: table.site, count: table.dropped) }
      table.freeStorage()
    } else if cell.pointee.kind == .iterator {
      address.assumingMemoryBound(to: IteratorObject.self).pointee.keys?.deallocate()
    }
  }

  private func sweepLargeObjects() -> Int {
    var live = 0
    var next = state.pointee.largeObjects
    state.pointee.largeObjects = nil
    while let prefix = next {
      next = prefix.pointee.next
      let object = (UnsafeMutableRawPointer(prefix) + MemoryLayout<LargeObjectPrefix>.size)
        .assumingMemoryBound(to: ObjectHeader.self)
      if object.pointee.mark != 0 {
        object.pointee.mark = 0
        live += keep(object)
        prefix.pointee.next = state.pointee.largeObjects
        state.pointee.largeObjects = prefix
      } else {
        if state.pointee.hostility != nil { Hostility.poison(object, prefix.pointee.size) }
        prefix.deallocate()
      }
    }
    return live
  }

  /// Frees what objects hold outside the blocks, at the heap's end.
  func releaseAllObjects() {
    forEachObject { cell in release(cell) }
    while let prefix = state.pointee.largeObjects {
      state.pointee.largeObjects = prefix.pointee.next
      prefix.deallocate()
    }
  }

  /// Every object in a cell.
  func forEachObject(_ body: (UnsafeMutablePointer<ObjectHeader>) -> Void) {
    for sizeClass in 0..<SizeClass.count {
      var next = state.pointee.blocks[sizeClass]
      while let block = next {
        next = block.pointee.next
        let cells = UnsafeMutableRawPointer(block) + BlockHeader.cellsOffset
        for index in 0..<block.pointee.cellCount {
          let cell = (cells + index * block.pointee.cellSize).assumingMemoryBound(to: ObjectHeader.self)
          if cell.pointee.kind != .free { body(cell) }
        }
      }
    }
  }

  // Keys without room.

  private func rememberDropped(site: Int32, count: UInt64) {
    for index in 0..<state.pointee.droppedOfDeadTables.count {
      let entry = state.pointee.droppedOfDeadTables.elements.unsafelyUnwrapped + index
      if entry.pointee.site == site {
        entry.pointee.count &+= count
        return
      }
    }
    state.pointee.droppedOfDeadTables.push(DroppedKeys(site: site, count: count))
  }

  /// Keys that this heap's tables, living and dead, had no room for, by table site in ascending order; only sites with
  /// any.
  public func droppedKeys() -> [DroppedKeys] {
    var counts: [Int32: UInt64] = [:]
    for index in 0..<state.pointee.droppedOfDeadTables.count {
      let entry = state.pointee.droppedOfDeadTables.elements.unsafelyUnwrapped[index]
      counts[entry.site, default: 0] &+= entry.count
    }
    forEachObject { cell in
      guard cell.pointee.kind == .table else { return }
      let table = TableReference(UnsafeMutableRawPointer(cell).assumingMemoryBound(to: TableState.self))
      if table.dropped > 0 { counts[table.site, default: 0] &+= table.dropped }
    }
    return counts.sorted { $0.key < $1.key }.map { DroppedKeys(site: $0.key, count: $0.value) }
  }
}
