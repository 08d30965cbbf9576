// The language's rules, one script a rule, run by every tier and in both forms of a program.
//
// A tier that is added is added to `tiers`; the cases stay as they are, because a script means the same in all of them.

import Foundation
import Testing

/// As what a case's script is given to `ktap run`.
enum ProgramForm: String, CaseIterable, Sendable {
  /// The text.
  case source
  /// A bytecode file that `ktap compile` made of it.
  case bytecode
}

@Suite("Conformance", .enabled(if: ProgramUnderTest.path != nil, "no ktap is built: set KTAP_BINARY or build it first"))
struct ConformanceTests {
  static let tiers = ["interpreter"]

  @Test("script", arguments: ConformanceCase.all, tiers)
  func script(_ rule: ConformanceCase, tier: String) throws { try check(rule, tier: tier, form: .source) }

  @Test("bytecode file", arguments: ConformanceCase.all, tiers)
  func bytecode(_ rule: ConformanceCase, tier: String) throws { try check(rule, tier: tier, form: .bytecode) }

  private func check(_ rule: ConformanceCase, tier: String, form: ProgramForm) throws {
    let run = try Self.run(rule, tier: tier, form: form)
    guard let reason = rule.knownFailure else { return Self.compare(run, with: rule) }
    withKnownIssue("\(rule.name): \(reason)") { Self.compare(run, with: rule) }
  }

  private static func run(_ rule: ConformanceCase, tier: String, form: ProgramForm) throws -> ProgramRun {
    let options = ["run", "--tier", tier] + rule.options
    switch form {
    case .source:
      return try ProgramUnderTest.run(options + [rule.script] + rule.arguments, in: rule.folder)
    case .bytecode:
      let file = NSTemporaryDirectory() + "ktap-conformance-" + UUID().uuidString + ".kpc"
      defer { try? FileManager.default.removeItem(atPath: file) }
      let compilation = try ProgramUnderTest.run(["compile", rule.script, "-o", file], in: rule.folder)
      if compilation.exitCode != 0 { return compilation }
      var run = try ProgramUnderTest.run(options + [file] + rule.arguments, in: rule.folder)
      // Warnings come from the compiler.
      run.standardError = compilation.standardError + run.standardError
      return run
    }
  }

  private static func compare(_ run: ProgramRun, with rule: ConformanceCase) {
    let standardError = String(decoding: run.standardError, as: UTF8.self)
    #expect(!run.isTimedOut, "\(rule.name) did not end within 10 s")
    #expect(run.exitCode == rule.exitCode, "\(rule.name): exit code; standard error:\n\(standardError.prefix(2000))")
    #expect(
      run.output == rule.output,
      "\(rule.name): standard output\n\(TextDifference.describe(expected: rule.output, actual: run.output))")
    switch rule.standardError {
    case .anything: break
    case .exactly(let expected):
      #expect(
        run.standardError == expected,
        "\(rule.name): standard error\n\(TextDifference.describe(expected: expected, actual: run.standardError))")
    case .contains(let parts):
      for part in parts {
        #expect(
          standardError.contains(part),
          "\(rule.name): standard error lacks '\(part)'; it is:\n\(standardError.prefix(2000))")
      }
    }
  }
}

/// That the cases themselves are in order.
@Suite("Conformance files")
struct ConformanceFileTests {
  @Test("There are cases for every section")
  func sections() {
    let sections = Set(ConformanceCase.all.map { $0.name.split(separator: "/")[0] })
    #expect(sections == ["text", "grammar", "values", "functions", "tables", "events", "builtins", "errors"])
    #expect(ConformanceCase.all.count >= 350)
  }

  @Test("Every script has an expectation, and every other file a script")
  func completeness() {
    let files = Set(ConformanceCase.files)
    for file in files {
      let parts = file.split(separator: ".", maxSplits: 1).map(String.init)
      #expect(parts.count == 2 && ConformanceCase.extensions.contains(parts[1]), "\(file) belongs to no case")
      #expect(files.contains(parts[0] + ".kp") && files.contains(parts[0] + ".out"), "\(parts[0]) is not complete")
    }
  }

  @Test("Every script says which rule it is about", arguments: ConformanceCase.all)
  func headers(_ rule: ConformanceCase) throws {
    // Two are about the beginning of a file, and one about a file without anything.
    if ["text/empty", "text/shebang", "text/bom-shebang"].contains(rule.name) { return }
    let text = try String(contentsOfFile: rule.folder + "/" + rule.script, encoding: .isoLatin1)
    let first = text.hasPrefix("\u{ef}\u{bb}\u{bf}") ? text.dropFirst(3) : text[...]
    #expect(
      first.hasPrefix("# ") || first.hasPrefix("// ") || first.hasPrefix("/* ") || first.hasPrefix("print(1.5) # "))
  }
}
