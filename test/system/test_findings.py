# SPDX-License-Identifier: Apache-2.0
"""What is made of a live node: its largest processes, patterns among its restarts, who will fail next, and what runs out."""

import datetime

from harness import HttpError, SystemTest, wait_until, watch
from subjects import ErlNode

RESOURCES = {"processes", "memory", "cpu", "ports", "atoms", "ets", "file_descriptors"}


def milliseconds(time):
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000


class Findings(SystemTest):
    lane = "side"

    def follow(self):
        self.n = ErlNode(self.room)
        self.a = watch(self.room, self.n.node, interval=500)
        self.a.wait_seen(self.n.node)

    def of(self, what):
        return self.a.of(self.n.node, what)

    def test_a_storm(self):
        self.follow()
        self.assertEqual(self.of("patterns"), [])
        self.n.eval("subject:tree(stormy_sup, {1000, 1}, [calm, wild])")
        for _ in range(6):
            self.n.eval("subject:crash_once(stormy_sup, {wild, boom})")
        storm, = wait_until(lambda: [p for p in self.of("patterns") if p["frequency"] == 6], 10, lambda: "a storm: %r" % self.of("patterns"))
        self.assertEqual((storm["type"], storm["child_id"], storm["supervisor"], storm["active"]), ("restart_storm", "wild", "stormy_sup", True))
        self.assertEqual(self.of("restarts")["patterns"], self.of("patterns"))
        self.assertEqual([p["child_id"] for p in self.of("patterns?type=storm")], ["wild"])
        self.assertEqual(self.of("patterns?type=periodic_restart"), [])
        self.assertEqual(self.of("predictions"), [])
        for wrong, status in (("patterns?type=storms", 400), ("predictions?n=1", 400), ("capacity?of=cpu", 400)):
            with self.assertRaises(HttpError) as raised:
                self.of(wrong)
            self.assertEqual(raised.exception.status, status)

    def test_a_budget_that_runs_out(self):
        self.follow()
        self.n.eval("subject:tree(doomed_sup, {40, 60}, [a])")
        self.n.eval("spawn(fun Again() -> timer:sleep(250), subject:crash_once(doomed_sup, {a, boom}), Again() end), ok")

        def budget():
            return next((p for p in self.of("predictions") if p["type"] == "restart_budget"), None)

        told = wait_until(budget, 10, "it is told of before it gives up")
        self.assertEqual((told["supervisor"], told["child_id"], told["intensity"], told["period"]), ("doomed_sup", None, 40, 60000))
        self.assertEqual(self.of("restarts")["gave_up"], 0)
        self.assertLessEqual(milliseconds(told["earliest"]), milliseconds(told["next_failure"]))
        self.assertIn("doomed_sup", told["text"])

    def test_capacity_and_the_largest(self):
        self.follow()
        self.n.eval("subject:hoard(hoarder, 1000)")
        first, = wait_until(lambda: [p for p in self.of("top?by=queue&n=1")["processes"] if p["value"] >= 1000], 20, "the longest queue")
        self.assertEqual((first["name"], first["message_queue_len"]), ("hoarder", 1000))
        self.assertEqual(len(self.of("top?by=memory&n=2")["processes"]), 2)
        capacity = self.of("capacity")
        self.assertEqual(set(capacity), RESOURCES)
        for name, c in capacity.items():
            self.assertFalse(c["trend"], name)
            self.assertEqual((c["full_at"], c["time_left"], c["earliest"], c["latest"]), (None,) * 4, name)
        p = capacity["processes"]
        self.assertEqual(p["limit"], self.n.eval("erlang:system_info(process_limit)"))
        self.assertAlmostEqual(p["utilization"], 100 * p["current"] / p["limit"], 6)
