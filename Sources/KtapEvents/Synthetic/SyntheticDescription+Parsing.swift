// Reads the text form of a synthetic source's description. The text comes from a command line or a benchmark script and
// may be anything: every number is bounded before it is used, and what a description can ask for in memory and in time
// before the first event is bounded by its limits, not by the text.

extension SyntheticDescription {
  static let maximumTextLength = 8192
  static let maximumShares = 256
  static let maximumFields = 64

  /// Reads `synthetic`, `synthetic:…` or only what stands after the colon.
  public init(parsing text: String) throws(SyntheticDescriptionError) {
    self.init()
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.maximumTextLength else {
      throw SyntheticDescriptionError(
        message: "the description has \(bytes.count) bytes, at most \(Self.maximumTextLength) are allowed",
        offset: Self.maximumTextLength)
    }
    var reader = DescriptionReader(bytes)
    if reader.skip("synthetic") {
      if reader.isAtEnd { return }
      guard reader.skip(":") else { throw reader.failure("':' expected after 'synthetic'") }
    }
    var seen: Set<String> = []
    while !reader.isAtEnd {
      let start = reader.offset
      let name = reader.take { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") }
      guard reader.skip("=") else { throw reader.failure("'=' expected after '\(name)'") }
      guard seen.insert(name).inserted else { throw reader.failure("'\(name)' is given twice", at: start) }
      try read(name, from: &reader, at: start)
      if reader.isAtEnd { break }
      guard reader.skip(",") else { throw reader.failure("',' or the end expected after the value of '\(name)'") }
      guard !reader.isAtEnd else { throw reader.failure("a setting expected after ','") }
    }
    try checkTogether()
  }

  private static let settingNames = [
    "events", "duration", "rate", "gaps", "burst", "seed", "cpus", "mix", "tasks", "threads", "names", "keys",
    "field.NAME", "loss", "page", "prepare",
  ]

  private mutating func read(
    _ name: String, from reader: inout DescriptionReader, at start: Int
  ) throws(SyntheticDescriptionError) {
    switch name {
    case "events": events = try reader.number("events", in: 1...UInt64(1) << 48)
    case "duration": duration = try reader.nanoseconds("duration")
    case "rate": rate = try reader.number("rate", in: 1...1_000_000_000_000)
    case "gaps": gaps = try reader.word("gaps")
    case "burst":
      let on = try reader.nanoseconds("burst")
      guard reader.skip("/") else { throw reader.failure("burst: ON/OFF expected, as in burst=2ms/8ms") }
      burst = Burst(on: on, off: try reader.nanoseconds("burst"))
    case "seed": seed = try reader.number("seed", in: 0...UInt64.max)
    case "cpus": cpus = Int(try reader.number("cpus", in: 1...UInt64(Self.maximumCPUs)))
    case "mix": mix = try reader.mix()
    case "tasks": tasks = try reader.distribution("tasks")
    case "threads": threads = try reader.number("threads", in: 1...Self.maximumTasks)
    case "names": names = try reader.number("names", in: 1...Self.maximumTasks)
    case "keys": keys = try reader.distribution("keys")
    case "loss": loss = try reader.loss()
    case "page":
      subBufferSize = Int(
        try reader.number("page", in: UInt64(Self.subBufferSizes.lowerBound)...UInt64(Self.subBufferSizes.upperBound)))
      guard subBufferSize % 8 == 0 else { throw reader.failure("page: a multiple of 8 expected", at: start) }
    case "prepare": prepared = Int(try reader.number("prepare", in: 0...1 << 20))
    case _ where name.hasPrefix("field.") && name.utf8.count > 6:
      guard fields.count < Self.maximumFields else {
        throw reader.failure("more than \(Self.maximumFields) fields", at: start)
      }
      fields.append(Field(name: String(name.dropFirst(6)), values: try reader.distribution(name)))
      fields.sort { $0.name < $1.name }
    default:
      throw reader.failure(
        "there is no setting '\(name)'; there are \(Self.settingNames.joined(separator: " "))", at: start)
    }
  }

  /// What one setting alone cannot get wrong.
  private func checkTogether() throws(SyntheticDescriptionError) {
    func failure(_ message: String) -> SyntheticDescriptionError {
      SyntheticDescriptionError(message: message, offset: 0)
    }
    let tasks = self.tasks.count
    if case .constant = self.tasks.shape { throw failure("tasks: a constant says nothing about how many there are") }
    if tasks < UInt64(cpus) || tasks > Self.maximumTasks {
      throw failure("tasks: from one a CPU (\(cpus)) to \(Self.maximumTasks) expected, not \(tasks)")
    }
    if self.tasks.isScattered { throw failure("tasks: thread ids cannot be scattered") }
    if rate > UInt64(cpus) * 1_000_000_000 { throw failure("rate: at most one event a nanosecond on each CPU") }
    if Double(events) / Double(rate) > 1e9 { throw failure("events and rate: more than 30 years of virtual time") }
    if prepared > 0, duration != nil { throw failure("prepare: replayed sub-buffers end by events=, not by duration=") }
    let columns = ([keys, self.tasks] + fields.map(\.values)).reduce(into: UInt64(0)) { sum, distribution in
      if case .zipf(_, let count) = distribution.shape { sum += count }
    }
    if columns > Self.maximumZipfColumns {
      throw failure(
        "\(columns) keys in all Zipf distributions together, at most \(Self.maximumZipfColumns) are allowed")
    }
    let bytes = prepared * cpus * subBufferSize
    if bytes > Self.maximumPreparedBytes {
      throw failure("prepare: \(bytes) bytes, at most \(Self.maximumPreparedBytes) are allowed")
    }
    if SyntheticCatalogue.weights(of: mix).allSatisfy({ $0 == 0 }) { throw failure("mix: no event is left in it") }
  }
}

/// Reads the parts of a description from left to right.
struct DescriptionReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  func failure(_ message: String, at position: Int? = nil) -> SyntheticDescriptionError {
    SyntheticDescriptionError(message: message, offset: position ?? offset)
  }

  /// Skips the text if it is next.
  mutating func skip(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard bytes.count - offset >= length else { return false }
    for index in 0..<length where bytes[offset + index] != text.utf8Start[index] { return false }
    offset += length
    return true
  }

  mutating func take(while belongs: (UInt8) -> Bool) -> String {
    let start = offset
    while offset < bytes.count, belongs(bytes[offset]) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// A word, without what ends one in any setting.
  mutating func word() -> String {
    take { !",()+/=@".utf8.contains($0) }
  }

  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ name: String
  ) throws(SyntheticDescriptionError) -> Word where Word.RawValue == String {
    let start = offset
    let text = word()
    guard let value = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure("\(name): '\(text)' is none of \(known)", at: start)
    }
    return value
  }

  // MARK: Numbers

  /// `1000`, `1_000`, `1.5k`, `1e6`: digits times a power of ten.
  mutating func number(
    _ name: String, in range: ClosedRange<UInt64>
  ) throws(SyntheticDescriptionError) -> UInt64 {
    let start = offset
    let value = try scaled(name, unitExponent: nil)
    guard range.contains(value) else {
      throw failure("\(name): \(value) is not in \(range.lowerBound)…\(range.upperBound)", at: start)
    }
    return value
  }

  mutating func nanoseconds(_ name: String) throws(SyntheticDescriptionError) -> UInt64 {
    let start = offset
    var probe = self
    _ = probe.numeral()
    let unit = probe.take { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
    let units: [(name: String, exponent: Int, factor: UInt64)] = [
      ("ns", 0, 1), ("us", 3, 1), ("ms", 6, 1), ("s", 9, 1), ("m", 9, 60),
    ]
    guard let known = units.first(where: { $0.name == unit }) else {
      throw failure("\(name): a time with one of ns us ms s m expected, as in 1.5ms", at: start)
    }
    let digits = try scaled(name, unitExponent: known.exponent)
    offset = probe.offset
    let (value, overflow) = digits.multipliedReportingOverflow(by: known.factor)
    guard !overflow, 1...(1 << 53) ~= value else {
      throw failure("\(name): from 1ns to 104 days expected", at: start)
    }
    return value
  }

  /// Digits without their scale: value, how many of them stand behind the point, exponent; nil if that is no number.
  private mutating func numeral() -> (digits: UInt64, fraction: Int, exponent: Int)? {
    var digits: UInt64 = 0
    var fraction = 0
    var hasDigit = false
    var hasPoint = false
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "_"), hasDigit {
        offset += 1
        continue
      }
      if byte == UInt8(ascii: "."), hasDigit, !hasPoint {
        hasPoint = true
        offset += 1
        continue
      }
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { break }
      hasDigit = true
      let (product, tooLarge) = digits.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      if tooLarge || overflow { return nil }
      digits = sum
      if hasPoint { fraction += 1 }
      offset += 1
    }
    guard hasDigit else { return nil }
    var exponent = 0
    if offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "e"),
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset + 1]
    {
      offset += 1
      while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] {
        exponent = min(exponent * 10 + Int(bytes[offset] - UInt8(ascii: "0")), 100)
        offset += 1
      }
    }
    return (digits, fraction, exponent)
  }

  /// A whole number of 64 bits; a unit's power of ten, or nil for one of the suffixes k M G T.
  private mutating func scaled(_ name: String, unitExponent: Int?) throws(SyntheticDescriptionError) -> UInt64 {
    let start = offset
    guard let (digits, fraction, exponent) = numeral() else {
      throw failure("\(name): a number below 2^64 expected, not '\(Self.shown(word()))'", at: start)
    }
    var power = exponent - fraction + (unitExponent ?? 0)
    if unitExponent == nil, offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "k"), UInt8(ascii: "K"): power += 3
      case UInt8(ascii: "M"): power += 6
      case UInt8(ascii: "G"): power += 9
      case UInt8(ascii: "T"): power += 12
      default: offset -= 1
      }
      offset += 1
    }
    var value = digits
    while power > 0, value != 0 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow else { throw failure("\(name): a number below 2^64 expected", at: start) }
      value = product
      power -= 1
    }
    while power < 0, value != 0 {
      guard value % 10 == 0 else { throw failure("\(name): a whole number expected", at: start) }
      value /= 10
      power += 1
    }
    return value
  }

  /// A probability or a skew.
  mutating func decimal(_ name: String, in range: Range<Double>) throws(SyntheticDescriptionError) -> Double {
    let start = offset
    let text = take { "0123456789.e-".utf8.contains($0) }
    guard let value = Double(text), range.contains(value) else {
      throw failure(
        "\(name): a decimal number from \(range.lowerBound) to below \(range.upperBound) expected", at: start)
    }
    return value
  }

  private static func shown(_ text: String) -> String { text.utf8.count > 40 ? String(text.prefix(40)) + "…" : text }

  // MARK: Composite values

  mutating func distribution(_ name: String) throws(SyntheticDescriptionError) -> Distribution {
    let counts = 1...Distribution.maximumCount
    if offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] {
      return Distribution(.uniform(count: try number(name, in: counts)))
    }
    let start = offset
    let shape = word()
    guard ["uniform", "zipf", "hot", "constant"].contains(shape) else {
      throw failure(
        "\(name): N, uniform(N), zipf(SKEW,N), hot(SHARE,N) or constant(N) expected, not '\(Self.shown(shape))'",
        at: start)
    }
    guard skip("(") else { throw failure("\(name): '(' expected after '\(shape)'") }
    var result: Distribution
    switch shape {
    case "uniform":
      result = Distribution(.uniform(count: try number(name, in: counts)))
    case "zipf":
      let skew = try decimal("\(name): skew", in: 0.01..<10)
      try comma(name)
      let count = try number("\(name): keys of a Zipf distribution", in: 1...Distribution.maximumZipfCount)
      result = Distribution(.zipf(skew: skew, count: count))
    case "hot":
      let share = try decimal("\(name): share", in: 0..<1.000_001)
      try comma(name)
      result = Distribution(.hot(share: min(share, 1), count: try number(name, in: counts)))
    default:
      result = Distribution(.constant(Int64(try number(name, in: 0...UInt64(Int64.max)))))
    }
    if skip(",scattered") { result.isScattered = true }
    guard skip(")") else { throw failure("\(name): ')' expected") }
    return result
  }

  private mutating func comma(_ name: String) throws(SyntheticDescriptionError) {
    guard skip(",") else { throw failure("\(name): ',' expected") }
  }

  mutating func loss() throws(SyntheticDescriptionError) -> SyntheticDescription.Loss {
    let pattern: SyntheticDescription.Loss.Pattern
    if skip("every(") {
      let kept = try number("loss", in: 1...1_000_000)
      try comma("loss")
      pattern = .every(kept: UInt32(kept), lost: UInt32(try number("loss", in: 1...1_000_000)))
    } else if skip("random(") {
      pattern = .random(try decimal("loss", in: 0..<1))
    } else {
      throw failure("loss: every(N,K) or random(P) expected")
    }
    var result = SyntheticDescription.Loss(pattern)
    if skip(",") { result.report = try word("loss") }
    guard skip(")") else { throw failure("loss: ')' expected") }
    return result
  }

  mutating func mix() throws(SyntheticDescriptionError) -> [SyntheticDescription.Share] {
    var shares: [SyntheticDescription.Share] = []
    repeat {
      let start = offset
      let pattern = take { !",+@=".utf8.contains($0) }
      let parts = pattern.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw failure("mix: SYSTEM:EVENT expected, not '\(Self.shown(pattern))'", at: start)
      }
      var share = SyntheticDescription.Share(
        system: String(Substring(parts[0])), event: String(Substring(parts[1])))
      guard SyntheticCatalogue.contains(share) else {
        let near = SyntheticCatalogue.nearest(to: pattern).joined(separator: ", ")
        throw failure("mix: no event matches '\(Self.shown(pattern))'; near it: \(near)", at: start)
      }
      if skip("@") { share.weight = UInt32(try number("mix", in: 0...1_000_000)) }
      guard shares.count < SyntheticDescription.maximumShares else {
        throw failure("mix: more than \(SyntheticDescription.maximumShares) parts", at: start)
      }
      shares.append(share)
    } while skip("+")
    return shares
  }
}
