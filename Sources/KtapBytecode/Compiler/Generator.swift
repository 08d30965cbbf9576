// The generator: the code of one function from its resolved body, in one walk.
//
// Registers are a stack, as in Lua: variables at the bottom in the order of their declaration (`activeRegisters` of
// them, with the hidden ones of loops), temporaries above (`freeRegister` is the first that nobody holds). Between
// statements there are no temporaries.
//
// Code is made for a destination: `value(_:into:)` leaves an expression's value in a given register, so that results
// arrive where they are wanted without a MOVE. `operand(_:)` gives what an instruction can read: a variable's own
// register, a constant, or else a temporary. A destination above the variables may be written early and is used for
// intermediate results; a variable's register is only written by the last instruction, unless the expression does not
// mention that variable. Expressions cannot assign variables that live in registers (closures assign cells), which is
// why operands can stand straight for variables while the other operand is evaluated.
//
// Conditions become jumps: `condition(_:jumpIf:)` falls through or jumps, over `&&`, `||` and `!` without making a
// value. A loop's condition stands at its end, where its jump is the LOOP itself.

import KtapLanguage

/// An operand that is a register, or a constant below 256.
enum Operand {
  case register(Int)
  case constant(Int)

  var index: Int {
    switch self {
    case .register(let index), .constant(let index): index
    }
  }
  var isConstant: Bool {
    if case .constant = self { return true }
    return false
  }
}

/// Jumps that will get the same target.
struct JumpList {
  var jumps: [Int] = []
}

final class FunctionGenerator {
  let function: FunctionNode
  let assembler: ProgramAssembler

  private(set) var code: [UInt32] = []
  private var positions: [CodePosition] = []
  private var constants: [Constant] = []
  private var constantIndexes: [Constant: Int] = [:]
  private var nested: [Int] = []
  private var locals: [LocalName] = []
  /// Indexes into `locals` of those that are visible.
  private var visible: [Int] = []

  var freeRegister = 0
  var activeRegisters = 0
  private var frameSize = 0
  /// The last place that a jump leads to.
  private var lastTarget = -1
  private var reported: Set<String> = []

  var loops: [Loop] = []
  /// Of the statement at hand.
  var position: SourcePosition

  /// A loop around the current statement.
  struct Loop {
    var breaks = JumpList()
    var continues = JumpList()
  }

  init(_ function: FunctionNode, assembler: ProgramAssembler) {
    self.function = function
    self.assembler = assembler
    position = function.position
  }

  func generate(upvalues: [UpvalueDescriptor]) -> Function {
    for parameter in function.parameters {
      parameter.register = reserve()
      activate(parameter)
    }
    for parameter in function.parameters where parameter.isCell {
      createCell(parameter, .register(parameter.register), at: parameter.position)
    }
    block(function.body)
    finish()
    return Function(
      name: function.name, line: function.position.line, parameterCount: function.parameters.count,
      frameSize: frameSize, upvalues: upvalues, constants: constants, nested: nested, code: code,
      positions: positions, locals: locals, effects: function.effects)
  }

  /// Ends the code with a RETURN, where its end can be reached.
  private func finish() {
    position = function.body.end
    let last = code.last.flatMap { Instruction(word: $0).operation }
    if lastTarget != code.count, last == .returnValue || last == .tailCall { closeNames(from: 0); return }
    let nothing = operand(Node(.constant(.nilValue), at: position))
    emit(.returnValue, b: nothing, at: position)
    closeNames(from: 0)
  }

  // MARK: Registers and names

  /// Reserves a register above all others.
  func reserve() -> Int {
    let register = freeRegister
    freeRegister += 1
    frameSize = max(frameSize, freeRegister)
    if freeRegister > Instruction.registerLimit {
      report("more than \(Instruction.registerLimit) registers needed in \(function.description)")
    }
    return register
  }

  /// Nothing but the code at hand reads the register.
  func isTemporary(_ register: Int) -> Bool { register >= activeRegisters }

  /// Frees temporaries, after the body.
  func withTemporaries<Result>(_ body: () -> Result) -> Result {
    let mark = freeRegister
    defer { freeRegister = mark }
    return body()
  }

  /// A variable whose register has just been filled becomes visible.
  func activate(_ variable: Variable) {
    holdRegister()
    nameRegister(of: variable)
  }

  /// The lowest temporary becomes a variable's, or a loop's hidden one.
  func holdRegister() { activeRegisters += 1 }

  func nameRegister(of variable: Variable) {
    visible.append(locals.count)
    locals.append(
      LocalName(name: variable.name, register: variable.register, start: code.count, end: code.count))
  }

  var visibleCount: Int { visible.count }

  func closeNames(from count: Int) {
    while visible.count > count { locals[visible.removeLast()].end = code.count }
  }

  // MARK: Code

  var here: Int { code.count }

  @discardableResult
  private func append(_ instruction: Instruction, at position: SourcePosition) -> Int {
    code.append(instruction.word)
    positions.append(CodePosition(line: position.line, column: position.column))
    return code.count - 1
  }

  func emit(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0, at position: SourcePosition) {
    append(Instruction(operation, a: a, b: b, c: c), at: position)
  }

  func emit(_ operation: Operation, a: Int = 0, b: Operand, c: Int = 0, at position: SourcePosition) {
    append(Instruction(operation, a: a, b: b.index, c: c, constantB: b.isConstant), at: position)
  }

  func emit(_ operation: Operation, a: Int, b: Int, c: Operand, at position: SourcePosition) {
    append(Instruction(operation, a: a, b: b, c: c.index, constantC: c.isConstant), at: position)
  }

  func emit(_ operation: Operation, a: Int, b: Operand, c: Operand, at position: SourcePosition) {
    append(
      Instruction(operation, a: a, b: b.index, c: c.index, constantB: b.isConstant, constantC: c.isConstant),
      at: position)
  }

  func emit(_ operation: Operation, a: Int, wide: Int, at position: SourcePosition) {
    append(Instruction(operation, a: a, wide: wide), at: position)
  }

  /// The word behind UPDATE.
  func emitOperator(_ operation: Operation, at position: SourcePosition) {
    append(Instruction(operation), at: position)
  }

  // MARK: Jumps

  /// A forward jump whose target comes later.
  func jump(_ list: inout JumpList, at position: SourcePosition) {
    list.jumps.append(append(Instruction(.jump, jump: 0), at: position))
  }

  /// A LOOP to a place that is known.
  func loop(to target: Int, at position: SourcePosition) {
    let distance = target - (here + 1)
    checkDistance(distance, bits: 24)
    append(Instruction(.loop, jump: distance), at: position)
    lastTarget = max(lastTarget, target)
  }

  /// FORLOOP or ITERATE.
  func loop(_ operation: Operation, a: Int, to target: Int, at position: SourcePosition) {
    let distance = target - (here + 1)
    checkDistance(distance, bits: 16)
    emit(operation, a: a, wide: distance, at: position)
  }

  /// Here is where the jumps lead to.
  func land(_ list: JumpList) {
    guard !list.jumps.isEmpty else { return }
    lastTarget = here
    for jump in list.jumps {
      let distance = here - (jump + 1)
      checkDistance(distance, bits: 24)
      code[jump] = Instruction(.jump, jump: distance).word
    }
  }

  /// A FORPREP whose loop ends here.
  func landForPrepare(_ prepare: Int) {
    lastTarget = here
    let distance = here - (prepare + 1)
    checkDistance(distance, bits: 16)
    code[prepare] = Instruction(.forPrepare, a: Instruction(word: code[prepare]).a, wide: distance).word
  }

  private func checkDistance(_ distance: Int, bits: Int) {
    let limit = 1 << (bits - 1)
    guard distance < -limit || distance >= limit else { return }
    report(bits == 16 ? "the body of this loop is too long" : "\(function.description) is too long")
  }

  // MARK: Constants, builtins, functions

  func constant(_ constant: Constant) -> Int {
    if let index = constantIndexes[constant] { return index }
    let index = constants.count
    if index >= CompilerLimit.constants {
      report("more than \(CompilerLimit.constants) constants in \(function.description)")
      return 0
    }
    constants.append(constant)
    constantIndexes[constant] = index
    return index
  }

  /// Loads a constant that is in the list already.
  func loadConstant(_ index: Int, into register: Int, at position: SourcePosition) {
    load(constants[index], into: register, at: position)
  }

  func builtin(_ name: String) -> Int {
    if let index = assembler.builtin(name) { return index }
    report("more than \(CompilerLimit.builtins) different builtins")
    return 0
  }

  /// Makes a closure of a nested function.
  func closure(_ node: FunctionNode, into register: Int, at position: SourcePosition) {
    let upvalues = node.captures.map { variable in
      UpvalueDescriptor(source: source(of: variable, for: node), isCell: node.seesCell(variable), name: variable.name)
    }
    if nested.count >= CompilerLimit.nestedFunctions {
      report("more than \(CompilerLimit.nestedFunctions) functions in \(function.description)")
      return
    }
    nested.append(assembler.add(node, upvalues: upvalues))
    emit(.closure, a: register, wide: nested.count - 1, at: position)
  }

  private func source(of variable: Variable, for node: FunctionNode) -> UpvalueDescriptor.Source {
    if node.isItself(variable) { return .itself }
    if variable.owner === function { return .register(variable.register) }
    return .upvalue(upvalue(of: variable))
  }

  func upvalue(of variable: Variable) -> Int { function.captureIndexes[ObjectIdentifier(variable)]! }

  /// Reports a limit, once a function.
  func report(_ message: String) {
    guard reported.insert(message).inserted else { return }
    assembler.diagnostics.append(Diagnostic(.error, message, at: position))
  }
}

/// Collects the functions of a program; a function's nested functions stand behind it, in the order of the text.
final class ProgramAssembler {
  let sites: [TableSite]
  var diagnostics: [Diagnostic] = []
  private(set) var builtins: [String] = []
  private var builtinIndexes: [String: Int] = [:]
  private var functions: [Function?] = []

  init(sites: [TableSite]) { self.sites = sites }

  func assemble(_ main: FunctionNode) -> [Function] {
    _ = add(main, upvalues: [])
    return functions.compactMap(\.self)
  }

  /// Generates a function, and with it those nested in it; its index.
  func add(_ node: FunctionNode, upvalues: [UpvalueDescriptor]) -> Int {
    let index = functions.count
    functions.append(nil)
    functions[index] = FunctionGenerator(node, assembler: self).generate(upvalues: upvalues)
    return index
  }

  /// The index of a builtin, or nil if there are too many.
  func builtin(_ name: String) -> Int? {
    if let index = builtinIndexes[name] { return index }
    guard builtins.count < CompilerLimit.builtins else { return nil }
    builtinIndexes[name] = builtins.count
    builtins.append(name)
    return builtins.count - 1
  }
}
