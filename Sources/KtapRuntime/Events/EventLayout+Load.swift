// Unsafe: a field of a record as a value: width and sign from the format, text up to its NUL, arrays as tables from 1.
//
// In: bytes that the kernel, a recording or a network neighbour wrote. Out: a value, or nil if the record ends before
// the field does. Nothing outside `record ..< record + length` is ever read: a location word that points outside gives
// an empty string or table, one that reaches over the end gives what is there, and each such cut is counted in the
// context, since nothing is lost in silence.
//
// Integers are the case that counts: one comparison and one load, inlined into every tier.

extension RuntimeContext {
  /// `argN`: nil beyond the event's last field.
  @inlinable public func argument(_ number: Int) throws(ScriptError) -> Value {
    guard let record = state.pointee.event.record, let layout = state.pointee.event.layout else {
      throw .invalidEventContext
    }
    guard let field = layout.argument(number) else { return .nilValue }
    return try load(field, record, state.pointee.event.length)
  }

  /// `args.NAME`.
  @inlinable public func field(named name: Value) throws(ScriptError) -> Value {
    guard let record = state.pointee.event.record, let layout = state.pointee.event.layout else {
      throw .invalidEventContext
    }
    guard let index = layout.index(ofName: name), let field = layout.field(at: index) else {
      throw layout.unknownField(name)
    }
    return try load(field, record, state.pointee.event.length)
  }

  /// What a FIELD instruction loads: `selector` is a number (`argN`) or a name.
  @inlinable public func field(_ selector: Value) throws(ScriptError) -> Value {
    if selector.isNumber { return try argument(Int(selector.payload)) }
    return try field(named: selector)
  }

  /// The value of a field of a record of `length` bytes.
  @inlinable public func load(
    _ field: UnsafePointer<EventField>, _ record: UnsafeRawPointer, _ length: Int
  ) throws(ScriptError) -> Value {
    if field.pointee.kind == .integer && Int(field.pointee.end) <= length {
      return Value(
        Self.integer(
          at: record + Int(field.pointee.offset), size: Int(field.pointee.size), isSigned: field.pointee.isSigned))
    }
    return try loadBytes(field, record, length)
  }

  /// An integer of 1, 2, 4 or 8 bytes.
  @inlinable @inline(__always)
  public static func integer(at address: UnsafeRawPointer, size: Int, isSigned: Bool) -> Int64 {
    switch size {
    case 8: return address.loadUnaligned(as: Int64.self)
    case 4:
      return isSigned
        ? Int64(address.loadUnaligned(as: Int32.self)) : Int64(address.loadUnaligned(as: UInt32.self))
    case 2:
      return isSigned
        ? Int64(address.loadUnaligned(as: Int16.self)) : Int64(address.loadUnaligned(as: UInt16.self))
    default:
      return isSigned ? Int64(address.load(as: Int8.self)) : Int64(address.load(as: UInt8.self))
    }
  }

  @usableFromInline @inline(never) func loadBytes(
    _ field: UnsafePointer<EventField>, _ record: UnsafeRawPointer, _ length: Int
  ) throws(ScriptError) -> Value {
    let field = field.pointee
    let record = UnsafeRawBufferPointer(start: record, count: max(0, length))
    switch field.kind {
    case .integer:
      countCut()
      return .nilValue
    case .text, .dynamicText, .relativeText:
      return try textValue(bytes(of: field, in: record))
    case .array, .dynamicArray, .relativeArray:
      return try arrayValue(field, bytes(of: field, in: record))
    case .opaque:
      return try heap.string(cutToString(bytes(of: field, in: record)))
    }
  }

  /// The bytes that a field that is not an integer stands for; cuts are counted.
  func bytes(of field: EventField, in record: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var start = Int(field.offset)
    var count = Int(field.size)
    switch field.kind {
    case .dynamicText, .relativeText, .dynamicArray, .relativeArray:
      guard Int(field.end) <= record.count else {
        countCut()
        return UnsafeRawBufferPointer(start: nil, count: 0)
      }
      let location = record.loadUnaligned(fromByteOffset: start, as: UInt32.self)
      let isRelative = field.kind == .relativeText || field.kind == .relativeArray
      start = Int(location & 0xffff) + (isRelative ? Int(field.end) : 0)
      count = Int(location >> 16)
    default: break
    }
    if start + count > record.count {
      countCut()
      count = max(0, record.count - start)
    }
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(rebasing: record[start..<start + count])
  }

  private func textValue(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> Value {
    try heap.string(cutToString(bytes.upToNUL))
  }

  private func arrayValue(_ field: EventField, _ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> Value {
    let size = Int(field.elementSize)
    let count = bytes.count / size
    let table = shared.table(site: -1, array: count, records: 0)
    let reference = TableReference(table)
    for index in 0..<count {
      let number = Self.integer(at: bytes.baseAddress! + index * size, size: size, isSigned: field.isSigned)
      try reference.set(Value(Int64(index + 1)), Value(number), from: heap)
    }
    return table
  }

  /// As many bytes as a string may have.
  private func cutToString(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard bytes.count > StringReference.maximumCount else { return bytes }
    countCut()
    return UnsafeRawBufferPointer(rebasing: bytes[..<StringReference.maximumCount])
  }

  private func countCut() { state.pointee.cutFields &+= 1 }
}

extension UnsafeRawBufferPointer {
  /// What stands before the first NUL.
  var upToNUL: UnsafeRawBufferPointer {
    guard let end = firstIndex(of: 0) else { return self }
    return UnsafeRawBufferPointer(rebasing: self[..<end])
  }
}
