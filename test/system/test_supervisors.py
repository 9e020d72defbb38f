# SPDX-License-Identifier: Apache-2.0
"""What supervisors on real nodes may still restart, whom they restart along, and the one that gave up."""

import glob
import unittest

from harness import SystemTest, wait_until, watch
from subjects import ElixirNode, ErlNode


class Supervisors(SystemTest):
    lane = "side"

    erl = ErlNode
    elixir = ElixirNode

    def follow(self, n):
        return watch(self.room, n.node, interval=500).wait_seen(n.node)

    @staticmethod
    def budget(a, n, supervisor):
        return next((b for b in a.restarts(n.node)["budgets"] if b["supervisor"] == supervisor), None)

    def wait_budget(self, a, n, supervisor, **figures):
        def as_expected():
            b = self.budget(a, n, supervisor)
            return b is not None and all(b[key] == value for key, value in figures.items())
        wait_until(as_expected, 5, lambda: "the budget of %s is %s: %s" % (supervisor, figures, self.budget(a, n, supervisor)))

    def crash(self, n, supervisor, child):
        n.eval("subject:crash_once(%s, {%s, boom})" % (supervisor, child))

    def test_siblings(self):
        n = self.erl(self.room)
        a = self.follow(n)
        for strategy, expected in (("one_for_all", ["d", "c", "a"]), ("rest_for_one", ["d", "c"])):
            n.eval("subject:tree(%s_sup, #{strategy => %s, intensity => 9, period => 60}, [a, b, c, d])" % (strategy, strategy))
            name = strategy + "_sup"
            self.crash(n, name, "b")
            self.wait_budget(a, n, name, strategy=strategy, intensity=9, period=60000, used=1, left=8, children=4, collateral=len(expected))
            pids = dict(n.eval("subject:children_pids(%s)" % name))
            self.crash(n, name, "b")
            self.wait_budget(a, n, name, used=2, collateral=2 * len(expected))
            newest = next(r for r in a.restarts(n.node)["recent"] if r["supervisor"] == name)
            self.assertEqual((newest["collateral"], newest["collateral_children"]), (len(expected), expected))
            after = dict(n.eval("subject:children_pids(%s)" % name))
            self.assertEqual({c for c in "acd" if pids[c] != after[c]}, set(expected), "they are those of the node")
        answer = a.restarts(n.node)
        self.assertEqual((answer["total_restarts"], answer["collateral"]), (4, 10))

    def test_one_that_gives_up(self):
        n = self.erl(self.room)
        a = self.follow(n)
        n.eval("subject:tree(my_sup, {3, 60}, [a])")
        for _ in range(3):
            self.crash(n, "my_sup", "a")
        self.wait_budget(a, n, "my_sup", used=3, left=0)
        wait_until(lambda: a.of(n.node, "health")["criteria"]["restart_budget"]["level"] == "critical", 5, "no budget left")
        advice = " ".join(a.of(n.node, "health")["recommendations"])
        self.assertIn("my_sup used 3 of 3 restarts in 60 s, 0 left", advice)
        events = a.sse(types="anomaly")
        n.eval("{a, Pid} = hd(subject:children_pids(my_sup)), Pid ! {crash, boom}, ok")
        e = events.wait(lambda e: "reached its restart intensity" in e.data["description"], 5, "the anomaly")
        self.assertIn("my_sup", e.data["description"])
        answer = a.restarts(n.node)
        self.assertEqual((answer["total_restarts"], answer["gave_up"], answer["restart_rate"]), (3, 1, 3))
        self.assertEqual([(r["kind"], r.get("restarted", True)) for r in answer["recent"][:3]],
                         [("gave_up", True), ("restart", False), ("restart", True)])
        # A supervisor of that name that begins anew has its whole budget.
        wait_until(lambda: a.of(n.node, "health")["criteria"]["restart_budget"]["level"] == "healthy", 5, "the budget is no matter any more")

    def test_dynamic_supervisor(self):
        n = self.elixir(self.room)
        a = self.follow(n)
        n.elixir("""
            parent = self()
            spawn(fn ->
              {:ok, _} = DynamicSupervisor.start_link(name: My.Dynamic, strategy: :one_for_one, max_restarts: 5, max_seconds: 60)
              for _ <- 1..3, do: {:ok, _} = DynamicSupervisor.start_child(My.Dynamic, %{id: :ignored, start: {Agent, :start_link, [fn -> 1 end]}, restart: :permanent})
              send(parent, :up)
              Process.sleep(:infinity)
            end)
            receive do :up -> :ok end""")
        n.elixir("[{_, pid, _, _} | _] = DynamicSupervisor.which_children(My.Dynamic); Process.exit(pid, :kill)")
        self.wait_budget(a, n, "'Elixir.My.Dynamic'", kind="dynamic_supervisor", strategy="one_for_one", intensity=5, period=60000, used=1, left=4,
                         children=3, collateral=0)

    def test_supervisor2(self):
        ebin = glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/rabbit_common-*/ebin")
        if not ebin or self.erl is not ErlNode:
            raise unittest.SkipTest("no RabbitMQ there")
        n = self.erl(self.room, args=["-pa", ebin[0]])
        a = self.follow(n)
        n.eval("""Self = self(),
            Child = fun(Id) -> {Id, {subject, start_child, [Id]}, permanent, 1000, worker, [subject]} end,
            spawn(fun() ->
                {ok, _} = supervisor2:start_link({local, rabbit_like_sup}, subject, {tree, {rest_for_one, 4, 60}, [Child(Id) || Id <- [a, b, c]]}),
                Self ! up, receive never -> ok end end),
            receive up -> ok end""")
        n.eval("{b, Pid, _, _} = lists:keyfind(b, 1, supervisor2:which_children(rabbit_like_sup)), Pid ! {crash, boom}, ok")
        self.wait_budget(a, n, "rabbit_like_sup", kind="supervisor", strategy="rest_for_one", intensity=4, used=1, left=3, children=3, collateral=1)
        self.assertEqual(a.restarts(n.node)["collateral"], 1)
