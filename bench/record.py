#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records a RabbitMQ or an ejabberd under traffic (load_rabbitmq.erl, load_ejabberd.erl): all metrics at each sample, as `arsenal watch` has them, into a
CSV file: a header, then a line for each sample, time (milliseconds since the epoch) and values; empty where there was none. Values that do not change
are on each line again.

    python3 bench/record.py rabbitmq|ejabberd FILE.csv SECONDS [ARSENAL]

bench/recordings/*.csv.gz were made so (2 schedulers, OTP 25; of ejabberd without the first three minutes, in which its users arrive)."""

import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "test", "system"))

from harness import ROOT, Room, Run, http_get, watch  # noqa: E402
from subjects import Ejabberd, RabbitMQ  # noqa: E402

PLUGINS = "/usr/lib/rabbitmq/lib"
USERS = 150
LINE = re.compile(r"^arsenal_(\w+)\{[^}]*\} (\S+)$", re.M)


def start_load(room, module, arguments, environment):
    subprocess.run(["erlc", "-o", room.folder, os.path.join(HERE, module + ".erl")], check=True, env=environment)
    return room.start("load", ["erl", "-noinput", "-pa", room.folder, "-run", module, "start", *map(str, arguments)], env=environment)


def load_rabbitmq(room, rabbit):
    plugins = os.path.join(PLUGINS, os.listdir(PLUGINS)[0], "plugins")
    start_load(room, "load_rabbitmq", [rabbit.amqp_port], dict(os.environ, ERL_LIBS=plugins))


def load_ejabberd(room, ejabberd):
    ejabberd.register(USERS)
    start_load(room, "load_ejabberd", [ejabberd.xmpp_port, USERS], dict(os.environ))


LOADED = {"rabbitmq": (RabbitMQ, load_rabbitmq), "ejabberd": (Ejabberd, load_ejabberd)}


def table():
    """(name, unit) of each metric, from the table itself."""
    with open(os.path.join(ROOT, "src", "model", "metric.h")) as f:
        return re.findall(r'^X\(\w+, "(\w+)", (\w+),', f.read(), re.M)


def prometheus_name(name, unit):
    """The name without _total, and by how much its value is less than ours."""
    for ours, theirs, factor in (("MS", "_seconds", 1000), ("US", "_seconds", 1000000)):
        if unit == ours:
            return re.sub("_(ms|us)$", "", name) + theirs, factor
    suffix = {"BYTES": "_bytes", "PERCENT": "_percent"}.get(unit, "")
    return (name if suffix + "_" in name + "_" else name + suffix), 1


def look(a, metrics):
    """The metrics of the last sample, in the table's order; empty where there is none."""
    found = {re.sub(r"_total$", "", n): v for n, v in LINE.findall(http_get(a.port, "/metrics")[2].decode())}
    values = []
    for name, unit in metrics:
        key, factor = prometheus_name(name, unit)
        value = found.get(key, found.get(re.sub(r"_total$", "", key), ""))
        values.append(value if factor == 1 or value == "" else "%d" % round(float(value) * factor))
    return values


def record(path, seconds, a):
    metrics, last, end = table(), None, time.monotonic() + seconds
    names = [name for name, _ in metrics]
    clock = names.index("wallclock_ms")
    with open(path, "w") as f:
        f.write(",".join(["time_ms"] + names) + "\n")
        while time.monotonic() < end:
            time.sleep(1)
            values = look(a, metrics)
            if values[clock] in ("", last):
                continue
            last = values[clock]
            f.write(",".join(["%d" % (time.time() * 1000)] + values) + "\n")
            f.flush()


def main(server, path, seconds, arsenal=Run.arsenal):
    Run.begin(arsenal, False)
    room = Room("record")
    subject, load = LOADED[server]
    try:
        node = subject(room)
        a = watch(room, node.node, interval=5000)
        a.wait_seen(node.node)
        load(room, node)
        record(path, float(seconds), a)
    finally:
        room.close()
        Run.end(False)


if __name__ == "__main__":
    main(*sys.argv[1:])
