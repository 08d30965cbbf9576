import KtapBytecode
import Testing

/// Random scripts, compiled in two ways that must do the same.
@Suite struct DifferentialTests {
  /// The same random numbers on every run.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  // MARK: Folding

  private static let literals = [
    "0", "1", "2", "(-1)", "7", "63", "64", "65", "(-64)", "0x7fffffffffffffff", "0x8000000000000000", "nil", "true",
    "false", "\"\"", "\"a\"", "\"b\"",
  ]
  private static let operators = [
    "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "..", "==", "!=", "<", "<=", ">", ">=", "&&", "||",
  ]

  /// An expression over `literals`, where `name` gives the text of the n-th.
  private func expression(_ depth: Int, _ random: inout Generator, _ name: (Int) -> String) -> String {
    if depth == 0 || Int.random(in: 0..<6, using: &random) == 0 {
      return name(Int.random(in: 0..<Self.literals.count, using: &random))
    }
    if Int.random(in: 0..<6, using: &random) == 0 {
      return ["!", "-", "~"].randomElement(using: &random)! + "(" + expression(depth - 1, &random, name) + ")"
    }
    let left = expression(depth - 1, &random, name)
    let `operator` = Self.operators.randomElement(using: &random)!
    let right = expression(depth - 1, &random, name)
    return Bool.random(using: &random) ? "(\(left) \(`operator`) \(right))" : "\(left) \(`operator`) \(right)"
  }

  /// Constants in the text give what variables with the same values give, errors included.
  @Test func foldingChangesNothing() throws {
    var names = ""
    for (index, literal) in Self.literals.enumerated() { names += "var v\(index) = \(literal); " }
    for seed in 0..<800 as Range<UInt64> {
      var first = Generator(state: seed)
      var second = Generator(state: seed)
      let folded = expression(3, &first) { Self.literals[$0] }
      let computed = expression(3, &second) { "v\($0)" }
      let expected = printed(try compiled("\(names)print(\(computed))"))
      #expect(printed(try compiled("print(\(folded))")) == expected, "\(folded)")
    }
  }

  // MARK: Registers and cells

  /// A number, so that few scripts end early by an error.
  private func value(_ depth: Int, _ random: inout Generator) -> String {
    func inner() -> String { value(depth - 1, &random) }
    switch Int.random(in: 0..<(depth == 0 ? 5 : 12), using: &random) {
    case 0: return String(Int.random(in: -3...9, using: &random))
    case 1, 2, 3: return ["a", "b", "c"].randomElement(using: &random)!
    case 4: return "u[\(Int.random(in: 1...3, using: &random))]"
    case 5: return "(\(inner()) && \(inner()))"
    case 6: return "(\(inner()) || \(inner()))"
    case 7: return "(\(condition(depth - 1, &random)) && \(inner()) || \(inner()))"
    case 8: return "f(\(inner()), \(inner()))"
    case 9: return "({\(inner()), \(inner())})[\(Int.random(in: 1...2, using: &random))]"
    default:
      let `operator` = ["+", "-", "*", "^", "|"].randomElement(using: &random)!
      return "(\(inner()) \(`operator`) \(inner()))"
    }
  }

  /// A boolean.
  private func condition(_ depth: Int, _ random: inout Generator) -> String {
    switch Int.random(in: 0..<(depth <= 0 ? 3 : 7), using: &random) {
    case 0: "p"
    case 1: "(\(value(max(depth, 0), &random)) < \(value(max(depth, 0), &random)))"
    case 2: "(\(value(max(depth, 0), &random)) == \(value(max(depth, 0), &random)))"
    case 3: "!\(condition(depth - 1, &random))"
    case 4: "(\(condition(depth - 1, &random)) && \(condition(depth - 1, &random)))"
    case 5: "(\(condition(depth - 1, &random)) || \(condition(depth - 1, &random)))"
    default: "f(\(condition(depth - 1, &random)), \(condition(depth - 1, &random)))"
    }
  }

  private func target(_ random: inout Generator) -> String {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: "a"
    case 1: "b"
    case 2: "c"
    case 3: "u[\(Int.random(in: 1...3, using: &random))]"
    default: "t[\(["a", "b", "c"].randomElement(using: &random)!)]"
    }
  }

  private func statement(_ depth: Int, isInLoop: Bool, _ random: inout Generator) -> String {
    func body(isInLoop loop: Bool) -> String {
      (0..<Int.random(in: 1...3, using: &random)).map { _ in
        statement(depth - 1, isInLoop: loop || isInLoop, &random)
      }.joined(separator: "\n")
    }
    switch Int.random(in: 0..<(depth == 0 ? 6 : 13), using: &random) {
    case 0: return "\(target(&random)) = \(value(3, &random))"
    case 1: return "p = \(condition(3, &random))"
    case 2: return "\(target(&random)), \(target(&random)) = \(value(2, &random)), \(value(2, &random))"
    case 3: return "\(["a", "b", "c"].randomElement(using: &random)!) += \(value(1, &random))"
    case 4: return "u[\(Int.random(in: 1...3, using: &random))] -= \(value(1, &random))"
    case 5:
      if isInLoop, Bool.random(using: &random) {
        return "if (\(condition(1, &random))) { \(Bool.random(using: &random) ? "break" : "continue") }"
      }
      return "print(a, b, c, p, \(value(2, &random)))"
    case 6: return "if (\(condition(2, &random))) {\n\(body(isInLoop: false))\n}"
    case 7: return "if (\(condition(2, &random))) {\n\(body(isInLoop: false))\n} else {\n\(body(isInLoop: false))\n}"
    case 8: return "for (i = 1, \(Int.random(in: 0...4, using: &random))) {\nc = i\n\(body(isInLoop: true))\n}"
    case 9: return "n = 0\nwhile (n < 4 && \(condition(1, &random))) {\nn += 1\n\(body(isInLoop: true))\n}"
    case 10: return "n = 0\nrepeat { n += 1\n\(body(isInLoop: true))\n} until (n > 3 || \(condition(1, &random)))"
    case 11: return "for (k, v in pairs(u)) {\nb = v\n\(body(isInLoop: true))\n}"
    default: return "if (\(condition(1, &random))) {\nvar a = \(value(1, &random))\n\(body(isInLoop: false))\n}"
    }
  }

  /// Variables in registers behave as the same variables in cells do, where no register is ever shared.
  @Test func registersBehaveLikeCells() throws {
    var completed = 0
    for seed in 0..<150 as Range<UInt64> {
      var random = Generator(state: seed)
      let head =
        "var a, b, c, n, p = 1, 2, 3, 0, true; var t = {}; var u = {4, 5, 6}; function f(x, y) { return x || y }\n"
      let statements = (0..<6).map { _ in statement(2, isInLoop: false, &random) }.joined(separator: "\n")
      let tail = "\nprint(a, b, c, p, u[1], u[2], u[3])"
      let touch = "\nfunction touch() { a = a; b = b; c = c; n = n; p = p; t = t; u = u; f = f }"
      let registers = try compiled(head + statements + tail)
      let cells = try compiled(head + statements + tail + touch)
      #expect(!registers.listing().contains("CELL"))
      let expected = printed(cells, iterationLimit: 300)
      #expect(printed(registers, iterationLimit: 300) == expected, "\(statements)")
      if expected.last?.hasPrefix("error") != true { completed += 1 }
    }
    #expect(completed > 90, "most scripts have to run to their end for this to say much")
  }
}
