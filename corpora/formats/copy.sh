#!/bin/sh
# Copies the format files of the events in `events.txt` from a running kernel (root, tracefs mounted) into this folder.
# Usage: corpora/formats/copy.sh [TRACEFS]
set -eu
tracefs=${1:-/sys/kernel/tracing}
cd "$(dirname "$0")"
for file in header_page header_event; do
  cat "$tracefs/events/$file" >"$file.txt"
done
while IFS=: read -r system event; do
  case $system in '' | '#'*) continue ;; esac
  mkdir -p "$system"
  cat "$tracefs/events/$system/$event/format" >"$system/$event.format"
done <events.txt
