import Foundation

/// The inputs that a fuzz target once failed on, and those that fuzzing starts with: replayed by unit tests.
public enum FuzzRegressions {
  /// - Parameter target: as in `Tests/Fuzzing/run.sh`.
  /// - Returns: file names and what is in them, sorted; empty only if there are none.
  public static func inputs(of target: String, file: String = #filePath) throws -> [(name: String, bytes: [UInt8])] {
    // The file may be reached by a link, so its own folder says nothing.
    var folder = URL(filePath: file)
    while folder.path() != "/", folder.lastPathComponent != "Tests" { folder.deleteLastPathComponent() }
    var inputs: [(name: String, bytes: [UInt8])] = []
    for kind in ["Corpus", "Regressions"] {
      let place = folder.appending(path: "Fuzzing/\(kind)/\(target)")
      // Nothing was found yet where there is no folder.
      let names = try? FileManager.default.contentsOfDirectory(atPath: place.path())
      for name in (names ?? []).sorted() {
        inputs.append((name, Array(try Data(contentsOf: place.appending(path: name)))))
      }
    }
    return inputs
  }

  /// Gives a target's body each of its inputs, whole, cut off and changed in a single byte at some places.
  /// - Throws: if there are no inputs at all.
  public static func replay(_ target: String, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    let inputs = try inputs(of: target)
    guard !inputs.isEmpty else { throw CocoaError(.fileNoSuchFile) }
    for input in inputs {
      input.bytes.withUnsafeBytes(body)
      for place in stride(from: 0, to: input.bytes.count, by: max(1, input.bytes.count / 32)) {
        input.bytes[..<place].withUnsafeBytes(body)
        var changed = input.bytes
        changed[place] ^= 0xff
        changed.withUnsafeBytes(body)
      }
    }
  }
}
