// How a handler reads an event's fields: offsets, sizes and kinds as the kernel's format file declares them.
//
// In: what `KtapEvents` read from a format file, or made for a synthetic event. Out: a value of the language for a
// field of a record (`EventLayout+Load.swift`). The one copy of these rules serves every tier.

/// One field of an event, as its format file declares it.
public struct FieldLayout: Sendable, Hashable {
  public enum Kind: UInt8, Sendable, Hashable {
    /// `size` bytes, sign-extended if `isSigned`; 1, 2, 4 or 8.
    case integer
    /// `char name[size]`: text up to its first NUL.
    case text
    /// `__data_loc char[]`: the field holds offset (low 16 bits, from the record's start) and length (high 16 bits).
    case dynamicText
    /// `__rel_loc char[]`: the offset counts from the end of the field.
    case relativeText
    /// `T name[n]`: elements of `elementSize` bytes; becomes a table from 1.
    case array
    case dynamicArray
    case relativeArray
    /// Anything else (a structure by value): bytes as a string.
    case opaque
  }

  public var name: String
  /// The type's text, for listings.
  public var type: String
  public var kind: Kind
  /// In bytes from the record's start.
  public var offset: Int
  /// In bytes; for a dynamic field the size of its location word, 4.
  public var size: Int
  public var isSigned: Bool
  /// Of an array's elements, in bytes: 1, 2, 4 or 8.
  public var elementSize: Int

  public init(
    name: String, type: String, kind: Kind, offset: Int, size: Int, isSigned: Bool, elementSize: Int = 1
  ) {
    self.name = name
    self.type = type
    self.kind = kind
    self.offset = offset
    self.size = size
    self.isSigned = isSigned
    self.elementSize = elementSize
  }
}
