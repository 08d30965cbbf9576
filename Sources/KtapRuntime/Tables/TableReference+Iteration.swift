// Iteration: a snapshot of the keys.
//
// Unsafe: raw memory. In: a table. Out: an iterator that holds its keys, integers ascending and then the rest in
// insertion order, or sorted. Values are read when an element is visited, so that changing and removing elements
// meanwhile is safe, and nothing of it depends on the hash.

/// What `sort_pairs` sorts by.
public enum SortKey: Sendable, Hashable { case key, value }

/// An element while it is being sorted.
private struct SnapshotElement: BitwiseCopyable {
  var key: Value
  /// Place in the order of `pairs`; for other keys than integers first their insertion number.
  var order: UInt32
  var value: Value
}

extension TableReference {
  /// An iterator over the keys that the table has now, in the order of `pairs`.
  public func iterator(in heap: Heap) -> Value {
    let elements = snapshot()
    defer { elements.deallocate() }
    return makeIterator(elements, in: heap)
  }

  /// An iterator over the keys that the table has now, sorted by key or value; ties by key ascending. Numbers come
  /// before strings, strings before booleans, these before the rest, which keep the order of `pairs`.
  public func sortedIterator(by sortKey: SortKey, descending: Bool, in heap: Heap) -> Value {
    var elements = snapshot()
    defer { elements.deallocate() }
    for index in elements.indices { elements[index].order = UInt32(index) }
    elements.sort { left, right in
      var order = 0
      if sortKey == .value { order = ValueOrder.compare(left.value, right.value) }
      if order == 0 {
        order = ValueOrder.compare(left.key, right.key)
        if sortKey == .value { return order == 0 ? left.order < right.order : order < 0 }
      }
      if order == 0 { return left.order < right.order }
      return descending ? order > 0 : order < 0
    }
    return makeIterator(elements, in: heap)
  }

  private func snapshot() -> UnsafeMutableBufferPointer<SnapshotElement> {
    lock()
    let elements = UnsafeMutableBufferPointer<SnapshotElement>.allocate(capacity: state.pointee.count)
    // Integers of the hash part from the front, other keys from the back, then the array part between them.
    var front = 0
    var back = elements.count
    forEachSlot { slot in
      let element = SnapshotElement(key: slot.pointee.key, order: slot.pointee.order, value: slot.pointee.value)
      if element.key.isNumber {
        elements.initializeElement(at: front, to: element)
        front += 1
      } else {
        back -= 1
        elements.initializeElement(at: back, to: element)
      }
    }
    for index in 0..<state.pointee.arrayCapacity {
      let value = state.pointee.array[index]
      if value.isNil { continue }
      elements.initializeElement(at: front, to: SnapshotElement(key: Value(Int64(index) + 1), order: 0, value: value))
      front += 1
    }
    unlock()
    var numbers = UnsafeMutableBufferPointer(rebasing: elements[..<front])
    numbers.sort { $0.key.payload < $1.key.payload }
    var others = UnsafeMutableBufferPointer(rebasing: elements[front...])
    others.sort { $0.order < $1.order }
    return elements
  }

  private func makeIterator(_ elements: UnsafeMutableBufferPointer<SnapshotElement>, in heap: Heap) -> Value {
    heap.lock()
    let address = UnsafeMutableRawPointer(heap.allocateCell(MemoryLayout<IteratorObject>.size, .iterator, detail: 0))
    heap.unlock()
    let keys = UnsafeMutablePointer<Value>.allocate(capacity: elements.count)
    for index in elements.indices { (keys + index).initialize(to: elements[index].key) }
    let iterator = address.assumingMemoryBound(to: IteratorObject.self)
    iterator.pointee.table = state
    iterator.pointee.keys = keys
    iterator.pointee.count = elements.count
    iterator.pointee.next = 0
    heap.account(elements.count * MemoryLayout<Value>.stride)
    return Value(address, .iterator)
  }
}

/// The total order that `sort_pairs` uses.
public enum ValueOrder {
  /// Negative, 0 or positive; 0 also for values that have no order.
  public static func compare(_ left: Value, _ right: Value) -> Int {
    if let order = left.compare(right) { return order }
    let leftRank = rank(left.tag)
    let rightRank = rank(right.tag)
    if leftRank != rightRank { return leftRank - rightRank }
    switch left.tag {
    case .falseValue, .trueValue: return Int(left.tag.rawValue) - Int(right.tag.rawValue)
    case .tuple where right.tag == .tuple: return compareTuples(TupleReference(left), TupleReference(right))
    case .address where right.tag == .address:
      let (first, second) = (UInt64(bitPattern: left.payload), UInt64(bitPattern: right.payload))
      return first < second ? -1 : (first == second ? 0 : 1)
    default: return Int(left.tag.rawValue) - Int(right.tag.rawValue)
    }
  }

  private static func rank(_ tag: Tag) -> Int {
    switch tag {
    case .number: 0
    case .string: 1
    case .falseValue, .trueValue: 2
    default: 3
    }
  }

  /// Part by part; a tuple comes before one that continues it.
  private static func compareTuples(_ left: TupleReference, _ right: TupleReference) -> Int {
    for index in 0..<min(left.count, right.count) {
      let order = compare(left.parts[index], right.parts[index])
      if order != 0 { return order }
    }
    return left.count - right.count
  }
}
