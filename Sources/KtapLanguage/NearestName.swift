// Which name the writer may have meant: the nearest by edit distance, counting a swap of two neighbours as one edit.
//
// The same answer on every run: among equally near names one of the same length wins, then the one that sorts first,
// so that a caller may pass a set. Names are compared without regard to ASCII case, which costs nothing less than a whole edit but is a frequent
// slip. Cost: candidates × the product of the lengths, with candidates of a too different length skipped.

/// The candidate nearest to `name`, if one is near enough to be worth naming: at most a third of its length away.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  nearestNames(to: name, among: candidates, limit: 1).first
}

/// The candidates nearest to `name`, nearest first, at most `limit` of them; none that is more than a third of the
/// length away.
public func nearestNames(to name: String, among candidates: some Sequence<String>, limit: Int) -> [String] {
  let wanted = Array(name.utf8.prefix(longestComparedName))
  guard !wanted.isEmpty, limit > 0 else { return [] }
  let allowed = max(1, wanted.count / 3)
  var scratch = EditDistance(wanted)
  var found: [(distance: Int, lengthDifference: Int, name: String)] = []
  for candidate in candidates where candidate != name {
    let lengthDifference = abs(candidate.utf8.count - wanted.count)
    guard lengthDifference <= allowed else { continue }
    let distance = scratch.distance(to: Array(candidate.utf8))
    // A name of one or two letters has nothing in common with another that differs in all of them.
    guard distance <= allowed, distance < wanted.count else { continue }
    found.append((distance, lengthDifference, candidate))
  }
  found.sort { ($0.distance, $0.lengthDifference, $0.name) < ($1.distance, $1.lengthDifference, $1.name) }
  var result: [String] = []
  for entry in found where !result.contains(entry.name) {
    result.append(entry.name)
    if result.count == limit { break }
  }
  return result
}

/// Nobody mistypes a longer name, and a hostile one must not cost a product of megabytes.
private let longestComparedName = 256

/// Optimal string alignment distance from one fixed name; keeps its rows between calls.
private struct EditDistance {
  private let name: [UInt8]
  private var beforePrevious: [Int]
  private var previous: [Int]
  private var current: [Int]

  init(_ name: [UInt8]) {
    self.name = name.map(lowercased)
    beforePrevious = Array(repeating: 0, count: name.count + 1)
    previous = beforePrevious
    current = beforePrevious
  }

  mutating func distance(to other: [UInt8]) -> Int {
    for column in 0...name.count { previous[column] = column }
    for row in 1..<(other.count + 1) {
      let byte = lowercased(other[row - 1])
      current[0] = row
      for column in 1..<(name.count + 1) {
        let substitution = previous[column - 1] + (name[column - 1] == byte ? 0 : 1)
        var best = min(substitution, previous[column] + 1, current[column - 1] + 1)
        if row > 1, column > 1, name[column - 2] == byte, name[column - 1] == lowercased(other[row - 2]) {
          best = min(best, beforePrevious[column - 2] + 1)
        }
        current[column] = best
      }
      (beforePrevious, previous, current) = (previous, current, beforePrevious)
    }
    return previous[name.count]
  }
}

private func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
