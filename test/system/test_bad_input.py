# SPDX-License-Identifier: Apache-2.0
"""Peers that are not what they should be. Each is a state with a reason; nothing else suffers."""

import os
import time

import fakes
from common import Watchful, check_exposition
from fakes import FakeEpmd, FakeNode
from harness import SystemTest, free_port, run_status, wait_until, watch
from subjects import ErlNode

HANGS = ("hanging", "stalled")
TURNS_AWAY = ("refused", "incompatible")
NOT_UP = ("hanging", "stalled", "refused", "incompatible", "unreachable")

# script, states that fit, words of which one must be in the reason
HANDSHAKES = [
    (fakes.never_speaks, HANGS, ("said nothing", "silent")),
    (fakes.speaks_http, ("incompatible",), ()),
    (fakes.garbage_status, ("incompatible", "hanging"), ()),
    (fakes.huge_handshake_packet, ("incompatible",), ()),
    (fakes.says_not_allowed, ("refused",), ("allow",)),
    (fakes.says_nok, ("refused",), ()),
    (fakes.says_alive, ("refused",), ("name", "connected")),
    (fakes.wrong_digest, TURNS_AWAY, ("cookie",)),
    (fakes.another_name, TURNS_AWAY, ("somebody@else", "name")),
    (fakes.old_protocol, ("incompatible",), ()),
    (fakes.half_handshake, HANGS, ()),
    (fakes.half_packet, HANGS, ()),
    (fakes.one_byte_a_second, HANGS + ("incompatible",), ()),
    (fakes.hangs_up, ("unreachable", "refused"), ("closed",)),
]
FRAMES = [
    (fakes.hangs_up_after_handshake, NOT_UP, ()),
    (fakes.nothing_after_handshake, HANGS, ()),
    (fakes.garbage_frame, ("incompatible",), ()),
    (fakes.bad_frame_type, ("incompatible",), ()),
    (fakes.frame_of_4_gb, ("incompatible",), ("4294967295", "large", "long", "big", "size", "limit", "over")),
    (fakes.empty_frames_for_ever, HANGS, ()),
    (fakes.deep_payload, NOT_UP, ()),
    (fakes.deep_control, ("incompatible",), ()),
    (fakes.huge_claims, NOT_UP, ()),
    (fakes.huge_control_claim, ("incompatible",), ()),
    (fakes.compressed_bomb, NOT_UP, ()),
    (fakes.floods_messages, HANGS, ()),
]


class BadPeers(SystemTest):
    lane = "side"

    tls = None
    options = ()

    def new_healthy(self):
        return ErlNode(self.room)

    def suffer(self, scripts):
        healthy = self.new_healthy()
        peers = {s.__name__: FakeNode(self.room, s, tls=self.tls) for s, _, _ in scripts}
        a = watch(self.room, healthy.node, *[p.node for p in peers.values()], interval=500, options=self.options)
        a.wait_seen(healthy.node)
        trouble = []
        with Watchful(a, healthy.node) as w:
            for script, states, words in scripts:
                try:
                    self.check_peer(a, peers[script.__name__].node, states, words)
                except AssertionError as e:
                    trouble.append("%s: %s" % (script.__name__, e))
            # They are tried again and again, and stay what they are.
            wait_until(lambda: all(p.connections >= 2 for p in peers.values()), 60,
                       lambda: "each is tried again: %s" % {n: p.connections for n, p in peers.items()})
        w.check(self, growth_mb=48, gap=3)
        self.assertTrue(a.alive)
        self.assertEqual(a.state(healthy.node)[0], "up")
        self.assertEqual(trouble, [])

    def check_peer(self, a, node, states, words):
        a.wait_state(node, *states, timeout=25)
        detail = wait_until(lambda: a.state(node)[0] in states and a.state(node)[1], 5, "a reason")
        self.assertGreater(len(detail), 10, detail)
        if words:
            self.assertTrue(any(w in detail.lower() for w in words), "none of %s in %r" % (words, detail))
        # Control characters of the peer's are shown in another way on a terminal than in JSON, so only the beginning is compared.
        lines = [x for x in a.err().splitlines() if node in x]
        self.assertTrue(any(detail[:20] in x for x in lines), "%r is on stderr with the node's name; there is %r" % (detail, lines[-3:]))

    def test_handshakes(self):
        self.suffer(HANDSHAKES)

    def test_frames(self):
        self.suffer(FRAMES)


class LyingProbes(SystemTest):
    """Nodes that let us attach and then send what no probe sends."""

    lane = "side"

    def lie(self, script):
        healthy = ErlNode(self.room)
        fake = FakeNode(self.room, script)
        a = watch(self.room, healthy.node, fake.node, interval=500)
        a.wait_seen(healthy.node)
        wait_until(lambda: fake.connections, 5, "it is connected")
        with Watchful(a, healthy.node) as w:
            for _ in range(16):
                time.sleep(0.5)
                self.ask_everything(a, fake.node)
        w.check(self, growth_mb=48, gap=4)
        said = len(a.err()) + len(a.out())
        self.note("%d kB on the console in 8 s; it is %s" % (said / 1000, a.state(fake.node)[0]))
        self.assertLess(len(a.err()), 256_000, "what a node says about itself is bounded on stderr")
        for name, text in (("stderr", a.err()), ("stdout", a.out())):
            self.assertNotRegex(text, r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", name + " has no control characters of a peer's")
        self.assertEqual(a.state(healthy.node)[0], "up")

    def ask_everything(self, a, node):
        for what in ("health", "performance", "restarts", "anomalies", "top?by=memory"):
            a.of(node, what)  # is JSON
        text = a.get_raw("/metrics")[2].decode()
        check_exposition(self, text)

    def test_wrong_messages(self):
        self.lie(fakes.hostile_probe)

    def test_deep_terms(self):
        self.lie(fakes.deep_probe)


class Unreachable(SystemTest):
    lane = "side"

    def test_places_that_are_not_there(self):
        healthy = ErlNode(self.room)
        closed = free_port()
        table = [
            ("x@no-such-host.invalid", ("unreachable",), ("no-such-host.invalid",)),
            ("nobody_%d@localhost" % os.getpid(), ("unreachable",), ("epmd",)),
            ("x@localhost:%d" % closed, ("unreachable",), (str(closed), "refused", "listen")),
            ("x@127.0.0.1:%d" % closed, ("unreachable",), (str(closed), "refused", "listen")),
        ]
        a = watch(self.room, healthy.node, *[t[0] for t in table], interval=500)
        a.wait_seen(healthy.node)
        with Watchful(a, healthy.node) as w:
            for name, states, words in table:
                node = name.rpartition(":")[0] or name if name.count(":") else name
                BadPeers.check_peer(self, a, node, states, words)
            time.sleep(3)
        w.check(self, growth_mb=16, gap=3)
        status, _, body = a.get_raw("/metrics")
        self.assertEqual(status, 200)
        for name in ("healthz", "readyz"):
            self.assertEqual(a.get_raw("/" + name)[0], 200, name)

    def test_wrong_cookie(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, cookie="not_the_cookie")
        state = a.wait_state(n.node, "refused")
        self.assertIn("cookie", state["detail"])
        self.assertRegex(a.err(), "node %s: refused: .*cookie" % n.node)
        self.assertNotIn("not_the_cookie", a.err() + a.out() + str(a.nodes()), "secrets are not printed")
        self.assertEqual(n.traces()["modules"], [])

    def test_no_epmd(self):
        port = free_port()
        code, out, _ = run_status(self.room, "x@localhost", env={"ERL_EPMD_PORT": str(port)})
        self.assertEqual(code, 3)
        self.assertIn("x@localhost", out)
        self.assertRegex(out, r"(?i)epmd")
        self.assertEqual(len(out.splitlines()), 1)

    def test_epmds_that_misbehave(self):
        for behave in (fakes.epmd_silent, fakes.epmd_garbage, fakes.epmd_endless, fakes.epmd_cut, fakes.epmd_port_zero):
            with self.subTest(behave.__name__):
                e = FakeEpmd(self.room, behave)
                code, out, _ = run_status(self.room, "x@localhost", "--timeout", "8000", env={"ERL_EPMD_PORT": str(e.port)})
                self.assertEqual(code, 3, out)
                self.assertRegex(out, r"(?i)^UNKNOWN - x@localhost .*epmd", behave.__name__)
                e.close()
