# SPDX-License-Identifier: Apache-2.0
"""arsenal top, driven in a terminal (tmux): what it shows is what the API says, over a running watch and over a link of its own, on any size of screen."""

import os
import re
import signal
import subprocess

from harness import COOKIE, Run, SystemTest, quick_environment, tail, wait_until, watch
from subjects import ErlNode
from terminal import Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)[;m]")


def top(room, *args, arsenal=None, env=None, **more):
    """`arsenal top` in a terminal, over the state folder of that arsenal."""
    state = arsenal.state_dir if arsenal else room.path("top-state")
    return Terminal(room, [Run.arsenal, "top", *args, "--state-dir", state], env=env, **more)


def cookie_of(room):
    return room.write("top.cookie", COOKIE + "\n", 0o400)


def short(node):
    return node.node.partition("@")[0]


class Top(SystemTest):
    lane = "side"

    def subject_and_watch(self):
        n = ErlNode(self.room)
        a = watch(self.room, n.node, "nobody@127.0.0.1:1", interval=500)
        a.wait_seen(n.node)
        return n, a

    # -- over a running watch

    def test_all_nodes_and_one(self):
        n, a = self.subject_and_watch()
        t = top(self.room, arsenal=a)
        screen = t.wait(n.node, "nobody@127.0.0.1", "unreachable", "healthy", "2 nodes")
        self.assertLess(screen.index("nobody@"), screen.index(n.node), "the worst node comes first")
        t.keys("Down", "Enter")
        t.wait("● healthy", "Processes", "init")
        t.keys("Escape")
        t.wait("2 nodes", "unreachable")
        t.keys("Home", "Enter")
        t.wait("● unreachable", "nobody listens")
        t.keys("q")
        self.assertEqual(t.wait_end(), 0)
        t.check_restored(self)

    def test_processes_sorted_filtered_opened(self):
        n, a = self.subject_and_watch()
        n.eval("""register(sleeper, spawn(fun() -> receive stop -> ok end end)),
                  register(large, spawn(fun() -> L = lists:seq(1, 2000000), receive stop -> L end end)),
                  [sleeper ! X || X <- lists:seq(1, 5000)], ok""")
        ranked = lambda by: [p.get("name") or p["initial_call"] for p in a.of(n.node, "top?by=" + by)["processes"]]
        wait_until(lambda: ranked("queue")[:1] == ["sleeper"] and ranked("memory")[:1] == ["large"], 20, "the rankings have both")
        t = top(self.room, n.node, arsenal=a)
        screen = t.wait("sleeper", "large", "5,000")
        first = lambda: next(line.split()[0] for title, line in zip(t.lines(), t.lines()[1:]) if title.startswith("PROCESS"))
        self.assertEqual(first(), "sleeper", screen)
        t.keys("m")
        t.wait("MEMORY▼")
        wait_until(lambda: first() == "large", 10, "sorted by memory, as the API does it")
        self.assertEqual(first(), ranked("memory")[0])
        t.type("mq")
        t.wait("QUEUE▼")
        t.keys("\\")
        t.type("large")
        t.wait("Filter: large_", "large", lacks=["sleeper  "])
        t.keys("Enter")
        t.wait("filter: large")
        t.keys("Escape")
        t.wait("sleeper  ")
        t.keys("Home", "Enter")
        t.wait("Process sleeper", "Message queue     5,000")
        n.eval("exit(whereis(sleeper), kill)")
        t.wait("No longer among the rows", "Process sleeper")
        t.keys("Escape")
        t.wait("PROCESS", lacks=["sleeper  "])

    def test_restarts_and_events_as_they_happen(self):
        n, a = self.subject_and_watch()
        n.eval("subject:tree(my_sup, {100, 1}, [one, two])")
        t = top(self.room, n.node, "--panel", "restarts", arsenal=a)
        t.wait("No supervisor has restarted a child")
        for _ in range(7):
            n.eval("subject:crash_once(my_sup, {one, out_of_luck})")
        total = a.total(n.node)
        t.wait("2 Restarts %d" % total, "one", "my_sup", "out_of_luck")
        t.wait("● warning", "Restarts 7 in 5 min (warning above 5)", "7 in")
        t.keys("Enter")
        t.wait("Restarts of one", "7 since the watch began", "out_of_luck")
        t.keys("4")
        screen = t.wait("one under my_sup: out_of_luck", "warning: Restarts")
        self.assertEqual(screen.count("one under my_sup: out_of_luck"), 7)
        # And what comes while one looks.
        n.eval("subject:crash_once(my_sup, {two, once_more})")
        t.wait("two under my_sup: once_more")
        t.keys("e")
        t.wait("restart, low and above", "once_more", lacks=["warning: Restarts"])

    def test_the_tree_is_asked_when_it_is_looked_at(self):
        n, a = self.subject_and_watch()
        n.eval("subject:tree(my_sup, {100, 1}, [one, two])")
        t = top(self.room, n.node, arsenal=a)
        t.wait("PROCESS")
        t.keys("5")
        t.wait("kernel_sup", "my_sup")
        t.keys("/")
        t.type("kernel_sup")
        t.keys("Enter", "Left")
        t.wait("▸ kernel_sup", lacks=["code_server"])
        t.keys("Right")
        t.wait("▾ kernel_sup", "code_server")

    def test_any_size_of_screen(self):
        n, a = self.subject_and_watch()
        t = top(self.room, n.node, arsenal=a)
        for width, height in ((120, 40), (80, 24), (40, 12), (200, 60), (80, 24)):
            t.resize(width, height)
            wait_until(lambda: len(t.lines()) <= height and t.lines() and t.lines()[-1].rstrip().endswith("Quit"), 10,
                       lambda: "the foot line at %dx%d:\n%s" % (width, height, t.text()))
            screen = t.wait(short(n), "● healthy", "PROCESS", "MEMORY", "init")
            self.assertTrue(all(len(line) <= width for line in screen.splitlines()), screen)
        t.resize(20, 5)
        t.wait("arsenal top needs")
        t.resize(80, 24)
        t.wait("● healthy")

    def test_the_watch_goes_and_comes_back(self):
        n, a = self.subject_and_watch()
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        t = top(self.room, n.node, "--panel", "events", arsenal=a)
        t.wait("● healthy")
        n.eval("subject:crash_once(my_sup, {one, before})")
        t.wait("one under my_sup: before")
        a.end()
        screen = t.wait("LOST since", "it cannot be reached", "Trying again")
        self.assertIn("one under my_sup: before", screen, "what was known stays")
        b = watch(self.room, n.node, interval=500, state_dir=a.state_dir)
        b.wait_seen(n.node)
        t.wait("● healthy", lacks=["LOST since"])
        n.eval("subject:crash_once(my_sup, {one, again})")
        t.wait("one under my_sup: again", "one under my_sup: before")
        t.keys("F10")
        self.assertEqual(t.wait_end(), 0)

    def test_a_token(self):
        n = ErlNode(self.room)
        token = self.room.write("token", "secret-of-this-test\n", 0o400)
        a = watch(self.room, n.node, interval=500, options=["--token-file", token])
        at = "127.0.0.1:%d" % a.port
        t = top(self.room, "--http", at, n.node)
        t.wait("it refuses us (401)", "--token-file")
        t.keys("q")
        self.assertEqual(t.wait_end(), 0)
        t = top(self.room, "--http", at, "--token-file", token, n.node)
        t.wait("● healthy", "PROCESS")
        self.assertNotIn("secret-of-this-test", t.text() + tail(t.err))

    # -- over a link of its own

    def test_a_node_that_nobody_watches(self):
        n = ErlNode(self.room)
        n.eval("subject:tree(my_sup, {100, 1}, [one])")
        before = n.traces()
        t = top(self.room, n.node, "--cookie-file", cookie_of(self.room), "--interval", "500")
        t.wait("linked by itself", "● healthy", "probe loaded", "init")
        self.assertTrue(n.traces()["modules"], "the probe is on the node")
        t.keys("5")
        t.wait("kernel_sup")
        t.keys("4")
        n.eval("subject:crash_once(my_sup, {one, why_not})")
        t.wait("one under my_sup: why_not")
        t.keys("q")
        self.assertEqual(t.wait_end(), 0)
        t.check_restored(self)
        wait_until(lambda: n.traces() == before, 10, lambda: "nothing is left on the node: %r" % n.traces())
        self.assertEqual(tail(t.err), "", "nothing is written over the terminal")

    def test_a_node_that_refuses_and_one_that_dies(self):
        n = ErlNode(self.room)
        wrong = self.room.write("wrong.cookie", "wrong\n", 0o400)
        t = top(self.room, n.node, "--cookie-file", wrong)
        t.wait("● refused", "cookie")
        t.keys("q")
        t = top(self.room, n.node, "--cookie-file", cookie_of(self.room), "--interval", "500")
        t.wait("● healthy")
        n.kill()
        t.wait("● unreachable", lacks=["● healthy"])

    def test_plain_calls_only(self):
        n = ErlNode(self.room)
        t = top(self.room, n.node, "--cookie-file", cookie_of(self.room), "--interval", "500", "--no-inject", "--panel", "tree")
        t.wait("plain calls only", "only the probe can ask supervisors")
        self.assertEqual(n.traces()["modules"], [])
        t.keys("2")
        t.wait("Restarts are not observed on this node.")

    # -- the terminal

    def test_restored_after_signals(self):
        n, a = self.subject_and_watch()
        for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 0), (signal.SIGABRT, 128 + signal.SIGABRT)):
            with self.subTest(signal=number):
                t = top(self.room, n.node, arsenal=a)
                t.wait("● healthy")
                self.assertEqual(t.tmux("display", "-p", "#{alternate_on} #{cursor_flag}").split(), ["1", "0"])
                os.kill(t.pid, number)
                self.assertEqual(t.wait_end(), code)
                t.check_restored(self)

    def test_stopped_and_brought_back(self):
        n, a = self.subject_and_watch()
        t = Terminal(self.room, ["bash", "--norc", "--noprofile", "-i"], keep_stderr=False)
        t.type("%s top --state-dir %s %s" % (Run.arsenal, a.state_dir, n.node))
        t.keys("Enter")
        t.wait("● healthy", "PROCESS")
        t.keys("C-z")
        t.wait("bash-", "Stopped", lacks=["● healthy"])
        self.assertEqual(t.tmux("display", "-p", "#{alternate_on} #{cursor_flag}").split(), ["0", "1"])
        t.type("fg")
        t.keys("Enter")
        t.wait("● healthy", "PROCESS")
        t.keys("q")
        t.wait("bash-", lacks=["● healthy"])

    def test_colours(self):
        n, a = self.subject_and_watch()
        for env, coloured in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
            with self.subTest(env=env):
                t = top(self.room, arsenal=a, env=env)
                t.wait("unreachable", "healthy")
                self.assertEqual(bool(COLOUR.search(t.styled())), coloured, repr(t.styled()))
                # It can be told what is chosen without colours.
                self.assertIn("\x1b[7m", t.styled())

    def test_plain_terminals_and_character_sets(self):
        n, a = self.subject_and_watch()
        t = top(self.room, n.node, arsenal=a, env={"LC_ALL": "C", "LANG": "C"})
        screen = t.wait("* healthy", "PROCESS")
        self.assertTrue(screen.isascii(), screen)
        t = Terminal(self.room, ["env", "TERM=vt100", Run.arsenal, "top", "--state-dir", a.state_dir, n.node], env={"NO_COLOR": ""})
        t.wait("● healthy", "PROCESS")
        self.assertFalse(COLOUR.search(t.styled()))
        t = Terminal(self.room, ["env", "TERM=never-heard-of", Run.arsenal, "top", "--state-dir", a.state_dir, n.node])
        self.assertEqual(t.wait_end(), 1)
        self.assertRegex(tail(t.err), r"TERM=never-heard-of is not known.*--once")

    def test_hostile_names(self):
        n, a = self.subject_and_watch()
        n.eval(r"""register(list_to_atom("<b>\e[2J\e[31mevil\x{202e}" ++ lists:duplicate(200, $x)), P = spawn(fun() -> receive stop -> ok end end)),
                   [P ! X || X <- lists:seq(1, 500)], ok""")
        t = top(self.room, n.node, arsenal=a)
        t.wait("<b>?[2J?[31mevil", "● healthy", "F10 Quit")
        t.keys("Enter")
        t.wait("Process <b>?[2J?[31mevil", "x" * 60, "Message queue     500")

    # -- without a terminal

    def run_once(self, *args, **env):
        return subprocess.run([Run.arsenal, "top", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=quick_environment(self.room.folder, **env), timeout=60 * Run.slowness)

    def test_once(self):
        n, a = self.subject_and_watch()
        done = self.run_once("--once", "--state-dir", a.state_dir, COLUMNS="100")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("unreachable", done.stdout)
        self.assertIn(n.node, done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        done = self.run_once("--once", n.node, "--state-dir", a.state_dir, "--panel", "tree", COLUMNS="100")
        self.assertIn("kernel_sup", done.stdout)
        # The same over a link of its own, with the second sample, so that its CPU use is known.
        m = ErlNode(self.room)
        done = self.run_once("--once", m.node, "--state-dir", self.room.path("other"), "--cookie-file", cookie_of(self.room), "--interval", "500")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("healthy", done.stdout)
        self.assertRegex(done.stdout, r"CPU +▁? *\S* *[\d.]+ %")

    def test_what_is_wrong_is_said(self):
        done = self.run_once("--state-dir", self.room.path("none"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "no arsenal watches.*name a node")
        n, a = self.subject_and_watch()
        done = self.run_once("--state-dir", a.state_dir)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "no terminal.*--once")
        done = self.run_once("--once", "--state-dir", a.state_dir, "--panel", "nonsense")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "--panel nonsense: there are nodes, processes")
        done = self.run_once("--once", "--http", "127.0.0.1:1", "--timeout", "1000")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"no answer from watch at 127\.0\.0\.1:1: it cannot be reached")

