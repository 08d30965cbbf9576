import KtapLanguage
import Testing

/// Every node stands at the token that a reader would point at.
@Suite struct PositionTests {
  private func place(_ position: SourcePosition) -> String { "\(position.line):\(position.column):\(position.offset)" }

  private func value(_ text: String) -> Expression? {
    guard case .assignment(_, let values)? = statements(text).first?.kind else { return nil }
    return values.first
  }

  @Test(arguments: [
    ("x = a + b", "1:7:6"), ("x = a\n  + b", "2:3:8"), ("x = -a", "1:5:4"), ("x = f(a)", "1:6:5"),
    ("x = f \"a\"", "1:7:6"),
    ("x = f{}", "1:6:5"), ("x = t.a", "1:6:5"), ("x = t[a]", "1:6:5"), ("x = t:m(a)", "1:8:7"), ("x = {1}", "1:5:4"),
    ("x = (a)", "1:5:4"), ("x = function () {}", "1:5:4"), ("x = pid", "1:5:4"), ("x = args.a", "1:5:4"),
    ("x = arg1", "1:5:4"),
    ("x = a .. b .. c", "1:7:6"), ("x = a - b - c", "1:11:10"), ("x = nil", "1:5:4"), ("x = \"\u{e9}\" .. 1", "1:10:9"),
  ])
  func expressions(_ text: String, _ expected: String) throws {
    #expect(place(try #require(value(text)).position) == expected)
  }

  @Test func operands() throws {
    guard case .binary(_, let left, let right)? = value("x = a .. b .. c")?.kind,
      case .binary(_, let middle, let last) = right.kind
    else {
      Issue.record("not two operators")
      return
    }
    #expect([left, right, middle, last].map { $0.position.column } == [5, 12, 10, 15])
    guard case .index(_, let keys)? = value("x = t.abc")?.kind else {
      Issue.record("not a field")
      return
    }
    #expect(keys.map { place($0.position) } == ["1:7:6"])
  }

  @Test(arguments: [
    ("var a = 1", "1:1:0"), ("var function f() {}", "1:1:0"), (" function f() {}", "1:2:1"), ("a = 1", "1:3:2"),
    ("a, b = 1, 2", "1:6:5"),
    ("a += 1", "1:3:2"), ("t.x++", "1:4:3"), ("t[k] <<< 1", "1:6:5"), ("f(1)", "1:2:1"), ("t:m(1)", "1:4:3"),
    ("if (a) {}", "1:1:0"), ("while (a) {}", "1:1:0"), ("repeat {} until (a)", "1:1:0"), ("for (;;) {}", "1:1:0"),
    ("break", "1:1:0"),
    ("return 1", "1:1:0"), ("trace a:b {}", "1:1:0"), ("trace_end {}", "1:1:0"), ("\ntick-1s {}", "2:1:1"),
    ("import \"x\"", "1:1:0"),
  ])
  func statementPlaces(_ text: String, _ expected: String) throws {
    #expect(place(try #require(statements(text).first).position) == expected)
  }

  @Test func eventsAndBlocks() throws {
    let parsed = statements("trace\n  a:b\n  /x == 1/ {\n  f()\n}\nprofile-99hz {}")
    guard parsed.count == 2, case .trace(let definition, let body) = parsed[0].kind,
      case .timer(let timer, _) = parsed[1].kind
    else {
      Issue.record("not two events")
      return
    }
    #expect(place(definition.position) == "2:3:8")
    #expect(place(body.statements[0].position) == "4:4:28")
    #expect(place(body.end) == "5:1:31")
    #expect(place(timer.position) == "6:9:41")
    #expect(timer.text == "99hz")
  }

  @Test func ends() throws {
    let tree = try #require(parse(SourceFile(name: "t.kp", text: "f()\n\n")).tree)
    #expect(place(tree.chunk.end) == "3:1:5")
    guard case .conditional(let branches, _)? = statements("if (a) f(1);").first?.kind else {
      Issue.record("not an if")
      return
    }
    // A body without braces ends with its last token.
    #expect(place(branches[0].body.end) == "1:11:10")
  }
}
