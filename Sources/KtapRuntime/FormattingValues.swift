// Values as text: what `print`, `%s`, `stringof` and the rows of a histogram show.
//
// nil and booleans are words, numbers decimal, strings their bytes (with NULs), tuples their parts between commas. A
// table shows how many elements it has and a function its name: an address would differ from run to run and from tier
// to tier, and output has to be the same in all of them. An address shows its symbol, looked up now.

extension RuntimeContext {
  /// Appends a value as `print` shows it.
  public func appendText(of value: Value, to buffer: ByteBuffer) {
    switch value.tag {
    case .nilValue: buffer.append("nil")
    case .falseValue: buffer.append("false")
    case .trueValue: buffer.append("true")
    case .number: buffer.append(decimal: value.payload)
    case .string: buffer.append(StringReference(value).bytes)
    case .tuple:
      for (index, part) in TupleReference(value).parts.enumerated() {
        if index > 0 { buffer.append(", ") }
        appendText(of: part, to: buffer)
      }
    case .table:
      let count = TableReference(value).count
      buffer.append("table: ")
      buffer.append(decimal: Int64(count))
      buffer.append(count == 1 ? " element" : " elements")
    case .address: appendSymbol(at: UInt64(bitPattern: value.payload), to: buffer)
    case .builtin:
      buffer.append("function: ")
      buffer.append(text: BuiltinIdentifier(rawValue: UInt8(truncatingIfNeeded: value.payload))?.name ?? "?")
    case .closure:
      let function = ClosureReference(value).function
      buffer.append("function: ")
      buffer.append(text: state.pointee.host?.functionName(function) ?? "#\(function)")
    default: buffer.append(text: value.tag.typeName)
    }
  }

  /// The name of the function at an address, or the address in hexadecimal.
  func appendSymbol(at address: UInt64, to buffer: ByteBuffer) {
    if let name = state.pointee.host?.symbol(at: address) {
      buffer.append(text: name)
    } else {
      buffer.append("0x")
      buffer.append(hexadecimal: address)
    }
  }
}
