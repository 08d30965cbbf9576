// How objects lie in memory. Tiers that emit code rely on these offsets.
//
// Every object begins with a 16-byte header. There is no list of all objects: small ones stand in blocks of equal cells
// (`Heap+Blocks.swift`) that a sweep walks, large strings have a link in front of them. The header's first word is free
// for other use: the next free cell, or the next string of an intern bucket.

/// What a cell of the heap holds.
@frozen public struct ObjectKind: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A cell that holds nothing.
  @inlinable public static var free: ObjectKind { ObjectKind(rawValue: 0) }
  @inlinable public static var string: ObjectKind { ObjectKind(rawValue: 1) }
  @inlinable public static var table: ObjectKind { ObjectKind(rawValue: 2) }
  @inlinable public static var closure: ObjectKind { ObjectKind(rawValue: 3) }
  @inlinable public static var tuple: ObjectKind { ObjectKind(rawValue: 4) }
  @inlinable public static var iterator: ObjectKind { ObjectKind(rawValue: 5) }
  @inlinable public static var cell: ObjectKind { ObjectKind(rawValue: 6) }
}

/// The first 16 bytes of every object.
@frozen public struct ObjectHeader: BitwiseCopyable {
  /// A free cell: address of the next free one. A string: the rest of its intern bucket (`InternTable.swift`).
  public var link: UInt64
  public var kind: ObjectKind
  /// Not 0: reached in the running collection.
  public var mark: UInt8
  /// The heap that it belongs to: 0 the shared one, else the worker's index + 1.
  public var owner: UInt16
  /// A string: its length in bytes. A tuple, a closure: its number of parts, of captured variables. A table, a cell:
  /// the word of its lock.
  public var detail: UInt32

  /// Where a lock's word is.
  @inlinable public static var detailOffset: Int { 12 }
}

/// A string; its bytes follow at `bytesOffset`.
@frozen public struct StringObject: BitwiseCopyable {
  public var header: ObjectHeader
  public var hash: UInt64

  @inlinable public static var bytesOffset: Int { 24 }
}

/// A tuple; its parts follow at `partsOffset`.
@frozen public struct TupleObject: BitwiseCopyable {
  public var header: ObjectHeader
  public var hash: UInt64

  @inlinable public static var partsOffset: Int { 24 }
}

/// A closure; its captured variables follow at `upvaluesOffset`.
@frozen public struct ClosureObject: BitwiseCopyable {
  public var header: ObjectHeader
  /// Index into the program's functions.
  public var function: Int

  @inlinable public static var upvaluesOffset: Int { 24 }
}

/// A captured variable.
@frozen public struct CellObject: BitwiseCopyable {
  public var header: ObjectHeader
  public var value: Value
  /// Not 0: handlers on several CPUs may use it, so that an access takes its lock while workers run.
  public var isShared: UInt32
}

/// What `pairs` and `sort_pairs` return: a table, and the keys that it had.
@frozen public struct IteratorObject: BitwiseCopyable {
  public var header: ObjectHeader
  public var table: UnsafeMutablePointer<TableState>
  /// Allocated by malloc; nil when all have been visited.
  public var keys: UnsafeMutablePointer<Value>?
  public var count: Int
  public var next: Int
}

extension Value {
  /// The object that the payload is the address of.
  ///
  /// Unsafe: the value must be of an object type and the object alive.
  @inlinable @inline(__always) public var object: UnsafeMutablePointer<ObjectHeader> {
    UnsafeMutablePointer(bitPattern: Int(payload)).unsafelyUnwrapped
  }

  @inlinable @inline(__always) init(_ object: UnsafeMutableRawPointer, _ tag: Tag) {
    self.init(payload: Int64(Int(bitPattern: object)), tag: tag)
  }
}
