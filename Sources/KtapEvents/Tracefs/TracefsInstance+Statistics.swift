// The kernel's own counts: `per_cpu/cpuN/stats`.
//
// An instance begins at zero, so what the file says is what happened since it was opened. `entries` are those that wait
// to be read, so entries + overrun + read events is everything that was written.

extension TracefsInstance {
  public func statistics() -> [StreamStatistics] { streams.map { statistics(of: $0.cpu) } }

  private func statistics(of cpu: Int) -> StreamStatistics {
    guard let bytes = try? KernelFile.read("\(path)/per_cpu/cpu\(cpu)/stats") else { return StreamStatistics(cpu: cpu) }
    return Self.parseStatistics(bytes, cpu: cpu)
  }

  static func parseStatistics(_ bytes: [UInt8], cpu: Int) -> StreamStatistics {
    var numbers: [String: UInt64] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      numbers[String(decoding: line[..<colon], as: UTF8.self)] = UInt64(
        String(decoding: line[(colon + 1)...].trimmingSpace, as: UTF8.self))
    }
    var statistics = StreamStatistics(
      cpu: cpu, overwritten: numbers["overrun"], dropped: numbers["dropped events"],
      commitOverrun: numbers["commit overrun"])
    if let waiting = numbers["entries"], let overwritten = numbers["overrun"], let read = numbers["read events"] {
      statistics.written = waiting &+ overwritten &+ read
    }
    return statistics
  }
}
