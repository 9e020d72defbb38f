# SPDX-License-Identifier: Apache-2.0
"""Nodes whose distribution runs over TLS, with certificates of a CA made here: what is trusted, what is refused, and what is said then."""

import datetime
import os
import shutil
import signal
import ssl
import subprocess
import time
import unittest

import fakes
from common import check_leaves_nothing, check_numbers, untouched
from harness import Run, SystemTest, free_port, require_ipv6, run_program, run_status, wait_until, watch
from subjects import LOOPBACK6, ErlNode, inside, require_release
from test_attach import Attach
from test_bad_input import BadPeers
from test_stall import Stall

PASSWORD = "pass word"
BOTH = ["'tlsv1.2'", "'tlsv1.3'"]
DAY = datetime.timedelta(days=1)

CA_CONF = """
[ca]
default_ca = here
[here]
database = %(at)s/index
serial = %(at)s/serial
new_certs_dir = %(at)s
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(args), done.stderr.decode()))


class Ca:
    """A certificate authority in a folder of its own."""

    def __init__(self, room, name):
        self.folder = room.make_folder(name)
        self.pem = self.at("ca.pem")
        for file, text in (("index", ""), ("serial", "1000\n"), ("conf", CA_CONF % {"at": self.folder})):
            with open(self.at(file), "w") as f:
                f.write(text)
        openssl("req", "-x509", *self.new_key("ca.key"), "-out", self.pem, "-subj", "/CN=CA " + name, "-days", "30")

    def at(self, name):
        return os.path.join(self.folder, name)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.at(name)]

    def certify(self, name, hosts, begin=-DAY, end=20 * DAY):
        """(certificate, key): for those hosts, valid from begin to end, counted from now."""
        crt, key, csr = self.at(name + ".crt"), self.at(name + ".key"), self.at(name + ".csr")
        openssl("req", *self.new_key(name + ".key"), "-out", csr, "-subj", "/CN=" + name)
        with open(self.at(name + ".ext"), "w") as f:
            f.write("subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n" % hosts)
        now = datetime.datetime.now(datetime.timezone.utc)
        openssl("ca", "-batch", "-notext", "-config", self.at("conf"), "-cert", self.pem, "-keyfile", self.at("ca.key"), "-in", csr, "-out", crt,
                "-extfile", self.at(name + ".ext"), *sum([[o, (now + t).strftime("%Y%m%d%H%M%SZ")] for o, t in (("-startdate", begin), ("-enddate", end))], []))
        for path in (self.pem, crt, key):
            os.chmod(path, 0o644)
        return crt, key


def term(**options):
    """Options as Erlang writes them; a value that is a str is a string, one that is a list of one is a term as it stands."""
    return ", ".join("{%s, %s}" % (k, v[0] if isinstance(v, list) else '"%s"' % v) for k, v in options.items() if v)


def server_conf(ca, pair, **more):
    options = term(certfile=pair[0], keyfile=pair[1], cacertfile=ca.pem, verify=["verify_peer"], **more)
    return "%% the nodes'\n[{server, [%s, {fail_if_no_peer_cert, true}, {secure_renegotiate, true}]},\n {client, [%s]}].\n" % (options, options)


class World:
    """The CA, another one, and certificates good and bad."""

    def __init__(self, room):
        self.room = room
        self.ca, self.other = Ca(room, "ca"), Ca(room, "other")
        self.node = self.ca.certify("node", "DNS:localhost, IP:127.0.0.1, IP:::1")
        self.us = self.ca.certify("us", "DNS:monitor")

    def node_args(self, name, pair, driver="inet_tls", **more):
        return ["-proto_dist", driver, "-ssl_dist_optfile", self.room.write(name + ".conf", server_conf(self.ca, pair, **more))]

    def conf(self, room, name="tls.conf", ca=None, pair=None, **more):
        """A file for --tls-conf. pair: ours unless given; () for none."""
        crt, key = (self.us if pair is None else pair) or (None, None)
        ca = self.ca.pem if ca is None else ca
        return room.write(name, "[{client, [%s]}].\n" % term(certfile=crt, keyfile=key, cacertfile=ca, **more))


class TlsTest(SystemTest):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("openssl"):
            raise unittest.SkipTest("there is no openssl program to make certificates with")
        super().setUpClass()
        cls.world = World(cls.share())

    def check_status(self, node, words, code=3, **conf):
        conf.setdefault("name", "c%d.conf" % self.room.names)
        got, out, err = run_status(self.room, node, "--tls-conf", self.world.conf(self.room, **conf))
        self.assertEqual(got, code, out + err)
        self.assertRegex(out, words)
        self.assertEqual(len(out.splitlines()), 1, out)
        return out


class Tls(TlsTest):
    lane = "side"

    erl = ErlNode
    release = b"25"
    versions = ["'tlsv1.2'"]  # that it speaks

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        w, room = cls.world, cls.shared
        cls.good = cls.erl(room, args=w.node_args("good", w.node))
        cls.misnamed = cls.erl(room, args=w.node_args("misnamed", w.ca.certify("misnamed", "DNS:elsewhere.example, IP:192.0.2.1")))
        cls.expired = cls.erl(room, args=w.node_args("expired", w.ca.certify("expired", "DNS:localhost", -9 * DAY, -DAY)))
        cls.future = cls.erl(room, args=w.node_args("future", w.ca.certify("future", "DNS:localhost", 5 * DAY, 9 * DAY)))
        cls.plain = cls.erl(room)

    def test_is_the_release(self):
        if self.erl is not ErlNode:
            self.assertEqual(self.good.eval("list_to_binary(erlang:system_info(otp_release))"), self.release)

    def test_leaves_nothing(self):
        n = self.good
        for number in (signal.SIGTERM, signal.SIGKILL):
            before, log_at = untouched(n)
            a = watch(self.room, n.node, interval=500, options=("--tls-conf", self.world.conf(self.room)))
            a.wait_seen(n.node)
            check_leaves_nothing(self, n, a, before, log_at, number)

    def test_restarts(self):
        n = self.good
        a = watch(self.room, n.node, interval=500, options=("--tls-conf", self.world.conf(self.room)))
        a.wait_seen(n.node)
        check_numbers(self, a, n)
        Attach.check_restart(self, a, n)
        n.eval("exit(whereis(my_sup), kill)")

    def test_link(self):
        """The survey of links finds the socket behind the processes of TLS."""
        n = self.good
        a = watch(self.room, n.node, interval=500, options=("--tls-conf", self.world.conf(self.room)))
        a.wait_seen(n.node)
        ours = wait_until(lambda: [link for link in a.of(n.node, "links")["links"] if link["ours"]], 20, "the link of the watcher")
        self.assertEqual([(link["type"], link["state"], link["carrier"]) for link in ours], [("hidden", "up", "tls")])
        self.assertGreater(ours[0]["recv_bytes"], 10000)  # the probe came this way

    def test_status(self):
        for version in self.versions:
            self.check_status(self.good.node, "^OK - " + self.good.node, code=0, versions=["[%s]" % version])
        if self.versions != BOTH:
            self.check_status(self.good.node, r"incompatible: the node speaks no version of TLS that we offer \(1.3\)", versions=["['tlsv1.3']"])

    def test_encrypted_key(self):
        key = self.room.path("locked.key")
        openssl("pkey", "-in", self.world.us[1], "-aes256", "-passout", "pass:" + PASSWORD, "-out", key)
        out = self.check_status(self.good.node, "^OK", code=0, pair=(self.world.us[0], key), password=PASSWORD)
        self.assertNotIn(PASSWORD, out)
        out = self.check_status(self.good.node, "keyfile: .*locked.key cannot be decrypted", pair=(self.world.us[0], key), password="wrong one")
        self.assertNotIn("wrong one", out)
        self.check_status(self.good.node, "keyfile: .*locked.key is encrypted", pair=(self.world.us[0], key))

    def test_nodes_that_we_refuse(self):
        w = self.world
        self.check_status(self.good.node, "refused: the node's certificate is of a CA that we do not trust: CN = CA ca is not in .*other", ca=w.other.pem)
        self.check_status(self.misnamed.node, "refused: the node's certificate is for elsewhere.example, 192.0.2.1, not for localhost")
        self.check_status(self.expired.node, r"refused: the node's certificate \(CN = expired\) expired on \w+ +\d+ [\d:]+ \d+ GMT")
        self.check_status(self.future.node, r"refused: the node's certificate \(CN = future\) is valid from \w+ +\d+ [\d:]+ \d+ GMT only")
        self.check_status(self.good.node, "refused: the node's certificate is for localhost, 127.0.0.1, ::1, not for a.example",
                          server_name_indication="a.example")

    def test_what_is_obeyed_though_it_is_unsafe(self):
        self.check_status(self.misnamed.node, "^OK", code=0, server_name_indication=["disable"])
        self.check_status(self.expired.node, "^OK", code=0, verify=["verify_none"])
        a = watch(self.room, self.expired.node, options=("--tls-conf", self.world.conf(self.room, verify=["verify_none"])))
        self.assertRegex(a.err(), "warning: .*tls.conf:1: verify_none: ")

    def test_nodes_that_refuse_us(self):
        w = self.world
        for versions in [["[%s]" % version] for version in self.versions]:
            self.check_status(self.good.node, "refused: the node refuses our certificate .*TLS alert: .*late.crt expired on",
                              pair=w.ca.certify("late", "DNS:monitor", -9 * DAY, -DAY), versions=versions)
            self.check_status(self.good.node, "refused: the node refuses our certificate .*stranger.crt .*TLS alert: .*is it of a CA",
                              pair=w.other.certify("stranger", "DNS:monitor"), versions=versions)
            self.check_status(self.good.node, "refused: the node demands a certificate of ours", pair=(), versions=versions)

    def test_wrong_cookie(self):
        code, out, _ = run_status(self.room, self.good.node, "--tls-conf", self.world.conf(self.room), cookie="not_the_cookie")
        self.assertEqual(code, 3)
        self.assertRegex(out, "refused: cookie rejected")
        self.assertNotIn("not_the_cookie", out)

    def test_one_side_in_the_clear(self):
        code, out, _ = run_status(self.room, self.good.node)
        self.assertEqual(code, 3)
        self.assertRegex(out, "TLS: give --tls-conf")
        self.check_status(self.plain.node, "hanging: accepted the connection and did not set TLS up .*leave out --tls-conf")

    def test_new_keys(self):
        """A node wants new keys after so many records: the link goes on."""
        keys = {"'tlsv1.2'": {"renegotiate_at": ["20"]}, "'tlsv1.3'": {"key_update_at": ["2000"]}}
        for version in self.versions:
            n = self.erl(self.room, args=self.world.node_args("rekeys", self.world.node, **keys[version]))
            a = watch(self.room, n.node, interval=100, options=("--tls-conf", self.world.conf(self.room, versions=["[%s]" % version])))
            a.wait_seen(n.node)
            a.wait_samples(n.node, 60)
            self.assertEqual(a.stats(n.node)["connects"], 1, a.err())

    test_new_keys.quick = False

    def test_goes_and_comes_back(self):
        """With a certificate that was renewed meanwhile: arsenal reads the files again."""
        w = self.world
        n = self.erl(self.room, args=w.node_args("restarts", w.node))
        conf = w.conf(self.room)
        a = watch(self.room, n.node, interval=500, options=("--tls-conf", conf))
        a.wait_seen(n.node)
        n.kill()
        wait_until(lambda: a.state(n.node)[0] == "unreachable", 10, lambda: "it is unreachable: %s" % (a.state(n.node),))
        w.conf(self.room, ca=w.other.pem)
        n.start()
        a.wait_state(n.node, "refused", timeout=45)
        self.room.write("tls.conf", "[{client, [")
        wait_until(lambda: "changed TLS files are no good" in a.err(), 45, "it says that the file is broken")
        w.conf(self.room)
        a.wait_state(n.node, "up", timeout=45)

    test_goes_and_comes_back.quick = False


def half_record(p):
    p.send(b"\x16\x03\x03\x40\x00\x02")
    p.silence()


def record_of_64_kb(p):
    p.send(b"\x16\x03\x03\xff\xff" + b"x" * 70000)
    p.silence()


def slow_record(p):
    p.send(b"\x16\x03\x03\x01\x00")
    while not p.fake.closing:
        p.send(b"\x02")
        time.sleep(0.5)


def garbage(p):
    p.send(os.urandom(4096))
    p.silence()


NO_TLS = [
    (fakes.never_speaks, ("hanging",), ("leave out --tls-conf",)),
    (fakes.speaks_http, ("incompatible",), ("does not speak tls",)),
    (fakes.hangs_up, ("unreachable",), ("when tls began",)),
    (half_record, ("hanging",), ("did not set tls up",)),
    (slow_record, ("hanging", "incompatible"), ()),
    (record_of_64_kb, ("incompatible",), ()),
    (garbage, ("incompatible",), ()),
]
IN_TLS = [
    (fakes.half_handshake, ("hanging",), ()),
    (fakes.says_alive, ("refused",), ("name", "connected")),
    (fakes.wrong_digest, ("refused",), ("cookie",)),
    (fakes.hangs_up, ("refused",), ("does not accept our certificate",)),
    (fakes.garbage_frame, ("incompatible",), ()),
    (fakes.frame_of_4_gb, ("incompatible",), ()),
    (fakes.empty_frames_for_ever, ("hanging", "stalled"), ()),
    (fakes.floods_messages, ("hanging", "stalled"), ()),
]


class BadTlsPeers(TlsTest, BadPeers):
    """The bad peers once more, on both sides of the TLS handshake."""

    lane = "side"

    def setUp(self):
        super().setUp()
        self.options = ("--tls-conf", self.world.conf(self.room))

    def new_healthy(self):
        return ErlNode(self.room, args=self.world.node_args("healthy", self.world.node))

    def test_handshakes(self):
        self.suffer(NO_TLS)

    def test_frames(self):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*self.world.node)
        self.tls.load_verify_locations(self.world.ca.pem)
        self.tls.verify_mode = ssl.CERT_REQUIRED
        self.suffer(IN_TLS)


class TlsStall(TlsTest, Stall):
    """The stall once more: in TLS a process of the node's sends, and what waits, waits there."""

    quick = False

    def setUp(self):
        super().setUp()
        self.options = ("--tls-conf", self.world.conf(self.room))
        self.node_args = self.world.node_args("stalled", self.world.node)


class TlsConf(SystemTest):
    """What is said of a file that is no good; no node is needed for that."""

    def test_is_refused_at_start(self):
        table = [
            (None, "No such file"),
            ("", "tls.conf:1: the file ends"),
            ("[{client, [{verify_fun, {m, f, []}}]}].", "tls.conf:1: verify_fun: "),
            ("[{client,\n [{cacertfile, \"/nowhere.pem\"}]}].", "tls.conf: cacertfile: cannot be read: /nowhere.pem: No such file"),
            ("[{client, [{cacertfile, \"/etc/passwd\"}]}].", "/etc/passwd holds no certificate in PEM"),
        ]
        for text, words in table:
            path = self.room.write("tls.conf", text) if text is not None else self.room.path("none.conf")
            cookie = self.room.write("cookie", "c", 0o400)
            code, out, err = run_program(self.room, "watch", "x@localhost", "--tls-conf", path, "--cookie-file", cookie, "--http", "off",
                                         "--state-dir", self.room.path("state"))
            self.assertEqual((code, out), (1, ""), err)
            self.assertIn(words, err)
            self.assertIn("arsenal: error: ", err)
            code, out, _ = run_status(self.room, "x@localhost", "--tls-conf", path)
            self.assertEqual(code, 3)
            self.assertIn(words, out)
            self.assertEqual(len(out.splitlines()), 1)


class TlsIpv6(TlsTest):
    def test_address(self):
        require_ipv6()
        w = self.world
        n = ErlNode(self.room, host="::1", long_names=True, interface=LOOPBACK6, args=w.node_args("six", w.node, "inet6_tls"))
        self.check_status(n.node.replace("::1", "[::1]"), "^OK", code=0)

    def test_ipv4_address_without_epmd(self):
        w, port = self.world, free_port()
        n = ErlNode(self.room, host="127.0.0.1", long_names=True, port=port, args=w.node_args("four", w.node))
        self.check_status("%s:%d" % (n.node, port), "^OK", code=0)


class OtherOtp:
    """Mixed into Tls with `suite` and `release`."""

    lane = "side"
    quick_tests = ("test_is_the_release", "test_restarts", "test_nodes_that_we_refuse", "test_nodes_that_refuse_us")

    @classmethod
    def setUpClass(cls):
        require_release(cls.suite)
        super().setUpClass()


class TrixieTls(OtherOtp, Tls):
    suite, release = "trixie", b"27"
    erl = inside("trixie", ErlNode)


class SidTls(OtherOtp, Tls):
    suite, release = "sid", b"29"
    versions = BOTH
    erl = inside("sid", ErlNode)
