# SPDX-License-Identifier: Apache-2.0
"""Message queues on a large node: who has the long one is known while there is time left to do something."""

import time

from harness import SystemTest, wait_until, watch
from subjects import ErlNode

PROCESSES = 100000
MESSAGES = 1000000


class Queues(SystemTest):
    erl = ErlNode
    within = 30  # seconds: by the walk; from OTP 27 on the VM tells of it
    quick = False

    def test_a_million_messages(self):
        n = self.erl(self.room)
        n.eval("subject:idle(%d)" % PROCESSES, timeout=60)
        a = watch(self.room, n.node, interval=5000).wait_seen(n.node)
        # A walk over so many takes its time, and has no right to be at the beginning just when the queue grows.
        wait_until(lambda: (a.of(n.node, "performance")["metrics"]["mq_scanned"] or 0) > PROCESSES, 60, "the first walk", every=0.5)
        begin = time.monotonic()
        n.eval("subject:hoard(hoarder, %d)" % MESSAGES, timeout=60)
        advice = lambda: [r for r in a.of(n.node, "health")["recommendations"] if r.startswith("Message queue") and "hoarder" in r]
        wait_until(advice, self.within, lambda: a.of(n.node, "health")["recommendations"], every=0.2)
        took = time.monotonic() - begin
        self.assertLess(took, self.within)
        wait_until(lambda: a.of(n.node, "top?by=queue")["processes"][0]["message_queue_len"] == MESSAGES, 20, "all of them", every=0.5)
        first = a.of(n.node, "top?by=queue")["processes"][0]
        self.assertEqual(first["name"], "hoarder")
        # To ask for these would have gone through the whole queue.
        self.assertIsNone(first["memory"])
        self.assertIsNone(first["binary_memory"])
        self.assertEqual(n.eval("element(2, process_info(whereis(hoarder), message_queue_len))"), MESSAGES)
        criterion = a.of(n.node, "health")["criteria"]["message_queue"]
        self.assertIn(criterion["level"], ("warning", "critical"))
        print("    %d messages among %d processes: named after %.1f s" % (MESSAGES, PROCESSES, took))

    def test_rankings(self):
        n = self.erl(self.room)
        n.eval("subject:hoard(hoarder, 500)")
        a = watch(self.room, n.node, interval=500).wait_seen(n.node)
        for by in ("queue", "message_queue", "memory", "reductions", "binary"):
            wait_until(lambda: a.of(n.node, "top?by=" + by)["processes"], 20, "a ranking by " + by)
        process = wait_until(lambda: next((p for p in a.of(n.node, "top")["processes"] if p["message_queue_fill_rate"] is not None), None),
                             20, "a queue that is followed")
        self.assertEqual((process["name"], process["message_queue_len"], process["message_queue_fill_rate"]), ("hoarder", 500, 0))
        self.assertEqual(len(a.of(n.node, "top?by=memory&n=7")["processes"]), 7)
        kernel = [p for p in a.of(n.node, "top?by=memory")["processes"] if p["application"] == "kernel"]
        self.assertTrue(kernel, a.of(n.node, "top?by=memory"))
        self.assertTrue(any(p["ancestors"] for p in kernel), kernel)
        told = wait_until(lambda: a.of(n.node, "vm_events"), 5, "VM events")
        self.assertEqual(told["counts"]["long_schedule"], 0)
