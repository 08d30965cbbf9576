import Glibc
import Synchronization
import Testing

@testable import KtapRuntime

@Suite struct OutputTests {
  private func append(_ text: String, to output: OutputBuffer) { output.append(text: text) }

  @Test func onlyWholeLinesAreFlushed() {
    let sink = OutputSink.memory()
    let output = OutputBuffer(sink: sink)
    append("one\ntwo", to: output)
    output.flushLines()
    #expect(sink.takeBytes() == Array("one\n".utf8))
    append(" and\nthree\nfour", to: output)
    output.flushLines()
    #expect(sink.takeBytes() == Array("two and\nthree\n".utf8))
    #expect(output.pendingCount == 4)
    output.flush()
    #expect(sink.takeBytes() == Array("four".utf8))
    output.destroy()
    sink.destroy()
  }

  @Test func commitWritesOnceMuchIsWaiting() {
    let sink = OutputSink.memory()
    let output = OutputBuffer(sink: sink)
    append("line\n", to: output)
    output.commit()
    #expect(sink.takeBytes() == [])
    append(String(repeating: "x", count: OutputBuffer.flushThreshold) + "\nrest", to: output)
    output.commit()
    #expect(sink.takeBytes().count == 5 + OutputBuffer.flushThreshold + 1)
    #expect(output.pendingCount == 4)
    output.destroy()
    sink.destroy()
  }

  @Test func aLineWithoutEndDoesNotTakeAllMemory() {
    let sink = OutputSink.memory()
    let output = OutputBuffer(sink: sink)
    var written = 0
    let piece = String(repeating: "x", count: 100_000)
    for _ in 0..<50 {
      append(piece, to: output)
      output.commit()
      written += sink.takeBytes().count
      #expect(output.pendingCount <= OutputBuffer.longestLine)
    }
    output.flush()
    #expect(written + sink.takeBytes().count == 5_000_000)
    output.destroy()
    sink.destroy()
  }

  @Test func timesBeginLinesOfEvents() throws {
    let fixture = Fixture(worker: 0, showsTime: true)
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0], time: 1_234_567_890_499) { () throws in
      try fixture.call(.print, fixture.string("a\nb"))
      try fixture.call(.printf, fixture.string("no end "))
    }
    try fixture.inEvent(layout, [0], time: 2_000_000_999_600) { () throws in
      try fixture.call(.printf, fixture.string("yet\n\n"))
    }
    try fixture.call(.print, fixture.string("outside"))
    #expect(
      fixture.printed() == """
         1234.567890: a
         1234.567890: b
         1234.567890: no end yet
         2000.001000:\u{20}
        outside

        """)
  }

  @Test func noTimesUnlessAsked() throws {
    let fixture = Fixture()
    let layout = fixture.layout("e")
    try fixture.inEvent(layout, [0]) { try fixture.call(.print, Value(1)) }
    #expect(fixture.printed() == "1\n")
  }

  @Test func traceTimesRoundToTheNearestMicrosecond() {
    let buffer = ByteBuffer()
    buffer.append(traceTime: 0)
    buffer.append(" ")
    buffer.append(traceTime: 1_499)
    buffer.append(" ")
    buffer.append(traceTime: 999_999_500)
    buffer.append(" ")
    buffer.append(traceTime: 123_456_000_000_000)
    buffer.append(" ")
    buffer.append(traceTime: .max)
    #expect(
      buffer.text == "    0.000000     0.000001     1.000000 123456.000000 18446744073.709552")
    buffer.destroy()
  }

  @Test func numbersInEveryBase() {
    var numbers: [UInt64] = [0, 1, .max, UInt64(Int64.max), UInt64(Int64.max) + 1]
    var power: UInt64 = 1
    for _ in 0..<19 {
      power *= 10
      numbers += [power - 1, power, power + 1]
    }
    for shift: UInt64 in 0..<64 { numbers += [1 << shift, (1 << shift) - 1] }
    let buffer = ByteBuffer()
    for number in numbers {
      buffer.truncate()
      buffer.append(decimal: number)
      #expect(buffer.text == String(number))
      buffer.truncate()
      buffer.append(decimal: Int64(bitPattern: number))
      #expect(buffer.text == String(Int64(bitPattern: number)))
      buffer.truncate()
      buffer.append(hexadecimal: number)
      #expect(buffer.text == String(number, radix: 16))
      if number > 0 { #expect(ByteBuffer.digitCount(number, radix: 8) == String(number, radix: 8).count) }
    }
    buffer.destroy()
  }

  @Test func aClosedPipeIsRecorded() {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    signal(SIGPIPE, SIG_IGN)
    close(ends[0])
    let sink = OutputSink.descriptor(ends[1])
    let output = OutputBuffer(sink: sink)
    append("lost\n", to: output)
    output.flushLines()
    #expect(sink.error == EPIPE)
    #expect(sink.isClosedByReader)
    append("more\n", to: output)
    output.flush()
    #expect(sink.lostBytes == 10)
    #expect(sink.writtenBytes == 0)
    output.destroy()
    sink.destroy()
    close(ends[1])
  }

  @Test func aBadDescriptorIsRecorded() {
    let sink = OutputSink.descriptor(-2)
    let output = OutputBuffer(sink: sink)
    append("x\n", to: output)
    output.flush()
    #expect(sink.error == EBADF)
    #expect(!sink.isClosedByReader)
    output.destroy()
    sink.destroy()
  }

  /// A reader slower than the writer, on a descriptor that does not block: nothing is lost.
  @Test func aFullPipeIsWaitedFor() async {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let (reader, writer) = (ends[0], ends[1])
    async let received = Task.detached {
      var total = 0
      var buffer = [UInt8](repeating: 0, count: 10_000)
      while case let count = read(reader, &buffer, buffer.count), count > 0 { total += count }
      return total
    }.value
    let sink = OutputSink.descriptor(writer)
    let output = OutputBuffer(sink: sink)
    for _ in 0..<1000 {
      append(String(repeating: "y", count: 999) + "\n", to: output)
      output.commit()
    }
    output.flush()
    #expect(sink.error == 0)
    close(writer)
    #expect(await received == 1_000_000)
    close(reader)
    output.destroy()
    sink.destroy()
  }

  @Test func linesOfDifferentWorkersDoNotMix() async {
    let sink = OutputSink.memory()
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          let output = OutputBuffer(sink: sink)
          let letter = String(UnicodeScalar(UInt8(97 + worker)))
          for length in 0..<3000 {
            for _ in 0..<length % 50 { output.append(text: letter) }
            output.append(text: "\n")
            output.commit()
          }
          output.flush()
          output.destroy()
        }
      }
    }
    let lines = sink.takeBytes().split(separator: 10, omittingEmptySubsequences: false).dropLast()
    #expect(lines.count == 12_000)
    #expect(lines.allSatisfy { Set($0).count <= 1 && $0.count < 50 })
    sink.destroy()
  }
}
