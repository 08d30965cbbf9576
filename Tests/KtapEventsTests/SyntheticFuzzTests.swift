import Testing

/// What fuzzing starts with and what it once found, under a plain build.
@Suite struct FuzzReplayTests {
  @Test func formats() throws { try FuzzRegressions.replay("format", fuzzFormat) }
  @Test func pages() throws { try FuzzRegressions.replay("page", fuzzPage) }
  @Test func definitions() throws { try FuzzRegressions.replay("definition", fuzzDefinition) }
}
