#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The system tests: the built program against real OTP nodes.

    python3 test/system/run.py [--quick] [--arsenal PATH] [--keep] [--beside N] [--list] [NAME...]

NAME picks the tests that have it in their name (module.class.test). A line for each test; what was skipped, and why, at the end."""

import argparse
import importlib
import os
import signal
import sys
import threading
import time
import traceback
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import HERE, ROOT, Process, Run, SystemTest  # noqa: E402


class Result(unittest.TestResult):
    """One line a test, printed when it ends; counts over all lanes."""

    lock = threading.Lock()
    passed, failed, skipped = [], [], []

    def __init__(self, tests):
        super().__init__()
        self.tests = tests
        self.trouble = {}

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.trouble[test] = []

    def addError(self, test, error):
        text = short_trace(error)
        if not issubclass(error[0], AssertionError):
            text += "".join(traceback.format_exception(*error))
        if test not in self.trouble:  # the class could not be set up, or cleared away
            self.class_failed(text)
            return
        if not self.trouble[test]:
            text += "\n".join(r.tails() for r in test.rooms())
        self.trouble[test].append(text)

    addFailure = addError

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addError(test, (error[0], error[0]("%s: %s" % (subtest._subDescription(), error[1])), error[2])
                          if issubclass(error[0], AssertionError) else error)

    def class_failed(self, text):
        shared = type(self.tests[0]).shared
        done = Result.passed + Result.failed + [name for name, _ in Result.skipped]
        for test in [t for t in self.tests if t.id() not in done] or self.tests[-1:]:
            self.report(test, 0, [text + (shared.tails() if shared else "")])

    def addSkip(self, test, reason):
        self.trouble.pop(test, None)
        for t in [test] if isinstance(test, unittest.TestCase) else self.tests:
            with self.lock:
                Result.skipped.append((t.id(), reason))
                say("skip", t.id(), 0, [reason])

    def stopTest(self, test):
        if test in self.trouble:
            self.report(test, time.monotonic() - self.began, self.trouble.pop(test))

    def report(self, test, seconds, trouble):
        with self.lock:
            (Result.failed if trouble else Result.passed).append(test.id())
            say("FAIL" if trouble else "ok", test.id(), seconds, getattr(test, "notes", []))
            for text in trouble:
                print("    " + text.rstrip().replace("\n", "\n    "), flush=True)


def short_trace(error):
    """The lines of ours that led there, and the message."""
    frames = [f for f in traceback.extract_tb(error[2]) if f.filename.startswith(HERE)]
    where = " < ".join("%s:%d" % (os.path.basename(f.filename), f.lineno) for f in reversed(frames))
    what = error[1] if issubclass(error[0], AssertionError) else "%s: %s" % (error[0].__name__, error[1])
    return "%s\n  at %s\n" % (what, where)


def say(word, name, seconds, notes):
    print("%-4s %s (%.1f s)%s" % (word, name, seconds, "  " + "; ".join(notes) if notes else ""), flush=True)


def load(names, quick):
    """[(class, [tests])], those picked."""
    found = []
    for f in sorted(os.listdir(HERE)):
        if not (f.startswith("test_") and f.endswith(".py")):
            continue
        module = importlib.import_module(f[:-3])
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, SystemTest) and cls.__module__ == module.__name__:
                found.append((cls, [t for t in unittest.defaultTestLoader.loadTestsFromTestCase(cls) if wanted(t, names, quick)]))
    return [(cls, tests) for cls, tests in found if tests]


def wanted(test, names, quick):
    if names:
        return any(n in test.id() for n in names)
    if test.quick_tests is not None:
        return not quick or test._testMethodName in test.quick_tests
    method = getattr(test, test._testMethodName)
    return not quick or (test.quick and getattr(method, "quick", True))


def units(classes):
    """[[tests]]: what has to stay together, a class that shares something or else a test. What takes long begins first."""
    found = []
    for cls, tests in classes:
        shares = cls.setUpClass.__func__ is not SystemTest.setUpClass.__func__
        found += [tests] if shares else [[t] for t in tests]
    return sorted(found, key=lambda tests: not any(getattr(getattr(t, t._testMethodName), "long", t.long) for t in tests))


def run_lane(left):
    """Takes unit after unit; other threads may take from the same."""
    while left and not Process.closing:
        try:
            tests = left.pop(0)
        except IndexError:
            return
        try:
            unittest.TestSuite(tests).run(Result(tests))
        except Exception:  # of the runner itself: such a test does not count as passed
            with Result.lock:
                Result.failed.append("%s: %s" % (tests[0].id(), traceback.format_exc()))


def run_all(classes, beside):
    """Tests that mostly wait run beside the others, several at a time."""
    side = units([c for c in classes if c[0].lane == "side"])
    threads = [threading.Thread(target=run_lane, args=(side,), daemon=True) for _ in range(beside)]
    for t in threads:
        t.start()
    run_lane(units([c for c in classes if c[0].lane == "main"]))
    for t in threads:
        while t.is_alive():
            t.join(0.5)


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arsenal", default=os.environ.get("ARSENAL", os.path.join(ROOT, "build", "arsenal")), help="the program to drive")
    p.add_argument("--quick", action="store_true", help="the set that make check runs")
    p.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    p.add_argument("--beside", type=int, default=4, metavar="N", help="how many of the tests that mostly wait run at a time, beside one of the others (4)")
    p.add_argument("--list", action="store_true", help="only print the names")
    p.add_argument("names", nargs="*", metavar="NAME")
    return p.parse_args()


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    args = parse()
    if args.list:
        print("\n".join(t.id() for _, tests in load(args.names, args.quick) for t in tests))
        return 0
    if not os.access(args.arsenal, os.X_OK):
        print("%s: no such program; build it first (make all), or name it with --arsenal" % args.arsenal, file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    began = time.monotonic()
    interrupted = False
    try:
        Run.begin(args.arsenal, args.quick)
        classes = load(args.names, args.quick)
        run_all(classes, max(1, args.beside))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for line in Run.end(keep=args.keep or bool(Result.failed)):
            Result.failed.append("left running: " + line)
    return summary(time.monotonic() - began, interrupted, args.keep)


def summary(seconds, interrupted, keep):
    if Result.skipped:
        print("skipped:")
        for name, reason in Result.skipped:
            print("  %s: %s" % (name, reason))
    for name in Result.failed:
        print("failed: " + name)
    if (Result.failed or keep) and Run.folder:
        print("the logs are in " + Run.folder)
    print("took %.0f s%s" % (seconds, ", interrupted" if interrupted else ""))
    print("system: %d passed, %d failed, %d skipped" % (len(Result.passed), len(Result.failed), len(Result.skipped)))
    return 1 if Result.failed or interrupted or not Result.passed else 0


if __name__ == "__main__":
    sys.exit(main())
