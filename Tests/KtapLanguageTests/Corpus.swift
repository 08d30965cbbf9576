// Scripts for the mutation test, written for it: between them they use every production of the grammar.

enum Corpus {
  static let scripts = [
    """
    #!/usr/bin/ktap -q
    # count system calls by name
    var s = {}

    trace syscalls:sys_enter_* {
      s[probename] += 1
    }

    trace_end {
      print_hist(s)
    }
    """,
    """
    var started, total = {}, table.new(0, 1000, "lru")
    trace syscalls:sys_enter_read, syscalls:sys_enter_write /count > 0x10 && pid != -1/ {
      started[tid] = gettimeofday_ns()
    }
    trace syscalls:sys_exit_* /ret >= 0 || (common_pid == 017 && !comm ~ "kw{*}")/ {
      var begin = started[tid]
      if (begin == nil) return
      total[execname, probename] <<< quantize((gettimeofday_ns() - begin) / 1_000)
      started[tid] = nil
    }
    tick-1s { ansi.clear_screen() print_hist(total) }
    profile-99hz { total["samples"]++ }
    profile-10us { total[stack(-1, 12)] += 1 }
    """,
    """
    trace probe:do_sys_open dfd=%di fname=+0(%si):string flags=%dx { print(execname, arg2, args.fname) }
    trace probe:vfs_*%return fd=$retval {}
    trace probe:/lib/x86_64-linux-gnu/libc.so.6:malloc%return /arg1 == 'x/'/ { printf("%d\\n", arg1) }
    trace sdt:/usr/lib/libstdc++.so.6:libstdcxx:catch, ftrace:function /ip==mutex*/ { exit() }
    """,
    """
    function fibonacci(n) {
      if (n < 2) { return n } else if (n == 2) { return 1 } elseif (n > 90) return -1
      else return fibonacci(n - 1) + fibonacci(n - 2)
    }
    var function twice(f) { return function (x) { return f(f(x)) } }
    for (i = 0, 10, 1) { print(i, fibonacci(i)) }
    for (var i = 0; i < 10 && !done; i++) if (i % 2 == 0) continue
    for (k, v in sort_pairs(t, "key")) print(k .. "=" .. v)
    while (true) { break }
    repeat { x -= 1 y <<= 2 z ^= ~x | y & 3 } until (x <= 0)
    repeat x-- until (x >> 1 != 0b11)
    """,
    """
    import "library.kp"
    ffi.cdef[==[ int printf(const char *format, ...); ]]
    ]==]
    var t = {1, 2; x = 3, ["k" .. 1] = {}, [-1] = nil, trace = "a\\x41\\065\\z
      b", f = function () {}}
    t.x, t["y"], t[a, b] = 1, 'two', [[three
    lines]]
    t:method(arg0, arg[1]){x = 1}"string";
    (ffi.C).printf("%s", argstr) // comment
    n = 0xffffffffffffffff + 18446744073709551616 /* large */
    """,
  ]

  /// What mutations insert.
  static let fragments = [
    "{", "}", "(", ")", "[", "]", "[[", "]]", "[=[", "\"", "'", "\\", "\n", "\r", "\t", " ", "#", "//", "/*", "*/", "/",
    ",", ";",
    ":", ".", "..", "...", "=", "==", "+=", "++", "--", "<<<", "<<=", "!", "~", "-", "0x", "08", "1e5",
    "99999999999999999999",
    "arg0", "arg99999999999", "args", "args.", "pid", "if", "else", "elseif (a)", "while (", "for (", "repeat", "until",
    "function",
    "return", "var", "trace", "trace a:b", "trace_end", "tick-", "profile-", "1hz", "probe:", "sdt:/",
    "ftrace:function", "/x==",
    "%return", "import", "ffi", "nil", "\u{feff}", "\u{0}", "\u{e9}", "\u{1b}",
  ]
}
