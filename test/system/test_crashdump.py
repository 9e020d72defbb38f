# SPDX-License-Identifier: Apache-2.0
"""`arsenal crashdump`: real dumps of real VMs, of each release and of each way to end, and what is no dump."""

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time

from harness import ROOT, Process, Run, SystemTest, quick_environment, run_program, wait_until
from subjects import CALM, require_release

MB = 1 << 20
ROOM_MB = 150  # what a VM may have beyond what it has when it is up, before it runs out of memory


class Vm:
    """A VM that runs crashes:FUN, and leaves its dump in a folder of its own."""

    def __init__(self, room, function, *args, suite=None, limit=None, **env):
        self.folder = room.make_folder(room.new_name("vm"))
        self.dump = os.path.join(self.folder, "erl_crash.dump")
        inside = ["sh", os.path.join(ROOT, "scripts", "otp_enter.sh"), suite, Run.folder] if suite else []
        argv = [*inside, "erl", "-noinput", *CALM, *args, "-pa", Run.ebin, "-s", "crashes", *function.split()]
        self.process = Process("vm", argv, self.folder, quick_environment(self.folder, **{"ERL_CRASH_DUMP_BYTES": "-1", **env}), cwd=self.folder)
        self.process.close = self.process.kill
        room.keep(self.process)
        room.logs += [self.process.stdout_path, self.process.stderr_path]

    def ready(self):
        wait_until(lambda: self.exists("ready") or not self.process.alive, 30, "the VM is up")
        return self

    def exists(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def limit_memory(self):
        """Not more than it has, and some room: whatever the number of its schedulers reserved."""
        self.ready()
        with open("/proc/%d/statm" % self.process.pid) as f:
            now = int(f.read().split()[0]) * resource.getpagesize()
        limit = now + ROOM_MB * MB
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (limit, limit))
        with open(os.path.join(self.folder, "go"), "w"):
            pass
        return self

    def wait(self, timeout=60):
        self.process.wait(timeout)
        assert os.path.exists(self.dump), "no dump: %s%s" % (self.process.out()[-500:], self.process.err()[-500:])
        return self.dump


class Crashdump(SystemTest):
    lane = "side"

    def read(self, dump, *args, code=0):
        got, out, err = run_program(self.room, "crashdump", "--json", *args, dump)
        self.assertEqual(got, code, err)
        return json.loads(out)

    def text(self, dump, code=0):
        got, out, err = run_program(self.room, "crashdump", dump)
        self.assertEqual((got, err), (code, ""))
        return out

    def cause(self, summary, confidence, *words):
        self.assertTrue(summary["causes"], "there is a cause")
        first = summary["causes"][0]
        for word in words:
            self.assertIn(word, " ".join([first["what"], first["why"]]))
        self.assertIn(first["confidence"], confidence)
        return first

    # -- one that says all, of each release

    def check_halted(self, suite, release):
        dump = Vm(self.room, "halted", suite=suite).wait()
        s = self.read(dump)
        self.assertEqual(s["slogan"], "the shop\nis on fire")
        self.assertEqual(s["otp_release"], release)
        self.assertEqual(s["node"], "nonode@nohost")
        self.assertTrue(s["file"]["complete"])
        self.assertEqual(s["file"]["bytes"], os.path.getsize(dump))
        self.cause(s, ("high",), "crashes:halted/0", "halt(")
        self.check_cache(s["processes"]["by_memory"][0])
        self.check_mailer(s["processes"]["by_message_queue"][0])
        self.check_counts(s)
        text = self.text(dump)
        self.assertIn("shop_cache", text)
        self.assertIn("crashes:session/2", text)
        self.note("OTP %d: %.0f MB" % (release, os.path.getsize(dump) / MB))

    def check_cache(self, p):
        self.assertEqual((p["name"], p["initial_call"]), ("shop_cache", "crashes:cache/2"))
        self.assertEqual(p["label"], '{cache, <<"prices">>, 1000000}')
        self.assertTrue(p["ancestors"].startswith("crashes_sup, "), p["ancestors"])
        self.assertEqual(p["parent_name"], "crashes_sup")
        self.assertEqual(p["current_function"], "crashes:keep/1")
        self.assertGreaterEqual(p["memory_bytes"], 16e6)
        self.assertGreaterEqual(p["heap_terms"]["list_cells"], 1000000)
        self.assertIn("proc_lib:init_p_do_apply/3", p["stack"])

    def check_mailer(self, p):
        self.assertEqual((p["name"], p["message_queue_len"]), ("shop_mailer", 20000))
        self.assertTrue(p["oldest_message"].startswith("{mail, to, 1, ["), p["oldest_message"])

    def check_counts(self, s):
        self.assertGreaterEqual(s["processes"]["count"], 530)
        self.assertIn(s["processes"]["limit"], (262144, 1048576))
        kind = next(k for k in s["processes"]["kinds"] if k["initial_call"] == "crashes:session/2")
        self.assertEqual(kind["count"], 500)
        table = s["ets"]["by_memory"][0]
        self.assertEqual((table["name"], table["objects"]), ("shop_prices", 5000))
        self.assertGreater(table["memory_bytes"], 5000 * 50 * 16)
        largest = s["binaries"]["largest"][0]
        self.assertEqual(largest["size_bytes"], 3000000)
        self.assertEqual(largest["holder"], s["schedulers"]["running"][0]["pid"])
        self.assertGreater(s["memory"]["total"], 20e6)
        self.assertGreater(s["allocators"]["carriers_bytes"], s["allocators"]["blocks_bytes"])
        self.assertGreater(s["code"]["modules"], 50)
        self.assertGreater(s["atoms"]["limit"], s["atoms"]["count"])

    def test_halted(self):
        self.check_halted(None, int(subprocess.run(
            ["erl", "-noinput", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."],
            capture_output=True, text=True, check=True, env=quick_environment(self.room.folder)).stdout))

    def test_halted_trixie(self):
        require_release("trixie")
        self.check_halted("trixie", 27)

    def test_halted_sid(self):
        require_release("sid")
        self.check_halted("sid", 29)

    # -- out of memory

    def run_out(self, what, suite=None):
        vm = Vm(self.room, "limited " + what, suite=suite).limit_memory()
        s = self.read(vm.wait())
        self.assertIn("Cannot allocate", s["slogan"])
        return s

    def check_heap(self, suite=None):
        s = self.run_out("heap", suite)
        cause = self.cause(s, ("high", "medium"), "shop_cache", "this process needed another")
        p = s["processes"]["by_memory"][0]
        self.assertEqual(p["name"], "shop_cache")
        self.assertEqual(cause["pid"], p["pid"])

    def check_queue(self, suite=None):
        s = self.run_out("queue", suite)
        self.cause(s, ("high",), "shop_mailer", "message queue holds", "{mail, to, 1, ")

    def test_heap(self):
        self.check_heap()

    def test_queue(self):
        self.check_queue()

    def test_out_of_memory_elsewhere(self):
        for suite in ("trixie", "sid"):
            with self.subTest(suite):
                require_release(suite)
                self.check_heap(suite)
                self.check_queue(suite)
    test_out_of_memory_elsewhere.quick = False

    def test_crowd(self):
        s = self.run_out("crowd")
        self.cause(s, ("high", "medium"), "processes of crashes:session/2")
    test_crowd.quick = False

    def test_table(self):
        s = self.run_out("table")
        self.cause(s, ("high", "medium"), "ETS table shop_prices")
    test_table.quick = False

    def test_binaries(self):
        s = self.run_out("binaries")
        self.cause(s, ("high", "medium"), "binaries have", "shop_uploads")
    test_binaries.quick = False

    # -- other ends

    def test_atoms(self):
        s = self.read(Vm(self.room, "atoms", "+t", "20000").wait())
        self.cause(s, ("high",), "The atom table is full: 20,000", "crashes:", "order_")

    def test_application(self):
        s = self.read(Vm(self.room, "application").wait())
        self.cause(s, ("high",), "Application kernel ended")

    def test_signal(self):
        vm = Vm(self.room, "idle").ready()
        vm.process.send_signal(signal.SIGUSR1)
        self.cause(self.read(vm.wait()), ("high",), "SIGUSR1")

    def test_boot(self):
        s = self.read(Vm(self.room, "nosuch").wait())
        self.cause(s, ("high",), "did not start", "crashes:nosuch")

    def test_cut_by_the_vm(self):
        dump = Vm(self.room, "halted", ERL_CRASH_DUMP_BYTES="400000").wait()
        s = self.read(dump, code=2)
        self.assertFalse(s["file"]["complete"])
        self.assertIn("LIMIT", s["file"]["aborted"])
        self.assertIn("The dump is cut", self.text(dump, code=2))
        self.assertEqual(s["slogan"], "the shop\nis on fire")
        self.assertEqual(s["processes"]["by_memory"][0]["name"], "shop_cache")

    # -- what is given

    def small(self):
        return Vm(self.room, "nosuch").wait()

    def test_cut_anywhere(self):
        with open(self.small(), "rb") as f:
            data = f.read()
        for part in range(1, 20):
            cut = self.room.path("cut")
            with open(cut, "wb") as f:
                f.write(data[:len(data) * part // 20])
            self.assertFalse(self.read(cut, code=2)["file"]["complete"])
            self.assertIn("its end is missing", self.text(cut, code=2))

    def test_ways_to_give_it(self):
        dump = self.small()
        whole = self.text(dump)
        fifo = self.room.path("fifo")
        os.mkfifo(fifo)
        with subprocess.Popen([Run.arsenal, "crashdump", fifo], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            with open(dump, "rb") as f, open(fifo, "wb") as out:
                shutil.copyfileobj(f, out)
            out, err = p.communicate(timeout=30 * Run.slowness)
        self.assertEqual((p.returncode, err, out.decode()), (0, b"", whole))
        with open(dump, "rb") as f:
            done = subprocess.run([Run.arsenal, "crashdump", "-"], stdin=f, capture_output=True, timeout=30 * Run.slowness, check=False)
        self.assertEqual((done.returncode, done.stderr, done.stdout.decode()), (0, b"", whole))

    def test_top(self):
        dump = self.small()
        for n in (1, 3, 100):
            s = self.read(dump, "--top", str(n))
            self.assertEqual(len(s["processes"]["by_memory"]), min(n, s["processes"]["count"]))
            self.assertEqual(len(s["ets"]["by_memory"]), min(n, s["ets"]["count"]))

    def test_no_dumps(self):
        with open(self.room.path("gz"), "wb") as f:
            f.write(b"\x1f\x8b\x08" + bytes(100))
        files = {self.room.path("gz"): "gunzip -c", self.room.write("empty", ""): "empty", self.room.write("text", "hello, world\n" * 9): "hello",
                 Run.arsenal: "core dump", self.room.folder: "folder", self.room.path("missing"): "No such file", "/dev/null": "empty"}
        for path, word in files.items():
            with self.subTest(path):
                code, out, err = run_program(self.room, "crashdump", path)
                self.assertEqual((code, out), (1, ""))
                self.assertIn(path, err)
                self.assertIn(word, err)
                self.assertEqual(err.count("\n"), 1)

    def test_usage(self):
        for args, word in (((), "which file? For example: arsenal crashdump erl_crash.dump"), (("a", "b"), "at most 1 file"), (("--top", "0", "a"), "--top"),
                           (("--top", "101", "a"), "--top"), (("--depth", "a"), "--depth"), (("-j", "a"), "-j")):
            code, out, err = run_program(self.room, "crashdump", *args)
            self.assertEqual((code, out), (64, ""), args)
            self.assertIn(word, err)
        code, out, err = run_program(self.room, "crashdump", "--help")
        self.assertEqual((code, err), (0, ""))
        for word in ("erl_crash.dump", "--top", "--json", "Exit code"):
            self.assertIn(word, out)


class Gigabyte(SystemTest):
    """A dump of more than 1 GB, written by a VM that had it all: in time, in little memory, and with the right name."""

    lane = "side"
    quick = False

    def run_measured(self, argv, out):
        """(exit code, what it used, most resident bytes). The latter are asked for while it runs: what wait4 says begins with those of this test."""
        p = subprocess.Popen(argv, stdout=out)
        peak = 0
        while True:
            with contextlib.suppress(OSError), open("/proc/%d/status" % p.pid) as f:
                peak = max([peak] + [int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:")])
            pid, status, usage = os.wait4(p.pid, os.WNOHANG)
            if pid:
                p.returncode = os.waitstatus_to_exitcode(status)
                return p.returncode, usage, peak
            time.sleep(0.005)

    def test_a_gigabyte(self):
        if shutil.disk_usage(self.room.folder).free < 3 << 30:
            self.skipTest("less than 3 GB free on the disk")
        dump = Vm(self.room, "big").wait(300)
        size = os.path.getsize(dump)
        self.assertGreater(size, 1 << 30)
        out = self.room.path("out")
        with open(out, "wb") as f:
            code, usage, peak = self.run_measured([Run.arsenal, "crashdump", "--json", dump], f)
        self.assertEqual(code, 0)
        with open(out) as f:
            s = json.load(f)
        first = s["processes"]["by_memory"][0]
        self.assertEqual((first["name"], first["initial_call"]), ("shop_cache", "crashes:cache/2"))
        self.assertIn("shop_cache", " ".join(c["what"] for c in s["causes"]))
        self.assertEqual(next(k for k in s["processes"]["kinds"] if k["initial_call"] == "crashes:session/2")["count"], 20000)
        seconds = usage.ru_utime + usage.ru_stime
        self.note("%.2f GB in %.2f s of CPU: %.0f MB/s, %.1f MB resident" % (size / 1e9, seconds, size / 1e6 / seconds, peak / MB))
        self.assertGreater(size / 1e6 / seconds * Run.slowness, 300)
        self.assertLess(peak, 64 * MB * Run.rss_allowance)
        os.unlink(dump)
