// Unsafe: a probe's fields in the form that the event path reads: raw memory that outlives every handler.
//
// In: the event's name and its `FieldLayout`s, whatever a format file declared. Out: one pointer that handlers, worker
// contexts and specialised code can keep without counting references. Probes are few and live as long as the tracer,
// so nothing is lost by leaving their layouts in place.
//
// The event's own fields come first, numbered as `argN` numbers them; the kernel's `common_` fields follow, reachable by
// name only. Name strings are interned and pinned in the shared heap, where a program's constants are too: finding a
// field by name compares addresses.
//
// Invariants, established here for every input: an integer's size is 1, 2, 4 or 8; an array's element size too; no
// offset or size is negative, and offset + size does not overflow. Whether a field lies inside a record is checked at
// each load, since that is the record's property.

/// One field, ready to be loaded.
@frozen public struct EventField {
  /// A pinned string of the shared heap.
  public var name: Value
  /// From the record's start.
  public var offset: Int32
  /// `offset` + `size`: a record at least this long holds the field.
  public var end: Int32
  public var size: Int32
  public var kind: FieldLayout.Kind
  public var isSigned: Bool
  /// Of an array's elements; 1, 2, 4 or 8.
  public var elementSize: UInt8
  /// Shown in hexadecimal by `argstr`: pointers and unsigned longs.
  public var isAddressLike: Bool
}

@frozen public struct EventLayout: @unchecked Sendable, Equatable {
  @frozen @usableFromInline struct Memory {
    @usableFromInline var name: Value
    @usableFromInline var argumentCount: Int
    @usableFromInline var fieldCount: Int
    @usableFromInline var fields: UnsafeMutablePointer<EventField>

    init(name: Value, argumentCount: Int, fields: [EventField]) {
      self.name = name
      self.argumentCount = argumentCount
      fieldCount = fields.count
      self.fields = .allocate(capacity: max(1, fields.count))
      self.fields.initialize(from: fields, count: fields.count)
    }
  }

  @usableFromInline let memory: UnsafePointer<Memory>

  /// The layout of the event `name` (its `probename`, without the system). Names longer than a string can be are cut.
  public init(name: String, fields: [FieldLayout], shared: Heap) {
    let isCommon = { (field: FieldLayout) in field.name.hasPrefix("common_") }
    let own = fields.filter { !isCommon($0) }
    let ordered = (own + fields.filter(isCommon)).map { EventField($0, name: Self.pinned($0.name, shared)) }
    let memory = UnsafeMutablePointer<Memory>.allocate(capacity: 1)
    memory.initialize(to: Memory(name: Self.pinned(name, shared), argumentCount: own.count, fields: ordered))
    self.memory = UnsafePointer(memory)
  }

  /// Frees it. Nothing may refer to it any more; a tracer, whose probes last as long as itself, need not call this.
  public func destroy() {
    memory.pointee.fields.deallocate()
    memory.deallocate()
  }

  private static func pinned(_ text: String, _ heap: Heap) -> Value {
    let isShort = text.utf8.count <= StringReference.maximumCount
    let value = heap.string(isShort ? text : String(text.unicodeScalars.prefix(10_000)))
    heap.pin(value)
    return value
  }

  /// What `probename` gives.
  @inlinable public var name: Value { memory.pointee.name }
  /// How many fields `argN` can name.
  @inlinable public var argumentCount: Int { memory.pointee.argumentCount }
  /// With the `common_` fields.
  @inlinable public var fieldCount: Int { memory.pointee.fieldCount }

  /// Any field by its index, 0..<fieldCount; nil outside.
  @inlinable public func field(at index: Int) -> UnsafePointer<EventField>? {
    UInt(bitPattern: index) < UInt(bitPattern: memory.pointee.fieldCount)
      ? UnsafePointer(memory.pointee.fields + index) : nil
  }

  /// The field that `argN` names, or nil beyond the event's last one.
  @inlinable public func argument(_ number: Int) -> UnsafePointer<EventField>? {
    UInt(bitPattern: number) < UInt(bitPattern: memory.pointee.argumentCount)
      ? UnsafePointer(memory.pointee.fields + number) : nil
  }

  /// The index of the field with this name, a string; nil if there is none.
  @inlinable public func index(ofName name: Value) -> Int? {
    var index = 0
    while index < memory.pointee.fieldCount {
      if memory.pointee.fields[index].name.payload == name.payload { return index }
      index &+= 1
    }
    return indexByContent(of: name)
  }

  /// For a name that is not interned in the shared heap.
  @usableFromInline @inline(never) func indexByContent(of name: Value) -> Int? {
    guard name.tag == .string else { return nil }
    return (0..<fieldCount).first { memory.pointee.fields[$0].name.isEqual(name) }
  }
}

extension EventField {
  init(_ layout: FieldLayout, name: Value) {
    let isSane =
      layout.offset >= 0 && layout.size >= 0 && layout.offset <= 1 << 24 && layout.size <= 1 << 24
    var kind = layout.kind
    var size = isSane ? layout.size : 0
    switch kind {
    case .integer where !Self.isIntegerSize(size): kind = .opaque
    case .array, .dynamicArray, .relativeArray:
      if !Self.isIntegerSize(layout.elementSize) { kind = .opaque }
    default: break
    }
    switch kind {
    case .dynamicText, .relativeText, .dynamicArray, .relativeArray: if size != 4 { size = 4 }
    default: break
    }
    let offset = isSane ? layout.offset : 0
    self.init(
      name: name, offset: Int32(offset), end: Int32(offset + size), size: Int32(size), kind: kind,
      isSigned: layout.isSigned, elementSize: UInt8(Self.isIntegerSize(layout.elementSize) ? layout.elementSize : 1),
      isAddressLike: layout.type.contains("*") || (size == 8 && layout.type.contains("unsigned long")))
  }

  private static func isIntegerSize(_ size: Int) -> Bool { size == 1 || size == 2 || size == 4 || size == 8 }
}
