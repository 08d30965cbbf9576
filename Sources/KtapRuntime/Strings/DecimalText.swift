// Numbers as decimal text.
//
// Unsafe: writes up to `maximumCount` bytes to memory that the caller vouches for.

public enum DecimalText {
  /// `-9223372036854775808`
  public static var maximumCount: Int { 20 }

  /// Writes the digits, with a leading `-` if negative; returns how many bytes that were.
  public static func write(_ number: Int64, to destination: UnsafeMutableRawPointer) -> Int {
    var magnitude = number.magnitude
    var length = number < 0 ? 1 : 0
    length &+= digitCount(magnitude)
    var position = length
    while magnitude >= 10 {
      let quotient = magnitude / 10
      position &-= 1
      destination.storeBytes(
        of: UInt8(truncatingIfNeeded: 48 &+ magnitude &- quotient &* 10), toByteOffset: position, as: UInt8.self)
      magnitude = quotient
    }
    destination.storeBytes(
      of: UInt8(truncatingIfNeeded: 48 &+ magnitude), toByteOffset: position &- 1, as: UInt8.self)
    if number < 0 { destination.storeBytes(of: 45, as: UInt8.self) }
    return length
  }

  private static func digitCount(_ magnitude: UInt64) -> Int {
    var count = 1
    var rest = magnitude
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    if rest >= 1000 { return count &+ 3 }
    if rest >= 100 { return count &+ 2 }
    if rest >= 10 { return count &+ 1 }
    return count
  }
}
