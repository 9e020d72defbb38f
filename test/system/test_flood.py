# SPDX-License-Identifier: Apache-2.0
"""Nodes that restart things faster than anybody can read: totals stay exact, memory bounded, other nodes watched."""

from common import Watchful
from harness import SystemTest, wait_until, watch
from subjects import ErlNode


class Flood(SystemTest):
    def watched_pair(self):
        flooding, healthy = ErlNode(self.room), ErlNode(self.room)
        flooding.eval("subject:quiet()")
        a = watch(self.room, flooding.node, healthy.node, interval=500)
        a.wait_seen(flooding.node)
        a.wait_seen(healthy.node)
        return flooding, healthy, a

    def wait_total(self, a, node, expected):
        wait_until(lambda: a.total(node) >= expected, 20, lambda: "%d restarts in total; now %d" % (expected, a.total(node)))
        a.wait_samples(node, 2)
        answer = a.restarts(node)
        self.assertEqual(answer["total_restarts"], expected)
        return answer

    def test_ten_thousand_reports_a_second(self):
        flooding, healthy, a = self.watched_pair()
        events = a.sse()
        with Watchful(a, healthy.node) as w:
            took = flooding.eval("subject:flood(100000, 10000)", timeout=60)
            self.wait_total(a, flooding.node, 100000)
        self.assertLess(took, 16000, "the flood had its rate")
        w.check(self, growth_mb=64, gap=3)
        self.assertEqual(a.total(healthy.node), 0)
        self.assertTrue(events.of("restart"))
        self.assertFalse([e for e in events.of("restart") if e.node == healthy.node])
        self.assertEqual(a.of(flooding.node, "health")["overall_status"], "critical")
        answer = a.restarts(flooding.node)
        described = sum(answer["restart_reasons"].values())
        self.assertEqual(described + answer.get("undescribed", 0), 100000, "every restart has a reason or is said to have none")
        self.note("100,000 reports in %.1f s, as many in the total, %d of them with child and reason" % (took / 1000, described))

    def test_a_child_that_crashes_at_once(self):
        """Real ones: children that end as soon as they are told to, under a supervisor that never gives up."""
        flooding, healthy, a = self.watched_pair()
        flooding.eval("subject:tree(hot_sup, {100000000, 1}, lists:seq(1, 200))")
        with Watchful(a, healthy.node) as w:
            crashed = flooding.eval("subject:crash_all(hot_sup, 5000)", timeout=60)
            self.wait_total(a, flooding.node, crashed)
        self.note("%d real restarts in 5 s" % crashed)
        self.assertGreater(crashed, 5000)
        w.check(self, growth_mb=64, gap=3)
        self.assertEqual(a.total(healthy.node), 0)

    def test_many_children_and_huge_reasons(self):
        """10,000 children each with a reason of its own of 160 kB: kept within bounds, counted all."""
        flooding, healthy, a = self.watched_pair()
        flooding.eval("subject:tree(wide_sup, {100000000, 1}, lists:seq(1, 10000))", timeout=60)
        with Watchful(a, healthy.node) as w:
            flooding.eval("[P ! {crash, {Id, lists:duplicate(10, lists:duplicate(1000, $x))}} || {Id, P} <- subject:children_pids(wide_sup)], ok", timeout=120)
            wait_until(lambda: flooding.eval("length(subject:children_pids(wide_sup))", timeout=60) == 10000, 60, "all are back")
            self.wait_total(a, flooding.node, 10000)
        w.check(self, growth_mb=96, gap=3)
        status, _, body = a.get_raw("/api/v1/nodes/%s/restarts" % flooding.node)
        self.assertLess(len(body), 4 << 20, "the answer is bounded")

    test_many_children_and_huge_reasons.quick = False
