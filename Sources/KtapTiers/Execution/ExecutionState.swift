// What one thread needs to run script code: a value stack, call frames, and the runtime context.
//
// In: a loaded program. Out: memory that every tier shares, so that a traceback, the collector and a change of tier
// see the same frames whatever tier runs.
//
// Invariants:
// - Frame n's registers are `stack[base ..< base + frameSize]`; the slot before `base` holds the closure on entry and
//   receives the result.
// - Slots at and above the top of the running frame may hold old values. They are never dangling, because a collection
//   sets them to nil; so a frame needs no clearing on entry.
// - `pc` is stored before anything that can fail or collect; it points behind the running instruction.
//
// The sizes are the language's limits and the same for every thread and tier: a script that overflows in one overflows
// in all. The memory is only committed where it is used.
//
// Unsafe: raw arrays owned by this object, indexed by what the verifier has checked (registers) and by what a call has
// checked (base + frameSize within the stack).

import Glibc
import KtapBytecode
import KtapRuntime

/// A caller that waits for its callee, as the traceback and RETURN find it.
@frozen public struct Frame: BitwiseCopyable, Sendable {
  /// Behind the CALL.
  var pc: Int32
  var base: Int32
  var constantBase: Int32
  /// Of the function that waits.
  var frameSize: Int32
  /// The closure that waits.
  var closure: Value
}

/// Limits of script execution, the same in every tier.
public enum ExecutionLimits {
  /// Values on the stack of one thread.
  public static let stackSlots = 1 << 17
  /// Calls that wait for each other.
  public static let frames = 1 << 13
  /// Loop iterations of one invocation, unless `--max-loops` says otherwise.
  public static let loops: Int64 = 100_000
}

/// One thread's stack and frames.
public final class ExecutionState: @unchecked Sendable {
  public let context: RuntimeContext
  let loaded: LoadedProgram
  let stack: UnsafeMutablePointer<Value>
  let frames: UnsafeMutablePointer<Frame>
  /// What changes while code runs; behind a pointer because a class's own stored properties are checked for exclusive
  /// access on every use.
  let registers: UnsafeMutablePointer<ExecutionRegisters>
  /// Not 0 when somebody wants this thread's attention.
  let interruptWord: UnsafeMutablePointer<UInt32>
  /// The script that this is a thread of.
  weak var instance: ScriptInstance?

  init(context: RuntimeContext, loaded: LoadedProgram, interruptWord: UnsafeMutablePointer<UInt32>) {
    self.context = context
    self.loaded = loaded
    self.interruptWord = interruptWord
    // calloc gives zero pages that cost nothing until they are touched; a zero Value is nil.
    stack = calloc(ExecutionLimits.stackSlots, MemoryLayout<Value>.stride)!.bindMemory(
      to: Value.self, capacity: ExecutionLimits.stackSlots)
    frames = calloc(ExecutionLimits.frames, MemoryLayout<Frame>.stride)!.bindMemory(
      to: Frame.self, capacity: ExecutionLimits.frames)
    registers = .allocate(capacity: 1)
    registers.initialize(to: ExecutionRegisters())
  }

  deinit {
    free(stack)
    free(frames)
    registers.deallocate()
  }
}

/// The machine's own registers, as far as they must be seen from outside the running loop.
struct ExecutionRegisters: BitwiseCopyable {
  /// Behind the instruction that runs or that failed.
  var pc: Int32 = 0
  /// How many frames wait.
  var depth: Int32 = 0
  /// One past the last slot that the running frame uses; 0 while nothing runs.
  var top: Int32 = 0
  /// The highest `top` since the last collection.
  var highWater: Int32 = 0
  /// Closure that runs.
  var closure: Value = .nilValue
  /// Iterations that one invocation may run; 0 lifts the limit.
  var loopLimit: Int64 = ExecutionLimits.loops

  @inline(__always)
  mutating func noteHighWater() {
    if top > highWater { highWater = top }
  }
}
