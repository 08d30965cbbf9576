// What a synthetic event source makes, and its text form:
//
//     synthetic[:SETTING{,SETTING}]          no setting may be given twice; white space is not allowed
//
//     events=N          how many events happen, on all CPUs together (1M)
//     duration=TIME     … or until that much virtual time is over, whichever is first
//     rate=N            events a second of virtual time, on all CPUs together (1M)
//     gaps=exponential|fixed                 between two events of a CPU (exponential)
//     burst=ON/OFF      all events happen in the first ON of each ON + OFF of time; the rate stays what it is as a mean
//     seed=N            equal descriptions give equal bytes (1)
//     cpus=N            1…256 (2)
//     mix=SYS:EVENT[@WEIGHT]{+SYS:EVENT[@WEIGHT]}   globs; an event's weights add up; @0 takes it out (see `defaultMix`)
//     tasks=DIST        threads, and which of them runs (uniform(64))
//     threads=N         of one process (1)
//     names=N           different command names (16)
//     keys=DIST         the values of integer fields that have no meaning of their own (zipf(0.99,1000))
//     field.NAME=DIST   the values of the integer fields NAME
//     loss=every(N,K[,HOW])|random(P[,HOW])  drop K sub-buffers after each N, or each with probability P
//     page=N            bytes of a sub-buffer, 512…65536 (4096)
//     prepare=N         make N sub-buffers a CPU when the source is opened, and replay them (0: make each when it is read)
//
//     N     digits, `_` between them, a decimal point, an exponent, and one of k M G T: 1000000, 1_000_000, 1e6, 1M, 1.5k
//     TIME  N and one of ns us ms s m: 1.5ms
//     DIST  N (uniform), uniform(N), zipf(SKEW,N), hot(SHARE,N), constant(N); before the `)`: `,scattered`
//     HOW   flagged     the next sub-buffer says that events were lost, not how many: what a kernel does with full pages
//           counted     it says how many as well
//           silent      nothing says so but the counts at the end: what a kernel does that keeps the oldest events
//
// Events that have a partner (`sys_enter_X` and `sys_exit_X` of one task) alternate on each task if both are in the mix;
// what the events of one task say is consistent, so that a latency script has something to measure. An event that is in
// the mix but not selected by the script happens all the same and is not recorded: what is recorded of the others does
// not depend on it.

/// A synthetic event source's parameters.
public struct SyntheticDescription: Sendable, Hashable {
  /// Events and how often they happen.
  public struct Share: Sendable, Hashable {
    /// A glob.
    public var system: String
    /// A glob.
    public var event: String
    /// Of each event that the globs match; 0 takes the event out.
    public var weight: UInt32

    public init(system: String, event: String, weight: UInt32 = 1) {
      self.system = system
      self.event = event
      self.weight = weight
    }
  }

  public enum Gaps: String, Sendable, Hashable, CaseIterable { case exponential, fixed }

  /// All events happen in the first `on` of each `on + off` nanoseconds.
  public struct Burst: Sendable, Hashable {
    public var on: UInt64
    public var off: UInt64

    public init(on: UInt64, off: UInt64) {
      self.on = on
      self.off = off
    }
  }

  public struct Loss: Sendable, Hashable {
    public enum Pattern: Sendable, Hashable {
      /// After each `kept` sub-buffers, `lost` are lost.
      case every(kept: UInt32, lost: UInt32)
      /// Each sub-buffer is lost with this probability, below 1.
      case random(Double)
    }
    public enum Report: String, Sendable, Hashable, CaseIterable { case flagged, counted, silent }

    public var pattern: Pattern
    public var report: Report

    public init(_ pattern: Pattern, report: Report = .flagged) {
      self.pattern = pattern
      self.report = report
    }
  }

  public static let maximumCPUs = 256
  public static let maximumTasks: UInt64 = 1 << 20
  public static let subBufferSizes = 512...65536
  /// Of all CPUs together.
  public static let maximumPreparedBytes = 1 << 30
  /// Of all Zipf distributions together: 128 MiB of tables.
  public static let maximumZipfColumns: UInt64 = 1 << 24
  /// Every event of the catalogue, the system calls eight times as often.
  public static let defaultMix = [
    Share(system: "*", event: "*"), Share(system: "syscalls", event: "*", weight: 7),
  ]

  public var events: UInt64 = 1_000_000
  /// Nanoseconds of virtual time.
  public var duration: UInt64?
  /// Events a second, 1…10^9 for each CPU.
  public var rate: UInt64 = 1_000_000
  public var gaps = Gaps.exponential
  public var burst: Burst?
  public var seed: UInt64 = 1
  public var cpus = 2
  public var mix = defaultMix
  public var tasks = Distribution(.uniform(count: 64))
  public var threads: UInt64 = 1
  public var names: UInt64 = 16
  public var keys = Distribution(.zipf(skew: 0.99, count: 1000))
  /// By field name, sorted.
  public var fields: [Field] = []
  public var loss: Loss?
  public var subBufferSize = 4096
  public var prepared = 0

  public struct Field: Sendable, Hashable {
    public var name: String
    public var values: Distribution

    public init(name: String, values: Distribution) {
      self.name = name
      self.values = values
    }
  }

  public init() {}
}

/// What is wrong with the text of a description, and where.
public struct SyntheticDescriptionError: Error, Sendable, Hashable, CustomStringConvertible {
  public var message: String
  /// In bytes, from the beginning of the text.
  public var offset: Int

  public var description: String { "synthetic source: \(message)" }
}

extension SyntheticDescription: CustomStringConvertible {
  /// The text form with every setting in it; parsing it gives the same description.
  public var description: String {
    var settings = ["events=\(events)", "rate=\(rate)", "gaps=\(gaps.rawValue)", "seed=\(seed)", "cpus=\(cpus)"]
    if let duration { settings.append("duration=\(duration)ns") }
    if let burst { settings.append("burst=\(burst.on)ns/\(burst.off)ns") }
    settings.append("mix=" + mix.map { "\($0.system):\($0.event)@\($0.weight)" }.joined(separator: "+"))
    settings += ["tasks=\(tasks)", "threads=\(threads)", "names=\(names)", "keys=\(keys)"]
    settings += fields.map { "field.\($0.name)=\($0.values)" }
    if let loss {
      switch loss.pattern {
      case .every(let kept, let lost): settings.append("loss=every(\(kept),\(lost),\(loss.report.rawValue))")
      case .random(let probability): settings.append("loss=random(\(probability),\(loss.report.rawValue))")
      }
    }
    settings += ["page=\(subBufferSize)", "prepare=\(prepared)"]
    return "synthetic:" + settings.joined(separator: ",")
  }
}
