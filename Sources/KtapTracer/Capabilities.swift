// What this machine permits, found by trying and not by guessing from versions.
//
// Each check does the smallest thing that proves a gate open, and undoes it. A check that needs a privilege says so
// when it is missing.

import CKernelCalls
import Glibc
import KtapEvents

/// One gate.
public struct Capability: Sendable {
  public var name: String
  public var isAvailable: Bool
  /// This version of ktap cannot trace live events without it.
  public var isNeeded: Bool
  /// What was found, in a few words.
  public var finding: String
  /// What the user can do, if it is closed.
  public var remedy: String?
}

public enum Capabilities {
  /// Every gate, in the order in which a run meets them.
  public static func probe() -> [Capability] {
    [root, tracefs, mappedRing, functionTracer, uprobes, kprobes, bpf, btf, perf, executableMemory, lockdown]
  }

  private static var root: Capability {
    let isRoot = geteuid() == 0
    return Capability(
      name: "root", isAvailable: isRoot, isNeeded: true, finding: isRoot ? "yes" : "user id \(geteuid())",
      remedy: "run with sudo; without it only --source synthetic works")
  }

  private static var tracefs: Capability {
    do {
      let names = try TracefsSource().eventNames()
      return Capability(
        name: "tracefs", isAvailable: true, isNeeded: true, finding: "\(names.count) events", remedy: nil)
    } catch {
      return Capability(
        name: "tracefs", isAvailable: false, isNeeded: true, finding: error.message,
        remedy: error.remedy ?? "mount -t tracefs nodev /sys/kernel/tracing")
    }
  }

  private static var mappedRing: Capability {
    let mapped = offersMappedRing()
    return Capability(
      name: "mapped ring buffer", isAvailable: mapped, isNeeded: false,
      finding: mapped ? "yes" : "not offered; events are read without it anyhow",
      remedy: "needs Linux 6.10 or later")
  }

  /// Opens an instance of tracefs for a moment and looks how it can be read.
  private static func offersMappedRing() -> Bool {
    guard let source = try? TracefsSource(settings: TracefsSettings(readPath: .mapped)),
      let event = try? source.eventNames().first,
      let format = try? source.format(of: event),
      let opened = try? source.openInstance(
        EventSelection(events: [SelectedEvent(format: format)], bufferKilobytes: 64))
    else { return false }
    defer { opened.close() }
    return (opened.streams.first as? TracefsStream)?.isMapped ?? false
  }

  private static var functionTracer: Capability {
    let tracers = contents("/sys/kernel/tracing/available_tracers")
    let found = tracers.split(separator: " ").contains { $0 == "function" }
    return Capability(
      name: "function tracer", isAvailable: found, isNeeded: false,
      finding: found ? "yes" : "not configured", remedy: "needs CONFIG_FUNCTION_TRACER")
  }

  private static var uprobes: Capability {
    let found = access("/sys/kernel/tracing/uprobe_events", W_OK) == 0
    return Capability(
      name: "uprobes", isAvailable: found, isNeeded: false, finding: found ? "yes" : "uprobe_events cannot be written",
      remedy: "needs root and CONFIG_UPROBE_EVENTS")
  }

  private static var kprobes: Capability {
    let found = access("/sys/kernel/tracing/kprobe_events", W_OK) == 0
    return Capability(
      name: "kprobes", isAvailable: found, isNeeded: false, finding: found ? "yes" : "kprobe_events is not there",
      remedy: "needs root and CONFIG_KPROBE_EVENTS")
  }

  private static var bpf: Capability {
    let result = ktap_bpf_probe()
    return Capability(
      name: "BPF programs", isAvailable: result >= 0, isNeeded: false,
      finding: result >= 0 ? "yes" : String(cString: strerror(-result)),
      remedy: "needs root or CAP_BPF with CAP_PERFMON, and CONFIG_BPF_SYSCALL")
  }

  private static var btf: Capability {
    let found = access("/sys/kernel/btf/vmlinux", R_OK) == 0
    return Capability(
      name: "BTF", isAvailable: found, isNeeded: false,
      finding: found ? "yes" : "/sys/kernel/btf/vmlinux cannot be read",
      remedy: "needs CONFIG_DEBUG_INFO_BTF")
  }

  private static var perf: Capability {
    let result = ktap_perf_probe()
    return Capability(
      name: "perf software events", isAvailable: result >= 0, isNeeded: false,
      finding: result >= 0 ? "yes" : String(cString: strerror(-result)),
      remedy: "needs root or kernel.perf_event_paranoid at most 1")
  }

  /// Writable first, executable later: what a just-in-time compiler needs.
  private static var executableMemory: Capability {
    let size = Int(sysconf(Int32(_SC_PAGESIZE)))
    let page = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let page, page != MAP_FAILED else {
      return Capability(
        name: "executable memory", isAvailable: false, isNeeded: false, finding: "cannot map a page", remedy: nil)
    }
    defer { munmap(page, size) }
    let allowed = mprotect(page, size, PROT_READ | PROT_EXEC) == 0
    return Capability(
      name: "executable memory", isAvailable: allowed, isNeeded: false,
      finding: allowed ? "yes" : "a written page cannot be made executable",
      remedy: "a security module forbids it (SELinux execmem, PaX MPROTECT)")
  }

  private static var lockdown: Capability {
    let text = contents("/sys/kernel/security/lockdown")
    let mode = text.split(separator: "[").dropFirst().first?.split(separator: "]").first.map(String.init) ?? "none"
    return Capability(
      name: "kernel lockdown", isAvailable: mode != "confidentiality", isNeeded: true, finding: mode,
      remedy: "boot without lockdown=confidentiality")
  }

  private static func contents(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
  }
}
