// What a user asked of a run.

import KtapEvents
import KtapRuntime
import KtapTiers

public struct SessionOptions: Sendable {
  public var script = ScriptOptions()
  /// `arg[0]`, `arg[1]`, …; those that are base-10 integers become numbers.
  public var arguments: [String] = []
  /// Processes to trace, with their threads and what they start; empty: everything.
  public var processes: [Int32] = []
  /// CPUs to trace; nil: all.
  public var cpus: [Int]?
  /// A command to start and trace.
  public var command: [String]?
  /// No line that says that tracing has begun.
  public var isQuiet = false
  /// Says on standard error what is attached and how.
  public var isVerbose = false
  /// Each line printed by a handler begins with the event's time.
  public var showsTime = false
  /// Events are recorded and read, but no handler runs: what attaching alone costs.
  public var isDryRun = false
  /// Keeps the events that the tracer's own threads cause.
  public var tracesSelf = false
  /// Handler errors to live with; one more ends tracing.
  public var errorLimit = 0
  /// Per CPU, in KiB.
  public var bufferKilobytes = 4096
  /// Where the script prints.
  public var output = OutputSink.descriptor(1)
  /// Written one byte when events are being recorded; -1: nobody waits.
  public var readyDescriptor: Int32 = -1

  public init() {}
}

/// How a run ended.
public struct SessionOutcome: Sendable {
  public enum Ending: Sendable, Equatable {
    /// The script, the user, the traced command or the source ended it.
    case normal
    /// A run-time error; it has been printed.
    case scriptError
    /// Told to end a second time, while `trace_end` ran.
    case interrupted
  }

  public var ending: Ending
  /// What became of every event.
  public var ledger: Ledger
  /// Ticks that were skipped because something took longer than their period.
  public var lateTicks: UInt64
  /// Exit status of the traced command, as a shell says it.
  public var commandStatus: Int32?
  /// Nothing was attached: the script only computed.
  public var tracedEvents: Bool
}
