// swift-tools-version:6.2
// Fuzz targets, apart from the main package so that nothing of it depends on libFuzzer. `run.sh` builds and runs them.
import PackageDescription

/// A target of libFuzzer: it has no `main` of its own.
func fuzzer(_ name: String, _ body: String) -> Target {
  .executableTarget(
    name: "fuzz-\(name)", dependencies: [.target(name: body)], swiftSettings: [.unsafeFlags(["-parse-as-library"])])
}

/// What targets do with their input; unit tests of the main package build the same files.
func bodies(_ folder: String, _ modules: [String]) -> Target {
  .target(
    name: "\(folder)Targets", dependencies: modules.map { .product(name: $0, package: "ktap") },
    path: "Targets/\(folder)")
}

let package = Package(
  name: "ktap-fuzzing",
  dependencies: [.package(name: "ktap", path: "../..")],
  targets: [
    bodies("Events", ["KtapEvents", "KtapRuntime"]),
    bodies("Definition", ["KtapEvents", "KtapLanguage", "KtapRuntime"]),
    bodies("Program", ["KtapBytecode", "KtapLanguage", "KtapRuntime", "KtapTiers"]),
    fuzzer("format", "EventsTargets"),
    fuzzer("page", "EventsTargets"),
    fuzzer("definition", "DefinitionTargets"),
    fuzzer("script", "ProgramTargets"),
    fuzzer("program", "ProgramTargets"),
    .executableTarget(
      name: "make-seeds",
      dependencies: [
        .product(name: "KtapBytecode", package: "ktap"), .product(name: "KtapEvents", package: "ktap"),
        .product(name: "KtapLanguage", package: "ktap"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
