// Makers of objects other than strings.
//
// Unsafe: fills raw cells. Everything that is stored has been adopted by the heap of the object that it is stored in.

extension Heap {
  /// A tuple of 2…8 numbers, strings and booleans.
  public func tuple(_ parts: UnsafeBufferPointer<Value>) throws(ScriptError) -> Value {
    guard parts.count >= 2 && parts.count <= 8 else {
      throw ScriptError("a tuple has 2 to 8 parts, not \(parts.count)")
    }
    for part in parts {
      switch part.tag {
      case .number, .string, .trueValue, .falseValue: break
      default: throw ScriptError("a tuple cannot hold a \(part.tag.typeName) value")
      }
    }
    lock()
    defer { unlock() }
    return makeTuple(parts)
  }

  /// The caller holds the lock and has checked the parts.
  func makeTuple(_ parts: UnsafeBufferPointer<Value>) -> Value {
    let held = heldCount
    let size = TupleObject.partsOffset + parts.count * MemoryLayout<Value>.stride
    let object = UnsafeMutableRawPointer(allocateCell(size, .tuple, detail: UInt32(parts.count)))
    let stored = (object + TupleObject.partsOffset).assumingMemoryBound(to: Value.self)
    stored.initialize(repeating: .nilValue, count: parts.count)
    hold(Value(object, .tuple))
    var hash = state.pointee.seed.addend ^ UInt64(parts.count)
    for (index, part) in parts.enumerated() {
      let adopted = adoptHoldingLock(part)
      stored[index] = adopted
      hash = state.pointee.seed.combine(hash, adopted.hash(state.pointee.seed))
    }
    object.assumingMemoryBound(to: TupleObject.self).pointee.hash = hash
    letGo(keeping: held)
    return Value(object, .tuple)
  }

  /// A table. `site` is an index into the program's table sites, or -1; `array` and `records` say how much room to
  /// reserve, cut to the entry limit.
  public func table(site: Int32, array: Int, records: Int) -> Value {
    lock()
    let cell = UnsafeMutableRawPointer(allocateCell(MemoryLayout<TableState>.size, .table, detail: 0))
    unlock()
    let table = TableReference(cell.assumingMemoryBound(to: TableState.self))
    table.initialize(heap: self, site: site)
    table.reserve(array: array, records: records)
    return Value(cell, .table)
  }

  /// A closure whose captured variables are nil. `upvalueCount` is at most 255.
  public func closure(function: Int, upvalueCount: Int) -> Value {
    precondition(upvalueCount >= 0 && upvalueCount <= 255)
    lock()
    let size = ClosureObject.upvaluesOffset + upvalueCount * MemoryLayout<Value>.stride
    let object = UnsafeMutableRawPointer(allocateCell(size, .closure, detail: UInt32(upvalueCount)))
    unlock()
    object.assumingMemoryBound(to: ClosureObject.self).pointee.function = function
    let upvalues = (object + ClosureObject.upvaluesOffset).assumingMemoryBound(to: Value.self)
    upvalues.initialize(repeating: .nilValue, count: upvalueCount)
    return Value(object, .closure)
  }

  /// A captured variable. `isShared`: handlers on several CPUs may use it.
  public func cell(_ value: Value, isShared: Bool) -> Value {
    lock()
    let held = heldCount
    let stored = adoptHoldingLock(value)
    hold(stored)
    let object = UnsafeMutableRawPointer(allocateCell(MemoryLayout<CellObject>.size, .cell, detail: 0))
    letGo(keeping: held)
    unlock()
    let cell = object.assumingMemoryBound(to: CellObject.self)
    cell.pointee.value = stored
    cell.pointee.isShared = isShared ? 1 : 0
    return Value(object, .cell)
  }
}
