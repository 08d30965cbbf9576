#!/usr/bin/env bash
# Prints the machine code of the interpreter's cases for the hottest instructions, as Documentation/HotCode.md shows it.
#
#   scripts/hot-code.sh [BINARY]       default: .build/release/ktap
#
# A case is found by following the jump table: the address for a selector (opcode and constant flags) is table[selector].
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/hot_code.py "${1:-.build/release/ktap}"
