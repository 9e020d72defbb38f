# SPDX-License-Identifier: Apache-2.0
"""A terminal of any size (tmux) in which a program runs, and what stands on its screen."""

import os
import shlex
import shutil
import subprocess
import unittest

from harness import SANITIZER_REPORT, quick_environment, read_text, wait_until


class Terminal:
    """`argv` in a shell; what it left of the terminal, and its exit code, are in files when it has ended, and what it writes to stderr is, unless that
    belongs on the screen."""

    def __init__(self, room, argv, width=120, height=40, env=None, keep_stderr=True):
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        self.room = room
        self.name = room.new_name("terminal")
        self.socket = os.path.join("/tmp", "arsenal-tmux-%d-%s-%s" % (os.getpid(), os.path.basename(room.folder)[:3], self.name))
        self.err = room.path(self.name + ".stderr")
        self.code = room.path(self.name + ".code")
        self.settings = [room.path(self.name + ".before"), room.path(self.name + ".after")]
        self.pid_file = room.path(self.name + ".pid")
        room.add_log(self.err)
        script = room.write(self.name + ".sh", "\n".join([
            "stty -a >%s" % self.settings[0],
            "sh -c 'echo $$ >%s; exec \"$@\" %s' sh %s" % (self.pid_file, "2>" + self.err if keep_stderr else "", " ".join(map(shlex.quote, argv))),
            "echo $? >%s.new && mv %s.new %s" % (self.code, self.code, self.code),
            "stty -a >%s" % self.settings[1], "echo ENDED", "exec cat", ""]))
        self.env = {k: v for k, v in quick_environment(room.folder, **(env or {})).items() if v != ""}
        room.keep(self)
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "sh %s" % script)

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *args], env=self.env, check=True, capture_output=True, text=True).stdout

    def close(self):
        with_server = subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env, capture_output=True)
        if with_server.returncode == 0:
            wait_until(lambda: not self.is_there(), 5, "the terminal is closed")
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        text = read_text(self.err) if os.path.exists(self.err) else ""
        if SANITIZER_REPORT.search(text):
            raise AssertionError("%s: %s" % (self.name, text[:4000]))

    def is_there(self):
        return subprocess.run(["tmux", "-S", self.socket, "has-session"], env=self.env, capture_output=True).returncode == 0

    # -- what is on it

    def text(self):
        return self.tmux("capture-pane", "-p")

    def styled(self):
        """With its escape sequences."""
        return self.tmux("capture-pane", "-p", "-e")

    def lines(self):
        return self.text().splitlines()

    def wait(self, *wanted, timeout=20, lacks=()):
        """Until all the texts stand on the screen, and none of `lacks`; returns the screen."""
        def look():
            text = self.text()
            return all(w in text for w in wanted) and not any(w in text for w in lacks) and text
        return wait_until(look, timeout, lambda: "%r on the screen, without %r; there is\n%s" % (wanted, lacks, self.text()), every=0.05)

    # -- what is done to it

    def keys(self, *keys):
        """As tmux names them; a single character is itself."""
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    @property
    def pid(self):
        return int(wait_until(lambda: os.path.exists(self.pid_file) and read_text(self.pid_file).strip(), 10, "the program runs"))

    def wait_end(self, timeout=10):
        """Its exit code."""
        return int(wait_until(lambda: os.path.exists(self.code) and read_text(self.code).strip(), timeout,
                              lambda: "the program ends; there is\n" + self.text()))

    def check_restored(self, test):
        """The terminal is as it was before: its settings, the screen behind, a cursor."""
        self.wait("ENDED")
        before, after = (read_text(path) for path in self.settings)
        test.assertEqual(before, after)
        test.assertEqual(self.tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{keypad_cursor_flag}").split(), ["0", "1", "0"])

