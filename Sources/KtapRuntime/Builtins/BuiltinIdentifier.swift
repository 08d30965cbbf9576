// The builtins by number: what a tier calls, after the loader has looked the names up once.

/// A builtin; the raw value is an index into `builtinTable` and the payload of a `Tag.builtin` value.
///
/// The numbers are good for one process only: program files import builtins by name.
public enum BuiltinIdentifier: UInt8, Sendable, CaseIterable {
  // Output.
  case print, printf, printHistogram, printTraceClock
  // Tables.
  case pairs, sortPairs, length, delete, tableNew, json
  // Text.
  case stringOf, stringSub, stringFind, stringByte, stringCharacter, stringUpper, stringLower, stringFormat
  case stringToNumber, stringSplit
  // Numbers.
  case mathMin, mathMax, mathAbs, mathLog2
  // The machine, time, the run.
  case exit, cpuCount, architecture, kernelVersion
  case timeNanoseconds, timeMicroseconds, timeMilliseconds, timeSeconds
  case clearScreen, setColor, setColor2, setColor3, resetColor, newLine
  // Of a later version.
  case stack, userStack, addressOf, userString, kernelString, currentTaskInfo, inIOWait, inInterrupt
  case count, sum, average, minimum, maximum, standardDeviation, percentile, quantize, linearQuantize
  case traceById, traceEnd, tracepoint, kprobe, timerTick, timerProfile
  case socketSource, socketDestination, formatAddress
  // Called by compiled code, never by name.
  case attach, describeTable, makeTuple, scriptArguments, unsupported

  /// As a script writes it.
  public var name: String { builtinTable[Int(rawValue)].name }

  /// The builtin that a program imports under this name.
  public init?(name: String) {
    guard let identifier = Self.byName[name] else { return nil }
    self = identifier
  }

  private static let byName = Dictionary(uniqueKeysWithValues: builtinTable.map { ($0.name, $0.identifier) })
}

extension BuiltinIdentifier {
  /// The builtin that a value of type `builtin` stands for. Only `Value.init(_: BuiltinIdentifier)` makes such values,
  /// so the number is always one of a builtin.
  public init(value: Value) { self = BuiltinIdentifier(rawValue: UInt8(truncatingIfNeeded: value.payload)) ?? .exit }
}

extension Value {
  /// A builtin as a value, as in `var f = print`.
  @inlinable public init(_ builtin: BuiltinIdentifier) {
    self.init(payload: Int64(builtin.rawValue), tag: .builtin)
  }
}

/// What running a builtin touches, apart from its arguments.
public struct BuiltinEffects: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Prints.
  public static let output = BuiltinEffects(rawValue: 1 << 0)
  /// Changes a table that it is given, or keeps an argument beyond the call.
  public static let changesArguments = BuiltinEffects(rawValue: 1 << 1)
  /// The result is a new table or iterator.
  public static let makesTable = BuiltinEffects(rawValue: 1 << 2)
  /// The result differs with time, event or machine: calls cannot be folded.
  public static let readsWorld = BuiltinEffects(rawValue: 1 << 3)
  /// Ends the invocation.
  public static let endsInvocation = BuiltinEffects(rawValue: 1 << 4)
}

/// One row of the table.
public struct BuiltinDescription: Sendable {
  public var identifier: BuiltinIdentifier
  /// `print`, `string.sub`, `%attach`.
  public var name: String
  /// The parameters as documentation shows them: `t [, n]`.
  public var parameters: String
  public var minimumArguments: Int
  /// nil: any number.
  public var maximumArguments: Int?
  /// What it does, in one line.
  public var summary: String
  /// A line of a script that uses it.
  public var example: String
  public var effects: BuiltinEffects
  /// False: a later version implements it, calling it is an error.
  public var isSupported: Bool

  /// Called by compiled code, never by name.
  public var isInternal: Bool { name.hasPrefix("%") }
}
