#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lib_test.sh  tries libarsenal as its users have it: the header alone, an installed library found by pkg-config, the examples linked to
# both forms and under valgrind, the symbols. `make lib-test` has built before; BUILD is its folder.
set -u
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
strict='-Wall -Wextra -Wconversion -Wshadow -pedantic -Werror'
passed=0
failed=0

# try NAME COMMAND...  runs it; its output is shown if it fails.
try() {
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		tail -n 40 "$work/log"
		failed=$((failed + 1))
	fi
}

# ---- the header alone ----
header() {
	printf '#include "arsenal.h"\nint x(void);\nint x(void) { return ARSENAL_VERSION_NUMBER; }\n' >"$work/header.$3"
	# shellcheck disable=SC2086
	"$1" -std="$2" $strict -Iinclude -c -o "$work/header.o" "$work/header.$3"
}
for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	for std in c99 c11 c17; do
		try "header in $std by $cc" header $cc $std c
	done
done
for cxx in g++ clang++; do
	command -v $cxx >/dev/null || continue
	for std in c++11 c++17 c++20; do
		try "header in $std by $cxx" header $cxx $std cc
	done
done

# ---- an installation ----
PKG_CONFIG_PATH=$root/opt/arsenal/lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libdir=$root/opt/arsenal/lib
try "install" $MAKE --no-print-directory BUILD="$BUILD" DESTDIR="$root" PREFIX=/opt/arsenal LIBDIR=/opt/arsenal/lib install-lib
try "its version" sh -c 'test "$(pkg-config --modversion arsenal)" = "$(sed -n "s/^#define ARSENAL_VERSION_STRING \"\(.*\)\"/\1/p" include/arsenal.h)"'
try "another libdir" sh -c "$MAKE --no-print-directory BUILD='$BUILD' DESTDIR='$work/other' PREFIX=/usr LIBDIR=/usr/lib64 install-lib &&
	test -e '$work/other/usr/lib64/libarsenal.so' && grep -q 'libdir=/usr/lib64' '$work/other/usr/lib64/pkgconfig/arsenal.pc'"

# build OUTPUT COMPILER STANDARD SOURCE FLAGS
# shellcheck disable=SC2046,SC2086
build() {
	$2 -std=$3 $strict -O1 -g -o "$work/$1" "$4" $5
}
shared=$(pkg-config --cflags --libs arsenal 2>/dev/null)
static="$(pkg-config --cflags arsenal 2>/dev/null) $libdir/libarsenal.a -lm"
try "example, shared" build workers_shared gcc c17 examples/workers.c "$shared -lm"
try "example, static" build workers_static gcc c17 examples/workers.c "$static"
try "example in C++, shared" build cc_shared g++ c++17 examples/workers.cc "$shared"
try "example in C++, static" build cc_static g++ c++17 examples/workers.cc "$static"
try "pkg-config --static names libm" sh -c 'pkg-config --static --libs arsenal | grep -q -- -lm'

# ---- the examples run ----
# under LOG PROGRAM...  runs it under valgrind: no error, and nothing lost.
under() {
	log=$1
	shift
	LD_LIBRARY_PATH=$libdir valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible \
		--error-exitcode=99 "$@" >"$log"
}
# What the program must have seen: restarts of the worker that fails by a schedule, the anomaly of it, and counts like its own.
saw() {
	grep -q 'restart_anomaly' "$1" && grep -q '^restarts mailer [4-9]' "$1" && grep -q '^health {.*"overall_status":' "$1" &&
		grep -q '^restarts {.*"exit status 3":' "$1" && grep -q '^pages [1-9]' "$1" && grep -q '^capacity memory: [0-9]' "$1" &&
		awk '/^restarts [a-z]/ { n++; if ($3 != substr($6, 1, length($6) - 1)) exit 1 } END { if (n < 2) exit 1 }' "$1"
}
LD_LIBRARY_PATH=$libdir
export LD_LIBRARY_PATH
try "workers runs, shared" sh -c "'$work/workers_shared' --seconds 3 >'$work/shared.txt'"
try "workers sees its workers, shared" saw "$work/shared.txt"
try "workers under valgrind, static" under "$work/static.txt" "$work/workers_static" --seconds 5
try "workers sees its workers, under valgrind" saw "$work/static.txt"
try "workers under valgrind, shared" under "$work/shared2.txt" "$work/workers_shared" --seconds 2 --interval 200
try "C++ under valgrind, shared" under "$work/cc.txt" "$work/cc_shared"
try "C++ under valgrind, static" under "$work/cc.txt" "$work/cc_static"
try "workers refuses nonsense" sh -c "'$work/workers_static' --seconds x; test \$? = 2"

# Five restarts of one worker within a minute are a pattern, fewer are none.
storm() {
	awk '/^restarts mailer/ { n = $3 } /^pattern mailer restart_storm: / { storm = 1 } END { exit (n >= 5) != storm + 0 }' "$1"
}
try "a storm among the workers" storm "$work/static.txt"
try "a storm, or none yet" storm "$work/shared.txt"

# ---- a program with a comma in its numbers ----
comma() {
	localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" || test -d "$work/locales/de_DE.UTF-8" || return 1
	cat >"$work/comma.c" <<-END
		#include <arsenal.h>
		#include <locale.h>
		#include <stdio.h>
		int main(void)
		{
			struct arsenal *a = arsenal_new("x", NULL, NULL, 0);
			char *text = NULL;
			if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL || arsenal_sample_set(a, "memory_utilization", 66.625) ||
			    arsenal_sample_submit(a, 1000) || arsenal_health_json(a, 1000, &text))
				return 1;
			printf("%.1f %s\\n", 0.5, text);
			arsenal_string_free(text);
			arsenal_free(a);
			return 0;
		}
	END
	build comma gcc c17 "$work/comma.c" "$static" || return 1
	LOCPATH=$work/locales "$work/comma" >"$work/comma.txt" && cat "$work/comma.txt" &&
		grep -q '^0,5 ' "$work/comma.txt" && grep -q '"value":66\.625' "$work/comma.txt"
}
if command -v localedef >/dev/null && [ -e /usr/share/i18n/locales/de_DE ]; then
	mkdir -p "$work/locales"
	try "JSON where numbers have a comma" comma
fi

# ---- calls in random order ----
try "random calls under ASan" "$BUILD/lib/random_asan"

# ---- the symbols are those of the header, and nothing else is needed or written to ----
gcc -E -P -Iinclude -x c include/arsenal.h | grep -o 'arsenal_[a-z_0-9]*(' | tr -d '(' | sort -u >"$work/header.txt"
dynamic() {
	nm -D --defined-only "$libdir/libarsenal.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/dynamic.txt"
	diff "$work/header.txt" "$work/dynamic.txt"
}
archived() {
	nm -g --defined-only "$libdir/libarsenal.a" | awk 'NF == 3 { print $3 }' | sort >"$work/archived.txt"
	diff "$work/header.txt" "$work/archived.txt"
}
versioned() {
	test "$(nm -D --defined-only "$libdir/libarsenal.so" | awk '$2 == "T"' | grep -vc '@@ARSENAL_0\.1$')" = 0
}
soname() {
	objdump -p "$libdir/libarsenal.so" | grep -q 'SONAME *libarsenal.so.0.1$' && test -e "$libdir/libarsenal.so.0.1"
}
needs() {
	test "$(objdump -p "$libdir/libarsenal.so" | awk '$1 == "NEEDED" { print $2 }' | grep -v '^libc\.so\|^libm\.so\|^ld-linux' | wc -l)" = 0
}
# No I/O but the last words at abort, no clock, no threads: what is imported does none of it.
imports() {
	nm -D --undefined-only "$libdir/libarsenal.so" | awk '{ sub(/@.*/, "", $NF); print $NF }' >"$work/imports.txt"
	! grep -E '^(open|read|write|socket|fopen|pthread_|clock_|time$|gettimeofday|gmtime|localtime|mktime|timegm|rand|getenv|fork|signal)' "$work/imports.txt"
}
no_globals() {
	test "$(nm "$libdir/libarsenal.a" | awk '$2 ~ /^[bBcCD]$/' | wc -l)" = 0 &&
		test "$(size -A "$libdir/libarsenal.a" | awk '$1 == ".data" || $1 == ".bss" { n += $2 } END { print n + 0 }')" = 0
}
clash() {
	printf '#include <arsenal.h>\nint engine_new(void); int xmalloc(void);\nint engine_new(void) { return 1; }\nint xmalloc(void) { return 2; }\nint main(void)
{ struct arsenal *a = arsenal_new("x", 0, 0, 0); int bad = a == 0; arsenal_free(a); return bad + engine_new() + xmalloc() - 3; }\n' >"$work/clash.c"
	build clash gcc c17 "$work/clash.c" "$static" && "$work/clash"
}
try "exported symbols, shared" dynamic
try "exported symbols, static" archived
try "symbols have their version" versioned
try "soname" soname
try "needs libc and libm only" needs
try "imports nothing that does I/O" imports
try "no variables" no_globals
try "a program's own names do not clash" clash

echo "lib: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
