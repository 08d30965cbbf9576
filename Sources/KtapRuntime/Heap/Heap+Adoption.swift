// Adoption: the same value, owned by the heap it is about to be stored in.
//
// Unsafe: follows addresses of live objects of other heaps, which do not change after they have been made.
//
// Only strings and tuples are ever made outside the shared heap, so only they are copied. A string that the heap
// already knows costs a look-up in its intern table.

extension Heap {
  /// The value itself, or, for a string or tuple of another heap, this heap's copy.
  public func adopt(_ value: Value) -> Value {
    guard value.tag == .string || value.tag == .tuple else { return value }
    if value.object.pointee.owner == owner { return value }
    lock()
    defer { unlock() }
    return copy(value)
  }

  /// `adopt` for what becomes part of an object: a worker's object may refer to shared ones, so these stay.
  @inline(__always) func adoptHoldingLock(_ value: Value) -> Value {
    guard value.tag == .string || value.tag == .tuple else { return value }
    let from = value.object.pointee.owner
    if from == owner || from == 0 { return value }
    return copy(value)
  }

  /// The same, taking the lock if there is something to copy.
  @inline(__always) func adoptForStorage(_ value: Value) -> Value {
    guard value.tag == .string || value.tag == .tuple else { return value }
    let from = value.object.pointee.owner
    if from == owner || from == 0 { return value }
    return adopt(value)
  }

  @inline(never) private func copy(_ value: Value) -> Value {
    if value.tag == .string {
      let string = StringReference(value)
      return intern(string.start, count: string.count, hash: string.hash)
    }
    return makeTuple(TupleReference(value).parts)
  }

  /// What an object of this heap may refer to; the invariant that `assert`s check.
  func mayReferTo(_ value: Value) -> Bool {
    guard value.tag.isObject else { return true }
    let from = value.object.pointee.owner
    return from == 0 || from == owner
  }
}
