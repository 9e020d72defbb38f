# SPDX-License-Identifier: Apache-2.0
"""The event stream: resume, filters, clients that do not read."""

import socket
import time

from common import Watchful, names_restart
from harness import HttpError, Stream, SystemTest, wait_until, watch
from subjects import ErlNode


class Events(SystemTest):
    def setUp(self):
        super().setUp()
        self.n = ErlNode(self.room)
        self.n.eval("subject:quiet()")
        self.n.eval("subject:tree(my_sup, {1000000, 1}, [one, two])")
        self.a = watch(self.room, self.n.node, interval=500)
        self.a.wait_seen(self.n.node)

    def crash(self, times, child="one"):
        for i in range(times):
            self.n.eval("subject:crash_once(my_sup, {%s, {why, %d}})" % (child, i))

    def test_resume(self):
        always = self.a.sse()
        first = self.a.sse()
        self.crash(5)
        before = first.wait_many(lambda e: e.kind == "restart", 5, 5, "five restarts")
        first.close()
        last = before[-1].id
        self.crash(10, "two")
        always.wait_many(lambda e: e.kind == "restart", 15, 5, "fifteen restarts")
        again = self.a.sse(last_id=last)
        again.wait_many(lambda e: names_restart(e, "two"), 10, 5, "the ten that were missed")
        self.crash(1)
        again.wait_many(lambda e: names_restart(e, "one"), 1, 5, "and what is new")
        always.wait_many(lambda e: e.kind == "restart", 16, 5, "sixteen restarts")
        missed = [e for e in always.events if int(e.id) > int(last)]
        wait_until(lambda: len(again.events) >= len(missed), 5, "all of them")
        self.assertEqual([(e.id, e.json) for e in again.events[:len(missed)]], [(e.id, e.json) for e in missed], "exactly the missed ones, in order")
        ids = [int(e.id) for e in always.events]
        self.assertEqual(ids, sorted(set(ids)), "ids grow")

    def test_resume_with_a_filter(self):
        stream = self.a.sse(types="restart")
        self.crash(7)
        seen = stream.wait_many(lambda e: True, 7, 5, "seven restarts")
        again = self.a.sse(types="restart", last_id=seen[3].id)
        again.wait_many(lambda e: True, 3, 5, "three of them")
        self.crash(1)
        again.wait_many(lambda e: True, 4, 5, "one more")
        self.assertEqual([e.id for e in again.events[:3]], [e.id for e in seen[4:7]])
        self.assertEqual({e.kind for e in again.events}, {"restart"})

    def test_filters(self):
        only = self.a.sse(types="health_alert,node")
        everything = self.a.sse()
        self.crash(12)
        only.wait(lambda e: e.kind == "health_alert" and e.data["overall_status"] == "critical", 5, "twelve restarts are critical")
        everything.wait_many(lambda e: e.kind == "restart", 12, 5, "all restarts")
        self.assertFalse([e for e in only.events if e.kind not in ("health_alert", "node")])

    def test_a_restart_anomaly(self):
        stream = self.a.sse(types="anomaly")
        self.crash(4)
        e = stream.wait(lambda e: e.data["type"] == "restart_anomaly", 5, "more than three restarts of a child in five minutes")
        self.assertEqual((e.data["child_id"], e.data["supervisor"], e.data["severity"]), ("one", "my_sup", "high"))
        self.assertEqual(e.data["restart_count"], 4)
        self.crash(2)
        wait_until(lambda: [p for p in self.a.restarts(self.n.node)["patterns"] if p["type"] == "restart_storm" and p["child_id"] == "one"],
                   5, "a storm of six restarts")

    def test_ids_of_another_run(self):
        """A client that comes back to a new process: ids do not fall back, so it misses nothing of the new one."""
        stream = self.a.sse(types="restart")
        self.crash(3)
        last = stream.wait_many(lambda e: True, 3, 5, "three restarts")[-1].id
        self.a.end()
        a = watch(self.room, self.n.node, interval=500)
        a.wait_seen(self.n.node)
        self.crash(2, "two")
        wait_until(lambda: a.total(self.n.node) == 2, 5, "two restarts")
        again = a.sse(types="restart", last_id=last)
        found = again.wait_many(lambda e: True, 2, 5, "the two of the new run")
        self.assertTrue(all(int(e.id) > int(last) for e in found))

    def test_bad_ids(self):
        for bad in ("x", "-1", "99999999999999999999999999", "1.5", ""):
            try:
                s = self.a.sse(last_id=bad)
                s.close()
            except HttpError as e:
                self.assertEqual(e.status, 400)
        self.assertTrue(self.a.alive)

    def test_clients_that_do_not_read(self):
        """Twenty of them, in a flood of 40,000 restarts: bounded memory, and the one that reads is served."""
        deaf = []
        for _ in range(20):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.a.port))
            s.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            deaf.append(s)
        reader = self.a.sse()
        with Watchful(self.a, self.n.node) as w:
            self.n.eval("subject:flood(40000, 8000)", timeout=60)
            wait_until(lambda: self.a.total(self.n.node) == 40000, 20, lambda: "the total: %d" % self.a.total(self.n.node))
            self.crash(1)
            reader.wait(lambda e: names_restart(e, "one", "my_sup"), 10, "the one that reads gets what is new")
        self.account(reader, 40001)
        w.check(self, growth_mb=96, gap=3)
        for s in deaf:
            s.close()
        self.crash(1)
        reader.wait_many(lambda e: names_restart(e, "one", "my_sup"), 2, 5, "and goes on")

    def account(self, reader, restarts):
        """Each restart came as an event, or is counted where it was left out."""
        seen = len(reader.of("restart"))
        others = len(reader.events) - seen
        dropped = sum(e.json.get("dropped", 0) for e in reader.events)
        left_out = self.a.stats(self.n.node)["events_dropped"]
        undescribed = self.a.restarts(self.n.node)["undescribed"]
        figures = "%d restarts read, %d told as dropped, %d dropped by the engine, %d undescribed" % (seen, dropped, left_out, undescribed)
        self.note(figures)
        self.assertGreaterEqual(seen + dropped + left_out + undescribed, restarts, figures)
        self.assertLessEqual(seen + dropped + left_out + undescribed, restarts + others + 100, figures)

    def test_too_many_clients(self):
        streams, refused = [], 0
        for _ in range(80):
            try:
                streams.append(Stream(self.a.port, "/api/v1/events"))
            except (HttpError, OSError, ValueError):
                refused += 1
        self.assertGreater(refused, 0, "streams are bounded")
        self.assertGreater(len(streams), 30)
        self.assertEqual(self.a.get_raw("/healthz")[0], 200, "other requests are served")
        for s in streams:
            s.close()
        time.sleep(0.2)
        wait_until(self.reconnects, 5, "places are free again")

    def reconnects(self):
        try:
            self.a.sse().close()
            return True
        except (HttpError, OSError, ValueError):
            return False
