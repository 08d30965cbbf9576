// One conversion of a format, `%-08.3x`, applied to a number or to text: C's rules, without C's locale.
//
// The digits are made in the buffer itself, without a temporary. Written out rather than handed to `snprintf`: that
// needs a variadic shim, knows no NUL inside a string, and costs several times as much.

/// What stands between `%` and the conversion letter.
struct FormatSpecification {
  var isLeftAligned = false
  var showsPlus = false
  var showsSpace = false
  /// `#`: a prefix that says the base.
  var isAlternate = false
  var padsWithZeros = false
  /// At least this many bytes.
  var width = 0
  /// Of a number at least this many digits, of text at most this many bytes.
  var precision: Int?

  /// Widths and precisions above this are refused: it is the length of the longest string.
  static let largest = 65_535

  /// The bytes, cut to the precision and padded to the width.
  func append(_ text: UnsafeRawBufferPointer, to buffer: ByteBuffer) {
    let shown = UnsafeRawBufferPointer(rebasing: text[..<min(text.count, precision ?? text.count)])
    let padding = width - shown.count
    if !isLeftAligned { buffer.append(repeating: UInt8(ascii: " "), count: padding) }
    buffer.append(shown)
    if isLeftAligned { buffer.append(repeating: UInt8(ascii: " "), count: padding) }
  }

  func append(_ text: StaticString, to buffer: ByteBuffer) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), to: buffer)
  }

  /// The same for what a closure appends; the precision does not cut it.
  func append(to buffer: ByteBuffer, _ body: () -> Void) {
    let start = buffer.count
    body()
    pad(from: start, in: buffer)
  }

  /// Pads what the buffer holds from `start` on to the width.
  func pad(from start: Int, in buffer: ByteBuffer) {
    let padding = width - (buffer.count - start)
    guard padding > 0 else { return }
    if isLeftAligned {
      buffer.append(repeating: UInt8(ascii: " "), count: padding)
    } else {
      buffer.insert(repeating: UInt8(ascii: " "), count: padding, at: start)
    }
  }

  /// `%d`.
  func append(signed number: Int64, to buffer: ByteBuffer) {
    let sign: StaticString = number < 0 ? "-" : showsPlus ? "+" : showsSpace ? " " : ""
    append(prefix: sign, digits: number.magnitude, radix: 10, isUpperCase: false, to: buffer)
  }

  /// `%u` with radix 10, `%o` with 8, `%x` and `%X` with 16.
  func append(unsigned number: UInt64, radix: UInt64, isUpperCase: Bool, to buffer: ByteBuffer) {
    let prefix: StaticString = isAlternate && radix == 16 && number != 0 ? (isUpperCase ? "0X" : "0x") : ""
    append(prefix: prefix, digits: number, radix: radix, isUpperCase: isUpperCase, to: buffer)
  }

  private func append(
    prefix: StaticString, digits number: UInt64, radix: UInt64, isUpperCase: Bool, to buffer: ByteBuffer
  ) {
    var count = max(ByteBuffer.digitCount(number, radix: radix), precision ?? 1)
    // `#` with octal: the number begins with a zero, which a precision may already have given.
    if isAlternate && radix == 8 && !beginsWithZero(number, digits: count) { count += 1 }
    let padding = width - prefix.utf8CodeUnitCount - count
    if padsWithZeros && !isLeftAligned && precision == nil {
      count += max(0, padding)
    } else if !isLeftAligned {
      buffer.append(repeating: UInt8(ascii: " "), count: padding)
    }
    buffer.append(prefix)
    buffer.append(digits: number, radix: radix, count: count, isUpperCase: isUpperCase)
    if isLeftAligned { buffer.append(repeating: UInt8(ascii: " "), count: padding) }
  }

  /// The leading one of that many octal digits is a zero.
  private func beginsWithZero(_ number: UInt64, digits: Int) -> Bool {
    guard digits > 0 else { return false }
    return digits * 3 - 3 >= 64 || number >> UInt64(digits * 3 - 3) == 0
  }
}

extension ByteBuffer {
  /// Moves what follows `position` to the right and fills the gap.
  func insert(repeating byte: UInt8, count: Int, at position: Int) {
    let moved = self.count - position
    append(repeating: byte, count: count)
    let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
    (start + position + count).copyMemory(from: start + position, byteCount: moved)
    (start + position).initializeMemory(as: UInt8.self, repeating: byte, count: count)
  }
}
