# SPDX-License-Identifier: Apache-2.0
"""What time lines and charts are drawn of: marks, columns, a node at a glance; before and after the node and arsenal are started again."""

import gzip
import json
import signal
from datetime import datetime, timezone

from harness import SystemTest, wait_until, watch
from subjects import ErlNode

FIELDS = "fields=value,min,usual,usual_low,usual_high&times=shared&digits=6&metric=process_count,io_input,reductions,load1"


def at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class TimeLine(SystemTest):
    def start(self, *options):
        self.a = watch(self.room, self.n.node, interval=200, options=("--store", self.room.path("store.db")), state_dir=self.room.path("state"))
        self.a.wait_seen(self.n.node)

    def marks(self):
        return self.a.of(self.n.node, "marks")

    def row(self):
        return next((r for r in self.marks()["restarts"]["rows"] if r["child_id"] == "one"), None)

    def glance(self):
        return self.a.nodes()[self.n.node]

    def test_a_node_is_started_again_and_so_is_arsenal(self):
        self.n = ErlNode(self.room)
        self.start()
        self.n.eval("subject:tree(my_sup, {100, 1}, [one, two])")
        for _ in range(3):
            self.n.eval("subject:crash_once(my_sup, {one, why})")
        wait_until(lambda: self.a.total(self.n.node) == 3, 5, "three restarts")
        self.assertEqual(self.glance()["restarts_5m"], 3)
        self.assertEqual((self.row()["supervisor"], self.row()["restart"], len(self.row()["times"]["restart"])), ("my_sup", 3, 3))
        self.n.kill()
        killed = datetime.now(timezone.utc)
        self.a.wait_state(self.n.node, "unreachable", timeout=10)
        g = self.glance()
        self.assertEqual((g["overall_status"], g["cpu_utilization"], g["incident"]["severity"]), ("unknown", None, "high"))
        self.n.start()
        self.a.wait_state(self.n.node, "up", timeout=40)
        self.a.wait_samples(self.n.node, 3)
        self.check(killed)
        before = self.marks()
        self.a.end(signal.SIGTERM)
        self.start()
        self.check(killed)
        self.assertEqual(self.marks()["incidents"], before["incidents"])
        self.assertGreater(self.glance()["uptime"], 0)

    def check(self, killed):
        """The boot, the loss and the restarts are there, whoever saw them."""
        m = self.marks()
        self.assertGreater(at(m["boots"][-1]["booted"]), killed)
        self.assertEqual([a["type"] for a in m["anomalies"]].count("node_down"), 1)
        self.assertEqual([i["type"] for i in m["incidents"]], ["node_down"])
        self.assertEqual(self.row()["restart"], 3)
        self.assertTrue(all(n == 0 for n in m["left_out"].values()))

    def test_a_deploy_is_seen(self):
        """Whoever links again sees other versions than before."""
        self.n = ErlNode(self.room)
        self.n.eval('application:load({application, shop, [{vsn, "1.4.2"}]})')
        self.start()
        self.assertEqual(self.marks()["deploys"], [])
        self.n.eval('application:unload(shop), application:load({application, shop, [{vsn, "1.5.0"}]}), [erlang:disconnect_node(N) || N <- nodes(hidden)]')
        deploys = wait_until(lambda: self.marks()["deploys"], 40, "the deploy is told")
        self.assertEqual([d["text"] for d in deploys], ["shop 1.4.2 -> 1.5.0"])

    def columns(self):
        return self.a.of(self.n.node, "history?step=1s&" + FIELDS)

    def test_columns_are_what_charts_draw(self):
        self.n = ErlNode(self.room)
        self.start()
        self.a.wait_samples(self.n.node, 40)
        c = wait_until(lambda: (lambda c: c["metrics"]["process_count"]["usual"][-1] is not None and c)(self.columns()), 20, "a baseline")
        for name, metric in c["metrics"].items():
            for column in set(metric) - {"unit", "kind", "resolution"}:
                self.assertEqual(len(metric[column]), len(c["time"]), (name, column))
        count, work, load = (c["metrics"][m] for m in ("process_count", "reductions", "load1"))
        self.assertLessEqual(count["usual_low"][-1], count["usual"][-1])
        self.assertGreater(count["usual_high"][-1], max(v for v in count["value"] if v is not None))
        self.assertNotIn("min", work, "of a counter its rate alone")
        self.assertIn("min", count)
        self.assertGreater(max(v for v in work["value"] if v is not None), 0)
        self.assertNotIn("usual", load, "it is not watched")

    def test_files_are_sent_packed(self):
        self.n = ErlNode(self.room)
        self.start()
        _, headers, plain = self.a.get_raw("/openapi.json")
        self.assertNotIn("content-encoding", headers)
        status, headers, packed = self.a.get_raw("/openapi.json", headers={"Accept-Encoding": "gzip, deflate, br"})
        self.assertEqual((status, headers["content-encoding"], headers["vary"]), (200, "gzip", "Accept-Encoding"))
        self.assertEqual(gzip.decompress(packed), plain)
        self.assertIn("/api/v1/nodes/{node}/marks", json.loads(plain)["paths"])
        status, _, body = self.a.get_raw("/openapi.json", headers={"Accept-Encoding": "gzip", "If-None-Match": headers["etag"]})
        self.assertEqual((status, body), (304, b""))
