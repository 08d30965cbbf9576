// Finding objects by what they are; for the tracer, while nothing else runs.

extension Heap {
  /// The living tables whose site the predicate accepts, in the order of their addresses in the heap.
  public func tables(where isWanted: (_ site: Int32) -> Bool) -> [Value] {
    var found: [Value] = []
    forEachObject { cell in
      guard cell.pointee.kind == .table else { return }
      let table = TableReference(UnsafeMutableRawPointer(cell).assumingMemoryBound(to: TableState.self))
      if isWanted(table.site) { found.append(Value(payload: Int64(Int(bitPattern: cell)), tag: .table)) }
    }
    return found
  }
}
