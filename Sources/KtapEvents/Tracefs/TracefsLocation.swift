// Where tracefs is mounted, and which gate refuses if it cannot be used.

import CKernelCalls
import Glibc

public struct TracefsLocation: Sendable, Hashable {
  /// Without a slash at the end.
  public var path: String

  /// Of `statfs`.
  private static let magic: Int64 = 0x7472_6163
  private static let usualPath = "/sys/kernel/tracing"
  private static let oldPath = "/sys/kernel/debug/tracing"

  /// Finds tracefs, or mounts it where it belongs.
  public static func find() throws(SourceError) -> TracefsLocation {
    for path in [usualPath, oldPath] where isTracefs(path) {
      try checkAccess(path)
      return TracefsLocation(path: path)
    }
    guard KernelFile.exists(usualPath) else {
      throw SourceError(
        .missingFeature, "this kernel has no tracefs: \(usualPath) does not exist",
        remedy: "it needs a kernel with CONFIG_TRACING and a mounted sysfs")
    }
    guard mount("tracefs", usualPath, "tracefs", 0, nil) == 0 else {
      let code = errno
      throw SourceError(
        code == EPERM || code == EACCES ? .missingPrivilege : .missingFeature,
        "tracefs is not mounted and could not be: \(KernelFile.Failure(code: code).reason)",
        remedy: "as root: mount -t tracefs tracefs \(usualPath)")
    }
    try checkAccess(usualPath)
    return TracefsLocation(path: usualPath)
  }

  private static func isTracefs(_ path: String) -> Bool { ktap_file_system_type(path) == magic }

  private static func checkAccess(_ path: String) throws(SourceError) {
    let descriptor = open("\(path)/available_events", O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      close(descriptor)
      return
    }
    throw refusal(of: "\(path)/available_events", KernelFile.Failure(code: errno))
  }

  /// Says which gate kept a file of tracefs shut, and what opens it.
  static func refusal(of path: String, _ failure: KernelFile.Failure) -> SourceError {
    switch failure.code {
    case EPERM, EACCES:
      if let lockdown = KernelFile.text("/sys/kernel/security/lockdown"), lockdown.contains("[confidentiality]") {
        return SourceError(
          .missingPrivilege, "\(path): refused by kernel lockdown",
          remedy: "lockdown must be below 'confidentiality' (kernel parameter lockdown=, or Secure Boot's policy)")
      }
      if geteuid() != 0 {
        return SourceError(
          .missingPrivilege, "\(path): \(failure.reason)",
          remedy: "run as root, or give a group access: mount -o remount,gid=GROUP,mode=750 \(usualPath)")
      }
      return SourceError(
        .missingPrivilege, "\(path): \(failure.reason), although the user is root",
        remedy: "a container or a security module refuses; run in the host's own namespaces")
    case ENOENT:
      return SourceError(.missingFeature, "\(path): this kernel does not have it")
    default:
      return SourceError(.unreadable, "\(path): \(failure.reason)")
    }
  }
}
