// A value of the language: 16 bytes, an Int64 payload beside a 4-byte tag.
//
// Integers need all 64 bits, so there is no NaN-boxing. The tag is 4 bytes wide on purpose: with 8, LLVM copies a
// value by one 16-byte move that cannot be forwarded from the two 8-byte stores that have just written it, which cost
// 45 % on calls in the prototypes.
//
// Invariant: payload bits are canonical. nil, false and true have payload 0, so that two values of these types are
// equal if their tags are. A heap object's payload is its address.

/// The type of a value.
@frozen public struct Tag: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable init(_ rawValue: UInt32) { self.rawValue = rawValue }

  // nil and false come first: a value is false when its tag is at most 1.
  @inlinable public static var nilValue: Tag { Tag(0) }
  @inlinable public static var falseValue: Tag { Tag(1) }
  @inlinable public static var trueValue: Tag { Tag(2) }
  @inlinable public static var number: Tag { Tag(3) }
  @inlinable public static var builtin: Tag { Tag(4) }
  /// A kernel or user address that is shown as a symbol.
  @inlinable public static var address: Tag { Tag(5) }
  // From here on the payload is the address of a heap object.
  @inlinable public static var string: Tag { Tag(8) }
  @inlinable public static var table: Tag { Tag(9) }
  @inlinable public static var closure: Tag { Tag(10) }
  @inlinable public static var tuple: Tag { Tag(11) }
  /// What `pairs` and `sort_pairs` return; only a `for` loop can use it.
  @inlinable public static var iterator: Tag { Tag(12) }
  /// A captured variable; never visible to a script.
  @inlinable public static var cell: Tag { Tag(13) }

  /// The payload is the address of a heap object.
  @inlinable public var isObject: Bool { rawValue >= 8 }

  /// The name of the type in error messages.
  public var typeName: String {
    switch self {
    case .nilValue: "nil"
    case .falseValue, .trueValue: "boolean"
    case .number: "number"
    case .string: "string"
    case .table: "table"
    case .closure, .builtin: "function"
    case .tuple: "tuple"
    case .iterator: "iterator"
    case .address: "address"
    default: "value"
    }
  }
}

@frozen public struct Value: Sendable, BitwiseCopyable {
  public var payload: Int64
  public var tag: Tag

  @inlinable public init(payload: Int64, tag: Tag) {
    self.payload = payload
    self.tag = tag
  }
  @inlinable public init(_ number: Int64) {
    payload = number
    tag = .number
  }
  @inlinable public init(_ boolean: Bool) {
    payload = 0
    tag = boolean ? .trueValue : .falseValue
  }

  @inlinable public static var nilValue: Value { Value(payload: 0, tag: .nilValue) }

  @inlinable public var isNil: Bool { tag == .nilValue }
  @inlinable public var isNumber: Bool { tag == .number }
  /// Only nil and false are false.
  @inlinable public var isTrue: Bool { tag.rawValue > 1 }
}
