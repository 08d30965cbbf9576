// The arguments of one call, with the checks that every builtin makes.

extension ScriptError {
  /// `bad argument #2 to 'len' (…)`; arguments count from 1.
  static func badArgument(_ number: Int, _ builtin: BuiltinIdentifier, _ reason: String) -> ScriptError {
    ScriptError("bad argument #\(number) to '\(builtin.name)' (\(reason))")
  }
}

/// Missing arguments are nil, extra ones are not looked at.
struct BuiltinArguments {
  let values: UnsafeBufferPointer<Value>
  let builtin: BuiltinIdentifier

  @inline(__always) var count: Int { values.count }

  /// Counted from 0.
  @inline(__always) subscript(index: Int) -> Value { index < values.count ? values[index] : .nilValue }

  @inline(__always) func number(_ index: Int) throws(ScriptError) -> Int64 {
    let value = self[index]
    guard value.isNumber else { throw wrongType(index, "number") }
    return value.payload
  }

  /// The default stands for nil.
  @inline(__always) func number(_ index: Int, default other: Int64) throws(ScriptError) -> Int64 {
    self[index].isNil ? other : try number(index)
  }

  @inline(__always) func table(_ index: Int) throws(ScriptError) -> TableReference {
    let value = self[index]
    guard value.tag == .table else { throw wrongType(index, "table") }
    return TableReference(value)
  }

  @inline(__always) func bytes(_ index: Int) throws(ScriptError) -> UnsafeRawBufferPointer {
    let value = self[index]
    guard value.tag == .string else { throw wrongType(index, "string") }
    return StringReference(value).bytes
  }

  @inline(never) func wrongType(_ index: Int, _ expected: String) -> ScriptError {
    bad(index, "\(expected) expected, got \(self[index].tag.typeName)")
  }

  @inline(never) func bad(_ index: Int, _ reason: String) -> ScriptError {
    .badArgument(index + 1, builtin, reason)
  }
}
