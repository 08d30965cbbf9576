// Runs the program under test as a user would, and shows where what it wrote differs from what was expected.

import Foundation
import Glibc

/// What a run of the program came to.
struct ProgramRun {
  var output: Data
  var standardError: Data
  /// 128 + signal if it was ended by one.
  var exitCode: Int32
  var isTimedOut = false
}

enum ProgramUnderTest {
  /// `KTAP_BINARY`, or the program that was built with these tests, or the last build.
  static let path: String? = {
    if let path = ProcessInfo.processInfo.environment["KTAP_BINARY"] { return path }
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let build = ConformanceCase.packageRoot + "/.build"
    return [bundle + "/ktap", build + "/release/ktap", build + "/debug/ktap"].first { access($0, X_OK) == 0 }
  }()

  /// Runs the program in `folder`; ends it after `seconds`.
  /// - Parameter signal: sent to it when it has written something.
  static func run(
    _ arguments: [String], in folder: String, seconds: Double = 10, signal: Int32? = nil
  ) throws -> ProgramRun {
    let scratch = NSTemporaryDirectory() + "ktap-conformance-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    // Files and not pipes: nobody has to read while the program runs.
    let process = try start(arguments, in: folder, output: scratch + "/out", standardError: scratch + "/err")
    if let signal {
      let end = Date().addingTimeInterval(seconds)
      while Date() < end, FileManager.default.contents(atPath: scratch + "/out")?.isEmpty != false { usleep(2000) }
      kill(process, signal)
    }
    let (status, isTimedOut) = wait(for: process, seconds: seconds)
    return ProgramRun(
      output: try Data(contentsOf: URL(fileURLWithPath: scratch + "/out")),
      standardError: try Data(contentsOf: URL(fileURLWithPath: scratch + "/err")),
      exitCode: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f), isTimedOut: isTimedOut)
  }

  private static func start(
    _ arguments: [String], in folder: String, output: String, standardError: String
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, standardError, flags, 0o600)
    // A shell enters the folder and becomes the program, so that it keeps the process id.
    let shell = "/bin/sh"
    let line = [shell, "-c", "cd \"$0\" && exec \"$@\"", folder, path ?? ""] + arguments
    var words: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process = pid_t(0)
    let error = posix_spawn(&process, shell, &actions, nil, words, environ)
    guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
    return process
  }

  private static func wait(for process: pid_t, seconds: Double) -> (status: Int32, isTimedOut: Bool) {
    let end = Date().addingTimeInterval(seconds)
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 {
      if Date() > end {
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        return (status, true)
      }
      usleep(2000)
    }
    return (status, false)
  }
}

enum TextDifference {
  /// The lines that differ, expected ones after `-`, actual ones after `+`, with some of what is before and behind.
  static func describe(expected: Data, actual: Data) -> String {
    let old = lines(expected)
    let new = lines(actual)
    var prefix = 0
    while prefix < min(old.count, new.count), old[prefix] == new[prefix] { prefix += 1 }
    var suffix = 0
    while suffix < min(old.count, new.count) - prefix, old[old.count - 1 - suffix] == new[new.count - 1 - suffix] {
      suffix += 1
    }
    let before = old[max(0, prefix - 2)..<prefix].map { "  " + $0 }
    let removed = old[prefix..<old.count - suffix].map { "- " + $0 }
    let added = new[prefix..<new.count - suffix].map { "+ " + $0 }
    let behind = old[(old.count - suffix)..<min(old.count, old.count - suffix + 2)].map { "  " + $0 }
    return (before + removed.prefix(20) + added.prefix(20) + behind).joined(separator: "\n")
  }

  private static func lines(_ data: Data) -> [String] {
    String(decoding: data, as: UTF8.self).components(separatedBy: "\n").map { line in
      // Blanks at the end and control characters would not be seen.
      line.unicodeScalars.map { $0.value < 0x20 && $0 != "\t" ? "\\x" + String($0.value, radix: 16) : String($0) }
        .joined() + (line.last == " " || line.last == "\t" ? "⏎" : "")
    }
  }
}
