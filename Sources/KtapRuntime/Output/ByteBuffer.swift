// Unsafe: growable bytes in raw memory.
//
// Builtins format into one of these and hand the finished text on, so that a call that fails half-way leaves nothing
// behind and a warm buffer costs no allocation. A Swift array would do the same work, but as a stored property it
// brings reference counting and exclusivity checks to the event path.
//
// Invariant: `bytes` points to `capacity` bytes of which the first `count` are initialised. A buffer belongs to one
// thread at a time.

import Glibc

@frozen public struct ByteBuffer: @unchecked Sendable {
  @usableFromInline @frozen struct State {
    @usableFromInline var bytes: UnsafeMutablePointer<UInt8>
    @usableFromInline var count: Int
    @usableFromInline var capacity: Int

    @usableFromInline init(bytes: UnsafeMutablePointer<UInt8>, count: Int, capacity: Int) {
      self.bytes = bytes
      self.count = count
      self.capacity = capacity
    }
  }

  @usableFromInline let state: UnsafeMutablePointer<State>

  /// An empty buffer; it must be given back with `destroy()`.
  public init(capacity: Int = 256) {
    let room = max(capacity, 16)
    state = .allocate(capacity: 1)
    state.initialize(to: State(bytes: .allocate(capacity: room), count: 0, capacity: room))
  }

  public func destroy() {
    state.pointee.bytes.deallocate()
    state.deallocate()
  }

  @inlinable public var count: Int { state.pointee.count }
  @inlinable public var capacity: Int { state.pointee.capacity }
  /// What it holds; valid until the next change.
  @inlinable public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: state.pointee.bytes, count: state.pointee.count)
  }

  /// Forgets everything after the first `count` bytes and keeps the memory.
  @inlinable public func truncate(to count: Int = 0) {
    precondition(count >= 0 && count <= state.pointee.count)
    state.pointee.count = count
  }

  /// Forgets the first `count` bytes.
  public func removeFirst(_ count: Int) {
    precondition(count >= 0 && count <= state.pointee.count)
    let rest = state.pointee.count - count
    if rest > 0 { memmove(state.pointee.bytes, state.pointee.bytes + count, rest) }
    state.pointee.count = rest
  }

  /// Makes room for `extra` bytes and returns where they go; `count` does not change.
  @inlinable func reserve(_ extra: Int) -> UnsafeMutablePointer<UInt8> {
    if state.pointee.capacity &- state.pointee.count < extra { grow(extra) }
    return state.pointee.bytes + state.pointee.count
  }

  @usableFromInline @inline(never) func grow(_ extra: Int) {
    let capacity = max(state.pointee.capacity * 2, state.pointee.count + extra)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: state.pointee.bytes, count: state.pointee.count)
    state.pointee.bytes.deallocate()
    state.pointee.bytes = larger
    state.pointee.capacity = capacity
  }

  @inlinable public func append(_ byte: UInt8) {
    reserve(1).pointee = byte
    state.pointee.count &+= 1
  }

  @inlinable public func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    UnsafeMutableRawPointer(reserve(bytes.count)).copyMemory(from: start, byteCount: bytes.count)
    state.pointee.count &+= bytes.count
  }

  @inlinable public func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// For cold paths.
  public func append(text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  @inlinable public func append(repeating byte: UInt8, count: Int) {
    guard count > 0 else { return }
    reserve(count).update(repeating: byte, count: count)
    state.pointee.count &+= count
  }

  /// A number in decimal.
  @inlinable public func append(decimal number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    append(decimal: number.magnitude)
  }

  @inlinable public func append(decimal number: UInt64) {
    append(digits: number, radix: 10, count: max(1, Self.digitCount(number, radix: 10)))
  }

  /// Lower-case hexadecimal without a prefix.
  @inlinable public func append(hexadecimal number: UInt64) {
    append(digits: number, radix: 16, count: max(1, Self.digitCount(number, radix: 16)))
  }

  /// How many digits a number has in base 8, 10 or 16; 0 has none.
  @inlinable static func digitCount(_ number: UInt64, radix: UInt64) -> Int {
    let bits = 64 &- number.leadingZeroBitCount
    if radix == 16 { return (bits &+ 3) &>> 2 }
    if radix == 8 { return (bits &+ 2) / 3 }
    // Four digits a step: one division instead of four, and by a constant.
    var count = 0
    var rest = number
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    return count &+ (rest >= 1000 ? 4 : rest >= 100 ? 3 : rest >= 10 ? 2 : rest > 0 ? 1 : 0)
  }

  /// The last `count` digits of a number in base 8, 10 or 16, with leading zeros.
  @inlinable public func append(digits number: UInt64, radix: UInt64, count: Int, isUpperCase: Bool = false) {
    let start = reserve(count)
    let letters = (isUpperCase ? UInt8(ascii: "A") : UInt8(ascii: "a")) &- 10
    var rest = number
    var index = count
    while index > 0 {
      index &-= 1
      let digit: UInt8
      if radix == 10 {
        // By a constant: a division by a variable costs ten times as much.
        digit = UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } else {
        digit = UInt8(truncatingIfNeeded: rest & (radix &- 1))
        rest &>>= radix == 16 ? 4 : 3
      }
      start[index] = digit < 10 ? UInt8(ascii: "0") &+ digit : letters &+ digit
    }
    state.pointee.count &+= count
  }

  /// For tests and messages: the bytes as text, with invalid UTF-8 repaired.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
