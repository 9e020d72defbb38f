#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh run|check  installs what is missing, on Debian, as root; otherwise prints the command and stops.
set -eu

run_packages='gcc make pkg-config libc6-dev libevent-dev libssl-dev libjansson-dev libsqlite3-dev libncurses-dev erlang-base'
check_packages="$run_packages g++ clang clang-format libclang-rt-14-dev libcmocka-dev cppcheck valgrind erlang-dev erlang-crypto
	erlang-eunit erlang-runtime-tools erlang-tools erlang-edoc erlang-inets erlang-proper erlang-ssl rebar3 elixir rabbitmq-server ejabberd prometheus python3 openssl tmux chromium curl libcairo2 libzstd1 zlib1g"

case ${1:-} in
run) packages=$run_packages ;;
check) packages=$check_packages ;;
*) echo "usage: deps.sh run|check" >&2; exit 2 ;;
esac

# A tool that is here by other means than a package serves as well.
have() {
	case $1 in
	gcc | make | clang | clang-format | cppcheck | valgrind | chromium | tmux | curl | openssl | python3) command -v "$1" >/dev/null && return 0 ;;
	esac
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

missing=
for p in $packages; do
	have "$p" || missing="$missing $p"
done
if ! command -v npm >/dev/null; then
	missing="$missing nodejs npm"
fi
if [ -z "$missing" ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "missing:$missing (this is no Debian: install their like by hand)" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages; run this, then try again:" >&2
	echo "  sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

# The servers are subjects for tests; they must not start as services of this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f $policy' EXIT
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing >/dev/null
