// A compiled script: what the compiler makes, the program file holds, the verifier checks and the tiers run.
//
// Portable: no addresses, no event ids, no field offsets. Event definitions stay text and are resolved where the
// program runs; builtins are imported by name; constants are values of the language.

public struct Program: Sendable, Hashable {
  /// The script's path, or `(command line)`; error messages begin with it.
  public var name: String
  /// Function 0 is the main chunk. A function's nested functions stand behind it.
  public var functions: [Function]
  /// What `trace`, `tick`, `profile` and `trace_end` blocks attach to; the `%attach` builtin takes an index into it.
  public var events: [EventDeclaration]
  /// Names of the builtins that the instructions call by index: `print`, `string.sub`, `%attach`.
  public var builtins: [String]
  public var tableSites: [TableSite]

  public init(
    name: String, functions: [Function] = [], events: [EventDeclaration] = [], builtins: [String] = [],
    tableSites: [TableSite] = []
  ) {
    self.name = name
    self.functions = functions
    self.events = events
    self.builtins = builtins
    self.tableSites = tableSites
  }
}

/// One function.
public struct Function: Sendable, Hashable {
  /// For tracebacks and listings: `main chunk`, a function's name, `trace sched:sched_switch`.
  public var name: String
  /// The line of its `function`, `trace`, … keyword.
  public var line: Int32
  /// Parameters are in registers 0…parameterCount-1.
  public var parameterCount: Int
  /// Registers used, at most 250. A callee's registers begin behind its function slot in the caller's.
  public var frameSize: Int
  public var upvalues: [UpvalueDescriptor]
  public var constants: [Constant]
  /// Indexes into `Program.functions` that CLOSURE's Bx selects from.
  public var nested: [Int]
  public var code: [UInt32]
  /// Where each word of `code` came from; as many as `code` has.
  public var positions: [CodePosition]
  /// Names of registers, for error messages.
  public var locals: [LocalName]
  public var effects: HandlerEffects

  public init(
    name: String, line: Int32, parameterCount: Int = 0, frameSize: Int = 0, upvalues: [UpvalueDescriptor] = [],
    constants: [Constant] = [], nested: [Int] = [], code: [UInt32] = [], positions: [CodePosition] = [],
    locals: [LocalName] = [], effects: HandlerEffects = []
  ) {
    self.name = name
    self.line = line
    self.parameterCount = parameterCount
    self.frameSize = frameSize
    self.upvalues = upvalues
    self.constants = constants
    self.nested = nested
    self.code = code
    self.positions = positions
    self.locals = locals
    self.effects = effects
  }
}

/// A line and a column, both from 1.
public struct CodePosition: Sendable, Hashable {
  public var line: Int32
  public var column: Int32

  public init(line: Int32, column: Int32) {
    self.line = line
    self.column = column
  }
}

/// Where a closure gets a captured variable from when CLOSURE runs.
public struct UpvalueDescriptor: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// A register of the enclosing function.
    case register(Int)
    /// A captured variable of the enclosing function.
    case upvalue(Int)
    /// The closure that is being made: a function that calls itself by name.
    case itself
  }

  public var source: Source
  /// It holds a cell, which GETUP and SETUP look through.
  public var isCell: Bool
  public var name: String

  public init(source: Source, isCell: Bool, name: String) {
    self.source = source
    self.isCell = isCell
    self.name = name
  }
}

public enum Constant: Sendable, Hashable {
  case nilValue
  case boolean(Bool)
  case number(Int64)
  case string([UInt8])
  /// A builtin as a value (`var f = print`): an index into `Program.builtins`.
  case builtin(Int)
}

/// A register's name while `pc` is in start..<end.
public struct LocalName: Sendable, Hashable {
  public var name: String
  public var register: Int
  public var start: Int
  public var end: Int

  public init(name: String, register: Int, start: Int, end: Int) {
    self.name = name
    self.register = register
    self.start = start
    self.end = end
  }
}

/// A place where a table is made: its name for reports, what to reserve, and whether CPUs may keep their own part.
public struct TableSite: Sendable, Hashable {
  /// The variable's name, or where it is made.
  public var name: String
  public var arrayCapacity: Int
  public var recordCapacity: Int
  /// Handlers only ever do `t[k] += n` (and `-=`) on it: each CPU keeps a part of its own and readers see the sum.
  public var isPerCPU: Bool
  /// Why it is, or why it is not: for `ktap explain`.
  public var reason: String

  public init(
    name: String, arrayCapacity: Int = 0, recordCapacity: Int = 0, isPerCPU: Bool = false, reason: String = ""
  ) {
    self.name = name
    self.arrayCapacity = arrayCapacity
    self.recordCapacity = recordCapacity
    self.isPerCPU = isPerCPU
    self.reason = reason
  }
}

/// What a `trace`, `tick`, `profile` or `trace_end` block attaches to.
public struct EventDeclaration: Sendable, Hashable {
  public enum Kind: UInt8, Sendable, CaseIterable { case trace, traceEnd, tick, profile }

  public var kind: Kind
  /// The event definition, or the interval; empty for `trace_end`.
  public var text: String
  public var line: Int32

  public init(kind: Kind, text: String, line: Int32) {
    self.kind = kind
    self.text = text
    self.line = line
  }
}

/// What running a function can touch, itself and all that it can call.
public struct HandlerEffects: OptionSet, Sendable, Hashable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Reads the event's fields or `argstr`.
  public static let readsFields = HandlerEffects(rawValue: 1 << 0)
  /// Uses `execname`.
  public static let usesExecname = HandlerEffects(rawValue: 1 << 1)
  /// Uses `pid` (the process id, which a record does not carry).
  public static let usesProcess = HandlerEffects(rawValue: 1 << 2)
  /// Uses `uid`.
  public static let usesUser = HandlerEffects(rawValue: 1 << 3)
}
