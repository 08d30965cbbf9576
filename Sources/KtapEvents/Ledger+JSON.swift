// The ledger as JSON. A count that is unknown is null; one known only from below is an object, so that nobody takes it
// for the whole:
//
//     {"events":{"kernel_written":10,"handled":9,"filtered":1,"dropped":0,"balanced":true},"drops":{"ring overwrite":0,…},
//      "balance":"balanced","seen":10,"handled":9,"filtered":{"filter":1,…},"lost":{"total":0,"ring overwrite":0,…},
//      "cut":{…},"cpus":[{"cpu":0,"recorded":10,…}],"probes":[{"name":…}],"tables":[]}

/// A JSON value, and how it is written.
public indirect enum JSONValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case unsigned(UInt64)
  case signed(Int64)
  case text(String)
  case list([JSONValue])
  /// In the order given.
  case object([Member])

  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// On one line, without white space.
  public var description: String {
    var output = ""
    write(to: &output)
    return output
  }

  private func write(to output: inout String) {
    switch self {
    case .null: output += "null"
    case .boolean(let value): output += value ? "true" : "false"
    case .unsigned(let number): output += String(number)
    case .signed(let number): output += String(number)
    case .text(let text): Self.write(text, to: &output)
    case .list(let values):
      output += "["
      for (index, value) in values.enumerated() {
        if index > 0 { output += "," }
        value.write(to: &output)
      }
      output += "]"
    case .object(let members):
      output += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { output += "," }
        Self.write(member.name, to: &output)
        output += ":"
        member.value.write(to: &output)
      }
      output += "}"
    }
  }

  private static func write(_ text: String, to output: inout String) {
    output += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }
}

extension LedgerCount {
  public var json: JSONValue {
    if isExact { return .unsigned(atLeast) }
    return atLeast == 0 ? .null : .object([.init("atLeast", .unsigned(atLeast))])
  }
}

extension Ledger {
  public var json: JSONValue {
    .object(
      [
        .init("events", events), .init("drops", drops), .init("balance", Self.json(balance)),
        .init("seen", .unsigned(seen)),
      ]
        + Self.members(of: tally) + [Self.lostMember(lost) { lost(by: $0) }]
        + [
          .init("cpus", .list(cpus.map(\.json))), .init("probes", .list(probes.map(\.json))),
          .init(
            "tables",
            .list(
              tables.map { .object([.init("name", .text($0.name)), .init("dropped", .unsigned($0.dropped))]) })),
        ])
  }

  /// The sums that most readers want.
  private var events: JSONValue {
    let written = cpus.reduce(LedgerCount(0)) { $0 + LedgerCount($1.statistics.written) }
    let isBalanced: JSONValue =
      switch balance {
      case .balanced: .boolean(true)
      case .off: .boolean(false)
      case .unknown: .null
      }
    return .object([
      .init("kernel_written", written.isExact ? .unsigned(written.atLeast) : .null),
      .init("handled", .unsigned(tally.handled)), .init("filtered", .unsigned(tally.filtered)),
      .init("dropped", lost.isExact ? .unsigned(lost.atLeast) : .null), .init("balanced", isBalanced),
    ])
  }

  /// What was lost, by cause; a cause of which the count is not known is left out.
  private var drops: JSONValue {
    let events = LedgerCause.allCases.map { ($0.title, lost(by: $0)) }.filter(\.1.isExact)
    let cuts = LedgerCut.allCases.map { ($0.title, LedgerCount($0 == .tableFull ? tablesFull : tally[$0])) }
    return .object((events + cuts).map { .init($0.0, .unsigned($0.1.atLeast)) })
  }

  private var tablesFull: UInt64 { tables.reduce(0) { $0 + $1.dropped } }

  fileprivate static func json(_ balance: LedgerBalance) -> JSONValue {
    switch balance {
    case .balanced: .text("balanced")
    case .unknown(let what): .object([.init("unknown", .text(what))])
    case .off(let difference): .object([.init("off", .signed(difference))])
    }
  }

  fileprivate static func members(of tally: LedgerTally) -> [JSONValue.Member] {
    [
      .init("handled", .unsigned(tally.handled)),
      .init(
        "filtered",
        .object(LedgerOutcome.allCases.filter(\.isFiltered).map { .init($0.title, .unsigned(tally[$0])) })),
      .init("cut", .object(LedgerCut.allCases.map { .init($0.title, .unsigned(tally[$0])) })),
    ]
  }

  fileprivate static func lostMember(
    _ total: LedgerCount, _ cause: (LedgerCause) -> LedgerCount
  ) -> JSONValue.Member {
    .init(
      "lost",
      .object(
        [.init("total", total.json)] + LedgerCause.allCases.map { .init($0.title, cause($0).json) }))
  }
}

extension Ledger.CPU {
  fileprivate var json: JSONValue {
    .object(
      [
        .init("cpu", .signed(Int64(cpu))), .init("balance", Ledger.json(balance)),
        .init("recorded", LedgerCount(statistics.written).json), .init("seen", .unsigned(seen)),
      ]
        + Ledger.members(of: tally) + [Ledger.lostMember(lost) { lost(by: $0) }]
        + [
          .init("unread", LedgerCount(unread).json), .init("gaps", .unsigned(gaps)),
          .init("damaged", .unsigned(damaged)),
        ])
  }
}

extension Ledger.Probe {
  fileprivate var json: JSONValue {
    .object(
      [.init("name", .text(name)), .init("seen", .unsigned(seen))] + Ledger.members(of: tally) + [
        .init(
          "lost",
          .object(
            [.init("total", .unsigned(tally.dropped))]
              + LedgerOutcome.allCases.filter(\.isDropped).map { .init($0.title, .unsigned(tally[$0])) }))
      ])
  }
}
