// Constant folding: only what cannot fail when it is run.
//
// A division by zero, an operand of a wrong type or a string that would get too long is left to the run time, so that
// the error appears where and when the script says. The rules are the language's: 64-bit wrapping arithmetic, `/`
// truncates, MIN / -1 is MIN, `%` has the dividend's sign and MIN % -1 is 0. A shift count is taken modulo 64 (as the
// hardware and Swift's &<< do), and `>>` copies the sign.

import KtapLanguage

/// The longest string, in bytes.
public let stringLengthLimit = 65_535

enum Folding {
  /// The value of a numeric operation, or nil if it would fail.
  static func arithmetic(_ operation: Operation, _ left: Int64, _ right: Int64) -> Int64? {
    switch operation {
    case .add: left &+ right
    case .subtract: left &- right
    case .multiply: left &* right
    case .divide: right == 0 ? nil : left.dividedReportingOverflow(by: right).partialValue
    case .modulo: right == 0 ? nil : left.remainderReportingOverflow(dividingBy: right).partialValue
    case .bitAnd: left & right
    case .bitOr: left | right
    case .bitXor: left ^ right
    case .shiftLeft: left &<< right
    case .shiftRight: left &>> right
    default: nil
    }
  }

  static func arithmetic(_ operation: Operation, _ left: Constant, _ right: Constant) -> Constant? {
    guard case .number(let left) = left, case .number(let right) = right else { return nil }
    return arithmetic(operation, left, right).map(Constant.number)
  }

  static func unary(_ operator: UnaryOperator, _ operand: Constant) -> Constant? {
    switch (`operator`, operand) {
    case (.not, _): .boolean(!isTrue(operand))
    case (.negate, .number(let number)): .number(0 &- number)
    case (.complement, .number(let number)): .number(~number)
    default: nil
    }
  }

  static func compare(_ comparison: Comparison, _ left: Constant, _ right: Constant) -> Constant? {
    let (first, second) = comparison.isSwapped ? (right, left) : (left, right)
    let holds: Bool
    switch (comparison.operation, first, second) {
    case (.equal, _, _): holds = first == second
    case (.less, .number(let a), .number(let b)): holds = a < b
    case (.lessOrEqual, .number(let a), .number(let b)): holds = a <= b
    case (.less, .string(let a), .string(let b)): holds = a.lexicographicallyPrecedes(b)
    case (.lessOrEqual, .string(let a), .string(let b)): holds = !b.lexicographicallyPrecedes(a)
    default: return nil
    }
    return .boolean(holds != comparison.isNegated)
  }

  /// The joined string, or nil if it would fail.
  static func concatenate(_ left: Constant, _ right: Constant) -> Constant? {
    guard let left = text(left), let right = text(right), left.count + right.count <= stringLengthLimit else {
      return nil
    }
    return .string(left + right)
  }

  static func isTrue(_ constant: Constant) -> Bool { constant != .nilValue && constant != .boolean(false) }

  private static func text(_ constant: Constant) -> [UInt8]? {
    switch constant {
    case .string(let bytes): bytes
    case .number(let number): Array(String(number).utf8)
    case .boolean(let flag): Array((flag ? "true" : "false").utf8)
    case .nilValue, .builtin: nil
    }
  }
}

extension BinaryOperator {
  /// The instruction of an arithmetic operator.
  var arithmetic: Operation? {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .modulo: .modulo
    case .bitAnd: .bitAnd
    case .bitOr: .bitOr
    case .bitXor: .bitXor
    case .shiftLeft: .shiftLeft
    case .shiftRight: .shiftRight
    default: nil
    }
  }

  var comparison: Comparison? {
    switch self {
    case .equal: Comparison(operation: .equal, isNegated: false, isSwapped: false)
    case .notEqual: Comparison(operation: .equal, isNegated: true, isSwapped: false)
    case .less: Comparison(operation: .less, isNegated: false, isSwapped: false)
    case .lessOrEqual: Comparison(operation: .lessOrEqual, isNegated: false, isSwapped: false)
    case .greater: Comparison(operation: .less, isNegated: false, isSwapped: true)
    case .greaterOrEqual: Comparison(operation: .lessOrEqual, isNegated: false, isSwapped: true)
    default: nil
    }
  }
}
