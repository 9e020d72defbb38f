# SPDX-License-Identifier: Apache-2.0
"""Nodes that die, and what is said of it afterwards: the post-mortem names the fault, not some other thing, and finds none where there was none."""

import contextlib
import glob
import json
import os
import signal
import stat
import urllib.parse

from harness import Run, SystemTest, run_program, wait_until, watch
from subjects import ErlNode, EvalError, RabbitMQ
from test_embedded import Application, engines

# Grows by some 50,000 messages a second.
QUEUE_FAULT = """
    Consumer = spawn(fun() -> register(fault_consumer, self()), receive never -> ok end end),
    spawn(fun() ->
              Feed = fun Feed() -> [Consumer ! {order, N, <<0:800>>} || N <- lists:seq(1, 1000)], timer:sleep(20), Feed() end,
              Feed()
          end), ok"""
# Grows by some 40 MB a second.
HEAP_FAULT = """
    spawn(fun() ->
              register(fault_cache, self()),
              Keep = fun Keep(Kept) -> timer:sleep(100), Keep([lists:seq(1, 250000) | Kept]) end,
              Keep([])
          end), ok"""


class Dumping(ErlNode):
    """Leaves a crash dump in its folder."""

    dump = None

    def environment(self, **more):
        self.dump = self.dump or os.path.join(self.folder, "crash.dump")
        return super().environment(ERL_CRASH_DUMP=self.dump, ERL_CRASH_DUMP_BYTES="100000000", **more)


def flat(text):
    """Without the breaks that make lines fit a terminal."""
    return " ".join(text.split())


def ends(node, expression):
    """Evaluates what the node does not survive."""
    with contextlib.suppress(EvalError):
        node.eval(expression)
    node.process.wait(30)


class PostMortems(SystemTest):
    lane = "side"
    quick_tests = ("test_a_rabbitmq_that_is_killed_under_a_fault", "test_a_supervisor_that_gives_up", "test_an_orderly_stop", "test_a_dump_is_picked_up",
                   "test_all_nodes_of_a_watch", "test_a_store_is_read_afterwards")

    def watch(self, *nodes, gone=None, **more):
        self.reports = self.room.path("reports")
        names = [n.node for n in nodes] + ([gone] if gone else [])
        a = watch(self.room, *names, interval=500, options=["--reports", self.reports], **more)
        for n in nodes:
            a.wait_seen(n.node)
        return a

    def records(self):
        """Newest first."""
        found = []
        for path in sorted(glob.glob(os.path.join(self.reports, "*.json")), reverse=True):
            with open(path) as f:
                found.append(json.load(f))
        return found

    def wait_record(self, wanted, what, timeout=20):
        """The newest record, once it is as wanted."""
        def look():
            records = self.records()
            return records and wanted(records[0]) and records[0]
        return wait_until(look, timeout, lambda: "%s; the newest is %s" % (what, self.records() and self.records()[0]["verdict"]))

    def cause(self, cause, timeout=20):
        return self.wait_record(lambda r: r["verdict"]["cause"] == cause, "a post-mortem that says " + cause, timeout)

    def grown(self, a, node, metric, least):
        wait_until(lambda: (a.of(node.node, "performance")["metrics"].get(metric) or 0) > least, 40, "%s above %g" % (metric, least))

    # ---- faults

    def test_a_rabbitmq_that_is_killed_under_a_fault(self):
        """SIGKILL tells nobody anything: the record must know who it was."""
        rabbit = RabbitMQ(self.room)
        a = self.watch(rabbit)
        a.wait_samples(rabbit.node, 8)
        events = a.sse(types="node")
        rabbit.eval(QUEUE_FAULT)
        self.grown(a, rabbit, "mq_max", 100000)
        a.wait_samples(rabbit.node, 4)
        rabbit.kill()
        record = self.cause("message_queue")
        self.assertIn("fault_consumer", record["verdict"]["title"])
        self.assertEqual(record["end"]["process"], "gone")
        self.assertTrue(any("gone at once" in reason for reason in record["verdict"]["reasons"]), record["verdict"])
        self.assertEqual(record["growers"][0]["name"], "fault_consumer")
        self.assertIn("mq_max", [g["metric"] for g in record["grown"]])
        self.check_samples(record["samples"])
        told = events.wait(lambda e: "post-mortem" in e.data["detail"], 10, "an event that tells of the post-mortem")
        self.assertIn("fault_consumer", told.data["detail"])
        self.assertIn("post-mortem: ", a.err())
        self.note("%s (%.0f %%)" % (record["verdict"]["title"], 100 * record["verdict"]["confidence"]))
        self.check_forms(a, record)

    def check_samples(self, samples):
        self.assertGreaterEqual(samples["count"], 12)
        self.assertEqual(len(samples["timestamps"]), samples["count"])
        self.assertGreater(len(samples["metrics"]), 60)
        self.assertTrue(all(len(values) == samples["count"] for values in samples["metrics"].values()))

    def check_forms(self, a, record):
        """Text, JSON and HTML; by the command, by HTTP, and as files."""
        ident = record["id"]
        for ending in ("json", "txt", "html"):
            mode = os.stat(os.path.join(self.reports, "%s.%s" % (ident, ending))).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        code, out, err = run_program(self.room, "report", "--list", "--reports", self.reports)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(ident, out)
        self.assertIn(record["verdict"]["title"], out)
        code, out, err = run_program(self.room, "report", "--show", "last", "--reports", self.reports)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(record["verdict"]["title"], flat(out))
        code, out, _ = run_program(self.room, "report", "--show", ident, "--json", "--http", "127.0.0.1:%d" % a.port, "--reports", "off")
        self.assertEqual((code, json.loads(out)["id"]), (0, ident))
        page = self.room.path("page.html")
        code, out, _ = run_program(self.room, "report", "--show", ident, "--html", "--output", page, "--reports", self.reports)
        with open(page) as f:
            self.check_page(f.read(), record)
        self.assertEqual((code, out), (0, ""))
        self.assertEqual([r["id"] for r in a.get("/api/v1/reports")], [ident])
        status, headers, body = a.get_raw("/api/v1/reports/%s?format=html" % urllib.parse.quote(ident))
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("style-src 'unsafe-inline'", headers["content-security-policy"])
        self.check_page(body.decode(), record)

    def check_page(self, page, record):
        self.assertIn(record["node"], page)
        self.assertGreater(page.count("<svg"), 5)
        self.asks_for_nothing(page)

    def asks_for_nothing(self, page):
        for asks in ("<script", "http://", "https://", "src=", "url(", "@import", "<link"):
            self.assertNotIn(asks, page)

    def test_a_heap_that_grows(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 12)
        node.eval(HEAP_FAULT)
        self.grown(a, node, "vm_memory_processes", 2e8)
        a.wait_samples(node.node, 4)
        node.kill()
        record = self.cause("memory_growth")
        self.assertIn("fault_cache", record["verdict"]["title"])

    def test_a_supervisor_that_gives_up(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        node.eval("subject:tree(shop, {3, 60}, [till]), ok")
        a.wait_samples(node.node, 6)
        for _ in range(3):
            node.eval("subject:crash_once(shop, {till, broken})")
        node.eval("exit(element(2, hd(supervisor:which_children(shop))), broken)")
        wait_until(lambda: a.restarts(node.node)["gave_up"] > 0, 10, "the supervisor gave up")
        node.kill()
        record = self.cause("supervisor_gave_up")
        self.assertIn("shop", record["verdict"]["title"])
        self.assertIn("till", record["verdict"]["title"])

    # ---- no fault

    def test_a_healthy_node_that_is_killed(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 20)
        node.kill()
        record = self.cause("killed")
        self.assertEqual(record["grown"], [])
        node.start()
        record = self.wait_record(lambda r: r["end"]["returned"] == "restarted", "it is known that a new VM came")
        self.assertEqual(record["verdict"]["cause"], "killed")
        self.assertEqual(len(self.records()), 1)

    def test_an_orderly_stop(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        ends(node, "init:stop()")
        record = self.cause("stopped_in_order")
        self.assertTrue(record["end"]["stopping"])

    def test_a_link_that_is_lost(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        for _ in range(3):
            a.wait_samples(node.node, 4)
            node.eval("[erlang:disconnect_node(N) || N <- nodes(hidden), lists:prefix(\"arsenal\", atom_to_list(N))], ok")
            wait_until(lambda: self.records() and self.records()[0]["end"]["returned"] == "same_vm", 20, "it is back as the same VM")
        record = self.wait_record(lambda r: r["end"]["losses"] == 3 and r["end"]["returned"] == "same_vm", "three losses in one post-mortem")
        self.assertEqual(record["verdict"]["cause"], "link_lost")
        self.assertIn("the node lived on", record["verdict"]["title"])
        self.assertEqual(len(self.records()), 1)

    # ---- crash dumps

    def test_a_dump_is_picked_up(self):
        node = Dumping(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        ends(node, "erlang:halt(\"the reactor is too hot\")")
        record = self.wait_record(lambda r: (r["end"]["crash_dump"] or {}).get("slogan"), "the dump's slogan")
        self.assertEqual(record["end"]["crash_dump"]["slogan"], "the reactor is too hot")
        self.assertEqual(record["end"]["crash_dump"]["path"], node.dump)
        self.assertIn("processes", record["end"]["crash_dump"]["summary"])
        self.assertEqual(record["verdict"]["cause"], "crashed")

    def test_a_dump_of_a_vm_without_memory(self):
        node = Dumping(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        ends(node, "register(glutton, spawn(fun() -> timer:sleep(100), binary:copy(<<0>>, 1 bsl 45) end)), timer:sleep(5000)")
        record = self.wait_record(lambda r: (r["end"]["crash_dump"] or {}).get("slogan"), "the dump's slogan", 40)
        self.assertIn("Cannot allocate", record["end"]["crash_dump"]["slogan"])
        self.assertIn("glutton", json.dumps(record["end"]["crash_dump"]))

    def test_the_dump_of_another_node_is_not_taken(self):
        """Two nodes in one folder."""
        node, other = Dumping(self.room), Dumping(self.room, start=False)
        other.dump = node.environment()["ERL_CRASH_DUMP"]
        other.start()
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        node.kill()
        ends(other, "erlang:halt(\"not me\")")
        record = self.wait_record(lambda r: r["end"]["crash_dump"], "a dump that appeared")
        self.assertEqual(record["end"]["crash_dump"]["note"], "it is another node's: " + other.node)
        self.assertIsNone(record["end"]["crash_dump"]["slogan"])
        self.assertEqual(record["verdict"]["cause"], "killed")

    def test_an_old_dump_is_not_taken_for_a_new_one(self):
        node = Dumping(self.room, start=False)
        with open(node.environment()["ERL_CRASH_DUMP"], "w") as f:
            f.write("=erl_crash_dump:0.5\nold\nSlogan: long ago\n=end\n")
        os.chmod(node.dump, 0o644)
        node.start()
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        node.kill()
        record = self.cause("killed")
        self.assertIsNone(record["end"]["crash_dump"])

    # ---- ranges

    def test_wrong_arguments(self):
        """They are told from reports that are not there, and each says what would be right."""
        for args, words in ((["--list", "--show", "last"], "one of them"), (["--html", "--json"], "one of them"),
                            (["--list", "--html"], "--show ID"), (["--show", "last", "--since", "1h"], "without --list or --show"),
                            (["--since", "5x"], "30m"), (["--since", "1h", "--until", "2h"], "--until is before --since")):
            code, out, err = run_program(self.room, "report", *args, "a@b")
            self.assertEqual((code, out), (64, ""), args)
            self.assertIn(words, err)
        code, out, err = run_program(self.room, "report", "--show", "last", "--reports", self.room.path("none"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("--store or --reports", err)

    def test_a_range_that_is_asked_for(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_samples(node.node, 4)
        code, out, err = run_program(self.room, "report", "--since", "5m", "--state-dir", a.state_dir)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("Report of " + node.node, out)
        code, out, _ = run_program(self.room, "report", node.node, "--json", "--state-dir", a.state_dir)
        self.assertEqual((code, json.loads(out)["kind"]), (0, "range"))
        for arguments, wanted, says in ((["--since", "soon"], 64, "--since soon: no time"), (["nobody@localhost"], 1, "nobody@localhost"),
                                (["--since", "1m", "--until", "2m"], 64, "before"), (["--show", "../x"], 1, "no report's id"),
                                (["--list", "--show", "x"], 64, "one of them")):
            code, out, err = run_program(self.room, "report", "--state-dir", a.state_dir, *arguments)
            self.assertEqual((code, out), (wanted, ""))
            self.assertIn(says, err)


    def test_all_nodes_of_a_watch(self):
        """Without a name: a line of each, the worst first, and the whole of those that had something. Each form; one page, which asks for nothing."""
        bad, calm = ErlNode(self.room), ErlNode(self.room)
        bad.eval("subject:tree(shop, {100, 60}, [till]), ok")
        a = self.watch(bad, calm, gone="nobody@localhost")
        for _ in range(12):
            bad.eval("subject:crash_once(shop, {till, '<b>broken</b>'})")
        wait_until(lambda: a.total(bad.node) >= 12, 10, "the restarts are seen")
        a.wait_samples(bad.node, 2)
        code, out, err = run_program(self.room, "report", "--since", "5m", "--state-dir", a.state_dir)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^Report of 3 nodes, ")
        self.assertIn("1 of 3 nodes had something. At the end 1 critical", out)
        self.assertLess(out.index(bad.node), out.index(calm.node))
        self.assertIn("Report of " + bad.node, out)
        self.assertNotIn("Report of " + calm.node, out)
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 80)
        code, out, _ = run_program(self.room, "report", "--since", "today", "--json", "--state-dir", a.state_dir)
        told = json.loads(out)
        self.assertEqual((code, told["kind"], told["reports_left_out"]), (0, "fleet", 0))
        self.assertEqual({n["node"]: n["calm"] for n in told["nodes"] if n["samples"]}, {bad.node: False, calm.node: True})
        self.assertEqual([r["node"] for r in told["reports"]], [bad.node])
        self.assertEqual(told["nodes"][0]["headline"], told["reports"][0]["headline"])
        code, page, _ = run_program(self.room, "report", "--html", "--state-dir", a.state_dir)
        self.assertEqual(code, 0)
        self.asks_for_nothing(page)
        self.assertIn('role="img" aria-label="12 restarts from ', page)
        self.assertIn('<a href="#n0">' + bad.node, page)
        self.assertEqual(page.count('<section class="node"'), 1)
        self.assertNotIn("<b>broken", page)
        code, out, _ = run_program(self.room, "report", calm.node, "--state-dir", a.state_dir)
        self.assertIn("nothing happened", out)

    def test_a_store_is_read_afterwards(self):
        """With the arsenal gone, and its folder of reports, too."""
        node = ErlNode(self.room)
        store = self.room.path("history.db")
        self.reports = store + "-reports"
        a = watch(self.room, node.node, interval=500, options=["--store", store])
        a.wait_seen(node.node)
        a.wait_samples(node.node, 6)
        node.kill()
        record = self.cause("killed")
        a.end()
        for path in glob.glob(os.path.join(self.reports, "*")):
            os.unlink(path)
        code, out, err = run_program(self.room, "report", "--store", store, "--list")
        self.assertEqual((code, err), (0, ""))
        self.assertIn(record["id"], out)
        for how in ([], ["--json"]):
            code, out, err = run_program(self.room, "report", "--store", store, "--show", "last", *how)
            self.assertEqual((code, err), (0, ""))
            self.assertIn(record["verdict"]["title"], flat(out))
        code, out, err = run_program(self.room, "report", "--store", store, "--json")
        self.assertEqual((code, err), (0, ""))
        told = json.loads(out)
        self.assertEqual((told["node"], told["end"]), (node.node, None))
        self.assertGreaterEqual(told["samples"]["count"], 6)
        code, out, err = run_program(self.room, "report", "--store", store, "somebody@else")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("it does not have somebody@else; it has: " + node.node, err)


class EmbeddedEnd(SystemTest):
    """The VM around the engine dies, or goes in order."""

    lane = "side"

    quick_tests = ("test_the_vm_is_killed_under_a_fault", "test_orderly_ends_leave_nothing")

    def reports(self, application):
        return sorted(glob.glob(os.path.join(application.node.folder, ".local/state/arsenal/reports/*.json")))

    def gone(self, application):
        wait_until(lambda: not engines(application.node.folder), 10, "the engine ends")

    def test_the_vm_is_killed_under_a_fault(self):
        folder = self.room.path("post-mortems")
        a = Application(self, reports='"%s"' % folder)
        wait_until(lambda: a.history()[1] > 12, 20, "samples before the fault")
        a.eval(QUEUE_FAULT)
        wait_until(lambda: a.eval("{ok, #{message_queue_lengths := #{max := M}}} = arsenal:get_system_health(), M") > 50000, 30, "a long queue")
        seen = a.history()[1]
        wait_until(lambda: a.history()[1] >= seen + 10, 20, "samples of the fault")
        a.node.kill()
        self.gone(a)
        self.assertEqual(self.reports(a), [])
        with open(glob.glob(os.path.join(folder, "*.json"))[0]) as f:
            record = json.load(f)
        self.assertEqual(record["verdict"]["cause"], "message_queue")
        self.assertIn("fault_consumer", record["verdict"]["title"])
        self.assertEqual(record["end"]["process"], "gone")

    def test_none_are_wanted(self):
        a = Application(self, reports="off")
        wait_until(lambda: a.history()[1] > 2, 10, "samples")
        a.node.kill()
        self.gone(a)
        self.assertEqual(self.reports(a), [])
        self.assertFalse(os.path.exists("off"))

    def test_orderly_ends_leave_nothing(self):
        a = Application(self)
        a.eval("embedded:stop()")
        self.gone(a)
        a.start()
        wait_until(lambda: a.history()[1] > 2, 10, "samples")
        ends(a.node, "init:stop()")
        self.gone(a)
        self.assertEqual(self.reports(a), [])

    def test_an_engine_whose_router_is_killed_is_no_dead_vm(self):
        a = Application(self)
        wait_until(lambda: a.history()[1] > 2, 10, "samples")
        a.eval("exit(embedded:server(), kill), ok")
        self.gone(a)
        self.assertEqual(self.reports(a), [])
        a.node.process.send_signal(signal.SIGTERM)
