// The verifier: accepts or refuses a program before it runs.
//
// A program file may come from anywhere. What has passed here cannot make a tier read or write outside of a frame, a
// constant list or the code, cannot run in circles without being counted, and cannot mix up cells with values. What the
// compiler makes always passes; a test holds it to that.
//
// The interpreter and the other tiers may rely on this, and on nothing else:
//
//  1. Every opcode exists; operands that are unused are 0, kB and kC are set only where the operand is a register or a
//     constant.
//  2. Registers are below `frameSize`, which is at most 250: also those that an instruction names implicitly (CALL's
//     and BUILTIN's arguments, CONCAT's operands, the four of FORPREP and FORLOOP, the three of ITERATE). A frame has at
//     least one register more than CALL's last argument needs, and `parameterCount` is at most `frameSize`.
//  3. Indexes of constants, captured variables, nested functions, builtins and table sites exist, as do the modes of
//     UNARY, CONTEXT, CELL and UPDATEUP. A constant that FIELD names is a number or a string.
//  4. A test is followed by a JMP or LOOP to which nothing else leads, UPDATE by a word that has an arithmetic opcode
//     and no other bit set. Jumps lead to instructions of the same function; only LOOP, FORLOOP and ITERATE lead
//     backwards. Nothing falls off the end of the code.
//  5. SETUP and UPDATEUP are used on captured variables that are cells only, and `isCell` says of every captured
//     variable what CLOSURE will find: a cell or a value.
//  6. CELL load and store find a cell; nothing else ever reads one. This is proved for every path by following which
//     registers hold cells, from an entry where none does: *a frame must be filled with nil when it is entered*. After
//     a CALL the registers behind its result hold what the callee left there, maybe cells: they are not read before
//     they are written.
//  7. A function's index is below those of the functions that are nested in it.
//
// Not checked, because the types of values are not: every instruction that the table marks as failing checks the tags
// of what it reads, also the hidden registers of loops, and so does every builtin, also the internal ones (`%attach`
// gets any index and any value). The claims of a table site (`isPerCPU`) and of a function (`effects`) are taken for
// what they are worth: wrong ones give wrong results, so they must not decide about memory safety.

/// Why a program is refused.
public struct VerificationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Its index in `Program.functions`, or nil if the program as a whole is refused.
  public var function: Int?
  public var functionName: String
  /// Nil if no single instruction is at fault.
  public var pc: Int?
  /// As the listing prints it.
  public var instruction: String
  public var reason: String

  public var description: String {
    guard let function else { return "refused: \(reason)" }
    let place = "function \(function) (\(functionName))"
    guard let pc else { return "refused: \(place): \(reason)" }
    return "refused: \(place), pc \(pc): \(instruction): \(reason)"
  }
}

extension Program {
  /// Checks the whole program; returns if it may run.
  public func verify() throws(VerificationError) {
    try verifyParts()
    for index in functions.indices {
      var verifier = FunctionVerifier(program: self, index: index)
      try verifier.verify()
    }
  }

  private func verifyParts() throws(VerificationError) {
    func refuse(_ reason: String) -> VerificationError {
      VerificationError(function: nil, functionName: "", pc: nil, instruction: "", reason: reason)
    }
    guard let main = functions.first else { throw refuse("there is no main chunk") }
    guard main.upvalues.isEmpty else { throw refuse("the main chunk captures variables") }
    guard main.parameterCount == 0 else { throw refuse("the main chunk has parameters") }
    guard builtins.count <= CompilerLimit.builtins else {
      throw refuse("more than \(CompilerLimit.builtins) builtins")
    }
    guard tableSites.count <= CompilerLimit.tableSites else {
      throw refuse("more than \(CompilerLimit.tableSites) table sites")
    }
    for (index, site) in tableSites.enumerated()
    where !(0...Int(Int32.max)).contains(site.arrayCapacity) || !(0...Int(Int32.max)).contains(site.recordCapacity) {
      throw refuse("table site \(index) has an impossible capacity")
    }
  }
}
