#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# web_test.sh [FOLDER [NAME...]]  drives the dashboard of a demo of its own in headless Chromium: all tests, or those with NAME in their name. With a folder,
# screenshots of each view go there.
set -eu
screenshots=${1:-}
[ $# -eq 0 ] || shift
dir=$(mktemp -d)
demo=
stop() {
	[ -z "$demo" ] || { kill "$demo" 2>/dev/null && wait "$demo" || true; }
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

(cd test/web && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >"$dir/npm.log" 2>&1) || { cat "$dir/npm.log"; exit 1; }

build/arsenal demo --http 127.0.0.1:0 --state-dir "$dir/state" >"$dir/out" 2>"$dir/err" &
demo=$!
# The events of the storm are what the page is to show: wait for the anomaly that it makes.
for _ in $(seq 600); do
	grep -q 'Rapid restart cycle' "$dir/out" && break
	kill -0 "$demo" 2>/dev/null || { cat "$dir/err"; exit 1; }
	sleep 0.1
done
url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$dir/err")
BASE_URL=$url SCREENSHOTS=$screenshots node test/web/run.mjs "$@"
