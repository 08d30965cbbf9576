// What the operators mean: the one copy that every tier calls or is checked against.

import KtapBytecode
import KtapRuntime

/// 64-bit two's complement arithmetic of the language.
public enum Arithmetic {
  /// `left operation right`; `operation` is arithmetic. `/` truncates toward zero, `%` takes the dividend's sign, `MIN/-1`
  /// is `MIN`, shift counts are taken modulo 64 and `>>` keeps the sign.
  /// - Throws: division or remainder by zero.
  @inline(__always)
  public static func apply(_ operation: Operation, _ left: Int64, _ right: Int64) throws(ScriptError) -> Int64 {
    switch operation {
    case .add: return left &+ right
    case .subtract: return left &- right
    case .multiply: return left &* right
    case .divide: return try divide(left, right)
    case .modulo: return try modulo(left, right)
    case .bitAnd: return left & right
    case .bitOr: return left | right
    case .bitXor: return left ^ right
    case .shiftLeft: return left &<< right
    case .shiftRight: return left &>> right
    default: preconditionFailure("not an arithmetic operation")
    }
  }

  @inline(__always)
  static func divide(_ left: Int64, _ right: Int64) throws(ScriptError) -> Int64 {
    if right == 0 { throw ScriptError("divide 0 arith operation") }
    return left.dividedReportingOverflow(by: right).partialValue
  }

  @inline(__always)
  static func modulo(_ left: Int64, _ right: Int64) throws(ScriptError) -> Int64 {
    if right == 0 { throw ScriptError("mod 0 arith operation") }
    return left.remainderReportingOverflow(dividingBy: right).partialValue
  }
}
