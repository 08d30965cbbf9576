// A program made ready to run: all code in one array, all constants in one array, functions by number.
//
// In: a program that passed the verifier (this file calls it; nothing else makes a `LoadedProgram`). Out: memory that
// does not move or change while the script lives, so that every thread reads it without a lock, a retain or an
// exclusivity check.
//
// Invariants: `code` holds the words of function 0, 1, … one after the other; a program counter is an index into it,
// so that a call changes numbers only. `constants` likewise. String constants belong to the shared heap and are pinned
// there.
//
// Unsafe: raw arrays that live as long as this object. Whoever runs the program holds the `ScriptInstance` that holds
// this.

import KtapBytecode
import KtapRuntime

/// What a call needs to know about a function.
@frozen public struct FunctionEntry: BitwiseCopyable, Sendable {
  /// Index of the first instruction in the program's code.
  public var start: Int32
  public var frameSize: Int32
  public var parameterCount: Int32
  /// Index of the first constant in the program's constants.
  public var constantBase: Int32
}

/// A program that a tier can run.
public final class LoadedProgram: @unchecked Sendable {
  public let program: Program
  let code: UnsafeMutableBufferPointer<UInt32>
  let constants: UnsafeMutableBufferPointer<Value>
  let entries: UnsafeMutableBufferPointer<FunctionEntry>
  /// The builtin that a program's builtin index stands for.
  let builtins: UnsafeMutableBufferPointer<BuiltinIdentifier>

  /// Verifies `program` and lays it out; its string constants are made in `heap` and pinned.
  public init(_ program: Program, heap: Heap) throws(LoadError) {
    do {
      try program.verify()
    } catch {
      throw LoadError(message: String(describing: error))
    }
    self.program = program
    code = .allocate(capacity: program.functions.reduce(0) { $0 + $1.code.count })
    constants = .allocate(capacity: program.functions.reduce(0) { $0 + $1.constants.count })
    entries = .allocate(capacity: program.functions.count)
    builtins = .allocate(capacity: program.builtins.count)
    builtins.initialize(repeating: .exit)
    for (index, name) in program.builtins.enumerated() {
      guard let identifier = BuiltinIdentifier(name: name) else {
        throw LoadError(message: "this version has no builtin '\(name)'")
      }
      builtins[index] = identifier
    }
    var nextWord = 0
    var nextConstant = 0
    for (index, function) in program.functions.enumerated() {
      entries.initializeElement(
        at: index,
        to: FunctionEntry(
          start: Int32(nextWord), frameSize: Int32(function.frameSize), parameterCount: Int32(function.parameterCount),
          constantBase: Int32(nextConstant)))
      for word in function.code {
        code.initializeElement(at: nextWord, to: word)
        nextWord += 1
      }
      for constant in function.constants {
        constants.initializeElement(at: nextConstant, to: Self.value(of: constant, builtins: builtins, heap: heap))
        nextConstant += 1
      }
    }
  }

  deinit {
    code.deallocate()
    constants.deallocate()
    entries.deallocate()
    builtins.deallocate()
  }

  private static func value(
    of constant: Constant, builtins: UnsafeMutableBufferPointer<BuiltinIdentifier>, heap: Heap
  ) -> Value {
    switch constant {
    case .nilValue: return .nilValue
    case .boolean(let boolean): return Value(boolean)
    case .number(let number): return Value(number)
    case .builtin(let index): return Value(payload: Int64(builtins[index].rawValue), tag: .builtin)
    case .string(let bytes):
      // The verifier has checked the length, the only thing that making a string can refuse.
      let value = bytes.withUnsafeBytes { try! heap.string($0) }
      heap.pin(value)
      return value
    }
  }
}

/// Why a program cannot run here.
public struct LoadError: Error, Sendable, CustomStringConvertible {
  public var message: String

  public init(message: String) { self.message = message }

  public var description: String { message }
}

extension LoadedProgram {
  /// What any function of the program can touch.
  public var effects: HandlerEffects {
    program.functions.reduce(into: []) { $0.formUnion($1.effects) }
  }

  /// The function that an instruction belongs to, and its index there.
  public func locate(pc: Int) -> (function: Int, pc: Int) {
    var low = 0
    var high = entries.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(entries[middle].start) <= pc { low = middle } else { high = middle }
    }
    return (low, pc - Int(entries[low].start))
  }
}
