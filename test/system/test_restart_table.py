# SPDX-License-Identifier: Apache-2.0
"""The table of restarts: (kind of supervisor × type of child × type of restart × reason × configuration of logging × OTP release). Every
cell is exact, or blind and said to be blind. restart_table.erl makes them inside the node; a few go through the whole program."""

import os
import re
import shutil
import subprocess

from harness import ROOT, Run, SystemTest, quick_environment, wait_until, watch
from subjects import CALM, ErlNode, inside, require_release

ROW = re.compile(r'^\{(.+),(\w+),(exact|blind|\{wrong,.*\}),<<(?:"(.*)")?>>,(\d+)\}\.$')
# What has no second source before OTP 27, where a node has one tracer.
ONE_TRACER = {"{foreign_tracer,%s}" % c for c in ("none", "critical", "module_none")}


class RestartTable(SystemTest):
    lane = "side"
    long = True
    suite, release = None, "25"
    erl = ErlNode
    rows = []

    def program(self, out, world):
        folder = "/usr/lib/elixir/lib" if self.suite or os.path.isdir("/usr/lib/elixir/lib") else None
        if world == "elixir" and not folder and not shutil.which("elixir"):
            self.skipTest("elixir is not installed")
        paths = ["-pa", folder + "/elixir/ebin", folder + "/logger/ebin"] if world == "elixir" else []
        argv = ["erl", "-noshell", *CALM, "-pa", Run.ebin, *paths, "-eval", 'restart_table:main("%s",%s).' % (out, world)]
        if self.suite:
            argv = ["sh", os.path.join(ROOT, "scripts", "otp_enter.sh"), self.suite, Run.folder, *argv]
        return argv

    def table(self, world):
        folder = self.room.make_folder("table-" + world)
        out = os.path.join(folder, "rows")
        done = subprocess.run(self.program(out, world), env=quick_environment(folder), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=150 * Run.slowness, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace")[-3000:])
        with open(out, encoding="utf-8") as f:
            lines = f.read().splitlines()
        rows = [ROW.match(line) for line in lines]
        self.assertTrue(rows and all(rows), lines[:3])
        return [(m[1], m[2], m[3], m[4] or "", int(m[5])) for m in rows]

    def check(self, world):
        rows = self.table(world)
        for configuration, kind, verdict, note, _cells in rows:
            with self.subTest(configuration=configuration, kind=kind):
                self.assertFalse(verdict.startswith("{wrong"), verdict[:300])
                if verdict == "blind":
                    self.assertIn(configuration, ONE_TRACER if self.release == "25" else (), "a cell that need not be blind")
                    self.assertIn("are not seen: ", note)
                    self.assertIn("another tool traces this node", note)
        RestartTable.rows += [(self.release, *row) for row in rows]
        cells = sum(row[4] for row in rows)
        self.note("OTP %s: %d cells, %d of them blind, and said so" % (self.release, cells, sum(r[4] for r in rows if r[2] == "blind")))
        self.write()

    def write(self):
        """build/restart_table.txt: a line for each release and configuration, a column for each kind."""
        kinds = list(dict.fromkeys(row[2] for row in RestartTable.rows))
        found = {}
        for release, configuration, kind, verdict, _note, _cells in RestartTable.rows:
            found.setdefault((release, configuration), {})[kind] = {"exact": "exact", "blind": "blind, said"}.get(verdict, "WRONG")
        lines = ["%-4s %-36s %s" % ("OTP", "configuration", " ".join("%-19s" % kind for kind in kinds))]
        for (release, configuration), verdicts in sorted(found.items()):
            lines.append("%-4s %-36s %s" % (release, configuration, " ".join("%-19s" % verdicts.get(kind, "-") for kind in kinds)))
        with open(os.path.join(ROOT, "build", "restart_table.txt"), "w") as f:
            f.write("\n".join(line.rstrip() for line in lines) + "\n")

    def test_erlang(self):
        self.check("erlang")

    def test_elixir(self):
        self.check("elixir")

    def test_through_the_whole_program(self):
        """Levels that stop every report: seen all the same, or, where another tool traces, said to be not observed."""
        n = self.erl(self.room)
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        n.eval("logger:set_primary_config(level, none)")
        info = lambda: a.nodes()[n.node]["info"]
        n.eval("subject:tree(quiet_sup, {1000, 1}, [one])")
        crash = lambda: n.eval("subject:crash_once(quiet_sup, {one, silently})")

        def crash_is_seen():
            """Not in the moment in which the other source takes over."""
            crash()
            return a.total(n.node) > 0
        wait_until(crash_is_seen, 10, "the first restart is counted", every=0.2)
        wait_until(lambda: info()["restarts_seen"] and not info()["note"], 10, "restarts are seen")
        a.wait_samples(n.node, 1)
        before = a.total(n.node)
        for _ in range(10):
            crash()
        wait_until(lambda: a.total(n.node) >= before + 10, 5, "ten more are counted")
        a.wait_samples(n.node, 1)
        self.assertEqual(a.total(n.node), before + 10)
        if self.release != "25":
            return
        n.eval("dbg:tracer(process, {fun(_, S) -> S end, none}), dbg:p(all, [c]), ok")
        wait_until(lambda: not info()["restarts_seen"], 5, "restarts are not seen")
        wait_until(lambda: "another tool traces this node" in info()["note"], 5, "and it is said why")
        self.assertIn("another tool traces this node", a.err())
        wait_until(lambda: not a.of(n.node, "health")["observed"]["restarts"], 5, "restarts are not observed")
        n.eval("dbg:stop(), ok")
        wait_until(lambda: info()["restarts_seen"], 10, "restarts are seen again")


class OtherRelease:
    quick = False

    @classmethod
    def setUpClass(cls):
        require_release(cls.suite)


class TrixieTable(OtherRelease, RestartTable):
    suite, release = "trixie", "27"
    erl = inside("trixie", ErlNode)


class SidTable(OtherRelease, RestartTable):
    suite, release = "sid", "29"
    erl = inside("sid", ErlNode)
