# SPDX-License-Identifier: Apache-2.0
"""One trouble shows in many places: it is one incident, with its root and who is behind it, and not a dozen alarms."""

import signal

from harness import HttpError, SystemTest, run_status, wait_until, watch
from subjects import ErlNode

INTERVAL = 500
WARM_UP = 30  # samples
PROMISED = ("restart_anomaly", "node_down")


class Incidents(SystemTest):
    lane = "side"
    long = True

    def follow(self, *options):
        self.n = ErlNode(self.room, args=["+S", "2:2"])
        self.n.eval("storm:start()")
        self.a = watch(self.room, self.n.node, interval=INTERVAL, options=options)
        self.events = self.a.sse(types="anomaly,incident")
        self.a.wait_seen(self.n.node)
        self.a.wait_samples(self.n.node, WARM_UP, timeout=60)

    def incidents(self, query=""):
        return self.a.of(self.n.node, "incidents" + query)

    def told(self):
        return [e.data["type"] for e in self.events.of("anomaly")]

    def storm(self):
        """A queue that grows, and a process that is restarted six times."""
        self.n.eval("storm:on(1500)")
        i = wait_until(lambda: self.rooted("message_queue_anomaly"), 60, lambda: "the queue is the root: %r" % self.incidents(), every=0.1)
        self.n.eval("storm:kill(6)")
        wait_until(lambda: self.by_id(i["id"])["restarts"] >= 6, 20, lambda: "its restarts: %r" % self.incidents())
        return self.by_id(i["id"])

    def rooted(self, kind):
        return next((i for i in self.incidents() if i["root"]["type"] == kind), None)

    def by_id(self, ident):
        return next(i for i in self.incidents() if i["id"] == ident)

    def test_a_storm_is_one_incident(self):
        self.follow()
        self.assertEqual(self.incidents(), [])
        i = self.storm()
        self.assertEqual(len(self.incidents()), 1, self.incidents())
        self.assertEqual(i["root"]["culprits"][0]["name"], "storm_consumer")
        self.assertIn("Message queue of storm_consumer", i["title"])
        self.assertTrue(i["next_step"])
        self.assertEqual((i["open"], i["severity"]), (True, "high"))
        self.assertIn("restart_anomaly", [m["type"] for m in i["members"]])
        self.assertEqual([p["type"] for p in i["patterns"]], ["restart_storm"])
        self.assertEqual({e.data["incident"] for e in self.events.of("anomaly")}, {i["id"]})
        # What was seen before the queue was may have been the root until then.
        roots = [e for e in self.events.of("incident") if e.data["change"] in ("opened", "root")]
        own = [(e.data["type"], e.data["severity"]) for e in self.events.of("anomaly") if e.data["type"] not in PROMISED]
        self.assertEqual(len(own), len(set(own)), own)
        # A root is told, and once more where it became severe.
        self.assertEqual(len({kind for kind, _ in own}), len(roots), own)
        self.assertLessEqual(len(roots), 3, own)
        self.note("%d findings, told: %s" % (len(i["members"]), ", ".join(self.told())))
        self.assertEqual(self.a.out().count(" opened: "), 1)
        code, out, _ = run_status(self.room, self.n.node, state_dir=self.a.state_dir)
        self.assertIn(i["id"], out)
        self.assertIn("Message queue of storm_consumer", out)
        self.assertEqual([x["id"] for x in self.incidents("?open=true")], [i["id"]])
        self.assertEqual(self.incidents("?open=false"), [])
        with self.assertRaises(HttpError) as raised:
            self.incidents("?open=maybe")
        self.assertEqual(raised.exception.status, 400)

    def test_two_troubles_are_two_incidents(self):
        self.follow()
        i = self.storm()
        # What begins together would be one.
        self.a.wait_samples(self.n.node, 12)
        self.n.eval("storm:atoms(200000)")
        other = wait_until(lambda: self.rooted("atom_anomaly"), 60, lambda: "the atoms: %r" % self.incidents(), every=0.1)
        self.assertNotEqual(other["id"], i["id"])
        self.assertIn("atom_anomaly", self.told())

    def test_incidents_survive_us(self):
        self.follow("--store", self.room.path("store.db"))
        i = self.storm()
        wait_until(lambda: [e for e in self.events.of("incident") if e.data["id"] == i["id"]], 5, "it was told")
        self.a.end(signal.SIGKILL)
        self.a = watch(self.room, self.n.node, interval=INTERVAL, options=("--store", self.room.path("store.db")))
        self.a.wait_seen(self.n.node)
        again = self.by_id(i["id"])
        self.assertEqual(again["root"]["culprits"][0]["name"], "storm_consumer")
        self.assertEqual(len(self.incidents()), 1, self.incidents())

    test_two_troubles_are_two_incidents.quick = False
