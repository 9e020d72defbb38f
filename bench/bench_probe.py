#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What watching costs a node: make bench-probe. Three tables for each release of OTP and each number of processes:

    cost      CPU time of the whole VM, in % of one core: `arsenal watch` at its default interval, and peers that look as often, each beside
              windows in which nobody watches
    delay     what a message between two processes waits on a node whose schedulers are all busy, watched and not
    switches  idle processes that had to run because of a whole walk over the processes

All as the operator has it: the program itself, attached over distribution, and a VM with the scheduler settings that OTP starts with. They spin a
while before they sleep (+sbwt), so that whatever wakes a scheduler costs more than its own work; to measure without would flatter all.

The windows of one round follow each other, in an order that turns from round to round; differences are taken within a round, and given with the 95 %
interval of their mean (Student's t). Peers are those that RabbitMQ brings along: recon, observer_cli, prometheus.erl; without it only
`original`, three passes over all processes with a task for each question.

Settings are environment variables (or words of make's command line):"""

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "test", "system"))

from harness import ROOT, Room, Run, percentile, wait_until, watch  # noqa: E402
from subjects import ErlNode, inside, require_release  # noqa: E402

INTERVAL_S = 5
SUITES = {"27": "trixie", "29": "sid"}  # releases that scripts/otp.sh brings; any other is this machine's own
PLUGINS = "/usr/lib/rabbitmq/lib"
TARGET_PERCENT = {"29": 1.0}
TARGET_PERCENT_ELSE = 0.6
TARGET_DELAY_US = 1000
# Student's t for 95 %, by degrees of freedom.
T_95 = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09, 2.09]

SETTINGS = [  # name, default, in QUICK, what
    ("OTP", "25", "25", "releases: this machine's, 27, 29 (scripts/otp.sh trixie sid)"),
    ("SIZES", "1000 10000 100000 1000000", "10000", "processes on the node"),
    ("DELAY_SIZES", "100000 1000000", "10000", "those for the delay"),
    ("ROUNDS", "5", "2", "rounds of cost and of delay"),
    ("WINDOW", "60", "5", "seconds of a window, a multiple of 5; at the default budget a walk over 1,000,000 processes takes some 200"),
    ("PEERS", "recon recon_window observer_cli prometheus original", "recon observer_cli prometheus original", "peers, or none"),
    ("PEER_ROUNDS", "2", "1", "rounds in which they are measured, too"),
    ("PARTS", "cost delay switches", "cost delay switches", "tables"),
]


class Broken(Exception):
    """A measurement that does not show what it should."""


def setting(name):
    _, default, quick, _ = next(s for s in SETTINGS if s[0] == name)
    value = os.environ.get(name) or (quick if os.environ.get("QUICK", "0") not in ("", "0") else default)
    return [] if value == "none" else value.split()


def number(name):
    return int(setting(name)[0])


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


# ---- the node ------------------------------------------------------------------------------------------------------------------

def node_class(release):
    if release in SUITES:
        require_release(SUITES[release])
    base = inside(SUITES[release], ErlNode) if release in SUITES else ErlNode

    class Benched(base):
        waiting = []
    return Benched


def start_node(room, release, size):
    say("OTP %s: a node of %d processes" % (release, size))
    peers = os.path.join(Run.folder, "peers")
    folders = [os.path.join(peers, name) for name in os.listdir(peers)]
    n = node_class(release)(room, args=["+P", str(max(262144, size * 2)), "-pa", *folders])
    found = n.eval("list_to_binary(erlang:system_info(otp_release))").decode()
    if found != release:
        raise Broken("OTP %s was asked for, and this is %s" % (release, found))
    n.vm = int(n.eval("list_to_binary(os:getpid())"))
    n.eval("bench_probe:crowd(%d)" % size, timeout=600)
    count = n.eval("erlang:system_info(process_count)")
    if abs(count - size) > 0.02 * size + 20:
        raise Broken("%d processes were asked for, and there are %d" % (size, count))
    time.sleep(2)  # what the start left to be collected
    return n


def cpu_s(n):
    """CPU time that the VM has used, all threads, those that ended too; in nanoseconds where the kernel has them."""
    return time.clock_gettime((~n.vm << 3) | 2)


def copy_peers():
    """Where a node of another release sees them, too."""
    there = os.path.join(Run.folder, "peers")
    os.mkdir(there)
    for folder, names, _ in os.walk(PLUGINS):
        for name in names:
            if name.rpartition("-")[0] in ("recon", "observer_cli", "prometheus", "quantile_estimator"):
                shutil.copytree(os.path.join(folder, name, "ebin"), os.path.join(there, name))
    subprocess.run(["chmod", "-R", "a+rX", there], check=True)


# ---- watchers ------------------------------------------------------------------------------------------------------------------

class Nobody:
    name = "nobody"

    def enter(self, n):
        pass

    def seen(self, n):
        return 1

    def leave(self, n):
        pass


class Watch:
    """`arsenal watch` with nothing but its defaults."""

    name = "arsenal"

    def __init__(self):
        self.moves = []  # (what, seconds, CPU seconds of the VM)

    def enter(self, n):
        at, cpu = time.monotonic(), cpu_s(n)
        self.arsenal = watch(n.room, n.node, interval=INTERVAL_S * 1000)
        self.arsenal.wait_seen(n.node, timeout=300)
        time.sleep(2)
        self.moves.append(("attach", time.monotonic() - at, cpu_s(n) - cpu))

    def seen(self, n):
        return self.arsenal.samples(n.node)

    def reported(self, n):
        return self.arsenal.of(n.node, "performance")["metrics"]

    def leave(self, n):
        at, cpu = time.monotonic(), cpu_s(n)
        self.arsenal.end()
        wait_until(lambda: n.eval("[N || N <- nodes(hidden), lists:prefix(\"arsenal\", atom_to_list(N))] =:= [] andalso "
                                  "[N || N <- registered(), lists:prefix(\"arsenal\", atom_to_list(N))] =:= []", timeout=300),
                   300, "it has left", every=0.5)
        time.sleep(2)
        self.moves.append(("detach", time.monotonic() - at, cpu_s(n) - cpu))


class Peer:
    def __init__(self, name):
        self.name = name

    def enter(self, n):
        n.eval("bench_probe:peer(%s, %d)" % (self.name, INTERVAL_S * 1000), timeout=60)

    def seen(self, n):
        return n.eval("bench_probe:peer_looks()", timeout=60)

    def leave(self, n):
        n.eval("bench_probe:peer_stop()", timeout=60)


# ---- cost ----------------------------------------------------------------------------------------------------------------------

def window(n, watcher, seconds):
    """One row: how much CPU the VM used with this watcher about, in % of one core."""
    watcher.enter(n)
    time.sleep(1)
    looks, cpu, reductions, at = watcher.seen(n), cpu_s(n), n.eval("element(1, statistics(exact_reductions))"), time.monotonic()
    own = watcher.reported(n).get("probe_reductions") or 0 if isinstance(watcher, Watch) else None
    time.sleep(max(0, at + seconds - time.monotonic()))
    used, took = cpu_s(n) - cpu, time.monotonic() - at
    row = {"watcher": watcher.name, "percent": 100 * used / took, "looks": watcher.seen(n) - looks,
           "reductions": (n.eval("element(1, statistics(exact_reductions))") - reductions) / took}
    if isinstance(watcher, Watch):
        row["reported"] = {k: v for k, v in watcher.reported(n).items() if k.startswith(("probe_", "mq_")) and v is not None}
        row["reported_reductions"] = (row["reported"].get("probe_reductions", 0) - own) / took
        if row["looks"] < seconds / INTERVAL_S - 2 or row["looks"] == 0:
            raise Broken("%d samples in %d s" % (row["looks"], took))
    elif isinstance(watcher, Nobody) and used <= 0:
        raise Broken("the VM used no CPU time at all")
    watcher.leave(n)
    time.sleep(1)
    say("  %-13s %7.3f %% of one core, %d looks" % (watcher.name, row["percent"], row["looks"]))
    return row


def mean_with_interval(values):
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, None
    t = T_95[len(values) - 2] if len(values) - 2 < len(T_95) else 1.96
    return mean, t * statistics.stdev(values) / math.sqrt(len(values))


def cost(n, release, size):
    n.eval("bench_probe:load(on)")
    seconds = max(1, round(number("WINDOW") / INTERVAL_S)) * INTERVAL_S
    mine, peers = Watch(), [Peer(name) for name in setting("PEERS") if works(n, release, name)]
    rounds = []
    for i in range(number("ROUNDS")):
        say("cost, OTP %s, %d processes: round %d of %d" % (release, size, i + 1, number("ROUNDS")))
        order = [Nobody(), mine] + (peers if i < number("PEER_ROUNDS") else [])
        order = order[i % len(order):] + order[:i % len(order)]
        rounds.append([window(n, w, seconds) for w in order])
    n.eval("bench_probe:load(off)")
    rows, base = [], [percent(r, "nobody") for r in rounds]
    for w in [mine] + peers:
        found = [(percent(r, w.name) - percent(r, "nobody"), r) for r in rounds if has(r, w.name)]
        mean, half = mean_with_interval([d for d, _ in found])
        rows.append({"watcher": w.name, "percent": mean, "half": half, "looks": sum(looks(r, w.name) for _, r in found)})
    idle = statistics.fmean(base) / 100
    moves = {what: [(took, (cpu - idle * took) * 1000) for kind, took, cpu in mine.moves if kind == what] for what in ("attach", "detach")}
    return {"otp": release, "processes": size, "base_percent": statistics.fmean(base), "base_spread": statistics.stdev(base) if len(base) > 1 else None,
            "rows": rows, "moves_ms": {k: [c for _, c in v] for k, v in moves.items()}, "rounds": rounds,
            "reductions": statistics.fmean(pick(r, "arsenal")["reductions"] - pick(r, "nobody")["reductions"] for r in rounds),
            "reported_reductions": statistics.fmean(pick(r, "arsenal")["reported_reductions"] for r in rounds),
            "reported": pick(rounds[-1], "arsenal")["reported"]}


def pick(a_round, name):
    return next(row for row in a_round if row["watcher"] == name)


def has(a_round, name):
    return any(row["watcher"] == name for row in a_round)


def percent(a_round, name):
    return pick(a_round, name)["percent"]


def looks(a_round, name):
    return pick(a_round, name)["looks"]


def works(n, release, peer):
    found = n.eval("bench_probe:works(%s)" % peer)
    if not found:
        say("  %s is not here for OTP %s" % (peer, release))
    return found


def print_cost(results):
    print("\nCPU time of the whole VM beyond that of a node that nobody watches, in %% of one core, every %d s; 95 %% intervals" % INTERVAL_S)
    print("%-4s %9s  %-13s %-20s %-9s %s" % ("OTP", "processes", "watcher", "% of one core", "ratio", ""))
    for r in results:
        target = TARGET_PERCENT.get(r["otp"], TARGET_PERCENT_ELSE)
        mine = r["rows"][0]["percent"]
        for row in r["rows"]:
            note = "target <= %.1f; the node itself %.2f" % (target, r["base_percent"]) if row is r["rows"][0] else ""
            if row["looks"] == 0:
                note = "not one look ended"
            interval = "" if row["half"] is None else " +- %.3f" % row["half"]
            ratio = "1" if row is r["rows"][0] else "%.1f" % (row["percent"] / mine) if mine > 0.01 else "-"
            print("%-4s %9d  %-13s %-20s %-9s %s" % (r["otp"], r["processes"], row["watcher"], "%.3f%s" % (row["percent"], interval), ratio, note))
        print("%14s  CPU of attach %s, of detach %s; reductions/s %.0f measured, %.0f reported; reported %s" % (
            "", *("%.0f ms (at most %.0f)" % (statistics.fmean(r["moves_ms"][k]), max(r["moves_ms"][k])) for k in ("attach", "detach")), r["reductions"], r["reported_reductions"],
            ", ".join("%s %g" % (k[6:], v) for k, v in sorted(r["reported"].items()) if k.startswith("probe_"))))


# ---- delay ---------------------------------------------------------------------------------------------------------------------

def delay(n, release, size):
    n.eval("bench_probe:saturate()")
    seconds, watcher = number("WINDOW"), Watch()
    times = {"nobody": [], "arsenal": []}
    for i in range(number("ROUNDS")):
        say("delay, OTP %s, %d processes: round %d of %d" % (release, size, i + 1, number("ROUNDS")))
        for w in ([Nobody(), watcher] if i % 2 == 0 else [watcher, Nobody()]):
            w.enter(n)
            before = w.seen(n)
            found = list(n.eval("bench_probe:delays(%d)" % (seconds * 1000), timeout=seconds * 2 + 60))
            if len(found) < 100:
                raise Broken("%d messages in %d s" % (len(found), seconds))
            if isinstance(w, Watch) and seconds > INTERVAL_S and w.seen(n) == before:
                raise Broken("no sample came while the schedulers were busy")
            w.leave(n)
            times[w.name].append(found)
            say("  %-13s p50 %d, p99 %d, max %d us" % (w.name, percentile(found, 50), percentile(found, 99), max(found)))
    n.eval("bench_probe:relax()")
    added = {p: mean_with_interval([percentile(on, p) - percentile(off, p) for on, off in zip(times["arsenal"], times["nobody"])]) for p in (50, 99)}
    return {"otp": release, "processes": size, "added_us": added,
            "rows": [{"watcher": k, **{"p%d" % p: percentile(sum(v, []), p) for p in (50, 99)}, "max": max(map(max, v)),
                      "maxima": [max(x) for x in v], "messages": sum(map(len, v))} for k, v in times.items()]}


def print_delay(results):
    print("\nDelay of a message there and back on a node whose schedulers are all busy, in us")
    print("%-4s %9s  %-13s %8s %8s %8s %9s" % ("OTP", "processes", "watcher", "p50", "p99", "max", "messages"))
    for r in results:
        for row in r["rows"]:
            print("%-4s %9d  %-13s %8d %8d %8d %9d" % (r["otp"], r["processes"], row["watcher"], row["p50"], row["p99"], row["max"], row["messages"]))
        print("%14s  added: %s (target at p99 < %d)" % ("", ", ".join(
            "p%d %.0f%s" % (p, mean, "" if half is None else " +- %.0f" % half) for p, (mean, half) in r["added_us"].items()), TARGET_DELAY_US))


# ---- switches ------------------------------------------------------------------------------------------------------------------

def switches(n, release, size):
    """Nothing happens on the node but what the watcher does."""
    count = lambda: n.eval("element(1, statistics(context_switches))")
    say("switches, OTP %s, %d processes" % (release, size))
    idle = n.eval("bench_probe:remember()", timeout=300)
    at, before = time.monotonic(), count()
    time.sleep(10)
    base, alone = (count() - before) / (time.monotonic() - at), n.eval("bench_probe:touched()", timeout=300)

    watcher = Watch()
    watcher.enter(n)
    walks_end(n, watcher, size, 1)  # the one that begins with the attach
    n.eval("bench_probe:remember()", timeout=300)
    at, before, samples = time.monotonic(), count(), watcher.seen(n)
    walks = walks_end(n, watcher, size, 2)
    took, samples = time.monotonic() - at, watcher.seen(n) - samples
    rate, touched = (count() - before) / took, n.eval("bench_probe:touched()", timeout=300)
    watcher.leave(n)

    asked = min(1000, idle)
    n.eval("bench_probe:remember()", timeout=300)
    n.eval("bench_probe:disturb(%d)" % asked)
    time.sleep(0.5)
    proof = n.eval("bench_probe:touched()", timeout=300)
    if proof < asked * 0.99:
        raise Broken("%d processes were asked what they must run for, and %d were seen to run" % (asked, proof))
    say("  %d of %d idle processes ran in a walk of %.0f s" % (touched, idle, took))
    return {"otp": release, "processes": size, "idle": idle, "touched_alone": alone, "touched": touched, "seconds": took, "samples": samples,
            "walks": walks, "switches_alone": base, "switches": rate, "proof": [asked, proof]}


def walks_end(n, watcher, size, more):
    """Waits until so many walks more have ended. The second one that ends from now on is the first to have begun after now."""
    def last():
        m = watcher.reported(n)
        whole = (m.get("mq_scanned") or 0) >= 0.97 * size
        return (m.get("probe_walk_us"), m.get("mq_average"), m.get("mq_max")) if whole else None
    ended = [last()]

    def look():
        mark = last()
        if mark != ended[-1] and mark is not None:
            ended.append(mark)
        return len(ended) > more
    wait_until(look, more * (60 + size / 1000), lambda: "%d walks over %d processes; %r" % (more, size, watcher.reported(n)), every=1)
    return len(ended) - 1


def print_switches(results):
    print("\nIdle processes that had to run while nothing but the watcher was at work (target 0), and context switches of the whole VM")
    print("%-4s %9s %9s %9s %9s %8s %7s %12s %12s" % ("OTP", "processes", "idle", "ran, off", "ran, on", "seconds", "walks", "per s, off", "per s, on"))
    for r in results:
        print("%-4s %9d %9d %9d %9d %8.0f %7d %12.1f %12.1f" % (r["otp"], r["processes"], r["idle"], r["touched_alone"], r["touched"], r["seconds"], r["walks"],
                                                               r["switches_alone"], r["switches"]))


# ---- the run -------------------------------------------------------------------------------------------------------------------

PARTS = {"cost": (cost, print_cost, "SIZES"), "delay": (delay, print_delay, "DELAY_SIZES"), "switches": (switches, print_switches, "SIZES")}


def run(results, broken):
    for release in setting("OTP"):
        try:
            node_class(release)
        except unittest.SkipTest as e:
            print("skip OTP %s: %s" % (release, e))
            continue
        parts = {name: {int(s) for s in setting(PARTS[name][2])} for name in setting("PARTS")}
        for size in sorted(set().union(*parts.values())):
            room = Room("otp%s-%d" % (release, size))
            try:
                n = start_node(room, release, size)
                for name, sizes in parts.items():
                    if size in sizes:
                        results[name].append(PARTS[name][0](n, release, size))
                        save(results)
            except (Broken, AssertionError, OSError) as e:
                broken.append("OTP %s, %d processes: %s" % (release, size, e))
                say("BROKEN: " + broken[-1])
            finally:
                room.close()


def save(results):
    path = os.path.join(ROOT, "build", "bench-probe.json")
    with open(path + ".tmp", "w") as f:
        json.dump({"machine": {"cores": os.cpu_count(), "kernel": os.uname().release, "load": os.getloadavg()},
                   "settings": {s[0]: setting(s[0]) for s in SETTINGS}, **results}, f, indent=1)
    os.replace(path + ".tmp", path)


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        print("    %-12s %s" % ("QUICK", "1: small settings, two minutes"))
        for name, default, quick, what in SETTINGS:
            print("    %-12s %s [%s; quick %s]" % (name, what, default, quick))
        return 0 if sys.argv[1:] == ["--help"] else 2
    results, broken = {name: [] for name in PARTS}, []
    began = time.monotonic()
    try:
        Run.begin(Run.arsenal, quick=False)
        subprocess.run(["erlc", "-Werror", "-o", Run.ebin, os.path.join(HERE, "bench_probe.erl")], check=True)
        copy_peers()
        run(results, broken)
    finally:
        Run.end(keep=bool(broken))
    print("make bench-probe: %d cores, %s; OTP's own busy-wait settings" % (os.cpu_count(), ", ".join("%s=%s" % (s[0], " ".join(setting(s[0]))) for s in SETTINGS)))
    for name, (_, show, _) in PARTS.items():
        if results[name]:
            show(results[name])
    for text in broken:
        print("BROKEN: " + text)
    print("\nthe figures are in build/bench-probe.json; took %.0f s" % (time.monotonic() - began))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
