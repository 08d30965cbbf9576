import Testing

/// What fuzzing starts with and what it once found, under a plain build.
@Suite struct FuzzReplayTests {
  @Test func scripts() throws { try FuzzRegressions.replay("script", fuzzScript) }
  @Test func programs() throws { try FuzzRegressions.replay("program", fuzzProgram) }
}
