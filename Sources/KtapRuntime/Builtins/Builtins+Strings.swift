// The builtins about strings. They count bytes, from 1; a negative position counts from the end.

extension RuntimeContext {
  func stringOf(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let value = arguments[0]
    if value.tag == .string { return value }
    let buffer = emptyScratch()
    appendText(of: value, to: buffer)
    return try heap.string(buffer.bytes)
  }

  func formatString(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let buffer = emptyScratch()
    var run = FormatRun(context: self, buffer: buffer, arguments: arguments.values, caller: arguments.builtin)
    try run.run()
    return try heap.string(buffer.bytes)
  }

  func substring(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let bytes = try arguments.bytes(0)
    let first = max(1, position(try arguments.number(1), in: bytes))
    let last = min(Int64(bytes.count), position(try arguments.number(2, default: -1), in: bytes))
    guard first <= last else { return try heap.string(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return try heap.string(UnsafeRawBufferPointer(rebasing: bytes[Int(first - 1)..<Int(last)]))
  }

  /// Counted from 1; may lie outside.
  private func position(_ number: Int64, in bytes: UnsafeRawBufferPointer) -> Int64 {
    number >= 0 ? number : Int64(bytes.count) &+ number &+ 1
  }

  func findString(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let bytes = try arguments.bytes(0)
    let part = try arguments.bytes(1)
    let start = max(1, position(try arguments.number(2, default: 1), in: bytes))
    guard start <= Int64(bytes.count) + 1 else { return .nilValue }
    guard let index = bytes.firstIndex(of: part, from: Int(start - 1)) else { return .nilValue }
    return Value(Int64(index + 1))
  }

  func stringByte(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let bytes = try arguments.bytes(0)
    let index = position(try arguments.number(1, default: 1), in: bytes)
    guard index >= 1 && index <= Int64(bytes.count) else { return .nilValue }
    return Value(Int64(bytes[Int(index - 1)]))
  }

  func stringOfBytes(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let buffer = emptyScratch()
    for index in 0..<arguments.count {
      let number = try arguments.number(index)
      guard let byte = UInt8(exactly: number) else { throw arguments.bad(index, "0…255 expected, got \(number)") }
      buffer.append(byte)
    }
    return try heap.string(buffer.bytes)
  }

  /// Turns over the case bit of the 26 ASCII letters from `first` on.
  func changeCase(_ arguments: BuiltinArguments, from first: UInt8) throws(ScriptError) -> Value {
    let buffer = emptyScratch()
    for byte in try arguments.bytes(0) { buffer.append(byte &- first < 26 ? byte ^ 0x20 : byte) }
    return try heap.string(buffer.bytes)
  }

  func stringToNumber(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    if arguments[0].isNumber && arguments[1].isNil { return arguments[0] }
    let text = try arguments.bytes(0)
    var base: UInt64?
    if !arguments[1].isNil {
      let number = try arguments.number(1)
      guard number >= 2 && number <= 36 else { throw arguments.bad(1, "base 2…36 expected, got \(number)") }
      base = UInt64(number)
    }
    return IntegerText.parse(text, base: base).map(Value.init) ?? .nilValue
  }

  /// An empty string has one part with a separator and no words without.
  func splitString(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let text = try arguments.bytes(0)
    let separator = arguments[1].isNil ? nil : try arguments.bytes(1)
    if let separator, separator.isEmpty { throw arguments.bad(1, "the separator is empty") }
    // Nothing refers to the table before it is returned.
    let held = shared.heldCount
    defer { shared.letGo(keeping: held) }
    let result = shared.table(site: -1, array: 0, records: 0)
    shared.hold(result)
    var number: Int64 = 0
    var start = 0
    while start <= text.count {
      let end: Int
      let next: Int
      if let separator {
        end = text.firstIndex(of: separator, from: start) ?? text.count
        next = end + separator.count
      } else {
        while start < text.count && text[start].isASCIISpace { start += 1 }
        end = text[start...].firstIndex(where: \.isASCIISpace) ?? text.count
        next = end + 1
        if start == end { break }
      }
      number += 1
      let part = try heap.string(UnsafeRawBufferPointer(rebasing: text[start..<end]))
      try TableReference(result).set(Value(number), part, from: heap)
      start = next
    }
    return result
  }
}

extension UnsafeRawBufferPointer {
  /// Where `part` begins at or after `start`; an empty part is everywhere.
  func firstIndex(of part: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let first = part.first else { return start }
    var index = start
    while index + part.count <= count {
      if self[index] == first && part.elementsEqual(UnsafeRawBufferPointer(rebasing: self[index..<index + part.count]))
      {
        return index
      }
      index += 1
    }
    return nil
  }
}

extension UInt8 {
  /// Blank, TAB, LF, VT, FF, CR.
  var isASCIISpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0d) }
}

/// Numbers in text, for `string.tonumber`.
enum IntegerText {
  /// White space around, a sign, then digits of the base; without one decimal, or what `0x` and `0b` say. nil if that is
  /// not all, or if it has more than 64 bits; hexadecimal and binary wrap as literals do.
  static func parse(_ text: UnsafeRawBufferPointer, base: UInt64?) -> Int64? {
    var rest = text[...]
    while let byte = rest.first, byte.isASCIISpace { rest = rest.dropFirst() }
    while let byte = rest.last, byte.isASCIISpace { rest = rest.dropLast() }
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    var radix = base ?? 10
    var wraps = false
    if rest.count > 2 && rest.first == UInt8(ascii: "0") {
      let letter = rest[rest.startIndex + 1] | 0x20
      if letter == UInt8(ascii: "x") && (base ?? 16) == 16 {
        (radix, wraps, rest) = (16, true, rest.dropFirst(2))
      } else if letter == UInt8(ascii: "b") && (base ?? 2) == 2 {
        (radix, wraps, rest) = (2, true, rest.dropFirst(2))
      }
    }
    guard !rest.isEmpty else { return nil }
    var magnitude: UInt64 = 0
    for byte in rest {
      guard let digit = digit(byte), digit < radix else { return nil }
      let (product, productOverflow) = magnitude.multipliedReportingOverflow(by: radix)
      let (sum, sumOverflow) = product.addingReportingOverflow(digit)
      if productOverflow || sumOverflow { return nil }
      magnitude = sum
    }
    guard wraps || magnitude <= UInt64(Int64.max) + (isNegative ? 1 : 0) else { return nil }
    let value = Int64(bitPattern: magnitude)
    return isNegative ? 0 &- value : value
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
