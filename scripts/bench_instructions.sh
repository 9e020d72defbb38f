#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench_instructions.sh BENCH_SERIES  the instructions of one sample in the series detector (of 100,000 of noise), counted by callgrind: a figure
# that does not depend on what else the machine does. Says so where valgrind is not there.
set -eu
command -v valgrind >/dev/null || { echo 'series detector: instructions not counted, for valgrind is not installed'; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out/calls" --toggle-collect=series_detector_feed "$1" count >"$out/log" 2>&1 || {
	cat "$out/log" >&2
	exit 1
}
awk '/^(summary|totals):/ { printf "series detector: noise: %.0f instructions a sample (callgrind)\n", $2 / 100000; exit }' "$out/calls"
