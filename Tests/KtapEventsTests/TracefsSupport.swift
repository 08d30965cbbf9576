// Shared by the tests on the live kernel: whether there is one to test, and reading until nothing comes.

import CKernelCalls
import Glibc
import KtapRuntime

@testable import KtapEvents

/// Where there is no usable tracefs, or no right to use it, the tests that need it are skipped with this as the reason.
let tracefsObstacle: String? = {
  do throws(SourceError) {
    _ = try TracefsLocation.find()
    return nil
  } catch {
    return error.description
  }
}()

/// One record with its bytes.
struct RecordCopy: Hashable {
  var cpu: Int
  var time: UInt64
  var id: Int
  var bytes: [UInt8]

  func integer(_ field: FieldLayout) -> Int64 {
    bytes.withUnsafeBytes { bytes in
      switch (field.size, field.isSigned) {
      case (1, false): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt8.self))
      case (1, true): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: Int8.self))
      case (2, false): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt16.self))
      case (2, true): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: Int16.self))
      case (4, false): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: UInt32.self))
      case (4, true): Int64(bytes.loadUnaligned(fromByteOffset: field.offset, as: Int32.self))
      default: bytes.loadUnaligned(fromByteOffset: field.offset, as: Int64.self)
      }
    }
  }

  var thread: Int32 { Int32(integer(EventFormat.usualCommonFields[3])) }
}

/// Reads every stream of an instance from the thread that calls.
struct Collector {
  var instance: TracefsInstance
  var decoders: [SubBufferDecoder]
  var records: [RecordCopy] = []
  var damaged = 0
  var missedUncounted = 0
  var missedCounted: UInt64 = 0
  var subBuffers = 0
  var resumed = 0

  init(_ instance: TracefsInstance, header: SubBufferHeader) {
    self.instance = instance
    decoders = instance.streams.map { _ in SubBufferDecoder(header: header) }
  }

  /// Takes what is there now.
  mutating func drain() {
    for (index, stream) in instance.streams.enumerated() {
      while let subBuffer = stream.nextOfAll() {
        subBuffers += 1
        if subBuffer.resumeOffset > 0 { resumed += 1 }
        decoders[index].begin(subBuffer)
        switch decoders[index].missed {
        case .none: break
        case .some: missedUncounted += 1
        case .counted(let count): missedCounted += count
        }
        while let record = decoders[index].next() {
          records.append(
            RecordCopy(
              cpu: stream.cpu, time: record.time, id: record.eventID,
              bytes: [UInt8](UnsafeRawBufferPointer(start: record.bytes, count: record.length))))
        }
        if decoders[index].damage != nil { damaged += 1 }
      }
    }
  }
}

/// A system call that nothing else in this process makes in numbers, and that the C library does not answer itself.
func callParentProcess(_ times: Int) {
  for _ in 0..<times { _ = getppid() }
}

let parentProcessCall = EventName(system: "syscalls", event: "sys_enter_getppid")

/// Starts a program, with an empty environment.
func startProcess(_ arguments: [String]) -> pid_t {
  var child: pid_t = 0
  var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
  pointers.append(nil)
  defer { for pointer in pointers { free(pointer) } }
  guard posix_spawn(&child, arguments[0], nil, nil, &pointers, nil) == 0 else { return -1 }
  return child
}

func waitForProcess(_ child: pid_t) {
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
}

/// The program's process id.
@discardableResult
func runProcess(_ arguments: [String]) -> pid_t {
  let child = startProcess(arguments)
  waitForProcess(child)
  return child
}

extension EventStream {
  /// The next sub-buffer, also behind one that was not full, where a tracer would wait for more.
  func nextOfAll() -> SubBuffer? {
    if let subBuffer = nextSubBuffer() { return subBuffer }
    _ = wait(nanoseconds: 0)
    return nextSubBuffer()
  }
}
