# SPDX-License-Identifier: Apache-2.0
"""Nodes that work, and are hard to watch: unwilling to load code, overloaded, turning over processes, with supervisors that do not answer or
have names and children of any kind."""

import re
import time

from common import MB, Watchful, check_exposition, names_restart
from harness import SystemTest, holds_for, run_status, wait_until, watch
from subjects import ErlNode


class Unwilling(SystemTest):
    """What cannot be had is said, and the rest is watched."""

    lane = "side"

    def check_plain(self, n, a):
        a.wait_seen(n.node, timeout=40)
        a.wait_samples(n.node, 2)
        detail = a.nodes()[n.node]
        self.assertRegex(str(detail), "plain calls")
        self.assertRegex(a.err(), r"(?i)%s.*restart" % re.escape(n.node), "says what it cannot see")
        self.assertIs(a.restarts(n.node)["observed"], False)
        self.assertIn("restarts", a.of(n.node, "health")["observed"]["missing"])
        self.assertGreater(a.of(n.node, "performance")["processes"]["count"], 20)

    def test_loading_is_refused(self):
        n = ErlNode(self.room)
        n.eval("hostile:forbid_loading()")
        before = n.traces()
        a = watch(self.room, n.node, interval=500)
        self.check_plain(n, a)
        self.assertIn("not_allowed_here", a.err(), "the node's own reason")
        code, out, _ = run_status(self.room, n.node)
        self.assertIn(code, (0, 1), out)
        a.end()
        wait_until(lambda: n.traces() == before, 2, lambda: "nothing is left: %r" % n.traces())

    def test_a_code_server_that_does_not_answer(self):
        """Nothing is loaded there for half a minute; then it works by plain calls, and attaches when the code server is back."""
        n = ErlNode(self.room)
        self.assertEqual(run_status(self.room, n.node)[0], 0)  # what the node needs for a link is loaded
        wait_until(lambda: not n.traces()["loaded"], 5, "the check has left")
        n.eval("hostile:stick_code_server()")
        a = watch(self.room, n.node, interval=500)
        self.check_plain(n, a)
        self.assertRegex(a.err(), "no answer in time")
        n.eval("hostile:stop(stuck_code_server)")
        wait_until(lambda: "probe is attached" in a.nodes()[n.node]["detail"], 40, lambda: "the probe is attached: %r" % a.nodes()[n.node])
        a.wait_samples(n.node, 2)
        self.assertIs(a.restarts(n.node)["observed"], True)

    test_a_code_server_that_does_not_answer.quick = False


class Busy(SystemTest):
    def test_thousands_of_processes_that_want_to_run(self):
        n = ErlNode(self.room, args=["+S", "1"])  # the other core is for those who measure
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        n.eval("hostile:overload(2000)")
        began = time.monotonic()
        a = watch(self.room, n.node, interval=1000)
        a.wait_seen(n.node, timeout=60)
        self.note("attached in %.1f s" % (time.monotonic() - began))
        events = a.sse(types="restart")
        began = time.monotonic()
        with Watchful(a, n.node) as w:
            a.wait_samples(n.node, 8, timeout=60)
        self.note("8 samples of 1 s in %.1f s" % (time.monotonic() - began))
        w.check(self, growth_mb=16, gap=10)
        performance = a.of(n.node, "performance")
        self.assertGreater(performance["processes"]["runnable"], 1800)
        n.eval("subject:crash_once(my_sup, {one, why})", timeout=60)
        events.wait(lambda e: names_restart(e, "one", "my_sup"), 30, "the restart is seen all the same")
        n.eval("hostile:stop(overload)", timeout=60)
        a.wait_samples(n.node, 2)
        self.assertEqual(a.state(n.node)[0], "up")

    def test_a_hundred_thousand_processes_a_second(self):
        n = ErlNode(self.room)
        n.eval("subject:fill(2000)")
        n.eval("hostile:storm(100000)")
        a = watch(self.room, n.node, interval=500)
        a.wait_seen(n.node, timeout=30)
        first, since = n.eval("hostile:storm_count()"), time.monotonic()
        with Watchful(a, n.node) as w:
            wait_until(lambda: self.metrics(a, n).get("mq_scanned"), 40, "a walk has ended")
            walks = {self.metrics(a, n)["probe_walk_us"]}

            def two_more():
                walks.add(self.metrics(a, n)["probe_walk_us"])
                return len(walks) >= 3
            wait_until(two_more, 40, "two more walks have ended")
            a.wait_samples(n.node, 10)
        rate = (n.eval("hostile:storm_count()") - first) / (time.monotonic() - since)
        self.note("%d processes came and went a second" % rate)
        self.assertGreater(rate, 30000, "the storm had its rate")
        w.check(self, growth_mb=16, gap=5)
        performance = a.of(n.node, "performance")
        metrics = performance["metrics"]
        self.assertGreater(metrics["process_count"], 2000)
        self.assertLess(metrics["process_count"], 2000 + 2 * rate)
        self.assertGreater(metrics["mq_scanned"], 1900)
        self.assertLessEqual(metrics["mq_scanned"], metrics["mq_total"])
        self.assertLess(metrics["probe_memory"], 32 * MB)
        for by in ("memory", "queue", "reductions"):
            for process in a.of(n.node, "top?by=" + by)["processes"]:
                self.assertTrue(process["pid"], process)
        self.assertEqual(n.traces()["modules"] != [], True)

    @staticmethod
    def metrics(a, n):
        return {k: v for k, v in a.of(n.node, "performance")["metrics"].items() if v is not None}


class OddTrees(SystemTest):
    def follow(self):
        n = ErlNode(self.room)
        n.eval("subject:quiet()")
        self.before = n.traces()
        a = watch(self.room, n.node, "--json", interval=500)
        return n, a.wait_seen(n.node)

    def check_outlets(self, a, n):
        """Whatever the node calls things, every answer is well-formed, and of bounded size."""
        for what in ("restarts", "health", "performance", "anomalies", "patterns", "top?by=memory"):
            status, _, body = a.get_raw("/api/v1/nodes/%s/%s" % (n.node, what))
            if status == 404:
                continue
            self.assertEqual(status, 200, what)
            self.assertLess(len(body), 1 << 20, what)
            body.decode("utf-8")
            self.assertNotRegex(body, rb"[\x00-\x09\x0b-\x1f\x7f]", what)
        check_exposition(self, a.get_raw("/metrics")[2].decode())
        for name, text in (("stderr", a.err()), ("stdout", a.out())):
            self.assertNotRegex(text, r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]", name + " has no control characters, and is UTF-8")
        self.assertEqual(a.state(n.node)[0], "up")

    def test_children_of_any_id(self):
        n, a = self.follow()
        events = a.sse(types="restart")
        count = n.eval("hostile:odd_tree()", timeout=60)
        with Watchful(a, n.node) as w:
            self.assertEqual(n.eval("hostile:crash_in(odd_sup, {because, <<255, 27>>})", timeout=60), count)
            found = events.wait_many(lambda e: names_restart(e, supervisor="odd_sup"), count, 20, "a restart of each child")
        self.assertEqual(a.total(n.node), count)
        self.assertEqual(len({e.data["child_id"] for e in found}), count, "each has a name of its own")
        for e in found:
            self.assertLessEqual(len(e.data["child_id"].encode()), 1100, e.data["child_id"][:100])
        self.assertTrue(any(len(e.data["child_id"].encode()) > 900 for e in found), "what is huge is shown as far as it goes")
        w.check(self, growth_mb=32, gap=5)
        self.check_outlets(a, n)

    def test_supervisors_of_any_name(self):
        n, a = self.follow()
        events = a.sse(types="restart")
        n.eval("persistent_term:put(odd, hostile:odd_names())", timeout=60)
        count = n.eval("length([hostile:crash_in(S, why) || S <- persistent_term:get(odd)])", timeout=60)
        found = events.wait_many(lambda e: names_restart(e, "one"), count, 20, "a restart under each supervisor")
        self.assertEqual(a.total(n.node), count)
        self.assertEqual(len({e.data["supervisor"] for e in found}), count, "each has a name of its own")
        self.check_outlets(a, n)

    def test_a_supervisor_that_never_answers(self):
        """Suspended, with a full mailbox: nothing else waits for it, and leaving does not either."""
        n, a = self.follow()
        n.eval("subject:tree(stuck_sup, {100, 1}, [one, two]), subject:tree(my_sup, {100, 1}, [one])")
        n.eval("register(holds_it, spawn(fun() -> erlang:suspend_process(whereis(stuck_sup)), subject:sleep_forever() end)), ok")
        n.eval("[whereis(stuck_sup) ! {junk, N} || N <- lists:seq(1, 10000)], ok")
        events = a.sse(types="restart")
        with Watchful(a, n.node) as w:
            n.eval("subject:crash_once(my_sup, {one, why})")
            events.wait(lambda e: names_restart(e, "one", "my_sup"), 5, "a restart elsewhere")
            a.wait_samples(n.node, 6)
            self.check_outlets(a, n)
        w.check(self, growth_mb=16, gap=3)
        holds_for(lambda: a.state(n.node)[0] == "up", 0.5, "it is up")
        a.end()
        wait_until(lambda: n.traces() == self.before, 5, lambda: "nothing is left: %r" % n.traces())
        self.assertEqual(n.eval("element(2, process_info(whereis(stuck_sup), status))"), "suspended")
