// A view of a closure.
//
// Unsafe: valid while the closure is alive; indexes are checked in debug builds only.

/// A closure of a heap: a function and what it captured.
@frozen public struct ClosureReference: @unchecked Sendable {
  @usableFromInline let object: UnsafeMutablePointer<ClosureObject>

  /// The value must be a closure.
  @inlinable @inline(__always) public init(_ value: Value) {
    object = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: ClosureObject.self)
  }

  /// Index into the program's functions.
  @inlinable @inline(__always) public var function: Int { object.pointee.function }
  @inlinable @inline(__always) public var upvalueCount: Int { Int(object.pointee.header.detail) }

  @inlinable @inline(__always) public var upvalues: UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(object) + ClosureObject.upvaluesOffset).assumingMemoryBound(to: Value.self)
  }

  @inlinable @inline(__always) public func upvalue(_ index: Int) -> Value {
    assert(index >= 0 && index < upvalueCount)
    return upvalues[index]
  }

  /// Fills in a captured variable, while the closure is being made; a worker's string is adopted.
  public func setUpvalue(_ index: Int, _ value: Value) {
    assert(index >= 0 && index < upvalueCount)
    upvalues[index] = Heap.containing(object).adoptForStorage(value)
  }
}
