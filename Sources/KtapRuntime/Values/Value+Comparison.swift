// Equality, order and hash of values.
//
// Unsafe: follows addresses of strings and tuples, which must be alive.

extension Value {
  /// `==` of the language: strings and tuples by content, other objects by identity, different types are unequal.
  @inlinable @inline(__always) public func isEqual(_ other: Value) -> Bool {
    if tag != other.tag { return false }
    if payload == other.payload { return true }
    guard tag == .string || tag == .tuple else { return false }
    return hasEqualContent(other)
  }

  /// Two strings, or two tuples, at different addresses.
  @inline(never) @usableFromInline func hasEqualContent(_ other: Value) -> Bool {
    if tag == .string {
      let left = StringReference(self)
      let right = StringReference(other)
      // One heap has one string of a content.
      if left.owner == right.owner || left.hash != right.hash || left.count != right.count { return false }
      return ByteComparison.areEqual(left.start, right.start, left.count)
    }
    let left = TupleReference(self)
    let right = TupleReference(other)
    if left.hash != right.hash || left.count != right.count { return false }
    for index in 0..<left.count where !left.parts[index].isEqual(right.parts[index]) { return false }
    return true
  }

  /// Negative, 0 or positive for two numbers or two strings (bytewise); nil for anything else.
  public func compare(_ other: Value) -> Int? {
    if tag != other.tag { return nil }
    switch tag {
    case .number: return payload < other.payload ? -1 : (payload == other.payload ? 0 : 1)
    case .string:
      if payload == other.payload { return 0 }
      return ByteComparison.order(StringReference(self).bytes, StringReference(other).bytes)
    default: return nil
    }
  }

  /// A hash that equal values share.
  @inlinable @inline(__always) func hash(_ seed: HashSeed) -> UInt64 {
    if tag == .number { return seed.hash(payload) }
    if tag == .string { return StringReference(self).hash }
    if tag == .tuple { return TupleReference(self).hash }
    return seed.hash(payload: payload, tag: tag)
  }
}
