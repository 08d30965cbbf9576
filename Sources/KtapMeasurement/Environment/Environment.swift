import Foundation
import Glibc

/// Where something was measured. What this machine does not tell is absent.
public struct EnvironmentRecord: Codable, Sendable, Hashable {
  public var cpuModel: String?
  public var cpus: Int
  public var memoryMebibytes: Int?
  /// The hypervisor's name, or `yes` where the CPU only says that there is one.
  public var hypervisor: String?
  public var governor: String?
  public var simultaneousThreads: String?
  public var clockSource: String?
  public var kernel: String
  public var kernelVersion: String?
  public var kernelCommandLine: String?
  /// Configuration that matters to tracing and to timing, as far as the kernel's configuration can be read.
  public var kernelOptions: [String: String]
  public var sysctls: [String: String]
  public var mitigations: [String: String]
  public var cLibrary: String?
  /// Of the compilers found on this machine.
  public var compilers: [String: String]
  /// `release` or `debug`, of the measuring program.
  public var build: String
  public var gitRevision: String?
  /// There were changes that the revision does not have.
  public var gitDirty: Bool?
  /// SHA-256 of the programs that take part.
  public var binaries: [String: String]
  public var loadBefore: [Double]
  public var loadAfter: [Double]
  /// Time that the hypervisor gave to others during the whole run, all CPUs, nanoseconds (ticks of 10 ms).
  public var steal: Int64?
  public var isRoot: Bool
  public var hasTracefs: Bool

  enum CodingKeys: String, CodingKey {
    case cpuModel = "cpu_model"
    case cpus
    case memoryMebibytes = "memory_mib"
    case hypervisor, governor
    case simultaneousThreads = "smt"
    case clockSource = "clock_source"
    case kernel
    case kernelVersion = "kernel_version"
    case kernelCommandLine = "kernel_command_line"
    case kernelOptions = "kernel_options"
    case sysctls, mitigations
    case cLibrary = "c_library"
    case compilers, build
    case gitRevision = "git_revision"
    case gitDirty = "git_dirty"
    case binaries
    case loadBefore = "load_before"
    case loadAfter = "load_after"
    case steal = "steal_ns"
    case isRoot = "root"
    case hasTracefs = "tracefs"
  }
}

/// Reading the environment.
public enum Environment {
  /// An assertion that is compiled in tells a debug build.
  public static var isDebugBuild: Bool {
    var isDebug = false
    assert(
      {
        isDebug = true
        return true
      }())
    return isDebug
  }

  public static var isRoot: Bool { geteuid() == 0 }

  public static var tracefs: String? {
    ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"].first { access($0 + "/events", R_OK | X_OK) == 0 }
  }

  /// The program that runs now.
  public static var ownProgram: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// - Parameter binaries: paths of the programs that take part, under the names they get in the report.
  public static func capture(binaries: [String: String] = [:], directory: String? = nil) -> EnvironmentRecord {
    let cpuinfo = text("/proc/cpuinfo") ?? ""
    let inside = insideRepository(directory)
    return EnvironmentRecord(
      cpuModel: field("model name", in: cpuinfo) ?? field("CPU part", in: cpuinfo),
      cpus: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      memoryMebibytes: memory(), hypervisor: hypervisor(cpuinfo),
      governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
      simultaneousThreads: line("/sys/devices/system/cpu/smt/control"),
      clockSource: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
      kernel: line("/proc/sys/kernel/osrelease") ?? "unknown", kernelVersion: line("/proc/version"),
      kernelCommandLine: line("/proc/cmdline"), kernelOptions: kernelOptions(), sysctls: sysctls(),
      mitigations: mitigations(), cLibrary: cLibrary(), compilers: compilers(),
      build: isDebugBuild ? "debug" : "release",
      gitRevision: inside ? git(["rev-parse", "HEAD"], directory) : nil,
      gitDirty: inside ? git(["status", "--porcelain"], directory).map { !$0.isEmpty } : nil,
      binaries: binaries.compactMapValues { hash(ofFile: $0) }, loadBefore: load(), loadAfter: [], steal: nil,
      isRoot: isRoot, hasTracefs: tracefs != nil)
  }

  /// Steal time of all CPUs since boot in nanoseconds; nil where the kernel has none.
  public static func steal() -> Int64? {
    guard let first = text("/proc/stat")?.split(separator: "\n").first, first.hasPrefix("cpu ") else { return nil }
    let numbers = first.split(separator: " ").dropFirst().compactMap { Int64($0) }
    return numbers.count > 7 ? numbers[7] &* (1_000_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK)))) : nil
  }

  public static func load() -> [Double] {
    (line("/proc/loadavg") ?? "").split(separator: " ").prefix(3).compactMap { Double($0) }
  }

  /// nil if it cannot be read.
  public static func hash(ofFile path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var hash = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return hash.finish() }
      hash.update(Array(chunk[0..<count]))
    }
  }

  // MARK: Parts

  /// At most `limit` bytes, as `/proc` files say nothing about their size.
  static func text(_ path: String, limit: Int = 1 << 20) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += chunk[0..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func line(_ path: String) -> String? {
    guard let first = text(path)?.split(separator: "\n", omittingEmptySubsequences: false).first, !first.isEmpty
    else { return nil }
    return first.trimmingCharacters(in: .whitespaces)
  }

  private static func field(_ name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { return parts[1].trimmingCharacters(in: .whitespaces) }
    }
    return nil
  }

  private static func memory() -> Int? {
    guard let value = field("MemTotal", in: text("/proc/meminfo") ?? ""),
      let kibibytes = value.split(separator: " ").first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes / 1024
  }

  private static func hypervisor(_ cpuinfo: String) -> String? {
    let product = line("/sys/class/dmi/id/sys_vendor")
    if let type = line("/sys/hypervisor/type") { return type }
    let flags = field("flags", in: cpuinfo) ?? ""
    guard flags.split(separator: " ").contains("hypervisor") else { return nil }
    return product ?? "yes"
  }

  private static func kernelOptions() -> [String: String] {
    let release = line("/proc/sys/kernel/osrelease") ?? ""
    var configuration = text("/boot/config-\(release)")
    if configuration == nil, access("/proc/config.gz", R_OK) == 0 {
      configuration = output("zcat", ["/proc/config.gz"], nil)
    }
    let wanted = [
      "CONFIG_PREEMPT", "CONFIG_HZ", "CONFIG_NO_HZ", "CONFIG_FTRACE", "CONFIG_KPROBE", "CONFIG_UPROBE", "CONFIG_FPROBE",
      "CONFIG_BPF", "CONFIG_DEBUG_INFO_BTF", "CONFIG_RING_BUFFER", "CONFIG_VIRT_CPU_ACCOUNTING", "CONFIG_TICK_CPU",
      "CONFIG_HIST_TRIGGERS", "CONFIG_PARAVIRT", "CONFIG_GENERIC_ENTRY",
    ]
    var result: [String: String] = [:]
    for line in (configuration ?? "").split(separator: "\n") {
      guard let equal = line.firstIndex(of: "="), wanted.contains(where: { line.hasPrefix($0) }) else { continue }
      result[String(line[..<equal])] = String(line[line.index(after: equal)...])
    }
    return result
  }

  private static func sysctls() -> [String: String] {
    let names = [
      "kernel.bpf_stats_enabled", "kernel.unprivileged_bpf_disabled", "net.core.bpf_jit_enable",
      "net.core.bpf_jit_harden", "kernel.perf_event_paranoid", "kernel.kptr_restrict", "kernel.randomize_va_space",
      "kernel.ftrace_enabled", "kernel.sched_rt_runtime_us", "kernel.timer_migration", "kernel.numa_balancing",
      "kernel.nmi_watchdog", "vm.swappiness",
    ]
    var result: [String: String] = [:]
    for name in names {
      result[name] = line("/proc/sys/" + name.replacingOccurrences(of: ".", with: "/"))
    }
    return result
  }

  private static func mitigations() -> [String: String] {
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    var result: [String: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      if let value = line(folder + "/" + name), value != "Not affected" { result[name] = value }
    }
    return result
  }

  private static func cLibrary() -> String? {
    var text = [UInt8](repeating: 0, count: 128)
    let length = text.withUnsafeMutableBytes {
      confstr(Int32(_CS_GNU_LIBC_VERSION), $0.bindMemory(to: CChar.self).baseAddress, $0.count)
    }
    return length > 1 ? String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) : nil
  }

  private static func compilers() -> [String: String] {
    var result: [String: String] = [:]
    for name in ["swift", "clang", "gcc"] {
      guard let text = output(name, ["--version"], nil) else { continue }
      result[name] = text.split(separator: "\n").first.map(String.init)
    }
    return result
  }

  private static func insideRepository(_ directory: String?) -> Bool {
    git(["rev-parse", "--is-inside-work-tree"], directory) == "true"
  }

  private static func git(_ arguments: [String], _ directory: String?) -> String? {
    output("git", arguments, directory)
  }

  /// What a program prints; nil if it is not there, fails or takes longer than 20 s.
  private static func output(_ program: String, _ arguments: [String], _ directory: String?) -> String? {
    guard let process = try? ChildProcess(Command(program, arguments, directory: directory)),
      case .ended(let result) = process.wait(seconds: 20), result.end.isSuccess
    else { return nil }
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
