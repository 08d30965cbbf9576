#!/bin/sh
# Fuzzes for so many seconds each target: Tests/Fuzzing/run.sh SECONDS [TARGET …]
# What is found goes to .build-fuzz/findings, what covers something new to .build-fuzz/corpus.
set -eu
seconds=${1:?usage: run.sh SECONDS [TARGET ...]}
shift
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
build=$root/.build-fuzz
if [ $# -eq 0 ]; then
  for folder in Corpus/*/; do set -- "$@" "$(basename "$folder")"; done
fi
for target in "$@"; do
  # Both options reach the targets that are depended on, so what is fuzzed is instrumented too.
  swift build -c release --scratch-path "$build" --sanitize=address --sanitize=fuzzer --product "fuzz-$target"
done
# A failure prints its own stack; Swift's would take seconds and pages.
export SWIFT_BACKTRACE=enable=no
failed=
for target in "$@"; do
  corpus=$build/corpus/$target
  findings=$build/findings/$target
  mkdir -p "$corpus" "$findings"
  dictionary=
  if [ -f "Dictionaries/$target.dict" ]; then dictionary=-dict=Dictionaries/$target.dict; fi
  echo "== $target for $seconds s, log in $findings.log"
  if "$build/release/fuzz-$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$findings/" $dictionary "$corpus" "Corpus/$target" "Regressions/$target" \
    >"$findings.log" 2>&1; then
    grep -E '^stat::(number|average|new)' "$findings.log"
  else
    tail -60 "$findings.log"
    failed="$failed $target"
  fi
done
if [ -n "$failed" ]; then
  echo "failed:$failed" >&2
  echo "make the finding small ($build/release/fuzz-TARGET -minimize_crash=1 FILE), put it into" >&2
  echo "Tests/Fuzzing/Regressions/TARGET under the name of what it found, and the tests replay it for ever" >&2
  exit 1
fi
