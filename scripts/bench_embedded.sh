#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench_embedded.sh PROGRAM  the server in an application against a plain gen_server; PROGRAM is the engine (make port).
set -eu
program=$(realpath "$1")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
erlc -Werror -o "$out" otp/src/*.erl otp/test/arsenal_day.erl bench/bench_embedded.erl
erl -noinput -noshell +P 1000000 -pa "$out" -eval "bench_embedded:main(\"$program\")"
