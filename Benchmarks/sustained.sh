#!/usr/bin/env bash
# Traces all system call entries while every CPU does nothing but system calls; shows that memory stays flat, that the
# ledger adds up and that nothing stays behind, also after SIGKILL.
#
#   Benchmarks/sustained.sh [SECONDS] [SCRIPT]        default: 60 s, corpora/scripts/count_probename.kp
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
script=${2:-corpora/scripts/count_probename.kp}
ktap=.build/release/ktap
workload=.build/release/ktap-workload
[ -x "$ktap" ] && [ -x "$workload" ] || { echo "build first: make build" >&2; exit 69; }
instances() { ls /sys/kernel/tracing/instances | grep -c '^ktap-' || true; }
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

scratch=$(mktemp -d)
load=()
cleanup() { [ ${#load[@]} -eq 0 ] || kill "${load[@]}" 2>/dev/null || true; rm -rf "$scratch"; }
trap cleanup EXIT

echo "before: $(instances) instances of ktap"
"$ktap" run -v --ledger-json "$scratch/ledger.json" -o "$scratch/out" "$script" 2> "$scratch/err" &
tracer=$!
sleep 1
for cpu in $(seq 0 $(($(nproc) - 1))); do
  taskset -c "$cpu" "$workload" syscall --operations 1000000000000 > /dev/null &
  load+=($!)
done
at=$((seconds > 20 ? 10 : seconds / 2))
sleep "$at"
echo "RSS at $at s: $(resident "$tracer") KiB"
sleep $((seconds - at))
echo "RSS at $seconds s: $(resident "$tracer") KiB"
kill "${load[@]}" && load=()
kill -INT "$tracer" && wait "$tracer"
head -4 "$scratch/out"
cat "$scratch/err"
python3 - "$scratch/ledger.json" <<'P'
import json, sys
events = json.load(open(sys.argv[1]))["events"]
print("ledger:", events)
assert events["balanced"] is True
assert events["kernel_written"] == events["handled"] + events["filtered"], "counts do not add up"
P
echo "after: $(instances) instances of ktap"

"$ktap" run -q -o /dev/null "$script" 2> /dev/null &
tracer=$!
sleep 1
kill -KILL "$tracer"
wait "$tracer" 2> /dev/null || true
echo "after SIGKILL: $(instances) instances of ktap"
"$ktap" run -q -e 'trace sched:sched_switch { } tick-100ms { exit() }' 2> /dev/null
echo "after the next start: $(instances) instances of ktap"
