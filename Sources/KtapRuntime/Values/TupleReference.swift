// A view of a tuple.
//
// Unsafe: valid while the tuple is alive.

/// A tuple of a heap: 2…8 numbers, strings and booleans.
@frozen public struct TupleReference: @unchecked Sendable {
  @usableFromInline let object: UnsafeMutablePointer<TupleObject>

  /// The value must be a tuple.
  @inlinable public init(_ value: Value) {
    object = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: TupleObject.self)
  }

  @inlinable public var count: Int { Int(object.pointee.header.detail) }

  @inlinable public var parts: UnsafeBufferPointer<Value> {
    let start = UnsafeRawPointer(object) + TupleObject.partsOffset
    return UnsafeBufferPointer(start: start.assumingMemoryBound(to: Value.self), count: count)
  }

  /// `k[number]` of the language: parts count from 1; nil for a part that there is not.
  public func part(_ number: Int64) -> Value {
    number >= 1 && number <= Int64(count) ? parts[Int(number) - 1] : .nilValue
  }

  @inlinable public var hash: UInt64 { object.pointee.hash }
}
