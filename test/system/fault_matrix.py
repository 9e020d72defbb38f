# SPDX-License-Identifier: Apache-2.0
"""The faults of faults.erl on nodes that are watched: each is on a node of its own, begun when its baseline is known, and looked for among the
anomalies. Times are the engine's: from the fault's beginning to the time of the sample that made the anomaly."""

import contextlib
import datetime
import os
import time

from harness import Run, wait_until, watch
from subjects import ErlNode

FAST_S = 15
WARM_UP = 25       # samples
MEMORY_LIMIT = 2 << 30  # of each node, where control groups let us
SMALL = ["+S", "2:2", "+SDcpu", "1", "+SDio", "1", "+A", "1", "+Q", "4096", "+t", "131072"]
CPU = ("cpu_anomaly", "reductions_anomaly", "run_queue_anomaly")


class Fault:
    """What is done to a node, what must be found, and who must be named: (kind, name), or None where nobody can be."""

    def __init__(self, name, rate, types, culprit, seconds=FAST_S, table=None, alone=False, supervisor=None, detail=""):
        self.name, self.rate, self.types, self.culprit, self.seconds = name, rate, types, culprit, seconds
        self.table, self.alone, self.supervisor, self.detail = table, alone, supervisor, detail

    def names(self, anomaly):
        """Whether the anomaly names the guilty first."""
        if self.supervisor:
            return anomaly["child_id"] == self.culprit[1] and anomaly["supervisor"] == self.supervisor
        if self.culprit is None:
            return not anomaly["culprits"]
        if not anomaly["culprits"]:
            return False
        first = anomaly["culprits"][0]
        return (first["kind"], first["name"] or first["initial_call"]) == self.culprit and self.detail in (first["detail"] or "")


# Rates, or milliseconds between two crashes, are those of a fast fault at 5 s; of a memory that leaks slowly, and of the tables of atoms and ports, such as to eat a tenth of the limit in minutes.
FAULTS = [
    Fault("process_leak", 400, ["process_count_anomaly"], ("parent", "faults_dispatcher"), table="process_limit", detail="faults:leaked/0"),
    Fault("memory_fast", 8000000, ["memory_anomaly"], ("process", "faults_hoarder"), table="memory_limit"),
    Fault("memory_slow", 1000000, ["memory_anomaly"], ("process", "faults_archivist"), seconds=200, table="memory_limit"),
    Fault("binary_leak", 6000000, ["binary_anomaly", "memory_anomaly"], ("process", "faults_courier"), table="memory_limit"),
    Fault("queue_growth", 2000, ["message_queue_anomaly"], ("process", "faults_mailbox")),
    Fault("stuck", 200, ["message_queue_anomaly"], ("process", "faults_cashier"), detail="faults:wait_for_answer/0"),
    Fault("atom_leak", 200, ["atom_anomaly"], None, seconds=60, table="atom_limit"),
    Fault("ets_growth", 4000000, ["ets_anomaly", "memory_anomaly"], ("table", "faults_catalogue"), table="memory_limit", detail="faults_librarian"),
    Fault("port_leak", 10, ["port_anomaly"], ("port_owner", "faults_connector"), seconds=40, table="port_limit"),
    Fault("restart_storm", 300, ["restart_anomaly"], ("child", "faults_flapper"), supervisor="faults_restart_sup"),
    Fault("cascade", 2500, ["restart_anomaly"], ("child", "faults_gateway"), supervisor="faults_restart_sup"),
    Fault("cpu_hog", 1, CPU, ("process", "faults_hog"), alone=True),
    Fault("run_queue_flood", 300, CPU, ("parent", "faults_herder"), alone=True),
]


class MemoryGroup:
    """A control group with a limit of memory, for as long as the room is open; without the right to make one, the host's memory is the limit."""

    def __init__(self, room, pid):
        self.folder = None
        name = "arsenal-faults-%d" % pid
        for parent, limit in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
            folder = os.path.join(parent, name)
            try:
                if not os.path.exists(os.path.join(parent, "cgroup.procs")):
                    continue
                os.mkdir(folder)
                self.folder = folder
                for file, text in ((limit, MEMORY_LIMIT), ("cgroup.procs", pid)):
                    with open(os.path.join(folder, file), "r+") as f:
                        f.write(str(text))
                room.things.insert(0, self)  # closed last
                return
            except OSError:
                self.close()

    def close(self):
        """The folder goes when its last process has."""
        if self.folder:
            with contextlib.suppress(OSError):
                wait_until(lambda: not open(os.path.join(self.folder, "cgroup.procs")).read().strip(), 5, "the group is empty")
                os.rmdir(self.folder)
        self.folder = None


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Victim:
    """A node with its fault, and what is found on it."""

    def __init__(self, room, fault, processes):
        self.fault = fault
        self.node = ErlNode.__new__(ErlNode)
        ErlNode.__init__(self.node, room, args=SMALL, start=False)
        self.node.start()
        self.group = MemoryGroup(room, self.node.process.pid)
        self.node.eval("faults:start(%d)" % processes, timeout=60)
        self.before = []
        self.found = self.taken = None

    @property
    def name(self):
        return self.node.node

    def begin(self, arsenal, events, factor):
        self.before = [e for e in events.of("anomaly") if e.node == self.name]
        self.metrics = arsenal.of(self.name, "performance")["metrics"]
        self.rate = max(1, int(self.fault.rate / factor if self.fault.supervisor else self.fault.rate * factor))
        self.began = time.time()
        self.node.eval("faults:on(%s, %d)" % (self.fault.name, self.rate))

    def look(self, events):
        """True when the anomaly is there."""
        if self.found is None:
            new = [e for e in events.of("anomaly") if e.node == self.name and e not in self.before]
            self.found = next((e.data for e in new if e.data["type"] in self.fault.types and self.is_it(e.data)), None)
            if self.found:
                self.taken, _ = self.node.eval("faults:eaten(%s)" % self.fault.name)
        return self.found is not None

    def is_it(self, anomaly):
        """Of restarts there are several anomalies, one for each child."""
        return not self.fault.supervisor or self.fault.names(anomaly)

    def end(self):
        self.node.eval("faults:off(%s)" % self.fault.name)

    @property
    def delay(self):
        return parse_time(self.found["timestamp"]) - self.began

    @property
    def eaten(self):
        """Percent of its limit that was gone when the anomaly came."""
        limit = self.metrics.get(self.fault.table or "")
        # It was asked a while after that moment.
        return 100 * min(self.taken, self.rate * self.delay) / limit if limit else None

    @property
    def named(self):
        return self.found is not None and self.fault.names(self.found)

    def culprits(self):
        if self.found is None:
            return ""
        if self.fault.supervisor:
            return "%s of %s" % (self.found["child_id"], self.found["supervisor"])
        return ", ".join("%s %s%s" % (c["kind"], c["name"] or c["initial_call"] or c["pid"], " (%s)" % c["detail"] if c["detail"] else "")
                         for c in self.found["culprits"]) or "nobody"


def run(room, faults, processes, interval, factor=1):
    """[Victim]: all faults, those that need a processor alone one after the other."""
    victims = [Victim(room, fault, processes) for fault in faults]
    arsenal = watch(room, *[v.name for v in victims], interval=interval)
    events = arsenal.sse(last_id="0")
    scale = interval / 5000
    for v in victims:
        arsenal.wait_seen(v.name, timeout=60)
    wait_until(lambda: min(arsenal.samples(v.name) for v in victims) >= WARM_UP, 60 + 3 * WARM_UP * interval / 1000, "the baselines are known", every=0.5)
    for group in [[v for v in victims if not v.fault.alone]] + [[v] for v in victims if v.fault.alone]:
        for v in group:
            v.begin(arsenal, events, factor)
        patience = max([v.fault.seconds for v in group], default=0) * max(scale, 0.4) * 2 + 30
        with contextlib.suppress(AssertionError):
            wait_until(lambda: all([v.look(events) for v in group]), patience, "the faults are found", every=0.1)
        for v in group:
            v.end()
    return victims


def table(victims, processes):
    """Rows of Markdown."""
    for v in victims:
        f = v.fault
        other = len(v.before)
        yield "| %s | %d | %s | %s | %s | %s | %s | %d |" % (
            f.name, processes, v.found["type"] if v.found else "**no**", "%.1f" % v.delay if v.found else "", f.seconds,
            "%.1f" % v.eaten if v.found and v.eaten is not None else "", ("" if v.named else "**wrong**: " if v.found else "") + v.culprits(), other)


HEAD = ["| fault | processes | found as | after, s | at most | % of the limit | named | anomalies before |", "| --- | ---: | --- | ---: | ---: | ---: | --- | ---: |"]
