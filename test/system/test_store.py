# SPDX-License-Identifier: Apache-2.0
"""`arsenal watch --store`: what was seen is there again after any end; files that are not what they should be."""

import os
import signal
import sqlite3
import subprocess
import time

from harness import HttpError, Run, SystemTest, quick_environment, read_text, run_program, wait_until, watch
from subjects import ErlNode


class Store(SystemTest):
    lane = "side"

    def setUp(self):
        super().setUp()
        self.file = self.room.path("history.db")

    def watch(self, *nodes, **more):
        return watch(self.room, *[n.node for n in nodes], interval=200, options=["--store", self.file], **more)

    def node_with_shop(self):
        node = ErlNode(self.room)
        node.eval("subject:tree(shop, {1000000, 1}, [a, b, c]), ok")
        return node

    def crash(self, node, child):
        node.eval("subject:crash_once(shop, {%s, boom})" % child)

    def wait_total(self, a, node, count):
        def total():
            try:
                return a.total(node.node)
            except HttpError:
                return 0
        wait_until(lambda: total() == count, 10, lambda: "%d restarts of %s, %d now" % (count, node.node, total()))

    def history(self, a, node):
        """Of the last ten minutes."""
        def at(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        return a.of(node.node, "history?start=%s&end=%s" % (at(-600), at(60)))

    def wait_on_disk(self, a, more=3):
        """What has come until now is on disk: rows come in order."""
        want = a.get("/api/v1/stats")["store"]["committed"] + more
        wait_until(lambda: a.get("/api/v1/stats")["store"]["committed"] >= want, 10, "all is on disk")

    def rows(self, sql):
        db = sqlite3.connect(self.file)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def outlives(self, number):
        """Two nodes in one file; totals and history go on, and what is usual is known at once."""
        one, two = self.node_with_shop(), self.node_with_shop()
        a = self.watch(one, two)
        a.wait_seen(one.node).wait_seen(two.node)
        for child in ("a", "b", "a"):
            self.crash(one, child)
        self.crash(two, "c")
        self.wait_total(a, one, 3)
        self.wait_total(a, two, 1)
        a.wait_samples(one.node, 10)
        before = self.history(a, one)
        self.wait_on_disk(a)
        stats = a.get("/api/v1/stats")["store"]
        self.assertEqual((stats["dropped"], stats["failing"]), (0, False))
        self.assertGreater(stats["bytes"], 0)
        self.assertIn("arsenal_store_failing 0\n", a.get_raw("/metrics")[2].decode())
        a.end(number)
        a = self.watch(two, one)
        self.assertEqual(a.total(one.node), 3)
        self.assertEqual(a.total(two.node), 1)
        after = self.history(a, one)
        self.assertEqual(after["metrics"][:len(before["metrics"])], before["metrics"])
        # Whom a restart took along is told by the supervisor, once it has been asked (again).
        for r in before["restarts"] + after["restarts"]:
            r.pop("collateral", None)
        self.assertEqual(after["restarts"], before["restarts"])
        self.assertEqual({r["child_id"]: r["restart_count"] for r in after["restarts"]}, {"a": 2, "b": 1})
        a.wait_seen(one.node)
        self.crash(one, "a")
        self.wait_total(a, one, 4)
        a.end()
        # One that is not watched keeps what it has.
        a = self.watch(two)
        a.wait_seen(two.node)
        a.end()
        a = self.watch(one)
        self.assertEqual(a.total(one.node), 4)
        a.end()
        self.assertEqual(self.rows("SELECT count(*) FROM nodes"), [(2,)])
        self.assertNotIn("damaged", a.err())

    def test_outlives_sigterm(self):
        self.outlives(signal.SIGTERM)

    def test_outlives_sigkill(self):
        self.outlives(signal.SIGKILL)

    def make_a_day(self):
        """What is in the file becomes a day of it, at 5 s: the samples over and over, as rows."""
        db = sqlite3.connect(self.file)
        with db:
            rows = db.execute("SELECT node, body, checked FROM samples ORDER BY id").fetchall()
            db.execute("DELETE FROM samples")
            first = int(time.time() * 1000) - 24 * 3600 * 1000
            day = ((rows[i % len(rows)][0], first + 5000 * i, *rows[i % len(rows)][1:]) for i in range(24 * 720))
            db.executemany("INSERT INTO samples (node, time, body, checked) VALUES (?, ?, ?, ?)", day)
        db.close()
        return len(rows)

    def test_a_day_takes_16_mb(self):
        """All metrics of a node, every 5 s: read from rows, and from the blocks that are made of them."""
        node = self.node_with_shop()
        a = self.watch(node).wait_seen(node.node)
        a.wait_samples(node.node, 50)
        a.end()
        self.assertGreaterEqual(self.make_a_day(), 50)
        for of in ("rows", "blocks"):
            a = self.watch(node).wait_seen(node.node)
            self.assertGreater(a.samples(node.node), 24 * 720 - 300, of)
            self.wait_on_disk(a)
            self.assertLess(a.get("/api/v1/stats")["max_rss_bytes"], (16 << 20) * Run.rss_allowance, of)
            a.end()
        self.assertLess(self.rows("SELECT count(*) FROM samples")[0][0], 300)
        self.assertGreaterEqual(self.rows("SELECT sum(rows) FROM blocks WHERE kind = 0")[0][0], 24 * 720 - 300)

    def refused(self, *words, node="a@localhost", env=None):
        code, out, err = run_program(self.room, "watch", node, "--store", self.file, "--http", "off", "--state-dir", self.room.path("state"),
                                     env={"RELEASE_COOKIE": "x", **(env or {})})
        self.assertEqual((code, out), (1, ""), err)
        for word in (self.file, *words):
            self.assertIn(word, err)

    def test_opened_twice(self):
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_seen(node.node)
        self.refused("in use", str(a.pid))
        a.wait_samples(node.node)

    def test_not_ours(self):
        with open(self.file, "w") as f:
            f.write("notes\n" * 100)
        self.refused("left alone")
        os.unlink(self.file)
        self.rows("CREATE TABLE mine (x)")
        self.refused("another program's", "left alone")
        self.assertEqual(self.rows("SELECT name FROM sqlite_schema"), [("mine",)])
        self.file = self.room.path("none", "history.db")
        self.refused("No such file")

    def test_a_newer_version(self):
        node = ErlNode(self.room)
        self.watch(node).wait_seen(node.node).end()
        self.rows("PRAGMA user_version = 99")
        self.refused("newer", "99", "left alone")
        self.assertEqual(self.rows("PRAGMA user_version"), [(99,)])

    def test_no_permission(self):
        """A folder that cannot be written, for somebody who is not root."""
        folder = self.room.make_folder("others")
        self.file = os.path.join(folder, "history.db")
        os.chmod(folder, 0o555)
        done = subprocess.run([Run.arsenal, "watch", "a@localhost", "--store", self.file, "--http", "off", "--state-dir", "/dev/shm/none-%d" % os.getpid()],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, user=65534 if os.geteuid() == 0 else None,
                              env={"RELEASE_COOKIE": "x", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}, start_new_session=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("ermission denied", done.stderr)
        self.assertEqual(os.listdir(folder), [])

    def test_a_read_only_disk(self):
        """It cannot be watched to there, and can be read from there."""
        node = ErlNode(self.room)
        a = self.watch(node)
        a.wait_seen(node.node)
        self.wait_on_disk(a)
        a.end(signal.SIGKILL)
        disk = self.room.make_folder("disk")
        script = """
            mount -t tmpfs -o size=16m none "$1" || exit 99
            cp "$2" "$2-wal" "$1" && mount -o remount,ro "$1"
            "$0" watch "$3" --store "$1/history.db" --http off --state-dir "$4" 2>"$4.watch"; echo "watch: $?"
            "$0" report --store "$1/history.db" 2>"$4.report"; echo "report: $?"
        """
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, Run.arsenal, disk, self.file, node.node, self.room.path("state")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * Run.slowness,
                              env=quick_environment(self.room.folder, RELEASE_COOKIE="x"), start_new_session=True)
        if done.returncode == 99 or "unshare" in done.stderr:
            self.skipTest("nothing can be mounted: " + done.stderr.strip())
        self.assertIn("watch: 1\n", done.stdout)
        self.assertIn("Read-only file system", read_text(self.room.path("state.watch")))
        self.assertIn("report: 0\n", done.stdout, read_text(self.room.path("state.report")))
        self.assertIn(node.node, done.stdout)
