/// A word, a literal, or a sign of the language, and where it stands.
struct Token {
  enum Kind: Hashable {
    /// The end of the source.
    case end
    case name
    case keyword(Keyword)
    /// `argN` for any N; the number is in `number`.
    case argument
    case number
    case string
    case symbol(Symbol)
    /// Something that the lexer has already complained about.
    case invalid
  }

  var kind: Kind
  var start: SourcePosition
  /// The offset behind the last byte.
  var end: Int
  /// The line that the last byte is on; a long string may span several.
  var endLine: Int32
  /// Nothing but white space and comments stands before it on its line.
  var startsLine: Bool
  /// The value of a number, or the N of `argN`.
  var number: Int64 = 0
  /// The content of a string.
  var content: [UInt8] = []

  /// A name, or a reserved word, which behind `.` and as a constructor's key is as good as a name.
  var isWord: Bool {
    switch kind {
    case .name, .keyword, .argument: true
    default: false
    }
  }

  func isSymbol(_ symbol: Symbol) -> Bool { kind == .symbol(symbol) }
  func isKeyword(_ keyword: Keyword) -> Bool { kind == .keyword(keyword) }
}

/// The reserved words, except `arg0`, `arg1`, …, which are tokens of a kind of their own.
enum Keyword: String, CaseIterable {
  case trace
  case traceEnd = "trace_end"
  case tick, profile
  case argstr, probename, args, pid, tid, uid, cpu, execname
  case `break`, `continue`, `else`, `elseif`, `false`, `for`, function, `if`, `in`
  case variable = "var"
  case `nil`, `repeat`, `return`, `true`, until, `while`, ffi

  static let byWord = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

  /// Words that can only be the beginning of a statement: where one begins a line, whatever came before is over.
  /// `function` is missing because it is an expression, too.
  var beginsStatement: Bool {
    switch self {
    case .trace, .traceEnd, .tick, .profile, .break, .continue, .for, .if, .variable, .repeat, .return, .while: true
    default: false
    }
  }

  var contextItem: ContextItem? {
    switch self {
    case .pid: .pid
    case .tid: .tid
    case .uid: .uid
    case .cpu: .cpu
    case .execname: .execname
    case .probename: .probename
    case .argstr: .argstr
    default: nil
    }
  }
}

/// Every reserved word of the language, for completion and for "did you mean".
public let reservedWords: [String] = Keyword.allCases.map(\.rawValue) + (0...9).map { "arg\($0)" }

/// Operators and punctuation, as written.
enum Symbol: String {
  case plus = "+"
  case minus = "-"
  case star = "*"
  case slash = "/"
  case percent = "%"
  case ampersand = "&"
  case bar = "|"
  case caret = "^"
  case tilde = "~"
  case bang = "!"
  case shiftLeft = "<<"
  case shiftRight = ">>"
  case aggregate = "<<<"
  case concatenate = ".."
  case ellipsis = "..."
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case and = "&&"
  case or = "||"
  case assign = "="
  case assignAdd = "+="
  case assignSubtract = "-="
  case assignMultiply = "*="
  case assignDivide = "/="
  case assignModulo = "%="
  case assignAnd = "&="
  case assignOr = "|="
  case assignXor = "^="
  case assignShiftLeft = "<<="
  case assignShiftRight = ">>="
  case increment = "++"
  case decrement = "--"
  case openParenthesis = "("
  case closeParenthesis = ")"
  case openBracket = "["
  case closeBracket = "]"
  case openBrace = "{"
  case closeBrace = "}"
  case comma = ","
  case semicolon = ";"
  case colon = ":"
  case dot = "."
}
