import KtapLanguage
import Testing

/// The patterns and the filter of a definition, or its error.
private func read(_ text: String) -> String {
  do throws(Diagnostic) {
    let definition = try EventDefinition.parse(
      text: text, at: SourcePosition(line: 1, column: 1, offset: 0))
    let patterns = definition.patterns.map(describe).joined(separator: ", ")
    return patterns + (definition.filter.map { " / \(describe($0))" } ?? "")
  } catch {
    return "\(error.position.line):\(error.position.column): \(error.summary)"
  }
}

private func describe(_ pattern: EventPattern) -> String {
  switch pattern {
  case .tracepoint(let system, let event): "\(system):\(event)"
  case .kernelProbe(let function, let isReturn, let fetch):
    "kernel \(function)\(isReturn ? " return" : "")\(fetch.isEmpty ? "" : " <\(fetch)>")"
  case .userProbe(let path, let location, let isReturn, let fetch):
    "user \(path) \(location)\(isReturn ? " return" : "")\(fetch.isEmpty ? "" : " <\(fetch)>")"
  case .marker(let path, let provider, let name): "marker \(path) \(provider ?? "-") \(name)"
  case .functionTracer: "functions"
  }
}

private func describe(_ filter: Filter) -> String {
  switch filter {
  case .compare(let field, let comparison, .number(let value)): "\(field) \(comparison) \(value)"
  case .compare(let field, let comparison, .string(let bytes)): "\(field) \(comparison) \(quoted(bytes))"
  case .and(let left, let right): "(\(describe(left)) and \(describe(right)))"
  case .or(let left, let right): "(\(describe(left)) or \(describe(right)))"
  case .not(let inner): "not \(describe(inner))"
  }
}

/// The filter of `a:b /text/`.
private func filter(_ text: String) -> String {
  let result = read("a:b /\(text)/")
  return result.hasPrefix("a:b / ") ? String(result.dropFirst(6)) : result
}

@Suite struct EventDefinitionTests {
  @Test(arguments: [
    ("sched:sched_switch", "sched:sched_switch"), ("syscalls:*", "syscalls:*"), ("*:*", "*:*"),
    ("sys?alls:sys_[a-e]*", "sys?alls:sys_[a-e]*"), ("a:x[]]", "a:x[]]"), ("a:x[!b]", "a:x[!b]"),
    ("  sched:sched_switch\t\n", "sched:sched_switch"), ("sched : sched_switch", "sched:sched_switch"),
    ("sched\n:\nsched_switch", "sched:sched_switch"), ("a:b,c:d", "a:b, c:d"), ("a:b ,\n c:d,\te:f", "a:b, c:d, e:f"),
    ("ftrace:function", "functions"), ("ftrace:print", "ftrace:print"), ("ftrace:func*", "ftrace:func*"),
    ("a:b, ftrace:function", "a:b, functions"),
  ])
  func tracepoints(_ text: String, _ result: String) { #expect(read(text) == result) }

  @Test(arguments: [
    ("probe:vfs_read", "kernel vfs_read"), ("probe:vfs_read%return", "kernel vfs_read return"),
    ("probe:vfs_read %return", "kernel vfs_read return"), ("probe: vfs_*", "kernel vfs_*"),
    (
      "probe:do_sys_open dfd=%di fname=%dx flags=%cx mode=+4($stack)",
      "kernel do_sys_open <dfd=%di fname=%dx flags=%cx mode=+4($stack)>"
    ),
    ("probe:f%return  fd=$retval", "kernel f return <fd=$retval>"), ("probe:f %di", "kernel f <%di>"),
    ("probe:f x=%di:u32\n\ty=+0(%si):string", "kernel f <x=%di:u32 y=+0(%si):string>"),
    ("probe:f x=+0(%si,8), a:b", "kernel f <x=+0(%si,8)>, a:b"), ("probe:vfs_read+0x10", "kernel vfs_read+0x10"),
    ("probe:ext4:ext4_sync", "kernel ext4:ext4_sync"),
    ("probe:/bin/bash:readline", "user /bin/bash readline"),
    ("probe:/bin/bash:readline%return text=$retval", "user /bin/bash readline return <text=$retval>"),
    ("probe:/lib/libc.so.6:malloc size=%di", "user /lib/libc.so.6 malloc <size=%di>"),
    ("probe:/lib/libc.so.6:0x1234", "user /lib/libc.so.6 0x1234"), ("probe:/a b/c:f+16", "user /a b/c f+16"),
    ("probe: /lib/libc.so.6 : pthread_mutex_*", "user /lib/libc.so.6 pthread_mutex_*"),
    ("probe:/a,b/c:f, d:e", "user /a,b/c f, d:e"), ("probe:/x:f a=%di:u32", "user /x f <a=%di:u32>"),
    ("sdt:/lib/libc.so.6:setjmp", "marker /lib/libc.so.6 - setjmp"),
    ("sdt:/lib/libc.so.6:*", "marker /lib/libc.so.6 - *"),
    ("sdt:/lib/libc.so.6:libc:setjmp", "marker /lib/libc.so.6 libc setjmp"),
    ("sdt:/lib/libc.so.6:libc:mem*, a:b", "marker /lib/libc.so.6 libc mem*, a:b"),
  ])
  func probes(_ text: String, _ result: String) { #expect(read(text) == result) }

  @Test(arguments: [
    ("a:b /x == 1/", "a:b / x equal 1"), ("a:b/x==1/", "a:b / x equal 1"), ("a:b /x == 1/ ", "a:b / x equal 1"),
    ("a:b\n/x ==\n1/\n", "a:b / x equal 1"), ("a:b /x == 1/, c:d", "a:b, c:d / x equal 1"),
    ("a:b, c:d /x == 1 && y == 2/", "a:b, c:d / (x equal 1 and y equal 2)"),
    ("a:b /x == \"p,q\"/, c:d", "a:b, c:d / x equal \"p,q\""), ("a:b /x == \"p/,q\"/", "a:b / x equal \"p/,q\""),
    ("a:b /x == \"{\"/", "a:b / x equal \"{\""), ("a:b /file == /bin/sh/", "a:b / file equal \"/bin/sh\""),
    ("a:b /comm ~ kworker/*/", "a:b / comm glob \"kworker/*\""),
    ("probe:/bin/bash:readline /pid == 1/", "user /bin/bash readline / pid equal 1"),
    ("probe:/bin/bash:f a=%di /a == 1/", "user /bin/bash f <a=%di> / a equal 1"),
    ("sdt:/lib/l.so:p:n /arg1 == 1/", "marker /lib/l.so p n / arg1 equal 1"),
    ("ftrace:function /ip==mutex*/", "functions / ip equal \"mutex*\""),
  ])
  func filters(_ text: String, _ result: String) { #expect(read(text) == result) }

  @Test(arguments: [
    ("x == 1", "x equal 1"), ("x!=1", "x notEqual 1"), ("x<1", "x less 1"), ("x <= 1", "x lessOrEqual 1"),
    ("x>1", "x greater 1"), ("x >=1", "x greaterOrEqual 1"), ("x & 4", "x anyBit 4"), ("x&0x10", "x anyBit 16"),
    ("x ~ \"a*\"", "x glob \"a*\""), ("x ~ 'a b'", "x glob \"a b\""), ("x == -1", "x equal -1"),
    ("x == 0x1F", "x equal 31"), ("x == 017", "x equal 15"), ("x == -0x10", "x equal -16"),
    ("x == 0xffffffffffffffff", "x equal -1"), ("x == -9223372036854775808", "x equal -9223372036854775808"),
    ("x == abc", "x equal \"abc\""), ("x == \"\"", "x equal \"\""), ("x == \"it's\"", "x equal \"it's\""),
    ("x == \"a\\nb\"", "x equal \"a\\nb\""), ("filename.ustring ~ \"p*\"", "filename.ustring glob \"p*\""),
    ("a == 1 && b == 2 || c == 3", "((a equal 1 and b equal 2) or c equal 3)"),
    ("a == 1 || b == 2 && c == 3", "(a equal 1 or (b equal 2 and c equal 3))"),
    ("a == 1 && b == 2 && c == 3", "((a equal 1 and b equal 2) and c equal 3)"),
    ("(a == 1 || b == 2) && !c == 3", "((a equal 1 or b equal 2) and not c equal 3)"),
    ("!(a == 1)", "not a equal 1"), ("!!a == 1", "not not a equal 1"), ("((a == 1))", "a equal 1"),
    ("a & 1 && b & 2", "(a anyBit 1 and b anyBit 2)"), ("a&1&&b&2", "(a anyBit 1 and b anyBit 2)"),
    ("a==x&&b==y", "(a equal \"x\" and b equal \"y\")"), ("(a==x)", "a equal \"x\""),
  ])
  func filterLanguage(_ text: String, _ result: String) { #expect(filter(text) == result) }

  @Test(arguments: [
    ("", "1:6: empty filter near '/'"), ("x", "1:7: comparison expected near '/'"),
    ("x =", "1:8: comparison expected near '='"),
    ("x = 1", "1:8: comparison expected near '='"), ("x ==", "1:10: value expected near '/'"),
    ("x == )", "1:11: value expected near ')'"),
    ("1 == x", "1:6: field expected near '1'"), ("== 1", "1:6: field expected near '='"),
    ("(x == 1", "1:13: ')' expected near '/'"),
    ("x == 1)", "1:12: '&&', '||' or '/' expected near ')'"), ("x == 1 y", "1:13: '&&', '||' or '/' expected near 'y'"),
    ("x == 1 &&", "1:15: field expected near '/'"), ("x == 1 & y == 2", "1:13: '&&', '||' or '/' expected near '&'"),
    ("x && y", "1:8: comparison expected near '&'"), ("x == \"abc", "1:11: unfinished string near '\"'"),
    ("x == 'abc\"", "1:11: unfinished string near '''"), ("x == 08", "1:11: malformed number near '08'"),
    ("x == 1abc", "1:11: malformed number near '1abc'"), ("x == -", "1:11: malformed number near '-'"),
    ("x == 99999999999999999999", "1:11: number does not fit in 64 bits near '99999999999999999999'"),
    ("x == -9223372036854775809", "1:11: number does not fit in 64 bits near '-9223372036854775809'"),
    ("x ~ 5", "1:10: '~' needs a string near '5'"), ("x & \"a\"", "1:10: '&' needs a number near '\"'"),
    ("x\n== 1 &&\n  &", "3:3: field expected near '&'"),
  ])
  func filterFaults(_ text: String, _ result: String) { #expect(filter(text) == result) }

  @Test(arguments: [
    ("", "1:1: event expected"), ("  ", "1:3: event expected"), ("sched", "1:1: SYSTEM:EVENT expected near 'sched'"),
    ("sched_switch /x == 1/", "1:1: SYSTEM:EVENT expected near 'sched_switch'"),
    ("a:b,", "1:5: event expected"), ("a:b,,c:d", "1:5: event expected near ','"),
    (",a:b", "1:1: event expected near ','"),
    ("a:", "1:3: event expected behind 'a:'"), ("a: /x == 1/", "1:4: event expected behind 'a:' near '/'"),
    (":b", "1:1: SYSTEM:EVENT expected near ':'"),
    ("a:b c", "1:5: unexpected symbol in an event's name near 'c'"),
    ("a b:c", "1:3: unexpected symbol in an event's name near 'b'"),
    ("\"a:b\"", "1:1: unexpected symbol in an event's name near '\"a'"),
    ("a:b:c", "1:4: unexpected symbol in an event's name near ':c'"), ("a:b[c", "1:4: ']' expected near '[c'"),
    ("a:b /x == 1", "1:5: unfinished filter: '/' expected near '/x == 1'"),
    ("a:b /x == 1/, c:d /y == 2/", "1:19: only one filter is allowed near '/y == 2/'"),
    ("a:b /x == 1/ /y == 2/", "1:11: malformed number near '1/'"),
    ("a:b {", "1:5: unexpected symbol near '{'"),
    ("probe:", "1:7: event expected behind 'probe:'"), ("probe:%return", "1:7: function expected near '%return'"),
    ("probe:f%retrun", "1:8: '%return' expected near '%retrun'"), ("probe:f%di", "1:8: '%return' expected near '%di'"),
    ("probe:/bin/bash", "1:16: ':' and a function expected behind the path"),
    ("probe:/bin/bash:", "1:17: function expected"), ("probe:/bin/bash: /x == 1/", "1:18: function expected near '/'"),
    ("sdt:/lib/l.so", "1:14: ':' and a marker expected behind the path"),
    ("sdt:libc:setjmp", "1:5: absolute path expected behind 'sdt:' near 'libc:setjmp'"),
    ("sdt:/lib/l.so:a:b:c", "1:18: unexpected symbol in an event's name near ':c'"),
    ("sdt:/lib/l.so::b", "1:15: PROVIDER:NAME expected near ':b'"),
    ("a:b,\n  c:d e", "2:7: unexpected symbol in an event's name near 'e'"),
  ])
  func faults(_ text: String, _ result: String) { #expect(read(text) == result) }

  @Test func textOfAProgramFileHasNoPosition() {
    do throws(Diagnostic) {
      _ = try EventDefinition.parse(text: "a:b\n/x")
      Issue.record("a filter without an end was accepted")
    } catch {
      #expect(error.position == .none)
      #expect(error.summary == "unfinished filter: '/' expected near '/x'")
    }
  }

  @Test func limits() throws {
    let part = "a:b,"
    let list = String(repeating: part, count: 16_383) + "a:b"
    #expect(list.utf8.count == 65_535)
    #expect(try EventDefinition.parse(text: list).patterns.count == 16_384)
    #expect(read(list + ",a:b") == "1:1: event definition too long (65539 bytes, at most 65535)")
    #expect(
      findings("trace \(list),a:b {}") == ["1:1: event definition too long (at most 65535 bytes) near 'trace'"])
    let terms = Array(repeating: "x==1", count: 1000).joined(separator: "||")
    #expect(filter(terms).hasPrefix("("))
    #expect(filter(terms + "||x==1").hasSuffix("filter too long (at most 1000 comparisons) near 'x'"))
    let open = String(repeating: "(", count: 199)
    #expect(filter(open + "x==1" + String(repeating: ")", count: 199)) == "x equal 1")
    #expect(filter(open + "((").hasSuffix("too many nesting levels in the filter (at most 200) near '('"))
    #expect(filter(String(repeating: "!", count: 60_000)).hasSuffix("(at most 200) near '!'"))
  }
}

@Suite struct EventStatementTests {
  @Test(arguments: [
    ("trace sched:sched_switch { f() }", "trace <sched:sched_switch> { f() }"), ("trace *:* {}", "trace <*:*> {}"),
    ("trace a:b{}", "trace <a:b> {}"), ("trace\n  a:b,\n  c:d\n{\n}", "trace <a:b,\n  c:d> {}"),
    ("trace a:b /x == \"{\"/ { f() }", "trace <a:b /x == \"{\"/> { f() }"),
    ("trace a:b /x == '}{'/ { f(\"{\") }", "trace <a:b /x == '}{'/> { f(\"{\") }"),
    ("trace probe:/it's/a:b { f('x') }", "trace <probe:/it's/a:b> { f(\"x\") }"),
    ("trace probe:/lib/*:f {}", "trace <probe:/lib/*:f> {}"),
    ("if (a) { trace a:b {} }", "if a { trace <a:b> {} }"),
    ("if (a) trace a:b {} else f()", "if a { trace <a:b> {} } else { f() }"),
    ("trace a:b { trace c:d {} }", "trace <a:b> { trace <c:d> {} }"), ("trace_end { f() }", "trace_end { f() }"),
    ("tick-1s { f() }", "tick 1s = 1000000000 { f() }"), ("tick-100ms{}", "tick 100ms = 100000000 {}"),
    ("profile-10us {}", "profile 10us = 10000 {}"), ("profile-99hz\n{}", "profile 99hz = 10101010 {}"),
    ("tick - 1s {}", "tick 1s = 1000000000 {}"), ("tick-1sec {}", "tick 1sec = 1000000000 {}"),
    ("tick-2msec {}", "tick 2msec = 2000000 {}"), ("tick-3usec {}", "tick 3usec = 3000 {}"),
  ])
  func forms(_ text: String, _ result: String) { #expect(tree(text) == result) }

  @Test(arguments: [
    ("trace", "1:1: '{' expected behind the event definition near 'trace'"),
    ("trace sched:sched_switch", "1:1: '{' expected behind the event definition near 'trace'"),
    ("trace {}", "1:7: event expected"), ("trace a {}", "1:7: SYSTEM:EVENT expected near 'a'"),
    ("trace a:b # c\n{}", "1:11: unexpected symbol in an event's name near '#'"),
    ("trace a:b /x == 1 {}", "1:11: unfinished filter: '/' expected near '/x == 1'"),
    ("trace a:b,\n  c:d /x\n  == / {}", "3:6: value expected near '/'"),
    ("trace a:b {", "1:12: '}' expected near '<eof>'"),
    ("tick", "1:5: '-' and an interval expected behind 'tick' near '<eof>'"),
    ("tick {}", "1:6: '-' and an interval expected behind 'tick' near '{'"),
    ("tick-1s f()", "1:9: '{' expected near 'f'"), ("tick-1s", "1:8: '{' expected near '<eof>'"),
    ("tick-{}", "1:6: cannot parse timer interval: "), ("tick-1 s {}", "1:6: cannot parse timer interval: 1"),
    ("tick-1m {}", "1:6: cannot parse timer interval: 1m"), ("tick-s {}", "1:6: cannot parse timer interval: s"),
    ("tick-0s {}", "1:6: cannot parse timer interval: 0s"), ("tick-1ns {}", "1:6: cannot parse timer interval: 1ns"),
    ("tick-99hz {}", "1:6: cannot parse timer interval: 99hz"),
    ("profile-0hz {}", "1:9: cannot parse timer interval: 0hz"),
    ("profile-2000000000hz {}", "1:9: cannot parse timer interval: 2000000000hz"),
    ("tick-1.5s {}", "1:6: cannot parse timer interval: 1.5s"),
    ("tick--1s {}", "1:6: cannot parse timer interval: -1s"),
    ("tick-9223372037s {}", "1:6: cannot parse timer interval: 9223372037s"),
    ("tick-99999999999999999999us {}", "1:6: cannot parse timer interval: 99999999999999999999us"),
  ])
  func faults(_ text: String, _ finding: String) {
    let expected = finding.hasSuffix(": 1") ? [finding, "1:8: '{' expected near 's'"] : [finding]
    #expect(findings(text) == expected)
  }

  @Test func timerTextAtRunTime() throws {
    #expect(try TimerDefinition.parse(text: "1s ", kind: .tick).periodNanoseconds == 1_000_000_000)
    #expect(try TimerDefinition.parse(text: "9223372036s", kind: .tick).periodNanoseconds == 9_223_372_036_000_000_000)
    #expect(try TimerDefinition.parse(text: "1000000000hz", kind: .profile).periodNanoseconds == 1)
    #expect(throws: Diagnostic.self) { try TimerDefinition.parse(text: "", kind: .tick) }
  }

  @Test func definitionThatIsNoText() {
    let source = Array("trace a:".utf8) + [0xff] + Array(" {}".utf8)
    #expect(findings(source) == ["1:7: event definition is not valid UTF-8 near 'a:\u{fffd}'"])
  }

  /// What the block holds is checked even if the definition is wrong, and lines are counted through it.
  @Test func blocksOfWrongDefinitions() {
    #expect(
      findings("trace a\n{\n  x = 08\n}\ntick-1x {\n  y =\n}") == [
        "1:7: SYSTEM:EVENT expected near 'a'", "3:7: malformed number near '08'",
        "5:6: cannot parse timer interval: 1x",
        "7:1: unexpected symbol near '}'",
      ])
  }
}
