# SPDX-License-Identifier: Apache-2.0
"""Grafana's dashboards, ours and today's public ones, asked as Grafana asks: by a real Prometheus that scrapes a demo with real faults."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.parse

import boards
from harness import ROOT, Arsenal, SystemTest, free_port, http_get, wait_until

FOLDER = os.path.join(ROOT, "etc", "grafana")

# What a demo has not got after half a minute. The key is a part of the query.
MAY_BE_EMPTY = {
    "arsenal_resource_full_timestamp_seconds": "no trend leads to a limit so soon",
    "arsenal_next_failure_timestamp_seconds": "a rhythm is known after several beats",
    "arsenal_series_score": "a series is scored when enough of it is known",
    "arsenal_anomaly_score": "nothing may be unusual at this moment",
    "arsenal_wallclock_seconds_total": "the node may be up for longer than the mark lasts",
    "arsenal_last_deploy_timestamp_seconds": "nothing is deployed",
    "1 - arsenal_node_up": "the node is up",
    "changes(arsenal_supervisors_gave_up_total": "no supervisor may give up",
}

SCRAPE = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["%s"]
scrape_configs:
  - job_name: beam
    static_configs: [{targets: ["127.0.0.1:%d"]}]
    metric_relabel_configs:
      - {source_labels: [node], regex: (.+), target_label: instance}
"""


class Prometheus:
    """Debian's, on a free port, with the scrape configuration that doc/grafana.md shows."""

    def __init__(self, room, arsenal):
        self.port = free_port()
        data = room.make_folder("prometheus")
        config = room.write("prometheus.yml", SCRAPE % (os.path.join(FOLDER, "rabbitmq.rules.yml"), arsenal.port))
        room.start("prometheus", ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + data, "--log.level=warn",
                                  "--web.listen-address=127.0.0.1:%d" % self.port])
        wait_until(self.ready, 20, "Prometheus is ready")

    def ready(self):
        try:
            return http_get(self.port, "/-/ready")[0] == 200
        except OSError:
            return False

    def get(self, path, **query):
        status, _, body = http_get(self.port, path + "?" + urllib.parse.urlencode(query))
        answer = json.loads(body)
        if status != 200:
            raise AssertionError("%s: %s" % (query, answer.get("error")))
        return answer["data"]

    def ask(self, expression):
        return self.get("/api/v1/query", query=expression)["result"]

    def label_values(self, series, label):
        return self.get("/api/v1/label/%s/values" % label, **{"match[]": series})


def fill(expression, values):
    """Grafana's variables replaced; what is left of them is a fault of the dashboard."""
    for name, value in values.items():
        expression = re.sub(r"\$%s\b|\$\{%s\}" % (re.escape(name), re.escape(name)), lambda _: value, expression)
    return expression


def panels_of(board):
    for p in board["panels"]:
        yield from ([p] if p["type"] != "row" else p["panels"])


def questions_of(board):
    """[(where, expression)] of all that a dashboard asks for data."""
    found = [("panel %d, %s, query %s" % (p["id"], p["title"], t["refId"]), t["expr"]) for p in panels_of(board) for t in p["targets"]]
    return found + [("annotation " + a["name"], a["expr"]) for a in board["annotations"]["list"]]


def reason_to_be_empty(expression):
    return next((why for part, why in MAY_BE_EMPTY.items() if part in expression), None)


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", os.path.join(FOLDER, "generate.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_board(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return json.load(f)


class Files(SystemTest):
    """What can be said of the dashboards without data."""

    lane = "side"

    def test_are_what_the_table_says(self):
        generate = load_generator()
        for name, board in generate.boards().items():
            with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
                self.assertEqual(f.read(), generate.text(board), name + " is not up to date: run python3 etc/grafana/generate.py")

    def test_are_whole(self):
        uids = set()
        for name in load_generator().boards():
            board = load_board(name)
            uids.add(board["uid"])
            rows = board["panels"] + [p for r in board["panels"] for p in r.get("panels", ())]
            self.assertEqual(len({p["id"] for p in rows}), len(rows), "ids of panels")
            for p in panels_of(board):
                self.assertTrue(p["description"], p["title"])
                self.assertLessEqual(p["gridPos"]["x"] + p["gridPos"]["w"], 24, p["title"])
                self.assertEqual(len({t["refId"] for t in p["targets"]}), len(p["targets"]), p["title"])
                self.assertEqual({t["datasource"]["uid"] for t in p["targets"]}, {"${datasource}"}, p["title"])
            self.check_no_overlap(board)
        self.assertEqual(len(uids), 2)
        # A link from one to the other leads somewhere.
        links = set(re.findall(r"/d/([\w-]+)", json.dumps([load_board(n) for n in load_generator().boards()])))
        self.assertEqual(links, uids)

    def check_no_overlap(self, board):
        for group in [board["panels"]] + [r["panels"] for r in board["panels"] if r["type"] == "row"]:
            cells = [(p["gridPos"]["x"] + x, p["gridPos"]["y"] + y) for p in group for x in range(p["gridPos"]["w"]) for y in range(p["gridPos"]["h"])]
            self.assertEqual(len(set(cells)), len(cells), "panels lie on each other")

    def test_names_that_may_be_empty_are_ours(self):
        """A name that is written wrongly is empty, too."""
        source = ""
        for folder, _, files in os.walk(os.path.join(ROOT, "src", "http")):
            for f in files:
                with open(os.path.join(folder, f), encoding="utf-8") as text:
                    source += text.read()
        for name in load_generator().boards():
            for where, expression in questions_of(load_board(name)):
                if reason_to_be_empty(expression):
                    for metric in set(re.findall(r"arsenal_\w+", expression)) - {"arsenal_wallclock_seconds_total"}:
                        self.assertIn('"%s"' % metric, source, where)


@unittest.skipUnless(shutil.which("prometheus"), "there is no prometheus here (scripts/deps.sh check installs it)")
class Boards(SystemTest):
    lane = "side"

    @classmethod
    def setUpClass(cls):
        room = cls.share()
        cls.arsenal = Arsenal(room, "demo").wait_listening(timeout=20)
        cls.node = wait_until(lambda: next(iter(cls.arsenal.nodes()), None), 10, "the demo's node is in the API")
        cls.prometheus = Prometheus(room, cls.arsenal)
        wait_until(lambda: cls.prometheus.ask("count_over_time(arsenal_node_up[1m]) > 3"), 60, "Prometheus has scraped")

    def check_all(self, questions, values, seconds=150):
        """Each has data in time, or there is a reason why not."""
        left = dict(questions)

        def answered():
            for where, expression in list(left.items()):
                if self.prometheus.ask(fill(expression, values)):
                    del left[where]
            return not [e for e in left.values() if not reason_to_be_empty(e)]

        wait_until(answered, seconds, lambda: "no data for %r" % {w: fill(e, values) for w, e in left.items() if not reason_to_be_empty(e)}, every=0.5)
        self.note("%d of %d queries have data" % (len(questions) - len(left), len(questions)))

    def values(self, board):
        """As Grafana fills them from the dashboard's own variables."""
        found = {"__rate_interval": "10s", "__interval": "5s", "__range": "1m", "datasource": "x"}
        for v in board["templating"]["list"]:
            if v["type"] == "query":
                series, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", v["query"]["query"]).groups()
                names = wait_until(lambda: self.prometheus.label_values(series, label), 10, "values of the variable " + v["name"])
                self.assertEqual(names, [self.node])
                found[v["name"]] = "|".join(re.escape(n).replace("\\", "\\\\") for n in names)
        return found

    def test_ours(self):
        for name in ("arsenal.json", "arsenal-fleet.json"):
            with self.subTest(board=name):
                board = load_board(name)
                questions = questions_of(board)
                self.assertEqual(len(dict(questions)), len(questions), "the places have names of their own")
                self.check_all(questions, self.values(board))

    def test_public_ones(self):
        """Every query of a series that exists on any node finds it, with the labels that the boards choose by."""
        wait_until(lambda: self.prometheus.ask("rabbitmq_identity_info"), 60, "the rules have been evaluated")
        values = {"node": self.node, "interval": "10s", "namespace": "", "rabbitmq_cluster": "beam", "rabbitmq_node": self.node, "memory_allocator": "eheap_alloc"}
        for name, expressions in boards.BOARDS.items():
            with self.subTest(board=name):
                self.check_all([(e, e) for e in expressions], values)
        for series, label in boards.VARIABLES:
            found = self.prometheus.label_values(fill(series, values), label)
            self.assertTrue(set(found) & set(values.values()), "%s of %s: %r" % (label, series, found))

    def test_what_is_not_served_is_told(self):
        with open(os.path.join(ROOT, "doc", "grafana.md"), encoding="utf-8") as f:
            told = f.read()
        for name in boards.NOT_SERVED:
            self.assertEqual(self.prometheus.ask(name), [], name + " is served: the document says otherwise")
            self.assertTrue(name in told or re.sub(r"dist_proc_\w+", "dist_proc_*", name) in told, name + " is not in doc/grafana.md")

    def test_exposition_is_clean(self):
        """As Prometheus's own linter sees it: no family twice, no broken line. Names that end as boards want them are no fault of ours."""
        text = self.arsenal.get_raw("/metrics")[2]
        found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        lines = found.stderr.decode().splitlines()
        self.assertFalse([line for line in lines if "error" in line.lower()], lines)
