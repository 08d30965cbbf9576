/// What was found in one file: bounded, without repetitions, in the order of the text.
struct DiagnosticList {
  /// Past this many errors the rest of the file is most likely not a script at all.
  static let maximumErrors = 50
  static let maximumWarnings = 50

  private(set) var errorCount = 0
  private var warningCount = 0
  private var entries: [Diagnostic] = []
  /// Where errors were reported: one at a place is enough, a second is its consequence.
  private var errorOffsets: Set<Int32> = []

  var hasErrors: Bool { errorCount > 0 }
  /// Nothing more will be taken; the parser gives up.
  var isFull: Bool { errorCount >= Self.maximumErrors }

  mutating func add(_ diagnostic: Diagnostic) {
    switch diagnostic.severity {
    case .warning:
      guard warningCount < Self.maximumWarnings else { return }
      warningCount += 1
      entries.append(diagnostic)
    case .error:
      guard !isFull, errorOffsets.insert(diagnostic.position.offset).inserted else { return }
      errorCount += 1
      entries.append(diagnostic)
      if isFull {
        entries.append(Diagnostic("too many errors, the rest of the file was not read", at: diagnostic.position))
      }
    }
  }

  /// By position; what was found at the same place stays in the order in which it was found.
  var sorted: [Diagnostic] {
    entries.enumerated().sorted { ($0.element.position.offset, $0.offset) < ($1.element.position.offset, $1.offset) }
      .map(\.element)
  }
}
