#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh quick|full  runs the steps in order, each with its output in build/check/STEP.log, and adds their counts up.
# A step's own closing line is "NAME: N passed, N failed[, N skipped]"; a step without one counts as one test.
set -u
mode=$1
mkdir -p build/check
passed=0
failed=0
skipped=0
begin=$(date +%s)
: >build/check/skipped

step() {
	name=$1
	shift
	log=build/check/$name.log
	from=$(date +%s)
	if "$@" >"$log" 2>&1; then result=ok; else result=FAILED; fi
	line=$(grep -E '^[a-z-]+: [0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	[ -n "$line" ] || { [ $result = ok ] && line="$name: 1 passed, 0 failed" || line="$name: 0 passed, 1 failed"; }
	p=$(echo "$line" | sed 's/.*: \([0-9]*\) passed.*/\1/')
	f=$(echo "$line" | sed 's/.* \([0-9]*\) failed.*/\1/')
	s=$(echo "$line" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
	# A step that died after its tests passed has failed all the same.
	[ $result = ok ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
	printf '%-12s %-6s %5d s   %s\n' "$name" "$result" $(($(date +%s) - from)) "$line"
	grep -E '^skip(ped)? ' "$log" >>build/check/skipped
	[ $result = ok ] || { echo "--- the end of $log"; tail -n 60 "$log"; }
}

jobs="-j$(nproc)"
step build make "$jobs" all unit
step format make format-check
step unit make unit-run
step asan make "$jobs" VARIANT=asan unit-run all
step probe make probe-test
step lib make lib-test
step package sh scripts/otp_test.sh
step fuzz make "$jobs" fuzz FUZZ_SECONDS="$([ "$mode" = full ] && echo 600 || echo 5)"
if [ "$mode" = full ]; then
	step lint make "$jobs" lint
	step tsan make "$jobs" VARIANT=tsan unit-run all
	step valgrind make check-valgrind
	sh scripts/otp.sh trixie sid
	step package-trixie sh scripts/otp_test.sh trixie
	step package-sid sh scripts/otp_test.sh sid
	step system python3 test/system/run.py
	step system-asan python3 test/system/run.py --arsenal build/asan/arsenal
	step system-tsan python3 test/system/run.py --arsenal build/tsan/arsenal
else
	step system python3 test/system/run.py --quick
fi
step web sh scripts/web_test.sh
if [ -s build/check/skipped ]; then
	echo "skipped:"
	sed 's/^/  /' build/check/skipped
fi
echo "check took $(($(date +%s) - begin)) s"
echo "arsenal: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
