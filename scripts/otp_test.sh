#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otp_test.sh [SUITE]  tests the package in otp/ as its users have it: Mix and rebar3, with nothing from the network, nor of this machine's own Mix.
# It works on a copy, build/package. SUITE: with the Erlang and Elixir of that Debian release, from build/otp/SUITE (scripts/otp.sh).
#
#   ARSENAL_PORT_PROGRAM  the engine to test with; else the package builds its own
#   ARSENAL_SEED          the user's document, which the tests' copy must equal; else shared/seed beside the project, where that exists
set -u
root=$(pwd -P)
suite=${1:-}
work=$root/build/package${suite:+-$suite}
passed=0
failed=0
skipped=0

finish() {
	echo "package${suite:+-$suite}: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

if [ -n "$suite" ] && { [ "$(id -u)" -ne 0 ] || [ ! -x "$root/build/otp/$suite/usr/bin/elixir" ]; }; then
	echo "skip package-$suite: needs root and build/otp/$suite (scripts/otp.sh $suite)"
	skipped=1
	finish
fi

# The package's own build takes these objects up, but knows them by another path than the notes of which headers they were made from.
[ -n "${ARSENAL_PORT_PROGRAM:-}" ] || make -s -j"$(nproc)" port || exit 1

# What a clone would have: the package and its C sources beside it.
rm -rf "$work"
mkdir -p "$work/tree" "$work/home"
cp -a otp examples Makefile "$work/tree"
rm -rf "$work/tree/otp/_build" "$work/tree/otp/priv" "$work/tree/otp/tmp"
for part in src mk include web scripts LICENSE; do
	[ -e "$part" ] && ln -s "$root/$part" "$work/tree/$part"
done

# The program for another Debian release brings its libraries along.
carry() {
	[ -n "${ARSENAL_PORT_PROGRAM:-}" ] || { sh otp/engine.sh build && ARSENAL_PORT_PROGRAM=$root/otp/priv/arsenal; } || return 1
	mkdir -p "$work/engine"
	cp "$ARSENAL_PORT_PROGRAM" "$work/engine/engine"
	ldd "$ARSENAL_PORT_PROGRAM" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p' |
		xargs -I{} cp -L {} "$work/engine"
	printf '#!/bin/sh\nexec %s/ld-linux* --library-path %s %s/engine "$@"\n' "$work/engine" "$work/engine" "$work/engine" >"$work/engine/arsenal"
	chmod 755 "$work/engine/arsenal"
	ARSENAL_PORT_PROGRAM=$work/engine/arsenal
}

run() {
	if [ -n "$suite" ]; then
		(cd "$work/tree/otp" && sh "$root/scripts/otp_enter.sh" "$suite" "$work" env -i PATH=/usr/bin:/bin "$@")
	else
		(cd "$work/tree/otp" && env "$@")
	fi
}

# Each tool has its folders in $work, and no way out.
hermetic() {
	run HOME="$work/home" LANG=C.UTF-8 MIX_HOME="$work/home/mix" MIX_ARCHIVES="$work/home/mix/archives" HEX_HOME="$work/home/hex" HEX_OFFLINE=1 \
		MIX_BUILD_PATH="$work/mix" MIX_ENV=test REBAR_BASE_DIR="$work/rebar" REBAR_CACHE_DIR="$work/home/rebar" \
		${ARSENAL_PORT_PROGRAM:+ARSENAL_PORT_PROGRAM="$ARSENAL_PORT_PROGRAM"} \
		ARSENAL_SEED="${ARSENAL_SEED:-$root/../shared/seed/analytics-server.md}" ARSENAL_BUILD="${ARSENAL_BUILD:-$root/build}" "$@"
}

has() { run sh -c "command -v $1 >/dev/null"; }

# step NAME COMMAND...: one test by itself; its output is kept
step() {
	name=$1
	shift
	if hermetic "$@" >"$work/$name.log" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "FAILED $name"
		cat "$work/$name.log"
		failed=$((failed + 1))
	fi
}

# tests NAME COMMAND...: many tests, counted in what they print: "N tests, N failures[, N skipped]" (ExUnit, rebar3), "Result: N[/N] passed" (ExUnit
# of Elixir 1.20), eunit's own lines
tests() {
	name=$1
	shift
	hermetic "$@" >"$work/$name.log" 2>&1
	status=$?
	counts=$(awk '
		/^[0-9]+ tests?, [0-9]+ failures?/ || /^[0-9]+ doctests?, [0-9]+ tests?, / {
			for (i = 2; i <= NF; i++) {
				if ($i ~ /^tests?,/) all = $(i - 1)
				if ($i ~ /^failures?,?$/) bad = $(i - 1)
				if ($i ~ /^skipped/) left = $(i - 1)
			}
			seen = 1
		}
		/^Result: / { split($2, part, "/"); all = part[2] ? part[2] : part[1]; bad = all - part[1]; seen = 1 }
		/All [0-9]+ tests passed/ { sub(/.*All /, ""); all = $1; seen = 1 }
		/Failed: [0-9]+\. +Skipped: [0-9]+\. +Passed: [0-9]+/ {
			gsub(/\./, ""); bad = $2; left = $4; all = $2 + $4 + $6; seen = 1
		}
		END { if (seen) print all - bad - left, bad + 0, left + 0 }' "$work/$name.log")
	# shellcheck disable=SC2086
	set -- ${counts:-0 1 0}
	[ $status -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
	echo "$name: $1 passed, $2 failed, $3 skipped"
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	[ "$2" -eq 0 ] || tail -n 150 "$work/$name.log"
}

[ -z "$suite" ] || carry || { echo "there is no engine to test with"; failed=1; finish; }
step mix-compile mix compile --warnings-as-errors
[ "$failed" -eq 0 ] || finish
[ -n "$suite" ] || step mix-format mix format --check-formatted
tests mix-test mix test
if [ -z "$suite" ]; then
	step tarball sh -c 'make -C "$0" --no-print-directory BUILD="$ARSENAL_BUILD" package && tar -C "$1" -xzf "$ARSENAL_BUILD"/arsenal-*.tar.gz && cd "$1"/arsenal-* &&
		unset ARSENAL_PORT_PROGRAM REBAR_BASE_DIR && rebar3 compile && test -x priv/arsenal && mix compile --warnings-as-errors' "$root" "$work"
fi
if has rebar3; then
	tests rebar3-eunit rebar3 eunit
	step rebar3-edoc rebar3 edoc
else
	echo "skip rebar3: it is not here"
	skipped=$((skipped + 1))
fi
finish
