// From what the user named to a program: source text or a bytecode file, with all errors shown.

import Glibc
import KtapBytecode
import KtapLanguage
import KtapRuntime

enum ScriptLoading {
  /// Largest file that is read as a script, in bytes.
  static let largestFile = 64 << 20

  /// - Parameter source: a file's name, or the text itself.
  enum Source {
    case file(String)
    case text(String)
  }

  /// A program from source text or from a bytecode file; prints what the compiler says.
  static func load(_ source: Source) throws -> (program: Program, source: SourceFile?) {
    switch source {
    case .text(let text):
      let file = SourceFile(name: "(command line)", bytes: Array(text.utf8))
      return (try compile(file), file)
    case .file(let path):
      let bytes = try readFile(path)
      if Program.isProgramFile(bytes) {
        do {
          let program = try Program.decode(bytes)
          try program.verify()
          return (program, nil)
        } catch {
          throw Failure(.invalidScript, "\(path): \(error)")
        }
      }
      let file = SourceFile(name: path, bytes: bytes)
      return (try compile(file), file)
    }
  }

  private static func compile(_ file: SourceFile) throws -> Program {
    let (tree, findings) = parse(file)
    var diagnostics = findings
    var program: Program?
    if let tree {
      let (compiled, more) = KtapBytecode.compile(tree, name: file.name, builtins: .ktap)
      program = compiled
      diagnostics += more
    }
    for diagnostic in diagnostics { standardError(diagnostic.rendered(in: file) + "\n") }
    guard let program, !diagnostics.contains(where: { $0.severity == .error }) else {
      throw Failure(.invalidScript)
    }
    return program
  }

  static func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Failure(.unreadable, "cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let chunk = 1 << 16
    while true {
      let start = bytes.count
      if start > largestFile { throw Failure(.unreadable, "\(path) is larger than \(largestFile >> 20) MiB") }
      bytes.append(contentsOf: repeatElement(0, count: chunk))
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + start, chunk) }
      if count < 0 && errno == EINTR {
        bytes.removeLast(chunk)
        continue
      }
      guard count >= 0 else {
        throw Failure(.unreadable, "cannot read \(path): \(String(cString: strerror(errno)))")
      }
      bytes.removeLast(chunk - count)
      if count == 0 { return bytes }
    }
  }

  /// Writes a whole file.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(.cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(.cannotCreate, "cannot write \(path): \(String(cString: strerror(errno)))")
      }
      written += count
    }
  }
}

extension BuiltinCatalogue {
  /// What this program's runtime offers.
  static let ktap = BuiltinCatalogue(
    names: BuiltinNames.supported, pure: BuiltinNames.pure, planned: BuiltinNames.planned)
}
