#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh NAME FILE...  prints C source: `const struct embedded_file NAME[]` with the files' bytes, ended by a NULL name.
set -eu
name=$1
shift
echo '#include "base/embed.h"'
i=0
for file in "$@"; do
	echo "static const unsigned char data_$i[] = {"
	od -An -v -tu1 "$file" | awk '{ gsub(/[ \t]+/, ","); sub(/^,/, ""); print $0 "," }'
	echo '};'
	i=$((i + 1))
done
echo "const struct embedded_file $name[] = {"
i=0
for file in "$@"; do
	echo "	{ \"$(basename "$file")\", data_$i, sizeof(data_$i) },"
	i=$((i + 1))
done
echo '	{ 0, 0, 0 },'
echo '};'
