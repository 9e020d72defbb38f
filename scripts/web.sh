#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# web.sh FOLDER  builds the dashboard there, by npm: one page, one script, one style sheet. What npm brings lies in build/npm, and is fetched once.
set -eu
out=$1
command -v npm >/dev/null || {
	echo 'arsenal: npm is missing, which builds the dashboard. On Debian and Ubuntu:' >&2
	echo '  sudo apt-get install --no-install-recommends nodejs npm' >&2
	exit 1
}
npm=build/npm
mkdir -p "$npm" "$out"
if ! cmp -s web/package-lock.json "$npm/installed"; then
	cp web/package.json web/package-lock.json web/.npmrc "$npm/"
	(cd "$npm" && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund) >"$npm/log" 2>&1 || { cat "$npm/log" >&2; exit 1; }
	cp web/package-lock.json "$npm/installed"
fi
NODE_PATH=$npm/node_modules "$npm/node_modules/.bin/esbuild" web/src/main.js --bundle --minify --format=esm --target=es2023 --legal-comments=none \
	--log-level=warning --outfile="$out/main.js"
# It makes 4 % less of it once more.
"$npm/node_modules/.bin/terser" "$out/main.js" --module --ecma 2020 --compress passes=2 --mangle --output "$out/main.js"
cp web/index.html web/theme.js web/favicon.svg web/openapi.json "$out/"
# A page that grew by accident is found here, not by its users.
size=$(cat "$out"/*.html "$out"/*.js "$out"/*.css | gzip -9 | wc -c)
[ "$size" -le 102400 ] || { echo "arsenal: the dashboard has $size bytes gzipped, more than 102400" >&2; exit 1; }
