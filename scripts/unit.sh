#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# unit.sh [--valgrind] PROGRAM...  runs the unit test programs, as many at a time as there are processors, and prints the output of those that
# fail. Many wait for a disk or a clock most of the time.
set -u
if [ "${1:-}" = --valgrind ]; then
	UNDER='valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect'
	shift
fi
export UNDER="${UNDER:-}"
logs=$(mktemp -d)
export logs
trap 'rm -rf "$logs"' EXIT
# shellcheck disable=SC2016
# What it was is in the log's name: PROGRAM.ok or PROGRAM.failed, with _ for /.
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c '
	log=$logs/$(echo "$1" | tr / _)
	if $UNDER "$1" >"$log" 2>&1; then mv "$log" "$log.ok"; else mv "$log" "$log.failed"; fi' unit
passed=0
failed=0
for program in "$@"; do
	log=$logs/$(echo "$program" | tr / _)
	if [ -e "$log.ok" ]; then
		n=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log.ok" | awk '{ s += $1 } END { print s + 0 }')
		passed=$((passed + n))
		[ "$n" -gt 0 ] || { echo "FAIL $program: ran no test"; failed=$((failed + 1)); }
	else
		echo "FAIL $program"
		cat "$log.failed"
		failed=$((failed + 1))
	fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
