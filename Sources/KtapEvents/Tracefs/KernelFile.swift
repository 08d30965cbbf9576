// Reads and writes the small files through which the kernel is spoken to.

import Glibc

enum KernelFile {
  /// A call of the system failed.
  struct Failure: Error {
    var code: Int32
    var reason: String { String(cString: strerror(code)) }
  }

  /// All of a file; the kernel's own files say nothing about their size beforehand.
  static func read(_ path: String, limit: Int = 1 << 24) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    defer { Glibc.close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < limit {
      let count = chunk.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress, min($0.count, limit - bytes.count))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(code: errno)
      }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }

  static func text(_ path: String) -> String? {
    (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes in one call where the kernel takes all of it.
  static func write(_ text: String, to path: String, appending: Bool = false) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC | (appending ? O_APPEND : O_TRUNC))
    guard descriptor >= 0 else { throw Failure(code: errno) }
    defer { Glibc.close(descriptor) }
    try write(text, to: descriptor)
  }

  static func write(_ text: String, to descriptor: Int32) throws(Failure) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(code: errno)
      }
      if count == 0 { throw Failure(code: EIO) }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Names in a directory, without `.` and `..`; nil if it cannot be read.
  static func names(in path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// `0-3,8,10-11`, as the kernel lists CPUs; nil if it is something else.
  static func cpuList(_ text: String) -> [Int]? {
    var cpus: [Int] = []
    for part in text.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
      let ends = part.split(separator: "-")
      guard let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }), ends.count <= 2,
        first >= 0, first <= last, last < 65_536
      else { return nil }
      cpus.append(contentsOf: first...last)
    }
    return cpus
  }
}
