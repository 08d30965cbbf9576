// The words of a table, and what its slots look like. Tiers that emit code rely on these offsets.
//
// A table has two parts. Elements 1…`arrayCapacity` are in the array part and nowhere else; an element that is missing
// there is nil. All other keys are in the hash part: open addressing over groups of eight slots, at most seven eighths
// of them used, groups visited in triangular steps, which reach every group of a power of two.
//
// A slot is 32 bytes and never straddles a cache line: key, insertion number, value, and 32 bits of the key's hash,
// which sort out almost every false match and make a rehash without reading strings possible. Slots and control bytes
// are one allocation, slots first.

/// A slot of the hash part.
@frozen public struct TableSlot: BitwiseCopyable {
  public var keyPayload: Int64
  public var keyTag: Tag
  /// Slots are iterated in this order; numbers are given out once and renewed when they run out.
  public var order: UInt32
  public var value: Value
  /// The low half of the key's hash: 7 bits are in the control byte, the rest chooses the first group.
  public var hash: UInt32

  @inlinable @inline(__always) var key: Value { Value(payload: keyPayload, tag: keyTag) }
}

/// What a `TableReference` refers to.
@frozen public struct TableState {
  /// `detail` is the lock's word.
  public var header: ObjectHeader
  /// The owner's heap.
  public var heap: UnsafeMutablePointer<HeapState>
  /// Parts of workers, by worker index; nil for a table without.
  public var shards: UnsafeMutablePointer<UnsafeMutablePointer<TableState>?>?
  public var array: UnsafeMutablePointer<Value>
  public var arrayCapacity: Int
  public var control: UnsafeMutablePointer<UInt64>
  public var slots: UnsafeMutablePointer<TableSlot>
  /// Number of groups, a power of two, minus 1.
  public var groupMask: Int
  public var seed: HashSeed

  /// Live elements of both parts.
  public var count: Int
  /// Of them in the array part.
  var arrayCount: Int
  /// Empty slots that may still be filled before the hash part grows or is rehashed; 0 without a hash part.
  var growthLeft: Int
  var nextOrder: UInt32
  var site: Int32
  var shardCount: Int
  var dropped: UInt64
  /// Elements that shards could not be added to, because they are not numbers.
  var mergeErrors: UInt64
  /// What `control` points to in a table without hash part: a group of empty bytes.
  var emptyGroup: UInt64
}
