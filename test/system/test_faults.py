# SPDX-License-Identifier: Apache-2.0
"""Faults on live nodes are found, and the guilty named. bench/detect/40-faults has all of them at the default interval, with their delays."""

import fault_matrix
from harness import SystemTest

QUICK = ("process_leak", "binary_leak", "queue_growth", "stuck", "ets_growth", "port_leak", "restart_storm", "cascade")


class Faults(SystemTest):
    lane = "side"
    long = True

    def find(self, faults, processes, interval, factor, eaten=10):
        for v in fault_matrix.run(self.room, faults, processes, interval, factor):
            with self.subTest(fault=v.fault.name):
                self.assertIsNotNone(v.found, "not found; other anomalies: %r" % [e.data["type"] for e in v.before])
                self.assertTrue(v.named, "named: " + v.culprits())
                if v.eaten is not None:
                    self.assertLess(v.eaten, eaten, "percent of the limit, after %.1f s" % v.delay)
                self.note("%s %.1f s" % (v.fault.name, v.delay))

    def test_named(self):
        """Every second, so faster by a factor, too: what a sample sees of a fault is near what one of 5 s does. But on a busy machine samples of a second
        are ragged, and what is to be found takes some more of them."""
        self.find([f for f in fault_matrix.FAULTS if f.name in QUICK], 300, 1000, 3, eaten=20)

    def test_all(self):
        self.find(fault_matrix.FAULTS, 3000, 1000, 2)

    test_all.quick = False
