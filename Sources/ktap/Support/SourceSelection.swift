import ArgumentParser
import KtapEvents

/// `--source`: which event source a run uses.
enum SourceSelection {
  static func make(_ text: String) throws -> any EventSource {
    if text == "tracefs" { return try TracefsSource() }
    if text == "synthetic" || text.hasPrefix("synthetic:") {
      do {
        return SyntheticSource(try SyntheticDescription(parsing: String(text.dropFirst("synthetic:".count))))
      } catch {
        throw Failure(.usage, "--source: \(error)")
      }
    }
    throw Failure(.usage, "unknown source '\(text)': tracefs or synthetic[:DESCRIPTION]")
  }
}
