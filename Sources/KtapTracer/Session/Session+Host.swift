// What builtins and context words ask of the tracer.

import KtapBytecode
import KtapEvents
import KtapRuntime
import KtapTiers

extension Session: RuntimeHost {
  public func attach(declaration: Int, handler: Value) throws(ScriptError) {
    guard program.events.indices.contains(declaration) else { throw ScriptError("no such event declaration") }
    let event = program.events[declaration]
    guard acceptsAttachments else {
      if runsTick { throw ScriptError("only mainthread can create function") }
      switch event.kind {
      case .tick: throw ScriptError("timer.tick only can be called in RUNNING state")
      case .profile: throw ScriptError("timer.profile only can be called in RUNNING state")
      case .trace, .traceEnd: throw ScriptError("kdebug.trace_by_id only can be called in RUNNING state")
      }
    }
    script.addHandler(handler)
    if event.kind == .traceEnd {
      traceEnd = handler
    } else {
      attachments.append(Attachment(declaration: event, handler: handler))
    }
  }

  public func process(ofThread thread: Int32) -> Int32? { opened?.tasks?.identity(of: thread).process }

  public func user(ofThread thread: Int32) -> UInt32? { opened?.tasks?.identity(of: thread).user }

  public func executableName(ofThread thread: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let name = opened?.tasks?.identity(of: thread).name, name != .unknown else { return nil }
    return name.withBytes { bytes in
      buffer.copyMemory(from: bytes)
      return bytes.count
    }
  }

  public func symbol(at address: UInt64) -> String? { nil }

  public func functionName(_ function: Int) -> String? {
    program.functions.indices.contains(function) ? program.functions[function].name : nil
  }

  public func traceTime() -> UInt64 { source.now() }
}
