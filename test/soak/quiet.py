#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""quiet.py [--seconds N] [--arsenal PROGRAM]

Watches a RabbitMQ and an ejabberd under ordinary traffic (bench/load_*.erl) at the default interval, and says nothing while nothing is said: any anomaly of
the two is a false alarm, and makes it fail. Prints each as it comes, and how far it is once a minute."""

import argparse
import os
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "test", "system")]

from harness import Room, Run, Stream, watch  # noqa: E402
from record import LOADED  # noqa: E402

INTERVAL_MS = 5000


def describe(event):
    a = event.data
    return "%s %s %s: %s at %s, usually %s +- %s (score %s)" % (
        event.json.get("time", ""), event.node, a.get("type"), a.get("metric"), a.get("current_value"), a.get("baseline_value"), a.get("deviation"),
        a.get("score"))


def stay_quiet(stream, seconds):
    told, begin = 0, time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        found = stream.of("anomaly")
        for event in found[told:]:
            print(describe(event), flush=True)
        told = len(found)
        print("%d of %d s, %d anomalies" % (passed, seconds, told), flush=True)
        time.sleep(max(0, min(60, seconds - passed)))
    return len(stream.of("anomaly"))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=3600)
    options.add_argument("--arsenal", default=Run.arsenal)
    options = options.parse_args()
    Run.begin(options.arsenal, False)
    room = Room("quiet")
    try:
        servers = [(subject(room), load) for subject, load in LOADED.values()]
        a = watch(room, *[s.node for s, _ in servers], interval=INTERVAL_MS)
        stream = Stream(a.port, "/api/v1/events?types=anomaly")
        for server, load in servers:
            a.wait_seen(server.node)
            load(room, server)
        false_alarms = stay_quiet(stream, options.seconds)
    finally:
        room.close()
        Run.end(False)
    print("false anomalies in %g s of %d nodes: %d" % (options.seconds, len(servers), false_alarms))
    return 1 if false_alarms else 0


if __name__ == "__main__":
    sys.exit(main())
