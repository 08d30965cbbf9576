// A run-time error of a script, before it has a position: the tier that runs the script adds file, line, variable name
// and traceback.

public struct ScriptError: Error, Sendable, Hashable {
  /// Without `error:`, file or line.
  public var message: String

  public init(_ message: String) { self.message = message }
}
