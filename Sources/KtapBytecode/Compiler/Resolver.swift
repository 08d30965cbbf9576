// The resolver: from the syntax tree to the resolved tree.
//
// In: a syntax tree and the builtins' names. Out: the resolved tree of every function, event declarations and table
// sites; or diagnostics, all of them and not only the first.
//
// Names. A name means the innermost variable declared before it; else a builtin, a library or `arg`; else a function
// that is declared later in an enclosing scope. So a script that was right without that last rule keeps its meaning.
//
// Hoisting. A function that is used before its text is made right before the statement of its scope that first uses
// it. With it are made the functions of the same scope that it uses; those come first, so that it can capture them by
// value, unless they use each other in a circle: then the one that is made later lives in a cell. A variable of the
// same scope that is declared after the point where the function is made lives in a cell that is created there and
// holds nil until its declaration runs.
//
// In `repeat … until (e)` a `continue` can jump over the declaration of a variable that e uses: such a variable is
// made, as nil, before the statement that holds the `continue`.
//
// A `for (i = 0; …)` of the C kind whose `i` is not declared declares it for the loop.

import KtapLanguage

/// Everything that the later passes need.
struct Resolution {
  var functions: [FunctionNode]
  /// Variables that a nested function uses.
  var capturedVariables: [Variable]
  /// Variables that are initialised with a function, or with a table.
  var boundVariables: [Variable]
  var tableVariables: [Variable]
  var sites: [TableSiteNode]
  var events: [EventDeclaration]
  /// Builtins that keep no table which they are passed.
  var harmlessBuiltins: Set<String>
  /// A builtin is used that can make a handler of any function.
  var attachesFunctions: Bool
}

/// Limits of a function; each has a message of its own.
enum CompilerLimit {
  static let locals = 200
  static let captures = 60
  /// Of the tree. The parser refuses more than 200 nested constructs, but a chain such as `f()()()` makes a tree that is
  /// deeper than it looks; this bounds the recursion of the compiler for every tree.
  static let depth = 1_500
  static let constants = 65_536
  static let nestedFunctions = 65_536
  static let tableSites = 65_536
  static let events = 32_768
  static let builtins = 256
}

final class Resolver {
  let builtins: BuiltinCatalogue
  var diagnostics: [Diagnostic] = []
  var functions: [FunctionNode] = []
  var capturedVariables: [Variable] = []
  var boundVariables: [Variable] = []
  var tableVariables: [Variable] = []
  var sites: [TableSiteNode] = []
  var events: [EventDeclaration] = []
  var attachesFunctions = false

  var scopes: [Scope] = []
  var frames: [Frame] = []
  var depth = 0
  private var scopeCount = 0
  private var reported: Set<ReportedName> = []

  init(builtins: BuiltinCatalogue) { self.builtins = builtins }

  /// A function whose text is being read.
  struct Frame {
    var function: FunctionNode
    /// The bodies of the loops around the current statement.
    var loops: [Scope] = []
    var activeLocals = 0
    var hasTooManyLocals = false
    var hasTooManyCaptures = false
  }

  /// A block whose text is being read.
  final class Scope {
    let identifier: Int
    let function: FunctionNode
    var names: [String: Variable] = [:]
    /// Functions that the block declares later.
    var pending: [String: [Variable]] = [:]
    /// All functions that the block declares.
    var declaredFunctions: [Variable] = []
    var statement = 0
    var localCount = 0
    /// The first statement that can continue the loop whose body this is.
    var firstContinue: Int?
    /// The condition after the body is being read.
    var isInCondition = false

    init(_ identifier: Int, function: FunctionNode) {
      self.identifier = identifier
      self.function = function
    }
  }

  private struct ReportedName: Hashable {
    var name: String
    var line: Int32
  }

  func resolve(_ tree: SyntaxTree) -> Resolution {
    let position = SourcePosition(line: 1, column: 1, offset: 0)
    _ = function(name: "main chunk", parameters: [], body: tree.chunk, position: position, handles: nil)
    if sites.count > CompilerLimit.tableSites {
      report("more than \(CompilerLimit.tableSites) places that make a table", at: sites.last!.position)
    }
    if events.count > CompilerLimit.events {
      report("more than \(CompilerLimit.events) handlers", at: tree.chunk.end)
    }
    return Resolution(
      functions: functions, capturedVariables: capturedVariables, boundVariables: boundVariables,
      tableVariables: tableVariables, sites: sites, events: events,
      harmlessBuiltins: builtins.pure.union(Self.tableReaders), attachesFunctions: attachesFunctions)
  }

  /// Builtins that read or empty a table without keeping it.
  private static let tableReaders: Set<String> = [
    "print", "print_hist", "pairs", "sort_pairs", "len", "delete", "json",
  ]

  var current: FunctionNode { frames[frames.count - 1].function }

  // MARK: Functions and blocks

  func function(
    name: String, parameters: [DeclaredName], body: Block, position: SourcePosition, handles: EventDeclaration.Kind?,
    itself: Variable? = nil
  ) -> FunctionNode {
    let node = FunctionNode(
      functions.count, name: name, position: position, parent: frames.last?.function, handles: handles)
    node.itself = itself
    functions.append(node)
    frames.append(Frame(function: node))
    let scope = openScope()
    node.parameters = parameters.map { declare($0, statement: -1) }
    node.body = statements(of: body, in: scope)
    closeScope(&node.body)
    frames.removeLast()
    return node
  }

  func openScope() -> Scope {
    scopeCount += 1
    let scope = Scope(scopeCount, function: current)
    scopes.append(scope)
    return scope
  }

  func closeScope(_ block: inout ResolvedBlock) {
    let scope = scopes.removeLast()
    block.hoists = hoistPoints(of: scope)
    frames[frames.count - 1].activeLocals -= scope.localCount
  }

  /// A block with a scope of its own.
  func block(_ block: Block) -> ResolvedBlock {
    let scope = openScope()
    var resolved = statements(of: block, in: scope)
    closeScope(&resolved)
    return resolved
  }

  /// The statements of a block whose scope is open.
  func statements(of block: Block, in scope: Scope) -> ResolvedBlock {
    var resolved = ResolvedBlock(statements: [], hoists: [:], end: block.end)
    depth += 1
    defer { depth -= 1 }
    guard depth <= CompilerLimit.depth else {
      reportNesting(at: block.statements.first?.position ?? block.end)
      return resolved
    }
    for (index, statement) in block.statements.enumerated() {
      guard case .function(let name, _) = statement.kind else { continue }
      let variable = Variable(
        name.text, at: name.position, owner: current, scope: scope.identifier, statement: index,
        isTopLevel: scopes.count == 1, isFunction: true)
      scope.pending[name.text, default: []].append(variable)
      scope.declaredFunctions.append(variable)
    }
    // `pending` is taken from its end.
    for name in scope.pending.keys { scope.pending[name]!.reverse() }
    resolved.statements.reserveCapacity(block.statements.count)
    for (index, statement) in block.statements.enumerated() {
      scope.statement = index
      resolved.statements.append(self.statement(statement))
    }
    return resolved
  }

  // MARK: Diagnostics

  func report(_ message: String, at position: SourcePosition, near: String? = nil, suggestion: String? = nil) {
    diagnostics.append(Diagnostic(.error, message, at: position, near: near, suggestion: suggestion))
  }

  /// Reports something about a name, once a line.
  func report(_ message: String, about name: String, at position: SourcePosition, suggestion: String? = nil) {
    guard reported.insert(ReportedName(name: name, line: position.line)).inserted else { return }
    report(message, at: position, near: name, suggestion: suggestion)
  }

  func reportNesting(at position: SourcePosition) {
    report("this is nested too deeply", about: "", at: position)
  }
}
