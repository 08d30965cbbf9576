// A view of a string.
//
// Unsafe: valid while the string is alive.

/// A string of a heap: up to 65,535 bytes, which may be anything.
@frozen public struct StringReference: @unchecked Sendable {
  @usableFromInline let object: UnsafeMutablePointer<StringObject>

  /// The value must be a string.
  @inlinable @inline(__always) public init(_ value: Value) {
    object = UnsafeMutableRawPointer(value.object).assumingMemoryBound(to: StringObject.self)
  }

  public static var maximumCount: Int { 65_535 }

  @inlinable @inline(__always) var start: UnsafeRawPointer {
    UnsafeRawPointer(object) + StringObject.bytesOffset
  }

  /// In bytes.
  @inlinable @inline(__always) public var count: Int { Int(object.pointee.header.detail) }
  @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
  /// The same for equal strings of all heaps of a process, another in each process.
  @inlinable @inline(__always) public var hash: UInt64 { object.pointee.hash }
  @inlinable @inline(__always) var owner: UInt16 { object.pointee.header.owner }

  /// As Swift text; bytes that are not UTF-8 become replacement characters.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
