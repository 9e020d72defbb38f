#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS TARGET...  runs each target that long, from the corpus kept in build/corpus; a finding ends it with the input's path.
set -u
seconds=$1
shift
passed=0
failed=0
for target in "$@"; do
	name=$(basename "$target")
	corpus=build/corpus/$name
	mkdir -p "$corpus" build/findings
	dict=
	[ -f "fuzz/$name.dict" ] && dict="-dict=fuzz/$name.dict"
	log=build/findings/$name.log
	# shellcheck disable=SC2086
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/findings/$name-" $dict "$corpus" >"$log" 2>&1; then
		echo "fuzz: $name: $seconds s, $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log") runs, no finding"
		passed=$((passed + 1))
	else
		echo "fuzz: $name: FINDING, see $log"
		tail -n 30 "$log"
		failed=$((failed + 1))
	fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
