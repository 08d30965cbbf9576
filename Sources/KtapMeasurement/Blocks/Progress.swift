import CKernelCalls
import Glibc

/// How far a long run is, on stderr: a line that is rewritten where stderr is a terminal, else a plain line at most every
/// half a minute.
final class Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  private let total: Int
  private var done = 0
  private let began = ktap_monotonic_raw()
  private var lastLine: Int64
  private var isLineOpen = false

  /// - Parameter total: executions expected.
  init(total: Int, isQuiet: Bool) {
    self.total = max(1, total)
    self.isQuiet = isQuiet
    lastLine = began
  }

  /// Another execution is done.
  func advance(_ what: String) {
    done += 1
    guard !isQuiet else { return }
    let now = ktap_monotonic_raw()
    let text = "\(what), \(done * 100 / max(total, done)) %, \(Self.duration(left(now))) left"
    if isTerminal {
      write("\r\u{1b}[K\(text)")
      isLineOpen = true
    } else if now - lastLine >= 30_000_000_000 {
      write("\(text)\n")
      lastLine = now
    }
  }

  /// A sentence that stays.
  func say(_ text: String) {
    guard !isQuiet else { return }
    write((isLineOpen ? "\r\u{1b}[K" : "") + text + "\n")
    isLineOpen = false
  }

  func finish() {
    if isLineOpen { write("\r\u{1b}[K") }
    isLineOpen = false
  }

  private func left(_ now: Int64) -> Double {
    Double(now - began) / 1e9 / Double(done) * Double(max(0, total - done))
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 90 { return "\(whole) s" }
    if whole < 5400 { return "\((whole + 30) / 60) min" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  private func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
