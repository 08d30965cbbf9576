// The way out for a process that ends without closing its instances: `exit` in the middle of things, or a handler of
// `atexit`.
//
// Other threads may still be reading. So nothing is taken from under their feet: descriptors are pointed at /dev/null
// and mappings are overlaid with empty memory, which a stream reads as "nothing there"; the kernel then lets the folder
// go. A process that is killed leaves its instance, which the next start of any ktap removes.
//
// Unsafe: replaces mappings. Invariant: an instance is forgotten here before it closes its streams, so what is listed is
// still mapped and open.

import CKernelCalls
import Glibc
import Synchronization

enum ProcessExit {
  struct Resources: @unchecked Sendable {
    var descriptors: [Int32] = []
    var wakeUps: [Int32] = []
    var mappings: [UnsafeRawBufferPointer] = []
  }

  private static let instances = Mutex<[String: Resources]>([:])

  static func register(_ path: String) { instances.withLock { $0[path] = Resources() } }
  static func forget(_ path: String) { instances.withLock { $0[path] = nil } }

  static func add(_ stream: TracefsStream, to path: String) {
    instances.withLock {
      $0[path]?.descriptors.append(stream.descriptor)
      $0[path]?.wakeUps.append(stream.wakeUp)
      $0[path]?.mappings.append(contentsOf: stream.mappings)
    }
  }

  static func removeAll() {
    // If another thread is in the middle of opening or closing, that thread's work is not disturbed; what it leaves is
    // removed at the next start.
    let paths = instances.withLockIfAvailable { Array($0.keys) } ?? []
    for path in paths { remove(path) }
  }

  /// Removes one of them.
  static func remove(_ path: String) {
    instances.withLockIfAvailable { instances in
      guard let resources = instances.removeValue(forKey: path) else { return }
      try? KernelFile.write("0", to: "\(path)/tracing_on")
      abandon(resources)
      TracefsInstance.remove(path)
    }
  }

  private static func abandon(_ resources: Resources) {
    for mapping in resources.mappings {
      _ = mmap(
        UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count, PROT_READ,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
    }
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    for descriptor in resources.descriptors where null >= 0 { _ = ktap_replace_descriptor(null, descriptor) }
    if null >= 0 { close(null) }
    for wakeUp in resources.wakeUps {
      var one: UInt64 = 1
      _ = write(wakeUp, &one, 8)
    }
  }
}

extension TracefsSource {
  /// Removes every instance that this process has open; for `atexit`. Safe to call again, and when none is open.
  public static func removeOwnInstance() { ProcessExit.removeAll() }
}
