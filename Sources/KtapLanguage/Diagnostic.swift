// What the front end says about a script, and how it is shown.

/// One finding about a script's text.
public struct Diagnostic: Sendable, Hashable {
  public enum Severity: Sendable, Hashable { case error, warning }

  public var severity: Severity
  public var message: String
  public var position: SourcePosition
  /// The source text of the token at fault, where there is one.
  public var near: String?
  /// The name that the writer may have meant.
  public var suggestion: String?

  public init(
    _ severity: Severity, _ message: String, at position: SourcePosition, near: String? = nil,
    suggestion: String? = nil
  ) {
    self.severity = severity
    self.message = message
    self.position = position
    self.near = near
    self.suggestion = suggestion
  }

  /// An error.
  public init(_ message: String, at position: SourcePosition, near: String? = nil, suggestion: String? = nil) {
    self.init(.error, message, at: position, near: near, suggestion: suggestion)
  }
}
