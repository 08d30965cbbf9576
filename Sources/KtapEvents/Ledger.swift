// The ledger: every event that the kernel recorded is handled, filtered, dropped or still unread, and the sum is checked.
//
//     written = seen + overwritten + left unread             as the kernel counts
//     seen    = handled + filtered + dropped after reading   as the workers count
//     lost    = overwritten + not written (ring full, commit overrun) + dropped after reading
//
// In: the workers' counters, once they stand still, and the source's statistics. Out: sums by CPU, by probe and by
// cause, whether they balance, and text or JSON to show them.
//
// What nobody counted is unknown and stays unknown in every sum: a loss of which only a flag tells makes the sum "at
// least", never a smaller number that looks exact.

/// A count that may be known only from below.
public struct LedgerCount: Sendable, Hashable {
  public var atLeast: UInt64
  public var isExact: Bool

  public init(_ atLeast: UInt64, isExact: Bool = true) {
    self.atLeast = atLeast
    self.isExact = isExact
  }

  /// Nil is unknown.
  public init(_ count: UInt64?) { self.init(count ?? 0, isExact: count != nil) }

  public static let unknown = LedgerCount(nil)
  /// Known to be nothing.
  public var isNone: Bool { isExact && atLeast == 0 }

  public static func + (left: Self, right: Self) -> Self {
    Self(left.atLeast + right.atLeast, isExact: left.isExact && right.isExact)
  }
}

/// Whether the counts add up.
public enum LedgerBalance: Sendable, Hashable {
  case balanced
  /// What would have to be known to say it.
  case unknown(String)
  /// Accounted for minus counted.
  case off(Int64)
}

public struct Ledger: Sendable, Hashable {
  /// One CPU's records.
  public struct CPU: Sendable, Hashable {
    public var cpu: Int
    /// Records read.
    public var seen: UInt64
    public var tally: LedgerTally
    /// The kernel's counts; nil is unknown.
    public var statistics: StreamStatistics
    /// Recorded and never read; nil is unknown.
    public var unread: UInt64?
    /// Sub-buffers that said that records were lost before them, but not how many.
    public var gaps: UInt64
    /// Records that sub-buffers said were lost before them.
    public var missed: UInt64
    /// Sub-buffers that could not be read to their end.
    public var damaged: UInt64
  }

  public struct Probe: Sendable, Hashable {
    public var name: String
    public var tally: LedgerTally
    /// Records that were meant for it.
    public var seen: UInt64 { tally.total }
  }

  /// A table that was full.
  public struct Table: Sendable, Hashable {
    public var name: String
    /// Insertions that found no room.
    public var dropped: UInt64

    public init(name: String, dropped: UInt64) {
      self.name = name
      self.dropped = dropped
    }
  }

  /// Sorted by number.
  public var cpus: [CPU]
  public var probes: [Probe]
  public var tables: [Table]

  /// Merges what the workers counted.
  /// - Parameters:
  ///   - counters: of workers that stand still, all with the same probes.
  ///   - probes: their names.
  ///   - statistics: of the source; a CPU without is unknown.
  ///   - unread: by CPU, records left in the kernel; a CPU without is unknown.
  ///   - tables: those that dropped something.
  public init(
    counters: [LedgerCounters], probes: [String], statistics: [StreamStatistics], unread: [Int: UInt64],
    tables: [Table] = []
  ) {
    var merged: [Int: CPU] = [:]
    func make(_ cpu: Int) -> CPU {
      CPU(
        cpu: cpu, seen: 0, tally: LedgerTally(),
        statistics: statistics.first { $0.cpu == cpu } ?? StreamStatistics(cpu: cpu), unread: unread[cpu], gaps: 0,
        missed: 0, damaged: 0)
    }
    for statistics in statistics { merged[statistics.cpu] = make(statistics.cpu) }
    self.probes = probes.map { Probe(name: $0, tally: LedgerTally()) }
    for worker in counters {
      precondition(worker.probeCount == probes.count, "counters of another set of probes")
      var cpu = merged[worker.cpu] ?? make(worker.cpu)
      cpu.seen += worker.seenCount
      cpu.tally = cpu.tally + worker.outcomes(ofRow: 0)
      cpu.gaps += worker.gapCount
      cpu.missed += worker.missedCount
      cpu.damaged += worker.damageCount
      merged[worker.cpu] = cpu
      for index in probes.indices {
        self.probes[index].tally = self.probes[index].tally + worker.outcomes(ofRow: index + 1)
      }
    }
    cpus = merged.values.sorted { $0.cpu < $1.cpu }
    self.tables = tables
  }
}

// MARK: Losses

/// Why an event was lost before a handler could see it.
public enum LedgerCause: Int, CaseIterable, Sendable, Hashable {
  case ringOverwrite, ringFull, commitOverrun, damaged, scriptError, recursion, late, undecodable
}

extension Ledger.CPU {
  public func lost(by cause: LedgerCause) -> LedgerCount {
    switch cause {
    case .ringOverwrite:
      // The kernel's own count is exact; without it, flags and stored counts say what they can.
      if let overwritten = statistics.overwritten { return LedgerCount(overwritten) }
      return LedgerCount(missed, isExact: false)
    case .ringFull: return LedgerCount(statistics.dropped)
    case .commitOverrun: return LedgerCount(statistics.commitOverrun)
    case .damaged: return LedgerCount(0, isExact: damaged == 0)
    case .scriptError: return LedgerCount(tally[.scriptError])
    case .recursion: return LedgerCount(tally[.recursion])
    case .late: return LedgerCount(tally[.late])
    case .undecodable: return LedgerCount(tally[.undecodable])
    }
  }

  public var lost: LedgerCount { LedgerCause.allCases.reduce(LedgerCount(0)) { $0 + lost(by: $1) } }

  /// Both sums at the top of this file.
  public var balance: LedgerBalance {
    let accounted = Int64(tally.total) - Int64(seen)
    if accounted != 0 { return .off(accounted) }
    guard let written = statistics.written else { return .unknown("how many events were recorded") }
    guard let overwritten = statistics.overwritten else { return .unknown("how many events were overwritten") }
    guard let unread else { return .unknown("how many events were left unread") }
    if damaged > 0 { return .unknown("how many events the damaged sub-buffers held") }
    let difference = Int64(seen + overwritten + unread) - Int64(written)
    return difference == 0 ? .balanced : .off(difference)
  }
}

extension Ledger {
  public var seen: UInt64 { cpus.reduce(0) { $0 + $1.seen } }
  /// Of all CPUs.
  public var tally: LedgerTally { cpus.reduce(LedgerTally()) { $0 + $1.tally } }

  public func lost(by cause: LedgerCause) -> LedgerCount { cpus.reduce(LedgerCount(0)) { $0 + $1.lost(by: cause) } }

  public var lost: LedgerCount { cpus.reduce(LedgerCount(0)) { $0 + $1.lost } }

  /// The worst of the CPUs': one that is off, else one that is not known.
  public var balance: LedgerBalance {
    var result = LedgerBalance.balanced
    for cpu in cpus {
      switch cpu.balance {
      case .balanced: break
      case .unknown(let what): result = .unknown(what)
      case .off(let difference): return .off(difference)
      }
    }
    return result
  }

  /// The kernel's and the workers' counts are known and agree on every CPU.
  public var balances: Bool { balance == .balanced }

  /// Every event was handled or filtered, and no handler lost a part of one.
  public var isComplete: Bool {
    lost.isNone && tables.isEmpty && LedgerCut.allCases.allSatisfy { tally[$0] == 0 }
  }
}
