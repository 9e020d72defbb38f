# SPDX-License-Identifier: Apache-2.0
"""`arsenal replay`: what was recorded live is found again, to the byte; series of others; files that are not what they should be."""

import csv
import ctypes
import gzip
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import unittest

from harness import Run, SystemTest, quick_environment, run_program, wait_until, watch
from subjects import ErlNode

FAULTS = ("memory_anomaly", "process_count_anomaly", "restart_anomaly")
NOISE = 40  # samples of ordinary life before anything goes wrong


def events_of(text):
    """Events as they are printed, but for their ids, which a program's own log gives."""
    return [re.sub(r'^\{"id":\d+,', "{", line) for line in text.splitlines() if '"type":"summary"' not in line]


def findings_of(text):
    """Types of what was found: by itself, or as a member of an incident."""
    events = [json.loads(line) for line in text.splitlines()]
    found = {e["data"]["type"] for e in events if e["type"] == "anomaly"}
    return found.union(m["type"] for e in events if e["type"] == "incident" for m in e["data"]["members"])


def write_series(path, rows=3000, at=2500):
    """A noisy level that jumps once and comes back."""
    chance = random.Random(1)
    with open(path, "w") as f:
        f.write("timestamp,value\n")
        for i in range(rows):
            value = (400 if at <= i < at + 20 else 20) + chance.gauss(0, 1)
            f.write("2014-04-%02d %02d:%02d:00,%.3f\n" % (1 + i // 288, i // 12 % 24, i % 12 * 5, value))


class Recording(SystemTest):
    lane = "side"

    def replay(self, *args, code=0):
        got, out, err = run_program(self.room, "replay", *args)
        self.assertEqual(got, code, err)
        return out, err

    def record(self, name):
        node = ErlNode(self.room)
        node.eval("subject:tree(shop, {1000000, 1}, [a, b, c]), ok")
        a = watch(self.room, node.node, interval=100, options=["--json", "--record", self.room.path(name), "--store", self.room.path("past.db")])
        a.wait_seen(node.node)
        a.wait_samples(node.node, NOISE)
        return node, a

    def found(self, a):
        return findings_of(a.out())

    def break_things(self, node, a):
        node.eval("subject:hoard(hoarder, 4000000)")
        node.eval("subject:fill(4000)")
        for _ in range(6):
            node.eval("subject:crash_once(shop, {a, boom})")
        wait_until(lambda: self.found(a).issuperset(FAULTS), 60, lambda: "all of %s, there is %s" % (FAULTS, self.found(a)))

    def check_same(self, a, tape):
        """Once and twice, and all fields."""
        live = events_of(a.out())
        once, _ = self.replay("--json", "--all", "--strict", tape)
        again, _ = self.replay("--json", "--all", "--strict", tape)
        self.assertEqual(once, again)
        self.assertEqual(events_of(once), live)
        return once

    def test_findings_are_those_that_were_made_live(self):
        node, a = self.record("tape.jsonl.zst")
        self.break_things(node, a)
        api = a.of(node.node, "anomalies")
        node.kill()
        a.wait_state(node.node, "unreachable")
        a.end()
        text = self.check_same(a, self.room.path("tape.jsonl.zst"))
        events = [json.loads(line) for line in text.splitlines()]
        anomalies = [e["data"] for e in events if e["type"] == "anomaly"]
        members = [m for e in events if e["type"] == "incident" for m in e["data"]["members"]]
        self.assertTrue(any(found.get("culprits") for found in anomalies + members), text)
        for told in api:
            told.pop("top", None)
            self.assertIn(told, anomalies)
        self.check_store(node.node)

    def check_store(self, node):
        out, _ = self.replay("--json", "--node", node, self.room.path("past.db"))
        self.assertTrue(findings_of(out).issuperset({"restart_anomaly", "process_count_anomaly"}), out)
        _, err = self.replay("--node", "nobody@nowhere", self.room.path("past.db"), code=1)
        self.assertIn("past.db: there is nothing in it that can be judged", err)

    def test_of_an_arsenal_that_was_killed_all_but_the_end_is_there(self):
        node, a = self.record("tape.jsonl.zst")
        tape = self.room.path("tape.jsonl.zst")
        size = os.path.getsize(tape)
        wait_until(lambda: os.path.getsize(tape) > size, 20, "the recording is written while it goes on")
        a.end(signal.SIGKILL)
        out, err = self.replay("--json", tape)
        self.assertGreater(json.loads(out.splitlines()[-1])["samples"], 0)
        self.assertIn("packed files that are cut off: read up to there", err)
        self.assertIn("no end", self.replay("--strict", tape, code=1)[1])

    def test_a_file_that_is_there_is_not_written_over(self):
        path = self.room.write("precious.jsonl", "precious")
        a = watch(self.room, "nobody@localhost", options=["--record", path], listening=False)
        self.assertEqual(a.wait(10), 1)
        self.assertIn("precious.jsonl: is there already, and is not written over", a.err())
        with open(path) as f:
            self.assertEqual(f.read(), "precious")


class Replay(SystemTest):
    lane = "side"

    def replay(self, *args, code=0, stdin=None, env=None):
        with subprocess.Popen([Run.arsenal, "replay", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=quick_environment(self.room.folder, **(env or {})), cwd=self.room.folder) as p:
            out, err = p.communicate(stdin or b"", timeout=60 * Run.slowness)
        self.assertEqual(p.returncode, code, err.decode())
        return out.decode(), err.decode()

    def series(self, name="jump.csv"):
        write_series(self.room.path(name))
        return self.room.path(name)

    def test_a_jump_is_found(self):
        file = self.series()
        out, err = self.replay(file)
        self.assertEqual(err, "")
        found = re.findall(r"^2014-04-09 (\d\d:\d\d):00  anomaly  value \S+  score (\S+)$", out, re.M)
        self.assertEqual(found[0][0], "16:20", out)
        self.assertGreater(float(found[0][1]), 0.5)
        self.assertRegex(out, r"jump.csv: \d anomal(y|ies) in 3000 samples, 2014-04-01T00:00:00 to 2014-04-11T09:55:00\n")

    def test_forms_are_one(self):
        """The same series in all forms gives the same, however it comes."""
        file = self.series()
        want = self.replay("--json", "--scores", "-", stdin=open(file, "rb").read())[0].splitlines()
        with open(file) as f:
            rows = [line.split(",") for line in f.read().splitlines()[1:]]
        json_lines = "".join('{"time":"%s","value":%s}\n' % (t, v) for t, v in rows).encode()
        quoted = "\ufeff" + "".join('"%s" ; "%s"\r\n' % (t, v) for t, v in rows).rstrip("\r\n")
        forms = [json_lines, quoted.encode(), gzip.compress(json_lines)]
        if shutil.which("zstd"):
            forms.append(subprocess.run(["zstd", "-c"], input=json_lines, stdout=subprocess.PIPE, check=True).stdout)
        for form in forms:
            self.assertEqual(self.replay("--json", "--scores", "-", stdin=form)[0].splitlines(), want)

    def test_nab(self):
        os.mkdir(self.room.path("corpus"))
        file = self.series("corpus/jump.csv")
        self.replay("--nab", "--out", self.room.path("results"), file)
        with open(file) as f, open(self.room.path("results/corpus/jump.csv")) as g:
            rows, scored = f.read().splitlines(), g.read().splitlines()
        self.assertEqual(scored[0], "timestamp,value,anomaly_score")
        self.assertEqual([line.rpartition(",")[0] for line in scored[1:]], rows[1:])
        scores = [line.rpartition(",")[2] for line in scored[1:]]
        told = self.replay(file)[0].count("  anomaly  ")
        self.assertEqual(sum(float(s) == 1 for s in scores), told)
        self.assertEqual(scores.count("1"), told)
        self.assertTrue(all(0 <= float(s) <= 1 for s in scores))
        # A larger threshold never finds more.
        counts = [self.replay("--threshold", x, file)[0].count("  anomaly  ") for x in ("0.5", "1", "2", "4", "100")]
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertEqual(counts[-1], 0)

    def test_a_nodes_metrics_go_through_an_engine(self):
        chance = random.Random(2)
        rows = ["time_ms,run_queue,process_count,reductions,odd"]
        for i in range(900):
            count = (400 if i < 700 else 90000) + chance.randrange(10)
            rows.append("%d,%d,%d,%d,1" % (1700000000000 + 60000 * i, chance.randrange(4), count, i * 1000000 if i != 300 else 0))
        out, err = self.replay("--json", "-", stdin="\n".join(rows).encode())
        events = [json.loads(line) for line in out.splitlines()]
        found = [e for e in events if e["type"] == "anomaly"]
        self.assertEqual({e["data"]["type"] for e in found}, {"process_count_anomaly"})
        self.assertEqual(events[-1]["samples"], 900)
        self.assertIn('1 columns or fields that are no metrics: left out (the first: line 2: "odd")', err)
        self.assertIn("1 counters that fell: taken as a new start (the first: line 302: reductions fell to 0)", err)
        # The same as series.
        out, _ = self.replay("--series", "--json", "-", stdin="\n".join(rows).encode())
        self.assertEqual(json.loads(out.splitlines()[-1])["series"], 4)

    def test_a_column_is_judged_as_if_it_were_alone(self):
        """Also where it has no values for long, and others have."""
        chance = random.Random(6)
        both, alone = ["t_ms,a,b"], ["t_ms,b"]
        for i in range(2000):
            b = "" if 1200 <= i < 1300 else "%.3f" % ((60 if i >= 1300 else 20) + chance.gauss(0, 1))
            both.append("%d,%.3f,%s" % (1700000000000 + 60000 * i, chance.gauss(0, 1), b))
            if b:
                alone.append("%d,%s" % (1700000000000 + 60000 * i, b))
        told = [self.replay("--json", "--scores", "-", stdin="\n".join(rows).encode())[0].splitlines() for rows in (both, alone)]
        told = [[line for line in lines if '"series":"b"' in line] for lines in told]
        self.assertEqual(len(told[0]), 1900)
        self.assertEqual(*told)

    def test_what_is_wrong_is_told_with_its_place(self):
        text = b"timestamp,value\n" + b"".join(b"%d,%d\n" % (1700000000 + 60 * i, i % 7) for i in range(200))
        bad = [
            (b"1700012000,NaN\n", "line 202, column 12: \"NaN\""),
            (b"1700012000,1,2\n", "line 202: 3 instead of 2"),
            (b"x,1\n", "line 202, column 1: \"x\""),
            (b"1700011940,1\n", "line 202, column 1: 1700011940 again"),
            (b"1700000000,1\n", "line 202, column 1: 1700000000 goes back"),
            (b"2800000000,1\n", "line 202, column 1: 2800000000"),
            (b"1700012000,\"1\n", "line 202, column 12: a quote that does not end"),
            (b"1700012300,1\n", "line 202: before 1700012300"),
        ]
        for line, why in bad:
            out, err = self.replay("-", stdin=text + line)
            self.assertIn("(the first: %s)" % why, err)
            out, err = self.replay("--strict", "-", stdin=text + line, code=1)
            self.assertEqual(err.splitlines()[0], "arsenal: error: standard input: " + why)

    def test_what_cannot_be_judged_is_an_error(self):
        bad = [
            (b"", "standard input: is empty"),
            (b"hello\n", "line 1: 1 columns"),
            (b"timestamp,value\n", "there is nothing in it that can be judged"),
            (b"timestamp,value\nx,y\n", "there is nothing in it that can be judged"),
            (b"t,v\n3,1\n2,1\n1,1\n0,1\n", "most of it could not be used: 3 rows of 4"),
            (b"t,v\n1,\x002\n", "line 2, column 3: byte 0x00: this is no text, but binary data"),
            (b"\xff\xfet\x00", "is UTF-16"),
            (b"\x1f\x8b\x08\x00rubbish that is no gzip at all", "gzip: damaged"),
            (b"=erl_crash_dump:0.5\n", "arsenal crashdump"),
            (b"SQLite format 3\x00", "is a store, which must be a file"),
            (b'{"arsenal_recording":99}\n', "line 1: a recording of version 99"),
        ]
        for data, why in bad:
            _, err = self.replay("-", stdin=data, code=1)
            self.assertIn(why, err)
        self.assertIn("nowhere.csv: No such file or directory", self.replay("nowhere.csv", code=1)[1])
        self.assertIn("is a folder", self.replay(".", code=1)[1])

    def test_plots(self):
        file = self.series()
        out, _ = self.replay("--chart", file)
        self.assertRegex(out, r"\d ┤[⠀-⣿]{67}\n")
        self.assertRegex(out, r"\n {13} +\^+ +\n {13}2014-04-01 00:00 +2014-04-11 09:55\n$")
        self.assertNotIn("\033", out)
        picture = self.room.path("jump.png")
        try:
            ctypes.CDLL("libcairo.so.2")
        except OSError:
            self.assertIn("it comes with the package libcairo2", self.replay("--plot", picture, file, code=64)[1])
            return
        # What fontconfig keeps to the end of a program is no leak of ours.
        env = {"LSAN_OPTIONS": "suppressions=" + self.room.write("suppressions", "leak:libfontconfig\n")}
        self.replay("--plot", picture, file, env=env)
        with open(picture, "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertIn("nowhere/x.png: ", self.replay("--plot", "nowhere/x.png", file, code=1, env=env)[1])

    def test_what_is_to_be_read_is_not_written_over(self):
        os.mkdir(self.room.path("corpus"))
        file = self.series("corpus/jump.csv")
        os.link(file, self.room.path("same.csv"))
        before = open(file, "rb").read()
        for args in (["--nab", "--out", "."], ["--nab", "--out", self.room.folder], ["--plot", "corpus/jump.csv"], ["--plot", "same.csv"]):
            _, err = self.replay(*args, "corpus/jump.csv", code=64)
            self.assertRegex(err, "corpus/jump.csv: is to be read, and would be written over|libcairo2")
        _, err = self.replay("--nab", "--out", ".", self.room.write("jump.csv", "t,v\n1,2\n"), "corpus/jump.csv", code=64)
        self.assertIn("would be written over", err)
        self.assertEqual(open(file, "rb").read(), before)

    def test_texts_with_line_breaks_stay_one_row_each(self):
        lines = "".join('{"time":%d,"value":%d}\n' % (1700000000 + 60 * i, i % 7) for i in range(50)) + '{"time":"a\\nb","value":"x\\ry"}\n'
        out, _ = self.replay("--nab", "-", stdin=lines.encode())
        rows = list(csv.reader(io.StringIO(out, newline="")))
        self.assertEqual((len(rows), rows[-1][0], float(rows[-1][2])), (52, "a\nb", 0))

    def test_of_what_was_not_read_nothing_is_said(self):
        self.assertEqual(self.replay("--json", "-", code=1)[0], "")
        restarts = '{"arsenal_recording":1}\n{"node":0,"name":"a@h","options":{}}\n' \
            '{"node":0,"now":1700000000000,"restart":{"time_ms":1700000000000,"kind":"restart","supervisor":{"text":"s","term":"73"},"child":{"text":"c","term":"63"}}}\n'
        told = json.loads(self.replay("--json", "-", stdin=restarts.encode())[0].splitlines()[-1])
        self.assertEqual((told["restarts"], told["first"], told["last"]), (1, None, None))

    def test_wrong_arguments(self):
        for args in (["--chart", "--nab", "f"], ["--plot", "x.png", "f", "g"], [], ["--threshold", "0", "f"], ["--threshold", "nan", "f"], ["--nab", "--json", "f"], ["--out", "d", "a/x.csv", "b/a/x.csv"]):
            self.assertNotEqual(self.replay(*args, code=64)[1], "")
        out, _ = self.replay("--help")
        for word in ("--nab", "--strict", "values that are no finite numbers", "a live recording"):
            self.assertIn(word, out)

    def test_a_long_series_takes_no_memory(self):
        data = b"t,v\n" + b"".join(b"%d,%d\n" % (1700000000 + i, i % 100) for i in range(300000))
        script = 'ulimit -v %d; exec "$@"' % (200000 if not Run.sanitizer else 1 << 40)
        got = subprocess.run(["sh", "-c", script, "sh", Run.arsenal, "replay", "-"], input=data, stdout=subprocess.PIPE, check=True,
                             env=quick_environment(self.room.folder))
        self.assertIn(b" in 300000 samples", got.stdout)


if __name__ == "__main__":
    unittest.main()
