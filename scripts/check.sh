#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh quick|full  runs the steps in order, each with its output in build/check/STEP.log, and adds their counts up.
# A step's own closing line is "NAME: N passed, N failed[, N skipped]"; a step without one counts as one test. The last lines say which tests
# failed and why, whatever came before: often they are all that is kept.
set -u
mode=$1
mkdir -p build/check
passed=0
failed=0
skipped=0
begin=$(date +%s)
: >build/check/skipped
: >build/check/failures

run() {
	name=$1
	shift
	from=$(date +%s)
	rm -f "build/check/$name.status"
	"$@" >"build/check/$name.log" 2>&1
	echo "$? $(($(date +%s) - from))" >"build/check/$name.status.new"
	mv "build/check/$name.status.new" "build/check/$name.status"
}

# Waits for the end of a step, and counts what it said.
finish() {
	name=$1
	log=build/check/$name.log
	while [ ! -e "build/check/$name.status" ]; do sleep 0.2; done
	read -r status seconds <"build/check/$name.status"
	if [ "$status" = 0 ]; then result=ok; else result=FAILED; fi
	rm -f "build/check/$name.status"
	line=$(grep -E '^[a-z-]+: [0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	[ -n "$line" ] || { [ $result = ok ] && line="$name: 1 passed, 0 failed" || line="$name: 0 passed, 1 failed"; }
	p=$(echo "$line" | sed 's/.*: \([0-9]*\) passed.*/\1/')
	f=$(echo "$line" | sed 's/.* \([0-9]*\) failed.*/\1/')
	s=$(echo "$line" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
	# A step that died after its tests passed has failed all the same.
	[ $result = ok ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
	printf '%-12s %-6s %5d s   %s\n' "$name" "$result" "$seconds" "$line"
	grep -E '^skip(ped)? ' "$log" >>build/check/skipped
	[ $result = ok ] || sh scripts/failures.sh "$name" "$log" >>build/check/failures
}

step() {
	run "$@"
	finish "$1"
}

# together NAME=COMMAND...: steps side by side
together() {
	for each in "$@"; do
		rm -f "build/check/${each%%=*}.status"
		# shellcheck disable=SC2086
		run "${each%%=*}" ${each#*=} &
	done
	for each in "$@"; do finish "${each%%=*}"; done
}

# Later releases of OTP are fetched meanwhile, once: some seconds each.
if [ "$(id -u)" -eq 0 ]; then
	sh scripts/otp.sh trixie sid >build/check/otp.log 2>&1 &
	fetching=$!
fi

jobs="-j$(nproc)"
step build make "$jobs" all unit
step format make format-check
step unit make unit-run
step asan make "$jobs" VARIANT=asan unit-run all
step package sh scripts/otp_test.sh
wait "${fetching:-}" 2>/dev/null
# These measure what happens within seconds on a node of their own: not all at once.
step probe timeout 600 make probe-test
together "probe-trixie=timeout 600 sh scripts/probe_test.sh trixie" "probe-sid=timeout 600 sh scripts/probe_test.sh sid"
step lib make lib-test
step fuzz make "$jobs" fuzz FUZZ_SECONDS="$([ "$mode" = full ] && echo 600 || echo 3)"
if [ "$mode" = full ]; then
	step lint make "$jobs" lint
	step tsan make "$jobs" VARIANT=tsan unit-run all
	step valgrind make check-valgrind
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
	sh scripts/failures.sh --skipped <build/check/skipped
fi
if [ -s build/check/failures ]; then
	echo "what failed (the logs are in build/check):"
	head -n 60 build/check/failures
	echo "failed:"
	sh scripts/failures.sh --short <build/check/failures
fi
echo "check took $(($(date +%s) - begin)) s"
echo "arsenal: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
