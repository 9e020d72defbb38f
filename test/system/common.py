# SPDX-License-Identifier: Apache-2.0
"""Checks that several test files share."""

import re
import threading
import time

from harness import Run, holds_for, wait_until

MB = 1 << 20


class Watchful:
    """While it is open: the program's memory, and that it goes on taking samples of a healthy node and answering over HTTP."""

    def __init__(self, arsenal, node=None):
        self.arsenal = arsenal
        self.node = node
        self.base = self.peak = arsenal.rss()
        self.longest_gap = 0
        self.slowest_answer = 0
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.thread.join()

    def look(self):
        seen, since = -1, time.monotonic()
        while not self.closing.wait(0.1):
            self.peak = max(self.peak, self.arsenal.rss())
            if not self.node:
                continue
            asked = time.monotonic()
            try:
                samples = self.arsenal.samples(self.node)
            except OSError:
                samples = seen
            now = time.monotonic()
            self.slowest_answer = max(self.slowest_answer, now - asked)
            self.longest_gap = max(self.longest_gap, now - since)
            if samples != seen:
                seen, since = samples, now

    def check(self, test, growth_mb, gap=None):
        grown = (self.peak - self.base) / MB
        test.note("memory %d MB + %d MB" % (self.base / MB, grown))
        test.assertLessEqual(grown, growth_mb * Run.rss_allowance, "growth of memory in MB, from %d MB" % (self.base / MB))
        if gap:
            test.note("healthy node: longest gap %.1f s, slowest answer %d ms" % (self.longest_gap, self.slowest_answer * 1000))
            test.assertLessEqual(self.longest_gap, gap * Run.slowness, "longest time without a sample of the healthy node, in s")


def names_restart(event, child=None, supervisor=None):
    d = event.data
    return event.kind == "restart" and (child is None or d.get("child_id") == child) and (supervisor is None or d.get("supervisor") == supervisor)


ERROR_MARKS = ("[error]", "[critical]", "=ERROR", "=CRASH", "=SUPERVISOR REPORT", "Error in process", "Invalid distribution message",
               "must be purged", "[warning]", "=WARNING", "[notice]", "Loading of")


def log_errors(text):
    return [line for line in text.splitlines() if any(mark in line for mark in ERROR_MARKS)]


def untouched(subject):
    """(traces, size of the log) when the one that watched before has left."""
    wait_until(lambda: not subject.traces()["modules"], 5, "whoever watched before has left")
    # What an earlier test made it log may still be on its way to the file.
    sizes = []

    def settled():
        sizes.append(subject.log_size())
        return len(sizes) > 5 and len(set(sizes[-6:])) == 1
    wait_until(settled, 10, "the log is at rest", every=0.1)
    return subject.traces(), subject.log_size()


def check_leaves_nothing(test, subject, arsenal, before, log_at, number, within=2.0):
    """Ends arsenal with a signal; the node must be as it was in time, and its log without a line about it."""
    attached = subject.traces()
    test.assertTrue(attached["modules"] and attached["registered"] and attached["hidden"] and attached["processes"],
                    "the test would not see what is left behind: %r" % attached)
    test.assertTrue(attached["scheduler_wall_time"])
    test.assertEqual(attached["visible"], [])
    test.assertNotEqual(attached["filters"], before["filters"])
    test.assertEqual(attached["handlers"], before["handlers"])
    arsenal.asked = number
    arsenal.send_signal(number)
    gone = time.monotonic()
    left = {}

    def as_before():
        now = subject.traces()
        left.clear()
        left.update({k: (v, before[k]) for k, v in now.items() if v != before[k]})
        return not left
    # The time is the promise's own: no sanitizer lengthens it, the node does the work.
    wait_until(as_before, within / Run.slowness, lambda: "nothing is left on %s: (now, before) %r" % (subject.node, left))
    took = time.monotonic() - gone
    holds_for(as_before, 0.5, lambda: "it stays away: %r" % left)
    test.assertEqual(log_errors(subject.log_since(log_at)), [], "lines in the node's log")
    test.note("%s: clean %d ms after signal %d" % (subject.node.partition("@")[0], took * 1000, number))
    arsenal.end(number)


def own_numbers(subject):
    return subject.eval("""#{process_count => erlang:system_info(process_count), process_limit => erlang:system_info(process_limit),
        atom_count => erlang:system_info(atom_count), atom_limit => erlang:system_info(atom_limit),
        port_count => erlang:system_info(port_count), port_limit => erlang:system_info(port_limit),
        ets_count => erlang:system_info(ets_count), schedulers_online => erlang:system_info(schedulers_online),
        wordsize => erlang:system_info(wordsize), vm_memory_total => erlang:memory(total), vm_memory_processes => erlang:memory(processes),
        vm_memory_atom => erlang:memory(atom), vm_memory_code => erlang:memory(code), vm_memory_ets => erlang:memory(ets),
        reductions => element(1, erlang:statistics(reductions)), io_input => element(2, element(1, erlang:statistics(io)))}""")


EXACT = ("process_limit", "atom_limit", "port_limit", "schedulers_online", "wordsize")
NEAR = {"process_count": 6, "atom_count": 60, "port_count": 4, "ets_count": 2}
MEMORY = ("vm_memory_total", "vm_memory_processes", "vm_memory_atom", "vm_memory_code", "vm_memory_ets")


def check_numbers(test, arsenal, subject):
    """A sample taken between two readings of the node's own numbers lies between them, give or take what the readings cost."""
    own_numbers(subject)
    low = own_numbers(subject)
    arsenal.wait_samples(subject.node, 2)
    performance = arsenal.of(subject.node, "performance")
    high = own_numbers(subject)
    metrics = performance["metrics"]
    for name in EXACT:
        test.assertEqual(metrics[name], low[name], name)
    for name, slack in NEAR.items():
        test.assertGreaterEqual(metrics[name], min(low[name], high[name]) - slack, name)
        test.assertLessEqual(metrics[name], max(low[name], high[name]) + slack, name)
    for name in MEMORY:
        test.assertAlmostEqual(metrics[name] / low[name], 1, delta=0.15, msg=name)
    for name in ("reductions", "io_input"):
        test.assertGreaterEqual(metrics[name], low[name] * 0.999, name)
        test.assertLessEqual(metrics[name], high[name], name)
    test.assertEqual(performance["processes"]["count"], metrics["process_count"])
    test.assertEqual(performance["processes"]["limit"], metrics["process_limit"])
    test.assertEqual(performance["memory"]["used"], performance["memory"]["total"] - performance["memory"]["available"])
    test.assertGreaterEqual(performance["cpu"]["utilization"], 0)
    test.assertLessEqual(performance["cpu"]["utilization"], 100)
    test.assertEqual(len(performance["cpu"]["scheduler_utilization"]), low["schedulers_online"])


def check_exposition(test, text):
    """Prometheus's text format: each family once, HELP and TYPE before its samples, no sample twice."""
    seen, typed = set(), set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            test.assertNotIn(name, typed, "TYPE twice")
            typed.add(name)
        elif line and not line.startswith("#"):
            found = re.fullmatch(r"([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*=\"(?:[^\"\\]|\\.)*\",?)*\})? (\S+)", line)
            test.assertTrue(found, line)
            test.assertNotIn(found.group(1, 2), seen, "a sample twice")
            seen.add(found.group(1, 2))
            float(found.group(3))
            test.assertIn(found.group(1), typed, "no TYPE before")
