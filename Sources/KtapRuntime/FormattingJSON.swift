// `json`: a value as JSON text.
//
// In: any value. Out: text that every JSON reader takes and that is the same on every run. A table whose keys are
// exactly 1…n is an array, any other an object whose names are sorted by key (numbers, strings, booleans, the rest) and
// are the keys as `print` shows them; an empty table is `{}`. Numbers keep their 64 bits.
//
// JSON text is Unicode and a script's strings are bytes: a byte that is not part of valid UTF-8 becomes `\u00NN`, the
// character with its number, which no reader refuses.
//
// Bounded: a table inside itself is an error, more than 64 levels are, and so is text longer than a string can be,
// which is noticed while writing and not after.

struct JSONWriter {
  static let deepest = 64

  let context: RuntimeContext
  let buffer: ByteBuffer
  /// The tables that the writer is inside of.
  private var enclosing: [Int64] = []

  init(context: RuntimeContext, buffer: ByteBuffer) {
    self.context = context
    self.buffer = buffer
  }

  mutating func append(_ value: Value) throws(ScriptError) {
    switch value.tag {
    case .nilValue: buffer.append("null")
    case .falseValue, .trueValue, .number: context.appendText(of: value, to: buffer)
    case .string: appendString(StringReference(value).bytes)
    case .table: try append(table: value)
    default: appendText(of: value)
    }
    guard buffer.count <= StringReference.maximumCount else {
      throw ScriptError("json: the text is longer than \(StringReference.maximumCount) bytes")
    }
  }

  private mutating func append(table value: Value) throws(ScriptError) {
    guard !enclosing.contains(value.payload) else { throw ScriptError("json: a table contains itself") }
    guard enclosing.count < Self.deepest else { throw ScriptError("json: nested deeper than \(Self.deepest) tables") }
    enclosing.append(value.payload)
    defer { enclosing.removeLast() }
    let elements = sortedElements(TableReference(value))
    let isArray = !elements.isEmpty && elements.indices.allSatisfy { elements[$0].key.isEqual(Value(Int64($0 + 1))) }
    buffer.append(isArray ? "[" : "{")
    for (index, element) in elements.enumerated() {
      if index > 0 { buffer.append(",") }
      if !isArray {
        appendText(of: element.key)
        buffer.append(":")
      }
      try append(element.value)
    }
    buffer.append(isArray ? "]" : "}")
  }

  private func sortedElements(_ table: TableReference) -> [(key: Value, value: Value)] {
    var elements: [(key: Value, value: Value)] = []
    table.lock()
    table.forEachElement { elements.append(($0, $1)) }
    table.unlock()
    elements.sort { ValueOrder.compare($0.key, $1.key) < 0 }
    return elements
  }

  /// What `print` shows, as a string.
  private func appendText(of value: Value) {
    if value.tag == .string { return appendString(StringReference(value).bytes) }
    let start = buffer.count
    context.appendText(of: value, to: buffer)
    let text = Array(UnsafeRawBufferPointer(rebasing: buffer.bytes[start...]))
    buffer.truncate(to: start)
    text.withUnsafeBytes { appendString($0) }
  }

  private func appendString(_ bytes: UnsafeRawBufferPointer) {
    buffer.append("\"")
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        append(character: byte)
        index += 1
      } else if case let length = UTF8Sequence.length(bytes, at: index), length > 0 {
        buffer.append(UnsafeRawBufferPointer(rebasing: bytes[index..<index + length]))
        index += length
      } else {
        appendEscape(byte)
        index += 1
      }
    }
    buffer.append("\"")
  }

  private func append(character byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): buffer.append("\\\"")
    case UInt8(ascii: "\\"): buffer.append("\\\\")
    case UInt8(ascii: "\n"): buffer.append("\\n")
    case UInt8(ascii: "\r"): buffer.append("\\r")
    case UInt8(ascii: "\t"): buffer.append("\\t")
    case 0..<0x20, 0x7f: appendEscape(byte)
    default: buffer.append(byte)
    }
  }

  private func appendEscape(_ byte: UInt8) {
    buffer.append("\\u")
    buffer.append(digits: UInt64(byte), radix: 16, count: 4)
  }
}

enum UTF8Sequence {
  /// How many bytes the character at `index` has, 2…4; 0 if they are not valid UTF-8 (shortest form, no surrogates, at
  /// most U+10FFFF).
  static func length(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
    let first = bytes[index]
    let length: Int
    switch first {
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef: length = 3
    case 0xf0...0xf4: length = 4
    default: return 0
    }
    guard index + length <= bytes.count else { return 0 }
    let second = bytes[index + 1]
    let allowed: ClosedRange<UInt8> =
      switch first {
      case 0xe0: 0xa0...0xbf
      case 0xed: 0x80...0x9f
      case 0xf0: 0x90...0xbf
      case 0xf4: 0x80...0x8f
      default: 0x80...0xbf
      }
    guard allowed.contains(second) else { return 0 }
    for offset in 2..<max(2, length) where bytes[index + offset] & 0xc0 != 0x80 { return 0 }
    return length
  }
}
