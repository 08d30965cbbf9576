// `argstr`: the event in words.
//
// `NAME: field=value field=value`, with the event's own fields in their order. It is not the line that the kernel's own
// `trace` file shows, which takes an evaluation of the format's print expression; the values are the same.

extension RuntimeContext {
  /// `argstr`.
  public func eventText() throws(ScriptError) -> Value {
    guard let record = state.pointee.event.record, let layout = state.pointee.event.layout else {
      throw .invalidEventContext
    }
    let buffer = state.pointee.scratch
    buffer.truncate()
    let bytes = UnsafeRawBufferPointer(start: record, count: max(0, state.pointee.event.length))
    buffer.append(StringReference(layout.name).bytes)
    buffer.append(":")
    for number in 0..<layout.argumentCount {
      let field = layout.argument(number).unsafelyUnwrapped.pointee
      buffer.append(" ")
      buffer.append(StringReference(field.name).bytes)
      buffer.append("=")
      append(field, of: bytes, to: buffer)
    }
    buffer.truncate(to: min(buffer.count, StringReference.maximumCount))
    return try heap.string(buffer.bytes)
  }

  private func append(_ field: EventField, of record: UnsafeRawBufferPointer, to buffer: ByteBuffer) {
    switch field.kind {
    case .integer:
      guard Int(field.end) <= record.count else { return buffer.append("nil") }
      let address = record.baseAddress! + Int(field.offset)
      append(Self.integer(at: address, size: Int(field.size), isSigned: field.isSigned), of: field, to: buffer)
    case .text, .dynamicText, .relativeText:
      appendQuoted(bytes(of: field, in: record).upToNUL, to: buffer)
    case .array, .dynamicArray, .relativeArray:
      let elements = bytes(of: field, in: record)
      let size = Int(field.elementSize)
      buffer.append("{")
      for index in 0..<elements.count / size {
        if index > 0 { buffer.append(",") }
        let address = elements.baseAddress! + index * size
        append(Self.integer(at: address, size: size, isSigned: field.isSigned), of: field, to: buffer)
      }
      buffer.append("}")
    case .opaque:
      for byte in bytes(of: field, in: record) { buffer.append(digits: UInt64(byte), radix: 16, count: 2) }
    }
  }

  private func append(_ number: Int64, of field: EventField, to buffer: ByteBuffer) {
    if field.isAddressLike {
      buffer.append("0x")
      buffer.append(hexadecimal: UInt64(bitPattern: number))
    } else if field.isSigned {
      buffer.append(decimal: number)
    } else {
      buffer.append(decimal: UInt64(bitPattern: number))
    }
  }

  /// Between quotation marks, with what would end or break the line escaped; other bytes as they are.
  private func appendQuoted(_ text: UnsafeRawBufferPointer, to buffer: ByteBuffer) {
    buffer.append("\"")
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        buffer.append(UInt8(ascii: "\\"))
        buffer.append(byte)
      case UInt8(ascii: "\n"): buffer.append("\\n")
      case UInt8(ascii: "\t"): buffer.append("\\t")
      case 0..<0x20, 0x7f:
        buffer.append("\\x")
        buffer.append(digits: UInt64(byte), radix: 16, count: 2)
      default: buffer.append(byte)
      }
    }
    buffer.append("\"")
  }
}
