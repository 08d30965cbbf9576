// The resolved tree: what the resolver makes of the syntax tree and the generator turns into code.
//
// Names have become variables, builtins or fields; constants are folded; sugar is gone. Chains of left-associative
// operators are flat lists, so that an expression of any length is walked without recursion; everything else is
// bounded by the nesting limit.
//
// Variables and functions are objects because facts about them (captured? assigned again? run by a handler?) come in
// while the rest of the script is read. Back references are unowned; `Resolution` keeps every function alive.

import KtapLanguage

/// A declared variable: one per declaration, however often the declaration runs.
final class Variable {
  let name: String
  let position: SourcePosition
  unowned let owner: FunctionNode
  /// The scope that declares it, and the index of its statement there.
  let scope: Int
  let statement: Int
  /// Declared in the main chunk's outermost block.
  let isTopLevel: Bool
  /// Declared by `function`.
  let isFunction: Bool

  /// A function other than its owner uses it.
  var isCaptured = false
  /// It is assigned after its initialisation.
  var isReassigned = false
  /// It is made before this statement of its scope although its declaration comes later, because something that runs
  /// before the declaration can see it.
  var earlyAt: Int?
  /// A function declaration that is made before this statement of its scope.
  var hoistedAt: Int?
  /// The function that it holds from its initialisation on.
  unowned var function: FunctionNode?
  /// It is used otherwise than by calling it.
  var isUsedAsValue = false
  /// Functions that assign it after its initialisation.
  var assigners: [FunctionNode.Identifier] = []
  /// The table that it is initialised with.
  var site: TableSiteNode?
  /// How the table is used; recorded for variables with a site only.
  var tableUses: [TableUse] = []

  /// Handlers on several CPUs may assign it.
  var isShared = false
  /// Where the generator put it.
  var register = -1

  init(
    _ name: String, at position: SourcePosition, owner: FunctionNode, scope: Int, statement: Int, isTopLevel: Bool,
    isFunction: Bool = false
  ) {
    self.name = name
    self.position = position
    self.owner = owner
    self.scope = scope
    self.statement = statement
    self.isTopLevel = isTopLevel
    self.isFunction = isFunction
  }

  /// It lives in a cell, because closures and its owner have to see each other's assignments.
  var isCell: Bool { isCaptured && (isReassigned || earlyAt != nil) }
}

/// One use of a variable that holds a table.
struct TableUse {
  enum Kind {
    /// `t[k] += n` or `-=`.
    case add
    /// Another compound assignment of an element.
    case update
    /// `t[k]` is read.
    case read
    /// `t[k] = v`; whether v can only be a number or nil.
    case store(isNumeric: Bool)
    /// An argument of a builtin.
    case argument(of: String)
    /// Anything else: from then on it is not known who holds the table.
    case value
  }

  var kind: Kind
  var function: FunctionNode.Identifier
  var line: Int32
}

/// A function, a handler's body, or the main chunk.
final class FunctionNode {
  typealias Identifier = Int

  let identifier: Identifier
  let name: String
  let position: SourcePosition
  unowned let parent: FunctionNode?
  /// What it handles, if it is a handler's body.
  let handles: EventDeclaration.Kind?

  var parameters: [Variable] = []
  var body = ResolvedBlock()
  /// Variables of enclosing functions that it uses, or hands to its own nested functions.
  var captures: [Variable] = []
  var captureIndexes: [ObjectIdentifier: Int] = [:]
  /// The variable of a `function f` declaration.
  var itself: Variable?

  // For the analysis of calls.
  var calledVariables: [Variable] = []
  var calledFunctions: [Identifier] = []
  var callsUnknown = false
  /// It is used as a value: what calls something unknown may call it.
  var escapes = false
  /// What its own instructions touch, and after the analysis also what its callees touch.
  var effects: HandlerEffects = []
  /// A `trace` or `profile` handler may run it.
  var isRunByHandlers = false

  init(
    _ identifier: Identifier, name: String, position: SourcePosition, parent: FunctionNode?,
    handles: EventDeclaration.Kind?
  ) {
    self.identifier = identifier
    self.name = name
    self.position = position
    self.parent = parent
    self.handles = handles
  }

  /// It refers to itself by a name that is never assigned again, and needs no captured variable for that.
  func isItself(_ variable: Variable) -> Bool { itself === variable && !variable.isReassigned }

  /// Whether the captured variable is a cell as this function sees it.
  func seesCell(_ variable: Variable) -> Bool {
    var function = self
    while true {
      if function.isItself(variable) { return false }
      guard let parent = function.parent, parent !== variable.owner else { return variable.isCell }
      function = parent
    }
  }
}

/// A place where a table is made.
final class TableSiteNode {
  let index: Int
  let position: SourcePosition
  var name: String?
  var arrayCapacity = 0
  var recordCapacity = 0
  /// A reason that lies in how it is made.
  var refusal: String?

  init(index: Int, position: SourcePosition) {
    self.index = index
    self.position = position
  }
}

struct ResolvedBlock {
  var statements: [ResolvedStatement] = []
  /// What is made before a statement runs, by the statement's index.
  var hoists: [Int: HoistPoint] = [:]
  var end = SourcePosition.none
}

/// Variables and functions that are made before a statement, because it or a function it calls can see them.
struct HoistPoint {
  var variables: [Variable] = []
  /// Ordered so that a function comes behind those that it captures, where that is possible.
  var functions: [Variable] = []
}

struct ResolvedStatement {
  indirect enum Kind {
    case declare([Variable], values: [Node])
    /// A function declaration; nothing happens at its text if it was hoisted.
    case function(Variable)
    case assign([Target], values: [Node])
    case compound([Target], Operation, values: [Node])
    case effect(Node)
    case conditional([(condition: Node, body: ResolvedBlock)], otherwise: ResolvedBlock?)
    case whileLoop(Node, ResolvedBlock)
    case repeatLoop(ResolvedBlock, until: Node)
    case numericFor(Variable, from: Node, to: Node, step: Node, ResolvedBlock)
    case classicFor(initial: ResolvedStatement?, condition: Node?, step: ResolvedStatement?, ResolvedBlock)
    case iteration([Variable], Node, ResolvedBlock)
    case breakLoop
    case continueLoop
    case returnValue(Node?)
    case handler(event: Int, FunctionNode)
    case unsupported(String)
  }

  var kind: Kind
  var position: SourcePosition
}

enum Target {
  case variable(Variable, SourcePosition)
  case element(Node, key: Node, SourcePosition)
}

struct Comparison {
  /// EQ, LT or LE.
  var operation: Operation
  /// The result is the opposite.
  var isNegated: Bool
  /// The operands stand the other way round; they are evaluated as written.
  var isSwapped: Bool
}

struct ArithmeticStep {
  var operation: Operation
  var operand: Node
  var position: SourcePosition
}

struct ResolvedItem {
  var key: Node
  var value: Node
}

/// A resolved expression.
struct Node {
  indirect enum Kind {
    case constant(Constant)
    case variable(Variable)
    /// A builtin that is not called but used as a value.
    case builtin(String)
    case context(ContextItem)
    case field(Constant)
    case index(Node, key: Node)
    case call(Node, [Node])
    case methodCall(Node, name: String, [Node])
    case builtinCall(String, [Node])
    case makeTable([Node], TableSiteNode)
    case unary(UnaryOperator, Node)
    case arithmetic(Node, [ArithmeticStep])
    case comparison(Comparison, Node, Node)
    /// `&&` (true) or `||` of two or more.
    case logical(isAnd: Bool, [Node])
    case concatenate([Node])
    case table([ResolvedItem], TableSiteNode)
    case closure(FunctionNode)
    /// A call in parentheses, which is no tail call.
    case grouped(Node)
    /// Fails when it is run.
    case unsupported(String)
  }

  var kind: Kind
  var position: SourcePosition

  init(_ kind: Kind, at position: SourcePosition) {
    self.kind = kind
    self.position = position
  }

  var constant: Constant? {
    if case .constant(let constant) = kind { return constant }
    return nil
  }

  /// It can have no other value than a number or nil, or fails.
  var isNumericOrNil: Bool {
    switch kind {
    case .constant(.number), .constant(.nilValue), .arithmetic, .unary(.negate, _), .unary(.complement, _): true
    case .grouped(let inner): inner.isNumericOrNil
    default: false
    }
  }
}
