// The builtin table: the only place that knows a builtin's name.
//
// Name lookup, dispatch, the listing of `ktap help` and the reference page are driven by it or are checked against it by a
// test. The rows are in the order of `BuiltinIdentifier`.

extension BuiltinDescription {
  fileprivate init(
    _ identifier: BuiltinIdentifier, _ name: String, _ parameters: String, _ arguments: ClosedRange<Int>,
    effects: BuiltinEffects = [], isSupported: Bool = true, _ summary: String, _ example: String
  ) {
    self.init(
      identifier: identifier, name: name, parameters: parameters, minimumArguments: arguments.lowerBound,
      maximumArguments: arguments.upperBound == .max ? nil : arguments.upperBound, summary: summary,
      example: example, effects: effects, isSupported: isSupported)
  }

  fileprivate static func later(
    _ identifier: BuiltinIdentifier, _ name: String, _ parameters: String, _ arguments: ClosedRange<Int>,
    _ summary: String, _ example: String
  ) -> Self {
    Self(
      identifier, name, parameters, arguments, effects: [.changesArguments, .readsWorld], isSupported: false, summary,
      example)
  }
}

/// Every builtin, at the index of its identifier's raw value.
public let builtinTable: [BuiltinDescription] = [
  .init(
    .print, "print", "…", 0...Int.max, effects: .output, "Prints its arguments, joined by TAB, and a newline.",
    "print(\"pid\", pid)"),
  .init(
    .printf, "printf", "format, …", 1...Int.max, effects: .output,
    "Prints by a format: `%d %i %u %o %x %X %c %s %p %%`, flags `- + space # 0`, width and precision as digits or `*`.",
    "printf(\"%-16s %8d\\n\", execname, tid)"),
  .init(
    .printHistogram, "print_hist", "t [, n]", 1...2, effects: .output,
    "Prints a table of numbers as a histogram, largest value first, n rows (20) and `...` if there are more.",
    "print_hist(counts, 10)"),
  .init(
    .printTraceClock, "print_trace_clock", "", 0...0, effects: [.output, .readsWorld],
    "Prints the trace clock, of the event or now: seconds.microseconds.", "print_trace_clock()"),

  .init(
    .pairs, "pairs", "t", 1...1, effects: .makesTable,
    "For a `for` loop: every element, integer keys ascending, then the rest in insertion order.",
    "for (k, v in pairs(t)) { print(k, v) }"),
  .init(
    .sortPairs, "sort_pairs", "t [, \"key\" | \"value\" [, \"asc\" | \"desc\"]]", 1...3, effects: .makesTable,
    "Like `pairs`, sorted; by value and descending unless it says otherwise, ties by key ascending.",
    "for (k, v in sort_pairs(t, \"key\", \"asc\")) { print(k, v) }"),
  .init(
    .length, "len", "v", 1...1,
    "Bytes of a string, live elements of a table, parts of a tuple.", "print(len(\"abc\"))"),
  .init(
    .delete, "delete", "t [, key]", 1...2, effects: .changesArguments, "Removes one element, or without a key all.",
    "delete(counts)"),
  .init(
    .tableNew, "table.new", "[n [, m [, \"lru\"]]]", 0...3, effects: .makesTable,
    "A new table with room for the keys 1…n and m others; `\"lru\"` is not supported yet.", "var t = table.new(0, 1000)"
  ),
  .init(
    .json, "json", "v", 1...1,
    "The value as JSON text; keys sorted, bytes that are not UTF-8 as `\\u00NN`.", "print(json({1, 2, {x = 3}}))"),

  .init(
    .stringOf, "stringof", "v", 1...1, "The value as `print` shows it, as a string.", "var s = stringof(42)"),
  .init(
    .stringSub, "string.sub", "s, first [, last]", 2...3,
    "The bytes first…last (default: to the end); counted from 1, negative from the end.",
    "print(string.sub(\"sched_switch\", 7))"),
  .init(
    .stringFind, "string.find", "s, part [, start]", 2...3,
    "Where `part`, taken as it is, begins in `s` at or after `start` (1); nil if nowhere.",
    "if (string.find(execname, \"ssh\")) { print(pid) }"),
  .init(
    .stringByte, "string.byte", "s [, i]", 1...2, "The i-th byte (1) as a number; nil outside.",
    "print(string.byte(\"A\"))"),
  .init(
    .stringCharacter, "string.char", "…", 0...Int.max, "The string of these bytes, each 0…255.",
    "print(string.char(72, 105))"),
  .init(.stringUpper, "string.upper", "s", 1...1, "ASCII letters in upper case.", "print(string.upper(\"ab\"))"),
  .init(.stringLower, "string.lower", "s", 1...1, "ASCII letters in lower case.", "print(string.lower(\"AB\"))"),
  .init(
    .stringFormat, "string.format", "format, …", 1...Int.max, "What `printf` would print, as a string.",
    "var s = string.format(\"%08x\", 255)"),
  .init(
    .stringToNumber, "string.tonumber", "s [, base]", 1...2,
    "The number that `s` writes (decimal, `0x`, `0b`, or in base 2…36); nil if it is none or has more than 64 bits.",
    "print(string.tonumber(\"0xff\"))"),
  .init(
    .stringSplit, "string.split", "s [, separator]", 1...2, effects: .makesTable,
    "A table from 1 of the parts between separators; without one, of the words between white space.",
    "var parts = string.split(\"a:b:c\", \":\")"),

  .init(.mathMin, "math.min", "n, …", 1...Int.max, "The smallest of some numbers.", "print(math.min(3, 1, 2))"),
  .init(.mathMax, "math.max", "n, …", 1...Int.max, "The largest of some numbers.", "print(math.max(3, 1, 2))"),
  .init(
    .mathAbs, "math.abs", "n", 1...1, "The number without its sign; the smallest number stays itself.",
    "print(math.abs(-3))"),
  .init(
    .mathLog2, "math.log2", "n", 1...1, "The logarithm to base 2, rounded down; -1 for 0 and negative numbers.",
    "t[math.log2(arg2)] += 1"),

  .init(
    .exit, "exit", "", 0...0, effects: [.endsInvocation, .changesArguments],
    "Ends this invocation at once and tracing soon; `trace_end` still runs.", "tick-5s { exit() }"),
  .init(.cpuCount, "num_cpus", "", 0...0, effects: .readsWorld, "How many CPUs are online.", "print(num_cpus())"),
  .init(.architecture, "arch", "", 0...0, effects: .readsWorld, "The machine, as in `x86_64`.", "print(arch())"),
  .init(.kernelVersion, "kernel_v", "", 0...0, effects: .readsWorld, "The kernel's release.", "print(kernel_v())"),
  .init(
    .timeNanoseconds, "gettimeofday_ns", "", 0...0, effects: .readsWorld,
    "Nanoseconds since 1970: of the event in a handler, else now.", "var start = gettimeofday_ns()"),
  .init(
    .timeMicroseconds, "gettimeofday_us", "", 0...0, effects: .readsWorld, "The same in microseconds, rounded down.",
    "print(gettimeofday_us())"),
  .init(
    .timeMilliseconds, "gettimeofday_ms", "", 0...0, effects: .readsWorld, "The same in milliseconds, rounded down.",
    "print(gettimeofday_ms())"),
  .init(
    .timeSeconds, "gettimeofday_s", "", 0...0, effects: .readsWorld, "The same in seconds, rounded down.",
    "print(gettimeofday_s())"),
  .init(
    .clearScreen, "ansi.clear_screen", "", 0...0, effects: .output, "Clears the terminal.",
    "tick-1s { ansi.clear_screen() }"),
  .init(
    .setColor, "ansi.set_color", "foreground", 1...1, effects: .output,
    "Sets the text's colour: 30 black, 31 red, 32 green, 33 brown, 34 blue, 35 purple, 36 cyan, 37 light grey.",
    "ansi.set_color(32)"),
  .init(
    .setColor2, "ansi.set_color2", "foreground, background", 2...2, effects: .output,
    "The same with a background: 40…47.", "ansi.set_color2(32, 40)"),
  .init(
    .setColor3, "ansi.set_color3", "foreground, background, attribute", 3...3, effects: .output,
    "The same with an attribute: 0 none, 1 bold, 4 underlined, 5 blinking, 7 inverse.",
    "ansi.set_color3(32, 40, 1)"),
  .init(
    .resetColor, "ansi.reset_color", "", 0...0, effects: .output, "Back to the terminal's colours.",
    "ansi.reset_color()"),
  .init(.newLine, "ansi.new_line", "", 0...0, effects: .output, "Prints a newline.", "ansi.new_line()"),

  .later(.stack, "stack", "[depth [, skip]]", 0...2, "The kernel's stack.", "s[stack()] += 1"),
  .later(.userStack, "ustack", "[depth [, skip]]", 0...2, "The program's stack.", "s[ustack()] += 1"),
  .later(.addressOf, "ipof", "n", 1...1, "A number as an address that shows its symbol.", "s[ipof(arg0)] += 1"),
  .later(.userString, "user_string", "address", 1...1, "Text of the program's memory.", "print(user_string(arg1))"),
  .later(
    .kernelString, "kernel_string", "address", 1...1, "Text of the kernel's memory.", "print(kernel_string(arg1))"),
  .later(
    .currentTaskInfo, "curr_taskinfo", "offset [, bytes]", 1...2, "A number from the kernel's task structure.",
    "print(curr_taskinfo(64, 8))"),
  .later(.inIOWait, "in_iowait", "", 0...0, "Whether the thread waits for input or output.", "print(in_iowait())"),
  .later(.inInterrupt, "in_interrupt", "", 0...0, "Whether an interrupt is being served.", "print(in_interrupt())"),
  .later(.count, "count", "aggregate", 1...1, "How many values an aggregate has.", "print(count(a[k]))"),
  .later(.sum, "sum", "aggregate", 1...1, "Their sum.", "print(sum(a[k]))"),
  .later(.average, "avg", "aggregate", 1...1, "Their mean.", "print(avg(a[k]))"),
  .later(.minimum, "min", "aggregate", 1...1, "The smallest.", "print(min(a[k]))"),
  .later(.maximum, "max", "aggregate", 1...1, "The largest.", "print(max(a[k]))"),
  .later(.standardDeviation, "stddev", "aggregate", 1...1, "Their standard deviation.", "print(stddev(a[k]))"),
  .later(
    .percentile, "percentile", "aggregate, p", 2...2, "The value that p percent of them do not exceed.",
    "print(percentile(a[k], 99))"),
  .later(.quantize, "quantize", "v", 1...1, "A histogram by powers of two.", "t[k] <<< quantize(arg1)"),
  .later(
    .linearQuantize, "lquantize", "v, low, high, step", 4...4, "A histogram by equal steps.",
    "t[k] <<< lquantize(arg1, 0, 100, 10)"),
  .later(
    .traceById, "kdebug.trace_by_id", "ids, handler", 2...2, "Attaches a handler to events by number.",
    "kdebug.trace_by_id(ids, handler)"),
  .later(
    .traceEnd, "kdebug.trace_end", "handler", 1...1, "Sets what runs at the end.", "kdebug.trace_end(handler)"),
  .later(
    .tracepoint, "kdebug.tracepoint", "name, handler", 2...2, "Attaches a handler to a tracepoint.",
    "kdebug.tracepoint(\"sys_enter_open\", handler)"),
  .later(
    .kprobe, "kdebug.kprobe", "name, handler", 2...2, "Attaches a handler to a kernel function.",
    "kdebug.kprobe(\"schedule\", handler)"),
  .later(
    .timerTick, "timer.tick", "interval, handler", 2...2, "Runs a handler at an interval.",
    "timer.tick(\"1s\", handler)"),
  .later(
    .timerProfile, "timer.profile", "interval, handler", 2...2, "Runs a handler at an interval on every CPU.",
    "timer.profile(\"10ms\", handler)"),
  .later(
    .socketSource, "net.ip_sock_saddr", "socket", 1...1, "A socket's own IPv4 address.",
    "print(net.ip_sock_saddr(arg1))"),
  .later(
    .socketDestination, "net.ip_sock_daddr", "socket", 1...1, "Its peer's IPv4 address.",
    "print(net.ip_sock_daddr(arg1))"),
  .later(
    .formatAddress, "net.format_ip_addr", "address", 1...1, "An IPv4 address as text.",
    "print(net.format_ip_addr(address))"),

  .init(
    .attach, "%attach", "declaration, handler", 2...2, effects: .changesArguments,
    "A `trace`, `tick`, `profile` or `trace_end` statement.", "tick-1s { print(cpu) }"),
  .init(
    .describeTable, "%site", "t, site", 2...2,
    "Says which table site a table belongs to; returns the table.", "var t = table.new()"),
  .init(.makeTuple, "%tuple", "…", 2...8, "The tuple of its arguments.", "t[pid, cpu] = 1"),
  .init(
    .scriptArguments, "%arg", "", 0...0, effects: .readsWorld, "The table of the script's arguments.", "print(arg[1])"),
  .init(
    .unsupported, "%unsupported", "what", 1...1, "Raises the error that something is not supported yet.",
    "t[k] <<< 1"),
]

/// The names by what a compiler wants to know of them.
public enum BuiltinNames {
  /// What scripts and compiled code can call.
  public static let supported = Set(builtinTable.filter(\.isSupported).map(\.name))
  /// Of a later version: resolving them is no error, calling them is.
  public static let planned = Set(builtinTable.filter { !$0.isSupported }.map(\.name))
  /// Those that keep none of their arguments and change none of them.
  public static let pure = Set(
    builtinTable.filter { $0.isSupported && !$0.effects.contains(.changesArguments) }.map(\.name))
}
