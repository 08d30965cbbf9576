// A conformance case: a script and what has to come of it, as files of one name in a folder of Tests/Conformance.
//
//     NAME.kp            the script; its first line says which rule of the language it is about
//     NAME.out           standard output, byte for byte
//     NAME.err           standard error, byte for byte; without any of the .err files it must be empty
//     NAME.err-contains  lines, each of which must occur somewhere in standard error
//     NAME.err-any       standard error is not looked at
//     NAME.options       options of `ktap run`, one a line
//     NAME.args          arguments of the script, one a line
//     NAME.code          the exit code; 0 if the file is missing
//     NAME.known         why the program of today does not pass; the case then has to fail
//
// What is expected is written down from the language's reference page, never copied from the program's output.

import Foundation
import Testing

struct ConformanceCase: Sendable, CustomTestStringConvertible {
  enum StandardError: Sendable {
    case exactly(Data)
    case contains([String])
    case anything
  }

  /// `section/rule`.
  var name: String
  /// Where the script runs, so that messages name it without a path.
  var folder: String
  /// The script's file name.
  var script: String
  var options: [String]
  var arguments: [String]
  var output: Data
  var standardError: StandardError
  var exitCode: Int32
  /// Why it fails today.
  var knownFailure: String?

  var testDescription: String { name }

  static let root = packageRoot + "/Tests/Conformance"

  /// The folder of Package.swift.
  static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static let extensions: Set<String> = [
    "kp", "out", "err", "err-contains", "err-any", "options", "args", "code", "known",
  ]

  /// Every case, sorted by name. A folder that cannot be read gives none, which a test notices.
  static let all: [ConformanceCase] = files.filter { $0.hasSuffix(".kp") }.map { ConformanceCase(script: $0) }

  /// Every file below the root, as `section/file`, sorted.
  static let files: [String] = sections.flatMap { section in
    contents(of: root + "/" + section).map { section + "/" + $0 }
  }

  private static let sections = contents(of: root).filter { !$0.hasSuffix(".md") }

  private static func contents(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private init(script path: String) {
    let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
    name = String(path.dropLast(3))
    folder = Self.root + "/" + parts[0]
    script = parts[1]
    let base = Self.root + "/" + name
    func data(_ suffix: String) -> Data? { FileManager.default.contents(atPath: base + "." + suffix) }
    func lines(_ suffix: String) -> [String] {
      // What follows the last line end is no line, so that an empty line is an empty argument.
      Array(String(decoding: data(suffix) ?? Data(), as: UTF8.self).components(separatedBy: "\n").dropLast())
    }
    options = lines("options")
    arguments = lines("args")
    output = data("out") ?? Data()
    if data("err-any") != nil {
      standardError = .anything
    } else if data("err-contains") != nil {
      standardError = .contains(lines("err-contains"))
    } else {
      standardError = .exactly(data("err") ?? Data())
    }
    exitCode = lines("code").first.flatMap { Int32($0) } ?? 0
    knownFailure = data("known").map { String(decoding: $0, as: UTF8.self) }
  }
}
