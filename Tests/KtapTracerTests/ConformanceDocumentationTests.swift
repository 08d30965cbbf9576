// The examples of the language's reference page, run as they stand there.

import Foundation
import Testing

@Suite(
  "Reference page", .enabled(if: ProgramUnderTest.path != nil, "no ktap is built: set KTAP_BINARY or build it first"))
struct ConformanceDocumentationTests {
  struct Example: Sendable, CustomTestStringConvertible {
    /// `ktap` is run, `trace` is compiled.
    var kind: String
    var text: String
    /// What stands behind `# →`.
    var output: String
    var line: Int

    var testDescription: String { "line \(line)" }
  }

  static let page = ConformanceCase.packageRoot + "/Documentation/Language.md"

  static let examples: [Example] = {
    var examples: [Example] = []
    var current: Example?
    let text = (try? String(contentsOfFile: page, encoding: .utf8)) ?? ""
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if var example = current {
        if line == "```" {
          examples.append(example)
          current = nil
          continue
        }
        example.text += line + "\n"
        if line.hasPrefix("# → ") { example.output += line.dropFirst(4) + "\n" }
        current = example
      } else if line == "```ktap" || line == "```trace" {
        current = Example(kind: String(line.dropFirst(3)), text: "", output: "", line: index + 1)
      }
    }
    return examples
  }()

  @Test("There are examples")
  func count() { #expect(Self.examples.count >= 10) }

  @Test("Every example prints what it says", arguments: examples)
  func example(_ example: Example) throws {
    let isRun = example.kind == "ktap"
    let run = try ProgramUnderTest.run([isRun ? "run" : "disasm", "-e", example.text], in: ConformanceCase.root)
    #expect(run.exitCode == 0, "\(String(decoding: run.standardError, as: UTF8.self))")
    if isRun { #expect(String(decoding: run.output, as: UTF8.self) == example.output) }
  }
}

@Suite("Man page", .enabled(if: ProgramUnderTest.path != nil, "no ktap is built: set KTAP_BINARY or build it first"))
struct ManPageTests {
  static let commands: [[String]] = [
    ["run"], ["compile"], ["disasm"], ["list"], ["builtins"], ["doctor"], ["bench", "overhead"], ["bench", "tiers"],
    ["bench", "explain"],
  ]

  @Test("Every option that --help names is on the page", arguments: commands)
  func options(_ command: [String]) throws {
    let run = try ProgramUnderTest.run(["help"] + command, in: ConformanceCase.root)
    #expect(run.exitCode == 0)
    let help = String(decoding: run.output, as: UTF8.self)
    let path = ConformanceCase.packageRoot + "/Documentation/ktap.1"
    let page = try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "\\-", with: "-")
    #expect(page.contains("ktap " + command.joined(separator: " ")))
    // The lines that describe an option begin with it.
    for line in help.components(separatedBy: "\n") where line.hasPrefix("  -") {
      let words = line.split(whereSeparator: { " ,/".contains($0) }).prefix { $0.hasPrefix("-") || $0.hasPrefix("<") }
      for word in words where word.hasPrefix("--") {
        #expect(page.contains(word), "\(command.joined(separator: " ")) \(word) is not on the man page")
      }
    }
  }
}
