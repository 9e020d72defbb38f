#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the probe and the demo application, as they are built, on nodes of their own.
set -eu
make --no-print-directory build/gen/probe_beam.c build/gen/demo_beams.c
out=build/probe_test
rm -rf $out
mkdir -p $out
erlc -Werror -o $out test/probe/*.erl
beam=$(echo build/gen/probe/*.beam)
exec erl -noshell -pa $out -eval "probe_test:main(\"$beam\", \"build/gen/demo\")"
