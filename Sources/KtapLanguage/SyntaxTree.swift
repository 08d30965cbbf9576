// The syntax tree: what the parser hands to the compiler.
//
// In: nothing but values. Out: the whole grammar of the language, also the parts that a tier does not run yet; the
// compiler decides what is supported, so that a script of a later version still parses and is refused at its line.
//
// Invariants: every node carries the position of the token that a reader would point at (the operator of a binary
// expression, the opening parenthesis of a call, the keyword of a statement). Sugar is removed where nothing is lost
// by it: `x++` arrives as `x += 1`, `else if` as `elseif`, `t.name` as an index by a string, and a body that is a
// single statement without braces as a block of one.

/// A place in the source: line and column count from 1, the column in bytes; `offset` counts bytes from 0.
public struct SourcePosition: Hashable, Sendable, Comparable {
  public var line: Int32
  public var column: Int32
  public var offset: Int32

  public init(line: Int32, column: Int32, offset: Int32) {
    self.line = line
    self.column = column
    self.offset = offset
  }

  /// Where something is that no source text stands behind.
  public static let none = SourcePosition(line: 0, column: 0, offset: 0)

  public static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
}

/// A name where it is declared.
public struct DeclaredName: Hashable, Sendable {
  public var text: String
  public var position: SourcePosition

  public init(_ text: String, at position: SourcePosition) {
    self.text = text
    self.position = position
  }
}

/// Statements between braces, or a whole file.
public struct Block: Sendable {
  public var statements: [Statement]
  /// Where the block ends: its closing brace, or the end of the file.
  public var end: SourcePosition

  public init(_ statements: [Statement], end: SourcePosition) {
    self.statements = statements
    self.end = end
  }
}

public struct Statement: Sendable {
  public var kind: Kind
  public var position: SourcePosition

  public init(_ kind: Kind, at position: SourcePosition) {
    self.kind = kind
    self.position = position
  }

  public indirect enum Kind: Sendable {
    /// `var a, b = 1, 2`; values may be fewer or more than names.
    case variables(names: [DeclaredName], values: [Expression])
    /// `function f(…) {…}`, local to the enclosing scope.
    case function(name: DeclaredName, body: FunctionBody)
    /// `a, t[k] = 1, 2`.
    case assignment(targets: [Expression], values: [Expression])
    /// `a += 1`, `t[k] <<= 2`, `a++`: one operator for all targets, which are paired with the values.
    case compound(targets: [Expression], operator: BinaryOperator, values: [Expression])
    /// `t[k] <<< v`.
    case aggregate(target: Expression, value: Expression)
    /// A call for its effect; the expression is a `.call` or a `.methodCall`.
    case call(Expression)
    /// `if`, each `elseif`, and `else`.
    case conditional(branches: [ConditionalBranch], otherwise: Block?)
    case whileLoop(condition: Expression, body: Block)
    /// `repeat … until (e)`: the condition sees the variables of the body.
    case repeatLoop(body: Block, until: Expression)
    /// `for (i = from, to, step)`: the bound is inclusive.
    case numericFor(variable: DeclaredName, from: Expression, to: Expression, step: Expression?, body: Block)
    /// `for (a; b; c)`.
    case classicFor(initial: Statement?, condition: Expression?, step: Statement?, body: Block)
    /// `for (k, v in e)`: one or two names.
    case iteration(names: [DeclaredName], iterator: Expression, body: Block)
    case breakLoop
    case continueLoop
    case returnValue(Expression?)
    /// `trace EVENTDEF {…}`: the definition's raw text between `trace` and `{`, and what was read from it.
    case trace(definition: EventDefinition, body: Block)
    case traceEnd(body: Block)
    /// `tick-1s {…}`, `profile-99hz {…}`.
    case timer(TimerDefinition, body: Block)
    /// `import "file.kp"`.
    case importFile(path: [UInt8])
  }
}

public struct ConditionalBranch: Sendable {
  public var condition: Expression
  public var body: Block

  public init(condition: Expression, body: Block) {
    self.condition = condition
    self.body = body
  }
}

public struct FunctionBody: Sendable {
  public var parameters: [DeclaredName]
  public var body: Block
  public var position: SourcePosition

  public init(parameters: [DeclaredName], body: Block, position: SourcePosition) {
    self.parameters = parameters
    self.body = body
    self.position = position
  }
}

public struct Expression: Sendable {
  public var kind: Kind
  public var position: SourcePosition

  public init(_ kind: Kind, at position: SourcePosition) {
    self.kind = kind
    self.position = position
  }

  public indirect enum Kind: Sendable {
    case nilLiteral
    case boolean(Bool)
    case number(Int64)
    case string([UInt8])
    /// A variable, a builtin or a library; which one, the resolver says.
    case name(String)
    /// `pid`, `probename`, …
    case context(ContextItem)
    /// `argN`.
    case argument(Int)
    /// `args.NAME`.
    case field(String)
    /// `t[k]`, `t.k`, and with several keys `t[a, b]`.
    case index(Expression, keys: [Expression])
    case call(Expression, arguments: [Expression])
    /// `t:m(a)`: passes `t` first.
    case methodCall(Expression, name: String, arguments: [Expression])
    case unary(UnaryOperator, Expression)
    case binary(BinaryOperator, Expression, Expression)
    case table([TableItem])
    case function(FunctionBody)
    /// `(e)`: kept because `return (f(x))` is not a tail call.
    case parenthesized(Expression)
  }
}

/// One item of a table constructor, in textual order.
public struct TableItem: Sendable {
  public enum Key: Sendable {
    /// The next of 1, 2, 3, …
    case positional
    case computed(Expression)
  }

  public var key: Key
  public var value: Expression

  public init(key: Key, value: Expression) {
    self.key = key
    self.value = value
  }
}

/// What the language knows about the event at hand and the task that caused it.
public enum ContextItem: UInt8, Sendable, CaseIterable {
  case pid, tid, uid, cpu, execname, probename, argstr

  /// The word in a script.
  public var word: String {
    switch self {
    case .pid: "pid"
    case .tid: "tid"
    case .uid: "uid"
    case .cpu: "cpu"
    case .execname: "execname"
    case .probename: "probename"
    case .argstr: "argstr"
    }
  }
}

public enum UnaryOperator: UInt8, Sendable, CaseIterable {
  case negate, not, complement

  public var symbol: String {
    switch self {
    case .negate: "-"
    case .not: "!"
    case .complement: "~"
    }
  }
}

public enum BinaryOperator: UInt8, Sendable, CaseIterable {
  case add, subtract, multiply, divide, modulo
  case bitAnd, bitOr, bitXor, shiftLeft, shiftRight
  case concatenate
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  case and, or

  public var symbol: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .modulo: "%"
    case .bitAnd: "&"
    case .bitOr: "|"
    case .bitXor: "^"
    case .shiftLeft: "<<"
    case .shiftRight: ">>"
    case .concatenate: ".."
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    case .and: "&&"
    case .or: "||"
    }
  }
}

/// A whole script.
public struct SyntaxTree: Sendable {
  public var chunk: Block

  public init(chunk: Block) { self.chunk = chunk }
}
