#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Grafana's dashboards over arsenal's /metrics beside this file: arsenal.json (some nodes, in depth) and arsenal-fleet.json (all of them).

    python3 etc/grafana/generate.py [FOLDER]

What is on them stands in NODE and FLEET: rows of panels, a panel with its queries and what to do next. All the rest is what Grafana wants around that
(schema 36, Grafana 9 and later). The data source is a variable, so that a file can be imported by hand and provisioned alike."""

import json
import os
import sys

# Okabe and Ito's colours, which people with any colour vision tell apart; and every state has its word.
HEALTHY, WARNING, CRITICAL, UNKNOWN = "#0072B2", "#E69F00", "#D55E00", "#8C8C8C"
WIDTH = 24

LEVELS = [(0, "healthy", HEALTHY), (1, "warning", WARNING), (2, "critical", CRITICAL)]
UP = [(0, "down", CRITICAL), (1, "up", HEALTHY)]


# ---- panels: a query is (expression, legend) ---------------------------------------------------------------------------------------

def panel(kind, title, queries, description, w=8, h=8, unit="short", **more):
    return dict(kind=kind, title=title, queries=queries, description=description, w=w, h=h, unit=unit, **more)


def lines(title, queries, description, **more):
    return panel("timeseries", title, queries, description, **more)


def number(title, query, description, w=3, **more):
    return panel("stat", title, [query], description, w=w, h=4, **more)


def states(title, queries, description, values=LEVELS, **more):
    return panel("state-timeline", title, queries, description, values=values, **more)


def bars(title, queries, description, **more):
    return panel("bargauge", title, queries, description, **more)


def table(title, queries, description, columns, **more):
    """columns: [(name in the frame, heading, unit, thresholds or values or None)], the rest is hidden. A query's legend is its refId."""
    return panel("table", title, queries, description, columns=columns, **more)


def chosen(expression):
    """@ stands for the choice of nodes."""
    return expression.replace("@", 'node=~"$node"')


# ---- what is on the board of a node --------------------------------------------------------------------------------------------------

NODE = [
    ("What needs attention", False, [
        number("Health", ('arsenal_health_level{@,criterion="overall"}', "{{node}}"),
               "The worst of the criteria. Not healthy: see below which criterion, since when, and against which limit.",
               values=LEVELS, w=4),
        number("Link", ("arsenal_node_up{@}", "{{node}}"),
               "Down: arsenal has no link to the node, and its other figures stop. Ask `arsenal status NODE` why; a post-mortem is made when it has ended.",
               values=UP),
        number("Open incidents", ("arsenal_incidents_open{@}", "{{node}}"),
               "Findings that belong together. Open arsenal's own page for the root, the culprits and the advice.", steps=[(1, WARNING)]),
        number("Anomalies", ("arsenal_anomalies_active{@}", "{{node}}"),
               "That hold at present; which ones is told below.", steps=[(1, WARNING)]),
        number("Restarts in 1 h", ("arsenal_restarts_last_hour{@}", "{{node}}"),
               "Restarts by supervisors. Many: see by which supervisor, and whether they follow a pattern.", steps=[(5, WARNING), (10, CRITICAL)]),
        number("Restart budget", ("max by (node) (arsenal_restart_budget_used_percent{@})", "{{node}}"),
               "Used share of the restart intensity of the supervisor that is closest to giving up. At 100 % the next restart ends it, and all below it.",
               unit="percent", steps=[(75, WARNING), (90, CRITICAL)]),
        number("First limit in", ('min by (node) (arsenal_resource_full_timestamp_seconds{@,bound="expected"} - time())', "{{node}}"),
               "Time until the first resource is expected to be full. No data: no trend leads there.", unit="s",
               steps=[(0, CRITICAL), (3600, WARNING), (86400, HEALTHY)], base=CRITICAL, none="no trend"),
        number("Last sample", ("time() - arsenal_last_sample_timestamp_seconds{@}", "{{node}}"),
               "Age of the newest sample. Much older than the interval: the link is stalled.", unit="s", steps=[(30, WARNING), (120, CRITICAL)], w=2),
        states("Health by criterion", [('arsenal_health_level{@,criterion!="overall"}', "{{node}} {{criterion}}")],
               "When which criterion left the healthy range. The limits are arsenal's configuration (`warning`, `critical`).", w=12, h=9),
        bars("Criteria, in % of their critical limit",
             [('100 * arsenal_health_value{@} / on (node, criterion) arsenal_health_limit{@,level="critical"}', "{{node}} {{criterion}}")],
             "At 100 % a criterion is critical. The longest bar is where to look first.", unit="percent", w=6, h=9,
             steps=[(83, WARNING), (100, CRITICAL)], low=0, high=100),
        bars("Anomalies that hold", [("arsenal_anomaly_score{@}", "{{node}} {{type}}")],
             "0.5 is the threshold, 1 is as unusual as it gets. No data: nothing is unusual.", w=6, h=9, unit="none",
             steps=[(0.5, WARNING), (0.8, CRITICAL)], low=0, high=1, none="none"),
    ]),
    ("CPU and run queues", False, [
        lines("CPU", [("arsenal_cpu_utilization_percent{@}", "{{node}} schedulers"), ("arsenal_cpu_time_utilization_percent{@}", "{{node}} CPU time got"),
                      ("arsenal_dirty_cpu_utilization_percent{@}", "{{node}} dirty CPU"), ("arsenal_dirty_io_utilization_percent{@}", "{{node}} dirty I/O")],
              "Busy share. Schedulers busy, but CPU time much lower: the host is short of CPU, not the node. High: see the first by reductions under message queues and culprits.",
              unit="percent", low=0, high=100, steps=[(75, WARNING), (90, CRITICAL)]),
        lines("Run queues", [("arsenal_run_queue{@}", "{{node}} normal"), ("arsenal_dirty_cpu_run_queue{@}", "{{node}} dirty CPU"),
                             ("arsenal_dirty_io_run_queue{@}", "{{node}} dirty I/O")],
              "Processes and ports that wait. For longer than moments above the number of schedulers: the node has more work than it can do.", low=0),
        lines("Each scheduler", [("arsenal_scheduler_utilization_percent{@}", "{{node}} {{scheduler}}")],
              "One at 100 % and the others idle: a single process is the bottleneck (or +sbwt spins).", unit="percent", low=0, high=100),
    ]),
    ("Memory", False, [
        lines("Of the machine or container", [("arsenal_memory_utilization_percent{@}", "{{node}} used")],
              "Of the memory that the VM may use (cgroup's limit or the host's memory). At 100 % the kernel kills.", unit="percent", low=0, high=100,
              steps=[(75, WARNING), (90, CRITICAL)]),
        lines("Of the VM, by use", [("arsenal_vm_memory_%s_bytes{@}" % part, "{{node}} " + part) for part in ("processes", "binary", "ets", "code", "atom", "other")],
              "erlang:memory(). processes grows: see who, below. binary: who holds references. ets: which table is in arsenal's page (Memory).",
              unit="bytes", low=0, stack=True),
        lines("From the VM to the machine", [("arsenal_rss_bytes{@}", "{{node}} resident"), ("arsenal_alloc_carriers_bytes{@}", "{{node}} carriers"),
                                             ("arsenal_alloc_blocks_bytes{@}", "{{node}} blocks"), ("arsenal_vm_memory_total_bytes{@}", "{{node}} erlang:memory(total)")],
              "Carriers far above blocks: fragmentation. Resident above carriers: memory outside the VM's allocators (NIFs).", unit="bytes", low=0),
    ]),
    ("Tables and their limits", False, [
        lines("Used share", [("100 * arsenal_process_count{@} / arsenal_process_limit{@}", "{{node}} processes"),
                             ("100 * arsenal_port_count{@} / arsenal_port_limit{@}", "{{node}} ports"),
                             ("100 * arsenal_atom_count{@} / arsenal_atom_limit{@}", "{{node}} atoms"),
                             ("100 * arsenal_open_fds{@} / arsenal_max_fds{@}", "{{node}} file descriptors")],
              "A full atom table ends the VM at once; it never shrinks: look for list_to_atom/1 and binary_to_term/1 on data from outside.",
              unit="percent", low=0, steps=[(75, WARNING), (90, CRITICAL)]),
        lines("Processes, ports, file descriptors", [("arsenal_process_count{@}", "{{node}} processes"), ("arsenal_port_count{@}", "{{node}} ports"),
                                                     ("arsenal_open_fds{@}", "{{node}} file descriptors"), ("arsenal_ets_count{@}", "{{node}} ETS tables")],
              "A steady rise is a leak: of processes that nobody ends, of sockets that nobody closes.", low=0),
        lines("Atoms", [("arsenal_atom_count{@}", "{{node}}")], "Rises with loaded code, and should then stay.", low=0),
    ]),
    ("Message queues and culprits", False, [
        lines("Longest message queue", [("arsenal_mq_max{@}", "{{node}} longest"), ("arsenal_mq_long{@}", "{{node}} queues longer than 100"),
                                        ("arsenal_logger_queue{@}", "{{node}} logger")],
              "A queue that does not drain: its process is slower than its senders, or waits for somebody. Who it is stands beside.", low=0),
        lines("Filling of the fastest growing queue", [("arsenal_mq_fill_rate{@}", "{{node}}")],
              "Messages a second by which it grows. Above 0 for minutes: it will not recover by itself.", unit="cps"),
        bars("By message queue", [('topk(5, arsenal_top_process{@,by="message_queue"})', "{{node}} {{process}}")],
             "Who has the longest queues now.", w=8, low=0, calm=True, none="nobody"),
        lines("By memory", [('arsenal_top_process{@,by="memory"}', "{{node}} {{process}}")],
              "The largest processes. One that only rises leaks.", unit="bytes", low=0),
        lines("By reductions a second", [('arsenal_top_process{@,by="reductions"}', "{{node}} {{process}}")], "Who works most.", low=0),
        lines("By binaries held", [('arsenal_top_process{@,by="binary"}', "{{node}} {{process}}")],
              "Who keeps references to binaries outside its heap. A router of large binaries that seldom collects garbage: hibernate it, or copy the parts.",
              unit="bytes", low=0),
    ]),
    ("Restarts", False, [
        lines("Restarts by supervisor", [("sum by (node, supervisor) (increase(arsenal_restarts_by_child_total{@}[$__rate_interval]))", "{{node}} {{supervisor}}")],
              "Of the children that were restarted most. A comb is a periodic failure, a wall a storm.", low=0, bars=True, w=12),
        bars("Most restarted children", [("topk(10, arsenal_restarts_by_child_total{@})", "{{node}} {{supervisor}} / {{child}}")],
             "Since arsenal watches. Reasons and patterns are in arsenal's page (Restarts).", w=12, low=0, calm=True, none="none was restarted"),
        lines("Used restart budget", [("arsenal_restart_budget_used_percent{@}", "{{node}} {{supervisor}}")],
              "Of supervisors that restarted something. 100 %: the next restart ends the supervisor.", unit="percent", low=0, high=100,
              steps=[(75, WARNING), (90, CRITICAL)]),
        lines("Patterns that go on", [("arsenal_restart_patterns_active{@}", "{{node}} {{type}}")],
              "restart_storm: one child again and again. cascade_failure: several in sequence, the first is the cause. periodic_restart: look for a timer. resource_correlated: "
              "look at the resource.", low=0, decimals=0),
        lines("Failed starts and supervisors that gave up", [("increase(arsenal_restarts_failed_total{@}[$__rate_interval])", "{{node}} failed starts"),
                                                           ("increase(arsenal_supervisors_gave_up_total{@}[$__rate_interval])", "{{node}} gave up")],
              "A supervisor that gave up took all its children with it.", low=0, bars=True),
    ]),
    ("What is unusual", True, [
        lines("Scores of the series", [("arsenal_series_score{@}", "{{node}} {{metric}}")],
              "How unusual the last sample is by its series alone. 0.5 is the threshold; an anomaly is told when it lasts.", unit="none", low=0, high=1,
              steps=[(0.5, WARNING)], w=16, h=10),
        states("Anomalies", [("ceil(arsenal_anomaly_score{@})", "{{node}} {{type}}")], "When which held.", values=[(1, "holds", WARNING)], w=8, h=10),
    ]),
    ("Garbage collection, I/O, work", True, [
        lines("Garbage collections", [("rate(arsenal_gc_collections_total{@}[$__rate_interval])", "{{node}}")], "A second.", unit="ops", low=0, w=6),
        lines("Reclaimed", [("rate(arsenal_gc_bytes_reclaimed_total{@}[$__rate_interval])", "{{node}}")], "By garbage collection.", unit="Bps", low=0, w=6),
        lines("Input and output", [("rate(arsenal_io_input_bytes_total{@}[$__rate_interval])", "{{node}} in"),
                                   ("rate(arsenal_io_output_bytes_total{@}[$__rate_interval])", "{{node}} out")], "Through ports: sockets, files.", unit="Bps", low=0, w=6),
        lines("Reductions and context switches", [("rate(arsenal_reductions_total{@}[$__rate_interval])", "{{node}} reductions"),
                                                  ("rate(arsenal_context_switches_total{@}[$__rate_interval])", "{{node}} context switches")],
              "Work done.", unit="ops", low=0, w=6),
        lines("What the VM tells by itself", [("increase(arsenal_long_gc_count_total{@}[$__rate_interval])", "{{node}} garbage collection of 1 s and longer"),
                                             ("increase(arsenal_long_schedule_count_total{@}[$__rate_interval])", "{{node}} ran 500 ms without a break"),
                                             ("increase(arsenal_busy_dist_port_count_total{@}[$__rate_interval])", "{{node}} suspended by a busy link")],
              "Who it was is in arsenal's page (VM events). A long run without a break: a NIF or a BIF over much data.", low=0, bars=True, w=12),
        lines("Load of the host", [("arsenal_load1{@}", "{{node}} 1 min"), ("arsenal_load15{@}", "{{node}} 15 min")], "All programs of the host.", low=0, w=12),
    ]),
    ("What is ahead", True, [
        lines("Used share of what may run out", [("arsenal_resource_used_percent{@}", "{{node}} {{resource}}")], "Looked at once a minute.", unit="percent", low=0, high=100,
              steps=[(75, WARNING), (90, CRITICAL)]),
        table("When it will be full", [('arsenal_resource_full_timestamp_seconds{@,bound="%s"} * 1000' % b, b) for b in ("expected", "earliest", "latest")],
              "With the interval in which it lies with 80 %. Empty: no trend leads to a limit. No `latest`: it may be much later, too.",
              [("node", "Node", None, None), ("resource", "Resource", None, None), ("Value #expected", "Full", "dateTimeFromNow", None),
               ("Value #earliest", "Earliest", "dateTimeAsIso", None), ("Value #latest", "Latest", "dateTimeAsIso", None)]),
        table("Who fails next", [('arsenal_next_failure_timestamp_seconds{@,bound="%s"} * 1000' % b, b) for b in ("expected", "earliest", "latest")],
              "By the rhythm of its restarts, a resource that its restarts follow, or the restart budget (then it is the supervisor, and no child is named).",
              [("node", "Node", None, None), ("supervisor", "Supervisor", None, None), ("child", "Child", None, None), ("Value #expected", "Expected", "dateTimeFromNow", None),
               ("Value #earliest", "Earliest", "dateTimeAsIso", None), ("Value #latest", "Latest", "dateTimeAsIso", None)]),
    ]),
    ("Links to other nodes", True, [
        lines("Queued for a link", [("erlang_vm_dist_node_queue_size_bytes{@}", "{{node}} → {{peer}}")],
              "At zdbbl (1 MB, unless +zdbbl says otherwise) senders are suspended.", unit="bytes", low=0),
        lines("Sent", [("rate(erlang_vm_dist_send_bytes{@}[$__rate_interval])", "{{node}} → {{peer}}")], "By the links' sockets.", unit="Bps", low=0),
        lines("Received", [("rate(erlang_vm_dist_recv_bytes{@}[$__rate_interval])", "{{node}} ← {{peer}}")], "By the links' sockets.", unit="Bps", low=0),
    ]),
    ("What watching costs", True, [
        lines("On the node: CPU", [("100 * rate(arsenal_probe_busy_seconds_total{@}[$__rate_interval])", "{{node}}")],
              "Busy time of the probe's processes, in % of one core.", unit="percent", low=0, w=6),
        lines("On the node: memory", [("arsenal_probe_memory_bytes{@}", "{{node}}")], "Of the probe's processes.", unit="bytes", low=0, w=6),
        lines("arsenal itself: CPU", [("100 * rate(arsenal_self_cpu_seconds_total[$__rate_interval])", "{{instance}}")], "In % of one core, for all nodes.", unit="percent", low=0, w=6),
        lines("arsenal itself: memory", [("arsenal_self_max_resident_memory_bytes", "{{instance}}")], "The most it has had.", unit="bytes", low=0, w=6),
        states("All restarts are seen", [("arsenal_restart_capture{@}", "{{node}}")],
               "no: the capture is blind or partial (log levels, Elixir's filter, OTP's trace in use); arsenal's page says which.",
               values=[(0, "no", WARNING), (1, "yes", HEALTHY)], h=6),
        lines("Samples", [("rate(arsenal_samples_total{@}[$__rate_interval])", "{{node}}")], "A second. A gap: the link was stalled or lost.", unit="ops", low=0, h=6),
        lines("Events lost inside arsenal", [("rate(arsenal_events_dropped_total{@}[$__rate_interval])", "{{node}}")],
              "Before any outlet saw them. Not 0: a flood; totals stay exact.", unit="ops", low=0, h=6),
    ]),
]

# ---- what is on the board of the fleet -----------------------------------------------------------------------------------------------

FLEET_COLUMNS = [  # (column, expression, unit, steps or values)
    ("Health", 'arsenal_health_level{@,criterion="overall"}', "none", LEVELS),
    ("Link", "arsenal_node_up{@}", "none", UP),
    ("Incidents", "arsenal_incidents_open{@}", "none", [(1, WARNING)]),
    ("Anomalies", "arsenal_anomalies_active{@}", "none", [(1, WARNING)]),
    ("Restarts 1 h", "arsenal_restarts_last_hour{@}", "none", [(5, WARNING), (10, CRITICAL)]),
    ("CPU", "arsenal_cpu_utilization_percent{@}", "percent", [(75, WARNING), (90, CRITICAL)]),
    ("Memory", "arsenal_memory_utilization_percent{@}", "percent", [(75, WARNING), (90, CRITICAL)]),
    ("Longest queue", "arsenal_mq_max{@}", "short", [(10000, WARNING), (100000, CRITICAL)]),
    ("First limit in", 'min by (node) (arsenal_resource_full_timestamp_seconds{@,bound="expected"} - time())', "s", None),
    ("Sample age", "time() - arsenal_last_sample_timestamp_seconds{@}", "s", [(30, WARNING), (120, CRITICAL)]),
]

FLEET = [
    ("The fleet", False, [
        number("Nodes", ("count(arsenal_node_up{@})", "nodes"), "That arsenal watches.", calm=True),
        number("Down", ("count(arsenal_node_up{@} == 0) or vector(0)", "down"), "No link. `arsenal status NODE` says why.", steps=[(1, CRITICAL)]),
        number("Critical", ('count(arsenal_health_level{@,criterion="overall"} == 2) or vector(0)', "critical"), "See the table for which.", steps=[(1, CRITICAL)]),
        number("Warning", ('count(arsenal_health_level{@,criterion="overall"} == 1) or vector(0)', "warning"), "See the table for which.", steps=[(1, WARNING)]),
        number("Open incidents", ("sum(arsenal_incidents_open{@})", "incidents"), "Over all nodes.", steps=[(1, WARNING)]),
        number("Anomalies", ("sum(arsenal_anomalies_active{@})", "anomalies"), "That hold, over all nodes.", steps=[(1, WARNING)]),
        number("Restarts in 1 h", ("sum(arsenal_restarts_last_hour{@})", "restarts"), "Over all nodes.", calm=True),
        number("Gave up in 1 h", ("sum(increase(arsenal_supervisors_gave_up_total{@}[1h]))", "supervisors"), "Supervisors that reached their restart intensity and ended.",
               steps=[(1, CRITICAL)], decimals=0),
        table("Nodes", [(expression, column) for column, expression, _, _ in FLEET_COLUMNS], "The worst first. A node's name leads to its board.",
              [("node", "Node", None, None)] + [("Value #" + c, c, unit, scale) for c, _, unit, scale in FLEET_COLUMNS], w=24, h=12,
              sort="Health", link=("node", "/d/arsenal-node?var-node=${__value.text}&${datasource:queryparam}&${__url_time_range}")),
        states("Health", [('arsenal_health_level{@,criterion="overall"}', "{{node}}")], "When which node was not healthy.", w=12, h=10),
        states("Link", [("arsenal_node_up{@}", "{{node}}")], "When which node was down.", values=UP, w=12, h=10),
    ]),
    ("The ten that stand out", False, [
        lines("CPU", [("topk(10, arsenal_cpu_utilization_percent{@})", "{{node}}")], "Busy share of the schedulers.", unit="percent", low=0, high=100),
        lines("Memory", [("topk(10, arsenal_memory_utilization_percent{@})", "{{node}}")], "Of the machine or container.", unit="percent", low=0, high=100),
        lines("Longest message queue", [("topk(10, arsenal_mq_max{@})", "{{node}}")], "Who it is: the node's board, message queues and culprits.", low=0),
        lines("Restarts", [("topk(10, increase(arsenal_restarts_total{@}[$__rate_interval]))", "{{node}}")], "By all supervisors of a node.", low=0, bars=True),
        lines("Run queue", [("topk(10, arsenal_run_queue{@})", "{{node}}")], "Processes and ports that wait for a scheduler.", low=0),
        bars("Nearest to a limit", [("topk(10, max by (node, resource) (arsenal_resource_used_percent{@}))", "{{node}} {{resource}}")], "Used share of what may run out.",
             unit="percent", low=0, high=100, steps=[(75, WARNING), (90, CRITICAL)]),
    ]),
    ("arsenal", True, [
        lines("arsenal itself: CPU", [("100 * rate(arsenal_self_cpu_seconds_total[$__rate_interval])", "{{instance}}")], "In % of one core.", unit="percent", low=0),
        lines("arsenal itself: memory", [("arsenal_self_max_resident_memory_bytes", "{{instance}}")], "The most it has had.", unit="bytes", low=0),
        lines("Cost on the nodes", [("topk(10, 100 * rate(arsenal_probe_busy_seconds_total{@}[$__rate_interval]))", "{{node}}")],
              "Busy time of the probe's processes, in % of one core: the ten it costs most.", unit="percent", low=0),
    ]),
]

# What is drawn across all charts: (name, expression, text, colour). Where an expression has a value above 0, there is a mark.
ANNOTATIONS = [
    ("Restarts", "changes(arsenal_restarts_total{@}[1m]) > 0", "{{node}}: restarts", WARNING, True),
    ("Gave up", "changes(arsenal_supervisors_gave_up_total{@}[1m]) > 0", "{{node}}: a supervisor gave up", CRITICAL, True),
    ("Boots", "(arsenal_wallclock_seconds_total{@} < 120) > 0", "{{node}}: the VM booted", HEALTHY, True),
    ("Deploys", "(time() - arsenal_last_deploy_timestamp_seconds{@} < 120) > 0", "{{node}}: other versions of applications", HEALTHY, True),
    ("Anomalies", "arsenal_anomaly_score{@} > 0", "{{node}}: {{type}}", "#CC79A7", True),
    ("Down", "1 - arsenal_node_up{@} > 0", "{{node}}: no link", CRITICAL, True),
]


# ---- what Grafana wants around that ----------------------------------------------------------------------------------------------------

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def mappings(values):
    return [{"type": "value", "options": {str(v): {"text": text, "color": color, "index": i} for i, (v, text, color) in enumerate(values)}}]


def is_values(scale):
    return bool(scale) and len(scale[0]) == 3


def thresholds(steps, base):
    return {"mode": "absolute", "steps": [{"color": base, "value": None}] + [{"color": c, "value": v} for v, c in steps]}


def defaults(p):
    steps, values = p.get("steps"), p.get("values")
    colored = steps and p["kind"] != "timeseries" or values
    field = {"unit": p["unit"], "color": {"mode": "thresholds" if colored else "palette-classic"},
             "thresholds": thresholds(steps or [], p.get("base", HEALTHY)), "mappings": mappings(values) if values else [], "custom": {}}
    if p.get("calm"):
        field["color"] = {"mode": "fixed", "fixedColor": HEALTHY}
    for key, name in (("low", "min"), ("high", "max"), ("decimals", "decimals"), ("none", "noValue")):
        if key in p:
            field[name] = p[key]
    if p["kind"] == "timeseries":
        field["custom"] = {"drawStyle": "bars" if p.get("bars") else "line", "lineWidth": 1, "fillOpacity": 60 if p.get("bars") else 20 if p.get("stack") else 5,
                           "showPoints": "never", "spanNulls": False, "stacking": {"mode": "normal" if p.get("stack") else "none", "group": "A"},
                           "thresholdsStyle": {"mode": "line" if steps else "off"}}
    elif p["kind"] == "state-timeline":
        field["custom"] = {"lineWidth": 0, "fillOpacity": 80}
    elif p["kind"] == "table":
        field["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}}
    return field


def options(p):
    if p["kind"] == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}, "tooltip": {"mode": "multi", "sort": "desc"}}
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if p["kind"] == "stat":
        return {"reduceOptions": reduce, "colorMode": "value" if p.get("calm") else "background", "graphMode": "none", "textMode": "auto", "justifyMode": "center",
                "orientation": "auto"}
    if p["kind"] == "bargauge":
        return {"reduceOptions": reduce, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": True, "valueMode": "color"}
    if p["kind"] == "state-timeline":
        return {"showValue": "auto", "mergeValues": True, "rowHeight": 0.85, "alignValue": "left", "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
                "tooltip": {"mode": "single", "sort": "none"}}
    return {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""},
            "sortBy": [{"displayName": p["sort"], "desc": True}] if "sort" in p else []}


def column_override(column, p):
    name, heading, unit, scale = column
    properties = []
    if unit:
        properties.append({"id": "unit", "value": unit})
    if scale and is_values(scale):
        properties += [{"id": "mappings", "value": mappings(scale)},
                       {"id": "thresholds", "value": thresholds([(v, c) for v, _, c in scale[1:]], scale[0][2])}]
    elif scale:
        properties.append({"id": "thresholds", "value": thresholds(scale, HEALTHY)})
    if scale:
        properties += [{"id": "color", "value": {"mode": "thresholds"}}, {"id": "custom.cellOptions", "value": {"type": "color-text"}}]
    if p.get("link", ("",))[0] == name:
        properties.append({"id": "links", "value": [{"title": "The node's board", "url": p["link"][1]}]})
    return {"matcher": {"id": "byName", "options": heading}, "properties": properties}


def transformations(p):
    names = {name: heading for name, heading, _, _ in p["columns"]}
    # What of labels and time is no column is hidden: of a scrape, and of the queries.
    hidden = {name: True for name in ("Time", "__name__", "instance", "job", "bound", "kind", "criterion") if name not in names}
    return [{"id": "merge", "options": {}},
            {"id": "organize", "options": {"excludeByName": hidden, "indexByName": {name: i for i, name in enumerate(names)}, "renameByName": names}}]


def targets(p):
    found = []
    for i, (expression, legend) in enumerate(p["queries"]):
        instant = p["kind"] in ("stat", "bargauge", "table")
        target = {"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": chosen(expression), "legendFormat": legend, "editorMode": "code",
                  "instant": instant, "range": not instant, "format": "table" if p["kind"] == "table" else "time_series"}
        if p["kind"] == "table":
            target["refId"] = legend
        found.append(target)
    return found


def grafana_panel(p, ident, x, y):
    out = {"id": ident, "type": p["kind"], "title": p["title"], "description": p["description"], "datasource": SOURCE,
           "gridPos": {"x": x, "y": y, "w": p["w"], "h": p["h"]},
           "fieldConfig": {"defaults": defaults(p), "overrides": [column_override(c, p) for c in p.get("columns", ())]},
           "options": options(p), "targets": targets(p)}
    if p["kind"] == "table":
        out["transformations"] = transformations(p)
    return out


def lay_out(rows):
    """Rows of panels from the left to the right and down, ids by their order."""
    found, y, ident = [], 0, 0
    for title, collapsed, panels in rows:
        ident += 1
        row = {"id": ident, "type": "row", "title": title, "collapsed": collapsed, "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "panels": []}
        found.append(row)
        y, x, height = y + 1, 0, 0
        for p in panels:
            if x + p["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            ident += 1
            (row["panels"] if collapsed else found).append(grafana_panel(p, ident, x, y))
            x, height = x + p["w"], max(height, p["h"])
        y += height
    return found


def annotation(name, expression, text, color, enabled):
    return {"name": name, "datasource": SOURCE, "enable": enabled, "hide": False, "iconColor": color, "expr": chosen(expression), "step": "1m",
            "titleFormat": name, "textFormat": text, "tagKeys": "node", "useValueForTime": False}


def variables(default_all):
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "", "hide": 0, "refresh": 1, "multi": False,
             "includeAll": False, "options": [], "current": {}, "skipUrlSync": False},
            {"name": "node", "label": "Node", "type": "query", "datasource": SOURCE, "definition": "label_values(arsenal_node_up, node)",
             "query": {"query": "label_values(arsenal_node_up, node)", "refId": "node"}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
             "regex": "", "hide": 0, "options": [], "current": everything if default_all else {}, "skipUrlSync": False}]


def requires(panels):
    kinds = {p["type"] for p in panels} | {q["type"] for p in panels for q in p.get("panels", ())}
    return ([{"type": "grafana", "id": "grafana", "name": "Grafana", "version": "9.0.0"},
             {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}]
            + [{"type": "panel", "id": kind, "name": kind, "version": ""} for kind in sorted(kinds - {"row"})])


def dashboard(uid, title, description, rows, other, default_all):
    panels = lay_out(rows)
    return {"__inputs": [], "__elements": {}, "__requires": requires(panels), "id": None, "uid": uid, "title": title, "description": description,
            "tags": ["arsenal", "erlang", "elixir"], "schemaVersion": 36, "version": 1, "editable": True, "graphTooltip": 1, "style": "dark", "timezone": "browser",
            "fiscalYearStartMonth": 0, "liveNow": False, "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timepicker": {}, "weekStart": "",
            "links": [{"type": "link", "title": other[0], "url": "/d/" + other[1], "icon": "dashboard", "keepTime": True, "includeVars": False, "asDropdown": False,
                       "targetBlank": False, "tags": [], "tooltip": ""}],
            "templating": {"list": variables(default_all)}, "annotations": {"list": [annotation(*a) for a in ANNOTATIONS]}, "panels": panels}


def boards():
    """{file name: dashboard}"""
    return {"arsenal.json": dashboard("arsenal-node", "arsenal: nodes", "Erlang and Elixir nodes as arsenal sees them: what needs attention, who, since when, what next.",
                                      NODE, ("All nodes", "arsenal-fleet"), False),
            "arsenal-fleet.json": dashboard("arsenal-fleet", "arsenal: fleet", "All nodes that arsenal watches, the worst first.", FLEET,
                                            ("Nodes in depth", "arsenal-node"), True)}


def text(board):
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for name, board in boards().items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text(board))


if __name__ == "__main__":
    main()
