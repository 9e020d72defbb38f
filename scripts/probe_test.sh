#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# probe_test.sh [SUITE]  tests the probe and the demo application, as they are built, on nodes of their own; SUITE: with the OTP of that Debian
# release, from build/otp/SUITE (scripts/otp.sh).
set -eu
suite=${1:-}
root=$(pwd -P)
if [ -n "$suite" ] && { [ "$(id -u)" -ne 0 ] || [ ! -x "build/otp/$suite/usr/bin/erl" ]; }; then
	echo "skip probe-$suite: needs root and build/otp/$suite (scripts/otp.sh $suite)"
	echo "probe-$suite: 0 passed, 0 failed, 1 skipped"
	exit
fi
make --no-print-directory build/gen/probe_beam.c build/gen/demo_beams.c
out=$root/build/probe_test${suite:+-$suite}
rm -rf "$out"
mkdir -p "$out"
cp -R build/gen/probe build/gen/demo test/probe/*.erl "$out"
beam=$(echo "$out"/probe/*.beam)
enter() {
	if [ -n "$suite" ]; then sh scripts/otp_enter.sh "$suite" "$out" "$@"; else "$@"; fi
}
warnings=-Werror
[ -z "$suite" ] || warnings=-W0 # what a later release warns of is no fault here
enter erlc $warnings -o "$out" "$out"/*.erl
enter erl -noshell -pa "$out" -eval "probe_test:main(\"$beam\", \"$out/demo\")"
