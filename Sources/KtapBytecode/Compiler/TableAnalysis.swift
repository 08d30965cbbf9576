// Which tables each CPU can keep a part of its own of.
//
// Addition is commutative: if all that handlers do to a table is adding to its elements, no CPU has to see what the
// others have added, and readers see the sum. That is so for a table that a variable of the main chunk's outermost
// block holds from its initialisation on for ever, if no other holder exists. Where handlers do not run (main chunk,
// `tick`, `trace_end`) the parts have been summed up, so that everything is permitted there that keeps the table in
// its variable and its elements numbers.

import KtapLanguage

extension Resolution {
  /// The table sites with their verdicts.
  func tableSites() -> [TableSite] {
    var verdicts: [Int: (isPerCPU: Bool, reason: String)] = [:]
    for variable in tableVariables {
      guard let site = variable.site else { continue }
      let refusal = refusal(of: variable, site)
      verdicts[site.index] =
        refusal.map { (false, $0) } ?? (true, "handlers only add to its elements (line \(firstAddition(to: variable)))")
    }
    return sites.map { site in
      let verdict = verdicts[site.index] ?? (false, "it is not what a variable is initialised with")
      return TableSite(
        name: site.name ?? "table made at line \(site.position.line)", arrayCapacity: site.arrayCapacity,
        recordCapacity: site.recordCapacity, isPerCPU: verdict.isPerCPU, reason: verdict.reason)
    }
  }

  private func firstAddition(to variable: Variable) -> Int32 {
    variable.tableUses.first { functions[$0.function].isRunByHandlers }!.line
  }

  /// Why CPUs cannot keep parts of the table, or nil if they can.
  private func refusal(of variable: Variable, _ site: TableSiteNode) -> String? {
    if !variable.isTopLevel { return "'\(variable.name)' is not declared in the main chunk's outermost block" }
    if variable.isReassigned { return "'\(variable.name)' is assigned again" }
    for use in variable.tableUses {
      if let reason = refusal(of: use, inHandler: functions[use.function].isRunByHandlers) { return reason }
    }
    guard variable.tableUses.contains(where: { functions[$0.function].isRunByHandlers }) else {
      return "no handler uses it"
    }
    return site.refusal
  }

  private func refusal(of use: TableUse, inHandler: Bool) -> String? {
    switch (use.kind, inHandler) {
    case (.add, _): return nil
    case (.update, true): return "line \(use.line) updates it in a handler otherwise than by adding"
    case (.read, true): return "line \(use.line) reads it in a handler"
    case (.store, true): return "line \(use.line) assigns an element in a handler"
    case (.argument(let builtin), true): return "line \(use.line) passes it to '\(builtin)' in a handler"
    case (.update, false), (.read, false), (.store(isNumeric: true), false): return nil
    case (.store(isNumeric: false), false): return "line \(use.line) assigns an element that may not be a number"
    case (.argument(let builtin), false):
      return harmlessBuiltins.contains(builtin) ? nil : "line \(use.line) passes it to '\(builtin)'"
    case (.value, _): return "line \(use.line) uses it as a value, so that it may have other holders"
    }
  }
}
