// Marking: which objects are reached from the roots.
//
// Unsafe: follows addresses in live objects and roots.
//
// Iterative: an object with references goes on an explicit stack, so that a list of a million tables needs no call
// stack. A collection marks only objects of its own heap, but it looks through two kinds of object of other heaps,
// because these refer to shared strings and may be all that keeps them alive: a worker's tuples, which hold nothing but
// strings, numbers and booleans, and a worker's parts of per-CPU tables, which are reached from their base table.

/// What `Heap.collect` hands to the caller to mark roots with.
@frozen public struct Marker {
  let state: UnsafeMutablePointer<HeapState>

  public func mark(_ value: Value) {
    guard value.tag.isObject else { return }
    let object = value.object
    if object.pointee.owner != state.pointee.owner {
      if object.pointee.kind == .tuple { markParts(value) }
      return
    }
    if object.pointee.mark != 0 { return }
    object.pointee.mark = 1
    switch object.pointee.kind {
    case .string: break
    case .tuple: markParts(value)
    default: state.pointee.markStack.push(object)
    }
  }

  public func mark(_ values: UnsafeBufferPointer<Value>) {
    for index in 0..<values.count { mark(values[index]) }
  }

  private func markParts(_ tuple: Value) {
    for part in TupleReference(tuple).parts where part.tag == .string { mark(part) }
  }

  func markTable(_ table: UnsafeMutablePointer<TableState>) {
    mark(Value(table, .table))
  }

  /// Follows the references of what has been marked.
  func drain() {
    while let object = state.pointee.markStack.pop() {
      let address = UnsafeMutableRawPointer(object)
      switch object.pointee.kind {
      case .table:
        let table = TableReference(address.assumingMemoryBound(to: TableState.self))
        markContents(of: table)
        table.forEachShard { markContents(of: $0) }
      case .closure:
        let closure = ClosureReference(Value(address, .closure))
        mark(UnsafeBufferPointer(start: closure.upvalues, count: closure.upvalueCount))
      case .cell:
        mark(address.assumingMemoryBound(to: CellObject.self).pointee.value)
      case .iterator:
        let iterator = address.assumingMemoryBound(to: IteratorObject.self)
        markTable(iterator.pointee.table)
        if let keys = iterator.pointee.keys {
          mark(
            UnsafeBufferPointer(
              start: keys + iterator.pointee.next, count: iterator.pointee.count - iterator.pointee.next))
        }
      default:
        break
      }
    }
  }

  private func markContents(of table: TableReference) {
    table.forEachElement { key, value in
      if key.tag.isObject { mark(key) }
      if value.tag.isObject { mark(value) }
    }
  }
}
