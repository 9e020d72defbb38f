# SPDX-License-Identifier: Apache-2.0
"""arsenal status: the exit codes of the plugin convention, made for real."""

import json

from harness import SystemTest, run_status, watch
from subjects import ErlNode

TABLE = 32768


class Status(SystemTest):
    lane = "side"

    def fill(self, n, percent):
        limit, count = n.eval("{erlang:system_info(process_limit), erlang:system_info(process_count)}")
        n.eval("subject:fill(%d)" % (limit * percent // 100 - count))

    def test_exit_codes(self):
        n = ErlNode(self.room, args=["+P", str(TABLE)])
        code, out, err = run_status(self.room, n.node)
        self.assertEqual((code, err), (0, ""), out)
        self.assertRegex(out, r"^OK - %s healthy" % n.node)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertRegex(out, r"restarts not observed")
        self.assertRegex(out, r"\| *\w.*processes=[\d.]+%;75;90", "performance data of the plugin convention")
        self.fill(n, 80)
        code, out, _ = run_status(self.room, n.node)
        self.assertEqual(code, 1, out)
        self.assertRegex(out, r"^WARNING - %s warning.*processes (79|80|81)[\d.]* %% \(warning\)" % n.node)
        self.fill(n, 95)
        code, out, _ = run_status(self.room, n.node)
        self.assertEqual(code, 2, out)
        self.assertRegex(out, r"^CRITICAL - %s critical.*processes 9[456][\d.]* %% \(critical\)" % n.node)
        code, out, _ = run_status(self.room, n.node, "--json")
        self.assertEqual(code, 2)
        answer = json.loads(out)
        self.assertEqual(answer["overall_status"], "critical")
        self.assertTrue(any("rocesses" in r and "95" in r for r in answer["recommendations"]), answer["recommendations"])
        self.assertEqual(n.traces()["modules"], [], "a check loads nothing")
        n.kill()
        code, out, _ = run_status(self.room, n.node)
        self.assertEqual(code, 3)
        self.assertRegex(out, r"^UNKNOWN - %s unreachable: " % n.node)
        code, out, _ = run_status(self.room, n.node, "--json")
        self.assertEqual((code, json.loads(out)["overall_status"]), (3, "unknown"))

    def test_refused(self):
        n = ErlNode(self.room)
        code, out, _ = run_status(self.room, n.node, cookie="wrong")
        self.assertEqual(code, 3)
        self.assertRegex(out, r"^UNKNOWN - %s refused: .*cookie" % n.node)

    def test_timeout(self):
        n = ErlNode(self.room)
        n.pause()
        code, out, _ = run_status(self.room, n.node, "--timeout", "1500")
        self.assertEqual(code, 3)
        self.assertRegex(out, r"^UNKNOWN - %s " % n.node)
        n.resume()

    def test_asks_a_running_watch(self):
        """Which knows what one look cannot see: restarts."""
        n = ErlNode(self.room)
        state = self.room.path("state")
        a = watch(self.room, n.node, interval=500, state_dir=state)
        a.wait_seen(n.node)
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        for _ in range(7):
            n.eval("subject:crash_once(my_sup, {one, why})")
        a.wait_samples(n.node, 1)
        code, out, _ = run_status(self.room, n.node, state_dir=state)
        self.assertEqual(code, 1, out)
        self.assertRegex(out, r"restarts 7 in 5 min \(warning\)")
        for _ in range(5):
            n.eval("subject:crash_once(my_sup, {one, why})")
        code, out, _ = run_status(self.room, n.node, state_dir=state)
        self.assertEqual(code, 2, out)
        self.assertRegex(out, r"restarts 12 in 5 min \(critical\)")
        n.kill()
        a.wait_state(n.node, "unreachable")
        code, out, _ = run_status(self.room, n.node, state_dir=state)
        self.assertEqual(code, 3, out)
        self.assertRegex(out, r"^UNKNOWN - %s unreachable" % n.node)
