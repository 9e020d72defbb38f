#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS TARGET...  runs each target that long, as many at a time as there are processors, from the corpus kept in build/corpus; a finding
# ends it with the input's path.
set -u
seconds=$1
shift
mkdir -p build/findings
# How it ended is in the log's name: NAME.log.ok, or NAME.log.
export seconds
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c '
	name=$(basename "$1")
	log=build/findings/$name.log
	mkdir -p "build/corpus/$name"
	rm -f "$log.ok"
	dict=
	[ -f "fuzz/$name.dict" ] && dict="-dict=fuzz/$name.dict"
	"$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/findings/$name-" $dict "build/corpus/$name" >"$log" 2>&1 && mv "$log" "$log.ok"' fuzz
passed=0
failed=0
for target in "$@"; do
	name=$(basename "$target")
	log=build/findings/$name.log
	if [ -e "$log.ok" ]; then
		echo "fuzz: $name: $seconds s, $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log.ok") runs, no finding"
		passed=$((passed + 1))
	else
		echo "fuzz: $name: FINDING, see $log"
		tail -n 30 "$log"
		failed=$((failed + 1))
	fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
