// What the compiler has to know about builtins; the run time fills it in, so that the compiler depends on no run time.

/// The names that a script can use without declaring them.
public struct BuiltinCatalogue: Sendable {
  /// Every builtin: `print`, `string.sub`.
  public var names: Set<String>
  /// Those that keep none of their arguments and change nothing: passing them a table does not let it escape.
  public var pure: Set<String>
  /// Names that a later version will implement: using one is no compile error but fails when it is run.
  public var planned: Set<String>
  /// What stands before the dot in `names`.
  public let libraries: Set<String>

  public init(names: Set<String>, pure: Set<String> = [], planned: Set<String> = []) {
    self.names = names
    self.pure = pure
    self.planned = planned
    libraries = Set(names.union(planned).compactMap(Self.library))
  }

  /// Builtins that the compiler calls by itself; the run time has to have them.
  enum Internal {
    /// `%arg()`: the table of the script's arguments.
    static let arguments = "%arg"
    /// `%attach(index of the event declaration, closure)`.
    static let attach = "%attach"
    /// `%site(table, index of its table site)`; its result is not used.
    static let site = "%site"
    /// `%tuple(a, b, …)`: the key of `t[a, b, …]`.
    static let tuple = "%tuple"
    /// `%unsupported(text)`: fails with a message that names what the text names.
    static let unsupported = "%unsupported"
  }

  static func library(of name: String) -> String? {
    guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
    return String(name[..<dot])
  }

  /// The members of a library, without its name.
  func members(of library: String) -> [String] {
    names.union(planned).filter { Self.library(of: $0) == library }.map { String($0.dropFirst(library.count + 1)) }
      .sorted()
  }
}
