import Foundation
import Glibc
import Testing

@testable import KtapMeasurement

@Suite("Child processes")
struct ProcessTests {
  private func run(_ text: String, seconds: Double = 30) throws -> ProcessResult? {
    let process = try ChildProcess(Command("sh", ["-c", text]))
    if case .ended(let result) = process.wait(seconds: seconds) { return result }
    return nil
  }

  @Test func endsAndOutput() throws {
    let result = try #require(try run("echo out; echo err >&2; exit 7"))
    #expect(result.end == .exited(7) && !result.end.isSuccess)
    #expect(result.output == "out\n" && result.errors == "err\n")
    #expect(try run("kill -9 $$")?.end == .killed(signal: 9))
    #expect(result.wallNanoseconds > 0)
  }

  @Test func cpuTimeIsTheChildsOwn() throws {
    // The loop is also run in a grandchild that is waited for: both count.
    let result = try #require(try run("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sh -c 'exit 0'"))
    #expect(result.cpuNanoseconds > 1_000_000)
    let idle = try #require(try run("sleep 0.01"))
    #expect(idle.cpuNanoseconds < result.cpuNanoseconds)
  }

  @Test func timeoutLeavesItRunningAndEndKillsTheGroup() throws {
    // The grandchild's number is printed; both must be gone afterwards.
    let process = try ChildProcess(Command("sh", ["-c", "sleep 100 & echo $!; wait"]))
    guard case .timeout = process.wait(seconds: 0.3) else {
      Issue.record("a sleeping process ended")
      return
    }
    let grandchild = try #require(pid_t(process.capturedOutput().trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(ProcessGroup.members(of: process.identifier).contains(grandchild))
    #expect(process.groupCPUTime > 0)
    let result = try #require(process.end())
    #expect(result.end == .killed(signal: SIGKILL))
    #expect(process.end() == nil)
    #expect(isGone(process.identifier))
    // The grandchild is reaped by init or by a subreaper, which may take a moment.
    for _ in 0..<200 where !isGone(grandchild) { usleep(10_000) }
    #expect(isGone(grandchild))
  }

  @Test func aForgottenProcessIsEnded() throws {
    var process: ChildProcess? = try ChildProcess(Command("sleep", ["100"]))
    let identifier = try #require(process?.identifier)
    process = nil
    #expect(process == nil)
    #expect(kill(identifier, 0) == -1 && errno == ESRCH)
  }

  @Test func whatALeaderLeavesBehindIsEnded() throws {
    let result = try #require(try run("sleep 100 & echo $!"))
    let left = try #require(pid_t(result.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    for _ in 0..<200 where !isGone(left) { usleep(10_000) }
    #expect(isGone(left))
  }

  /// No such process, or a zombie that waits for init.
  private func isGone(_ process: pid_t) -> Bool {
    guard let status = Environment.text("/proc/\(process)/stat") else { return true }
    return status.split(separator: ")").last?.hasPrefix(" Z") ?? true
  }

  @Test func signalsReachTheProcess() throws {
    let process = try ChildProcess(Command("sh", ["-c", "trap 'exit 5' INT; echo r; sleep 100 & wait $!"]))
    while process.capturedOutput() != "r\n" { usleep(1000) }
    process.send(signal: SIGINT)
    guard case .ended(let result) = process.wait(seconds: 30) else {
      Issue.record("SIGINT did not end it")
      return
    }
    #expect(result.end == .exited(5))
  }

  @Test func programsThatCannotBeStarted() {
    #expect(throws: MeasurementError.self) { try ChildProcess(Command("no-such-program-here")) }
    #expect(throws: MeasurementError.self) { try ChildProcess(Command("/proc/self/no")) }
    #expect(throws: MeasurementError.self) { try ChildProcess(Command("true", directory: "/no/such/folder")) }
  }

  @Test func descriptorsAreThoseThatWereGiven() throws {
    let pipe = try BarrierPipe()
    let process = try ChildProcess(
      Command("sh", ["-c", "ls /proc/self/fd | wc -l; printf x >&3"]), inherited: [pipe.writing])
    pipe.closeWriting()
    guard case .byte = pipe.receive(seconds: 30) else {
      Issue.record("no byte came")
      return
    }
    guard case .closed = pipe.receive(seconds: 30) else {
      Issue.record("the pipe is still open")
      return
    }
    guard case .ended(let result) = process.wait(seconds: 30) else { return }
    // 0, 1, 2, 3 and the one that ls reads the folder with.
    #expect(result.output.trimmingCharacters(in: .whitespacesAndNewlines) == "5")
  }

  @Test func environmentAndDirectory() throws {
    let process = try ChildProcess(
      Command("sh", ["-c", "echo \"$KTAP_TEST\"; pwd"], environment: ["KTAP_TEST": "a=b c"], directory: "/"))
    guard case .ended(let result) = process.wait(seconds: 30) else { return }
    #expect(result.output == "a=b c\n/\n")
  }

  @Test func commandLinesAreQuoted() {
    #expect(Command("a", ["b c", "it's", "", "x=1"]).line == "a 'b c' 'it'\\''s' '' x=1")
  }

  @Test func hashes() throws {
    #expect(hash([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(hash(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    // Around the lengths at which the padding needs another block.
    for count in [55, 56, 63, 64, 65, 1000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let path = NSTemporaryDirectory() + "ktap-hash-\(UUID().uuidString)"
      defer { unlink(path) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let other = try #require(try run("sha256sum < \(path)")).output.prefix(64)
      #expect(hash(bytes) == String(other) && Environment.hash(ofFile: path) == String(other))
    }
    #expect(Environment.hash(ofFile: "/no/such/file") == nil)
  }

  private func hash(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}
