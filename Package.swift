// swift-tools-version:6.2
import Foundation
import PackageDescription

/// Warnings are errors where CI says so (`KTAP_STRICT=1`), so that a newer compiler's new warning never keeps a user
/// from building.
let strict = ProcessInfo.processInfo.environment["KTAP_STRICT"] == "1"

let swiftSettings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// The tiers are measured, so they are optimised in debug builds too: an unoptimised virtual machine is 25 to 40 times
/// slower and makes the tests wait for nothing.
func product(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(of name: String, _ more: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name)] + more, exclude: exclude, swiftSettings: swiftSettings)
}

let package = Package(
  name: "ktap",
  products: [
    .executable(name: "ktap", targets: ["ktap"]),
    .library(name: "KtapLanguage", targets: ["KtapLanguage"]),
    .library(name: "KtapBytecode", targets: ["KtapBytecode"]),
    .library(name: "KtapRuntime", targets: ["KtapRuntime"]),
    .library(name: "KtapTiers", targets: ["KtapTiers"]),
    .library(name: "KtapEvents", targets: ["KtapEvents"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .target(name: "CKernelCalls", cSettings: [.define("_GNU_SOURCE")]),
    product("KtapLanguage", []),
    product("KtapBytecode", ["KtapLanguage"]),
    product("KtapRuntime", ["CKernelCalls"]),
    product("KtapTiers", ["KtapBytecode", "KtapRuntime"]),
    product("KtapEvents", ["KtapLanguage", "KtapRuntime", "CKernelCalls"]),
    product("KtapTracer", ["KtapTiers", "KtapEvents", "KtapLanguage", "KtapBytecode", "KtapRuntime", "CKernelCalls"]),
    product("KtapMeasurement", ["CKernelCalls"]),
    .executableTarget(
      name: "ktap",
      dependencies: [
        "KtapTracer", "KtapMeasurement", "KtapEvents", "KtapTiers", "KtapBytecode", "KtapLanguage", "KtapRuntime",
        "CKernelCalls",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    .executableTarget(name: "ktap-workload", path: "Benchmarks/Workloads", cSettings: [.define("_GNU_SOURCE")]),

    .systemLibrary(
      name: "CTraceEvent", path: "Tests/CTraceEvent", pkgConfig: "libtraceevent",
      providers: [.apt(["libtraceevent-dev"])]),
    tests(of: "KtapLanguage"),
    tests(of: "KtapBytecode", ["KtapLanguage"]),
    tests(of: "KtapRuntime"),
    tests(of: "KtapTiers", ["KtapLanguage", "KtapBytecode", "KtapRuntime"]),
    tests(of: "KtapEvents", ["KtapLanguage", "KtapRuntime", "CKernelCalls", "CTraceEvent"]),
    tests(of: "KtapTracer", ["KtapTiers", "KtapEvents", "KtapLanguage", "KtapBytecode", "KtapRuntime"]),
    tests(of: "KtapMeasurement", exclude: ["Expected"]),
  ],
  swiftLanguageModes: [.v6]
)
