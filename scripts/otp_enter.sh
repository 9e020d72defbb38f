#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otp_enter.sh SUITE FOLDER COMMAND...  runs COMMAND with the Erlang and Elixir of that Debian release (scripts/otp.sh), which sees FOLDER where it is
# here, and nothing else of this machine. In a mount namespace of its own, so that nothing stays mounted; every step is an exec, so that the command has
# the process id that was started. Needs root.
set -eu
if [ "$1" != --inside ]; then
	root=$(cd "$(dirname "$0")/../build/otp/$1" && pwd -P)
	shift
	exec unshare --mount sh "$0" --inside "$root" "$@"
fi
root=$2 files=$3
shift 3
mkdir -p "$root$files"
mount --bind "$files" "$root$files"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot "$root" sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
