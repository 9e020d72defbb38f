#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otp.sh SUITE...  unpacks the Erlang and Elixir of later Debian releases (trixie: OTP 27, sid: OTP 29) into build/otp/SUITE, where the
# tests find them. What is there already is kept. A release that cannot be had is said, and its tests are skipped.
#
# Nothing is installed or configured, here or there: an apt with folders of its own says which packages are needed and fetches them from the mirror
# of this machine, and they are unpacked beside each other. That is enough to run programs in a chroot.
set -u
packages="base-files dash coreutils sed grep erlang-base erlang-eunit erlang-crypto erlang-ssl erlang-inets erlang-mnesia erlang-os-mon
	erlang-runtime-tools erlang-tools elixir"

# The place from which this machine has its own release.
mirror() {
	apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$(SITE)" | awk -v release="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
		'$1 == release && $2 == "main" { print $3; exit }'
}

# fetch SUITE FOLDER: the packages into FOLDER/cache/archives
fetch() {
	site=$(mirror)
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -n "$site" ] || { echo "apt knows no mirror"; return 1; }
	mkdir -p "$2/state/lists/partial" "$2/cache/archives/partial"
	echo "deb [signed-by=$keyring] $site $1 main" >"$2/sources.list"
	set -- "$2" -o Dir::Etc::SourceList="$2/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$2/state" \
		-o Dir::State::Status=/dev/null -o Dir::Cache="$2/cache" -o APT::Install-Recommends=0 -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Retries=2
	folder=$1
	shift
	apt-get "$@" update || return 1
	# shellcheck disable=SC2086
	apt-get "$@" -y --download-only install $packages || return 1
	ls "$folder"/cache/archives/erlang-base_*.deb
}

# unpack FOLDER ROOT: base-files first, for its links from /bin to /usr/bin and the like
unpack() {
	mkdir -p "$2"
	dpkg-deb -x "$1"/cache/archives/base-files_*.deb "$2" &&
		printf '%s\0' "$1"/cache/archives/*.deb | xargs -0 -P 2 -I{} dpkg-deb -x {} "$2" &&
		echo "127.0.0.1 localhost" >"$2/etc/hosts" && [ -x "$2/usr/bin/erl" ]
}

# Made beside its place and moved there when it is whole, so that an interrupted one is not taken for one.
make_root() {
	work=$(pwd -P)/build/otp/$1.new
	rm -rf "$work"
	mkdir -p "$work"
	fetch "$1" "$work" && unpack "$work" "$work/root" && rm -rf "build/otp/$1" && mv "$work/root" "build/otp/$1"
	result=$?
	rm -rf "$work"
	return $result
}

for suite in "$@"; do
	[ -e "build/otp/$suite/usr/bin/elixir" ] && continue
	mkdir -p build/otp
	make_root "$suite" >"build/otp/$suite.log" 2>&1 || echo "the OTP of $suite cannot be had here; see build/otp/$suite.log"
done
