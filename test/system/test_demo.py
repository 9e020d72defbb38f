# SPDX-License-Identifier: Apache-2.0
"""arsenal demo: real faults, seen within a minute; and its node never outlives it."""

import contextlib
import os
import signal
import time

from harness import Arsenal, SystemTest, wait_until


def processes_of(arsenal):
    """VMs whose code is in the state folder of this demo."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/cmdline" % entry, "rb") as f:
                line = f.read()
            if arsenal.state_dir.encode() in line and b"beam" in line:
                found.append(int(entry))
    return found


class Demo(SystemTest):
    lane = "side"

    def start(self):
        a = Arsenal(self.room, "demo").wait_listening(timeout=20)
        node = wait_until(lambda: next(iter(a.nodes()), None), 10, "the demo's node is in the API")
        a.wait_state(node, "up", timeout=30)
        self.assertTrue(processes_of(a), "the test would not see the node: " + node)
        return a, node

    def test_shows_within_a_minute(self):
        began = time.monotonic()
        a, node = self.start()
        events = a.sse(last_id="0")
        left = lambda: max(1, 60 - (time.monotonic() - began))
        wait_until(lambda: a.total(node) > 0, left(), "a restart")
        self.note("restart after %.0f s" % (time.monotonic() - began))
        wait_until(lambda: [p for p in a.restarts(node)["patterns"] if p["type"] == "restart_storm"], left(), "a restart storm")
        self.note("storm after %.0f s" % (time.monotonic() - began))
        e = events.wait(lambda e: e.kind == "anomaly", left(), "an anomaly")
        self.note("%s after %.0f s" % (e.data["type"], time.monotonic() - began))
        wait_until(lambda: a.of(node, "anomalies"), 5, "the anomaly in the API")
        self.assertIn("http://127.0.0.1:%d/" % a.port, a.err() + a.out())
        self.assertTrue([x for x in a.out().splitlines() if "restart" in x.lower()], "the console shows restarts")
        a.end()
        wait_until(lambda: not processes_of(a), 5, "its node is gone")

    def test_node_ends_with_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number):
                a, node = self.start()
                a.asked = number
                os.kill(a.pid, number)
                a.wait(10)
                wait_until(lambda: not processes_of(a), 5, "the node is gone after signal %d" % number)
                if number != signal.SIGKILL:
                    self.assertEqual(a.code, 0)

    def test_two_demos(self):
        """Side by side, with a state folder each: none takes the other's port, cookie or node."""
        (first, node), (second, _) = self.start(), self.start()
        self.assertNotEqual(first.port, second.port)
        first.end()
        wait_until(lambda: not processes_of(first), 5, "the first one's node is gone")
        self.assertTrue(processes_of(second))
        second.wait_samples(node, 1)
