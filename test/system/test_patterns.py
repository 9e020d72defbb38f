# SPDX-License-Identifier: Apache-2.0
"""`arsenal patterns`: each kind of pattern in a file of restarts, resources beside it, and files that are not what they should be."""

import gzip
import json
import random
import subprocess

from harness import Run, SystemTest, quick_environment

T0 = 1700000000000
HOUR = 3600000


def restart(at, child, supervisor="sup"):
    return {"t_ms": T0 + int(at), "supervisor": supervisor, "child": child, "reason": "killed"}


def lines_of(restarts):
    return "".join(json.dumps(r) + "\n" for r in restarts).encode()


def make_restarts():
    """A storm, a cascade over two supervisors, a clock, and restarts at random, of a day."""
    chance = random.Random(3)
    made = [restart(chance.uniform(0, 24 * HOUR), "worker_%d" % (i % 20)) for i in range(60)]
    made += [restart(7 * HOUR + 4000 * i, "stormy") for i in range(9)]
    for i in range(7):
        at = (2 + 3 * i + chance.random()) * HOUR
        made += [restart(at, "root"), restart(at + 2000, "second", "other"), restart(at + chance.uniform(5000, 9000), "third")]
    made += [restart(HOUR + 900000 * (i + chance.gauss(0, 0.02)), "clock") for i in range(40) if i % 9]
    return sorted(made, key=lambda r: r["t_ms"])


def make_load(restarts):
    """A day's load with a spike within every two hours, each followed by a restart of "loaded"."""
    chance = random.Random(4)
    rows = ["t_ms,cpu,memory"]
    begins = [chance.randrange(700) for _ in range(12)]
    for i in range(24 * 360):
        phase = i % 720 - begins[i // 720]
        spike = 10 * phase if 0 <= phase < 6 else 0
        rows.append("%d,%.2f,40" % (T0 + 10000 * i, 20 + spike + chance.gauss(0, 1)))
        if phase == 5:
            restarts.append(restart(10000 * i + chance.uniform(1000, 20000), "loaded"))
    restarts.sort(key=lambda r: r["t_ms"])
    return "\n".join(rows) + "\n"


class Patterns(SystemTest):
    lane = "side"

    def patterns(self, *args, code=0, stdin=b""):
        with subprocess.Popen([Run.arsenal, "patterns", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=quick_environment(self.room.folder), cwd=self.room.folder) as p:
            out, err = p.communicate(stdin, timeout=60 * Run.slowness)
        self.assertEqual(p.returncode, code, err.decode())
        return out.decode(), err.decode()

    def write(self, name, text):
        with open(self.room.path(name), "wb") as f:
            f.write(text)
        return self.room.path(name)

    def found(self, *args, stdin=b""):
        out, err = self.patterns("--json", *args, stdin=stdin)
        self.assertEqual(err, "")
        return [json.loads(line) for line in out.splitlines()]

    def test_each_kind_is_found_once(self):
        restarts = make_restarts()
        load = self.write("load.csv", make_load(restarts).encode())
        found = {p["type"]: p for p in self.found("--resources", load, self.write("r.jsonl", lines_of(restarts)))}
        self.assertEqual(sorted(found), ["cascade", "periodic", "resource", "storm"])
        self.assertEqual((found["storm"]["child"], found["storm"]["count"]), ("stormy", 9))
        self.assertEqual(found["storm"]["end_ms"], T0 + 7 * HOUR + 32000)
        self.assertEqual((found["cascade"]["root"], found["cascade"]["count"]), ("root", 7))
        self.assertEqual(found["cascade"]["children"], [{"supervisor": "sup", "child": "root"}, {"supervisor": "other", "child": "second"},
                                                        {"supervisor": "sup", "child": "third"}])
        self.assertEqual(found["periodic"]["child"], "clock")
        self.assertAlmostEqual(found["periodic"]["period_ms"] / 900000, 1, delta=0.02)
        self.assertEqual((found["resource"]["child"], found["resource"]["resource"]), ("loaded", "cpu"))
        for p in found.values():
            self.assertTrue(0.75 < p["confidence"] <= 1 and p["start_ms"] <= p["end_ms"] and p["start_ms"] <= p["detected_ms"], p)
        text, _ = self.patterns("--resources", load, self.room.path("r.jsonl"))
        self.assertEqual(len(text.splitlines()), 4)
        self.assertIn("root, then second, third", text)

    def test_order_and_packing_do_not_matter(self):
        restarts = make_restarts()
        want = self.found("-", stdin=lines_of(restarts))
        chance = random.Random(5)
        late = sorted(restarts, key=lambda r: r["t_ms"] + chance.uniform(0, 55000))
        alike = [{k: v for k, v in p.items() if k != "detected_ms"} for p in want]
        self.assertEqual([{k: v for k, v in p.items() if k != "detected_ms"} for p in self.found("-", stdin=lines_of(late))], alike)
        self.assertEqual(self.found(self.write("r.jsonl.gz", gzip.compress(lines_of(restarts)))), want)

    def test_nothing_is_said_to_be_nothing(self):
        restarts = lines_of([restart(HOUR * i * i, "worker") for i in range(5)])
        self.assertEqual(self.patterns("-", stdin=restarts)[0], "no pattern among 5 restarts\n")
        self.assertEqual(self.found("-", stdin=restarts), [])

    def test_names_cannot_write_on_the_terminal(self):
        restarts = lines_of([restart(1000 * i, "a\n\x1b[2J" + "é" * 60, "s\x1b[31mup") for i in range(6)])
        out, _ = self.patterns("-", stdin=restarts)
        self.assertEqual((len(out.splitlines()), out.count("\x1b")), (1, 0), out)
        self.assertRegex(out, r"6 restarts in 5.0 s: a \?\[2Jé+  \(s\?\[31mup\)\n$")
        self.assertNotIn("\ufffd", self.found("-", stdin=restarts)[0]["pattern"])

    def test_a_flood_is_a_storm_and_nothing_else(self):
        restarts = b"".join(b'{"t_ms":%d,"supervisor":"s","child":"c"}\n' % (T0 + 50 * i) for i in range(20000))
        found = self.found("-", stdin=restarts)
        self.assertEqual([(p["type"], p["count"], p["end_ms"]) for p in found], [("storm", 20000, T0 + 50 * 19999)])

    def test_what_is_wrong_is_named_with_its_place(self):
        good = lines_of([restart(0, "w")])
        for text, wrong in (
                (good + b"{\n", "standard input: line 2, column "),
                (good + b'{"t_ms":1}\n', 'line 2, column 1: no "supervisor"'),
                (good + lines_of([restart(-600000, "w")]), "line 2: 600 s earlier than what came before it"),
                (good + b"\x00\x01\n", "binary data"),
                (b"", "there is no restart in it"),
                (good.replace(b'"w"', b"7"), '"child" is no string')):
            with self.subTest(wrong=wrong):
                self.assertIn(wrong, self.patterns("-", stdin=text, code=1)[1])
        self.assertIn("No such file", self.patterns("nowhere.jsonl", code=1)[1])
        self.assertIn("is a folder", self.patterns(".", code=1)[1])

    def test_resources_may_be_broken(self):
        restarts = self.write("r.jsonl", lines_of(make_restarts()))
        rows = "t_ms,cpu\n" + "".join("%d,%s\n" % (T0 + 10000 * i, "NaN" if i == 30 else 20 + i % 3) for i in range(1000) if i != 500)
        load = self.write("load.csv", (rows + "%d,5\n" % T0 + "x,y\n").encode())
        _, err = self.patterns("--resources", load, restarts)
        for wrong in ("values that are no finite numbers", "times that cannot be read", "line 32"):
            self.assertIn(wrong, err)
        self.assertIn("line 32", self.patterns("--strict", "--resources", load, restarts, code=1)[1])
        self.assertIn("no column is called cpu", self.patterns("--resources", self.write("d.csv", b"t_ms,disk\n1000,2\n2000,3\n"), restarts, code=1)[1])
        self.assertIn("is empty", self.patterns("--resources", self.write("e.csv", b""), restarts, code=1)[1])

    def test_arguments(self):
        for args in ((), ("a", "b"), ("--resources",), ("--nab", "a"), ("--resources", "-", "-")):
            self.patterns(*args, code=64)
        self.assertIn("--resources FILE", self.patterns("--help")[0])
