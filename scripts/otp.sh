#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otp.sh SUITE...  unpacks the Erlang and Elixir of later Debian releases (trixie: OTP 27, sid: OTP 29) into build/otp/SUITE, where the
# tests find them. Needs root and debootstrap; what is there already is kept. A release that cannot be had is said, and its tests are skipped.
set -u
packages=erlang-base,erlang-eunit,erlang-crypto,erlang-ssl,erlang-inets,erlang-mnesia,erlang-os-mon,erlang-runtime-tools,erlang-tools,elixir
for suite in "$@"; do
	root=build/otp/$suite
	[ -e "$root/usr/bin/elixir" ] && continue
	rm -rf "$root"
	mkdir -p build/otp
	if ! debootstrap --variant=minbase --include=$packages "$suite" "$root" >"build/otp/$suite.log" 2>&1; then
		echo "the OTP of $suite cannot be had here; see build/otp/$suite.log"
		rm -rf "$root"
	fi
done
