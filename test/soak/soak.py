#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""soak.py [--kills N] [--seed N] [--state FOLDER] [--arsenal PROGRAM]

Kills the engine at random moments under load and compares what its file has then with what it was fed. It goes in episodes of some kills on one file; each has a
trouble of its own beside the kills: none, a full disk, a damaged file, a clock that jumps. After an interruption it goes on with the episode that was
under way. What holds after each kill:

- the file opens, and the engine answers within seconds;
- casts that were confirmed are in it, and the total is exactly the number of casts up to the mark it gives: each once;
- samples and events that were put before a confirmed cast, or more than 5 s before the kill, are in it, each once, with the values that were fed.

After damage only what can be read is there: nothing that was not fed, and the notice says that there is something to tell."""

import argparse
import calendar
import json
import os
import random
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]
sys.dont_write_bytecode = True

import damage  # noqa: E402
from port import A, Engine  # noqa: E402

KILLS_PER_EPISODE = 25
TROUBLES = ("none", "none", "full", "damage", "clock")
IN_FLIGHT = 500  # casts that are not confirmed
LOST_S = 5  # so much may be missing
GONE = 1 << 60  # of a sample that was missing once: it does not come again
SESSION = 1 << 40
START_S = 20
NODE = "soak@localhost"
DAY_MS = 86400000


def to_ms(text):
    """Milliseconds of a time as RFC 3339 has it, in UTC."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def rfc3339(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".%03dZ" % (ms % 1000)


def wrapped(term):
    return A("t"), term


class Fed:
    """All that was put into a file: numbers that say everything, so that nothing needs to be kept but times."""

    def __init__(self, session):
        self.session = session
        self.samples = []  # (time_ms, moment sent, casts sent before or with it); the number is the index + 1
        self.casts = []    # time_ms
        self.confirmed = 0

    @staticmethod
    def memory(number):
        return 10**9 - number * 7919 % 800_000_000

    def sample(self, ms):
        self.samples.append((ms, time.monotonic(), len(self.casts)))
        n = len(self.samples)
        return A("probe"), (A("arsenal_tick"), n, ms, [(A("process_count"), n), (A("process_limit"), 1 << 20), (A("memory_limit"), 10**9),
                                                      (A("memory_available"), self.memory(n))], [(1, n, 2 * n)], [])

    def cast(self, ms):
        self.casts.append(ms)
        return self.cast_again(len(self.casts))

    def cast_again(self, n):
        return A("cast"), n, self.casts[n - 1], (A("track_restart"), wrapped(A("sup")), wrapped(A("sup")), wrapped((A("child"), n % 5)), wrapped((A("r"), n % 3)))

    def number_of(self, metrics):
        """Which sample that is; fails if it is none that was fed."""
        n = metrics["processes"]["count"]
        if not (isinstance(n, int) and 1 <= n <= len(self.samples)):
            raise AssertionError("a sample that was never fed: %s" % n)
        got = metrics["memory"]["available"], to_ms(metrics["timestamp"])
        if got != (self.memory(n), self.samples[n - 1][0]):
            raise AssertionError("sample %d is %s, fed was %s" % (n, got, (self.memory(n), self.samples[n - 1][0])))
        return n


class Episode:
    def __init__(self, soak, number):
        self.soak = soak
        self.rng = random.Random("%d/%d" % (soak.seed, number))
        self.trouble = soak.trouble or self.rng.choice(TROUBLES)
        self.folder = os.path.join(soak.folder, "episode")
        damage.SmallDisk.forget(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.disk = damage.SmallDisk(self.folder) if self.trouble == "full" else None
        if self.disk and not self.disk.mounted:
            soak.say("no small disk (%s): this episode goes without" % self.disk.why)
            self.trouble = "none"
        self.path = os.path.join(self.folder, "history.db")
        self.fed = Fed(SESSION + number)
        self.shift_ms = 0
        self.events = set()  # seen: (ms, type)
        self.engine = None
        self.verified = 0  # samples up to this number were looked at

    def close(self):
        if self.engine:
            self.engine.kill()
        if self.disk:
            self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def now_ms(self):
        return int(time.time() * 1000) + self.shift_ms

    def start(self):
        options = {A("node"): A(NODE), A("session"): self.fed.session, A("started"): int(time.time() * 1000), A("interval"): 100,
                   A("retention"): DAY_MS, A("threshold"): 2.0, A("max_history"): 1000, A("store"): self.path.encode(), A("http"): b"127.0.0.1:0"}
        with open(os.path.join(self.soak.folder, "engine.log"), "a") as log:
            e = self.engine = Engine(self.soak.program, options, log)
        e.wait(lambda: e.ready is not None or e.fatal, START_S, "ready")
        if e.fatal:
            raise AssertionError("it cannot start: " + e.fatal)
        return e

    # ---- feeding

    def feed(self, e, seconds, full):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # What is only in the pipe has not been put yet.
            if len(self.fed.casts) - e.confirmed > IN_FLIGHT and not full:
                e.take(0.002)
                continue
            ms = self.now_ms()
            messages = [self.fed.cast(ms) for _ in range(self.rng.choice((0, 1, 1, 2, 20)))]
            # One at an instant: a sample is known by its time.
            if not self.fed.samples or ms > self.fed.samples[-1][0]:
                messages.insert(self.rng.randint(0, len(messages)), self.fed.sample(ms))
            if messages and not e.send(*messages):
                raise AssertionError("it ended by itself: %s" % (e.logs[-3:],))
            e.take(self.rng.choice((0, 0, 0.001, 0.004)))

    def feed_again(self, e, last):
        """As the router does: what is not confirmed."""
        for n in range(last + 1, len(self.fed.casts) + 1):
            e.send(self.fed.cast_again(n))

    # ---- looking

    def check_casts(self, e):
        if e.ready < self.fed.confirmed:
            raise AssertionError("cast %d was confirmed, the file has %d" % (self.fed.confirmed, e.ready))
        if e.ready > len(self.fed.casts):
            raise AssertionError("its mark is %d, and there were %d" % (e.ready, len(self.fed.casts)))
        total = e.call((A("get_restart_statistics"), A("all")))[1]["total_restarts"]
        if total != e.ready:
            raise AssertionError("%d restarts are counted, its mark is %d" % (total, e.ready))

    def history(self, e, first):
        """The numbers of the samples from that one on, in order; events are looked at, too."""
        start = min(ms for ms, _, _ in self.fed.samples[first - 1:]) if first <= len(self.fed.samples) else self.now_ms()
        answer = e.get("/api/v1/nodes/%s/history?start=%s&end=%s" % (NODE, rfc3339(start), rfc3339(self.now_ms() + 60000)), 60)
        numbers = [self.fed.number_of(m) for m in answer["metrics"]]
        if numbers != sorted(set(numbers)):
            raise AssertionError("samples twice, or out of order")
        self.check_events(start, answer["events"])
        return numbers

    def check_events(self, start, events):
        """What has been seen once stays."""
        now = {(to_ms(ev["timestamp"]), str(ev["type"])) for ev in events if ev["type"] != "restart"}
        missing = {ev for ev in self.events if ev[0] >= start} - now
        if missing and self.trouble != "damage":
            raise AssertionError("events are missing: %s" % sorted(missing)[:5])
        self.events |= now

    def check_samples(self, e, killed, full):
        first = max(1, self.verified - 100)
        have = set(self.history(e, first))
        for n in range(first, len(self.fed.samples) + 1):
            _, sent, casts = self.fed.samples[n - 1]
            if n in have or casts == GONE:
                continue
            if casts < self.fed.confirmed or (killed - sent > LOST_S and not full):
                raise AssertionError("sample %d is missing: put %.3f s before the kill, %d casts before it, %d were confirmed" %
                                     (n, killed - sent, casts, self.fed.confirmed))
            self.soak.lost_s = max(self.soak.lost_s, killed - sent)
        self.verified = len(self.fed.samples)
        self.fed.samples = [s if n in have or n < first else (s[0], s[1], GONE) for n, s in enumerate(self.fed.samples, 1)]

    # ---- an episode

    def run(self, kills):
        e = self.start()
        for _ in range(kills):
            e = self.round(e)
            self.soak.killed()
        self.finish(e)

    def round(self, e):
        """Feeds, kills, looks at what the next one has, which goes on."""
        full = self.disk and self.rng.random() < 0.5
        if full:
            self.disk.fill(self.rng.randint(0, 200_000))
        self.feed(e, self.rng.uniform(0.01, self.soak.feed_s), full)
        killed = time.monotonic()
        e.kill()
        self.fed.confirmed = max(self.fed.confirmed, e.confirmed)
        if full:
            self.disk.empty()
        if self.trouble == "clock":
            self.jump()
        e = self.start()
        self.check_casts(e)
        if self.trouble != "clock":
            self.check_samples(e, killed, full)
        self.feed_again(e, e.ready)
        return e

    def finish(self, e):
        if self.rng.random() < 0.5:
            e.kill()
        else:
            e.end()
        if self.trouble == "damage":
            self.damaged_round()

    def jump(self):
        self.shift_ms += self.rng.choice((-3600_000, -60_000, -1000, 1000, 60_000, 3600_000, 2 * DAY_MS, -2 * DAY_MS))

    def damaged_round(self):
        """What is there was fed; new things are taken; and it says so if it set something aside."""
        what = damage.damage(self.rng, self.path)
        e = self.start()
        try:
            numbers = self.history(e, 1)
            total = e.call((A("get_restart_statistics"), A("all")))[1]["total_restarts"]
            if total > len(self.fed.casts):
                raise AssertionError("%d restarts of %d" % (total, len(self.fed.casts)))
            aside = [f for f in os.listdir(self.folder) if ".damaged-" in f]
            said = [text for _, text in e.logs if "damaged" in text]
            if aside and not said:
                raise AssertionError("%s was set aside without a word" % aside)
            # A router that is told of an earlier mark does not send what was confirmed again.
            self.fed.casts += [self.now_ms()] * 3
            for n in range(len(self.fed.casts) - 2, len(self.fed.casts) + 1):
                e.send(self.fed.cast_again(n))
            e.wait(lambda: e.confirmed == len(self.fed.casts), 10, "new casts are confirmed")
            self.soak.damaged(what, len(numbers), len(self.fed.samples), bool(aside))
            e.end()
        except AssertionError as error:
            raise AssertionError("after damage (%s): %s" % (what, error)) from None


class Soak:
    def __init__(self, program, folder, kills, seed, trouble=None, say=print, feed_s=0.8):
        self.program, self.folder, self.kills, self.trouble, self.say = os.path.abspath(program), folder, kills, trouble, say
        os.makedirs(folder, exist_ok=True)
        self.feed_s = feed_s  # the longest life under load
        self.state_path = os.path.join(folder, "state.json")
        self.seed, self.done, self.episode, self.kept, self.fed_samples, self.files, self.lost_s = seed, 0, 0, 0, 0, 0, 0.0
        self.troubles = {}
        self.in_episode = 0
        self.load()

    def load(self):
        try:
            with open(self.state_path) as f:
                state = json.load(f)
        except (OSError, ValueError):
            return
        if self.seed is None or state["seed"] == self.seed:
            for key in ("seed", "done", "episode", "kept", "fed_samples", "files", "lost_s", "troubles"):
                setattr(self, key, state[key])
            self.say("going on after %d kills, with seed %d" % (self.done, self.seed))

    def save(self):
        with open(self.state_path + ".new", "w") as f:
            json.dump({key: getattr(self, key) for key in ("seed", "done", "episode", "kept", "fed_samples", "files", "lost_s", "troubles")}, f)
        os.replace(self.state_path + ".new", self.state_path)

    def killed(self):
        self.in_episode += 1

    def damaged(self, what, kept, fed, aside):
        self.files += 1
        self.kept += kept
        self.fed_samples += fed
        self.say("  %s: %s, %d of %d samples kept" % (what, "set aside" if aside else "not seen", kept, fed))

    def run(self):
        """The number of kills. An episode counts when it is over."""
        if self.seed is None:
            self.seed = random.randrange(1 << 30)
        while self.done < self.kills:
            episode = Episode(self, self.episode)
            self.in_episode = 0
            try:
                episode.run(min(KILLS_PER_EPISODE, self.kills - self.done))
            except AssertionError as error:
                keep = os.path.join(self.folder, "failed-%d-%d" % (self.seed, self.episode))
                shutil.rmtree(keep, ignore_errors=True)
                shutil.copytree(episode.folder, keep)
                raise AssertionError("seed %d, episode %d (%s), kill %d: %s; its files are in %s" %
                                     (self.seed, self.episode, episode.trouble, self.in_episode, error, keep)) from None
            finally:
                episode.close()
            self.done += self.in_episode
            self.episode += 1
            self.troubles[episode.trouble] = self.troubles.get(episode.trouble, 0) + self.in_episode
            self.save()
            self.say("%d kills of %d (%s): %d casts and %d samples in this file, at most %.3f s missing" %
                     (self.done, self.kills, episode.trouble, len(episode.fed.casts), len(episode.fed.samples), self.lost_s))
        return self.done


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kills", type=int, default=1000)
    p.add_argument("--seed", type=int)
    p.add_argument("--state", default=os.path.join(ROOT, "build", "soak"))
    p.add_argument("--arsenal", default=os.path.join(ROOT, "build", "arsenal"))
    p.add_argument("--trouble", choices=sorted(set(TROUBLES)), help="of all episodes")
    args = p.parse_args()
    soak = Soak(args.arsenal, args.state, args.kills, args.seed, args.trouble)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        done = soak.run()
    except KeyboardInterrupt:
        print("interrupted after %d kills; once more goes on there" % soak.done)
        return 1
    except AssertionError as error:
        print("FAIL " + str(error))
        return 1
    print("soak: %d kills (%s), seed %d: nothing that was confirmed is lost, at most %.3f s are missing; %d damaged files: %d of %d samples kept; %.0f s" %
          (done, ", ".join("%s %d" % pair for pair in sorted(soak.troubles.items())), soak.seed, soak.lost_s, soak.files, soak.kept, soak.fed_samples,
           time.monotonic() - began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
