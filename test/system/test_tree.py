# SPDX-License-Identifier: Apache-2.0
"""The supervision tree on request: whole on real systems, harmless to supervisors and to those who only look like one, and never in the loop's way."""

import http.client
import json
import signal
import socket
import threading
import time
import urllib.parse

from harness import Run, SystemTest, http_get, wait_until, watch
from subjects import ElixirNode, Ejabberd, ErlNode, RabbitMQ, inside, require_release
from test_embedded import Application, Nameless

CROWD = 100000
FRESH_S = 2.1  # an answer is given again for so long


class Tree:
    """An answer, looked into."""

    def __init__(self, answer):
        self.answer = answer
        self.all = answer["processes"]

    def named(self, name):
        return next(p for p in self.all if p["name"] == name)

    def below(self, p):
        return [c for c in self.all if c["parent"] == p["index"]]

    def check_shape(self, test):
        """In the order of drawing, sums as the parts, no process twice."""
        path = []
        for i, p in enumerate(self.all):
            test.assertEqual(p["index"], i)
            path = path[:p["depth"]]
            test.assertEqual(p["parent"], path[-1]["index"] if path else None)
            test.assertEqual(p["type"] == "supervisor", "listing" in p)
            path.append(p)
        pids = [p["pid"] for p in self.all if p["pid"] and p.get("listing") != "seen_already"]
        test.assertEqual(len(pids), len(set(pids)))
        for p in self.all:
            if p["type"] == "supervisor":
                test.assertEqual(p["listed"], len(self.below(p)))
                known = [b.get("branch", b)["heap_bytes"] for b in self.below(p)]
                test.assertEqual(p["branch"]["heap_bytes"], sum(b for b in known + [p["heap_bytes"]] if b is not None) or p["heap_bytes"])


def tree(a, node, **more):
    return Tree(a.of(node, "tree", **more))


def fresh_tree(a, node, **more):
    time.sleep(FRESH_S)
    return tree(a, node, **more)


class Harmless(SystemTest):
    """On a node full of traps."""

    erl = ErlNode
    suite = None
    quick_tests = ("test_a_tree_full_of_traps", "test_many_who_ask_at_once_share_one_question", "test_restarts_are_joined")

    @classmethod
    def setUpClass(cls):
        if cls.suite:
            require_release(cls.suite)
        cls.node = cls.erl(cls.share())
        cls.node.eval("traps:start()")

    def follow(self, **more):
        a = watch(self.room, self.node.node, interval=500, **more)
        return a.wait_seen(self.node.node)

    def test_a_tree_full_of_traps(self):
        n = self.node
        a = self.follow()
        tree(a, n.node)  # what printing needs is loaded
        atoms = n.eval("erlang:system_info(atom_count)")
        t = fresh_tree(a, n.node)
        t.check_shape(self)
        self.assertLessEqual(n.eval("erlang:system_info(atom_count)") - atoms, 3)
        self.assertEqual([p for p in t.all if p["name"] == "kernel_sup"][0]["application"], "kernel")

        top = t.named("traps_sup")
        self.assertEqual((top["parent"], top["application"], top["module"], top["children"]), (None, None, "traps", 10))
        children = {p["id"]: p for p in t.below(top)}
        # Who only says that it is a supervisor is not asked: it would not have lived through it.
        pid, seen = n.eval("{P, M} = traps:asked(), {list_to_binary(pid_to_list(P)), M}")
        self.assertEqual((children["liar"]["listing"], children["liar"]["pid"], seen), ("no_supervisor", pid.decode(), []))
        self.assertEqual(children["mortal"]["status"], "stopped")
        self.assertEqual([(p["id"], p["listing"]) for p in t.below(children["loop"])], [("again", "seen_already")])
        self.assertEqual((children["empty"]["listing"], children["empty"]["children"]), ("listed", 0))
        wide = children["wide"]
        self.assertEqual((wide["listing"], wide["children"], wide["active"], wide["listed"]), ("sampled", 300, 300, 20))
        # A specification that says nothing means a worker.
        self.assertEqual((children["undeclared"]["type"], [p["id"] for p in t.below(children["undeclared"])]), ("supervisor", ["hidden"]))
        self.assertEqual(children["plain"]["type"], "worker")
        deepest = max(t.all, key=lambda p: p["depth"])
        self.assertEqual((deepest["depth"], deepest["listing"]), (64, "too_deep"))
        self.assertIs(t.answer["complete"], False)
        self.check_ids(t, children["ids"])

    def check_ids(self, t, sup):
        rows = t.below(sup)
        self.assertEqual(len(rows), 15)
        ids = [p["id"] for p in rows]
        for wanted in ("atom", "'an atom'", "{tuple,<<0,255>>}", '<<"text">>', '"string"', "[1|improper]", "1.5", "undefined"):
            self.assertIn(wanted, ids)
        self.assertGreaterEqual(len([p for p in rows if p.get("truncated")]), 2)
        self.assertTrue(all(len(i.encode()) <= 1024 for i in ids))

    def test_a_suspended_supervisor_is_asked_once(self):
        n = self.node
        n.eval("traps:suspend(traps_quiet)")
        a = self.follow()
        try:
            for _ in range(3):
                p = fresh_tree(a, n.node).named("traps_quiet")
                self.assertEqual((p["listing"], p["children"], p["status"]), ("no_answer", None, "running"))
                self.assertEqual(n.eval("traps:queue(traps_quiet)"), 1)
        finally:
            n.eval("traps:resume(traps_quiet)")
        wait_until(lambda: n.eval("traps:queue(traps_quiet)") == 0, 5, "it has read what was in its queue")

    def test_an_application_controller_that_is_busy(self):
        n = self.node
        a = self.follow()
        n.eval("register(traps_brake, spawn(fun() -> true = erlang:suspend_process(whereis(application_controller)), receive go -> ok end end)), timer:sleep(50)")
        try:
            t = tree(a, n.node)
            self.assertEqual(t.named("kernel_sup")["application"], "kernel")
            self.assertEqual(n.eval("process_info(whereis(application_controller), message_queue_len)"), ("message_queue_len", 0))
        finally:
            n.eval("traps_brake ! go")

    def test_many_who_ask_at_once_share_one_question(self):
        n = self.node
        n.eval("traps:suspend(traps_quiet)")
        a = self.follow()
        answers = []
        try:
            threads = [threading.Thread(target=lambda: answers.append(a.get_raw("/api/v1/nodes/%s/tree" % urllib.parse.quote(n.node)))) for _ in range(30)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        finally:
            n.eval("traps:resume(traps_quiet)")
        self.assertEqual({status for status, _, _ in answers}, {200})
        self.assertEqual(len({json.loads(body)["timestamp"] for _, _, body in answers}), 1)
        self.assertEqual(len(answers), 30)

    def test_restarts_are_joined(self):
        n = self.node
        a = self.follow()
        events = a.sse(types="restart")
        n.eval("[{_, P, _, _}] = supervisor:which_children(traps_quiet), P ! {crash, why}")
        events.wait(lambda e: e.data["supervisor"] == "traps_quiet", 5, "the restart")
        # A supervisor without a name that nobody owns is known by its restarts alone.
        n.eval("""S = traps:sup(undefined, [traps:worker(nameless)]), register(traps_keep, spawn(fun() -> receive X -> X end end)),
                  [{_, P, _, _}] = supervisor:which_children(S), P ! {crash, why}, ok""")
        events.wait(lambda e: e.data["child_id"] == "nameless", 5, "its restart")
        t = fresh_tree(a, n.node)
        quiet, top = t.named("traps_quiet"), t.named("traps_sup")
        self.assertEqual([(p["id"], p["restarts"]) for p in t.below(quiet)], [("sleeper", 1)])
        self.assertEqual((quiet["branch"]["restarts"], quiet["branch"]["restarts_in_5_min"], quiet["restarts"]), (1, 1, 0))
        self.assertEqual((top["branch"]["restarts"], top["level"]), (1, "healthy"))
        nameless = next(p for p in t.all if p["id"] == "nameless")
        self.assertEqual((nameless["restarts"], t.all[nameless["parent"]]["parent"]), (1, None))


class Trixie(Harmless):
    lane, quick_tests = "side", ("test_a_tree_full_of_traps",)
    suite, erl = "trixie", inside("trixie", ErlNode)


class Sid(Harmless):
    lane, quick_tests = "side", ("test_a_tree_full_of_traps",)
    suite, erl = "sid", inside("sid", ErlNode)


class Troubles(SystemTest):
    """Nodes and clients that go, or do not answer."""

    lane = "side"

    quick_tests = ("test_without_the_probe", "test_a_node_that_is_not_there", "test_the_program_ends_while_somebody_waits", "test_the_probe_is_gone_while_it_asks")

    def path(self, n):
        return "/api/v1/nodes/%s/tree" % urllib.parse.quote(n.node)

    def in_thread(self, a, n):
        got = []
        t = threading.Thread(target=lambda: got.append(a.get_raw(self.path(n), timeout=30)))
        t.start()
        return t, got

    def test_without_the_probe(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, options=("--no-inject",), interval=500).wait_seen(n.node)
        status, _, body = a.get_raw(self.path(n))
        self.assertEqual(status, 501)
        self.assertIn(b"plain calls", body)

    def test_a_node_that_is_not_there(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        n.kill()
        a.wait_state(n.node, "unreachable")
        status, _, body = a.get_raw(self.path(n))
        self.assertEqual(status, 503)
        self.assertIn(b"not linked", body)

    def test_a_node_that_stands_still_and_goes(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, interval=1000).wait_seen(n.node)
        n.pause()
        began = time.monotonic()
        t, got = self.in_thread(a, n)
        # The loop goes on meanwhile.
        for _ in range(20):
            asked = time.monotonic()
            a.get("/api/v1/nodes")
            self.assertLess(time.monotonic() - asked, 1 * Run.slowness)
        t.join()
        self.assertEqual(got[0][0], 504)
        self.assertLess(time.monotonic() - began, 12 * Run.slowness)
        t, got = self.in_thread(a, n)
        time.sleep(0.5)
        n.kill()
        t.join()
        self.assertEqual(got[0][0], 503)

    def test_clients_that_go(self):
        n = ErlNode(self.room)
        n.eval("traps:sup(traps_quiet, []), traps:suspend(traps_quiet)")
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        ask = ("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % self.path(n)).encode()
        for more in (b"", ask, b"\x00garbage"):
            time.sleep(FRESH_S)
            sockets = [socket.create_connection(("127.0.0.1", a.port)) for _ in range(5)]
            for s in sockets:
                s.sendall(ask + more)
            time.sleep(0.1)
            for s in sockets[:3]:
                s.close()
            for s in sockets[3:]:
                s.settimeout(10 * Run.slowness)
                self.assertTrue(s.recv(1000).startswith(b"HTTP/1.1 200"))
                s.close()
        # And one more, on a connection that is used again.
        c = http.client.HTTPConnection("127.0.0.1", a.port, timeout=10 * Run.slowness)
        for path in (self.path(n), "/healthz", self.path(n)):
            c.request("GET", path)
            answer = c.getresponse()
            self.assertEqual(answer.status, 200)
            answer.read()
        c.close()

    def test_the_program_ends_while_somebody_waits(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, interval=1000).wait_seen(n.node)
        n.pause()
        s = socket.create_connection(("127.0.0.1", a.port))
        s.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % self.path(n)).encode())
        time.sleep(0.3)
        self.assertEqual(a.end(), 0)
        s.close()
        n.resume()

    def test_the_probe_is_gone_while_it_asks(self):
        """A watcher that leaves in the middle of it: nothing stays."""
        n = ErlNode(self.room)
        n.eval("[begin traps:sup(list_to_atom(\"quiet\" ++ integer_to_list(I)), []), traps:suspend(list_to_atom(\"quiet\" ++ integer_to_list(I))) end || I <- lists:seq(1, 20)], ok")
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        t, _ = self.in_thread_quietly(a, n)
        time.sleep(0.2)
        a.end(signal.SIGKILL)
        t.join()
        wait_until(lambda: not n.traces()["modules"] and not n.traces()["registered"], 5, "nothing is left")

    def in_thread_quietly(self, a, n):
        def ask():
            try:
                a.get_raw(self.path(n), timeout=30)
            except (OSError, http.client.HTTPException):
                pass
        t = threading.Thread(target=ask)
        t.start()
        return t, None

    def test_twenty_suspended_supervisors(self):
        n = ErlNode(self.room)
        n.eval("[begin N = list_to_atom(\"quiet\" ++ integer_to_list(I)), traps:sup(N, []), traps:suspend(N) end || I <- lists:seq(1, 20)], ok")
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        began = time.monotonic()
        t = tree(a, n.node)
        took = time.monotonic() - began
        self.assertEqual([p["listing"] for p in t.all if (p["name"] or "").startswith("quiet")], ["no_answer"] * 20)
        self.note("20 that do not answer: %.1f s" % took)
        self.assertLess(took, 5 * Run.slowness)

    def test_a_hundred_thousand_children(self):
        n = ErlNode(self.room)
        n.eval("traps:sup(traps_top, [#{id => crowd, start => {traps, crowd, [traps_crowd, %d]}, type => supervisor}]), ok" % CROWD, timeout=60)
        a = watch(self.room, n.node, interval=1000).wait_seen(n.node)
        cost = "{reductions, R} = process_info(whereis(traps_crowd), reductions), R"
        before = n.eval(cost)
        began = time.monotonic()
        crowd = tree(a, n.node).named("traps_crowd")
        took = time.monotonic() - began
        after = n.eval(cost)
        self.assertEqual((crowd["children"], crowd["listing"], crowd["listed"]), (CROWD, "sampled", 0))
        self.note("the tree in %.0f ms, %d reductions of the supervisor" % (took * 1000, after - before))
        self.assertLess(after - before, 20000)


    def test_a_hundred_thousand_children_of_elixirs(self):
        """Elixir's DynamicSupervisor goes through all of its children to count them: not at every look."""
        n = ElixirNode(self.room)
        n.elixir("""
            parent = self()
            spawn(fn ->
              {:ok, s} = DynamicSupervisor.start_link(name: My.Crowd, strategy: :one_for_one)
              for _ <- 1..%d, do: {:ok, _} = DynamicSupervisor.start_child(s, %%{id: :x, start: {:traps, :start_worker, [:x]}})
              send(parent, :up)
              Process.sleep(:infinity)
            end)
            receive do :up -> :ok end""" % CROWD)
        a = watch(self.room, n.node, interval=1000).wait_seen(n.node)
        costs = []
        for look in (tree, fresh_tree, fresh_tree):
            before = n.eval("element(2, process_info(whereis('Elixir.My.Crowd'), reductions))")
            crowd = look(a, n.node).named("'Elixir.My.Crowd'")
            costs.append(n.eval("element(2, process_info(whereis('Elixir.My.Crowd'), reductions))") - before)
            self.assertEqual((crowd["children"], crowd["listing"], crowd["listed"]), (CROWD, "sampled", 0))
        self.note("reductions of the supervisor: %r" % costs)
        self.assertLess(max(costs[1:]), 10000)


class InAnApplication(SystemTest):
    """The same by way of the router, on a node without distribution."""

    quick_tests = ()

    def test_the_tree_over_the_router(self):
        a = Application(self, Nameless, http='<<"127.0.0.1:0">>')
        a.eval("traps:start()")
        port = int(a.eval("{ok, #{http := H}} = arsenal:get_server_stats(), H").decode().rpartition(":")[2])
        path = "/api/v1/nodes/nonode%40nohost/tree"

        def ask():
            status, _, body = http_get(port, path)
            return status, json.loads(body)
        wait_until(lambda: http_get(port, "/readyz")[0] == 200, 10, "the probe is attached")
        status, answer = ask()
        self.assertEqual(status, 200, answer)
        t = Tree(answer)
        t.check_shape(self)
        server = next(p for p in t.all if p["name"] == "embedded_sup")
        self.assertEqual(len(t.below(server)), 2)
        self.assertEqual(a.eval("element(2, traps:asked())"), [])
        # A router that is suspended: nobody who asks meanwhile waits for ever.
        time.sleep(FRESH_S)
        a.eval("register(brake, spawn(fun() -> true = erlang:suspend_process(embedded:server()), receive go -> ok end end)), timer:sleep(50)")
        try:
            self.assertEqual(http_get(port, path, timeout=30)[0], 504)
        finally:
            a.eval("brake ! go")
        wait_until(lambda: ask()[0] == 200, 10, "it goes on afterwards")


class Systems(SystemTest):
    lane = "side"

    def check(self, subject, names, most):
        a = watch(self.room, subject.node, interval=1000).wait_seen(subject.node)
        log_at = subject.log_size()
        began = time.monotonic()
        t = tree(a, subject.node)
        took = time.monotonic() - began
        t.check_shape(self)
        have = {p["name"] for p in t.all if p["type"] == "supervisor"}
        self.assertEqual(names - have, set())
        odd = ["%s %s" % (p["name"] or p["id"], p["listing"]) for p in t.all if p.get("listing") not in (None, "none", "listed", "sampled", "bridge")]
        self.note("%s: %d rows in %.0f ms; %s" % (subject.node.partition("@")[0], len(t.all), took * 1000, ", ".join(odd) or "all listed"))
        self.assertLessEqual(len(odd), most, odd)
        self.assertEqual([line for line in subject.log_since(log_at).splitlines() if "rror" in line], [])
        return t

    def test_rabbitmq(self):
        rabbit = RabbitMQ(self.room)
        rabbit.declare("q%d" % i for i in range(5))
        t = self.check(rabbit, {"rabbit_sup", "ranch_sup", "kernel_sup", "delegate_sup", "worker_pool_sup"}, 3)
        queues = [p for p in t.all if p["module"] == "rabbit_amqqueue_process" or p["id"] == "rabbit_amqqueue"]
        self.assertGreaterEqual(len(queues), 5)

    def test_ejabberd(self):
        self.check(Ejabberd(self.room), {"ejabberd_sup", "ejabberd_gen_mod_sup", "kernel_sup"}, 3)

    def elixir(self, node):
        n = node(self.room)
        n.elixir("""
            parent = self()
            spawn(fn ->
              {:ok, _} = Supervisor.start_link([
                {DynamicSupervisor, name: My.Dynamic, strategy: :one_for_one},
                {Task.Supervisor, name: My.Tasks},
                %{id: :agent, start: {Agent, :start_link, [fn -> 1 end]}}] ++
                if(Code.ensure_loaded?(PartitionSupervisor), do: [{PartitionSupervisor, child_spec: DynamicSupervisor, name: My.Partitions, partitions: 3}], else: []),
                strategy: :one_for_one, name: My.Supervisor)
              {:ok, _} = DynamicSupervisor.start_child(My.Dynamic, {Agent, fn -> 1 end})
              {:ok, _} = Task.Supervisor.start_child(My.Tasks, fn -> Process.sleep(:infinity) end)
              send(parent, :up)
              Process.sleep(:infinity)
            end)
            receive do :up -> :ok end""")
        t = self.check(n, {"'Elixir.My.Supervisor'", "'Elixir.My.Dynamic'", "'Elixir.My.Tasks'", "elixir_sup"}, 0)
        self.assertEqual(t.named("'Elixir.My.Tasks'")["module"], "Elixir.Task.Supervisor")
        self.assertEqual(t.named("'Elixir.My.Tasks'")["listed"], 1)
        self.assertEqual(t.named("'Elixir.My.Dynamic'")["listed"], 1)
        partitions = next(p for p in t.all if p["module"] == "Elixir.PartitionSupervisor")
        self.assertEqual(partitions["listed"], 3)
        self.assertEqual({p["listing"] for p in t.below(partitions)}, {"listed"})

    def test_elixir(self):
        self.elixir(ElixirNode)

    def test_elixir_on_otp_29(self):
        require_release("sid")
        self.elixir(inside("sid", ElixirNode))
