import CKernelCalls
import Glibc

/// The processes of one group, as `/proc` shows them.
public enum ProcessGroup {
  /// The CPU time of those that run now, in nanoseconds: exact, where `/proc/PID/stat` has ticks of 10 ms. Those that have
  /// ended are not in it; the difference of two readings is what was burnt in between.
  public static func cpuTime(of group: pid_t) -> Int64 {
    members(of: group).reduce(0) { $0 + max(0, ktap_process_cpu_time($1)) }
  }

  public static func members(of group: pid_t) -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var result: [pid_t] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let process = pid_t(name), getpgid(process) == group else { continue }
      result.append(process)
    }
    return result
  }
}
