import KtapBytecode
import KtapLanguage
import Testing

/// The verifier refuses each kind of wrong word, by its reason.
@Suite struct VerifierTests {
  private static let nothing = Instruction(.returnValue, b: 0, constantB: true)

  /// A program of a main chunk with `code` in 8 registers, and a nested function.
  private func program(_ code: [Instruction], frameSize: Int = 8, child: Function? = nil) -> Program {
    let words = code.map(\.word)
    let constants: [Constant] = [.nilValue, .number(1), .string([0x78]), .boolean(true)]
    let nested =
      child
      ?? Function(
        name: "inner", line: 1, frameSize: 1, constants: constants, code: [Self.nothing.word],
        positions: [CodePosition(line: 1, column: 1)])
    let main = Function(
      name: "main chunk", line: 1, frameSize: frameSize, constants: constants, nested: [1], code: words,
      positions: words.map { _ in CodePosition(line: 1, column: 1) })
    return Program(
      name: "x", functions: [main, nested], builtins: ["print"], tableSites: [TableSite(name: "t")])
  }

  private func reason(_ program: Program) -> String? {
    do {
      try program.verify()
      return nil
    } catch {
      return error.reason
    }
  }

  private func check(
    _ code: [Instruction], _ expected: String?, frameSize: Int = 8, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(reason(program(code + [Self.nothing], frameSize: frameSize)) == expected, sourceLocation: sourceLocation)
  }

  @Test func rightProgramsPass() {
    check([], nil)
    check([Instruction(.move, a: 0, b: 1), Instruction(.add, a: 7, b: 1, c: 3, constantB: true, constantC: true)], nil)
  }

  @Test func operands() {
    check([Instruction(word: 63)], "there is no such instruction")
    check([Instruction(.move, a: 8, b: 0)], "register 8 of 8")
    check([Instruction(.move, a: 0, b: 9)], "register 9 of 8")
    check([Instruction(.move, a: 0, b: 0, c: 1)], "an unused operand is 1")
    check([Instruction(.move, a: 0, b: 0, constantB: true)], "a flag is set for an operand that cannot be a constant")
    check(
      [Instruction(.loadInteger, a: 0, b: 0, constantC: true)], "a flag is set for an operand that cannot be a constant"
    )
    check([Instruction(.loadConstant, a: 0, wide: 4)], "constant 4 of 4")
    check([Instruction(.add, a: 0, b: 4, c: 0, constantB: true)], "constant 4 of 4")
    check([Instruction(.add, a: 0, b: 0, c: 8)], "register 8 of 8")
    check([Instruction(.getUpvalue, a: 0, b: 0)], "captured variable 0 of 0")
    check([Instruction(.setUpvalue, a: 0, b: 0)], "captured variable 0 of 0")
    check([Instruction(.closure, a: 0, wide: 1)], "nested function 1 of 1")
    check([Instruction(.builtin, a: 0, b: 0, c: 1)], "builtin 1 of 1")
    check([Instruction(.newTable, a: 0, wide: 1)], "table site 1 of 1")
    check([Instruction(.field, a: 0, b: 3, constantB: true)], "a field is selected by a number or a name")
    check([Instruction(.field, a: 0, b: 2, constantB: true)], nil)
    check([Instruction(.returnValue, a: 1, b: 0)], "an unused operand is 1")
  }

  @Test func modes() {
    check([Instruction(.unary, a: 0, b: 0, c: 3)], "there is no such mode")
    check([Instruction(.context, a: 0, b: 7)], "there is no such mode")
    check([Instruction(.cell, a: 0, b: 0, c: 4)], "there is no such mode")
    check([Instruction(.cell, a: 0, b: 0, c: 2, constantB: true)], "a constant is no cell")
    check([Instruction(.equal, a: 2, b: 0, c: 0), Instruction(.jump, jump: 0)], "the flag is 2")
  }

  @Test func extents() {
    check([Instruction(.call, a: 4, b: 3)], nil)
    check([Instruction(.call, a: 4, b: 4)], "it uses registers up to r8 of 8")
    check([Instruction(.tailCall, a: 7, b: 1)], "it uses registers up to r8 of 8")
    check([Instruction(.builtin, a: 7, b: 1, c: 0)], nil)
    check([Instruction(.builtin, a: 7, b: 2, c: 0)], "it uses registers up to r8 of 8")
    check([Instruction(.concatenate, a: 0, b: 6, c: 2)], nil)
    check([Instruction(.concatenate, a: 0, b: 6, c: 3)], "it uses registers up to r8 of 8")
    check([Instruction(.concatenate, a: 0, b: 6, c: 0)], "nothing to concatenate")
    check([Instruction(.forPrepare, a: 5, wide: 0)], "it uses registers up to r8 of 8")
    check([Instruction(.forLoop, a: 5, wide: 0)], "it uses registers up to r8 of 8")
    check([Instruction(.iterate, a: 6, wide: 0)], "it uses registers up to r8 of 8")
  }

  @Test func jumps() {
    check([Instruction(.jump, jump: 0)], nil)
    check([Instruction(.jump, jump: -1)], "it jumps backwards")
    check([Instruction(.jump, jump: 1)], "there is no instruction at 2")
    check([Instruction(.loop, jump: -1)], nil)
    check([Instruction(.loop, jump: -2)], "there is no instruction at -1")
    check([Instruction(.forPrepare, a: 0, wide: -1)], "it jumps backwards")
    check([Instruction(.forLoop, a: 0, wide: -1)], nil)
    check([Instruction(.iterate, a: 0, wide: 5)], "there is no instruction at 6")
    check(
      [Instruction(.jump, jump: 1), Instruction(.update, a: 0, b: 0, c: 0), Instruction(.add)],
      "there is no instruction at 2")
  }

  @Test func testsAreFollowedByJumps() {
    check([Instruction(.test, a: 0, b: 0)], "a test must be followed by a jump")
    check([Instruction(.test, a: 0, b: 0), Instruction(.jump, jump: 0)], nil)
    check([Instruction(.test, a: 0, b: 0), Instruction(.loop, jump: -2)], nil)
    check(
      [Instruction(.jump, jump: 1), Instruction(.less, a: 0, b: 0, c: 0), Instruction(.jump, jump: 0)],
      "it jumps between a test and its jump")
    #expect(reason(program([Instruction(.test, a: 0, b: 0)])) == "a test must be followed by a jump")
  }

  @Test func updatesNameTheirOperator() {
    check([Instruction(.update, a: 0, b: 0, c: 0), Instruction(.shiftRight)], nil)
    let reason = "the next word must name an arithmetic operator and nothing else"
    check([Instruction(.update, a: 0, b: 0, c: 0)], reason)
    check([Instruction(.update, a: 0, b: 0, c: 0), Instruction(.move)], reason)
    check([Instruction(.update, a: 0, b: 0, c: 0), Instruction(.add, a: 1)], reason)
  }

  @Test func theCodeEnds() {
    let reason = "it runs off the end of the code"
    #expect(self.reason(program([Instruction(.move, a: 0, b: 0)])) == reason)
    #expect(self.reason(program([Instruction(.test, a: 0, b: 0), Instruction(.loop, jump: -2)])) == reason)
    #expect(self.reason(program([Instruction(.forLoop, a: 0, wide: -1)])) == reason)
    #expect(self.reason(program([Instruction(.loop, jump: -1)])) == nil)
    #expect(self.reason(program([])) == "there is no code")
  }

  // MARK: Cells

  @Test func cellsAndValuesAreKeptApart() {
    let create = Instruction(.cell, a: 1, b: 0, c: 0, constantB: true)
    func load(_ register: Int) -> Instruction { Instruction(.cell, a: 0, b: register, c: 2) }
    func store(_ register: Int) -> Instruction { Instruction(.cell, a: register, b: 0, c: 3, constantB: true) }
    check([create, load(1), store(1)], nil)
    check([load(1)], "r1 holds a value, not a cell")
    check([store(1)], "r1 holds a value, not a cell")
    check([create, Instruction(.move, a: 0, b: 1)], "r1 holds a cell, not a value")
    check([create, Instruction(.returnValue, b: 1)], "r1 holds a cell, not a value")
    check([create, Instruction(.cell, a: 0, b: 1, c: 0)], "r1 holds a cell, not a value")
    check([create, Instruction(.cell, a: 1, b: 1, c: 3)], "r1 holds a cell, not a value")
    check([create, Instruction(.call, a: 0, b: 1)], "r1 holds a cell, not a value")
    check([create, Instruction(.builtin, a: 0, b: 2, c: 0)], "r1 holds a cell, not a value")
    check([create, Instruction(.concatenate, a: 0, b: 0, c: 2)], "r1 holds a cell, not a value")
    check([create, Instruction(.test, a: 0, b: 1), Instruction(.jump, jump: 0)], "r1 holds a cell, not a value")
    check([create, Instruction(.setTable, a: 0, b: 0, c: 1)], "r1 holds a cell, not a value")
    check([create, Instruction(.forPrepare, a: 0, wide: 0)], "r1 holds a cell, not a value")
    check([create, Instruction(.iterate, a: 1, wide: 0)], "r1 holds a cell, not a value")
    check([create, Instruction(.tailCall, a: 0, b: 1)], "r1 holds a cell, not a value")
    check([create, Instruction(.loadInteger, a: 1, wide: 3), Instruction(.move, a: 0, b: 1)], nil)
    // BUILTIN without arguments reads nothing.
    check([create, Instruction(.builtin, a: 1, b: 0, c: 0), Instruction(.move, a: 0, b: 1)], nil)
  }

  @Test func pathsThatDifferMakeARegisterUnknown() {
    let maybe = [
      Instruction(.test, a: 0, b: 0), Instruction(.jump, jump: 1), Instruction(.cell, a: 1, b: 0, c: 0),
    ]
    check(maybe + [Instruction(.move, a: 0, b: 1)], "it is not known what r1 holds")
    check(maybe + [Instruction(.cell, a: 0, b: 1, c: 2)], "it is not known what r1 holds")
    check(maybe + [Instruction(.loadInteger, a: 1, wide: 0), Instruction(.move, a: 0, b: 1)], nil)
    // Only the second time round a loop is wrong.
    check(
      [
        Instruction(.move, a: 0, b: 1), Instruction(.cell, a: 1, b: 0, c: 0), Instruction(.test, a: 0, b: 0),
        Instruction(.loop, jump: -4),
      ], "it is not known what r1 holds")
    // Each element comes in a new value, also where the loop made a cell of the last one.
    check(
      [
        Instruction(.jump, jump: 1), Instruction(.cell, a: 1, b: 1, c: 0), Instruction(.iterate, a: 0, wide: -2),
      ], nil)
  }

  @Test func calleesLeaveAnything() {
    check([Instruction(.call, a: 2, b: 1), Instruction(.move, a: 0, b: 2), Instruction(.move, a: 0, b: 1)], nil)
    check([Instruction(.call, a: 2, b: 1), Instruction(.move, a: 0, b: 3)], "it is not known what r3 holds")
    check([Instruction(.builtin, a: 2, b: 1, c: 0), Instruction(.move, a: 0, b: 3)], nil)
  }

  @Test func captures() {
    func check(
      _ code: [Instruction], _ upvalue: UpvalueDescriptor, inner: [Instruction] = [], _ expected: String?,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let words = (inner + [Self.nothing]).map(\.word)
      let child = Function(
        name: "inner", line: 1, frameSize: 1, upvalues: [upvalue], constants: [.nilValue], code: words,
        positions: words.map { _ in CodePosition(line: 1, column: 1) })
      let closure = Instruction(.closure, a: 0, wide: 0)
      #expect(
        reason(program(code + [closure, Self.nothing], child: child)) == expected, sourceLocation: sourceLocation)
    }
    let cell = Instruction(.cell, a: 1, b: 0, c: 0)
    func captured(_ source: UpvalueDescriptor.Source, isCell: Bool) -> UpvalueDescriptor {
      UpvalueDescriptor(source: source, isCell: isCell, name: "v")
    }
    check([], captured(.register(1), isCell: false), nil)
    check([cell], captured(.register(1), isCell: true), nil)
    check([cell], captured(.register(1), isCell: false), "r1 holds a cell, not a value")
    check([], captured(.register(1), isCell: true), "r1 holds a value, not a cell")
    check([], captured(.register(8), isCell: false), "captured variable 0 of function 1 is in r8 of 8 registers")
    check([], captured(.upvalue(0), isCell: false), "captured variable 0 of function 1 is u0, which does not exist")
    check([], captured(.itself, isCell: false), nil)
    check([], captured(.itself, isCell: true), "captured variable 0 is the function itself and cannot be a cell")
    check([cell], captured(.register(1), isCell: true), inner: [Instruction(.setUpvalue, a: 0, b: 0)], nil)
    check(
      [], captured(.register(1), isCell: false), inner: [Instruction(.setUpvalue, a: 0, b: 0)],
      "captured variable 0 is no cell and cannot be assigned")
    check(
      [], captured(.register(1), isCell: false),
      inner: [Instruction(.updateUpvalue, a: 0, b: Int(Operation.add.rawValue), c: 0)],
      "captured variable 0 is no cell and cannot be assigned")
    check(
      [cell], captured(.register(1), isCell: true), inner: [Instruction(.updateUpvalue, a: 0, b: 0, c: 0)],
      "there is no such mode")
  }

  // MARK: The parts

  private func check(
    _ expected: String, _ change: (inout Program) -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var program = program([Self.nothing])
    change(&program)
    #expect(reason(program) == expected, sourceLocation: sourceLocation)
  }

  @Test func parts() {
    check("there is no main chunk") { $0.functions = [] }
    check("the main chunk has parameters") { $0.functions[0].parameterCount = 1 }
    check("the main chunk captures variables") {
      $0.functions[0].upvalues = [UpvalueDescriptor(source: .itself, isCell: false, name: "x")]
    }
    check("more than 256 builtins") { $0.builtins = Array(repeating: "x", count: 257) }
    check("table site 0 has an impossible capacity") { $0.tableSites[0].arrayCapacity = -1 }
    check("a frame of 251 registers") { $0.functions[0].frameSize = 251 }
    check("9 parameters in 1 registers") { $0.functions[1].parameterCount = 9 }
    check("1 words of code have 0 positions") { $0.functions[0].positions = [] }
    check("constant 0 names builtin 7, which does not exist") { $0.functions[0].constants[0] = .builtin(7) }
    check("constant 2 is a string of 65536 bytes") {
      $0.functions[0].constants[2] = .string(Array(repeating: 0, count: 65_536))
    }
    check("function 0 cannot be nested in function 0") { $0.functions[0].nested = [0] }
    check("function 2 cannot be nested in function 0") { $0.functions[0].nested = [2] }
    check("function 0 cannot be nested in function 1") { $0.functions[1].nested = [0] }
    check("the name 'x' has an impossible place") {
      $0.functions[0].locals = [LocalName(name: "x", register: 8, start: 0, end: 1)]
    }
    check("the name 'x' has an impossible place") {
      $0.functions[0].locals = [LocalName(name: "x", register: 0, start: 1, end: 0)]
    }
    check("too many captured variables") {
      $0.functions[1].upvalues = Array(
        repeating: UpvalueDescriptor(source: .itself, isCell: false, name: "x"), count: 61)
    }
  }

  @Test func theErrorShowsTheInstruction() {
    let wrong = program([Instruction(.move, a: 8, b: 0), Self.nothing])
    #expect(throws: VerificationError.self) { try wrong.verify() }
    do {
      try wrong.verify()
    } catch {
      #expect(error.description == "refused: function 0 (main chunk), pc 0: MOVE      r8 r0: register 8 of 8")
    }
  }

  /// A long function with many loops must not take long.
  @Test func verificationIsLinearInPractice() throws {
    let body = (0..<3000).map { "while (t[\($0)]) { var f = function() { return x }; t[1] = f() }" }
    let program = try compiled("var t = {}; var x = 1; x = 2; " + body.joined(separator: "\n"))
    #expect(program.functions.count == 3001)
  }
}
