// Unsafe: where the output of all contexts ends: a file descriptor, or memory in tests.
//
// In: pieces of output, from any thread. Out: each piece as one uninterrupted run of bytes, in the order of the calls.
//
// A write that fails is not fatal here: the first error is kept, what could not be written is counted, and everything
// after it is counted and dropped, so that a closed pipe ends the tracer quietly and a full disk is reported.
//
// A mutex and not a spin lock, since write(2) may block for as long as the reader of a pipe likes.
//
// Invariant: the state lives until `destroy()`, which must not run while another thread can still write.

import CKernelCalls
import Glibc

@frozen public struct OutputSink: @unchecked Sendable {
  @usableFromInline struct State {
    var lock = pthread_mutex_t()
    /// -1: to memory.
    var descriptor: Int32
    var memory: ByteBuffer?
    /// Read without the lock.
    var error: UInt32 = 0
    var writtenBytes: UInt64 = 0
    var lostBytes: UInt64 = 0
  }

  @usableFromInline let state: UnsafeMutablePointer<State>

  /// The descriptor stays the caller's.
  public static func descriptor(_ descriptor: Int32) -> OutputSink {
    OutputSink(State(descriptor: descriptor, memory: nil))
  }

  /// Keeps everything; `takeBytes()` gives it back.
  public static func memory() -> OutputSink { OutputSink(State(descriptor: -1, memory: ByteBuffer())) }

  private init(_ initial: State) {
    state = .allocate(capacity: 1)
    state.initialize(to: initial)
    pthread_mutex_init(pointer(to: \.lock), nil)
  }

  public func destroy() {
    pthread_mutex_destroy(pointer(to: \.lock))
    state.pointee.memory?.destroy()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// `errno` of the first write that failed, or 0.
  public var error: Int32 { Int32(bitPattern: ktap_load_acquire_32(pointer(to: \.error))) }
  /// The reader closed its end: not worth a message.
  public var isClosedByReader: Bool { error == EPIPE }
  public var writtenBytes: UInt64 { locked { $0.pointee.writtenBytes } }
  /// Dropped because of `error`.
  public var lostBytes: UInt64 { locked { $0.pointee.lostBytes } }

  /// Of a memory sink: what was written since the last call.
  public func takeBytes() -> [UInt8] {
    locked { state in
      guard let memory = state.pointee.memory else { return [] }
      defer { memory.truncate() }
      return Array(memory.bytes)
    }
  }

  /// Writes all of it, or records why not.
  public func write(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    locked { state in
      if let memory = state.pointee.memory {
        memory.append(bytes)
        state.pointee.writtenBytes += UInt64(bytes.count)
        return
      }
      var rest = bytes[...]
      while !rest.isEmpty && state.pointee.error == 0 {
        let piece = UnsafeRawBufferPointer(rebasing: rest)
        let count = Glibc.write(state.pointee.descriptor, piece.baseAddress!, piece.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if count < 0 && errno == EAGAIN {
          // A descriptor in non-blocking mode, which a parent process may have set on a shared terminal.
          var wanted = pollfd(fd: state.pointee.descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&wanted, 1, -1)
        } else if count == 0 || errno != EINTR {
          ktap_store_release_32(pointer(to: \.error), UInt32(bitPattern: count == 0 ? EIO : errno))
        }
      }
      state.pointee.writtenBytes += UInt64(bytes.count - rest.count)
      state.pointee.lostBytes += UInt64(rest.count)
    }
  }

  private func locked<Result>(_ body: (UnsafeMutablePointer<State>) -> Result) -> Result {
    pthread_mutex_lock(pointer(to: \.lock))
    defer { pthread_mutex_unlock(pointer(to: \.lock)) }
    return body(state)
  }

  private func pointer<Field>(to field: KeyPath<State, Field>) -> UnsafeMutablePointer<Field> {
    let offset = MemoryLayout<State>.offset(of: field)!
    return (UnsafeMutableRawPointer(state) + offset).assumingMemoryBound(to: Field.self)
  }
}
