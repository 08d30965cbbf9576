// swift-tools-version:6.2
// Fuzz targets, apart from the main package so that nothing of it depends on libFuzzer. `run.sh` builds and runs them.
import PackageDescription

/// A target of libFuzzer: it has no `main` of its own.
func fuzzer(_ name: String, _ body: String) -> Target {
  .executableTarget(
    name: "fuzz-\(name)", dependencies: [.target(name: body)], swiftSettings: [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
  name: "ktap-fuzzing",
  dependencies: [.package(name: "ktap", path: "../..")],
  targets: [
    .target(
      name: "EventTargets",
      dependencies: [.product(name: "KtapEvents", package: "ktap"), .product(name: "KtapRuntime", package: "ktap")],
      path: "Targets/Events"),
    fuzzer("format", "EventTargets"),
    fuzzer("page", "EventTargets"),
    .executableTarget(name: "make-seeds", dependencies: [.product(name: "KtapEvents", package: "ktap")]),
  ],
  swiftLanguageModes: [.v6]
)
