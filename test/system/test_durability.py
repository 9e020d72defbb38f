# SPDX-License-Identifier: Apache-2.0
"""The engine is killed under load, and its file has what it was fed: a short `make soak`."""

import os
import sys

from harness import ROOT, Run, SystemTest

sys.path.insert(0, os.path.join(ROOT, "test", "soak"))

from damage import SmallDisk  # noqa: E402
from soak import Soak  # noqa: E402


class Durability(SystemTest):
    lane = "side"

    def soak(self, trouble, kills, seed):
        said = []
        s = Soak(Run.arsenal, self.room.path("soak-" + trouble), kills, seed, trouble, said.append, feed_s=0.5)
        s.run()
        self.note("%d kills (%s), at most %.3f s missing%s" % (s.done, ", ".join(s.troubles), s.lost_s, "".join(x for x in said if x.startswith("  "))))

    def test_killed_under_load(self):
        self.soak("none", 12 if Run.quick else 25, 1)

    def test_killed_on_a_full_disk(self):
        disk = SmallDisk(self.room.make_folder("disk"))
        disk.close()
        if disk.why:
            self.skipTest("no small disk can be mounted: " + disk.why)
        self.soak("full", 4 if Run.quick else 25, 2)

    def test_killed_while_the_clock_jumps(self):
        self.soak("clock", 4 if Run.quick else 25, 3)

    def test_killed_and_damaged(self):
        for seed in range(2 if Run.quick else 20):
            self.soak("damage", 1, seed)
