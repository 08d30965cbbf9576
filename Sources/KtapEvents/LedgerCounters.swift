// What became of every record, counted where it happens.
//
// A worker counts in memory of its own: a row for its CPU's records and a row for each probe, each two cache lines long,
// plain additions without lock or atomic. Nobody else reads them before the worker stands still; then `Ledger` merges
// them with what the kernel counted.
//
// A record is counted twice, because it can be delivered to no, one or several probes: `seen` and one `record` for the
// record, one `deliver` for each probe. Everything a record can come to is one `LedgerOutcome`; what a handler lost while
// it ran all the same (an entry that found no room in a table) is a `LedgerCut` and not part of the sum.
//
// Unsafe: raw memory of `rowCount` rows. Invariant: a probe's index is below the probe count that the memory was made
// for (checked in debug builds), and the memory lives until `deallocate`.

/// What became of a record that was read; of several probes' outcomes the first in this order is the record's.
public enum LedgerOutcome: Int, CaseIterable, Sendable, Hashable {
  case handled
  /// Its handler ended in an error.
  case scriptError
  /// It happened while a handler ran on the same CPU, because of the handler.
  case recursion
  /// It came when tracing had ended.
  case late
  /// No known event, or too short to be one.
  case undecodable
  /// The event definition's filter said no.
  case filteredByScript
  /// Of a task that is not traced.
  case filteredByTask
  /// Of the tracer itself.
  case filteredSelf
  /// Recorded only to know the tasks' names.
  case notWanted
  /// It came after the script had ended tracing.
  case afterEnd

  public var isFiltered: Bool { rawValue >= Self.filteredByScript.rawValue }
  /// Read and lost all the same.
  public var isDropped: Bool { self != .handled && !isFiltered }
}

/// What a handler lost while it ran.
public enum LedgerCut: Int, CaseIterable, Sendable, Hashable {
  /// A new key found no room.
  case tableFull
  /// A string of the event was longer than a string can be.
  case stringCut
}

/// One worker's counters.
@frozen public struct LedgerCounters: @unchecked Sendable {
  @usableFromInline static var rowLength: Int { 16 }
  @usableFromInline static var cutSlot: Int { 10 }
  @usableFromInline static var seenSlot: Int { 12 }
  @usableFromInline static var gapSlot: Int { 13 }
  @usableFromInline static var missedSlot: Int { 14 }
  @usableFromInline static var damageSlot: Int { 15 }

  public let cpu: Int
  public let probeCount: Int
  @usableFromInline let rows: UnsafeMutablePointer<UInt64>

  /// All counters are 0.
  public init(cpu: Int, probeCount: Int) {
    self.cpu = cpu
    self.probeCount = probeCount
    let words = (probeCount + 1) * Self.rowLength
    let memory = UnsafeMutableRawPointer.allocate(byteCount: words * 8, alignment: 128)
    rows = memory.initializeMemory(as: UInt64.self, repeating: 0, count: words)
  }

  public func deallocate() { UnsafeMutableRawPointer(rows).deallocate() }

  @inlinable @inline(__always)
  func row(_ probe: Int) -> UnsafeMutablePointer<UInt64> {
    assert(0..<probeCount ~= probe)
    return rows + (probe &+ 1) &* Self.rowLength
  }

  /// Records that came out of the decoder; may be counted a sub-buffer at a time.
  @inlinable @inline(__always)
  public func seen(_ count: UInt64 = 1) { rows[Self.seenSlot] &+= count }

  /// What became of a record as a whole.
  @inlinable @inline(__always)
  public func record(_ outcome: LedgerOutcome, _ count: UInt64 = 1) { rows[outcome.rawValue] &+= count }

  /// What became of a record at one of the probes that it was for.
  @inlinable @inline(__always)
  public func deliver(_ outcome: LedgerOutcome, to probe: Int, _ count: UInt64 = 1) {
    row(probe)[outcome.rawValue] &+= count
  }

  @inlinable
  public func cut(_ cut: LedgerCut, in probe: Int, _ count: UInt64 = 1) {
    rows[Self.cutSlot &+ cut.rawValue] &+= count
    row(probe)[Self.cutSlot &+ cut.rawValue] &+= count
  }

  /// What a sub-buffer said about records lost before it.
  public func missed(_ missed: MissedRecords) {
    switch missed {
    case .none: break
    case .some: rows[Self.gapSlot] &+= 1
    case .counted(let count): rows[Self.missedSlot] &+= count
    }
  }

  /// A sub-buffer whose rest could not be read: nobody knows how many records were in it.
  public func damaged() { rows[Self.damageSlot] &+= 1 }

  func outcomes(ofRow row: Int) -> LedgerTally {
    var tally = LedgerTally()
    let words = rows + row * Self.rowLength
    for outcome in LedgerOutcome.allCases { tally[outcome] = words[outcome.rawValue] }
    for cut in LedgerCut.allCases { tally[cut] = words[Self.cutSlot + cut.rawValue] }
    return tally
  }

  var seenCount: UInt64 { rows[Self.seenSlot] }
  var gapCount: UInt64 { rows[Self.gapSlot] }
  var missedCount: UInt64 { rows[Self.missedSlot] }
  var damageCount: UInt64 { rows[Self.damageSlot] }
}

/// Outcomes and cuts, added up.
public struct LedgerTally: Sendable, Hashable {
  private var outcomes = [UInt64](repeating: 0, count: LedgerOutcome.allCases.count)
  private var cuts = [UInt64](repeating: 0, count: LedgerCut.allCases.count)

  public init() {}

  public subscript(outcome: LedgerOutcome) -> UInt64 {
    get { outcomes[outcome.rawValue] }
    set { outcomes[outcome.rawValue] = newValue }
  }

  public subscript(cut: LedgerCut) -> UInt64 {
    get { cuts[cut.rawValue] }
    set { cuts[cut.rawValue] = newValue }
  }

  public var handled: UInt64 { self[.handled] }
  public var filtered: UInt64 { sum { $0.isFiltered } }
  public var dropped: UInt64 { sum { $0.isDropped } }
  public var total: UInt64 { sum { _ in true } }

  private func sum(_ isMeant: (LedgerOutcome) -> Bool) -> UInt64 {
    LedgerOutcome.allCases.reduce(0) { isMeant($1) ? $0 + self[$1] : $0 }
  }

  static func + (left: Self, right: Self) -> Self {
    var result = left
    for index in left.outcomes.indices { result.outcomes[index] += right.outcomes[index] }
    for index in left.cuts.indices { result.cuts[index] += right.cuts[index] }
    return result
  }
}
