# SPDX-License-Identifier: Apache-2.0
"""What a person types wrong: a line that says what, and the next step."""

import socket

from harness import COOKIE, SystemTest, run_program


class Usage(SystemTest):
    lane = "side"

    def setUp(self):
        super().setUp()
        self.cookie = self.room.write("cookie", COOKIE, 0o400)

    def refused(self, *argv, code=64, words=(), env=None):
        got, out, err = run_program(self.room, *argv, env=env)
        self.assertIn(got, code if isinstance(code, tuple) else (code,), "%s: %s%s" % (argv, out, err))
        text = err if code != 3 or err else out
        for word in words:
            self.assertIn(word, text, argv)
        if code != 3:
            self.assertEqual(out, "", "nothing on stdout")

    def test_words(self):
        self.refused(words=("usage",))
        self.refused("wach", words=("wach", "usage"))
        self.refused("watch", words=("node", "arsenal watch"))
        self.refused("watch", "--nonsense", "a@b", words=("--nonsense", "--help"))
        self.refused("watch", "-v", "a@b", words=("-v", "--help"))
        self.refused("watch", "a@b", "--interval", words=("--interval",))
        self.refused("watch", "a@b", "--no-inject=1", words=("--no-inject",))
        self.refused("watch", "a@b", "--log-level", "loud", words=("loud", "debug"))
        self.refused("status", code=3, words=("node",))
        self.refused("status", "a@b", "c@d", code=3, words=("c@d",))

    def test_numbers(self):
        for value in ("abc", "0", "-5", "1e3", "99999999999999999999", "", "5000ms"):
            self.refused("watch", "a@b", "--interval", value, words=("--interval",))

    def test_node_names(self):
        for name in ("foo", "@host", "a@", "a@b@c", "a b@c", "a@h:0", "a@h:99999", "a@h:x", "a@h:", "a\n@h", "ä@h", "a" * 300 + "@h", ""):
            with self.subTest(name=name):
                self.refused("watch", name, "--cookie-file", self.cookie)
                got, out, err = run_program(self.room, "status", name, "--cookie-file", self.cookie)
                self.assertEqual(got, 3)
                self.assertTrue((out + err).strip())
        self.refused("watch", "foo", "--cookie-file", self.cookie, words=("foo", "name@host"))

    def test_files_and_addresses(self):
        missing = self.room.path("missing")
        empty = self.room.write("empty", "\n")
        link = ("watch", "a@localhost", "--state-dir", self.room.path("state"), "--http", "127.0.0.1:0")
        self.refused(*link, "--cookie-file", missing, code=1, words=(missing,))
        self.refused(*link, "--cookie-file", empty, code=1, words=(empty, "empty"))
        self.refused(*link, code=1, words=(".erlang.cookie", "--cookie-file"))
        good = ("watch", "a@localhost", "--cookie-file", self.cookie)
        self.refused(*good, "--state-dir", self.cookie, code=1, words=(self.cookie,))
        state = ("--state-dir", self.room.path("state"))
        for address in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "no-such-host.invalid:80", ":0"):
            self.refused(*good, *state, "--http", address, code=(1, 64), words=(address,))
        self.refused(*good, *state, "--http", "0.0.0.0:0", code=(1, 64), words=("0.0.0.0", "token"))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refused(*good, *state, "--http", "127.0.0.1:%d" % port, code=1, words=(str(port), "in use"))
        self.refused(*good, "a@localhost", *state, "--http", "off", code=(1, 64), words=("a@localhost", "twice"))

    def test_help(self):
        for argv in (("--help",), ("help",), ("watch", "--help"), ("status", "--help"), ("demo", "--help"), ("--version",)):
            code, out, err = run_program(self.room, *argv)
            self.assertEqual((code, err), (0, ""), argv)
            self.assertIn("arsenal", out)
        _, out, _ = run_program(self.room, "watch", "--help")
        for option in ("--cookie-file", "--http", "--interval", "--no-inject", "--json", "--state-dir", "--log-level"):
            self.assertIn(option, out)
