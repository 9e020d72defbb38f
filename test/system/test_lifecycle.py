# SPDX-License-Identifier: Apache-2.0
"""Nodes that die, come back, hang; several watchers; kept names."""

import time

from common import Watchful, names_restart
from harness import SystemTest, wait_until, watch
from subjects import ErlNode


class Lifecycle(SystemTest):
    lane = "side"

    def crash(self, node, times=1):
        for _ in range(times):
            node.eval("subject:crash_once(my_sup, {one, why})")

    def test_node_killed_and_restarted(self):
        n, healthy = ErlNode(self.room), ErlNode(self.room)
        a = watch(self.room, n.node, healthy.node, interval=500)
        a.wait_seen(n.node)
        a.wait_seen(healthy.node)
        states = a.sse(types="node")
        anomalies = a.sse(types="anomaly")
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        self.crash(n, 3)
        wait_until(lambda: a.total(n.node) == 3, 5, "three restarts")
        with Watchful(a, healthy.node) as w:
            n.kill()
            killed = time.monotonic()
            a.wait_state(n.node, "unreachable", "connecting", timeout=5)
            self.note("seen down %.0f ms after the kill" % ((time.monotonic() - killed) * 1000))
            states.wait(lambda e: e.node == n.node and e.data["state"] == "unreachable", 10, "an event for the loss")
            down = anomalies.wait(lambda e: e.node == n.node and e.data["type"] == "node_down", 10, "the node is down")
            self.assertTrue(down.data["description"])
            a.wait_state(n.node, "unreachable", timeout=10)
            self.assertEqual(a.total(n.node), 3, "what was counted stays")
            n.start()
            started = time.monotonic()
            states.wait(lambda e: e.node == n.node and e.data["state"] == "up", 40, "an event for the return")
            self.note("linked again %.1f s after its start" % (time.monotonic() - started))
            a.wait_state(n.node, "up", timeout=5)
        w.check(self, growth_mb=16, gap=3)
        a.wait_samples(n.node, 2)
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        self.crash(n, 2)
        wait_until(lambda: a.total(n.node) == 5, 5, lambda: "totals go on: %d" % a.total(n.node))

    def test_node_stops_gracefully(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, interval=500)
        a.wait_seen(n.node)
        n.eval("init:stop()")
        a.wait_state(n.node, "unreachable", timeout=10)
        self.assertEqual(a.get_raw("/healthz")[0], 200, "arsenal itself is well")

    def test_node_stopped(self):
        """SIGSTOP: connected, and silent."""
        n, healthy = ErlNode(self.room), ErlNode(self.room)
        a = watch(self.room, n.node, healthy.node, interval=500)
        a.wait_seen(n.node)
        a.wait_seen(healthy.node)
        with Watchful(a, healthy.node) as w:
            n.pause()
            stopped = time.monotonic()
            state = a.wait_state(n.node, "stalled", "hanging", "unreachable", timeout=20)
            self.note("%s %.1f s after SIGSTOP" % (state["state"], time.monotonic() - stopped))
            self.assertTrue(state["detail"])
            n.resume()
            a.wait_state(n.node, "up", timeout=40)
        w.check(self, growth_mb=16, gap=3)
        a.wait_samples(n.node, 2)

    def test_not_there_at_first(self):
        n = ErlNode(self.room, start=False)
        a = watch(self.room, n.node, interval=500)
        a.wait_state(n.node, "unreachable")
        n.start()
        a.wait_state(n.node, "up", timeout=40)

    def test_two_watchers(self):
        n = ErlNode(self.room)
        before = n.traces()
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        first, second = (watch(self.room, n.node, interval=500) for _ in range(2))
        streams = []
        for a in (first, second):
            a.wait_seen(n.node)
            streams.append(a.sse(types="restart"))
        self.assertEqual(len(n.links()), 2)
        self.crash(n)
        for s in streams:
            s.wait(lambda e: names_restart(e, "one", "my_sup"), 5, "both see the restart")
        first.end()
        wait_until(lambda: len(n.links()) == 1, 2, "one has left")
        self.crash(n)
        streams[1].wait_many(lambda e: names_restart(e, "one", "my_sup"), 2, 5, "the other still sees")
        second.wait_samples(n.node, 2)
        self.assertTrue(n.traces()["scheduler_wall_time"])
        self.assertEqual(len(n.traces()["modules"]), 1)
        second.end()
        wait_until(lambda: n.traces() == before, 2, lambda: "nothing is left: %r" % n.traces())

    def test_kept_names(self):
        n = ErlNode(self.room)
        folder = self.room.path("state")
        first = watch(self.room, n.node, state_dir=folder)
        first.wait_seen(n.node)
        name = n.links()
        self.assertEqual(len(name), 1)
        self.assertRegex(name[0], r"^arsenal-[0-9a-f]{8}@")
        second = watch(self.room, n.node, state_dir=folder)
        second.wait_seen(n.node)
        both = sorted(n.links())
        self.assertEqual(len(both), 2, "two of one folder have two names")
        second.end()
        first.end()
        wait_until(lambda: n.links() == [], 2, "both have left")
        third = watch(self.room, n.node, state_dir=folder)
        third.wait_seen(n.node)
        self.assertEqual(n.links(), name, "the name is kept")
        fourth = watch(self.room, n.node, state_dir=folder)
        fourth.wait_seen(n.node)
        self.assertEqual(sorted(n.links()), both)

    def test_killed_arsenal_comes_back_under_its_name(self):
        """A stale link of our own must not keep us out."""
        n = ErlNode(self.room)
        folder = self.room.path("state")
        for _ in range(3):
            a = watch(self.room, n.node, state_dir=folder)
            a.wait_seen(n.node, timeout=15)
            a.asked = 9
            a.kill()

    def test_filter_is_put_back(self):
        """Somebody removes all primary filters, or Logger starts anew: restarts are seen again after a tick."""
        n = ErlNode(self.room)
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        a = watch(self.room, n.node, interval=300)
        a.wait_seen(n.node)
        n.eval("[logger:remove_primary_filter(Id) || {Id, _} <- maps:get(filters, logger:get_primary_config())], ok")
        a.wait_samples(n.node, 3)
        events = a.sse(types="restart")
        self.crash(n)
        events.wait(lambda e: names_restart(e, "one", "my_sup"), 5, "the restart after the filter was removed")

    def test_probe_killed(self):
        """Somebody kills the holder: it is put in again."""
        n = ErlNode(self.room)
        before = n.traces()
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        a = watch(self.room, n.node, interval=300)
        a.wait_seen(n.node)
        n.eval("[exit(whereis(R), kill) || R <- registered(), lists:prefix(\"arsenal\", atom_to_list(R))], ok")
        wait_until(lambda: n.traces()["registered"], 40, "it is there again")
        a.wait_state(n.node, "up", timeout=10)
        a.wait_samples(n.node, 2)
        events = a.sse(types="restart")
        self.crash(n)
        events.wait(lambda e: names_restart(e, "one", "my_sup"), 5, "the restart after the probe was killed")
        a.end()
        wait_until(lambda: n.traces() == before, 2, lambda: "nothing is left: %r" % n.traces())


class Instances(SystemTest):
    lane = "side"

    def test_twelve_nodes(self):
        nodes = [ErlNode(self.room) for _ in range(12)]
        a = watch(self.room, *[n.node for n in nodes], interval=500)
        for n in nodes:
            a.wait_seen(n.node, timeout=30)
        events = a.sse(types="restart")
        for n in nodes:
            n.eval("subject:tree(my_sup, {100, 1}, [one])")
            n.eval("subject:crash_once(my_sup, {one, why})")
        for n in nodes:
            events.wait(lambda e: e.node == n.node, 10, "a restart of " + n.node)
            self.assertEqual(a.total(n.node), 1)

    test_twelve_nodes.quick = False
