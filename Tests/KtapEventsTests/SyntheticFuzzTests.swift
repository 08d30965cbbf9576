import Testing

/// What fuzzing starts with and what it once found, under a plain build.
@Suite struct FuzzReplayTests {
  private func replay(_ target: String, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    let inputs = try FuzzRegressions.inputs(of: target)
    #expect(!inputs.isEmpty)
    for input in inputs {
      input.bytes.withUnsafeBytes { bytes in
        body(bytes)
        // Whatever is cut off, or changed in a single place.
        for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
          body(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
          var changed = input.bytes
          changed[end] ^= 0xff
          changed.withUnsafeBytes(body)
        }
      }
    }
  }

  @Test func formats() throws { try replay("format", fuzzFormat) }
  @Test func pages() throws { try replay("page", fuzzPage) }
}
