#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the probe and its tests, and runs them on nodes of their own.
set -eu
out=build/probe_test
rm -rf $out
mkdir -p $out
erlc -Werror -o $out otp/src/arsenal_probe.erl otp/demo/*.erl test/probe/*.erl
exec erl -noshell -pa $out -eval 'probe_test:main()'
