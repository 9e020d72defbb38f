#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# unit.sh [--valgrind] PROGRAM...  runs the unit test programs, one more at a time than there are processors, for many wait for a disk or a clock most of the
# time, and prints the output of those that fail.
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
# How it ended is in the log's name: PROGRAM.ok or PROGRAM.failed, with _ for /. Those that take long begin first: at the end the others would wait for them.
long='(engine/simulation|store/store|store/durability|lib/random)_test$'
{ printf '%s\n' "$@" | grep -E "$long"; printf '%s\n' "$@" | grep -vE "$long"; } | xargs -P $(($(nproc) + 1)) -n 1 sh -c '
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
