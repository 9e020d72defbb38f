# SPDX-License-Identifier: Apache-2.0
"""A child that fails at regular intervals and a table that grows, on a live node: found, and foretold."""

import datetime

from harness import SystemTest, wait_until, watch
from subjects import ErlNode


def milliseconds(time):
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000


class Foresight(SystemTest):
    """Minutes long: a beat is no beat before six of them, and a growth no growth before some minutes."""

    lane = "side"
    quick = False
    PERIOD = 14

    def test_a_beat_and_a_growing_table(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, interval=1000)
        a.wait_seen(n.node)
        n.eval("subject:tree(clock_sup, {1000, 1}, [tick, steady])")
        n.eval("""spawn(fun Beat() -> timer:sleep(%d), subject:crash_once(clock_sup, {tick, boom}), Beat() end),
                  spawn(fun() -> ets:new(hoard, [named_table, public]),
                                 (fun Grow(I) -> ets:insert(hoard, {I, lists:seq(1, 2500)}), timer:sleep(200), Grow(I + 1) end)(1) end), ok""" % (self.PERIOD * 1000))

        def beat():
            return next((p for p in a.of(n.node, "patterns?type=periodic") if p["child_id"] == "tick"), None)

        wait_until(beat, 600, lambda: "a beat: %r" % a.of(n.node, "patterns"))
        found = beat()
        self.assertEqual((found["supervisor"], found["interval"]), ("clock_sup", self.PERIOD))
        self.assertLess(found["jitter"], 0.1)

        def foretold():
            return next((p for p in a.of(n.node, "predictions") if p["type"] == "periodic_restart" and p["child_id"] == "tick"), None)

        next_one = wait_until(foretold, 60, lambda: "the next beat is foretold: %r" % a.of(n.node, "predictions"))
        self.assertEqual(next_one["supervisor"], "clock_sup")
        self.assertLess(milliseconds(next_one["earliest"]), milliseconds(next_one["latest"]))
        # What was foretold comes true, or a later beat does: each is in the interval with the confidence alone.
        restarts = a.of(n.node, "restarts")["total_restarts"]
        expected = milliseconds(next_one["next_failure"])
        wait_until(lambda: a.of(n.node, "restarts")["total_restarts"] > restarts, 60, "the next beat")
        came = milliseconds(a.of(n.node, "restarts")["recent"][0]["timestamp"])
        self.note("expected %+.1f s from when it came" % ((expected - came) / 1000))
        self.assertLess(abs(expected - came), 1000 * self.PERIOD)

        def growth():
            return a.of(n.node, "capacity")["ets"]

        wait_until(lambda: growth()["trend"], 600, lambda: "a growing table: %r" % growth())
        found = growth()
        self.note("ETS: %s" % found["text"])
        per_hour = 2500 * 16 * 5 * 3600
        self.assertTrue(0.5 * per_hour < found["growth_per_hour"] < 1.2 * per_hour, found)
        self.assertLessEqual(found["growth_range"]["low"], found["growth_range"]["high"])
        largest = a.of(n.node, "tables")["tables"][0]
        self.assertEqual(largest["name"], "hoard")
