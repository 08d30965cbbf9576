#!/usr/bin/env bash
# Installs what building, testing and measuring need, once; says how to get what it cannot install.
set -euo pipefail

# Compiler parts that Swift on Linux links with, the library that the tests compare format files with, and the peers
# that the benchmarks measure beside ktap.
needed=(gcc libc6-dev libtraceevent-dev pkg-config)
peers=(bpftrace lua5.4 luajit)

missing() { for package in "$@"; do dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || echo "$package"; done; }

if command -v apt-get >/dev/null; then
  mapfile -t wanted < <(missing "${needed[@]}" "${peers[@]}")
  if [ "${#wanted[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ]; then
      echo "setup: installing ${wanted[*]}" >&2
      export DEBIAN_FRONTEND=noninteractive
      apt-get update -qq >&2
      apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2 || {
        # A peer that this release does not have is shown as missing in the reports.
        mapfile -t wanted < <(missing "${needed[@]}")
        [ "${#wanted[@]}" -eq 0 ] || apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2
      }
    else
      echo "setup: not installed: ${wanted[*]} (run 'apt-get install ${wanted[*]}' as root)" >&2
    fi
  fi
else
  echo "setup: no apt-get here; wanted: ${needed[*]} and, to compare with, ${peers[*]}" >&2
fi

if ! command -v "${SWIFT:-swift}" >/dev/null; then
  cat >&2 <<'MESSAGE'
setup: the Swift toolchain is missing. ktap needs Swift 6.3 or later:
  https://www.swift.org/install/linux  (swiftly installs it: 'swiftly install 6.3')
Then run the same command again.
MESSAGE
  exit 69
fi

# Tracing needs tracefs; mounting it needs root and is harmless.
if [ "$(id -u)" = 0 ] && [ -d /sys/kernel/tracing ] && [ ! -e /sys/kernel/tracing/available_events ]; then
  mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null || true
fi
