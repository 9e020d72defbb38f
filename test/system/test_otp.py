# SPDX-License-Identifier: Apache-2.0
"""The same on other OTP releases: those of later Debian releases, each in a folder of its own (scripts/otp.sh makes them)."""

import signal

from common import check_leaves_nothing, untouched
from harness import watch
from subjects import ElixirNode, ErlNode, inside, require_release
from test_attach import Attach
from test_coverage import Coverage
from test_queues import Queues
from test_supervisors import Supervisors


class OtherOtp:
    """Mixed into a class of tests with `suite` and `release`."""

    lane = "side"
    quick_tests = ("test_is_the_release", "test_short_names", "test_elixir", "test_leaves_nothing")

    @classmethod
    def setUpClass(cls):
        require_release(cls.suite)

    def test_is_the_release(self):
        n = self.erl(self.room)
        self.assertEqual(n.eval("list_to_binary(erlang:system_info(otp_release))"), self.release)
        self.assertIn("OTP " + self.release.decode(), self.follow(n).err())

    def test_leaves_nothing(self):
        n = self.erl(self.room)
        for number in (signal.SIGTERM, signal.SIGKILL):
            before, log_at = untouched(n)
            a = watch(self.room, n.node, interval=500)
            a.wait_seen(n.node)
            check_leaves_nothing(self, n, a, before, log_at, number)


class Trixie(OtherOtp, Attach):
    suite, release = "trixie", b"27"
    erl, elixir = inside("trixie", ErlNode), inside("trixie", ElixirNode)


class TrixieCoverage(Coverage):
    quick_tests = ("test_memory_adds_up", "test_counts")
    setUpClass = Trixie.setUpClass
    erl = Trixie.erl


class TrixieSupervisors(Supervisors):
    setUpClass = Trixie.setUpClass
    erl, elixir = Trixie.erl, Trixie.elixir


class TrixieQueues(Queues):
    setUpClass = Trixie.setUpClass
    erl = Trixie.erl
    within = 10


class Sid(OtherOtp, Attach):
    suite, release = "sid", b"29"
    erl, elixir = inside("sid", ErlNode), inside("sid", ElixirNode)


class SidCoverage(Coverage):
    quick_tests = ("test_memory_adds_up", "test_counts")
    setUpClass = Sid.setUpClass
    erl = Sid.erl


class SidSupervisors(Supervisors):
    setUpClass = Sid.setUpClass
    erl, elixir = Sid.erl, Sid.elixir


class SidQueues(Queues):
    setUpClass = Sid.setUpClass
    erl = Sid.erl
    within = 10
