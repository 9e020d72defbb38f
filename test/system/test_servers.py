# SPDX-License-Identifier: Apache-2.0
"""Debian's RabbitMQ and ejabberd, really started: restarts by their own supervisors, and nothing left behind in them."""

import re
import signal
import time

from common import check_leaves_nothing, check_numbers, names_restart, untouched
from harness import Run, SystemTest, percentile, watch
from subjects import Ejabberd, RabbitMQ

KILLS = 100
QUEUES = 34


def pid_number(text):
    """The middle number of a printed pid: the first differs by who prints it."""
    found = re.fullmatch(r"<\d+\.(\d+)\.\d+>", text or "")
    return found and found.group(1)


class Rabbit(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.rabbit = RabbitMQ(cls.share())
        cls.rabbit.declare("q%d" % i for i in range(QUEUES))

    def test_a_hundred_kills(self):
        rabbit = self.rabbit
        a = watch(self.room, rabbit.node)
        a.wait_seen(rabbit.node)
        events = a.sse(types="restart")
        alerts = a.sse(types="health_alert")
        kills = []
        for i in range(KILLS):
            killed_us, pid = rabbit.kill_queue("q%d" % (i % QUEUES))
            kills.append((killed_us, pid.decode()))
            time.sleep(0.02)
        seen = events.wait_many(lambda e: names_restart(e, "rabbit_amqqueue"), KILLS, 10, "a restart for each kill")
        by_pid = {pid_number(e.data["child_pid"]): e for e in seen}
        latencies = []
        for killed_us, pid in kills:
            e = by_pid.get(pid_number(pid))
            self.assertIsNotNone(e, "no event for %s" % pid)
            self.assertRegex(e.data["supervisor"], r"^<\d+\.\d+\.\d+>$")
            self.assertEqual(e.data["reason"], "killed")
            latencies.append(e.arrived * 1000 - killed_us / 1000)
        figures = "kill to SSE client: p50 %.1f ms, p99 %.1f ms, max %.1f ms" % (
            percentile(latencies, 50), percentile(latencies, 99), max(latencies))
        self.note(figures)
        # They are pushed, not found at the next sample. The longest is the machine's: others run on it.
        self.assertLessEqual(percentile(latencies, 50), 200 * Run.slowness, figures)
        self.assertGreaterEqual(min(latencies), -5, "an event before its cause: the clocks are not the same")
        self.assertEqual(len(seen), KILLS)
        self.assertEqual(a.total(rabbit.node), KILLS)
        alert = alerts.wait(lambda e: e.data["overall_status"] == "critical", 5, "more than 10 restarts in 5 minutes are critical")
        self.assertEqual(alert.node, rabbit.node)
        self.assertEqual(a.of(rabbit.node, "health")["overall_status"], "critical")

    def test_children_of_its_other_supervisors(self):
        """Beside queues: processes of supervisors and supervisor2s all over the server."""
        rabbit = self.rabbit
        a = watch(self.room, rabbit.node)
        a.wait_seen(rabbit.node)
        events = a.sse(types="restart")
        killed = []
        for supervisor, count in (("delegate_sup", 3), ("worker_pool_sup", 2), ("background_gc_sup", 1), ("rabbit_core_metrics_gc_sup", 1)):
            victims = rabbit.eval("""
                case whereis(%s) of
                    undefined -> [];
                    _ -> [{list_to_binary(io_lib:format("~0p", [Id])), list_to_binary(pid_to_list(Pid)), Pid}
                          || {Id, Pid, worker, _} <- supervisor2:which_children(%s), is_pid(Pid)]
                end""" % (supervisor, supervisor))
            for child, pid, _ in victims[-count:]:
                rabbit.eval("subject:kill(list_to_pid(\"%s\"))" % pid.decode())
                e = events.wait(lambda e: e.kind == "restart" and pid_number(e.data["child_pid"]) == pid_number(pid.decode()), 5,
                                "the restart of %s of %s" % (child, supervisor))
                self.assertEqual((e.data["supervisor"], e.data["child_id"], e.data["reason"]), (supervisor, child.decode(), "killed"))
                killed.append("%s/%s" % (supervisor, child.decode()))
        self.note("killed " + ", ".join(killed))
        self.assertGreaterEqual(len(killed), 5)

    def test_numbers(self):
        a = watch(self.room, self.rabbit.node, interval=500)
        a.wait_seen(self.rabbit.node)
        check_numbers(self, a, self.rabbit)

    def leave(self, number):
        before, log_at = untouched(self.rabbit)
        a = watch(self.room, self.rabbit.node, interval=500)
        a.wait_seen(self.rabbit.node)
        a.wait_samples(self.rabbit.node, 4)
        check_leaves_nothing(self, self.rabbit, a, before, log_at, number)

    def test_leaves_nothing_after_sigterm(self):
        self.leave(signal.SIGTERM)

    def test_leaves_nothing_after_sigkill(self):
        self.leave(signal.SIGKILL)


class Jabber(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.jabber = Ejabberd(cls.share())

    def test_restarts_of_mod_ping(self):
        a = watch(self.room, self.jabber.node)
        a.wait_seen(self.jabber.node)
        check_numbers(self, a, self.jabber)
        events = a.sse(types="restart")
        for i in range(3):
            killed_us = self.jabber.eval("""
                {_, Pid, _, _} = lists:keyfind(mod_ping_localhost, 1, supervisor:which_children(ejabberd_gen_mod_sup)),
                subject:kill(Pid)""")
            found = events.wait_many(lambda e: names_restart(e, "mod_ping_localhost"), i + 1, 5, "the restart of mod_ping")
            self.assertEqual(found[-1].data["supervisor"], "ejabberd_gen_mod_sup")
            self.assertEqual(found[-1].data["reason"], "killed")
            self.assertEqual(found[-1].data["restart_count"], i + 1)
            latency = found[-1].arrived * 1000 - killed_us / 1000
            self.assertLessEqual(latency, 200 * Run.slowness)
            time.sleep(0.2)
        self.assertEqual(a.total(self.jabber.node), 3)

    def leave(self, number):
        before, log_at = untouched(self.jabber)
        a = watch(self.room, self.jabber.node, interval=500)
        a.wait_seen(self.jabber.node)
        a.wait_samples(self.jabber.node, 4)
        check_leaves_nothing(self, self.jabber, a, before, log_at, number)

    def test_leaves_nothing_after_sigterm(self):
        self.leave(signal.SIGTERM)

    def test_leaves_nothing_after_sigkill(self):
        self.leave(signal.SIGKILL)
