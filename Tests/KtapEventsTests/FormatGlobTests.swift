// Patterns over event names, and the names that were perhaps meant.

import Testing

@testable import KtapEvents

@Suite struct FormatGlobTests {
  @Test(arguments: [
    ("", "", true), ("", "a", false), ("*", "", true), ("*", "abc", true), ("**", "abc", true), ("?", "", false),
    ("?", "a", true), ("a*c", "abbbc", true), ("a*c", "abbbd", false), ("*abc", "xxabcabc", true),
    ("*abc*", "xabcx", true), ("a?c", "abc", true), ("[a-c]x", "bx", true), ("[a-c]x", "dx", false),
    ("[!a-c]x", "dx", true), ("[!a-c]x", "ax", false), ("[]]", "]", true), ("[!]]", "]", false), ("[a-]", "-", true),
    ("[ab", "[ab", true), ("[ab", "a", false), ("\\*", "*", true), ("\\*", "a", false), ("a\\[b", "a[b", true),
    ("[z-a]", "m", false), ("sys_enter_*", "sys_enter_read", true), ("sys_enter_*", "sys_exit_read", false),
    ("*_*_*", "a_b_c", true), ("*_*_*", "a_bc", false), ("a*b*c*d", "axbxxcxbcd", true),
    ("trailing\\", "trailing\\", true),
  ])
  func matching(pattern: String, text: String, expected: Bool) {
    #expect(Glob(pattern).matches(text) == expected)
  }

  /// Against the textbook's definition, which tries everything.
  @Test func agreesWithTheDefinition() {
    func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
      guard let first = pattern.first else { return text.isEmpty }
      if first == UInt8(ascii: "*") {
        return matches(pattern.dropFirst(), text) || (!text.isEmpty && matches(pattern, text.dropFirst()))
      }
      guard let byte = text.first else { return false }
      return (first == UInt8(ascii: "?") || first == byte) && matches(pattern.dropFirst(), text.dropFirst())
    }
    var random = SeededRandom(seed: 3)
    var positive = 0
    for _ in 0..<20_000 {
      let pattern = (0..<random.number(below: 7)).map { _ in Array("ab*?".utf8)[random.number(below: 4)] }
      let text = (0..<random.number(below: 8)).map { _ in Array("ab".utf8)[random.number(below: 2)] }
      let expected = matches(pattern[...], text[...])
      if expected { positive += 1 }
      #expect(text.withUnsafeBytes { Glob(pattern).matches($0) } == expected)
    }
    #expect(positive > 2_000)
  }

  @Test(.timeLimit(.minutes(1))) func manyStarsDoNotExplode() {
    let pattern = String(repeating: "*a", count: 500) + "b"
    let text = String(repeating: "a", count: 20_000)
    #expect(!Glob(pattern).matches(text))
  }

  @Test func catalogue() {
    let names = [
      ("sched", "sched_switch"), ("sched", "sched_wakeup"), ("syscalls", "sys_enter_read"),
      ("syscalls", "sys_enter_write"), ("syscalls", "sys_exit_read"), ("raw_syscalls", "sys_enter"),
    ].map { EventName(system: $0.0, event: $0.1) }
    let catalogue = EventCatalogue(names: names)
    #expect(catalogue.matches(system: "sys*", event: "*_read").map(\.event) == ["sys_enter_read", "sys_exit_read"])
    #expect(catalogue.matches(system: "sched", event: "sched_switch").count == 1)
    #expect(catalogue.matches(system: "sched", event: "sched_swi").isEmpty)
    #expect(catalogue.matches(system: "*", event: "*") == names.sorted())
    #expect(catalogue.nearest(system: "sched", event: "sched_swicth").first?.event == "sched_switch")
    #expect(catalogue.nearest(system: "syscall", event: "sys_enter_*").first?.system == "syscalls")
    #expect(catalogue.nearest(system: "wrong", event: "sys_exit_read").first?.event == "sys_exit_read")
    #expect(catalogue.nearest(system: "zzzzzz", event: "nothing_like_it_at_all").isEmpty)
    #expect(catalogue.nearest(system: "x", event: String(repeating: "y", count: 10_000)).isEmpty)
  }
}
