// The values that the interpreter switches on, made from the instruction table's opcodes.
//
// They are computed and not stored, so that the optimiser sees constants and makes one jump table.

import KtapBytecode

enum Selector {
  @inline(__always) static var constantB: UInt8 { 1 << 6 }
  @inline(__always) static var constantC: UInt8 { 1 << 7 }

  @inline(__always) static var move: UInt8 { Operation.move.rawValue }
  @inline(__always) static var loadInteger: UInt8 { Operation.loadInteger.rawValue }
  @inline(__always) static var loadConstant: UInt8 { Operation.loadConstant.rawValue }
  @inline(__always) static var getUpvalue: UInt8 { Operation.getUpvalue.rawValue }
  @inline(__always) static var setUpvalue: UInt8 { Operation.setUpvalue.rawValue }
  @inline(__always) static var updateUpvalue: UInt8 { Operation.updateUpvalue.rawValue }
  @inline(__always) static var closure: UInt8 { Operation.closure.rawValue }
  @inline(__always) static var cell: UInt8 { Operation.cell.rawValue }
  @inline(__always) static var newTable: UInt8 { Operation.newTable.rawValue }
  @inline(__always) static var getTable: UInt8 { Operation.getTable.rawValue }
  @inline(__always) static var setTable: UInt8 { Operation.setTable.rawValue }
  @inline(__always) static var update: UInt8 { Operation.update.rawValue }
  @inline(__always) static var add: UInt8 { Operation.add.rawValue }
  @inline(__always) static var subtract: UInt8 { Operation.subtract.rawValue }
  @inline(__always) static var multiply: UInt8 { Operation.multiply.rawValue }
  @inline(__always) static var divide: UInt8 { Operation.divide.rawValue }
  @inline(__always) static var modulo: UInt8 { Operation.modulo.rawValue }
  @inline(__always) static var bitAnd: UInt8 { Operation.bitAnd.rawValue }
  @inline(__always) static var unary: UInt8 { Operation.unary.rawValue }
  @inline(__always) static var concatenate: UInt8 { Operation.concatenate.rawValue }
  @inline(__always) static var jump: UInt8 { Operation.jump.rawValue }
  @inline(__always) static var loop: UInt8 { Operation.loop.rawValue }
  @inline(__always) static var equal: UInt8 { Operation.equal.rawValue }
  @inline(__always) static var less: UInt8 { Operation.less.rawValue }
  @inline(__always) static var lessOrEqual: UInt8 { Operation.lessOrEqual.rawValue }
  @inline(__always) static var test: UInt8 { Operation.test.rawValue }
  @inline(__always) static var forPrepare: UInt8 { Operation.forPrepare.rawValue }
  @inline(__always) static var forLoop: UInt8 { Operation.forLoop.rawValue }
  @inline(__always) static var iterate: UInt8 { Operation.iterate.rawValue }
  @inline(__always) static var call: UInt8 { Operation.call.rawValue }
  @inline(__always) static var tailCall: UInt8 { Operation.tailCall.rawValue }
  @inline(__always) static var returnValue: UInt8 { Operation.returnValue.rawValue }
  @inline(__always) static var builtin: UInt8 { Operation.builtin.rawValue }
  @inline(__always) static var context: UInt8 { Operation.context.rawValue }
  @inline(__always) static var field: UInt8 { Operation.field.rawValue }
}
