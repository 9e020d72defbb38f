#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cover.sh DIR  prints the share of lines that the unit tests ran, a line per source file, from gcov's data below DIR.
set -eu
cd "$1"
find . -name '*.gcda' -not -path './test/*' | while read -r data; do
	gcov -n -o "$(dirname "$data")" "$data" 2>/dev/null
done | awk -F"'" '/^File/ { file = $2 } /^Lines executed/ && file ~ /^src\/.*\.c$/ { sub("Lines executed:", ""); print file, $0; file = "" }' | sort -u
