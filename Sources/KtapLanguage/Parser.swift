// The parser: recursive descent over the grammar of the language, one function a production.
//
// In: a source file. Out: a syntax tree, or every error of the file.
//
// Errors. A production that meets a token it cannot use reports it and throws `Failure`; whoever can go on catches it:
// a chunk at the next statement (`Parser+Recovery`), the head of an `if` or a function at its body. One place is
// reported once, and what follows from an earlier fault (a missing brace at the end of a file that a comment swallowed)
// is not reported at all. After `DiagnosticList.maximumErrors` errors, or in a tree that is too deep, the parser is
// *abandoned*: the current token becomes the end of the source, and every loop ends there.
//
// Bounds. Recursion is counted: `nesting` grows with every block and every subexpression and stops at 200, so the
// native stack is bounded by 200 times the deepest chain of productions, whatever the input. Chains that are read by a
// loop (`a + a + …`, `f()()…`, `a .. a .. …`) do not nest, but they make a tree as deep as they are long, and the
// compiler, and the release of the tree, walk it by recursion. So each expression's height is counted as well, in
// `height`, and stops at `maximumHeight`. A chain of `else if` is a list and has no limit.
//
// Tried and dropped: counting chain operators against the nesting limit (200 terms of `..` or `||` in a generated
// script are not unreasonable); a limit on operators per statement (a table constructor may hold thousands).

/// Parses a script. The tree is nil if and only if one of the diagnostics is an error; they are sorted by position.
public func parse(_ source: SourceFile) -> (tree: SyntaxTree?, diagnostics: [Diagnostic]) {
  guard source.bytes.count <= SourceFile.maximumByteCount else {
    let message = "source too long (\(source.bytes.count) bytes, at most \(SourceFile.maximumByteCount))"
    return (nil, [Diagnostic(message, at: .none)])
  }
  var parser = Parser(source.bytes)
  let chunk = parser.parseFile()
  let diagnostics = parser.lexer.diagnostics
  return (diagnostics.hasErrors ? nil : SyntaxTree(chunk: chunk), diagnostics.sorted)
}

struct Parser {
  /// Thrown after the fault has been reported.
  struct Failure: Error {}

  static let maximumNesting = 200
  static let maximumHeight = 1000

  var lexer: Lexer
  var current: Token
  /// The token behind the current one, if it was needed to decide something.
  private var lookahead: Token?
  /// Where the last token that was passed stood.
  private(set) var previousStart = SourcePosition.none
  private(set) var previousEndLine: Int32 = 1
  /// How many tokens were passed; tells whether a statement took any.
  private(set) var tokenCount = 0
  /// Braces and parentheses that are open.
  var braceDepth = 0
  var parenthesisDepth = 0
  private var nesting = 0
  /// The height of the tree that was read last.
  var height = 0
  /// The greatest height in the current block so far.
  var tallest = 0
  private var isAbandoned = false

  init(_ bytes: [UInt8]) {
    lexer = Lexer(bytes)
    current = lexer.next()
  }

  mutating func parseFile() -> Block {
    var statements = chunk(endsAtUntil: false)
    while current.kind != .end {
      // Only a closing brace ends a chunk before the end of the file.
      report("'}' closes nothing", at: current)
      advance()
      statements += chunk(endsAtUntil: false)
    }
    return Block(statements, end: current.start)
  }

  // MARK: Tokens

  mutating func advance() {
    previousStart = current.start
    previousEndLine = current.endLine
    tokenCount += 1
    switch current.kind {
    case .symbol(.openBrace): braceDepth += 1
    case .symbol(.closeBrace): braceDepth -= 1
    case .symbol(.openParenthesis): parenthesisDepth += 1
    case .symbol(.closeParenthesis): parenthesisDepth -= 1
    default: break
    }
    if isAbandoned { return }
    if let token = lookahead {
      current = token
      lookahead = nil
    } else {
      current = lexer.next()
    }
    if lexer.diagnostics.isFull { abandon() }
  }

  /// The token behind the current one.
  mutating func peekToken() -> Token {
    if let lookahead { return lookahead }
    if isAbandoned { return current }
    let token = lexer.next()
    lookahead = token
    return token
  }

  /// Goes on at an offset behind the current token, which has been read in another way than by tokens.
  mutating func resume(at offset: Int) {
    lookahead = nil
    lexer.skip(to: offset, behind: current)
    advance()
  }

  mutating func accept(_ symbol: Symbol) -> Bool {
    guard current.isSymbol(symbol) else { return false }
    advance()
    return true
  }

  /// Passes a sign that must come now and gives its position.
  @discardableResult
  mutating func expect(_ symbol: Symbol) throws(Failure) -> SourcePosition {
    guard current.isSymbol(symbol) else { throw fail("'\(symbol.rawValue)' expected") }
    let position = current.start
    advance()
    return position
  }

  /// Passes the sign that closes what was opened at `position`, which the message names if it is on another line.
  mutating func expect(_ symbol: Symbol, closing opening: Symbol, at position: SourcePosition) throws(Failure) {
    guard !current.isSymbol(symbol) else { return advance() }
    if current.start.line == position.line { throw fail("'\(symbol.rawValue)' expected") }
    throw fail("'\(symbol.rawValue)' expected (to close '\(opening.rawValue)' at line \(position.line))")
  }

  /// A name where one is declared.
  mutating func declaredName() throws(Failure) -> DeclaredName {
    guard current.kind == .name else {
      throw fail(current.isWord ? "name expected, and this word is reserved" : "name expected")
    }
    let name = DeclaredName(text(of: current), at: current.start)
    advance()
    return name
  }

  func bytes(of token: Token) -> ArraySlice<UInt8> { lexer.bytes[Int(token.start.offset)..<token.end] }

  func text(of token: Token) -> String { String(decoding: bytes(of: token), as: UTF8.self) }

  // MARK: Errors

  /// Reports the current token as not usable; the result is there to be thrown.
  mutating func fail(_ message: String) -> Failure {
    report(message, at: current)
    return Failure()
  }

  mutating func report(_ message: String, at token: Token, suggestion: String? = nil) {
    // The lexer has reported what it could not read, and what is missing at the end of an unfinished comment.
    if isAbandoned || token.kind == .invalid || (token.kind == .end && lexer.endsUnfinished) { return }
    let near = token.kind == .end ? "<eof>" : printable(bytes(of: token))
    add(Diagnostic(message, at: token.start, near: near, suggestion: suggestion))
  }

  mutating func add(_ diagnostic: Diagnostic) {
    if isAbandoned { return }
    lexer.diagnostics.add(diagnostic)
    if lexer.diagnostics.isFull { abandon() }
  }

  /// Gives up: from here on the source is at its end.
  private mutating func abandon() {
    isAbandoned = true
    lookahead = nil
    current.kind = .end
  }

  // MARK: Bounds

  /// One level deeper; `leave` must follow.
  mutating func enter() throws(Failure) {
    nesting += 1
    guard nesting > Self.maximumNesting else { return }
    nesting -= 1
    throw giveUp("too many nesting levels (at most \(Self.maximumNesting))")
  }

  mutating func leave() { nesting -= 1 }

  /// A node above trees that are at most `below` high was made.
  mutating func grow(above below: Int) throws(Failure) {
    height = below + 1
    if height > Self.maximumHeight {
      throw giveUp("expression too long (at most \(Self.maximumHeight) operators deep)")
    }
  }

  /// What encloses a tree that is too deep is too deep as well: one message is enough.
  private mutating func giveUp(_ message: String) -> Failure {
    let failure = fail(message)
    abandon()
    return failure
  }
}
