import KtapLanguage
import Testing

/// Scripts changed at random, the same on every run. Whatever comes out, the parser ends, says something that can be
/// shown, and gives a tree exactly if there is no error.
@Suite struct MutationTests {
  @Test func corpusIsValid() {
    for script in Corpus.scripts {
      let found = parse(SourceFile(name: "t.kp", text: script)).diagnostics.filter { $0.severity == .error }
      #expect(found.isEmpty, "\(found.map(\.summary))")
    }
  }

  @Test(arguments: 0..<Corpus.scripts.count)
  func mutations(_ index: Int) {
    var random = Generator(state: 0x9e37_79b9_7f4a_7c15 &* UInt64(index + 1))
    let original = Array(Corpus.scripts[index].utf8)
    for _ in 0..<2000 {
      var bytes = original
      for _ in 0...random.below(6) { mutate(&bytes, &random) }
      check(bytes)
    }
  }

  @Test func everyPrefix() {
    for script in Corpus.scripts {
      let bytes = Array(script.utf8)
      for count in 0..<bytes.count { check(Array(bytes[..<count])) }
    }
  }

  @Test func everyByteAlone() {
    for byte in UInt8.min...UInt8.max {
      check([byte])
      check([byte, byte, byte])
      check(Array("x = ".utf8) + [byte] + Array(" y".utf8))
    }
  }

  @Test func randomBytes() {
    var random = Generator(state: 7)
    for _ in 0..<2000 { check((0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }) }
  }

  @Test func randomFragments() {
    var random = Generator(state: 11)
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<random.below(60) {
        text += Corpus.fragments[random.below(Corpus.fragments.count)] + (random.below(2) == 0 ? " " : "")
      }
      check(Array(text.utf8))
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Generator) {
    let place = random.below(bytes.count + 1)
    let end = min(bytes.count, place + random.below(20))
    switch random.below(5) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: Corpus.fragments[random.below(Corpus.fragments.count)].utf8, at: place)
    case 2: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count + 1))
    default:
      let other = Array(Corpus.scripts[random.below(Corpus.scripts.count)].utf8)
      let start = random.below(other.count)
      bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + random.below(60))])
    }
  }

  private func check(_ bytes: [UInt8]) {
    let source = SourceFile(name: "t.kp", bytes: bytes)
    let (tree, diagnostics) = parse(source)
    #expect((tree == nil) == diagnostics.contains { $0.severity == .error })
    var last = SourcePosition.none
    for diagnostic in diagnostics {
      #expect(
        isPlace(diagnostic.position, in: bytes), "\(diagnostic.summary) at \(diagnostic.position): \(quoted(bytes))")
      #expect(!(diagnostic.position < last))
      last = diagnostic.position
      #expect(!diagnostic.rendered(in: source).isEmpty)
    }
    if let tree { #expect(checkPlaces(in: Mirror(reflecting: tree), bytes) > tree.chunk.statements.count) }
  }

  /// Checks every position that a tree holds, wherever it is; how many.
  private func checkPlaces(in mirror: Mirror, _ bytes: [UInt8]) -> Int {
    var count = 0
    for child in mirror.children {
      if let position = child.value as? SourcePosition {
        count += 1
        #expect(isPlace(position, in: bytes), "\(position): \(quoted(bytes))")
      } else if !(child.value is [UInt8]), !(child.value is String) {
        count += checkPlaces(in: Mirror(reflecting: child.value), bytes)
      }
    }
    return count
  }

  /// The line and column are those of the offset.
  private func isPlace(_ position: SourcePosition, in bytes: [UInt8]) -> Bool {
    let offset = Int(position.offset)
    guard offset >= 0, offset <= bytes.count else { return false }
    var line: Int32 = 1
    var lineStart = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var index = lineStart
    while index < offset {
      let byte = bytes[index]
      index += 1
      guard byte == 0x0a || byte == 0x0d else { continue }
      if byte == 0x0d, index < bytes.count, bytes[index] == 0x0a { index += 1 }
      line += 1
      lineStart = index
    }
    return position.line == line && Int(position.column) == offset - lineStart + 1
  }
}

/// SplitMix64: small, and the same everywhere.
struct Generator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// 0 if there is nothing below `bound`.
  mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }
}
