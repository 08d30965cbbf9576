// A run-time error with its place and the calls that led to it.

import KtapBytecode
import KtapRuntime

/// What `error: FILE:LINE: MESSAGE` and the traceback are printed from.
public struct ScriptFailure: Error, Sendable, Hashable, CustomStringConvertible {
  public struct Call: Sendable, Hashable {
    /// `main chunk`, a function's name, `trace sched:sched_switch`.
    public var function: String
    public var line: Int32
  }

  public var message: String
  public var file: String
  public var line: Int32
  /// The innermost call first; a deep stack is shortened in the middle.
  public var calls: [Call]
  /// Not an error of the script: it was told to end while it ran.
  public var isInterruption: Bool = false

  public init(message: String, file: String, line: Int32, calls: [Call], isInterruption: Bool = false) {
    self.message = message
    self.file = file
    self.line = line
    self.calls = calls
    self.isInterruption = isInterruption
  }

  /// `FILE:LINE: MESSAGE`, which is also the key when errors are counted by site.
  public var site: String { "\(file):\(line): \(message)" }

  /// The error line and the traceback, without a newline at the end.
  public var description: String {
    var text = "error: \(site)"
    if calls.count > 1 {
      text += "\ntraceback:"
      for (index, call) in calls.enumerated() {
        if calls.count > Self.shownCalls && index == Self.shownCalls / 2 {
          text += "\n  … \(calls.count - Self.shownCalls) more calls"
        }
        if calls.count > Self.shownCalls && index >= Self.shownCalls / 2 && index < calls.count - Self.shownCalls / 2 {
          continue
        }
        text += "\n  \(file):\(call.line): in \(call.function)"
      }
    }
    return text
  }

  private static let shownCalls = 12
}

extension ExecutionState {
  /// Gives an error its place: the instruction that `registers.pc` stands behind, and the frames that wait.
  func locate(_ error: ScriptError) -> ScriptFailure {
    var calls: [ScriptFailure.Call] = []
    func add(pc: Int) {
      let (function, index) = loaded.locate(pc: pc - 1)
      let description = loaded.program.functions[function]
      let line =
        index < description.positions.count && index >= 0 ? description.positions[index].line : description.line
      calls.append(.init(function: description.name, line: line))
    }
    add(pc: Int(registers.pointee.pc))
    for depth in stride(from: Int(registers.pointee.depth) - 1, through: 0, by: -1) {
      add(pc: Int(frames[depth].pc))
    }
    return ScriptFailure(
      message: error.message, file: loaded.program.name, line: calls[0].line, calls: calls,
      isInterruption: error == .interrupted)
  }
}

extension ScriptError {
  /// Raised at a safe point when the script is told to end.
  static let interrupted = ScriptError("interrupted")
}
