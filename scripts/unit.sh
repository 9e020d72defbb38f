#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# unit.sh [--valgrind] PROGRAM...  runs the unit test programs and prints the output of those that fail.
set -u
under=
if [ "${1:-}" = --valgrind ]; then
	under='valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect'
	shift
fi
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
	if $under "$program" >"$log" 2>&1; then
		n=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ s += $1 } END { print s + 0 }')
		passed=$((passed + n))
		[ "$n" -gt 0 ] || { echo "FAIL $program: ran no test"; failed=$((failed + 1)); }
	else
		echo "FAIL $program"
		cat "$log"
		failed=$((failed + 1))
	fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
