#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# engine.sh build    builds the engine, priv/arsenal, for Mix and rebar3. What is out of date, make knows.
# engine.sh version  prints the version
#
# The C sources are in c_src, if this is the package, or in the folder above, if it is the repository. Environment:
#   ARSENAL_PORT_PROGRAM  a program that is built already: it is taken as it is
#   ARSENAL_BUILD         make's build folder
set -eu
cd "$(dirname "$0")"
out=$(pwd -P)/priv
source=$(pwd -P)/c_src
[ -e "$source/Makefile" ] || source=$(dirname "$(pwd -P)")
if [ ! -e "$source/Makefile" ]; then
	echo "arsenal: the C sources are not here: neither c_src nor the repository above $(pwd -P). Take the package's tarball or the whole repository." >&2
	exit 1
fi

case ${1:-} in
version)
	sed -n 's/^VERSION := //p' "$source/Makefile"
	exit 0 ;;
build) ;;
*)
	echo "usage: engine.sh build|version" >&2
	exit 2 ;;
esac

mkdir -p "$out"
if [ -n "${ARSENAL_PORT_PROGRAM:-}" ]; then
	cmp -s "$ARSENAL_PORT_PROGRAM" "$out/arsenal" && exit 0
	# One that is running must not be written to.
	cp "$ARSENAL_PORT_PROGRAM" "$out/arsenal.new"
	chmod 755 "$out/arsenal.new"
	exec mv -f "$out/arsenal.new" "$out/arsenal"
fi
if ! command -v make >/dev/null; then
	echo "arsenal: there is no make here. On Debian: sudo apt-get install --no-install-recommends make gcc pkg-config" >&2
	exit 1
fi
# Those of a make around this one are not for ours.
unset MAKEFLAGS MFLAGS MAKELEVEL
set -- --no-print-directory -j"$(nproc)" -C "$source" port PORT_OUT="$out"
[ -z "${ARSENAL_BUILD:-}" ] || set -- "$@" BUILD="$ARSENAL_BUILD"
exec make "$@"
