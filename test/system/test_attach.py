# SPDX-License-Identifier: Apache-2.0
"""Attaching to plain Erlang and Elixir nodes in all the ways they can be reached, with true numbers and restarts."""

import json
import os
import re
import signal
import time

from common import check_exposition, check_leaves_nothing, check_numbers, names_restart, untouched
from harness import COOKIE, SystemTest, free_port, require_ipv6, run_status, wait_until, watch
from subjects import LOOPBACK6, ElixirNode, ErlNode


class Attach(SystemTest):
    erl = ErlNode
    elixir = ElixirNode

    def follow(self, subject, *options, name=None, **more):
        a = watch(self.room, name or subject.node, options=options, interval=500, **more)
        return a.wait_seen(subject.node)

    def check_restart(self, a, subject):
        """A supervised child that crashes is an event with supervisor, child, reason, and is counted."""
        events = a.sse(types="restart")
        subject.eval("subject:tree(%s, {100, 1}, [one, {two, 2}])" % "my_sup")
        before = a.total(subject.node)
        subject.eval("subject:crash_once(my_sup, {{two, 2}, {because, \"it broke\"}})")
        e = events.wait(lambda e: names_restart(e, "{two,2}"), 5, "the restart of {two,2}")
        self.assertEqual(e.node, subject.node)
        self.assertEqual(e.data["supervisor"], "my_sup")
        self.assertEqual(e.data["reason"], '{because,"it broke"}')
        self.assertEqual(e.data["restart_count"], 1)
        self.assertRegex(e.json["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(a.total(subject.node), before + 1)

    def test_short_names(self):
        n = self.erl(self.room)
        a = self.follow(n)
        check_numbers(self, a, n)
        self.check_restart(a, n)

    def test_long_names(self):
        n = self.erl(self.room, host="127.0.0.1", long_names=True)
        a = self.follow(n)
        check_numbers(self, a, n)
        self.check_restart(a, n)

    def test_port_without_epmd(self):
        port = free_port()
        n = self.erl(self.room, port=port)
        a = self.follow(n, name="%s:%d" % (n.node, port), env={"ERL_EPMD_PORT": str(free_port())})
        check_numbers(self, a, n)
        self.check_restart(a, n)

    def follow_ipv6(self, name, **more):
        """A node that listens on ::1 only, watched by that name."""
        require_ipv6()
        n = self.erl(self.room, interface=LOOPBACK6, args=["-proto_dist", "inet6_tcp"], **more)
        a = self.follow(n, name=name(n))
        self.check_restart(a, n)

    def test_ipv6_address(self):
        """Its EPMD is asked over IPv6, too: there is no other address."""
        self.follow_ipv6(lambda n: n.node.replace("::1", "[::1]"), host="::1", long_names=True)

    def test_ipv6_without_epmd(self):
        port = free_port()
        self.follow_ipv6(lambda n: n.node.replace("::1", "[::1]:%d" % port), host="::1", long_names=True, port=port)

    def test_host_with_both_addresses(self):
        """The name has an IPv4 address first, where nobody listens."""
        if os.geteuid() != 0:
            self.skipTest("needs root, for an /etc/hosts of its own")
        require_ipv6()
        hosts = self.room.write("hosts", "127.0.0.1 both\n::1 both\n")
        n = self.erl(self.room, interface=LOOPBACK6, args=["-proto_dist", "inet6_tcp"])
        alive = n.node.partition("@")[0]
        inside = ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", hosts]
        code, out, _ = run_status(self.room, alive + "@both", wrapper=inside)
        self.assertEqual(code, 0, out)

    def test_two_nodes_in_one_watch(self):
        first, second = self.erl(self.room), self.erl(self.room, host="127.0.0.1", long_names=True)
        a = watch(self.room, first.node, second.node, interval=500)
        a.wait_seen(first.node)
        a.wait_seen(second.node)
        self.check_restart(a, second)
        self.check_restart(a, first)

    def test_elixir(self):
        n = self.elixir(self.room)
        version = n.elixir("System.version()").decode()
        a = self.follow(n)
        check_numbers(self, a, n)
        self.assertIn(version, str(a.nodes()[n.node]))
        self.assertIn(version, a.err())
        events = a.sse(types="restart")
        n.elixir("""
            defmodule Worker do
              use GenServer
              def start_link(arg), do: GenServer.start_link(__MODULE__, arg)
              def init(arg), do: {:ok, arg}
              def handle_cast(:boom, _), do: raise("boom")
            end
            parent = self()
            spawn(fn ->
              {:ok, s} = Supervisor.start_link([%{id: Worker, start: {Worker, :start_link, [1]}}], strategy: :one_for_one, name: My.Supervisor)
              {:ok, _} = DynamicSupervisor.start_link(name: My.Dynamic, strategy: :one_for_one)
              {:ok, _} = DynamicSupervisor.start_child(My.Dynamic, %{id: :ignored, start: {Worker, :start_link, [2]}, restart: :permanent})
              {:ok, _} = Task.Supervisor.start_link(name: My.Tasks)
              {:ok, _} = Task.Supervisor.start_child(My.Tasks, fn -> Process.sleep(:infinity) end, restart: :permanent)
              send(parent, :up)
              Process.sleep(:infinity)
            end)
            receive do :up -> :ok end""")
        n.elixir("for s <- [My.Supervisor, My.Dynamic, My.Tasks], {_, pid, _, _} <- :supervisor.which_children(s), do: Process.exit(pid, :kill)")
        for supervisor in ("'Elixir.My.Supervisor'", "'Elixir.My.Dynamic'", "'Elixir.My.Tasks'"):
            e = events.wait(lambda e: names_restart(e, supervisor=supervisor), 5, "a restart by " + supervisor)
            self.assertEqual(e.data["reason"], "killed")
        # Temporary children do not restart, so they are none.
        n.elixir("{:ok, pid} = Task.Supervisor.start_child(My.Tasks, fn -> Process.sleep(:infinity) end); Process.exit(pid, :kill)")
        n.elixir("[{_, pid, _, _}] = Supervisor.which_children(My.Supervisor); GenServer.cast(pid, :boom)")
        e = events.wait(lambda e: "boom" in e.data["reason"], 5, "the restart with a reason of Elixir's")
        self.assertIn("RuntimeError", e.data["reason"])
        self.assertEqual(len(events.of("restart")), 4)

    def test_no_inject(self):
        n = self.erl(self.room)
        a = self.follow(n, "--no-inject")
        check_numbers(self, a, n)
        traces = n.traces()
        self.assertEqual((traces["modules"], traces["registered"], traces["filters"]), ([], [], b"[]"))
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        n.eval("subject:crash_once(my_sup, {one, why})")
        a.wait_samples(n.node, 2)
        self.assertRegex(a.err(), r"(?i)restart")  # says what it cannot see
        self.assertRegex(str(a.nodes()[n.node]), r"(?i)restart")
        answer = a.restarts(n.node)
        self.assertIs(answer["observed"], False)
        self.assertIsNone(answer["restart_rate"], "not observed is not zero")
        health = a.of(n.node, "health")
        self.assertIn("restarts", health["observed"]["missing"])
        self.assertIsNone(health["restart_rate"])
        a.end()
        wait_until(lambda: n.links() == [], 2, "the link is gone")
        self.assertEqual(n.traces()["modules"], [])

    def test_cookie_sources(self):
        n = self.erl(self.room)
        home = self.room.make_folder("home")
        code, out, _ = run_status(self.room, n.node, cookie=None, home=home)
        self.assertEqual(code, 3)
        self.assertIn(".erlang.cookie", out)
        self.assertIn("--cookie-file", out)
        code, out, _ = run_status(self.room, n.node, cookie=None, home=home, env={"RELEASE_COOKIE": COOKIE})
        self.assertEqual(code, 0, out)
        self.room.write("home/.erlang.cookie", COOKIE, 0o400)
        code, out, _ = run_status(self.room, n.node, cookie=None, home=home)
        self.assertEqual(code, 0, out)
        code, out, _ = run_status(self.room, n.node, cookie="wrong", home=home)
        self.assertEqual(code, 3, out)

    def test_attaching_again_costs_no_atoms(self):
        n = self.erl(self.room)
        home = self.room.make_folder("home")
        count = lambda: n.eval("erlang:system_info(atom_count)")
        self.follow(n, home=home).end()
        count()
        before = count()
        for _ in range(5):
            self.follow(n, home=home).end()
        self.assertLessEqual(count() - before, 2)

    def test_outlets(self):
        n = self.erl(self.room)
        a = self.follow(n, "--json")
        for path in ("/healthz", "/readyz"):
            self.assertEqual(a.get_raw(path)[0], 200, path)
        for path in ("/metrics", "/metrics?node=" + n.node):
            status, headers, body = a.get_raw(path)
            text = body.decode()
            self.assertEqual(status, 200, path)
            self.assertIn("text/plain", headers["content-type"])
            for name in ("arsenal_process_count", "erlang_vm_process_count", "erlang_vm_memory_bytes_total"):
                self.assertRegex(text, r"(?m)^%s(\{[^}]*\})? [\d.e+]+$" % name, path)
            check_exposition(self, text)
        self.assertIn('node="%s"' % n.node, a.get_raw("/metrics")[2].decode())
        health = a.of(n.node, "health")
        self.assertIn(health["overall_status"], ("healthy", "warning"))
        n.eval("P = spawn(subject, sleep_forever, []), [P ! N || N <- lists:seq(1, 200)], ok")
        for by in ("memory", "reductions", "queue"):
            wait_until(lambda: a.of(n.node, "top?by=" + by)["processes"], 20, "a ranking by " + by)
        self.assertEqual(a.of(n.node, "anomalies"), [])
        status, headers, body = a.get_raw("/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", headers["content-type"])
        self.assertIn(b"<html", body.lower())
        for path in ("/api/v1/nodes/no@where/health", "/nothing", "/api/v1/nodes/%s/nothing" % n.node):
            self.assertEqual(a.get_raw(path)[0], 404, path)
        self.assertEqual(a.get_raw("/api/v1/nodes/%ff%00/health")[0], 400)
        self.assertEqual(a.get_raw("/api/v1/events?types=nonsense")[0], 400)
        self.check_restart(a, n)
        a.end()
        lines = [json.loads(line) for line in a.out().splitlines()]
        self.assertTrue([e for e in lines if e["type"] == "restart" and e["node"] == n.node and e["data"]["child_id"] == "{two,2}"])

    def test_console_lines(self):
        n = self.erl(self.room)
        a = self.follow(n)
        self.check_restart(a, n)
        line = wait_until(lambda: [x for x in a.out().splitlines() if "my_sup" in x], 5, "a line for a person")[0]
        for part in (n.node, "{two,2}", "because"):
            self.assertIn(part, line)
        self.assertRegex(a.err(), r"(?m)^arsenal: node %s: up" % re.escape(n.node))


class Leaving(SystemTest):
    """After the end of arsenal the node is as it was."""

    def leave(self, number):
        n = ErlNode(self.room)
        before, log_at = untouched(n)
        a = watch(self.room, n.node, interval=200)
        a.wait_seen(n.node)
        a.wait_samples(n.node, 10)
        check_leaves_nothing(self, n, a, before, log_at, number)

    def test_sigterm(self):
        self.leave(signal.SIGTERM)

    def test_sigint(self):
        self.leave(signal.SIGINT)

    def test_sigkill(self):
        self.leave(signal.SIGKILL)

    def test_sigkill_while_attaching(self):
        """Killed at any moment of the attach."""
        n = ErlNode(self.room)
        before, log_at = untouched(n)
        for step in range(10):
            a = watch(self.room, n.node, interval=200)
            time.sleep(step * 0.003)
            a.asked = signal.SIGKILL
            a.kill()
        # A holder that has not yet got its first watcher waits for it a few seconds.
        wait_until(lambda: n.traces() == before, 10, lambda: "nothing is left: %r" % n.traces())
        self.assertEqual(n.log_since(log_at), "")

    def test_sigkill_amid_restarts(self):
        n = ErlNode(self.room)
        n.eval("subject:quiet()")
        n.eval("subject:tree(load_sup, {1000000, 1}, lists:seq(1, 20))")
        before, log_at = untouched(n)
        n.eval("register(load, subject:crash_load(load_sup, 300, 500))")
        a = watch(self.room, n.node, interval=200)
        a.wait_seen(n.node)
        wait_until(lambda: a.total(n.node) > 100, 10, "restarts come")
        check_leaves_nothing(self, n, a, before, log_at, signal.SIGKILL)
        self.assertTrue(n.eval("is_process_alive(whereis(load_sup)) andalso is_process_alive(whereis(load))"))

    def test_elixir(self):
        n = ElixirNode(self.room)
        before, log_at = untouched(n)
        a = watch(self.room, n.node, interval=200)
        a.wait_seen(n.node)
        check_leaves_nothing(self, n, a, before, log_at, signal.SIGKILL)
