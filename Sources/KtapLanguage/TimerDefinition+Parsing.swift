extension TimerDefinition {
  /// Reads an interval: digits and a unit, `s sec ms msec us usec`, and for `profile` also `hz`, times a second. White
  /// space around it is allowed.
  ///
  /// - Parameter position: where the text stands; `.none` for text that is made at run time.
  /// - Throws: `cannot parse timer interval: TEXT`, also if the period is 0 or longer than 2^63-1 nanoseconds.
  public static func parse(
    text: String, kind: Kind, at position: SourcePosition = .none
  ) throws(Diagnostic) -> TimerDefinition {
    let bytes = Array(text.utf8)
    let interval = bytes[trim(bytes, 0..<bytes.count)]
    guard let period = period(interval, kind), period > 0 else {
      throw Diagnostic("cannot parse timer interval: \(printable(interval))", at: position)
    }
    return TimerDefinition(
      kind: kind, periodNanoseconds: period, text: String(decoding: interval, as: UTF8.self), position: position)
  }

  private static func period(_ interval: ArraySlice<UInt8>, _ kind: Kind) -> Int64? {
    let digits = interval.prefix(while: isDigit)
    guard !digits.isEmpty else { return nil }
    var count: Int64 = 0
    for digit in digits {
      let (product, overflow) = count.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(digit &- 0x30))
      if overflow || carry { return nil }
      count = sum
    }
    let unit: Int64
    switch String(decoding: interval[digits.endIndex...], as: UTF8.self) {
    case "s", "sec": unit = 1_000_000_000
    case "ms", "msec": unit = 1_000_000
    case "us", "usec": unit = 1_000
    case "hz" where kind == .profile: return count == 0 ? nil : 1_000_000_000 / count
    default: return nil
    }
    let (period, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : period
  }
}
