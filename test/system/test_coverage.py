# SPDX-License-Identifier: Apache-2.0
"""What is read of a node beside the counters: memory that adds up, tables and how they grow, links, sockets, dirty schedulers. Always against
what the node says itself."""

import re

from harness import Run, SystemTest, wait_until, watch
from subjects import ErlNode

# What recon_alloc adds up: carriers and blocks, over all allocators and instances.
ALLOCATED = """
    Parts = [Part || A <- erlang:system_info(alloc_util_allocators), {instance, _, I} <- erlang:system_info({allocator_sizes, A}), {_, Part} <- I],
    {lists:sum([element(2, T) || P <- Parts, T <- P, element(1, T) =:= carriers_size]),
     lists:sum([element(2, T) || P <- Parts, {blocks, Bs} <- P, {_, Items} <- Bs, T <- Items, element(1, T) =:= size])}"""

# A process that owns a table, an unnamed one, a persistent term and a socket, and lives on.
OWNER = """
    Me = self(),
    Owner = spawn(fun() ->
        register(coverage_owner, self()),
        ets:new(coverage_named, [named_table, public]),
        [ets:insert(ets:new(coverage_cache, []), [{N, N} || N <- lists:seq(1, 5000)]) || _ <- lists:seq(1, 3)],
        persistent_term:put(coverage, 1),
        {ok, _} = socket:open(inet, stream, tcp),
        Me ! {self(), ready},
        receive stop -> ok end
    end),
    receive {Owner, ready} -> ok after 5000 -> error(timeout) end"""

FILL = "ets:insert(coverage_named, [{{%d, N}, N} || N <- lists:seq(1, 50000)]), ets:info(coverage_named, memory) * erlang:system_info(wordsize)"


class Coverage(SystemTest):
    erl = ErlNode
    lane = "side"
    quick_tests = ("test_memory_adds_up", "test_tables_grow", "test_counts")

    def follow(self, subject):
        return watch(self.room, subject.node, interval=500).wait_seen(subject.node)

    def metric(self, a, subject, name):
        return a.of(subject.node, "performance")["metrics"][name]

    def wait_metric(self, a, subject, name, good, timeout=20):
        return wait_until(lambda: good(self.metric(a, subject, name) if self.metric(a, subject, name) is not None else -1), timeout,
                          lambda: "%s is %r" % (name, self.metric(a, subject, name)), every=0.2)

    def rows(self, a, subject, kind):
        return {row["name" if kind == "tables" else "peer"]: row for row in a.of(subject.node, kind)[kind]}

    def wait_row(self, a, subject, kind, name, good=bool, timeout=40):
        wait_until(lambda: good(self.rows(a, subject, kind).get(name)), timeout,
                   lambda: "%s among the %s: %r" % (name, kind, self.rows(a, subject, kind).get(name)), every=0.2)
        return self.rows(a, subject, kind)[name]

    def test_memory_adds_up(self):
        n = self.erl(self.room)
        a = self.follow(n)
        self.wait_metric(a, n, "alloc_blocks_bytes", lambda v: v > 0)
        memory = a.of(n.node, "memory")
        levels = {level["name"]: level for level in memory["levels"]}
        self.assertEqual(list(levels), ["limit", "resident", "carriers", "blocks"])
        above = None
        for level in memory["levels"]:
            self.assertEqual(sum(part["bytes"] for part in level["parts"]), level["bytes"] + level["excess"], level["name"])
            if above:
                self.assertEqual({part["name"]: part["bytes"] for part in above["parts"]}[level["name"]], level["bytes"])
                self.assertAlmostEqual(level["share"], 100 * level["bytes"] / above["bytes"])
            above = level
        carriers, blocks = n.eval(ALLOCATED)
        status = n.eval('element(2, file:read_file("/proc/self/status"))').decode()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024
        for name, own in (("resident", resident), ("carriers", carriers), ("blocks", blocks)):
            self.assertAlmostEqual(levels[name]["bytes"] / own, 1, delta=0.25, msg=name)
        # What erlang:memory() tells of is what the allocators have in use, but for what changed between the two readings.
        self.assertLess(levels["blocks"]["parts"][-1]["bytes"] + levels["blocks"]["excess"], 0.15 * blocks)
        owners = {part["name"]: part.get("owners") for level in memory["levels"] for part in level["parts"]}
        wait_until(lambda: a.of(n.node, "memory")["levels"][3]["parts"][0]["owners"], 10, "processes that own the most")
        self.assertTrue(owners["free_in_carriers"][0]["allocator"].endswith("_alloc"))
        self.note("OTP %s: resident %.0f MB, carriers %.0f %%, blocks %.0f %% of these, unattributed %d, excess %d bytes" % (
            n.eval("erlang:system_info(otp_release)"), resident / 1e6, levels["carriers"]["share"], levels["blocks"]["share"],
            levels["blocks"]["parts"][-1]["bytes"], levels["blocks"]["excess"]))

    def test_tables_grow(self):
        n = self.erl(self.room)
        n.eval(OWNER)
        first = n.eval(FILL % 1)
        a = self.follow(n)
        row = self.wait_row(a, n, "tables", "coverage_named")
        self.assertEqual((row["named"], row["owner"], row["size"], row["memory"]), (True, "coverage_owner", 50000, first))
        self.assertIsNone(row["growth_per_hour"])
        cache = self.rows(a, n, "tables")["coverage_cache"]
        self.assertEqual((cache["named"], cache["owner"], cache["count"], cache["size"]), (False, "coverage_owner", 3, 15000))
        second = n.eval(FILL % 2)
        watch(self.room, n.node)  # for whoever comes, all is looked at anew
        row = self.wait_row(a, n, "tables", "coverage_named", lambda row: row["memory"] == second and row["growth_per_hour"] is not None, timeout=60)
        self.assertGreater(row["growth_per_hour"], (second - first) * 60)
        self.assertIn("coverage_named", [t["name"] for t in a.of(n.node, "memory")["levels"][3]["parts"][2]["owners"]])
        n.eval("whereis(coverage_owner) ! stop, ok")

    test_tables_grow.long = True

    def test_links(self):
        n, peer = (self.erl(self.room, host="127.0.0.1", long_names=True) for _ in range(2))
        a = self.follow(n)
        ours = wait_until(lambda: [row for row in self.rows(a, n, "links").values() if row["ours"]], 20, "the link of the watcher")
        self.assertEqual([(row["type"], row["state"], row["carrier"], row["busy"]) for row in ours], [("hidden", "up", "tcp", False)])
        self.assertEqual(len(self.rows(a, n, "links")), 1)
        self.assertIs(n.eval("net_kernel:connect_node('%s')" % peer.node), True)
        row = self.wait_row(a, n, "links", peer.node)
        self.assertEqual((row["type"], row["state"], row["carrier"], row["ours"]), ("normal", "up", "tcp", False))
        before = row["send_bytes"]
        n.eval("rpc:call('%s', erlang, byte_size, [binary:copy(<<0>>, 100000)])" % peer.node)
        row = self.wait_row(a, n, "links", peer.node, lambda row: row["send_bytes"] >= before + 100000)
        text = a.get_raw("/metrics?node=%s" % n.node)[2].decode()
        self.assertIn('erlang_vm_dist_send_bytes{peer="%s"} %d' % (peer.node, row["send_bytes"]), text)
        self.assertIn('erlang_vm_dist_node_state{peer="%s"} 3' % peer.node, text)
        self.assertRegex(text, r'erlang_vm_allocators\{alloc="eheap_alloc",instance_no="all",kind="mbcs",usage="carriers_size"\} \d+')
        n.eval("erlang:disconnect_node('%s')" % peer.node)
        wait_until(lambda: peer.node not in self.rows(a, n, "links"), 30, "the link is gone", every=0.2)

    def test_counts(self):
        n = self.erl(self.room)
        n.eval(OWNER)
        a = self.follow(n)
        self.wait_metric(a, n, "socket_count", lambda v: v >= 0)
        self.assertEqual(self.metric(a, n, "socket_count"), 1)
        self.assertEqual(self.metric(a, n, "persistent_term_count"), n.eval("maps:get(count, persistent_term:info())"))
        self.assertAlmostEqual(self.metric(a, n, "module_count"), n.eval("length(erlang:loaded())"), delta=3)
        self.assertEqual(self.metric(a, n, "logger_queue"), 0)
        n.eval("""sys:suspend(whereis(logger)), [whereis(logger) ! {hello, N} || N <- lists:seq(1, 70)], ok""")
        self.wait_metric(a, n, "logger_queue", lambda v: v >= 70)
        n.eval("sys:resume(whereis(logger))")
        n.eval("whereis(coverage_owner) ! stop, ok")

    def test_dirty_schedulers(self):
        n = self.erl(self.room)
        a = self.follow(n)
        self.wait_metric(a, n, "dirty_cpu_utilization", lambda v: 0 <= v < 50)
        self.wait_metric(a, n, "dirty_io_utilization", lambda v: 0 <= v < 50)
        n.eval("""[register(list_to_atom("dirty_" ++ integer_to_list(N)), spawn(fun Loop() -> erts_debug:dirty_cpu(wait, 20), erts_debug:dirty_io(wait, 20), Loop() end))
                   || N <- lists:seq(1, 20)], ok""")
        self.wait_metric(a, n, "dirty_cpu_utilization", lambda v: 70 < v <= 100)
        self.wait_metric(a, n, "dirty_io_utilization", lambda v: 10 < v <= 100)
        n.eval("""[exit(whereis(list_to_atom("dirty_" ++ integer_to_list(N))), kill) || N <- lists:seq(1, 20)], ok""")
        self.wait_metric(a, n, "dirty_cpu_utilization", lambda v: 0 <= v < 50)

    def test_it_costs_little(self):
        """With many tables: what is too much for the budget comes later, and costs no more."""
        n = self.erl(self.room)
        n.eval("""spawn(fun() -> register(coverage_owner, self()), [ets:new(coverage_many, []) || _ <- lists:seq(1, 20000)], receive stop -> ok end end), ok""")
        wait_until(lambda: n.eval("erlang:system_info(ets_count)") > 20000, 20, "20,000 tables")
        a = self.follow(n)
        row = self.wait_row(a, n, "tables", "coverage_many", timeout=150)
        self.assertEqual(row["count"], 20000)
        begin = a.of(n.node, "performance")
        a.wait_samples(n.node, 20)
        end = a.of(n.node, "performance")
        busy = end["metrics"]["probe_busy_us"] - begin["metrics"]["probe_busy_us"]
        elapsed = end["metrics"]["wallclock_ms"] - begin["metrics"]["wallclock_ms"]
        self.note("busy %.2f %% of one scheduler, in all %.1f s" % (busy / elapsed / 10, end["metrics"]["probe_busy_us"] / 1e6))
        self.assertLess(busy / elapsed / 10, 3 * Run.slowness)
        n.eval("whereis(coverage_owner) ! stop, ok")
