# SPDX-License-Identifier: Apache-2.0
"""Real OTP systems to watch: plain Erlang, Elixir, RabbitMQ, ejabberd. Each is asked over a loopback port of its own (subject.erl), never
over Erlang distribution, because what is connected to them is what the tests look at."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import struct
import unittest

import etf
from harness import COOKIE, ROOT, Process, Run, free_port, quick_environment, read_text, wait_until

def on_interface(address):
    return ["-kernel", "inet_dist_use_interface", address]


LOOPBACK = on_interface("{127,0,0,1}")
LOOPBACK6 = on_interface("{0,0,0,0,0,0,0,1}")
# Spinning schedulers of a dozen idle VMs would be the load of a test machine.
CALM = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]
PREFIX = '"arsenal"'


class EvalError(AssertionError):
    pass


class Subject:
    """A node: name, log, life, and eval()."""

    user = None

    def __init__(self, room, node):
        self.room = room
        self.node = node
        self.folder = room.make_folder(node.replace("@", "-at-"), self.user)
        self.port_file = os.path.join(self.folder, "port")
        self.process = None
        self.sockets = []
        self.starts = 0
        room.keep(self)

    def environment(self, **more):
        return quick_environment(self.folder, SUBJECT_PORT_FILE=self.port_file, **more)

    def write_cookie(self, cookie):
        path = os.path.join(self.folder, ".erlang.cookie")
        with open(path, "w") as f:
            f.write(cookie)
        os.chmod(path, 0o400)
        if self.user:
            shutil.chown(path, self.user, self.user)

    def launch(self, argv, env, timeout=30):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.port_file)
        self.starts += 1
        self.process = Process("node%d" % self.starts, argv, self.folder, env, cwd=self.folder, user=self.user)
        self.room.logs += [self.process.stdout_path, self.process.stderr_path]

        def up():
            if not self.process.alive:
                raise AssertionError("%s ended with %s while it started: %s%s" % (
                    self.node, self.process.code, self.process.err()[-500:], self.process.out()[-500:]))
            return os.path.exists(self.port_file)
        wait_until(up, timeout, self.node + " is up", every=0.05)
        return self

    @property
    def log(self):
        return self.process.stdout_path

    def log_size(self):
        return os.path.getsize(self.log)

    def log_since(self, at):
        return read_text(self.log, at)

    def eval(self, expression, timeout=30):
        """The value of Erlang expressions on the node."""
        expression = expression.strip()
        text = (expression if expression.endswith(".") else expression + ".").encode()
        with open(self.port_file) as f:
            port = int(f.read())
        s = self.sockets.pop() if self.sockets else socket.create_connection(("127.0.0.1", port))
        s.settimeout(timeout * Run.slowness)
        try:
            s.sendall(struct.pack(">I", len(text)) + text)
            answer = etf.decode(self.receive(s, struct.unpack(">I", self.receive(s, 4))[0]))
        except OSError as e:
            s.close()
            raise EvalError("%s does not answer to %s: %s" % (self.node, expression[:200], e)) from None
        self.sockets.append(s)
        if answer[0] != "ok":
            raise EvalError("%s: %s: %s" % (self.node, expression[:200], answer[1].decode()))
        return answer[1]

    @staticmethod
    def receive(s, n):
        data = b""
        while len(data) < n:
            part = s.recv(n - len(data))
            if not part:
                raise OSError("the connection was closed")
            data += part
        return data

    def traces(self):
        """What a monitor of ours could leave on the node."""
        return self.eval("subject:traces(%s)" % PREFIX)

    def links(self):
        """Our hidden nodes that are connected to it."""
        return self.traces()["hidden"]

    def hangup(self):
        while self.sockets:
            self.sockets.pop().close()

    def kill(self):
        """kill -9"""
        self.hangup()
        self.process.kill()

    def close(self):
        self.hangup()
        if self.process:
            self.process.kill()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


class ErlNode(Subject):
    count = itertools.count(1)
    waiting = CALM  # how schedulers without work wait

    def __init__(self, room, name=None, host="localhost", long_names=False, cookie=COOKIE, port=None, args=(), interface=LOOPBACK, start=True):
        super().__init__(room, "%s@%s" % (name or "erl%d" % next(ErlNode.count), host))
        self.long_names = long_names
        self.port = port
        self.args = list(args)
        self.interface = interface
        self.write_cookie(cookie)
        if start:
            self.start()

    def start(self):
        more = {}
        argv = ["erl", "-noinput", "-name" if self.long_names else "-sname", self.node, *self.interface, *self.waiting, "-pa", Run.ebin]
        if self.port:  # a port that everybody knows, and no EPMD
            argv += ["-start_epmd", "false", "-epmd_module", "subject_noepmd",
                     "-kernel", "inet_dist_listen_min", str(self.port), "inet_dist_listen_max", str(self.port)]
            more["SUBJECT_DIST_PORT"] = str(self.port)
        return self.launch(argv + self.args + ["-s", "subject"], self.environment(**more))


class ElixirNode(Subject):
    count = itertools.count(1)

    def __init__(self, room):
        if not shutil.which("elixir"):
            raise unittest.SkipTest("elixir is not installed")
        super().__init__(room, "elixir%d@localhost" % next(ElixirNode.count))
        self.write_cookie(COOKIE)
        self.launch(["elixir", "--sname", self.node, "--erl", " ".join(LOOPBACK + CALM), "-pa", Run.ebin, "--no-halt", "-e", ":subject.start()"],
                    self.environment())

    def elixir(self, code):
        """The value of Elixir code."""
        text = "".join("\\x{%x}" % ord(c) if ord(c) > 126 or c in '"\\' or c == "\n" else c for c in code)
        return self.eval("element(1, 'Elixir.Code':eval_string(<<\"%s\"/utf8>>))" % text)


def require_release(suite):
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root, for chroot")
    if not os.path.exists(os.path.join(ROOT, "build", "otp", suite, "usr", "bin", "erl")):
        raise unittest.SkipTest("no build/otp/%s: make it with scripts/otp.sh %s" % (suite, suite))


def inside(suite, base):
    """A subject that runs with the OTP of a Debian release (scripts/otp.sh)."""
    class Inside(base):
        def launch(self, argv, env, timeout=60):
            return super().launch(["sh", os.path.join(ROOT, "scripts", "otp_enter.sh"), suite, Run.folder, *argv], env, timeout)
    return Inside


def require_user(name):
    """The user to run a server as: its own if we are root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise unittest.SkipTest("there is no user %s" % name) from None
    return name


class RabbitMQ(Subject):
    """Debian's RabbitMQ on loopback, under its own user."""

    server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    count = itertools.count(1)

    def __init__(self, room):
        if not os.path.exists(self.server):
            raise unittest.SkipTest("rabbitmq-server is not installed")
        self.user = require_user("rabbitmq")
        super().__init__(room, "rabbit%d_%d@localhost" % (os.getpid(), next(RabbitMQ.count)))
        self.write_cookie(COOKIE)
        self.amqp_port = free_port()
        for name in ("mnesia", "log", "generated"):
            room.make_folder(os.path.join(os.path.basename(self.folder), name), self.user)
        self.file("rabbitmq.conf", "listeners.tcp.1 = 127.0.0.1:%d\nprometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = %d\n"
                  "disk_free_limit.absolute = 50MB\nlog.file.level = info\n" % (self.amqp_port, free_port()))
        self.file("enabled_plugins", "[rabbitmq_prometheus].\n")
        self.file("env.conf", "")
        room.add_log(self.log)
        self.launch([self.server], self.rabbit_environment(), timeout=90)
        wait_until(self.booted, 60, "RabbitMQ has booted", every=0.1)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        if self.user:
            shutil.chown(path, self.user, self.user)

    def rabbit_environment(self):
        at = lambda name: os.path.join(self.folder, name)
        return self.environment(
            RABBITMQ_NODENAME=self.node, RABBITMQ_MNESIA_BASE=at("mnesia"), RABBITMQ_LOG_BASE=at("log"), RABBITMQ_PID_FILE=at("pid"),
            RABBITMQ_CONFIG_FILE=at("rabbitmq"), RABBITMQ_CONF_ENV_FILE=at("env.conf"), RABBITMQ_ENABLED_PLUGINS_FILE=at("enabled_plugins"),
            RABBITMQ_GENERATED_CONFIG_DIR=at("generated"), RABBITMQ_DIST_PORT=str(free_port()),
            # With input allowed the script turns into the VM instead of staying its parent.
            RABBITMQ_ALLOW_INPUT="1",
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput -kernel inet_dist_use_interface {127,0,0,1} -pa %s -s subject" % Run.ebin)

    def booted(self):
        return self.eval("rabbit:is_booted()") is True

    @property
    def log(self):
        return os.path.join(self.folder, "log", self.node + ".log")

    def declare(self, names):
        """Durable classic queues."""
        for name in names:
            self.eval("{new, _} = rabbit_amqqueue:declare({resource, <<\"/\">>, queue, <<\"%s\">>}, true, false, [], none, <<\"test\">>), ok" % name)

    def kill_queue(self, name):
        """(microseconds since the epoch just before the kill, printed pid); waits for the queue to be back."""
        return self.eval("""
            Name = {resource, <<"/">>, queue, <<"%s">>},
            {ok, Queue} = rabbit_amqqueue:lookup(Name),
            Pid = amqqueue:get_pid(Queue),
            Time = subject:kill(Pid),
            Back = fun Back(0) -> error(not_back);
                       Back(N) ->
                           {ok, Q} = rabbit_amqqueue:lookup(Name),
                           P = amqqueue:get_pid(Q),
                           case P =/= Pid andalso is_process_alive(P) of
                               true -> ok;
                               false -> timer:sleep(5), Back(N - 1)
                           end
                   end,
            Back(2000),
            {Time, list_to_binary(pid_to_list(Pid))}""" % name)


EJABBERD_YML = """
hosts: [localhost]
loglevel: info
listen:
  - {port: %d, ip: "127.0.0.1", module: ejabberd_c2s}
modules:
  mod_ping: {}
  mod_roster: {}
  mod_disco: {}
  mod_last: {}
  mod_offline: {}
  mod_muc: {}
"""


class Ejabberd(Subject):
    """Debian's ejabberd on loopback, under its own user."""

    count = itertools.count(1)

    def __init__(self, room):
        if not shutil.which("ejabberdctl"):
            raise unittest.SkipTest("ejabberd is not installed")
        self.user = require_user("ejabberd")
        super().__init__(room, "ejabberd%d_%d@localhost" % (os.getpid(), next(Ejabberd.count)))
        self.write_cookie(COOKIE)
        self.xmpp_port = free_port()
        conf = os.path.join(self.folder, "ejabberd.yml")
        with open(conf, "w") as f:
            f.write(EJABBERD_YML % self.xmpp_port)
        os.chmod(conf, 0o644)
        room.add_log(self.log)
        self.launch(["erl", "-noinput", "-sname", self.node, *LOOPBACK, "-pa", Run.ebin, "+K", "true",
                     "-mnesia", "dir", '"%s"' % os.path.join(self.folder, "spool"), "-s", "ejabberd", "-s", "subject"],
                    self.environment(ERL_LIBS="/usr/lib/x86_64-linux-gnu", EJABBERD_CONFIG_PATH=conf, EJABBERD_LOG_PATH=self.log,
                                     EJABBERD_PID_PATH=os.path.join(self.folder, "pid")), timeout=60)
        wait_until(lambda: self.eval("whereis(ejabberd_gen_mod_sup) =/= undefined andalso "
                                     "lists:keymember(started, 1, [{started, ok} || {ejabberd, _, _} <- application:which_applications()])"),
                   60, "ejabberd has started", every=0.1)

    @property
    def log(self):
        return os.path.join(self.folder, "ejabberd.log")

    def register(self, users):
        """Accounts user1, user2, … whose password is "secret"."""
        self.eval("[ok = ejabberd_auth:try_register(<<\"user\", (integer_to_binary(N))/binary>>, <<\"localhost\">>, <<\"secret\">>) || N <- lists:seq(1, %d)], ok" % users)
