// A view of an iterator.
//
// Unsafe: valid while the iterator is alive; it keeps its table and keys alive.

/// What `pairs` and `sort_pairs` return.
@frozen public struct IteratorReference: @unchecked Sendable {
  let object: UnsafeMutablePointer<IteratorObject>

  /// The value must be an iterator.
  public init(_ value: Value) {
    object = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: IteratorObject.self)
  }

  /// The next key that still has an element, with that element; nil at the end.
  public func next() -> (key: Value, value: Value)? {
    guard let keys = object.pointee.keys else { return nil }
    let table = TableReference(object.pointee.table)
    while object.pointee.next < object.pointee.count {
      let key = keys[object.pointee.next]
      object.pointee.next &+= 1
      let value = table.get(key)
      if !value.isNil { return (key, value) }
    }
    keys.deallocate()
    object.pointee.keys = nil
    return nil
  }
}
