// The builtins that print.
//
// Each formats into the context's scratch buffer and hands the whole text to the output at once: a call that fails prints
// nothing, and no flush comes into the middle of a call.

extension RuntimeContext {
  /// Prints what the scratch buffer holds.
  private func printScratch() {
    let output = state.pointee.output
    output.setLineTime(isInEvent ? state.pointee.event.time : nil)
    output.append(state.pointee.scratch.bytes)
    output.commit()
    releaseScratch()
  }

  /// An empty scratch buffer.
  func emptyScratch() -> ByteBuffer {
    state.pointee.scratch.truncate()
    return state.pointee.scratch
  }

  /// A buffer that one huge histogram has filled is not kept.
  private func releaseScratch() {
    guard state.pointee.scratch.capacity > 1 << 20 else { return }
    state.pointee.scratch.destroy()
    state.pointee.scratch = ByteBuffer()
  }

  func print(_ arguments: BuiltinArguments) -> Value {
    let buffer = emptyScratch()
    for index in 0..<arguments.count {
      if index > 0 { buffer.append(UInt8(ascii: "\t")) }
      appendText(of: arguments.values[index], to: buffer)
    }
    buffer.append(UInt8(ascii: "\n"))
    printScratch()
    return .nilValue
  }

  func printf(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    var run = FormatRun(
      context: self, buffer: emptyScratch(), arguments: arguments.values, caller: arguments.builtin)
    try run.run()
    printScratch()
    return .nilValue
  }

  /// Any number of rows may be asked for; the default is 20.
  func printHistogram(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    let limit = try arguments.number(1, default: 20)
    let histogram = try Histogram(of: arguments.table(0), limit: Int(max(0, limit)))
    histogram.append(to: emptyScratch(), context: self)
    printScratch()
    return .nilValue
  }

  func printTraceClock() -> Value {
    let buffer = emptyScratch()
    buffer.append(traceTime: traceTime)
    buffer.append("\n")
    printScratch()
    return .nilValue
  }

  func print(terminal sequence: StaticString) -> Value {
    emptyScratch().append(sequence)
    printScratch()
    return .nilValue
  }

  /// `ESC[a;b;cm` of the first `count` arguments; an attribute of 0 is left out.
  func setColor(_ arguments: BuiltinArguments, _ count: Int) throws(ScriptError) -> Value {
    let buffer = emptyScratch()
    buffer.append("\u{1b}[")
    for index in 0..<count {
      let number = try arguments.number(index)
      if index == 2 && number == 0 { continue }
      if index > 0 { buffer.append(";") }
      buffer.append(decimal: number)
    }
    buffer.append("m")
    printScratch()
    return .nilValue
  }
}
