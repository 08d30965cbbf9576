// The builtins about the run and the machine.

import CKernelCalls
import Glibc

extension RuntimeContext {
  /// Asks every thread to end tracing.
  func requestExit() { ktap_store_release_32(state.pointee.exitRequested, 1) }

  /// The host knows whether the main chunk or `trace_end` runs; that no handler attaches anything is known here.
  func attach(_ arguments: BuiltinArguments) throws(ScriptError) -> Value {
    guard !isWorker && !isInEvent else { throw ScriptError("only mainthread can create function") }
    let declaration = try arguments.number(0)
    let handler = arguments[1]
    guard handler.tag == .closure else { throw arguments.wrongType(1, "function") }
    guard let host = state.pointee.host else { throw ScriptError("nothing can be traced here") }
    guard let index = Int(exactly: declaration) else { throw arguments.bad(0, "no such declaration") }
    try host.attach(declaration: index, handler: handler)
    return .nilValue
  }
}

/// What the kernel says about the machine.
enum Machine {
  static var onlineCPUs: Int64 { Int64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
  static let architecture = text(of: \.machine)
  static let kernelRelease = text(of: \.release)

  private static func text<Field>(of field: KeyPath<utsname, Field>) -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: name[keyPath: field]) { String(decoding: $0.upToNUL, as: UTF8.self) }
  }
}
