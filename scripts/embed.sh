#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh [-z] NAME FILE...  prints C source: `const struct embedded_file NAME[]` with the files' bytes, ended by a NULL name. -z: with the files
# packed by gzip beside them, where there is gzip and it gains anything.
set -eu
zip=
[ "$1" != -z ] || { zip=$(command -v gzip || :); shift; }
name=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# bytes NAME FILE: an array of that name
bytes() {
	echo "static const unsigned char $1[] = {"
	od -An -v -tu1 "$2" | awk '{ gsub(/[ \t]+/, ","); sub(/^,/, ""); print $0 "," }'
	echo '};'
}

# packed I FILE: what the entry says of the packed bytes, in $dir/I; the array before it
packed() {
	echo '0, 0' >"$dir/$1"
	[ -n "$zip" ] && "$zip" -9n <"$2" >"$dir/packed" || return 0
	[ "$(wc -c <"$dir/packed")" -lt "$(wc -c <"$2")" ] || return 0
	bytes "packed_$1" "$dir/packed"
	echo "packed_$1, sizeof(packed_$1)" >"$dir/$1"
}

echo '#include "base/embed.h"'
i=0
for file in "$@"; do
	bytes "data_$i" "$file"
	packed "$i" "$file"
	i=$((i + 1))
done
echo "const struct embedded_file $name[] = {"
i=0
for file in "$@"; do
	hash=$(cksum <"$file" | tr ' ' -) # not every machine that builds a package has more
	echo "	{ \"$(basename "$file")\", data_$i, sizeof(data_$i), $(cat "$dir/$i"), \"$hash\" },"
	i=$((i + 1))
done
echo '	{ 0, 0, 0, 0, 0, 0 },'
echo '};'
