// The ledger as text: one line while all is well; where something was lost, or could not be counted, a table by CPU and
// one by probe with only the columns that say something.

extension LedgerCount: CustomStringConvertible {
  public var description: String {
    isExact ? "\(atLeast)" : atLeast == 0 ? "unknown" : "at least \(atLeast)"
  }
}

extension Ledger.Table: CustomStringConvertible {
  public var description: String { "table \(name): full, \(dropped) new key\(dropped == 1 ? "" : "s") dropped" }
}

extension LedgerCause {
  /// As a column's title.
  public var title: String {
    switch self {
    case .ringOverwrite: "ring overwrite"
    case .ringFull: "ring full"
    case .commitOverrun: "commit overrun"
    case .damaged: "damaged"
    case .scriptError: "script error"
    case .recursion: "recursion"
    case .late: "late"
    case .undecodable: "undecodable"
    }
  }
}

extension LedgerOutcome {
  public var title: String {
    switch self {
    case .handled: "handled"
    case .scriptError: LedgerCause.scriptError.title
    case .recursion: LedgerCause.recursion.title
    case .late: LedgerCause.late.title
    case .undecodable: LedgerCause.undecodable.title
    case .filteredByScript: "filter"
    case .filteredByTask: "other task"
    case .filteredSelf: "tracer itself"
    case .notWanted: "not asked for"
    case .afterEnd: "after the end"
    }
  }
}

extension LedgerCut {
  public var title: String {
    switch self {
    case .tableFull: "table full"
    case .stringCut: "string cut"
    }
  }
}

extension Ledger {
  /// One line, without its end: `1000 events: 900 handled, 100 filtered, none lost`.
  public var summary: String {
    let tally = self.tally
    var parts = ["\(tally.handled) handled"]
    if tally.filtered > 0 { parts.append("\(tally.filtered) filtered") }
    let lost = self.lost
    if lost.isNone {
      parts.append("none lost")
    } else if lost.isExact || lost.atLeast > 0 {
      parts.append("\(lost) lost")
    } else {
      parts.append("how many were lost is unknown")
    }
    return "\(seen) event\(seen == 1 ? "" : "s"): \(parts.joined(separator: ", "))"
  }

  /// Lines that each end in a line feed: the summary alone if nothing was lost and all counts add up, else what is wrong
  /// and where.
  public var text: String {
    var lines = [summary]
    if !isComplete || !balances {
      lines += cpuTable
      if probes.count > 1 { lines += probeTable }
    }
    for cpu in cpus {
      switch cpu.balance {
      case .balanced: break
      case .unknown(let what): lines.append("CPU \(cpu.cpu): cannot be checked, because it is unknown \(what)")
      case .off(let difference):
        let count = difference.magnitude
        lines.append(
          "CPU \(cpu.cpu): the counts do not add up, \(count) event\(count == 1 ? " is" : "s are") "
            + (difference < 0 ? "missing" : "too many"))
      }
      if cpu.gaps > 0, cpu.statistics.overwritten == nil {
        lines.append("CPU \(cpu.cpu): events were lost at \(cpu.gaps) place\(cpu.gaps == 1 ? "" : "s")")
      }
      if cpu.damaged > 0 {
        lines.append(
          "CPU \(cpu.cpu): \(cpu.damaged) sub-buffer\(cpu.damaged == 1 ? "" : "s") could not be read to the end")
      }
    }
    lines += tables.map(\.description)
    return lines.map { $0 + "\n" }.joined()
  }

  private var cpuTable: [String] {
    var columns: [(title: String, cell: (CPU) -> LedgerCount)] = [
      ("recorded", { LedgerCount($0.statistics.written) }), ("seen", { LedgerCount($0.seen) }),
      ("handled", { LedgerCount($0.tally.handled) }), ("filtered", { LedgerCount($0.tally.filtered) }),
    ]
    for cause in LedgerCause.allCases where !lost(by: cause).isNone {
      columns.append((cause.title, { $0.lost(by: cause) }))
    }
    for cut in LedgerCut.allCases where tally[cut] > 0 { columns.append((cut.title, { LedgerCount($0.tally[cut]) })) }
    if cpus.contains(where: { $0.unread != 0 }) { columns.append(("left unread", { LedgerCount($0.unread) })) }
    let rows = cpus.map { cpu in ["CPU \(cpu.cpu)"] + columns.map { $0.cell(cpu).description } }
    return Self.table([[""] + columns.map(\.title)] + rows)
  }

  private var probeTable: [String] {
    let outcomes = LedgerOutcome.allCases.filter { outcome in probes.contains { $0.tally[outcome] > 0 } }
    let cuts = LedgerCut.allCases.filter { cut in probes.contains { $0.tally[cut] > 0 } }
    let rows = probes.map { probe in
      [probe.name, "\(probe.seen)"] + outcomes.map { "\(probe.tally[$0])" } + cuts.map { "\(probe.tally[$0])" }
    }
    return Self.table([["", "seen"] + outcomes.map(\.title) + cuts.map(\.title)] + rows)
  }

  /// The first column to the left, the others to the right.
  private static func table(_ rows: [[String]]) -> [String] {
    guard let columns = rows.first?.indices else { return [] }
    let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = "  " + row[0] + String(repeating: " ", count: widths[0] - row[0].count)
      for column in columns.dropFirst() {
        line += String(repeating: " ", count: widths[column] - row[column].count + 2) + row[column]
      }
      return line
    }
  }
}
