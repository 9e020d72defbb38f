# SPDX-License-Identifier: Apache-2.0
"""Attached and detached again and again: the node is no larger for it."""

import time

from harness import SystemTest, run_status, wait_until, watch
from subjects import ErlNode

# What may not grow at all, and what may be larger by some noise of the VM's own, in bytes, however often it was attached to.
EXACT = ("modules", "loaded", "processes", "ports", "tables", "persistent_terms", "registered", "sessions", "nodes", "atoms")
BYTES = {"code_bytes": 4096, "atom_bytes": 4096, "ets_bytes": 65536, "binary_bytes": 262144, "process_bytes": 262144, "system_bytes": 524288}


class Endurance(SystemTest):
    lane = "side"

    def attach_all(self, n, home, by_watch, by_status):
        """By the program both times: as one that stays, and as a check that comes and goes."""
        for _ in range(by_watch):
            a = watch(self.room, n.node, interval=1000, home=home)
            a.wait_seen(n.node)
            a.end()
        for _ in range(by_status):
            code, out, err = run_status(self.room, n.node, home=home)
            self.assertEqual(code, 0, out + err)

    def account(self, n, before):
        wait_until(lambda: n.traces() == before, 10, lambda: "nothing is left: %r" % n.traces())
        n.eval("hostile:account()")
        time.sleep(0.5)
        return n.eval("hostile:account()")

    def endure(self, by_watch, by_status):
        n = ErlNode(self.room)
        n.eval("subject:tree(my_sup, {1000000, 1}, lists:seq(1, 20))")
        home = self.room.make_folder("home")
        before = n.traces()
        self.attach_all(n, home, 5, 1)
        first = self.account(n, before)
        began = time.monotonic()
        self.attach_all(n, home, by_watch, by_status)
        took = time.monotonic() - began
        last = self.account(n, before)
        self.note("%d times in %.0f s; then and now %s" % (by_watch + by_status, took, ", ".join("%s %d %d" % (k, first[k], last[k]) for k in first)))
        grown = {k: (first[k], last[k]) for k in EXACT if last[k] > first[k]}
        grown.update({k: (first[k], last[k]) for k, slack in BYTES.items() if last[k] > first[k] + slack})
        self.assertEqual(grown, {}, "(then, now)")

    def test_fifty_times(self):
        self.endure(45, 5)

    def test_a_thousand_times(self):
        self.endure(900, 100)

    test_a_thousand_times.quick = False
