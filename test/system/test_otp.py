# SPDX-License-Identifier: Apache-2.0
"""The same on other OTP releases: those of later Debian releases, each in a folder of its own (scripts/otp.sh makes them)."""

import os
import signal
import unittest

from common import check_leaves_nothing, untouched
from harness import ROOT, Run, watch
from subjects import ElixirNode, ErlNode
from test_attach import Attach
from test_coverage import Coverage

# In a mount namespace of its own, the folder sees the test's files, and nothing stays mounted afterwards.
ENTER = """set -e
root=$1 files=$2
shift 2
mkdir -p "$root$files"
mount --bind "$files" "$root$files"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot "$root" "$@"
"""


def inside(suite, base):
    """A subject that runs with the OTP of a Debian release."""
    class Inside(base):
        def launch(self, argv, env, timeout=60):
            root = os.path.join(ROOT, "build", "otp", suite)
            return super().launch(["unshare", "--mount", "sh", "-c", ENTER, "sh", root, Run.folder, *argv], env, timeout)
    return Inside


class OtherOtp:
    """Mixed into a class of tests with `suite` and `release`."""

    quick = False

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root, for chroot")
        if not os.path.exists(os.path.join(ROOT, "build", "otp", cls.suite, "usr", "bin", "erl")):
            raise unittest.SkipTest("no build/otp/%s: make it with scripts/otp.sh %s" % (cls.suite, cls.suite))

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
    setUpClass = Trixie.setUpClass
    erl = Trixie.erl


class Sid(OtherOtp, Attach):
    suite, release = "sid", b"29"
    erl, elixir = inside("sid", ErlNode), inside("sid", ElixirNode)


class SidCoverage(Coverage):
    setUpClass = Sid.setUpClass
    erl = Sid.erl
