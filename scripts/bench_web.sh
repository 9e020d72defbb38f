#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench_web.sh DAY_STORE  what the charts of a day cost headless Chromium. DAY_STORE is the program that makes a store of a day (mk/day.mk).
set -eu
dir=$(mktemp -d)
watch=
stop() {
	[ -z "$watch" ] || { kill "$watch" 2>/dev/null && wait "$watch" || true; }
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

(cd test/web && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >"$dir/npm.log" 2>&1) || { cat "$dir/npm.log"; exit 1; }
"$1" "$dir/day.db" shop@127.0.0.1
build/arsenal watch --store "$dir/day.db" --http 127.0.0.1:0 --state-dir "$dir/state" shop@127.0.0.1 >"$dir/out" 2>"$dir/err" &
watch=$!
for _ in $(seq 300); do
	grep -q 'listening on' "$dir/err" && break
	kill -0 "$watch" 2>/dev/null || { cat "$dir/err"; exit 1; }
	sleep 0.1
done
BASE_URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$dir/err") NODE=shop@127.0.0.1 node test/web/bench.mjs
