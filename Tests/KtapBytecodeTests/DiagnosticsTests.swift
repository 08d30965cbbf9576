import KtapBytecode
import KtapLanguage
import Testing

@Suite struct DiagnosticsTests {
  @Test func undeclaredNamesAreReportedWithTheNearest() throws {
    #expect(try complaints("var count = 1\nprint(coutn)") == ["2: undeclared name 'coutn' [count]"])
    #expect(try complaints("prnt(1)") == ["1: undeclared name 'prnt' [print]"])
    #expect(try complaints("print(zzzzzzz)") == ["1: undeclared name 'zzzzzzz'"])
    #expect(try complaints("print(argg[1])") == ["1: undeclared name 'argg' [arg]"])
  }

  @Test func allErrorsOfAFileAreReported() throws {
    #expect(
      try complaints("xx = 1\nprint(yy, yy)\nif (zz) { break }") == [
        "1: assignment to the undeclared name 'xx'; declare it with 'var'", "2: undeclared name 'yy'",
        "3: undeclared name 'zz'", "3: 'break' outside a loop",
      ])
  }

  @Test func assignmentNeedsADeclaration() throws {
    #expect(
      try complaints("var total = 0\ntotla += 1") == [
        "2: assignment to the undeclared name 'totla'; declare it with 'var' [total]"
      ])
  }

  @Test func aVariableIsVisibleOnlyAfterItsInitialisation() throws {
    #expect(try complaints("var a = a") == ["1: undeclared name 'a'"])
    #expect(try complaints("if (true) { var a = 1 } print(a)").count == 1)
    #expect(try complaints("for (i = 1, 2) { } print(i)").count == 1)
    #expect(try complaints("repeat { var a = 1 } until (a)") == [])
    #expect(try complaints("while (a) { var a = 1 }").count == 1)
  }

  @Test func builtinsAndLibrariesAreNotAssigned() throws {
    #expect(try complaints("print = 1") == ["1: cannot assign to the builtin 'print'"])
    #expect(try complaints("string = 1") == ["1: cannot assign to the library 'string'"])
    #expect(try complaints("string.sub = 1") == ["1: cannot assign to the builtin 'string.sub'"])
    #expect(try complaints("arg = 1") == ["1: cannot assign to 'arg'"])
    #expect(try complaints("arg[1] = 1") == [])
    #expect(try complaints("var print = 1; print = 2") == [])
  }

  @Test func membersOfLibraries() throws {
    #expect(try complaints("string.subb(1)") == ["1: the library 'string' has no member 'subb' [string.sub]"])
    #expect(
      try complaints("kdebug.tracepoin()") == ["1: the library 'kdebug' has no member 'tracepoin' [kdebug.tracepoint]"])
    #expect(try complaints("var s = string").count == 1)
    #expect(try complaints("string(1)").count == 1)
    #expect(try complaints("var k = \"sub\"; string[k](1)").count == 1)
    #expect(try complaints("var string = {}; string.foo = 1") == [])
  }

  @Test func leavingALoopNeedsOne() throws {
    #expect(try complaints("break") == ["1: 'break' outside a loop"])
    #expect(try complaints("\ncontinue") == ["2: 'continue' outside a loop"])
    #expect(try complaints("while (true) { trace a:b { break } }") == ["1: 'break' outside a loop"])
    #expect(try complaints("while (true) { var f = function() { continue } }") == ["1: 'continue' outside a loop"])
  }

  // MARK: Limits

  private func list(_ count: Int, _ separator: String = " ", _ element: (Int) -> String) -> String {
    (0..<count).map(element).joined(separator: separator)
  }

  @Test func localVariables() throws {
    #expect(try complaints(list(200) { "var v\($0) = 1" }) == [])
    #expect(
      try complaints(list(201, "\n") { "var v\($0) = 1" }) == ["201: more than 200 local variables in the main chunk"])
    #expect(
      try complaints("function f() {\n" + list(201, "\n") { "var v\($0)" } + "}") == [
        "202: more than 200 local variables in 'f' (line 1)"
      ])
    // Those of a block that has ended do not count.
    #expect(try complaints(list(3) { _ in "if (true) { \(list(150) { "var v\($0)" }) }" }) == [])
  }

  @Test func capturedVariables() throws {
    func script(_ count: Int) -> String {
      list(count) { "var v\($0) = 1" } + "\nfunction f() {\n" + list(count, "\n") { "print(v\($0))" } + "}"
    }
    #expect(try complaints(script(60)) == [])
    #expect(try complaints(script(61)) == ["63: more than 60 captured variables in 'f' (line 2)"])
  }

  @Test func registers() throws {
    #expect(try complaints("print(" + list(250, ", ") { _ in "1" } + ")") == [])
    #expect(
      try complaints("\nprint(" + list(251, ", ") { _ in "1" } + ")") == [
        "2: more than 250 registers needed in the main chunk"
      ])
  }

  @Test func manyConstants() throws {
    // Past the first 256 they are loaded.
    let program = try compiled("var t = {" + list(300, ", ") { "\"s\($0)\"" } + "}; print(t[299], t[300])")
    #expect(printed(program) == ["s298 s299"])
    #expect(
      try complaints("var t = {" + list(33_000, ",\n") { "\"s\($0)\"" } + "}") == [
        "1: more than 65536 constants in the main chunk"
      ])
  }

  @Test func longLoops() throws {
    let body = list(11_000, "\n") { _ in "t[1] = 2; t[2] = t[1]" }
    #expect(try complaints("var t = {}; for (i = 1, 2) {\n\(body)\n}") == ["1: the body of this loop is too long"])
    // Other loops reach further.
    #expect(try complaints("var t = {}; while (t[1]) {\n\(body)\n}") == [])
  }

  @Test func longStrings() throws {
    let part = String(repeating: "x", count: 40_000)
    let program = try compiled("var a = \"\(part)\" .. \"\(part)\"")
    #expect(instructions(program).contains("CONCAT r0 r0 2"))
    #expect(printed(program) == ["error: 1: too long"])
  }

  @Test func deepTrees() throws {
    let position = SourcePosition(line: 1, column: 1, offset: 0)
    func tree(_ depth: Int, _ grow: (Expression) -> Expression.Kind) -> SyntaxTree {
      var expression = Expression(.name("print"), at: position)
      for _ in 0..<depth { expression = Expression(grow(expression), at: position) }
      return SyntaxTree(
        chunk: Block(
          [Statement(.call(Expression(.call(expression, arguments: []), at: position)), at: position)], end: position))
    }
    for grow: (Expression) -> Expression.Kind in [
      { .call($0, arguments: []) }, { .unary(.not, $0) }, { .parenthesized($0) },
      { .index($0, keys: [Expression(.number(1), at: position)]) },
      { .binary(.less, $0, Expression(.number(1), at: position)) },
      { .binary(.concatenate, $0, Expression(.number(1), at: position)) },
      { .table([TableItem(key: .positional, value: $0)]) },
    ] as [(Expression) -> Expression.Kind] {
      let (program, diagnostics) = compile(tree(2000, grow), name: "x", builtins: testBuiltins)
      #expect(program == nil)
      #expect(diagnostics.contains { $0.message == "this is nested too deeply" })
    }
    // A chain of operators is no nesting.
    let (program, diagnostics) = compile(
      tree(20_000) { .binary(.add, $0, Expression(.name("arg"), at: position)) }, name: "x", builtins: testBuiltins)
    #expect(diagnostics == [])
    #expect(program != nil)
  }

  @Test func chainsThatTheParserAcceptsCompile() throws {
    for chain in [
      "print(" + list(900, " + ") { _ in "arg" } + ")", "print(" + list(900, " && ") { _ in "arg" } + ")",
      "print" + list(900, "") { _ in "[1]" } + "()", "arg" + list(900, "") { _ in "()" },
      "print(" + list(200, " == ") { _ in "arg" } + ")",
    ] {
      #expect(try complaints(chain) == [], "\(chain.prefix(40))")
    }
    #expect(
      try complaints("print(" + list(900, " .. ") { _ in "arg" } + ")") == [
        "1: more than 250 registers needed in the main chunk"
      ])
  }

  @Test func treesThatNoParserMakes() {
    let position = SourcePosition(line: 1, column: 1, offset: 0)
    func check(_ statement: Statement.Kind, _ message: String) {
      let tree = SyntaxTree(chunk: Block([Statement(statement, at: position)], end: position))
      let (program, diagnostics) = compile(tree, name: "x", builtins: testBuiltins)
      #expect(program == nil)
      #expect(diagnostics.map(\.message) == [message])
    }
    let body = Block([], end: position)
    let one = Expression(.number(1), at: position)
    let name = DeclaredName("f", at: position)
    check(
      .classicFor(
        initial: Statement(
          .function(name: name, body: FunctionBody(parameters: [], body: body, position: position)), at: position),
        condition: one, step: nil, body: body), "this statement cannot stand in the head of a loop")
    check(.compound(targets: [one], operator: .concatenate, values: [one]), "'..=' is not an assignment")
    check(.assignment(targets: [one], values: [one]), "this expression cannot be assigned to")
    check(.iteration(names: [], iterator: one, body: body), "a loop over elements has one or two names")
    check(.assignment(targets: [Expression(.context(.pid), at: position)], values: [one]), "cannot assign to 'pid'")
  }
}
