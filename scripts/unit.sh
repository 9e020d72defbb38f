#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# unit.sh PROGRAM...  runs the unit test programs, prints a line each and the output of those that fail.
set -u
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
	if "$program" >"$log" 2>&1; then
		n=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -n 1)
		passed=$((passed + ${n:-0}))
		[ "${n:-0}" -gt 0 ] || { echo "FAIL $program: ran no test"; failed=$((failed + 1)); }
	else
		echo "FAIL $program"
		cat "$log"
		failed=$((failed + 1))
	fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
