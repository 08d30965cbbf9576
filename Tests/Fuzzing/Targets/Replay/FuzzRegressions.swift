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
      for name in try FileManager.default.contentsOfDirectory(atPath: place.path()).sorted() where name != "README.md" {
        inputs.append((name, Array(try Data(contentsOf: place.appending(path: name)))))
      }
    }
    return inputs
  }
}
