/// Why a measurement could not be made.
public enum MeasurementError: Error, CustomStringConvertible, Equatable {
  /// A program could not be started: its path and what the system said.
  case cannotStart(String, reason: String)
  /// A program ended as it should not have, or took too long.
  case programFailed(String, reason: String)
  /// What a program printed is not what was expected.
  case unexpectedOutput(String, reason: String)
  /// Outputs that must be equal differ.
  case outputsDiffer(String)
  /// The environment does not allow a valid measurement.
  case invalidEnvironment(String)
  /// A file could not be read or written.
  case file(String, reason: String)
  /// An option is out of its range.
  case usage(String)

  public var description: String {
    switch self {
    case .cannotStart(let program, let reason): "cannot start \(program): \(reason)"
    case .programFailed(let program, let reason): "\(program) \(reason)"
    case .unexpectedOutput(let program, let reason): "unexpected output of \(program): \(reason)"
    case .outputsDiffer(let text): text
    case .invalidEnvironment(let text): text
    case .file(let path, let reason): "\(path): \(reason)"
    case .usage(let text): text
    }
  }
}

/// How `ktap bench` ends.
public enum BenchExitCode: Int32, Sendable, Codable {
  case pass = 0
  case internalError = 1
  case regression = 2
  /// A benchmark failed or outputs differ.
  case benchmarkFailed = 3
  case improvementNotRatified = 4
  case noBaseline = 5
  case missingPrivilege = 6
  case inconclusive = 7
  /// A debug build, or a run whose self-check failed.
  case invalidEnvironment = 8
}
