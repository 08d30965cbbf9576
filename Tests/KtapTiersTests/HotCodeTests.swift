// The interpreter's machine code: what must not be in it.
//
// Reads the release binary that `KTAP_BINARY` names (`make test` builds it and sets it): a debug build says nothing
// about the code that users run.

import Foundation
import Testing

@Suite(
  .enabled(
    if: ReleaseBinary.path != nil, "needs KTAP_BINARY, the path of a release build, and objdump; `make test` sets it"))
struct HotCodeTests {
  @Test func theLoopCountsNoReferencesAndChecksNoExclusivity() throws {
    let calls = try ReleaseBinary.calls(inFunctionMatching: "11InterpreterO3run")
    #expect(calls.count > 10, "the interpreter's function was not found")
    for forbidden in ["swift_retain", "swift_release", "swift_beginAccess", "swift_bridgeObject", "swift_allocObject"] {
      #expect(!calls.contains { $0.hasPrefix(forbidden) }, "\(forbidden) is called in the interpreter's loop")
    }
  }

  @Test func theLoopDispatchesThroughOneJumpTable() throws {
    let text = try ReleaseBinary.disassembly(ofFunctionMatching: "11InterpreterO3run")
    let indirect = text.filter { $0.contains("jmp") && $0.contains("*%") }
    #expect(!indirect.isEmpty && indirect.count <= 8, "\(indirect.count) indirect jumps")
  }
}

enum ReleaseBinary {
  /// The release build, if there is one and it can be disassembled.
  static var path: String? {
    guard let path = ProcessInfo.processInfo.environment["KTAP_BINARY"],
      FileManager.default.isExecutableFile(atPath: path),
      FileManager.default.isExecutableFile(atPath: "/usr/bin/objdump"), path.contains("/release/")
    else { return nil }
    return path
  }

  /// Instruction lines of the one function whose mangled name contains `part`.
  static func disassembly(ofFunctionMatching part: String) throws -> [Substring] {
    let symbols = try output("/usr/bin/nm", ["--defined-only", path!])
    let names = symbols.split(separator: "\n").compactMap { $0.split(separator: " ").last }
      .filter { $0.contains(part) }
    let symbol = try #require(names.first, "no function named …\(part)… in \(path!)")
    return try output("/usr/bin/objdump", ["-d", "--no-show-raw-insn", "--disassemble=\(symbol)", path!])
      .split(separator: "\n").filter { $0.hasPrefix(" ") }
  }

  /// Names of the functions that it calls.
  static func calls(inFunctionMatching part: String) throws -> [String] {
    try disassembly(ofFunctionMatching: part).compactMap { line in
      guard line.contains("call"), let start = line.firstIndex(of: "<"), let end = line.lastIndex(of: ">") else {
        return nil
      }
      return String(line[line.index(after: start)..<end])
    }
  }

  private static func output(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
