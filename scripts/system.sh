#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# system.sh [--quick] [--arsenal PATH] [NAME...]  the system tests; test/system/run.py --help has the rest.
cd "$(dirname "$0")/.." && exec python3 -B test/system/run.py "$@"
