#!/usr/bin/env bash
# What `make test` and CI run: format check, release build without warnings, unit tests, conformance, a fuzzing smoke.
set -euo pipefail
cd "$(dirname "$0")/.."
export KTAP_STRICT=1
swift=${SWIFT:-swift}
step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "format"
"$swift" format lint --strict --recursive Package.swift Sources Tests Benchmarks

step "release build"
"$swift" build -c release --static-swift-stdlib -Xswiftc -gline-tables-only

step "tests"
KTAP_BINARY=$PWD/.build/release/ktap "$swift" test --parallel

step "fuzzing smoke"
Tests/Fuzzing/run.sh 10

step "done"
