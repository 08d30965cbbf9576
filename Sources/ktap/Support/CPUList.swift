import ArgumentParser

/// CPU numbers as the kernel writes them: `0,2-3`.
enum CPUList {
  static func parse(_ text: String) throws -> [Int] {
    var found: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, 0 <= first, first <= last, last < 8192 else {
        throw ValidationError("'\(text)' is not a list of CPUs such as 0,2-3")
      }
      found.formUnion(first...last)
    }
    return found.sorted()
  }
}
