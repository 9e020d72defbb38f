# SPDX-License-Identifier: Apache-2.0
"""The server in an application: the engine dies, the application does not notice; it goes, nothing stays; beside a `watch`."""

import contextlib
import json
import os
import signal

from harness import Run, SystemTest, http_get, percentile, wait_until, watch
from subjects import ErlNode


def pid_lives(pid):
    with contextlib.suppress(OSError):
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    return False


def engines(folder):
    """Engines whose VM has its home there; they have sessions of their own."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/environ" % pid, "rb") as f:
            if os.path.realpath("/proc/%s/exe" % pid) == os.path.realpath(Run.arsenal) and folder.encode() in f.read():
                found.append(int(pid))
    return found


class Nameless(ErlNode):
    """A node without distribution."""

    def start(self):
        return self.launch(["erl", "-noinput", "-pa", Run.ebin, *self.args, "-s", "subject"], self.environment())


class Application:
    """A node with embedded_sup on it."""

    def __init__(self, test, node=ErlNode, **options):
        self.test = test
        self.options = {"engine": '"%s"' % Run.arsenal, "monitoring_interval": "200", **options}
        self.node = node(test.room)
        test.room.keep(self)
        self.start()

    def close(self):
        """The engine ends with its VM."""
        self.node.kill()
        wait_until(lambda: not engines(self.node.folder), 5, "the engine ends with its VM")

    def start(self, then="ok"):
        options = ", ".join("{%s, %s}" % pair for pair in self.options.items())
        self.eval("embedded:start([%s]), %s" % (options, then))
        return self

    def eval(self, text, **more):
        return self.node.eval(text, **more)

    def tree(self, name="shop", ids="[a, b, c]", budget="{1000000, 1}"):
        self.eval("subject:tree(%s, %s, %s), ok" % (name, budget, ids))

    def crash(self, child, name="shop", reason="boom"):
        return self.eval("subject:crash_once(%s, {%s, %s})" % (name, child, reason))

    def total(self, of=""):
        return self.eval("embedded:total(%s)" % of)

    def wait_total(self, count, of=""):
        wait_until(lambda: self.total(of) == count, 10, lambda: "%d restarts counted, %d now" % (count, self.total(of)))

    def engine(self):
        return self.eval("embedded:engine_pid()")

    def history(self):
        """(restarts, samples) of the last hour and the next."""
        return self.eval("""Now = os:system_time(millisecond),
            {ok, #{restarts := R, metrics := M}} = arsenal:get_historical_data(Now - 3600000, Now + 3600000), {length(R), length(M)}""")


class Embedded(SystemTest):

    def test_sees_restarts_without_distribution(self):
        a = Application(self, Nameless)
        self.assertEqual(a.eval("node()"), "nonode@nohost")
        a.tree()
        for child in ("a", "b", "a"):
            a.crash(child)
        a.wait_total(3)
        self.assertEqual(a.eval("""{ok, #{most_restarted_children := C, restart_reasons := R}} = arsenal:get_restart_statistics(shop),
            {C, R}"""), ([("a", 2), ("b", 1)], {"boom": 3}))
        wait_until(lambda: a.eval("embedded:events(restart)") == 3, 5, "three events")
        self.assertEqual(a.eval("embedded:events(strange)"), 0)

    def test_sees_what_restarts_right_after_the_start(self):
        a = Application(self)
        a.tree()
        for _ in range(5):
            a.eval("embedded:stop()")
            a.start(then="subject:crash_once(shop, {a, early})")
            a.wait_total(1)

    def test_a_report_and_a_caught_restart_count_once(self):
        a = Application(self)
        a.tree()
        for n in range(5):
            a.crash("a")
            a.eval("arsenal:track_restart(%s, a, by_hand)" % ("shop" if n % 2 else "whereis(shop)"))
        a.eval("arsenal:track_restart(other, a, by_hand)")
        a.wait_total(6)
        self.assertEqual(a.total("shop"), 5)
        wait_until(lambda: a.eval("embedded:events(restart)") == 6, 5, "six events")

    def test_the_engine_dies_a_hundred_times(self):
        """Under load: same pid, same subscriptions, exact totals, nobody restarts, and the history is there."""
        deaths = 20 if Run.quick else 100
        store = self.room.path("history.db")
        a = Application(self, store='"%s"' % store)
        a.tree()
        before = a.eval("{embedded:server(), embedded:collector(), whereis(embedded_sup)}")
        a.eval("Load = embedded:cast_load(4, 20, 5000), persistent_term:put(load, Load), ok")
        times, pid, crashes = [], a.engine(), 0
        for n in range(deaths):
            a.crash("abc"[n % 3])
            crashes += 1
            pid, ms = a.eval("embedded:kill_engine(%d)" % pid, timeout=60)
            times.append(ms)
        casts = a.eval("embedded:total(persistent_term:get(load))")
        self.note("%d deaths, %d reports; back after p50 %d ms, p99 %d ms" % (deaths, casts, percentile(times, 50), percentile(times, 99)))
        self.assertEqual(a.eval("{embedded:server(), embedded:collector(), whereis(embedded_sup)}"), before)
        a.wait_total(casts, "hand_sup")
        a.wait_total(crashes, "shop")
        seen = a.eval("embedded:events(restart)")
        a.crash("a")
        wait_until(lambda: a.eval("embedded:events(restart)") > seen, 5, "events go on")
        self.assertGreaterEqual(a.history()[0], min(1000, casts))
        # An engine asks for a sample when it begins, and lives for some milliseconds only.
        wait_until(lambda: a.history()[1] >= 3, 5, "samples")
        self.assertEqual(a.eval("{ok, #{engine_restarts := N}} = arsenal:get_server_stats(), N"), deaths)

    def test_history_outlives_the_vm(self):
        store = self.room.path("history.db")
        a = Application(self, store='"%s"' % store)
        a.tree()
        for _ in range(3):
            a.crash("a")
        a.wait_total(3)
        wait_until(lambda: a.history()[1] >= 3, 10, "samples")
        engine = a.engine()
        wait_until(lambda: a.eval("{ok, #{casts_unconfirmed := N}} = arsenal:get_server_stats(), N") == 0, 5, "all is on disk")
        a.node.kill()
        wait_until(lambda: not pid_lives(engine), 2, "the engine ends with its VM")
        a.node.start()
        a.start()
        restarts, samples = a.history()
        self.assertEqual(restarts, 3)
        self.assertGreaterEqual(samples, 3)
        self.assertEqual(a.total(), 0, "a new server counts from zero")

    def test_a_supervisor_that_gives_up(self):
        """Its last restart was none: not counted, and not after the engine's death either."""
        a = Application(self, store='"%s"' % self.room.path("history.db"))
        a.tree(budget="#{strategy => one_for_all, intensity => 2, period => 60}")
        for child in ("a", "b"):
            a.crash(child)
        wait_until(lambda: a.eval("""{ok, #{collateral := C, budgets := B}} = arsenal:get_restart_statistics(shop),
            {C, [{U, L, I, P, S} || #{used := U, left := L, intensity := I, period := P, strategy := S} <- B]}""")
                   == (4, [(2, 0, 2, 60000, "one_for_all")]), 5, "budget and siblings")
        a.eval("{c, Pid} = lists:keyfind(c, 1, subject:children_pids(shop)), Pid ! {crash, last}, ok")
        figures = """{ok, #{gave_up := G, total_restarts := T, collateral := C, restart_reasons := R}} = arsenal:get_restart_statistics(shop),
            {G, T, C, R}"""
        wait_until(lambda: a.eval(figures) == (1, 2, 4, {"boom": 2}), 5, lambda: "given up: %s" % (a.eval(figures),))
        wait_until(lambda: a.eval("{ok, #{casts_unconfirmed := N}} = arsenal:get_server_stats(), N") == 0, 5, "all is on disk")
        a.eval("embedded:kill_engine(%d)" % a.engine(), timeout=60)
        self.assertEqual(a.eval(figures), (1, 2, 4, {"boom": 2}))

    def test_leaves_nothing(self):
        a = Application(self)
        a.eval("embedded:stop()")
        wait_until(lambda: self.left(a)["filters"] == b"[]" and not self.left(a)["registered"], 5, "the probe has left")
        before = self.left(a)
        for number in range(2):
            a.start()
            a.tree("shop%d" % number)
            a.crash("a", "shop%d" % number)
            a.wait_total(1)
            engine = a.engine()
            a.eval("embedded:stop()")
            wait_until(lambda: not pid_lives(engine), 2, "the engine has ended")
            wait_until(lambda: self.left(a) == before, 5, lambda: "as before: %s" % self.left(a))

    @staticmethod
    def left(a):
        """The application's own modules stay, and come one by one."""
        return {k: v for k, v in a.node.traces().items() if k not in ("modules", "loaded")}

    def test_beside_a_watch(self):
        """Both on one node: each sees every restart once, and the one that leaves takes nothing of the other's along."""
        a = Application(self)
        a.tree()
        w = watch(self.room, a.node.node, interval=500)
        w.wait_seen(a.node.node)
        a.crash("a")
        a.wait_total(1)
        wait_until(lambda: w.total(a.node.node) == 1, 5, "watch sees it, too")
        w.end(signal.SIGKILL)
        wait_until(lambda: not a.node.links(), 5, "watch is gone")

        a.crash("b")
        a.wait_total(2)
        w = watch(self.room, a.node.node, interval=500)
        w.wait_seen(a.node.node)
        a.eval("embedded:stop()")
        a.crash("c")
        wait_until(lambda: w.total(a.node.node) == 1, 5, "watch still sees")

    def test_the_same_over_http(self):
        a = Application(self, http='"127.0.0.1:0"')
        a.tree()
        a.crash("a")
        a.wait_total(1)
        address = a.eval("{ok, #{http := Address}} = arsenal:get_server_stats(), Address").decode()
        port = int(address.rpartition(":")[2])
        node = a.eval("atom_to_binary(node())").decode()
        status, _, body = http_get(port, "/api/v1/nodes/%s/restarts" % node)
        self.assertEqual(status, 200)
        answer = json.loads(body)
        self.assertEqual((answer["total_restarts"], answer["restart_reasons"]), (1, {"boom": 1}))
        status, _, body = http_get(port, "/metrics")
        self.assertIn(b"erlang_vm_process_count", body)

    def test_an_engine_that_hangs(self):
        """SIGSTOP: calls end by their time-out, the application's casts do not wait, and nothing is lost."""
        a = Application(self)
        pid = a.engine()
        os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(a.eval("""try gen_server:call(arsenal:name(), get_server_stats, 300) catch exit:{timeout, _} -> timed_out end"""),
                             "timed_out")
            took = a.eval("""From = erlang:monotonic_time(microsecond),
                [arsenal:track_restart(hand_sup, N rem 10, stopped) || N <- lists:seq(1, 150000)],
                erlang:monotonic_time(microsecond) - From""", timeout=60)
            self.note("150,000 casts while it hangs: %.1f us each" % (took / 150000))
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: a.total("hand_sup") == 150000, 30, "all are counted")
