# SPDX-License-Identifier: Apache-2.0
"""What every system test stands on: rooms (a folder and the processes started in it), processes that never outlive their room, the
program itself with its HTTP side, and waiting for conditions. Nothing here touches the machine's own epmd, home or ports."""

import contextlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
COOKIE = "cookie" + secrets.token_hex(8)

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")


class Run:
    """What holds for the whole run: the program under test and the folder for everything. Set up by run.py."""

    arsenal = os.path.join(ROOT, "build", "arsenal")
    quick = False
    folder = None
    ebin = None
    epmd_port = 0
    sanitizer = None  # "asan", "tsan" or None
    slowness = 1      # what a sanitizer costs, for timeouts
    rss_allowance = 1  # and for memory
    room = None

    @classmethod
    def begin(cls, arsenal, quick):
        cls.arsenal = os.path.abspath(arsenal)
        cls.quick = quick
        cls.folder = tempfile.mkdtemp(prefix="arsenal-system-")
        os.chmod(cls.folder, 0o755)
        cls.room = Room("run")
        cls.find_sanitizer()
        cls.compile_helpers()
        cls.start_epmd()

    @classmethod
    def find_sanitizer(cls):
        with open(cls.arsenal, "rb") as f:
            program = f.read()
        if b"__tsan_init" in program:
            cls.sanitizer, cls.slowness, cls.rss_allowance = "tsan", 4, 8
        elif b"__asan_init" in program:
            cls.sanitizer, cls.slowness, cls.rss_allowance = "asan", 2, 4

    @classmethod
    def compile_helpers(cls):
        cls.ebin = os.path.join(cls.folder, "ebin")
        os.mkdir(cls.ebin)
        sources = [os.path.join(HERE, f) for f in sorted(os.listdir(HERE)) if f.endswith(".erl")]
        package = os.path.join(ROOT, "otp", "src")  # the server for applications
        sources += [os.path.join(package, f) for f in sorted(os.listdir(package)) if f.endswith(".erl")]
        sources.append(os.path.join(ROOT, "otp", "test", "arsenal_day.erl"))  # a past to ask for
        subprocess.run(["erlc", "-o", cls.ebin, *sources], check=True, cwd=cls.folder, stdin=subprocess.DEVNULL)
        for f in os.listdir(cls.ebin):
            os.chmod(os.path.join(cls.ebin, f), 0o644)
        os.chmod(cls.ebin, 0o755)

    @classmethod
    def start_epmd(cls):
        cls.epmd_port = free_port()
        cls.room.start("epmd", ["epmd", "-port", str(cls.epmd_port), "-address", "127.0.0.1"])
        wait_until(lambda: can_connect(cls.epmd_port), 10, "epmd listens")

    @classmethod
    def end(cls, keep):
        """Ends everything. Returns the command lines of what had got away from its room: a fault of the tests or of the program."""
        Process.kill_all()
        stray = cls.strays()
        for pid, _ in stray:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not keep:
            shutil.rmtree(cls.folder, ignore_errors=True)
        return [line for _, line in stray]

    @classmethod
    def strays(cls):
        """Processes that have our folder on their command line or in their environment."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                texts = []
                for name in ("cmdline", "environ"):
                    with open("/proc/%s/%s" % (entry, name), "rb") as f:
                        texts.append(f.read())
                if cls.folder and int(entry) != os.getpid() and cls.folder.encode() in b" ".join(texts):
                    found.append((int(entry), texts[0].replace(b"\0", b" ").decode("utf-8", "replace")))
        return found


def quick_environment(home, **more):
    """Nothing of the caller's but where programs are."""
    env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
           "ERL_EPMD_PORT": str(Run.epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_CRASH_DUMP_BYTES": "0"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    # What is freed is held back for later use to be caught: with the default of 256 MB no test could say anything of memory.
    env.setdefault("ASAN_OPTIONS", "quarantine_size_mb=64")
    env.setdefault("TSAN_OPTIONS", "second_deadlock_stack=1")
    env.update({k: v for k, v in more.items() if v is not None})
    return env


# ---- waiting -------------------------------------------------------------------------------------------------------------------

def wait_until(condition, timeout, what, every=0.02):
    """The first true value of condition(); fails after timeout seconds. `what` may be a function that says where things stand."""
    end = time.monotonic() + timeout * Run.slowness
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError("not within %g s: %s" % (timeout * Run.slowness, what() if callable(what) else what))
        time.sleep(every)


def holds_for(condition, seconds, what, every=0.1):
    """Fails as soon as condition() is false within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise AssertionError("did not hold for %g s: %s" % (seconds, what() if callable(what) else what))
        time.sleep(every)


def percentile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))]


# ---- ports ---------------------------------------------------------------------------------------------------------------------

_given_ports = set()
_ports_lock = threading.Lock()


def free_port():
    """A loopback port that nobody has and that is given once only."""
    with _ports_lock:
        while True:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                port = s.getsockname()[1]
            if port not in _given_ports:
                _given_ports.add(port)
                return port


def require_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        raise unittest.SkipTest("this machine has no ::1") from None


def can_connect(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


# ---- processes -----------------------------------------------------------------------------------------------------------------

def session_pids(session):
    """Living processes of a session that we opened."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                with open("/proc/%s/stat" % entry) as f:
                    fields = f.read().rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] != "Z":
                    found.append(int(entry))
    return found


class Process:
    """A program in a session of its own; whatever it leaves in that session ends with it."""

    running = set()
    lock = threading.Lock()
    closing = False

    def __init__(self, name, argv, folder, env, cwd=None, user=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.stdout_path = os.path.join(folder, name + ".out")
        self.stderr_path = os.path.join(folder, name + ".err")
        more = {"user": user, "group": user, "extra_groups": []} if user else {}
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err, Process.lock:
            if Process.closing:
                raise KeyboardInterrupt
            self.popen = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, cwd=cwd or folder, env=env,
                                          start_new_session=True, **more)
            Process.running.add(self)
        self.pid = self.popen.pid

    @property
    def alive(self):
        return self.popen.poll() is None

    @property
    def code(self):
        return self.popen.poll()

    def out(self, from_byte=0):
        return read_text(self.stdout_path, from_byte)

    def err(self, from_byte=0):
        return read_text(self.stderr_path, from_byte)

    def send_signal(self, number):
        if self.alive:
            os.kill(self.pid, number)

    def rss(self):
        """Resident bytes; 0 if it has ended."""
        with contextlib.suppress(OSError):
            with open("/proc/%d/statm" % self.pid) as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0

    def wait(self, timeout):
        return self.popen.wait(timeout * Run.slowness)

    def stop(self, number=signal.SIGTERM, timeout=10):
        """The exit code after the signal; SIGKILL, and a failure, if that is not enough."""
        if self.alive:
            os.kill(self.pid, number)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("%s did not end within %g s of signal %d" % (self.name, timeout * Run.slowness, number)) from None
        self.kill()
        return self.code

    def kill(self):
        """SIGKILL to it and to everything in its session."""
        if self.popen.poll() is None:
            self.popen.kill()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            left = session_pids(self.pid)
            if not left:
                break
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.popen.wait()
        with Process.lock:
            Process.running.discard(self)

    @classmethod
    def kill_all(cls):
        with cls.lock:
            cls.closing = True
            left = list(cls.running)
        for p in left:
            p.kill()


def read_text(path, from_byte=0):
    try:
        with open(path, "rb") as f:
            f.seek(from_byte)
            return f.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def tail(path, lines=15):
    try:
        size = os.path.getsize(path)
        return "\n".join(line[:300] for line in read_text(path, max(0, size - 64000)).splitlines()[-lines:])
    except OSError:
        return ""


# ---- rooms ---------------------------------------------------------------------------------------------------------------------

class Room:
    """A folder, and all that was opened in it; closed in the opposite order."""

    count = 0

    def __init__(self, name):
        with _ports_lock:
            Room.count += 1
            self.folder = os.path.join(Run.folder, "%03d-%s" % (Room.count, re.sub(r"[^\w.-]", "_", name)))
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)
        self.things = []
        self.logs = []
        self.names = 0

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make_folder(self, name, user=None):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        if user:
            shutil.chown(path, user, user)
        return path

    def write(self, name, text, mode=0o644, user=None):
        path = self.path(name)
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        if user:
            shutil.chown(path, user, user)
        return path

    def new_name(self, base):
        self.names += 1
        return "%s%d" % (base, self.names)

    def keep(self, thing):
        """Has thing.close() called at the end, and its logs shown on failure."""
        self.things.append(thing)
        return thing

    def start(self, name, argv, env=None, **more):
        p = Process(name, argv, self.folder, env or quick_environment(self.folder), **more)
        p.close = p.kill
        self.logs += [p.stdout_path, p.stderr_path]
        return self.keep(p)

    def add_log(self, path):
        self.logs.append(path)

    def close(self):
        trouble = []
        while self.things:
            try:
                self.things.pop().close()
            except AssertionError as e:
                trouble.append(str(e))
        if trouble:
            raise AssertionError("; ".join(trouble))

    def tails(self):
        parts = []
        for path in dict.fromkeys(self.logs):
            text = tail(path)
            if text.strip():
                parts.append("--- end of %s\n%s" % (os.path.relpath(path, Run.folder), text))
        return "\n".join(parts)


class SystemTest(unittest.TestCase):
    """A test has its room; a class may have one more, `shared`, made by share()."""

    shared = None
    lane = "main"      # "side": waits most of the time, and may run beside others; of the main lane there is one at a time
    long = False       # takes half a minute: begins early. A method may have it, too
    quick = True       # runs in make check
    quick_tests = None  # or only those, by name
    longMessage = True

    def setUp(self):
        self.room = Room(self.id().split(".", 1)[-1])
        self.addCleanup(self.room.close)

    @classmethod
    def share(cls):
        cls.shared = Room(cls.__name__)
        cls.addClassCleanup(cls.close_shared)
        return cls.shared

    @classmethod
    def close_shared(cls):
        cls.shared.close()

    def rooms(self):
        return [r for r in (getattr(self, "room", None), self.shared) if r]

    def note(self, text):
        """A measured figure, shown beside the result."""
        self.notes = getattr(self, "notes", []) + [text]


# ---- the program ---------------------------------------------------------------------------------------------------------------

class HttpError(Exception):
    def __init__(self, status, body):
        super().__init__("HTTP %d: %s" % (status, body[:300]))
        self.status = status
        self.body = body


def http_get(port, path, timeout=10, headers=None):
    """(status, headers, bytes)"""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * Run.slowness)
    try:
        c.request("GET", path, headers=headers or {})
        r = c.getresponse()
        return r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read()
    finally:
        c.close()


class Arsenal(Process):
    """`arsenal COMMAND …`, and what it serves."""

    def __init__(self, room, command, *args, cookie=COOKIE, http="127.0.0.1:0", state_dir=None, env=None, home=None, wrapper=()):
        self.room = room
        name = room.new_name("arsenal-" + command + "-")
        home = home or room.make_folder(name + ".home")
        self.state_dir = state_dir or os.path.join(home, "state")
        argv = [*wrapper, Run.arsenal, command, *args, "--state-dir", self.state_dir]
        if cookie is not None and command != "demo":
            argv += ["--cookie-file", room.write(name + ".cookie", cookie + "\n", 0o400)]
        if command != "status" and http:
            argv += ["--http", http]
        super().__init__(name, argv, room.folder, quick_environment(home, **(env or {})))
        self.port = None
        room.logs += [self.stderr_path, self.stdout_path]
        room.keep(self)

    # -- life

    def wait_listening(self, timeout=10):
        def look():
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)/", self.err())
            if not found and not self.alive:
                raise AssertionError("%s ended with %s: %s" % (self.name, self.code, tail(self.stderr_path, 5)))
            return found
        self.port = int(wait_until(look, timeout, "arsenal says where it listens").group(1))
        return self

    def close(self):
        """Ends it, and fails on a sanitizer's report, on another signal than ours, and if it does not end."""
        self.asked = getattr(self, "asked", None)
        if self.asked is None and self.alive:
            code = self.end()
            if code != 0:
                raise AssertionError("%s ended with %s after SIGTERM" % (self.name, code))
        self.kill()
        self.check_reports()

    def end(self, number=signal.SIGTERM, timeout=10):
        self.asked = number
        code = self.stop(number, timeout)
        self.check_reports()
        return code

    def check_reports(self):
        text = self.err()
        found = SANITIZER_REPORT.search(text)
        if found:
            raise AssertionError("%s: %s" % (self.name, text[max(0, found.start() - 200):found.start() + 4000]))
        if self.code is not None and self.code < 0 and -self.code != getattr(self, "asked", None):
            raise AssertionError("%s was ended by signal %d" % (self.name, -self.code))

    # -- what it serves

    def get_raw(self, path, **more):
        return http_get(self.port, path, **more)

    def get(self, path, **more):
        status, _, body = self.get_raw(path, **more)
        if status != 200:
            raise HttpError(status, body.decode("utf-8", "replace"))
        return json.loads(body)

    def of(self, node, what, **more):
        return self.get("/api/v1/nodes/%s/%s" % (urllib.parse.quote(node), what), **more)

    def nodes(self):
        return {n["name"]: n for n in self.get("/api/v1/nodes")}

    def state(self, node):
        n = self.nodes()[node]
        return n["state"], n.get("detail") or ""

    def wait_state(self, node, *states, timeout=20):
        return wait_until(lambda: self.state(node)[0] in states and self.nodes()[node], timeout,
                          lambda: "%s is %s; it is %s" % (node, " or ".join(states), self.state(node)))

    def stats(self, node):
        return next(n for n in self.get("/api/v1/stats")["nodes"] if n["node"] == node)

    def samples(self, node):
        return self.stats(node)["performance_samples"]

    def wait_samples(self, node, more=1, timeout=20):
        """Returns when that many samples more have come than there are now."""
        want = self.samples(node) + more
        wait_until(lambda: self.samples(node) >= want, timeout, lambda: "%d samples of %s, %d now" % (want, node, self.samples(node)))

    def wait_seen(self, node, timeout=20):
        """Linked, and a sample is in."""
        self.wait_state(node, "up", timeout=timeout)
        wait_until(lambda: self.samples(node) > 0, timeout, "the first sample of " + node)
        return self

    def restarts(self, node):
        return self.of(node, "restarts")

    def total(self, node):
        return self.restarts(node)["total_restarts"]

    def sse(self, types=None, last_id=None, **query):
        if types:
            query["types"] = types
        path = "/api/v1/events" + ("?" + urllib.parse.urlencode(query) if query else "")
        return self.room.keep(Stream(self.port, path, last_id))


def watch(room, *nodes, interval=1000, options=(), listening=True, **more):
    a = Arsenal(room, "watch", *nodes, "--interval", str(interval), *options, **more)
    return a.wait_listening() if listening else a


class Event:
    def __init__(self, arrived, ident, kind, data):
        self.arrived = arrived  # time.time()
        self.id = ident
        self.kind = kind
        self.json = data

    @property
    def node(self):
        return self.json.get("node")

    @property
    def data(self):
        return self.json.get("data", {})

    def __repr__(self):
        return "Event(%s, %s, %s)" % (self.id, self.kind, json.dumps(self.json)[:400])


class Stream:
    """A client of server-sent events on a raw socket: what came and when."""

    def __init__(self, port, path, last_id=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        resume = "Last-Event-ID: %s\r\n" % last_id if last_id is not None else ""
        self.socket.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s\r\n" % (path, port, resume)).encode())
        self.events = []
        self.comments = []
        self.ended = False
        self.condition = threading.Condition()
        self.file = self.socket.makefile("rb")
        self.head()
        threading.Thread(target=self.read, daemon=True).start()

    def head(self):
        self.socket.settimeout(10 * Run.slowness)
        status = self.file.readline().split()
        self.headers = {}
        while (line := self.file.readline().strip()):
            key, _, value = line.decode().partition(":")
            self.headers[key.lower()] = value.strip()
        if len(status) < 2 or status[1] != b"200":
            raise HttpError(int(status[1]) if len(status) > 1 else 0, "no event stream")
        self.socket.settimeout(None)

    def chunks(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            while (data := self.file.read1(65536)):
                yield data
            return
        while (size := int(self.file.readline().split(b";")[0] or b"0", 16)):
            data = self.file.read(size)
            self.file.readline()
            yield data

    def read(self):
        buffer = b""
        with contextlib.suppress(OSError, ValueError):
            for data in self.chunks():
                now = time.time()
                buffer = (buffer + data).replace(b"\r\n", b"\n")
                *blocks, buffer = buffer.split(b"\n\n")
                for block in blocks:
                    self.take(now, block.decode())
        with self.condition:
            self.ended = True
            self.condition.notify_all()

    def take(self, now, block):
        fields = {"event": "message", "id": None, "data": []}
        for line in block.split("\n"):
            key, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if key == "":
                self.comments.append(value)
            elif key == "data":
                fields["data"].append(value)
            else:
                fields[key] = value
        if fields["data"]:
            with self.condition:
                self.events.append(Event(now, fields["id"], fields["event"], json.loads("\n".join(fields["data"]))))
                self.condition.notify_all()

    def wait(self, wanted, timeout, what):
        """The first event for which wanted(event) is true."""
        found = self.wait_many(wanted, 1, timeout, what)
        return found[0]

    def wait_many(self, wanted, count, timeout, what):
        end = time.monotonic() + timeout * Run.slowness
        with self.condition:
            while True:
                found = [e for e in self.events if wanted(e)]
                if len(found) >= count:
                    return found
                left = end - time.monotonic()
                if left <= 0 or self.ended:
                    raise AssertionError("%d of %d events in %g s%s: %s; the last events: %s" % (
                        len(found), count, timeout * Run.slowness, " (the stream ended)" if self.ended else "", what, self.events[-5:]))
                self.condition.wait(left)

    def of(self, kind):
        with self.condition:
            return [e for e in self.events if e.kind == kind]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def run_status(room, node, *args, **more):
    """(exit code, stdout, stderr) of `arsenal status`."""
    a = Arsenal(room, "status", node, *args, **more)
    try:
        a.wait(30)
    except subprocess.TimeoutExpired:
        a.kill()
        raise AssertionError("arsenal status %s did not end in %g s" % (node, 30 * Run.slowness)) from None
    a.check_reports()
    return a.code, a.out(), a.err()


def run_program(room, *argv, timeout=20, env=None, home=None):
    """(exit code, stdout, stderr) of the program with arguments as they are."""
    done = subprocess.run([Run.arsenal, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout * Run.slowness,
                          env=quick_environment(home or room.folder, **(env or {})), cwd=room.folder, start_new_session=True)
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if SANITIZER_REPORT.search(err):
        raise AssertionError(err[:4000])
    return done.returncode, out, err
