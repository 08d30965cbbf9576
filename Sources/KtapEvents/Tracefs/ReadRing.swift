// The ring buffer by system calls: read(2), a sub-buffer a call, and splice(2), many pages a call.
//
// read(2) takes what is there, also of a page that is not full: the kernel then copies the records and gives the copy a
// time stamp of its own, so that nothing needs to be remembered here. splice(2) moves only full pages; they wait in a
// pipe and are read one by one from there; when it moves nothing, what is left is had by read(2).
//
// Unsafe: owns a raw buffer of one sub-buffer. Invariant: no more is read into it than it holds, and what is handed out
// is what was read.

import CKernelCalls
import Glibc

final class ReadRing: RingReader {
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer

  init(_ descriptor: Int32, subBufferSize: Int) {
    self.descriptor = descriptor
    buffer = .allocate(byteCount: subBufferSize, alignment: 4096)
  }

  var mappings: [UnsafeRawBufferPointer] { [] }

  func next() -> SubBuffer? {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { return SubBuffer(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      // EAGAIN: nothing there. EBUSY, ENOMEM and ENODEV (a CPU went off-line) come and go.
      if count == 0 || errno != EINTR { return nil }
    }
  }

  func close() { buffer.deallocate() }
}

final class SplicedRing: RingReader {
  private static let pagesAtOnce = 64

  private let descriptor: Int32
  private let pipeOut: Int32
  private let pipeIn: Int32
  private let rest: ReadRing
  private let buffer: UnsafeMutableRawBufferPointer
  private let capacity: Int
  /// Bytes that are in the pipe.
  private var waiting = 0

  init(_ descriptor: Int32, subBufferSize: Int) throws(SourceError) {
    self.descriptor = descriptor
    var ends: [Int32] = [-1, -1]
    guard ktap_make_pipe(&ends, 1) == 0 else {
      throw SourceError(.unreadable, "no pipe: \(KernelFile.Failure(code: errno).reason)")
    }
    (pipeOut, pipeIn) = (ends[0], ends[1])
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    let set = Int(ktap_set_pipe_size(pipeIn, Int32(Self.pagesAtOnce * pageSize)))
    // A pipe holds a fixed number of buffers, and each takes one sub-buffer of whatever size.
    capacity = max(set / pageSize, 1) * subBufferSize
    rest = ReadRing(descriptor, subBufferSize: subBufferSize)
    buffer = .allocate(byteCount: subBufferSize, alignment: 4096)
  }

  var mappings: [UnsafeRawBufferPointer] { [] }

  func next() -> SubBuffer? {
    if waiting == 0 {
      let moved = ktap_splice_to_pipe(descriptor, pipeIn, capacity)
      guard moved > 0 else { return rest.next() }
      waiting = moved
    }
    var count = 0
    let wanted = min(buffer.count, waiting)
    while count < wanted {
      let more = Glibc.read(pipeOut, buffer.baseAddress! + count, wanted - count)
      if more < 0 && errno == EINTR { continue }
      guard more > 0 else {
        waiting = 0
        return nil
      }
      count += more
    }
    waiting -= count
    return SubBuffer(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  func close() {
    rest.close()
    buffer.deallocate()
    Glibc.close(pipeOut)
    Glibc.close(pipeIn)
  }
}
