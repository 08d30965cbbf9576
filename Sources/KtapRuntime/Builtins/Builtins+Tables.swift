// The builtins about tables, and `len`.

extension RuntimeContext {
  func length(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let value = arguments[0]
    switch value.tag {
    case .string: return Value(Int64(StringReference(value).count))
    case .table: return Value(Int64(TableReference(value).count))
    case .tuple: return Value(Int64(TupleReference(value).count))
    default: throw arguments.wrongType(0, "string, table or tuple")
    }
  }

  /// How many arguments there are decides: `delete(t, nil)` removes nothing, `delete(t)` everything.
  func delete(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let table = try arguments.table(0)
    if arguments.count < 2 {
      table.clear()
    } else if !arguments[1].isNil {
      try table.set(arguments[1], .nilValue, from: heap)
    }
    return .nilValue
  }

  /// Room is only reserved up to the entry limit: it is a hint, not a promise.
  func newTable(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let array = try capacity(arguments, 0)
    let records = try capacity(arguments, 1)
    if !arguments[2].isNil {
      guard let mode = try? arguments.bytes(2), mode.elementsEqual("lru".utf8) else {
        throw arguments.bad(2, "\"lru\" expected")
      }
      throw ScriptError("table.new with \"lru\" is not supported yet")
    }
    return shared.table(site: -1, array: array, records: records)
  }

  private func capacity(_ arguments: BuiltinArguments, _ index: Int) throws(ScriptError) -> Int {
    let number = try arguments.number(index, default: 0)
    guard number >= 0 else { throw arguments.bad(index, "must not be negative, is \(number)") }
    return Int(min(number, Int64(shared.entryLimit)))
  }

  func sortPairs(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let table = try arguments.table(0)
    let byKey = try choice(arguments, 1, "key", "value", default: false)
    let ascending = try choice(arguments, 2, "asc", "desc", default: false)
    return table.sortedIterator(by: byKey ? .key : .value, descending: !ascending, in: shared)
  }

  /// True for the first word, false for the second.
  private func choice(
    _ arguments: BuiltinArguments, _ index: Int, _ first: String, _ second: String, default other: Bool
  ) throws(ScriptError) -> Bool {
    if arguments[index].isNil { return other }
    let word = try arguments.bytes(index)
    if word.elementsEqual(first.utf8) { return true }
    if word.elementsEqual(second.utf8) { return false }
    throw arguments.bad(index, "\"\(first)\" or \"\(second)\" expected")
  }

  func json(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let buffer = emptyScratch()
    var writer = JSONWriter(context: self, buffer: buffer)
    try writer.append(arguments[0])
    return try heap.string(buffer.bytes)
  }
}
