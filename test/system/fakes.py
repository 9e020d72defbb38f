# SPDX-License-Identifier: Apache-2.0
"""Peers that look like Erlang nodes and are none. Each registers with the run's EPMD, speaks the accepting side of the distribution
handshake as far as its script says, and then misbehaves. And EPMDs that misbehave."""

import contextlib
import hashlib
import itertools
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

import etf
from harness import COOKIE, Run

FLAGS = 0x0000000D07DF7FBD  # what OTP 25 offers, near enough, with the mandatory ones of OTP 26


class Gone(Exception):
    """The other side closed, or this fake was told to end."""


class FakeNode:
    """A listening fake; behave(peer) is its script, run for each connection in a thread."""

    count = itertools.count(1)

    def __init__(self, room, behave, cookie=COOKIE, tls=None):
        self.name = "%s_%d" % (behave.__name__, next(FakeNode.count))
        self.node = self.name + "@localhost"
        self.behave = behave
        self.cookie = cookie
        self.tls = tls  # an ssl.SSLContext: the script begins within TLS
        self.connections = 0
        self.closing = False
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.epmd = self.register()
        room.keep(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def register(self):
        s = socket.create_connection(("127.0.0.1", Run.epmd_port))
        name = self.name.encode()
        body = b"x" + struct.pack(">HBBHHH", self.port, 77, 0, 6, 5, len(name)) + name + struct.pack(">H", 0)
        s.sendall(struct.pack(">H", len(body)) + body)
        answer = s.recv(16)
        if answer[1:2] != b"\0":
            raise AssertionError("EPMD refuses to register %s: %r" % (self.name, answer))
        return s

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                with self.lock:
                    self.connections += 1
                    self.open.add(s)
                threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError, Gone):
            if self.tls:
                s.settimeout(60)
                s = self.wrapped(s)
            self.behave(Peer(self, s))
        with contextlib.suppress(OSError):
            s.close()
        with self.lock:
            self.open.discard(s)

    def wrapped(self, s):
        with self.lock:
            self.open.discard(s)
            s = self.tls.wrap_socket(s, server_side=True, do_handshake_on_connect=False)
            self.open.add(s)
        s.do_handshake()
        return s

    def close(self):
        self.closing = True
        self.epmd.close()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for s in self.open:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)


class Peer:
    """One connection of the program under test to a fake."""

    def __init__(self, fake, s):
        self.fake = fake
        self.socket = s
        self.length = ">I" if fake.tls else ">H"
        self.theirs = ""

    # -- bytes

    def send(self, data):
        self.socket.sendall(data)

    def read(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise Gone
            data += part
        return data

    def packet(self, body):
        self.send(struct.pack(self.length, len(body)) + body)

    def read_packet(self):
        return self.read(struct.unpack(self.length, self.read(struct.calcsize(self.length)))[0])

    def silence(self):
        """Reads what comes and says nothing, until the other side has enough."""
        while self.socket.recv(65536):
            pass
        raise Gone

    # -- the handshake, step by step

    def read_name(self):
        body = self.read_packet()
        if body[:1] == b"N":
            length = struct.unpack(">H", body[13:15])[0]
            self.theirs = body[15:15 + length].decode()
        else:
            self.theirs = body[7:].decode()

    def status(self, text):
        self.packet(b"s" + text)

    def challenge(self, flags=FLAGS, name=None):
        self.number = secrets.randbits(32)
        name = (name or self.fake.node).encode()
        self.packet(b"N" + struct.pack(">QIIH", flags, self.number, 1234, len(name)) + name)

    def digest(self, number):
        return hashlib.md5((self.fake.cookie + str(number)).encode()).digest()

    def read_reply(self):
        body = self.read_packet()
        if body[:1] != b"r" or len(body) != 21:
            raise Gone
        self.their_number = struct.unpack(">I", body[1:5])[0]
        self.right = body[5:] == self.digest(self.number)

    def acknowledge(self, digest=None):
        self.packet(b"a" + (digest or self.digest(self.their_number)))

    def handshake(self):
        self.read_name()
        self.status(b"ok")
        self.challenge()
        self.read_reply()
        self.acknowledge()

    # -- frames

    def frame(self, body):
        self.send(struct.pack(">I", len(body)) + body)

    def message(self, control, payload=None, raw=None):
        """A control message as terms, its payload as a term or as raw bytes."""
        body = b"p\x83" + etf.encode(control)
        if payload is not None:
            body += b"\x83" + etf.encode(payload)
        if raw is not None:
            body += raw
        self.frame(body)

    def to_somebody(self, payload=None, raw=None):
        """REG_SEND to net_kernel, which every node must take."""
        self.message((6, etf.pid(self.fake.node, 77, 1234), etf.Atom(""), etf.Atom("net_kernel")), payload, raw)

    def read_frame(self):
        return self.read(struct.unpack(">I", self.read(4))[0])


# ---- scripts -------------------------------------------------------------------------------------------------------------------

def never_speaks(p):
    p.silence()


def speaks_http(p):
    p.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def garbage_status(p):
    p.read_name()
    p.send(os.urandom(200))
    p.silence()


def huge_handshake_packet(p):
    p.read_name()
    p.send(b"\xff\xff" + b"s" + b"x" * 70000)
    p.silence()


def says_not_allowed(p):
    p.read_name()
    p.status(b"not_allowed")
    p.silence()


def says_nok(p):
    p.read_name()
    p.status(b"nok")
    p.silence()


def says_alive(p):
    """Claims that a node of our name is connected already, and goes on only if told to."""
    p.read_name()
    p.status(b"alive")
    answer = p.read_packet()
    if answer != b"strue":
        raise Gone
    p.challenge()
    p.read_reply()
    p.acknowledge()
    p.silence()


def wrong_digest(p):
    p.read_name()
    p.status(b"ok")
    p.challenge()
    p.read_reply()
    p.acknowledge(os.urandom(16))
    p.silence()


def another_name(p):
    p.read_name()
    p.status(b"ok")
    p.challenge(name="somebody@else")
    p.read_reply()
    p.acknowledge()
    p.silence()


def old_protocol(p):
    """Lacks the flags without which OTP 25 and later do not talk."""
    p.read_name()
    p.status(b"ok")
    p.challenge(flags=0x1)
    p.silence()


def half_handshake(p):
    p.read_name()
    p.status(b"ok")
    p.silence()


def half_packet(p):
    p.read_name()
    p.send(b"\x00\x03so")
    p.silence()


def one_byte_a_second(p):
    """Never silent for long, never done."""
    p.read_name()
    for byte in b"\x00\x03sok\x00\xf0N" + bytes(240):
        p.send(bytes([byte]))
        time.sleep(1)
    p.silence()


def hangs_up(p):
    raise Gone


def hangs_up_after_handshake(p):
    p.handshake()


def nothing_after_handshake(p):
    """Shakes hands and never answers to anything: the attach hangs."""
    p.handshake()
    p.silence()


def garbage_frame(p):
    p.handshake()
    p.frame(b"p" + os.urandom(400))
    p.silence()


def bad_frame_type(p):
    p.handshake()
    p.frame(b"\x83D\x05" + os.urandom(50))
    p.silence()


def frame_of_4_gb(p):
    p.handshake()
    p.send(b"\xff\xff\xff\xff" + b"p\x83")
    with contextlib.suppress(OSError):
        for _ in range(2000):
            p.send(bytes(65536))
    p.silence()


PUMP = """
import os, sys, threading
body, n = bytes.fromhex(sys.stdin.readline()), int(sys.argv[1])
many = body * (1 + (1 << 20) // len(body))
def swallow():
    try:
        while os.read(n, 65536): pass
    except OSError: pass
threading.Thread(target=swallow, daemon=True).start()
try:
    while True: os.write(n, many)
except OSError: pass
"""


def pump(p, body):
    """Sends the same bytes again and again from a process of its own, fast enough for the link to be readable all the time. TLS cannot be shared with
    another process: there it is this one, which reads nothing meanwhile."""
    while p.fake.tls and not p.fake.closing:
        p.send(body * (1 + (1 << 20) // len(body)))
    process = subprocess.Popen([sys.executable, "-c", PUMP, str(p.socket.fileno())], stdin=subprocess.PIPE, pass_fds=[p.socket.fileno()])
    process.stdin.write(body.hex().encode() + b"\n")
    process.stdin.close()
    try:
        while process.poll() is None and not p.fake.closing:
            time.sleep(0.1)
    finally:
        process.kill()
        process.wait()


def empty_frames_for_ever(p):
    """Ticks as fast as they go."""
    p.handshake()
    pump(p, b"\0\0\0\0")


def nested(depth, opening, inner):
    return b"\x83" + opening * depth + inner


def deep_payload(p):
    p.handshake()
    p.to_somebody(raw=nested(1_000_000, b"h\x01", b"j"))
    p.to_somebody(raw=nested(1_000_000, b"l\x00\x00\x00\x01", b"j") + b"j" * 1_000_000)
    p.silence()


def deep_control(p):
    p.handshake()
    p.frame(b"p" + nested(1_000_000, b"h\x01", b"j"))
    p.silence()


def huge_claims(p):
    """Sizes that are not there."""
    p.handshake()
    for claim in (b"i\xff\xff\xff\xff", b"l\xff\xff\xff\xff", b"m\xff\xff\xff\xff", b"t\xff\xff\xff\xff", b"o\xff\xff\xff\xff\x00",
                  b"v\xff\xff" + b"a" * 10, b"P\xff\xff\xff\xff" + b"x\x9c" + bytes(20), b"M\xff\xff\xff\xff\x08", b"r\xff\xff"):
        p.to_somebody(raw=b"\x83" + claim)
    p.silence()


def huge_control_claim(p):
    p.handshake()
    p.frame(b"p\x83i\xff\xff\xff\xff" + b"a\x06")
    p.silence()


def compressed_bomb(p):
    """A term that says it is 2 GB once uncompressed."""
    p.handshake()
    p.to_somebody(raw=b"\x83P" + struct.pack(">I", 2**31 - 1) + zlib.compress(b"m" + struct.pack(">I", 2**31 - 6) + bytes(4_000_000)))
    p.silence()


A = etf.Atom
WRONG_MESSAGES = [
    (A("arsenal_tick"), -1, "x", [], [], []),
    (A("arsenal_tick"), 1, 2**63, [(A("process_count"), 1e308)] * 1000, [(1, 2)] * 5000, []),
    (A("arsenal_tick"), 2**200, -2**200, [(A("process_count"), -2**200), (A("atom_limit"), 0), (A("memory_limit"), 0)], [(-1, -1, -1)], []),
    (A("arsenal_tick"), 1, 0, [(A("no_such_metric"), 1)] * 20000, [], []),
    (A("arsenal_tick"), 3, 0, [(A("process_count"), 5)], [(n, 2**60, 1) for n in range(3000)],
     [(A("memory"), [(A("nopid"), b"\xff\xfe\x00" * 4000, 1e308, b"", b"", -1, -1, -1)] * 500), (A("nokind"), [1])]),
    (A("arsenal_restarts"), -5, []),
    (A("arsenal_restarts"), 2**70, [(1, 2, 3)] * 1000),
    (A("arsenal_restarts"), 0, [(0, A("child_terminated"), A("s"), 7, (A("t"), 1), 7, (A("x"), b"\xff\xfe" * 5000), 7, 7)]),
    (A("arsenal_restarts"), 0, [(2**80, A("gave_up"), A("s"), 7, (A("x"), b"\x1b]0;title\x07"), 7, (A("x"), b"\x1b[2J"), A("y" * 200), (1, 2, 3))] * 3000),
    (A("arsenal_supervisors"), 2**80, [(A("s"), 7, A("x" * 200), A("one_for_all"), 2**70, -1, 1e308, (1,) * 250, -5, [(A("t"), 1)] * 5000)] * 1000),
    (A("arsenal_supervisors"), 0, [(A("s"), 7, A("supervisor"), A("one_for_all"), 0, 0, 2**31, (-1,), 2**63, [])] * 1000),
    (A("arsenal_notice"), A("warning"), b"\x1b[31m" + b"\xff" * 100000),
    A("arsenal_tick"), [], b"", 1.5, {1: 2}, (),
]
DEEP = [b"h\x01" * 500_000 + b"j", b"l\x00\x00\x00\x01" * 500_000 + b"j" + b"j" * 500_000]


def answer_calls(p, found):
    """Plays the node's side of erpc and of attach/2, like a node with a probe in it. found(pid) is called when one is attached."""
    holder = etf.pid(p.fake.node, 99, 1234)
    info = {A("otp_release"): b"25", A("erts_version"): b"13.1.5", A("schedulers_online"): 2, A("os_pid"): 1, A("uptime_ms"): 1,
            A("restart_capture"): A("log_filter"), A("capture_note"): b""}
    while True:
        body = p.read_frame()
        if not body:
            continue
        d = etf.Decoder(body)
        d.take(2)
        control = d.term()
        if control[0] != 29:
            continue
        _, ref, sender = control[:3]
        d.take(1)
        call_ref, _, function, _ = d.term()
        value = (A("ok"), holder, info) if function == "attach" else A("true")
        p.message((31, ref, sender, 0, holder))
        p.message((21, holder, sender, ref, (call_ref, A("return"), value)))
        if function == "attach":
            threading.Thread(target=quietly, args=(found, sender), daemon=True).start()


def quietly(function, *args):
    with contextlib.suppress(OSError, Gone):
        function(*args)


def hostile_probe(p):
    """A node whose probe lies: everything it says is well-framed, most of it is wrong, and there is a lot."""
    p.handshake()

    def speak(watcher):
        good = (A("arsenal_tick"), 1, int(time.time() * 1000), [(A("process_count"), 50), (A("process_limit"), 100)], [(1, 1, 2), (2, 1, 2)], [])
        while not p.fake.closing:
            p.message((2, A(""), watcher), good)
            for term in WRONG_MESSAGES:
                p.message((2, A(""), watcher), term)
            for _ in range(50):
                p.message((2, A(""), watcher), (A("arsenal_notice"), A("warning"), b"all work and no play " * 40))
            time.sleep(0.05)
    answer_calls(p, speak)


def deep_probe(p):
    """One that sends terms of absurd depth where a reason is expected."""
    p.handshake()

    def speak(watcher):
        while not p.fake.closing:
            for deep in DEEP:
                p.message((2, A(""), watcher), raw=b"\x83h\x03" + etf.encode(A("arsenal_restarts")) + etf.encode(0) + b"l\x00\x00\x00\x01h\x09" +
                          b"".join(etf.encode(t) for t in (0, A("child_terminated"), A("s"), watcher)) + b"h\x02" + etf.encode(A("t")) + deep +
                          etf.encode(watcher) + b"h\x02" + etf.encode(A("t")) + deep + etf.encode((A("t"), A("permanent"))) + etf.encode(A("undefined")) + b"j")
                p.message((2, A(""), watcher), raw=b"\x83" + deep)
            p.message((2, A(""), watcher), (A("arsenal_tick"), 1, int(time.time() * 1000), [(A("process_count"), 50)], [], []))
            time.sleep(0.2 * Run.slowness ** 2)  # ThreadSanitizer makes the decoder forty times slower
    answer_calls(p, speak)


def floods_messages(p):
    """Well-formed messages for nobody, as fast as the socket takes them, without end: the link is always readable."""
    p.handshake()
    body = b"p\x83" + etf.encode((6, etf.pid(p.fake.node, 77, 1234), etf.Atom(""), etf.Atom("nobody"))) + b"\x83" + etf.encode((1, b"x" * 1000))
    pump(p, struct.pack(">I", len(body)) + body)


# ---- EPMDs ---------------------------------------------------------------------------------------------------------------------

class FakeEpmd:
    """Answers each connection with behave(socket)."""

    def __init__(self, room, behave):
        self.behave = behave
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        room.keep(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError):
            self.behave(s)
            s.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def epmd_silent(s):
    while s.recv(1000):
        pass


def epmd_garbage(s):
    s.recv(1000)
    s.sendall(os.urandom(5000))


def epmd_endless(s):
    s.recv(1000)
    s.sendall(b"\x77\x00")
    while True:
        s.sendall(bytes(65536))


def epmd_cut(s):
    s.recv(1000)
    s.sendall(b"\x77\x00\x12")


def epmd_port_zero(s):
    s.recv(1000)
    s.sendall(b"\x77\x00\x00\x00\x4d\x00\x00\x06\x00\x05\x00\x01x\x00\x00")
