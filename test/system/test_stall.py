# SPDX-License-Identifier: Apache-2.0
"""The stall: arsenal is stopped with SIGSTOP while the node has much to tell it. The node must not feel it."""

import signal
import time

from harness import Run, SystemTest, percentile, wait_until, watch
from subjects import ErlNode

STOPPED_S = 60
QUICK_STOPPED_S = 25  # twice what the probe's patience and the time to fill the link take
METERS = ("echo", "load_sup")
CRASHES = 500  # a second, on the watched node and on the control
# Small buffers on the node's side, so that the link is full seconds before the probe's patience (10 s) ends: only then does a careless
# sender get suspended. (The kernel still takes some megabytes for the stopped program.)
BUFFERS = ["+zdbbl", "128", "-kernel", "inet_dist_listen_options", "[{sndbuf,32768}]"]


class Stall(SystemTest):
    long = True
    options = ()
    node_args = ()

    def start_load(self, n):
        """Crashes whose child ids and reasons are near the probe's limit of 1 KiB each, and processes that keep the schedulers busy."""
        n.eval("subject:quiet()")
        n.eval("subject:tree(load_sup, {1000000, 1}, [{N, binary:copy(<<$i>>, 900)} || N <- lists:seq(1, 20)])")
        n.eval("register(load, subject:crash_load(load_sup, %d, 900))" % CRASHES)
        n.eval("subject:busy_load(30), ok")
        for what in METERS:
            n.eval("register(meter_%s, subject:meter(%s, 50))" % (what, what))
        n.eval("register(looker, subject:watch_suspended(100))")

    def reset(self, *nodes):
        for n in nodes:
            n.eval("[P ! reset || P <- [meter_echo, meter_load_sup, looker]]")

    def read(self, n, when):
        times = {what: list(n.eval("subject:meter_read(meter_%s)" % what)) for what in METERS}
        self.note("%s: %s" % (when, ", ".join("%s p50 %.1f p99 %.1f max %.1f ms (%d calls)" % (
            what, percentile(t, 50) / 1000, percentile(t, 99) / 1000, max(t) / 1000, len(t)) for what, t in times.items())))
        return times

    def link_is_full(self, n):
        """Whether a process that sends to arsenal without care would be suspended at this moment."""
        return n.eval("lists:member(nosuspend, [erlang:send({nobody, N}, x, [nosuspend, noconnect]) || N <- nodes(hidden)])")

    def check_latency(self, times, control, seconds):
        """As on the node that nobody watches, in the same seconds on the same machine."""
        for what in METERS:
            self.assertGreater(len(times[what]), 0.7 * len(control[what]), "calls that came through to " + what)
            self.assertGreater(len(times[what]), seconds * 20 * 0.4, "calls that came through to " + what)
            self.assertLessEqual(percentile(times[what], 99), 3 * percentile(control[what], 99) + 50_000, "p99 of %s, in us" % what)
            self.assertLessEqual(max(times[what]), 3 * max(control[what]) + 300_000, "the longest call of %s, in us" % what)

    def test_stopped_under_load(self):
        n, control = ErlNode(self.room, args=[*BUFFERS, *self.node_args]), ErlNode(self.room, args=BUFFERS)
        self.start_load(n)
        self.start_load(control)
        a = watch(self.room, n.node, interval=500, options=self.options)
        a.wait_seen(n.node)
        wait_until(lambda: a.total(n.node) > 500, 15, "restarts come")
        self.reset(n, control)
        time.sleep(10)
        self.check_latency(self.read(n, "watched"), self.read(control, "control"), 10)
        self.assertEqual(n.eval("subject:meter_read(looker)")[1], [])

        crashed = a.total(n.node)
        seconds = QUICK_STOPPED_S if Run.quick else STOPPED_S
        self.reset(n, control)
        a.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        full = dropped = None
        while time.monotonic() < stopped + seconds:
            if full is None and self.link_is_full(n):
                full = time.monotonic() - stopped
            if dropped is None and n.links() == []:
                dropped = time.monotonic() - stopped
            time.sleep(0.2)
        during = self.read(n, "arsenal stopped")
        self.check_latency(during, self.read(control, "control"), seconds)
        looks, suspended = n.eval("subject:meter_read(looker)")
        self.assertEqual(suspended, [], "processes seen suspended")
        self.assertGreater(looks, seconds * 10 * 0.4)
        self.assertIsNotNone(dropped, "the probe has cut the link")
        self.assertIsNotNone(full, "the load did not fill the link, so this test shows nothing")
        self.note("the link was full after %.1f s, the probe cut it after %.1f s; %d looks at all processes" % (full, dropped, looks))
        self.assertLessEqual(dropped, 20)
        self.assertEqual(n.links(), [])

        a.send_signal(signal.SIGCONT)
        back = time.monotonic()
        wait_until(lambda: a.state(n.node)[0] == "up" and n.links(), 45, lambda: "linked again: %s" % (a.state(n.node),))
        self.note("linked again %.1f s after SIGCONT" % (time.monotonic() - back))
        a.wait_samples(n.node, 2)
        wait_until(lambda: a.total(n.node) > crashed + 200, 15, "restarts come again")
