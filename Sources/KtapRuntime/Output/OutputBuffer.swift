// Unsafe: what one context has printed and not yet written out.
//
// In: text, in pieces of any size. Out: whole lines, handed to the sink in large pieces, so that lines of different CPUs
// never mix although their workers share nothing while they print.
//
// Policy: appending never writes. `commit()`, at the end of each printing builtin, writes the whole lines once more than
// 32 KiB wait; `flushLines()` writes them at the end of a batch and before the world stops; an unfinished line stays
// until its end comes, or `flush()` at the end of the run. Only a line that outgrows 1 MiB is written in parts, since a
// script that never prints a newline must not take all memory.
//
// With time stamps on (`-T`), a line that begins inside an event begins with that event's time.
//
// Invariant: `completeEnd` is the offset just behind the last newline in the buffer.

@frozen public struct OutputBuffer: @unchecked Sendable {
  /// Waiting bytes above which `commit()` writes.
  public static let flushThreshold = 32 << 10
  /// The longest unfinished line that is held back.
  public static let longestLine = 1 << 20

  @usableFromInline struct State {
    var pending: ByteBuffer
    var completeEnd = 0
    var isAtLineStart = true
    var sink: OutputSink
    var showsTime: Bool
    /// Of the event at hand, in nanoseconds.
    var lineTime: UInt64?
  }

  @usableFromInline let state: UnsafeMutablePointer<State>

  public init(sink: OutputSink, showsTime: Bool = false) {
    state = .allocate(capacity: 1)
    state.initialize(to: State(pending: ByteBuffer(capacity: 4096), sink: sink, showsTime: showsTime))
  }

  /// Frees the memory; what has not been flushed is gone. The sink stays.
  public func destroy() {
    state.pointee.pending.destroy()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  public var sink: OutputSink { state.pointee.sink }
  /// Begin lines with the time of their event.
  public var showsTime: Bool {
    get { state.pointee.showsTime }
    nonmutating set { state.pointee.showsTime = newValue }
  }
  /// Bytes not yet written.
  public var pendingCount: Int { state.pointee.pending.count }

  /// The time that lines begun from now on carry, or nil outside an event.
  public func setLineTime(_ time: UInt64?) { state.pointee.lineTime = time }

  public func append(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    if state.pointee.showsTime {
      appendLineByLine(bytes)
    } else {
      appendPiece(bytes)
    }
  }

  public func append(text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  private func appendLineByLine(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
      if state.pointee.isAtLineStart, let time = state.pointee.lineTime {
        state.pointee.pending.append(traceTime: time)
        state.pointee.pending.append(": ")
      }
      appendPiece(UnsafeRawBufferPointer(rebasing: rest[..<end]))
      rest = rest[end...]
    }
  }

  private func appendPiece(_ bytes: UnsafeRawBufferPointer) {
    let start = state.pointee.pending.count
    state.pointee.pending.append(bytes)
    state.pointee.isAtLineStart = false
    var end = bytes.count
    while end > 0 && bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
    if end > 0 { state.pointee.completeEnd = start + end }
    state.pointee.isAtLineStart = end == bytes.count
  }

  /// Writes if much is waiting; printing builtins end with it.
  public func commit() {
    if state.pointee.pending.count > Self.flushThreshold { flushLines() }
    if state.pointee.pending.count > Self.longestLine { flush() }
  }

  /// Writes the whole lines.
  public func flushLines() { write(state.pointee.completeEnd) }

  /// Writes everything, also an unfinished line.
  public func flush() { write(state.pointee.pending.count) }

  private func write(_ count: Int) {
    guard count > 0 else { return }
    let pending = state.pointee.pending
    state.pointee.sink.write(UnsafeRawBufferPointer(rebasing: pending.bytes[..<count]))
    pending.removeFirst(count)
    state.pointee.completeEnd = max(0, state.pointee.completeEnd - count)
  }
}

extension ByteBuffer {
  /// A trace clock's time as the kernel prints it: seconds in at least 5 columns, microseconds, rounded to the nearest.
  public func append(traceTime nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1000 + (nanoseconds % 1000 >= 500 ? 1 : 0)
    let mark = count
    append(decimal: microseconds / 1_000_000)
    let width = count - mark
    if width < 5 {
      truncate(to: mark)
      append(repeating: UInt8(ascii: " "), count: 5 - width)
      append(decimal: microseconds / 1_000_000)
    }
    append(UInt8(ascii: "."))
    append(digits: microseconds % 1_000_000, radix: 10, count: 6)
  }
}
