# SPDX-License-Identifier: Apache-2.0
"""The engine as a router sees it (doc/port.md), without a VM: what it is fed is known to the last value."""

import http.client
import json
import os
import select
import signal
import struct
import subprocess
import time

import etf

A = etf.Atom


class Engine:
    """A running `arsenal port`. Nothing here waits but what says so."""

    def __init__(self, program, options, log, limits=None):
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()
        os.set_blocking(self.inp, False)
        self.popen = subprocess.Popen([program, "port"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False,
                                      preexec_fn=lambda: self.in_child(to_child, from_child), env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        os.close(to_child)
        os.close(from_child)
        self.buffer = b""
        self.ready = self.fatal = self.http = None
        self.confirmed = 0
        self.logs, self.replies, self.parts = [], {}, {}
        self.calls = 0
        self.send((A("init"), options))

    def in_child(self, to_child, from_child):
        """The pipes become 3 and 4; nothing else of ours is in the child."""
        a, b = os.dup2(to_child, 200), os.dup2(from_child, 201)
        os.closerange(3, 200)
        os.dup2(a, 3)
        os.dup2(b, 4)
        os.closerange(200, 202)

    def send(self, *messages):
        """False if it has ended."""
        body = b"\x83" + etf.encode(list(messages))
        data = struct.pack(">I", len(body)) + body
        try:
            while data:
                data = data[os.write(self.out, data):]
        except BrokenPipeError:
            return False
        return True

    def take(self, timeout=0):
        """Takes what has come, waiting for it at most so long; False at its end."""
        if not select.select([self.inp], [], [], timeout)[0]:
            return True
        try:
            got = os.read(self.inp, 1 << 20)
        except BlockingIOError:
            return True
        self.buffer += got
        while len(self.buffer) >= 4:
            size = struct.unpack(">I", self.buffer[:4])[0]
            if len(self.buffer) < 4 + size:
                break
            for message in etf.decode(self.buffer[4:4 + size]):
                self.note(message)
            self.buffer = self.buffer[4 + size:]
        return bool(got)

    def note(self, message):
        if not isinstance(message, tuple):
            return
        tag = message[0]
        if tag == "ready":
            self.ready, self.http = message[1], message[2].get("http")
            self.confirmed = max(self.confirmed, message[1])
        elif tag == "fatal":
            self.fatal = message[1].decode()
        elif tag == "confirm":
            self.confirmed = max(self.confirmed, message[1])
        elif tag == "log":
            self.logs.append((str(message[1]), message[2].decode("utf-8", "replace")))
        elif tag == "reply":
            self.replies[message[1]] = etf.decode(b"".join(self.parts.pop(message[1], [])) + message[2])
        elif tag == "part":
            self.parts.setdefault(message[1], []).append(message[2])

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("not within %g s: %s; it said %s" % (seconds, what, self.logs[-3:] or self.fatal))
            if not self.take(0.05) and not condition():
                raise AssertionError("it ended (%s) before: %s; it said %s" % (self.popen.wait(), what, self.fatal or self.logs[-3:]))

    def call(self, request, seconds=30):
        self.calls += 1
        number = self.calls
        self.send((A("call"), number, request))
        self.wait(lambda: number in self.replies, seconds, "an answer to %s" % (request if isinstance(request, str) else request[0]))
        return self.replies.pop(number)

    def get(self, path, seconds=30):
        """What it says over HTTP, whose JSON Python reads faster than terms; meanwhile nothing of the port's is taken."""
        host, _, port = self.http.decode().rpartition(":")
        c = http.client.HTTPConnection(host, int(port), timeout=seconds)
        try:
            c.request("GET", path)
            r = c.getresponse()
            if r.status != 200:
                raise AssertionError("%s: %d %s" % (path, r.status, r.read()[:300]))
            return json.loads(r.read())
        except OSError as error:
            raise AssertionError("%s: %s" % (path, error)) from None
        finally:
            c.close()

    def kill(self):
        """kill -9; what it had told before is taken in. Once is enough."""
        self.popen.send_signal(signal.SIGKILL)
        self.finish()

    def end(self, seconds=10):
        """As a router ends it: its input is closed."""
        os.close(self.out)
        self.out = None
        self.popen.wait(seconds)
        self.finish()

    def finish(self):
        self.popen.wait()
        if self.inp is None:
            return
        while self.take(0) and select.select([self.inp], [], [], 0)[0]:
            pass
        for fd in (self.out, self.inp):
            if fd is not None:
                os.close(fd)
        self.out = self.inp = None
