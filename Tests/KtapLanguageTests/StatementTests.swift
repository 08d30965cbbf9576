import KtapLanguage
import Testing

@Suite struct StatementTests {
  @Test(arguments: [
    ("var a", "var a"), ("var a, b", "var a, b"), ("var a, b = 1, 2", "var a, b = 1, 2"),
    ("var a = 1, 2", "var a = 1, 2"),
    ("var a, b = f()", "var a, b = f()"),
    ("function f() {}", "function f() {}"), ("var function f(a, b) { return a }", "function f(a, b) { return a }"),
    ("a = 1", "a = 1"), ("a, t[1], t.x = 1, 2", "a, t[1], t[\"x\"] = 1, 2"), ("t[a, b] = 1", "t[a, b] = 1"),
    ("f().x = 1", "f()[\"x\"] = 1"), ("(t).x = 1", "paren<t>[\"x\"] = 1"), ("args.t[1] = 2", "@args.t[1] = 2"),
    ("a, b += 1, 2", "a, b += 1, 2"), ("a++", "a += 1"), ("t[k]--", "t[k] -= 1"), ("t.x++", "t[\"x\"] += 1"),
    ("a++ b--", "a += 1; b -= 1"),
    ("t[k] <<< v", "t[k] <<< v"), ("t[a, b] <<< quantize(v)", "t[a, b] <<< quantize(v)"),
    ("a <<< 1 << 2", "a <<< (1 << 2)"),
    ("f()", "f()"), ("f \"x\"", "f(\"x\")"), ("t:m(1)", "t:m(1)"), ("t.f{}", "t[\"f\"]({})"), ("(f)(1)", "paren<f>(1)"),
    ("ffi.cdef[[int x;]]", "ffi[\"cdef\"](\"int x;\")"),
    ("kdebug.trace_end(f)", "kdebug[\"trace_end\"](f)"), ("timer.tick(\"1s\", f)", "timer[\"tick\"](\"1s\", f)"),
    ("import \"file.kp\"", "import \"file.kp\""), ("import(\"x\")", "import(\"x\")"), ("import = 1", "import = 1"),
    ("exit() print(\"failed\")", "exit(); print(\"failed\")"), ("a = 1; b = 2;; f()", "a = 1; b = 2; f()"),
    ("break continue return", "break; continue; return"),
  ])
  func forms(_ text: String, _ result: String) { #expect(tree(text) == result) }

  @Test func compoundOperators() {
    for sign in ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"] {
      #expect(tree("a \(sign)= 2") == "a \(sign)= 2")
      #expect(tree("t[k]\(sign)=b + 1") == "t[k] \(sign)= (b + 1)")
    }
  }

  @Test(arguments: [
    ("if (a) {}", "if a {}"), ("if (a) { f() g() }", "if a { f(); g() }"), ("if (a) f()", "if a { f() }"),
    ("if (a) { } else { b = 1 }", "if a {} else { b = 1 }"),
    ("if (a) {} elseif (b) {} else {}", "if a {} else if b {} else {}"),
    ("if (a) {} else if (b) {} elseif (c) {} else {}", "if a {} else if b {} else if c {} else {}"),
    ("if (a) f() else if (b) g() else h()", "if a { f() } else if b { g() } else { h() }"),
    ("if (a) f(); else g(); h()", "if a { f() } else { g() }; h()"),
    ("if (a) if (b) f() else g()", "if a { if b { f() } else { g() } }"),
    ("if (a) x = 1 y = 2", "if a { x = 1 }; y = 2"),
    ("while (a) {}", "while a {}"), ("while (a) x++", "while a { x += 1 }"),
    ("while (a) while (b) { break }", "while a { while b { break } }"),
    ("repeat { f() } until (a)", "repeat { f() } until a"), ("repeat f() g() until (a)", "repeat { f(); g() } until a"),
    ("repeat until (a)", "repeat {} until a"),
  ])
  func control(_ text: String, _ result: String) { #expect(tree(text) == result) }

  @Test(arguments: [
    ("for (i = 1, 10) {}", "for i = 1, 10 {}"), ("for (i = a + 1, f(), -1) {}", "for i = (a + 1), f(), (-1) {}"),
    ("for (i = 1, 3) f(i)", "for i = 1, 3 { f(i) }"),
    ("for (i = 0; i < 3; i++) {}", "for (i = 0 | (i < 3) | i += 1) {}"),
    ("for (var i = 0; i < 3; i += 2) f()", "for (var i = 0 | (i < 3) | i += 2) { f() }"),
    ("for (;;) {}", "for (- | - | -) {}"), ("for (; a; ) {}", "for (- | a | -) {}"),
    ("for (f(); g(); h()) {}", "for (f() | g() | h()) {}"),
    ("for (a, b = 1, 2; a; b--) {}", "for (a, b = 1, 2 | a | b -= 1) {}"),
    ("for (t.x = 1; ; ) {}", "for (t[\"x\"] = 1 | - | -) {}"), ("for (i++; ; ) {}", "for (i += 1 | - | -) {}"),
    ("for (var i, j = 0, 9; i < j; i++) {}", "for (var i, j = 0, 9 | (i < j) | i += 1) {}"),
    ("for (k in pairs(t)) {}", "for k in pairs(t) {}"),
    ("for (k, v in pairs(t)) f(k)", "for k, v in pairs(t) { f(k) }"),
    ("for (_, v in sort_pairs(t, \"key\")) {}", "for _, v in sort_pairs(t, \"key\") {}"),
  ])
  func loops(_ text: String, _ result: String) { #expect(tree(text) == result) }

  /// A value may be on the next line, except behind a body without braces.
  @Test(arguments: [
    ("return", "return"), ("return;", "return"), ("return 1", "return 1"), ("return\n1", "return 1"),
    ("function f() { return }", "function f() { return }"), ("return (f(x))", "return paren<f(x)>"),
    ("return -1", "return (-1)"), ("return !a", "return (!a)"), ("return {1}", "return {1}"),
    ("return pid", "return @pid"),
    ("return function () {}", "return function() {}"), ("return args.x", "return @args.x"),
    ("if (a) return\nf()", "if a { return }; f()"), ("if (a) return f()", "if a { return f() }"),
    ("if (a) return else b()", "if a { return } else { b() }"), ("return if (a) {}", "return; if a {}"),
    ("return return 1", "return; return 1"),
  ])
  func returns(_ text: String, _ result: String) { #expect(tree(text) == result) }

  @Test(arguments: [
    ("a =", "1:4: unexpected symbol near '<eof>'"),
    ("a", "1:1: a value alone is no statement: assignment or call expected near 'a'"),
    ("t.x", "1:1: a value alone is no statement: assignment or call expected near 't'"),
    ("a == 1", "1:1: a value alone is no statement: assignment or call expected near 'a'"),
    ("vra x = 1", "1:1: a value alone is no statement: assignment or call expected near 'vra'; did you mean 'var'?"),
    (
      "retrun x",
      "1:1: a value alone is no statement: assignment or call expected near 'retrun'; did you mean 'return'?"
    ),
    ("f() = 1", "1:1: cannot assign to this near 'f'"),
    ("(a) = 1", "1:1: cannot assign to this near '('"),
    ("pid = 1", "1:1: cannot assign to this near 'pid'"),
    ("a, arg1 = 1, 2", "1:4: cannot assign to this near 'arg1'"),
    ("args.x = 1", "1:1: cannot assign to this near 'args'"),
    ("ffi = 1", "1:1: cannot assign to this near 'ffi'"),
    ("pid += 1", "1:1: cannot assign to this near 'pid'"),
    ("f() <<< 1", "1:1: cannot assign to this near 'f'"),
    ("f()++", "1:4: '++' needs a variable or an element before it near '++'"),
    ("cpu--", "1:4: '--' needs a variable or an element before it near '--'"),
    ("++a", "1:1: unexpected symbol near '++'"),
    ("-- comment", "1:1: unexpected symbol near '--'"),
    ("a, b++", "1:5: '=' expected near '++'"),
    ("a, b", "1:5: '=' expected near '<eof>'"),
    ("a += 1, 2", "1:3: as many values as targets expected (1, not 2) near '+='"),
    ("a, b += 1", "1:6: as many values as targets expected (2, not 1) near '+='"),
    ("var", "1:4: name expected near '<eof>'"),
    ("var 1", "1:5: name expected near '1'"),
    ("var a b", "1:7: a value alone is no statement: assignment or call expected near 'b'"),
    ("function f {}", "1:12: '(' expected near '{'"),
    ("function t.f() {}", "1:11: '(' expected near '.'"),
    ("function () {}", "1:10: name expected near '('"),
    ("function f() f()", "1:14: '{' expected near 'f'"),
    ("else {}", "1:1: unexpected symbol near 'else'"),
    ("until (a)", "1:1: unexpected symbol near 'until'"),
    ("in", "1:1: unexpected symbol near 'in'"),
    ("nil", "1:1: unexpected symbol near 'nil'"),
    ("1", "1:1: unexpected symbol near '1'"),
    ("\"a\"", "1:1: unexpected symbol near '\"a\"'"),
    ("{}", "1:1: unexpected symbol near '{'"),
    ("}", "1:1: '}' closes nothing near '}'"),
    ("::x::", "1:1: unexpected symbol near ':'"),
    ("if a {}", "1:4: '(' expected near 'a'"),
    ("if (a = 1) {}", "1:7: ')' expected ('==' compares, '=' assigns) near '='"),
    ("if (a", "1:6: ')' expected near '<eof>'"),
    ("if (a) ;", "1:8: statement or '{' expected near ';'"),
    ("if (a)", "1:7: statement or '{' expected near '<eof>'"),
    ("while (a) {", "1:12: '}' expected near '<eof>'"),
    ("while (a) {\n", "2:1: '}' expected (to close '{' at line 1) near '<eof>'"),
    ("while () {}", "1:8: unexpected symbol near ')'"),
    ("repeat { a() }", "1:15: 'until' expected near '<eof>'"),
    ("repeat a()", "1:11: 'until' expected near '<eof>'"),
    ("repeat\na()", "2:4: 'until' expected (to close 'repeat' at line 1) near '<eof>'"),
    ("repeat a() until a", "1:18: '(' expected near 'a'"),
    ("for i = 1, 2 {}", "1:5: '(' expected near 'i'"),
    ("for (i = 1) {}", "1:11: ';' expected near ')'"),
    ("for (i) {}", "1:7: '=', 'in' or ';' expected near ')'"),
    ("for (k v in pairs(t)) {}", "1:8: '=', 'in' or ';' expected near 'v'"),
    ("for (a, b, c in pairs(t)) {}", "1:12: one or two names expected before 'in' near 'c'"),
    ("for (pid in pairs(t)) {}", "1:6: name expected near 'pid'"),
    ("for (k, t.x in pairs(t)) {}", "1:9: name expected near 't'"),
    ("for (i = 1, 2, 3, 4) {}", "1:17: ')' expected near ','"),
    ("for (var i = 0) {}", "1:15: ';' expected near ')'"),
    ("for (;) {}", "1:7: unexpected symbol near ')'"),
    ("trace_end print(1)", "1:11: '{' expected near 'print'"),
  ])
  func faults(_ text: String, _ finding: String) { #expect(findings(text) == [finding]) }
}
