// Calling a builtin: one switch for every tier.
//
// A switch and not a table of closures: closures are reference-counted objects, and calling one through an array costs a
// retain and a release. It is checked by the compiler, too.

/// Runs a builtin. Missing arguments are nil, extra ones are ignored.
///
/// After `BuiltinIdentifier.exit` the caller ends the invocation at once: the call has only set `exitRequested`.
///
/// - Throws: what is wrong with an argument, as in `bad argument #1 to 'len' (string, table or tuple expected, got nil)`.
public func callBuiltin(
  _ identifier: BuiltinIdentifier, _ arguments: UnsafeBufferPointer<Value>, _ context: RuntimeContext
) throws(ScriptError) -> Value {
  let given = BuiltinArguments(values: arguments, builtin: identifier)
  switch identifier {
  case .print: return context.print(given)
  case .printf: return try context.printf(given)
  case .printHistogram: return try context.printHistogram(given)
  case .printTraceClock: return context.printTraceClock()

  case .pairs: return try given.table(0).iterator(in: context.shared)
  case .sortPairs: return try context.sortPairs(given)
  case .length: return try context.length(given)
  case .delete: return try context.delete(given)
  case .tableNew: return try context.newTable(given)
  case .json: return try context.json(given)

  case .stringOf: return try context.stringOf(given)
  case .stringSub: return try context.substring(given)
  case .stringFind: return try context.findString(given)
  case .stringByte: return try context.stringByte(given)
  case .stringCharacter: return try context.stringOfBytes(given)
  case .stringUpper: return try context.changeCase(given, from: UInt8(ascii: "a"))
  case .stringLower: return try context.changeCase(given, from: UInt8(ascii: "A"))
  case .stringFormat: return try context.formatString(given)
  case .stringToNumber: return try context.stringToNumber(given)
  case .stringSplit: return try context.splitString(given)

  case .mathMin: return try smallest(given)
  case .mathMax: return try largest(given)
  case .mathAbs: return Value(try Int64(truncatingIfNeeded: given.number(0).magnitude))
  case .mathLog2:
    let number = try given.number(0)
    return Value(number > 0 ? Int64(63 - number.leadingZeroBitCount) : -1)

  case .exit:
    context.requestExit()
    return .nilValue
  case .cpuCount: return Value(Machine.onlineCPUs)
  case .architecture: return context.heap.string(Machine.architecture)
  case .kernelVersion: return context.heap.string(Machine.kernelRelease)
  case .timeNanoseconds: return Value(context.wallTime)
  case .timeMicroseconds: return Value(context.wallTime / 1000)
  case .timeMilliseconds: return Value(context.wallTime / 1_000_000)
  case .timeSeconds: return Value(context.wallTime / 1_000_000_000)

  case .clearScreen: return context.print(terminal: "\u{1b}[1;1H\u{1b}[J")
  case .setColor: return try context.setColor(given, 1)
  case .setColor2: return try context.setColor(given, 2)
  case .setColor3: return try context.setColor(given, 3)
  case .resetColor: return context.print(terminal: "\u{1b}[0;0m")
  case .newLine: return context.print(terminal: "\n")

  case .stack, .userStack, .addressOf, .userString, .kernelString, .currentTaskInfo, .inIOWait, .inInterrupt,
    .count, .sum, .average, .minimum, .maximum, .standardDeviation, .percentile, .quantize, .linearQuantize,
    .traceById, .traceEnd, .tracepoint, .kprobe, .timerTick, .timerProfile,
    .socketSource, .socketDestination, .formatAddress:
    throw ScriptError("\(identifier.name) is not supported yet")

  case .attach: return try context.attach(given)
  case .describeTable:
    try given.table(0).setSite(Int32(truncatingIfNeeded: given.number(1)))
    return given[0]
  case .makeTuple: return try context.heap.tuple(arguments)
  case .scriptArguments: return context.state.pointee.scriptArguments
  case .unsupported:
    throw ScriptError("\(String(decoding: try given.bytes(0), as: UTF8.self)) is not supported yet")
  }
}

private func smallest(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
  var result = try arguments.number(0)
  for index in 1..<max(1, arguments.count) { result = min(result, try arguments.number(index)) }
  return Value(result)
}

private func largest(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
  var result = try arguments.number(0)
  for index in 1..<max(1, arguments.count) { result = max(result, try arguments.number(index)) }
  return Value(result)
}
