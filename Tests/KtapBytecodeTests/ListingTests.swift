import KtapBytecode
import KtapLanguage
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct ListingTests {
  @Test func aWholeListing() throws {
    let text = "var n = 0\ntrace a:b { n += arg1 }\nprint(\"a\\n\\x01\")"
    #expect(
      try compiled(text).listing(source: SourceFile(name: "x.kp", text: text)) == """
        program test.kp
        event 0: trace a:b (line 2)

        function 0: main chunk (line 1): 0 parameters, 3 registers, 3 constants, 1 function
          | var n = 0
             0     1  CELL      r0 k0 createShared    ; 0
          | trace a:b { n += arg1 }
             1     2  LOADI     r1 0
             2        CLOSURE   r2 f0                 ; function 1: trace a:b
             3        BUILTIN   r1 2 b0               ; %attach
          | print("a\\n\\x01")
             4     3  LOADK     r1 k1                 ; "a\\n\\x01"
             5        BUILTIN   r1 1 b1               ; print
             6        RETURN    k2                    ; nil

        function 1: trace a:b (line 2): 0 parameters, 1 register, 2 constants, 0 functions
          u0 = n, cell in r0 of the enclosing function
          | trace a:b { n += arg1 }
             0     2  FIELD     r0 k0                 ; 1
             1        UPDATEUP  u0 ADD r0             ; n
             2        RETURN    k1                    ; nil

        """)
  }

  @Test func tablesAndWhyTheyAreShared() throws {
    let listing = try compiled("var s = {}\ntrace a:b { s[pid] += 1 }\nprint({})").listing()
    #expect(listing.contains("table 0: s, per CPU: handlers only add to its elements (line 2)"))
    #expect(listing.contains("table 1: table made at line 3, shared: it is not what a variable is initialised with"))
  }

  /// The page in the documentation is what the table says.
  @Test func theReferencePageIsUpToDate() throws {
    let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Documentation/Instructions.md"
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var page: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      page += buffer.prefix(count)
    }
    #expect(String(decoding: page, as: UTF8.self) == instructionReference())
  }

  @Test func theTableIsInTheOrderOfTheOpcodes() {
    #expect(instructionTable.map(\.operation) == Operation.allCases)
    #expect(instructionTable.count <= 40)
    for row in instructionTable {
      #expect(Instruction(row.operation, a: 1, b: 2, c: 3).operation == row.operation)
      // Operands that the format has no room for are unused.
      if row.format != .abc { #expect(row.c == .unused) }
      if row.format == .sj { #expect(row.a == .unused) }
    }
  }
}

@Suite struct DescriptionTests {
  /// What the register operand B of the first instruction with this opcode in the function is.
  private func description(_ text: String, _ operation: Operation, function: Int = 0, useC: Bool = false) throws
    -> String?
  {
    let function = try compiled(text).functions[function]
    let pc = try #require(function.code.firstIndex { Instruction(word: $0).operation == operation })
    let instruction = Instruction(word: function.code[pc])
    return useC
      ? function.describeOperand(instruction.c, isConstant: instruction.isConstantC, at: pc)
      : function.describeOperand(instruction.b, isConstant: instruction.isConstantB, at: pc)
  }

  @Test func variables() throws {
    #expect(try description("var x; var y = x + 1", .add) == "variable 'x'")
    #expect(try description("var x; var x = 2; x = -x", .unary) == "variable 'x'")
    #expect(try description("function f(p) { return p * 2 }", .multiply, function: 1) == "variable 'p'")
    #expect(try description("for (i = 1, 2) { print(i + 1) }", .add) == "variable 'i'")
    // The variable's scope has ended, its register is used again.
    #expect(try description("if (true) { var x = 1 } var y = 2; y = y + 1", .add) == "variable 'y'")
  }

  @Test func capturedVariables() throws {
    #expect(try description("var x; function f() { return x + 1 }", .add, function: 1) == "captured variable 'x'")
    #expect(try description("var x; function f() { x = 2 } x = x + 1", .add) == "variable 'x'")
    let function = try compiled("var n; trace a:b { n += 1 }").functions[1]
    #expect(function.describeUpvalue(0) == "captured variable 'n'")
    #expect(function.describeUpvalue(1) == nil)
  }

  @Test func fieldsAndConstants() throws {
    #expect(try description("var t = {}; var y = t.name - 1", .subtract) == "field 'name'")
    #expect(try description("var t = {}; var y = t[1] - 1", .subtract) == nil)
    #expect(try description("var y = \"abc\" - 1", .subtract) == "constant \"abc\"")
    #expect(try description("var y = arg - 5", .subtract, useC: true) == "constant 5")
    #expect(try description("trace a:b { print(args.comm + 1) }", .add, function: 1) == "event field 'comm'")
    #expect(try description("trace a:b { print(arg3 + 1) }", .add, function: 1) == "'arg3'")
  }

  @Test func functionsThatAreCalled() throws {
    func callee(_ text: String) throws -> String? {
      let function = try compiled(text).functions[0]
      let pc = try #require(function.code.firstIndex { Instruction(word: $0).operation == .call })
      return function.describeRegister(Instruction(word: function.code[pc]).a, at: pc)
    }
    #expect(try callee("var f; f(1, 2)") == "variable 'f'")
    #expect(try callee("var t = {}; t.go(1)") == "field 'go'")
    #expect(try callee("var t = {}; t:go(1)") == "field 'go'")
    #expect(try callee("var t = {}; t[1](1)") == nil)
  }

  @Test func whatAJumpMakesUncertainHasNoName() throws {
    #expect(try description("var t = {}; var y = (t.a || t.b) + 1", .add) == nil)
  }

  @Test func elements() throws {
    let function = try compiled("var t = {}; t.count += 1; t.x = 2; t[1] += 2").functions[0]
    let found = function.code.indices.map { function.describeElement(at: $0) }
    #expect(found.compactMap(\.self) == ["field 'count'", "field 'x'"])
  }

  @Test func nothingIsAskedInVain() {
    let function = Function(name: "f", line: 1)
    #expect(function.describeRegister(3, at: 10) == nil)
    #expect(function.describeConstant(0) == nil)
    #expect(function.describeElement(at: 5) == nil)
  }
}
