// What stands between `trace` and `{`: the events a handler wants, and its filter.
//
// In: the raw text. Out: one `EventPattern` per comma-separated part and at most one filter, which applies to all of
// them. The text itself is kept: a bytecode file carries it, because what it matches is decided where the script runs.

public struct EventDefinition: Sendable {
  /// The text as written, outer white space removed.
  public var text: String
  public var patterns: [EventPattern]
  public var filter: Filter?
  public var position: SourcePosition

  public init(text: String, patterns: [EventPattern], filter: Filter?, position: SourcePosition) {
    self.text = text
    self.patterns = patterns
    self.filter = filter
    self.position = position
  }
}

/// One part of an event definition.
public enum EventPattern: Sendable, Hashable {
  /// `SYS:EVENT`, globs in both.
  case tracepoint(system: String, event: String)
  /// `probe:FUNC [name=FETCH …]`, `probe:FUNC%return`.
  case kernelProbe(function: String, isReturn: Bool, fetch: String)
  /// `probe:/PATH:SYM[+OFF]`, `probe:/PATH:0xOFFSET`.
  case userProbe(path: String, location: String, isReturn: Bool, fetch: String)
  /// `sdt:/PATH:[PROVIDER:]NAME`.
  case marker(path: String, provider: String?, name: String)
  /// `ftrace:function`.
  case functionTracer
}

/// `tick-100ms`, `profile-99hz`.
public struct TimerDefinition: Sendable, Hashable {
  public enum Kind: UInt8, Sendable { case tick, profile }

  public var kind: Kind
  /// Between two calls, at least 1.
  public var periodNanoseconds: Int64
  /// As written, without the keyword and the dash: `100ms`.
  public var text: String
  public var position: SourcePosition

  public init(kind: Kind, periodNanoseconds: Int64, text: String, position: SourcePosition) {
    self.kind = kind
    self.periodNanoseconds = periodNanoseconds
    self.text = text
    self.position = position
  }
}

/// A predicate over an event's fields: `/prev_pid != 0 && (comm ~ "kw*" || cpu == 1)/`.
public indirect enum Filter: Sendable, Hashable {
  case compare(field: String, FilterComparison, FilterLiteral)
  case and(Filter, Filter)
  case or(Filter, Filter)
  case not(Filter)
}

public enum FilterComparison: UInt8, Sendable, Hashable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  /// `field & mask`: true if any bit of the mask is set.
  case anyBit
  /// `field ~ "glob"`.
  case glob
}

public enum FilterLiteral: Sendable, Hashable {
  case number(Int64)
  case string([UInt8])
}
