// What to say about a field that an event does not have. Cold.

extension EventLayout {
  /// The error for `args.NAME`, naming the nearest field and the event.
  @usableFromInline @inline(never) func unknownField(_ name: Value) -> ScriptError {
    guard name.tag == .string else {
      return ScriptError("a field is named by a string or a number, not by a \(name.tag.typeName) value")
    }
    let wanted = StringReference(name).text
    let candidates = (0..<fieldCount).map { StringReference(memory.pointee.fields[$0].name).text }
    let event = StringReference(self.name).text
    let hint = Self.nearest(to: wanted, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
    return ScriptError("event '\(event)' has no field '\(wanted)'\(hint)")
  }

  /// The most similar of some names, or nil if none comes near: at most one edit per three characters, and one anyway.
  static func nearest(to wanted: String, among candidates: [String]) -> String? {
    let text = Array(wanted.utf8.prefix(64))
    let allowed = max(1, text.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = editDistance(text, Array(candidate.utf8.prefix(64)))
      let contains = wanted.utf8.count >= 3 && candidate.hasSuffix("_" + wanted)
      let rank = contains ? min(distance, 1) : distance
      if rank <= allowed && rank < best?.distance ?? .max { best = (candidate, rank) }
    }
    return best?.name
  }

  /// How many insertions, removals and replacements of one byte make one text of the other.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var previous = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let replaced = previous[column] + (byte == other ? 0 : 1)
        current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[right.count]
  }
}
