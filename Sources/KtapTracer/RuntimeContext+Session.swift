// What a session does to a context: the script's arguments, and writing what was printed.

import KtapRuntime

extension RuntimeContext {
  /// Makes the table `arg`: `arg[0]` is the script's name, the others its arguments, as numbers where they are base-10
  /// integers of 64 bits.
  func setScriptArguments(_ arguments: [String]) {
    let table = shared.table(site: -1, array: arguments.count, records: 1)
    for (index, argument) in arguments.enumerated() {
      let value: Value
      if index > 0, let number = Int64(argument) {
        value = Value(number)
      } else {
        // Longer arguments than a string may be are cut; the kernel's own limit is 128 KiB.
        value = shared.string(
          String(decoding: Array(argument.utf8.prefix(StringReference.maximumCount)), as: UTF8.self))
      }
      try? TableReference(table).set(Value(Int64(index)), value, from: shared)
    }
    shared.pin(table)
    state.pointee.scriptArguments = table
  }

  /// Writes what was printed, also an unfinished line.
  func flushOutput() { state.pointee.output.flush() }

  /// Writes the lines that are complete.
  func flushLines() { state.pointee.output.flushLines() }
}
