// One C declaration of a format file: `const char *const * argv`, `__data_loc char[] name`, `u8 saddr[16]`,
// `const char __attribute__((user)) * path`, `unsigned long graph_ent.func`.
//
// In: the text up to the first `;`. Out: name, type and how the value is stored, without offset and size.

import KtapRuntime

struct FieldDeclaration {
  enum Location { case inPlace, fromRecord, fromField }
  enum Length: Equatable { case none, flexible, fixed(Int), named }

  var name: String
  /// As written, without the name.
  var type: String
  var location: Location
  /// Of `[…]`; several dimensions count as their product.
  var length: Length
  /// `unsigned long`, `char`, …: no qualifiers, attributes or stars.
  var elementType: String
  var isPointer: Bool

  init?(_ text: ArraySlice<UInt8>) {
    // The name is the last word; brackets stand after it, or, in a dynamic field, after the type.
    var head = text.trimmingSpace
    var dimensions: [ArraySlice<UInt8>] = []
    func takeBrackets(_ text: inout ArraySlice<UInt8>) -> Bool {
      while text.last == UInt8(ascii: "]") {
        guard let open = text.lastIndex(of: UInt8(ascii: "[")) else { return false }
        dimensions.append(text[(open + 1)..<(text.endIndex - 1)].trimmingSpace)
        text = text[..<open].trimmingSpace
      }
      return true
    }
    guard takeBrackets(&head) else { return nil }
    let afterName = dimensions
    var start = head.endIndex
    while start > head.startIndex, head[start - 1].isPartOfFieldName { start -= 1 }
    let name = head[start...]
    guard let first = name.first, !first.isDigit else { return nil }
    head = head[..<start].trimmingSpace
    guard !head.isEmpty else { return nil }
    let written = String(decoding: head, as: UTF8.self)
    guard takeBrackets(&head) else { return nil }

    self.name = String(decoding: name, as: UTF8.self)
    let brackets = afterName.reversed().map { "[\(String(decoding: $0, as: UTF8.self))]" }.joined()
    type = written + brackets
    if dimensions.isEmpty {
      length = .none
    } else if dimensions.allSatisfy({ $0.isEmpty }) {
      length = .flexible
    } else {
      var product = 1
      var known = true
      for dimension in dimensions {
        guard let count = dimension.decimal, count <= FormatLimits.recordBytes else {
          known = false
          break
        }
        product *= count
        if product > FormatLimits.recordBytes { return nil }
      }
      length = known ? .fixed(product) : .named
    }

    var words: [String] = []
    var stars = false
    var rest = head
    location = .inPlace
    while let byte = rest.first {
      if byte.isPartOfFieldName {
        let word = rest.prefix { $0.isPartOfFieldName }
        rest = rest.dropFirst(word.count)
        switch String(decoding: word, as: UTF8.self) {
        case "__data_loc": location = .fromRecord
        case "__rel_loc": location = .fromField
        case "const", "volatile", "restrict", "__restrict", "__user", "__rcu", "__percpu", "__iomem", "__seg_gs",
          "__seg_fs":
          break
        case "__attribute__":
          guard let after = rest.trimmingSpace.skippingParentheses else { return nil }
          rest = after
        case let other: words.append(other)
        }
      } else {
        if byte == UInt8(ascii: "*") {
          stars = true
        } else if !byte.isSpace {
          // Other marks appear in rare types only, such as a function pointer's; the type is then nobody's to read.
          words.append(String(UnicodeScalar(byte)))
        }
        rest = rest.dropFirst()
      }
    }
    isPointer = stars
    elementType = words.joined(separator: " ")
  }

  func layout(offset: Int, size: Int, isSigned: Bool) -> FieldLayout {
    let isText = elementType == "char" && !isPointer
    let element = elementSize(of: size)
    let kind: FieldLayout.Kind
    switch (location, length) {
    case (.fromRecord, _): kind = isText ? .dynamicText : .dynamicArray
    case (.fromField, _): kind = isText ? .relativeText : .relativeArray
    case (.inPlace, .none):
      let isStructure = !isPointer && (elementType.hasPrefix("struct ") || elementType.hasPrefix("union "))
      kind = !isStructure && [1, 2, 4, 8].contains(size) ? .integer : .opaque
    case (.inPlace, _): kind = isText ? .text : element == nil ? .opaque : .array
    }
    return FieldLayout(
      name: name, type: type, kind: kind, offset: offset, size: size, isSigned: isSigned, elementSize: element ?? 1)
  }

  /// Nil if nothing says it.
  private func elementSize(of size: Int) -> Int? {
    if location == .inPlace, case .fixed(let count) = length, count > 0, size % count == 0 {
      return [1, 2, 4, 8].contains(size / count) ? size / count : nil
    }
    if length == .none && location == .inPlace { return nil }
    if isPointer { return 8 }
    switch elementType {
    case "char", "signed char", "unsigned char", "u8", "s8", "__u8", "__s8", "uint8_t", "int8_t", "bool", "_Bool":
      return 1
    case "short", "unsigned short", "short int", "unsigned short int", "u16", "s16", "__u16", "__s16", "uint16_t",
      "int16_t", "__be16", "__le16":
      return 2
    case "int", "unsigned int", "unsigned", "u32", "s32", "__u32", "__s32", "uint32_t", "int32_t", "__be32", "__le32",
      "pid_t", "uid_t", "gid_t", "dev_t":
      return 4
    case "long", "unsigned long", "long int", "unsigned long int", "long long", "unsigned long long", "u64", "s64",
      "__u64", "__s64", "uint64_t", "int64_t", "__be64", "__le64", "size_t", "ssize_t", "loff_t", "sector_t",
      "cpumask_t", "dma_addr_t", "phys_addr_t":
      return 8
    default: return nil
    }
  }
}

extension UInt8 {
  var isSpace: Bool { self == 32 || (9...13).contains(self) }
  var isDigit: Bool { (48...57).contains(self) }
  /// Letters, digits, `_`, and the `.` of the function tracer's own events.
  var isPartOfFieldName: Bool {
    isDigit || (65...90).contains(self) || (97...122).contains(self) || self == 95 || self == 46
  }
}

extension ArraySlice<UInt8> {
  var trimmingSpace: ArraySlice<UInt8> {
    var slice = self
    while let first = slice.first, first.isSpace { slice.removeFirst() }
    while let last = slice.last, last.isSpace { slice.removeLast() }
    return slice
  }

  /// What follows the prefix, or nil if this does not begin with it.
  func after(_ prefix: StaticString) -> ArraySlice<UInt8>? {
    let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
    guard starts(with: wanted) else { return nil }
    return dropFirst(wanted.count)
  }

  /// A number of decimal digits and nothing else, up to 2^53.
  var decimal: Int? {
    guard !isEmpty, count <= 16 else { return nil }
    var value = 0
    for byte in self {
      guard byte.isDigit else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  /// What follows a balanced pair of parentheses at the start.
  var skippingParentheses: ArraySlice<UInt8>? {
    guard first == UInt8(ascii: "(") else { return nil }
    var depth = 0
    for index in indices {
      if self[index] == UInt8(ascii: "(") { depth += 1 }
      if self[index] == UInt8(ascii: ")") {
        depth -= 1
        if depth == 0 { return self[(index + 1)...] }
      }
    }
    return nil
  }
}
