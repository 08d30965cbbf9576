// `printf` and `string.format`: a format with its arguments becomes bytes.
//
// In: the format and what follows it, of any type. Out: bytes appended to a buffer, or an error that names the argument;
// the caller drops what an error leaves in the buffer, so that a failing call prints nothing.
//
//   %[flags][width][.precision]conversion     flags - + space # 0; width and precision are numbers or `*`
//   d i  signed        u o x X  unsigned       c  one byte       s  any value       p  symbol       %%
//
// Rules are C's. On top of them nil prints as `nil` under every conversion, since a script that prints an element that is
// not there should go on; `%s` takes any value as `print` shows it; there are no length modifiers, as every number has
// 64 bits.

/// One pass over a format; `arguments[0]` is the format itself.
struct FormatRun {
  let context: RuntimeContext
  let buffer: ByteBuffer
  let arguments: UnsafeBufferPointer<Value>
  /// Whose error messages these are.
  let caller: BuiltinIdentifier
  /// The next argument to use.
  private var next = 1

  init(
    context: RuntimeContext, buffer: ByteBuffer, arguments: UnsafeBufferPointer<Value>, caller: BuiltinIdentifier
  ) {
    self.context = context
    self.buffer = buffer
    self.arguments = arguments
    self.caller = caller
  }

  mutating func run() throws(ScriptError) {
    guard arguments.count > 0, arguments[0].tag == .string else {
      throw .badArgument(1, caller, "string expected, got \(arguments.first?.tag.typeName ?? "nil")")
    }
    let format = StringReference(arguments[0]).bytes
    var index = 0
    while index < format.count {
      let start = index
      while index < format.count && format[index] != UInt8(ascii: "%") { index &+= 1 }
      buffer.append(UnsafeRawBufferPointer(rebasing: format[start..<index]))
      if index < format.count { index = try convert(format, from: index) }
    }
  }

  /// One conversion, whose `%` is at `start`; returns where the format goes on.
  private mutating func convert(_ format: UnsafeRawBufferPointer, from start: Int) throws(ScriptError) -> Int {
    var specification = FormatSpecification()
    var index = start + 1
    scanFlags: while index < format.count {
      switch format[index] {
      case UInt8(ascii: "-"): specification.isLeftAligned = true
      case UInt8(ascii: "+"): specification.showsPlus = true
      case UInt8(ascii: " "): specification.showsSpace = true
      case UInt8(ascii: "#"): specification.isAlternate = true
      case UInt8(ascii: "0"): specification.padsWithZeros = true
      default: break scanFlags
      }
      index += 1
    }
    let width = try count(format, &index)
    specification.width = Int((width ?? 0).magnitude)
    if let width, width < 0 { specification.isLeftAligned = true }
    if index < format.count && format[index] == UInt8(ascii: ".") {
      index += 1
      let precision = try count(format, &index) ?? 0
      // A negative precision is as good as none.
      if precision >= 0 { specification.precision = precision }
    }
    guard index < format.count else { throw invalidConversion(format[start..<format.count]) }
    let letter = format[index]
    index += 1
    if letter == UInt8(ascii: "%") && index == start + 2 {
      buffer.append(letter)
    } else if Self.isConversion(letter) {
      try append(letter, specification)
    } else {
      throw invalidConversion(format[start..<index])
    }
    return index
  }

  private static func isConversion(_ letter: UInt8) -> Bool {
    switch letter {
    case UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "o"), UInt8(ascii: "x"),
      UInt8(ascii: "X"), UInt8(ascii: "c"), UInt8(ascii: "s"), UInt8(ascii: "p"):
      true
    default: false
    }
  }

  /// A width or precision at `index`, in digits or as `*`; nil if there is none.
  private mutating func count(_ format: UnsafeRawBufferPointer, _ index: inout Int) throws(ScriptError) -> Int? {
    guard index < format.count else { return nil }
    if format[index] == UInt8(ascii: "*") {
      index += 1
      let number = next + 1
      let value = try argument()
      guard value.isNumber else { throw .badArgument(number, caller, "number expected, got \(value.tag.typeName)") }
      guard value.payload.magnitude <= UInt64(FormatSpecification.largest) else { throw tooLong() }
      return Int(value.payload)
    }
    var result: Int?
    while index < format.count, case let digit = format[index] &- UInt8(ascii: "0"), digit < 10 {
      let value = (result ?? 0) * 10 + Int(digit)
      guard value <= FormatSpecification.largest else { throw tooLong() }
      result = value
      index += 1
    }
    return result
  }

  private func tooLong() -> ScriptError {
    ScriptError("width or precision of '\(caller.name)' is above \(FormatSpecification.largest)")
  }

  private mutating func argument() throws(ScriptError) -> Value {
    guard next < arguments.count else { throw .badArgument(next + 1, caller, "no value") }
    defer { next += 1 }
    return arguments[next]
  }

  private mutating func append(_ letter: UInt8, _ specification: FormatSpecification) throws(ScriptError) {
    let number = next + 1
    let value = try argument()
    if value.isNil {
      return specification.append("nil", to: buffer)
    }
    if letter == UInt8(ascii: "s") { return appendText(value, specification) }
    let isAddress = value.tag == .address
    guard value.isNumber || isAddress else {
      throw .badArgument(number, caller, "number expected, got \(value.tag.typeName)")
    }
    let bits = UInt64(bitPattern: value.payload)
    switch letter {
    case UInt8(ascii: "d"), UInt8(ascii: "i"): specification.append(signed: value.payload, to: buffer)
    case UInt8(ascii: "u"): specification.append(unsigned: bits, radix: 10, isUpperCase: false, to: buffer)
    case UInt8(ascii: "o"): specification.append(unsigned: bits, radix: 8, isUpperCase: false, to: buffer)
    case UInt8(ascii: "x"): specification.append(unsigned: bits, radix: 16, isUpperCase: false, to: buffer)
    case UInt8(ascii: "X"): specification.append(unsigned: bits, radix: 16, isUpperCase: true, to: buffer)
    case UInt8(ascii: "c"): specification.append(to: buffer) { buffer.append(UInt8(truncatingIfNeeded: bits)) }
    default: specification.append(to: buffer) { context.appendSymbol(at: bits, to: buffer) }
    }
  }

  private func appendText(_ value: Value, _ specification: FormatSpecification) {
    if value.tag == .string { return specification.append(StringReference(value).bytes, to: buffer) }
    let start = buffer.count
    context.appendText(of: value, to: buffer)
    if let precision = specification.precision, buffer.count - start > precision {
      buffer.truncate(to: start + precision)
    }
    specification.pad(from: start, in: buffer)
  }

  private func invalidConversion(_ text: Slice<UnsafeRawBufferPointer>) -> ScriptError {
    ScriptError("invalid conversion '\(String(decoding: text.prefix(32), as: UTF8.self))' to '\(caller.name)'")
  }
}
