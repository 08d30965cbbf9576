import KtapLanguage
import Testing

@Suite struct ExpressionTests {
  /// From the loosest to the tightest; those in one row bind alike.
  private static let rows: [[String]] = [
    ["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">="], ["|"], ["^"], ["&"], ["<<", ">>"], [".."], ["+", "-"],
    ["*", "/", "%"],
  ]

  @Test func precedenceOfEveryPair() {
    for (low, looser) in Self.rows.enumerated() {
      for tighter in Self.rows[(low + 1)...] {
        for first in looser {
          for second in tighter {
            #expect(expression("a \(first) b \(second) c") == "(a \(first) (b \(second) c))")
            #expect(expression("a \(second) b \(first) c") == "((a \(second) b) \(first) c)")
          }
        }
      }
    }
  }

  @Test func grouping() {
    for row in Self.rows where row != [".."] {
      for first in row {
        for second in row {
          #expect(expression("a \(first) b \(second) c") == "((a \(first) b) \(second) c)")
        }
      }
    }
    #expect(expression("a .. b .. c .. d") == "(a .. (b .. (c .. d)))")
    #expect(expression("a .. b + c .. d << 1") == "((a .. ((b + c) .. d)) << 1)")
  }

  @Test(arguments: [
    ("-a * b", "((-a) * b)"), ("!a == b", "((!a) == b)"), ("~a & b", "((~a) & b)"), ("- - a", "(-(-a))"),
    ("-t.x", "(-t[\"x\"])"), ("!f(x)", "(!f(x))"), ("a - -b", "(a - (-b))"), ("!!a", "(!(!a))"), ("-~!a", "(-(~(!a)))"),
    ("-9223372036854775808", "(--9223372036854775808)"), ("a&&!b", "(a && (!b))"), ("a&~b", "(a & (~b))"),
  ])
  func unary(_ text: String, _ result: String) { #expect(expression(text) == result) }

  @Test(arguments: [
    ("nil", "nil"), ("true", "true"), ("false", "false"), ("(a)", "paren<a>"), ("((a))", "paren<paren<a>>"),
    ("pid", "@pid"), ("tid", "@tid"), ("uid", "@uid"), ("cpu", "@cpu"), ("execname", "@execname"),
    ("probename", "@probename"), ("argstr", "@argstr"), ("arg0", "@arg0"), ("arg9", "@arg9"), ("arg10", "@arg10"),
    ("arg123", "@arg123"), ("args.prev_pid", "@args.prev_pid"), ("args.if", "@args.if"), ("args.v[1]", "@args.v[1]"),
    ("arg3[2]", "@arg3[2]"), ("arg[1]", "arg[1]"), ("arg01", "arg01"), ("ffi.C.f(1)", "ffi[\"C\"][\"f\"](1)"),
  ])
  func operands(_ text: String, _ result: String) { #expect(expression(text) == result) }

  @Test(arguments: [
    ("f()", "f()"), ("f(1, a, \"x\")", "f(1, a, \"x\")"), ("f\"x\"", "f(\"x\")"), ("f'x'", "f(\"x\")"),
    ("f[[x]]", "f(\"x\")"), ("f{1}", "f({1})"), ("t.f(a)", "t[\"f\"](a)"), ("t:m(a)", "t:m(a)"),
    ("t:m\"x\"", "t:m(\"x\")"), ("t:m{}", "t:m({})"), ("f()(1)[2].x:y()", "f()(1)[2][\"x\"]:y()"),
    ("(f)(1)", "paren<f>(1)"), ("t[a, b]", "t[a, b]"), ("t[a, b, 3][4]", "t[a, b, 3][4]"), ("t[{}]", "t[{}]"),
    ("f(\n1,\n2\n)", "f(1, 2)"), ("t\n.x\n[1]\n:m(1)", "t[\"x\"][1]:m(1)"), ("f[[a\nb]](1)", "f(\"a\\x0ab\")(1)"),
  ])
  func suffixes(_ text: String, _ result: String) { #expect(expression(text) == result) }

  @Test(arguments: [
    ("{}", "{}"), ("{1, 2, x = 3, [k] = v}", "{1, 2, [\"x\"] = 3, [k] = v}"), ("{1; 2; }", "{1, 2}"),
    ("{1, 2,}", "{1, 2}"),
    ("{f = function () {}}", "{[\"f\"] = function() {}}"), ("{x == 1}", "{(x == 1)}"), ("{x}", "{x}"),
    ("{pid}", "{@pid}"),
    ("{[1] = {2}, [\"a\"..b] = 3}", "{[1] = {2}, [(\"a\" .. b)] = 3}"), ("{[[x]]}", "{\"x\"}"),
    ("{trace = 1}", "{[\"trace\"] = 1}"),
  ])
  func constructors(_ text: String, _ result: String) { #expect(expression(text) == result) }

  @Test func functions() {
    #expect(expression("function () {}") == "function() {}")
    #expect(expression("function (a, b) { return a }") == "function(a, b) { return a }")
    #expect(expression("function (a) { return function () { return a } }(1)").hasPrefix("ERRORS"))
    #expect(expression("(function (a) { return a })(1)") == "paren<function(a) { return a }>(1)")
  }

  @Test(arguments: [
    ("x = a b", "1:7: a value alone is no statement: assignment or call expected near 'b'"),
    ("x = ", "1:5: unexpected symbol near '<eof>'"),
    ("x = *", "1:5: unexpected symbol near '*'"),
    ("x = a +", "1:8: unexpected symbol near '<eof>'"),
    ("x = ...", "1:5: unexpected symbol near '...'"),
    ("x = (a", "1:7: ')' expected near '<eof>'"),
    ("x = (a\n\n;y = 1", "3:1: ')' expected (to close '(' at line 1) near ';'"),
    ("x = t[a", "1:8: ']' expected near '<eof>'"),
    ("x = t[]", "1:7: unexpected symbol near ']'"),
    ("x = t.", "1:7: name expected near '<eof>'"),
    ("x = t.1", "1:6: malformed number near '.1'"),
    ("x = t:", "1:7: name expected near '<eof>'"),
    ("x = t:m", "1:8: function arguments expected near '<eof>'"),
    ("x = f(a b)", "1:9: ')' expected near 'b'"),
    ("x = f(a,)", "1:9: unexpected symbol near ')'"),
    ("x = {1 2}", "1:8: '}' expected near '2'"),
    ("x = {[1] 2}", "1:10: '=' expected near '2'"),
    ("x = {,}", "1:6: unexpected symbol near ','"),
    ("x = args", "1:5: 'args' needs a field: args.NAME near 'args'"),
    ("x = args[1]", "1:5: 'args' needs a field: args.NAME near 'args'"),
    ("x = args.", "1:10: name expected near '<eof>'"),
    ("x = pid()", "1:8: 'pid' is a value and cannot be called near '('"),
    ("x = arg1(2)", "1:9: 'arg1' is a value and cannot be called near '('"),
    ("x = args.f(2)", "1:11: 'args.f' is a value and cannot be called near '('"),
    ("x = arg99999999999", "1:5: argument number too large near 'arg99999999999'"),
    ("x = y++", "1:6: '++' is a statement and has no value near '++'"),
    ("x = a--comment", "1:6: '--' is a statement and has no value (a comment begins with '#' or '//') near '--'"),
    ("x = f\n(1)", "2:1: ambiguous syntax: a '(' that continues a call must be on the line of the function near '('"),
    ("x = function f() {}", "1:14: '(' expected near 'f'"),
    ("x = function (a, 1) {}", "1:18: name expected near '1'"),
    ("x = function (...) {}", "1:15: name expected near '...'"),
  ])
  func faults(_ text: String, _ finding: String) { #expect(findings(text) == [finding]) }
}
