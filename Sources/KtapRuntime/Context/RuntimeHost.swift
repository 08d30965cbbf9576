// What a builtin or a context word needs from outside the runtime, all of it on cold paths.

/// Implemented by the tracer. The methods that look something up are called by all workers at once.
public protocol RuntimeHost: AnyObject, Sendable {
  /// A `trace`, `tick`, `profile` or `trace_end` statement runs: `handler` is its closure, `declaration` an index into
  /// the program's event declarations. Called on the main thread, while no handler runs.
  func attach(declaration: Int, handler: Value) throws(ScriptError)
  /// The process that a thread belongs to; nil if it is not known.
  func process(ofThread thread: Int32) -> Int32?
  /// The user id that a thread runs as; nil if it is not known.
  func user(ofThread thread: Int32) -> UInt32?
  /// Writes the name of a thread's program and returns how many bytes that are; nil if it is not known.
  func executableName(ofThread thread: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int?
  /// The name of the function at an address; nil if it is not known.
  func symbol(at address: UInt64) -> String?
  /// Where a function of the program was written, `name` or `file:line`; nil if it is not known.
  func functionName(_ function: Int) -> String?
  /// Now, on the clock of the events' times, in nanoseconds: CLOCK_MONOTONIC, or the virtual time of a recording.
  func traceTime() -> UInt64
}
