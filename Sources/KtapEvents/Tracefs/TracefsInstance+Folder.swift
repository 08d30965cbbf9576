// The instance's folder: made, removed, and told from what dead processes left.

import Glibc

extension TracefsInstance {
  private static let prefix = "ktap-"

  /// `ktap-PID-START`, for a second one of the same process with `-2`, and so on.
  static func makeFolder(in location: TracefsLocation) throws(SourceError) -> String {
    let folder = "\(location.path)/instances"
    guard KernelFile.exists(folder) else {
      throw SourceError(
        .missingFeature, "this kernel's tracefs has no instances", remedy: "it needs Linux 3.10 or later")
    }
    let name = "\(prefix)\(getpid())-\(startTime(of: getpid()) ?? 0)"
    for number in 1...64 {
      let path = "\(folder)/\(name)\(number == 1 ? "" : "-\(number)")"
      if mkdir(path, 0o700) == 0 { return path }
      let failure = KernelFile.Failure(code: errno)
      if failure.code == ENOMEM {
        throw SourceError(.missingFeature, "\(path): no memory for another ring buffer")
      }
      guard failure.code == EEXIST else { throw TracefsLocation.refusal(of: path, failure) }
    }
    throw SourceError(.missingFeature, "\(folder): this process has 64 instances already")
  }

  /// Switches the events off and removes the folder; while a reader is still leaving, the kernel says "busy".
  /// - Returns: whether it is gone.
  @discardableResult
  static func remove(_ path: String) -> Bool {
    try? KernelFile.write("0", to: "\(path)/tracing_on")
    try? KernelFile.write("0", to: "\(path)/events/enable")
    for attempt in 0..<200 {
      if rmdir(path) == 0 || errno == ENOENT { return true }
      guard errno == EBUSY || errno == EINTR else { return false }
      usleep(attempt < 20 ? 1_000 : 10_000)
    }
    return false
  }

  /// Removes instances of processes that do not live any more.
  /// - Returns: their names.
  static func removeLeftovers(in location: TracefsLocation) -> [String] {
    let folder = "\(location.path)/instances"
    var removed: [String] = []
    for name in KernelFile.names(in: folder) ?? [] where isLeftover(name) {
      if remove("\(folder)/\(name)") { removed.append(name) }
    }
    return removed
  }

  /// Whether the name is one of ours and the process that it names is gone.
  static func isLeftover(_ name: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let process = Int32(parts[0]), process > 0,
      let start = UInt64(parts[1]),
      parts.count == 2 || UInt(parts[2]) != nil
    else { return false }
    return startTime(of: process) != start
  }

  /// In clock ticks since boot; nil if there is no such process.
  static func startTime(of process: Int32) -> UInt64? {
    guard let text = KernelFile.text("/proc/\(process)/stat"), let name = text.lastIndex(of: ")") else { return nil }
    // The name may hold anything, so fields are counted from its closing parenthesis: the state is the third.
    let fields = text[text.index(after: name)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}
