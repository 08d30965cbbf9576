/// What a number's text stands for.
///
/// Scripts and filters share it: decimal, `0x` hexadecimal, `0b` binary and octal with a leading `0`, with single `_`
/// between digits. The language has no fractions, exponents or suffixes.
enum IntegerLiteral: Equatable {
  /// 2^63…2^64-1 wrap to the negative numbers.
  case value(Int64)
  /// Beyond 2^64-1.
  case tooLarge
  case malformed

  init(_ text: ArraySlice<UInt8>) {
    var digits = text
    var radix: UInt64 = 10
    if digits.count > 1, digits.first == UInt8(ascii: "0") {
      switch digits[digits.startIndex + 1] | 0x20 {
      case UInt8(ascii: "x"):
        radix = 16
        digits = digits.dropFirst(2)
      case UInt8(ascii: "b"):
        radix = 2
        digits = digits.dropFirst(2)
      default: radix = 8
      }
    }
    var result: UInt64 = 0
    var isTooLarge = false
    // A `_` must stand between two digits, so it may neither come first, nor last, nor behind another.
    var mayBreak = false
    for byte in digits {
      if byte == UInt8(ascii: "_") {
        guard mayBreak else {
          self = .malformed
          return
        }
        mayBreak = false
        continue
      }
      guard let digit = digitValue(byte), digit < radix else {
        self = .malformed
        return
      }
      mayBreak = true
      let (product, overflow) = result.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      isTooLarge = isTooLarge || overflow || carry
      result = sum
    }
    guard mayBreak else {
      self = .malformed
      return
    }
    self = isTooLarge ? .tooLarge : .value(Int64(bitPattern: result))
  }
}

/// The value of a hexadecimal digit.
func digitValue(_ byte: UInt8) -> UInt64? {
  if isDigit(byte) { return UInt64(byte &- 0x30) }
  let letter = (byte | 0x20) &- 0x61
  return letter < 6 ? UInt64(letter) + 10 : nil
}
