// Making strings.
//
// Unsafe: raw memory. The scratch memory of `..` belongs to the heap and is used under its lock.

extension Heap {
  /// The string of these bytes; more than 65,535 are an error.
  public func string(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> Value {
    guard bytes.count <= StringReference.maximumCount else { throw Heap.tooLong(bytes.count) }
    guard let start = bytes.baseAddress else { return makeEmptyString() }
    return internBytes(start, count: bytes.count)
  }

  /// The string of a short text that the program itself made up, such as a name.
  public func string(_ text: String) -> Value {
    var text = text
    return text.withUTF8 { bytes in
      precondition(bytes.count <= StringReference.maximumCount)
      guard let start = bytes.baseAddress else { return makeEmptyString() }
      return internBytes(start, count: bytes.count)
    }
  }

  @inline(__always) private func internBytes(_ start: UnsafeRawPointer, count: Int) -> Value {
    let hash = state.pointee.seed.hash(start, count: count)
    lock()
    defer { unlock() }
    return intern(start, count: count, hash: hash)
  }

  private func makeEmptyString() -> Value { internBytes(UnsafeRawPointer(state), count: 0) }

  static func tooLong(_ count: Int) -> ScriptError {
    ScriptError("string too long (\(count) bytes, at most \(StringReference.maximumCount))")
  }

  /// Joins strings, numbers and booleans, as `..` does.
  public func concatenate(_ values: UnsafeBufferPointer<Value>) throws(ScriptError) -> Value {
    lock()
    defer { unlock() }
    let scratch = scratchMemory()
    var count = 0
    for index in 0..<values.count {
      let value = values[index]
      switch value.tag {
      case .string:
        let string = StringReference(value)
        let length = string.count
        if count + length > StringReference.maximumCount { throw Heap.tooLong(Heap.joinedCount(values)) }
        (scratch + count).copyMemory(from: string.start, byteCount: length)
        count &+= length
      case .number:
        count &+= DecimalText.write(value.payload, to: scratch + count)
      case .trueValue:
        let text: StaticString = "true"
        (scratch + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        count &+= text.utf8CodeUnitCount
      case .falseValue:
        let text: StaticString = "false"
        (scratch + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        count &+= text.utf8CodeUnitCount
      default:
        throw ScriptError("attempt to concatenate a \(value.tag.typeName) value")
      }
      if count > StringReference.maximumCount { throw Heap.tooLong(Heap.joinedCount(values)) }
    }
    return intern(scratch, count: count, hash: state.pointee.seed.hash(scratch, count: count))
  }

  /// As long as the longest string, and the longest number or boolean behind it.
  private func scratchMemory() -> UnsafeMutableRawPointer {
    if let scratch = state.pointee.scratch { return scratch }
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: StringReference.maximumCount + DecimalText.maximumCount, alignment: 16)
    state.pointee.scratch = scratch
    return scratch
  }

  /// How long the values would be when joined, for the error.
  private static func joinedCount(_ values: UnsafeBufferPointer<Value>) -> Int {
    var count = 0
    for value in values {
      switch value.tag {
      case .string: count += StringReference(value).count
      case .number: count += String(value.payload).utf8.count
      case .trueValue: count += 4
      case .falseValue: count += 5
      default: break
      }
    }
    return count
  }
}
