#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# failures.sh STEP LOG  what failed in a step's log: a line "STEP: NAME" for each test and under it, indented, the first lines of its reason. It
# knows the words of unit.sh, run.py, lib_test.sh, the probe's tests, ExUnit, eunit, fuzz.sh and the web tests; where none of them stands, the errors
# of compilers and of make, else the end of the log.
#
# failures.sh --short < THOSE      one line each, the reason after the name
# failures.sh --skipped < LINES    the lines "skip[ped] NAME (TIME)  REASON" or "skip NAME: REASON", grouped by reason
set -u
lines=15 # of a reason
width=240

# The name and its reason as one line; no more than 14 of them.
short() {
	awk -v width=$width '
		function flush() { if (n && n <= 14) print substr(line, 1, width) }
		/^[^ ]/ { flush(); n++; line = "  " $0; whole = 0; next }
		/^ +--- end of/ { whole = 1 }
		whole || /\[ (RUN|  LINE) / { next }
		{ sub(/^ +/, ""); line = line (line ~ /:$/ ? " " : " | ") $0 }
		END { flush(); if (n > 14) print "  and " n - 14 " more" }'
}

skips() {
	awk -v width=$width '
		{
			sub(/^skip(ped)? +/, "")
			at = match($0, / \([0-9.]+ m?s\) +/)
			if (at) { name = substr($0, 1, at - 1); why = substr($0, at + RLENGTH) }
			else { at = index($0, ": "); name = at ? substr($0, 1, at - 1) : $0; why = at ? substr($0, at + 2) : "" }
			if (!(why in count)) order[++n] = why
			if (++count[why] <= 3) names[why] = names[why] (count[why] > 1 ? ", " : "") name
		}
		END {
			for (i = 1; i <= n && i <= 6; i++)
				print substr("  " count[order[i]] " x " order[i] ": " names[order[i]] (count[order[i]] > 3 ? ", ..." : ""), 1, width)
			if (n > 6) print "  and for " n - 6 " more reasons"
		}'
}

# A name is told once: what run.py repeats in its summary was there before.
tests() {
	awk -v step="$1" -v lines=$lines -v width=$width '
		function begin(name,    at, reason) {
			left = 0
			if ((at = match(name, / +\([0-9.]+ m?s\)/))) { reason = substr(name, at + RLENGTH); name = substr(name, 1, at - 1) }
			sub(/^ +/, "", name)
			if (name in told) return
			told[name] = 1
			print substr(step ": " name, 1, width)
			left = lines
			running = ""
			if (reason ~ /[^ ]/) say(reason)
		}
		function say(text) {
			sub(/^ +/, "", text)
			print "    " substr(text, 1, width)
			left--
		}
		/^(FAIL|FAILED|failed) / { sub(/^[A-Za-z]+ +/, ""); begin($0); next }
		/^failed: / { sub(/^failed: /, ""); begin($0); next }
		/^fuzz: .*: FINDING/ { sub(/^fuzz: /, ""); begin($0); next }
		/^ +[0-9]+\) (test|doctest|property) / { sub(/^ +[0-9]+\) /, ""); begin($0); next }
		/\*failed\*/ { begin($0); next }
		/^(ok|skip|skipped|passed) / || /^[a-z0-9-]+: [0-9]+ passed, / || /^(skipped:$|the logs are|took |Finished in )/ { left = 0; next }
		!left || /^[ .*]*$/ { next }
		# Of a program of many tests, only those that did not end well.
		/^\[ RUN / { running = $0; next }
		/^\[ +OK +\]/ { running = ""; next }
		/^\[(=+| +PASSED +)\]/ { next }
		{
			if (running != "") say(running)
			running = ""
			say($0)
		}' "$2"
}

case $1 in
--short) short ;;
--skipped) skips ;;
*)
	found=$(tests "$1" "$2")
	if [ -z "$found" ]; then
		reason=$(grep -aE '(error|Error|ERROR|undefined reference|\*\*\*)[ :]' "$2" | head -n $lines)
		found="$1:
$(printf '%s\n' "${reason:-$(tail -n $lines "$2")}" | cut -c 1-$width | sed 's/^/    /')"
	fi
	printf '%s\n' "$found"
	;;
esac
