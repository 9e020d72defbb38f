# SPDX-License-Identifier: Apache-2.0
"""Long history: a day of it inside an application and over HTTP, to slow readers and to those that go; and no seam where arsenal was started again."""

import contextlib
import json
import re
import signal
import socket
import time

from harness import Run, SystemTest, http_get, wait_until, watch
from subjects import ErlNode
from test_embedded import Application

DAY = 17280  # samples, 5 s apart
STEP = 5000


def columns(port, node, **query):
    """One metric in steps, as a list of points."""
    path = "/api/v1/nodes/%s/history?%s" % (node, "&".join("%s=%s" % pair for pair in query.items()))
    status, _, body = http_get(port, path, timeout=30)
    if status != 200:
        raise AssertionError("%d: %s" % (status, body.decode()))
    metric = json.loads(body)["metrics"][query["metric"]]
    names = ("time", "min", "max", "mean", "last", "count")
    return [dict(zip(names, point)) for point in zip(*(metric[name] for name in names))], metric


class SlowReader:
    """Asks for the whole history, and takes nothing of it."""

    def __init__(self, port, node):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(b"GET /api/v1/nodes/%s/history?start=0&end=9999999999999 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % node.encode())
        self.socket.recv(1)

    def close(self):
        self.socket.close()


class Day(SystemTest):
    """A day of samples, all of them ahead of now: time never goes backwards."""

    lane = "side"

    def application(self):
        a = Application(self, engine='"%s"' % Run.arsenal, monitoring_interval="3600000", http='"127.0.0.1:0"')
        self.first, self.last = a.eval("{First, Last} = arsenal_day:live(arsenal:name(), %d, %d), {First, Last}" % (STEP, DAY), timeout=60)
        http = a.eval("{ok, #{http := Http}} = arsenal:get_server_stats(), Http")
        self.port = int(re.search(rb":(\d+)$", http if isinstance(http, bytes) else http.encode()).group(1))
        self.name = a.eval("atom_to_binary(node())").decode()
        return a

    def max_rss(self, a):
        return a.eval("{ok, #{engine_max_rss_bytes := Rss}} = arsenal:get_server_stats(), Rss")

    def test_a_day_inside_an_application(self):
        """It is never whole in the engine; and those who call meanwhile are answered before it is there."""
        a = self.application()
        a.eval("{ok, _} = arsenal:get_historical_data(%d, %d), ok" % (self.first, self.first + 3600000))
        before = self.max_rss(a)
        bytes_, small = a.eval("""Server = arsenal:name(),
            Day = gen_server:send_request(Server, {arsenal_binary, {get_historical_data, %d, %d}}),
            Small = [gen_server:send_request(Server, {arsenal_binary, get_server_stats}) || _ <- lists:seq(1, 200)],
            Answered = length([x || Request <- Small, {reply, <<131, _/binary>>} <- [gen_server:wait_response(Request, 60000)]]),
            timeout = gen_server:wait_response(Day, 0),
            {reply, Parts} = gen_server:wait_response(Day, 60000),
            {ok, #{metrics := Metrics, health_checks := Checks}} = arsenal_answers:joined(Parts),
            {%d, %d} = {length(Metrics), length(Checks)},
            {iolist_size(Parts), Answered}""" % (self.first, self.last, DAY, DAY), timeout=120)
        self.assertEqual(small, 200)
        grown = self.max_rss(a) - before
        self.note("%.1f MB came in parts; the engine grew by %.1f MB" % (bytes_ / 1e6, grown / 1e6))
        self.assertLess(grown, 4e6 * Run.rss_allowance)

    def test_a_day_over_http(self):
        a = self.application()
        status, headers, body = http_get(self.port, "/api/v1/nodes/%s/history?start=%d&end=%d" % (self.name, self.first, self.last), timeout=60)
        self.assertEqual((status, headers.get("transfer-encoding")), (200, "chunked"))
        whole = json.loads(body)
        self.assertEqual((len(whole["metrics"]), len(whole["health_checks"])), (DAY, DAY))
        points, metric = columns(self.port, self.name, start=self.first, end=self.last, step="1m", metric="process_count")
        self.assertEqual((metric["unit"], metric["kind"], metric["resolution"]), ("count", "gauge", 60))
        self.assertIn(len(points), (1440, 1441))
        self.assertEqual(sum(p["count"] for p in points), DAY)
        self.assertTrue(all(p["min"] <= p["mean"] <= p["max"] and p["min"] <= p["last"] <= p["max"] for p in points))
        counts = [m["processes"]["count"] for m in whole["metrics"]]
        self.assertEqual((min(p["min"] for p in points), max(p["max"] for p in points)), (min(counts), max(counts)))
        self.assertEqual(points[-1]["last"], counts[-1])
        by_hand = [c for m, c in zip(whole["metrics"], counts) if m["timestamp"][:16] == whole["metrics"][100]["timestamp"][:16]]
        of_that_minute = next(p for p in points if time.strftime("%Y-%m-%dT%H:%M", time.gmtime(p["time"] / 1000)) == whole["metrics"][100]["timestamp"][:16])
        self.assertAlmostEqual(of_that_minute["mean"], sum(by_hand) / len(by_hand), places=6)
        before = self.max_rss(a)
        with contextlib.ExitStack() as stack:
            slow = [SlowReader(self.port, self.name) for _ in range(16)]
            for s in slow:
                stack.callback(s.close)
            status, headers, body = http_get(self.port, "/api/v1/nodes/%s/history" % self.name)
            self.assertEqual((status, headers["retry-after"]), (503, "1"), body)
            self.assertEqual(http_get(self.port, "/healthz")[0], 200)
            self.assertLess(self.max_rss(a) - before, 16e6 * Run.rss_allowance)
        wait_until(lambda: http_get(self.port, "/api/v1/nodes/%s/history?start=1&end=2" % self.name)[0] == 200, 5, "there is room again")


class Seam(SystemTest):
    lane = "side"

    def test_no_seam_where_it_was_started_again(self):
        """What was told before is told after, once, and in steps it adds up."""
        node = ErlNode(self.room)
        samples = 20 if Run.quick else 150  # the longer run seals blocks of them
        store = ["--store", self.room.path("history.db")]
        a = watch(self.room, node.node, interval=100, options=store)
        a.wait_seen(node.node).wait_samples(node.node, samples, timeout=60)
        told = []
        for number in (signal.SIGTERM, signal.SIGKILL):
            stats = a.get("/api/v1/stats")["store"]["committed"]
            before = a.of(node.node, "history?start=0")["metrics"]
            self.assertEqual(before[:len(told)], told)
            if number == signal.SIGKILL:  # what has been told is on disk by then
                wait_until(lambda: a.get("/api/v1/stats")["store"]["committed"] >= stats + 30, 20, "it is on disk")
            a.end(number)
            a = watch(self.room, node.node, interval=100, options=store)
            a.wait_seen(node.node).wait_samples(node.node, samples, timeout=60)
            told = before
            self.check(a, node, told)

    def check(self, a, node, told):
        whole = a.of(node.node, "history?start=0&end=%d" % int((time.time() - 1) * 1000))
        times = [m["timestamp"] for m in whole["metrics"]]
        self.assertEqual(times, sorted(times))
        # Of a busy machine two may come in the same millisecond, but they are not the same.
        self.assertEqual(len({json.dumps(m) for m in whole["metrics"]}), len(times), "a sample twice")
        self.assertEqual(whole["metrics"][:len(told)], told)
        self.assertGreater(len(times), len(told) + 10)
        points, _ = columns(a.port, node.node, start=0, end=int((time.time() + 1) * 1000), step="1h", metric="process_count")
        self.assertGreaterEqual(sum(p["count"] for p in points), len(times))
        seconds, _ = columns(a.port, node.node, start=int(points[0]["time"]), end=int((time.time() + 1) * 1000), step="1s", metric="process_count")
        self.assertEqual([p["time"] for p in seconds], sorted({p["time"] for p in seconds}))
        self.assertGreaterEqual(sum(p["count"] for p in seconds), sum(p["count"] for p in points))
