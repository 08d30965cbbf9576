import Foundation

/// Numbers as they are printed, the same everywhere.
enum Figures {
  /// `+12.3 %`, with three significant digits or so.
  static func overhead(_ value: Double) -> String { (value < 0 ? "−" : "+") + share(abs(value)) }

  static func share(_ value: Double) -> String { plain(value * 100) + " %" }

  static func overhead(_ interval: Interval) -> String {
    "[\(overhead(interval.lower)), \(overhead(interval.upper))]"
  }

  static func ratio(_ mean: GeometricMean) -> String {
    "\(plain(mean.ratio))× [\(plain(mean.interval.lower)), \(plain(mean.interval.upper))]"
  }

  /// Two digits after the point below 10, one below 100, none above.
  static func plain(_ value: Double) -> String {
    let size = abs(value)
    let text = String(format: size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f", value)
    return value < 0 ? "−" + text.dropFirst() : text
  }

  static func nanoseconds(_ estimate: EstimateRecord) -> String {
    "\(plain(estimate.estimate)) [\(plain(estimate.interval.lower)), \(plain(estimate.interval.upper))]"
  }

  /// `1.234 s`, `12.3 ms`.
  static func time(_ nanoseconds: Double) -> String {
    if nanoseconds >= 1e9 { return String(format: "%.3f s", nanoseconds / 1e9) }
    if nanoseconds >= 1e6 { return String(format: "%.1f ms", nanoseconds / 1e6) }
    return String(format: "%.1f µs", nanoseconds / 1e3)
  }

  /// With commas between groups of three.
  static func count(_ value: UInt64) -> String {
    var result = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return String(result.reversed())
  }

  static func probability(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : String(format: "%.3f", value)
  }

  /// What was lost, by cause; nil unknown.
  static func losses(_ lost: [String: UInt64]?) -> String {
    guard let lost else { return "unknown" }
    let causes = lost.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    return causes.isEmpty ? "0" : causes.map { "\(count($0.value)) (\($0.key))" }.joined(separator: ", ")
  }
}
