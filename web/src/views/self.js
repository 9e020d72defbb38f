// SPDX-License-Identifier: Apache-2.0
// The monitor's own health and cost: what it uses, whether its loop is on time, whether the history can be written, who listens, and what its probes
// take of the nodes. What is wrong is said first, in red.

import "./self.css";
import { why } from "../api.js";
import { age, block, draw, el, empty, term } from "../dom.js";
import { bytes, count, known, plural, quantity } from "../format.js";
import { facts, readSort, table } from "../table.js";
import { mark } from "../words.js";

const LATE_US = 500000; // links are cut when the loop stands still for seconds
const QUEUE_SHARE = 0.5;
const PROBE_SHARE = 1; // percent of a scheduler: twice its budget

// ---- rates: by the first figures that this page saw -----------------------------------------------------------------

let first = new Map(); // what → { uptime, v }; of the run of the program that `began` tells apart
let began = null;

/** rate(what, v, uptime): by how much v grew a millisecond since the page looks; null before ten seconds. */
function rate(what, v, uptime) {
  if (!Number.isFinite(v)) return null;
  const from = first.get(what);
  if (!from || v < from.v) {
    first.set(what, { uptime, v });
    return null;
  }
  return uptime - from.uptime >= 10000 ? (v - from.v) / (uptime - from.uptime) : null;
}

// A monitor that was started again counts from zero.
function sameRun(stats) {
  const start = Date.now() - stats.uptime;
  if (began !== null && Math.abs(start - began) > 60000) first = new Map();
  began = start;
}

// ---- what probes of the outside are told -------------------------------------------------------------------------------

const CHECK_MS = 5000;
const CHECKS = ["/healthz", "/readyz"];
let checks = {}; // path → status, or the reason why there is none
let checkedAt = 0;

async function checkOne(path) {
  try {
    checks[path] = (await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(CHECK_MS) })).status;
  } catch (error) {
    checks[path] = why(error);
  }
}

async function check(app) {
  if (Date.now() - checkedAt < CHECK_MS) return;
  checkedAt = Date.now();
  await Promise.all(CHECKS.map(checkOne));
  app.show();
}

const checkText = (path) => [el("span", { class: "mono" }, path), ` ${checks[path] ?? "…"}${checks[path] === 200 ? " ok" : ""}`];

// ---- what is wrong ----------------------------------------------------------------------------------------------------

function complaints(stats) {
  const bad = [];
  const say = (kind, ...words) => bad.push([kind, words]);
  if ((checks["/healthz"] ?? 200) !== 200) say("critical", `/healthz says ${checks["/healthz"]}: the loop does not turn.`);
  if ((checks["/readyz"] ?? 200) !== 200) say("critical", `/readyz says ${checks["/readyz"]}: no node is linked.`);
  const store = stats?.store;
  if (store?.failing) say("critical", el("strong", {}, "The history cannot be written to disk: "), term(store.failure || "why is not known", 200), `. What comes is kept in memory (${bytes(store.queued_bytes)} of at most ${bytes(store.queued_max_bytes)}) and tried again; free or mend the disk.`);
  else if (store && store.queued_bytes > store.queued_max_bytes * QUEUE_SHARE) say("warning", `The disk is slow: ${bytes(store.queued_bytes)} wait to be written, of at most ${bytes(store.queued_max_bytes)}.`);
  if (store?.dropped) say("critical", `${plural(store.dropped, "row")} of history ${store.dropped === 1 ? "is" : "are"} lost: the disk did not take them in time.`);
  if (stats?.loop.late_us > LATE_US) say("warning", `The loop was ${quantity(stats.loop.late_us / 1000, "ms")} late within the last minute: this host is short of CPU, or arsenal was held up. After 4 s links are cut, to protect the nodes.`);
  if (stats?.http.events_dropped) say("warning", `${plural(stats.http.events_dropped, "event")} ${stats.http.events_dropped === 1 ? "was" : "were"} lost to slow clients of the event stream.`);
  if (stats && stats.http.event_streams >= stats.http.event_streams_max) say("warning", `All ${stats.http.event_streams_max} event streams are taken: further pages get none.`);
  for (const n of stats?.nodes || []) {
    if (n.events_dropped) say("warning", `${plural(n.events_dropped, "event")} of `, el("span", { class: "mono" }, term(n.node, 120)), " lost before anybody could read them.");
    if (n.bad_messages) say("warning", el("span", { class: "mono" }, term(n.node, 120)), ` sent ${plural(n.bad_messages, "message")} that could not be read.`);
  }
  return bad;
}

function showHealth(app) {
  const { stats } = app.data;
  const bad = complaints(stats);
  const complete = Boolean(stats) && CHECKS.every((path) => path in checks);
  draw(health, [bad.map(([kind, words]) => [kind, words.map((w) => w.textContent ?? w)]), complete, checks], () => [
    bad.map(([kind, words]) => el("p", { class: `complaint is-${kind}`, role: kind === "critical" ? "alert" : null }, mark(kind, kind), el("span", {}, words))),
    bad.length ? null : el("p", { class: "complaint" }, mark(complete ? "healthy" : "unknown", complete ? "healthy" : "asking…"), complete ? el("span", {}, "Its loop turns on time, a node is linked, nothing is lost.") : null),
    el("p", { class: "note" }, CHECKS.flatMap((path, i) => [i ? " · " : "", checkText(path)])),
  ]);
}

// ---- figures ----------------------------------------------------------------------------------------------------------

const percent = (share) => (share === null ? "…" : quantity(100 * share, "percent"));

function programFacts(stats) {
  return facts([
    ["Version", stats.version], ["Runs for", age(stats.uptime)],
    ["CPU", `${percent(rate("cpu", stats.cpu_ms, stats.uptime))} of a core`, el("span", { class: "dim" }, `, ${quantity((100 * stats.cpu_ms) / Math.max(1, stats.uptime), "percent")} since its start`)],
    ["Memory (RSS)", stats.rss_bytes ? bytes(stats.rss_bytes) : "not known", el("span", { class: "dim" }, `, ${bytes(stats.max_rss_bytes)} at most`)],
    ["Loop late by", quantity(stats.loop.late_us / 1000, "ms"), el("span", { class: "dim" }, ` at the worst of the last minute, ${quantity(stats.loop.worst_late_us / 1000, "ms")} ever`)],
  ]);
}

function storeFacts(store) {
  if (!store) return empty("There is no history on disk: --store FILE keeps one over a restart. Without it all is in memory.");
  return facts([
    ["State", store.failing ? mark("critical", "cannot be written") : mark("healthy", "is written")],
    ["File", bytes(store.bytes)],
    ["Waits to be written", bytes(store.queued_bytes), el("span", { class: "dim" }, ` of at most ${bytes(store.queued_max_bytes)}`)],
    ["Rows written", count(store.committed)],
    ["Rows lost", store.dropped ? mark("critical", count(store.dropped)) : "0"],
  ]);
}

const httpFacts = (http) => facts([
  ["Requests", count(http.requests), el("span", { class: "dim" }, `, ${count(http.refused)} refused`)],
  ["Connections", count(http.connections)],
  ["Event streams", `${count(http.event_streams)} of at most ${count(http.event_streams_max)}`],
  ["Events sent", count(http.events_sent)],
  ["Events lost to slow clients", count(http.events_dropped)],
]);

// ---- the probes --------------------------------------------------------------------------------------------------------

const busy = (n, uptime) => {
  const r = rate(`busy ${n.node}`, n.probe_busy_us, uptime);
  return r === null ? null : r / 10; // µs a millisecond, as percent of one scheduler
};

const columns = (app, uptime) => [
  { key: "node", title: "Node", value: (n) => n.node, cell: (n) => el("a", { href: app.link({ node: n.node }), "data-row": true, "data-key": `node ${n.node}` }, term(n.node, 100)) },
  { key: "busy", title: "Probe busy", number: true, help: "Wall time that the probe’s processes were busy since this page looks, in percent of one scheduler; its budget is 0.3 % for the walk and half as much for surveys", value: (n) => busy(n, uptime),
    cell: (n) => (n.probe_busy_us === null ? "no probe" : busy(n, uptime) === null ? "…" : [el("a", { href: app.link({ node: n.node, view: "charts", params: { find: "probe" } }), title: "Over time, in the charts" }, quantity(busy(n, uptime), "percent")), busy(n, uptime) > PROBE_SHARE && [" ", mark("warning", "much")]]) },
  { key: "collect", title: "Collection", number: true, css: "hide-tiny", help: "Duration of the last one", value: (n) => n.probe_collect_us, cell: (n) => (n.probe_collect_us === null ? "–" : known(n.probe_collect_us / 1000, "ms")) },
  { key: "walk", title: "Walk", number: true, css: "hide-small", help: "Busy time of the last walk over the processes", value: (n) => n.probe_walk_us, cell: (n) => (n.probe_walk_us === null ? "–" : known(n.probe_walk_us / 1000, "ms")) },
  { key: "memory", title: "Memory", number: true, help: "Of the probe’s processes", value: (n) => n.probe_memory, cell: (n) => known(n.probe_memory, "bytes") },
  { key: "samples", title: "Samples", number: true, css: "hide-small", value: (n) => n.performance_samples, cell: (n) => count(n.performance_samples) },
  { key: "events", title: "Events", number: true, css: "hide-small", value: (n) => n.events, cell: (n) => count(n.events) },
  { key: "connects", title: "Links made", number: true, css: "hide-small", value: (n) => n.connects, cell: (n) => known(n.connects, "count") },
  { key: "in", title: "Received", number: true, css: "hide-small", value: (n) => n.bytes_in, cell: (n) => known(n.bytes_in, "bytes") },
  { key: "out", title: "Sent", number: true, css: "hide-small", value: (n) => n.bytes_out, cell: (n) => known(n.bytes_out, "bytes") },
];

function nodeTable(app, stats) {
  if (!stats.nodes.length) return empty("No node is watched here.");
  const cols = columns(app, stats.uptime);
  return table(app, { label: "What each node’s probe costs", columns: cols, rows: stats.nodes, sort: readSort(app, cols) });
}

let health, program, store, http, nodes;

export const self = {
  id: "self",
  title: "Monitor",
  scope: "all",
  asks: () => ({ stats: "stats" }),
  open(root) {
    [health, program, store, http, nodes] = ["health", "program", "store", "http", "nodes"].map((part) => el("div", { id: `self-${part}` }));
    root.append(block("The monitor itself", {}, health, program),
      el("div", { class: "pair" }, block("History on disk", {}, store), block("Who asks and listens", {}, http)), block("Its cost to each node", {}, nodes));
  },
  show(app) {
    const { stats } = app.data;
    check(app);
    showHealth(app);
    if (!stats) {
      draw(program, app.errors.stats, () => empty(app.errors.stats ? `No figures: ${app.errors.stats}.` : "Asking…"));
      return;
    }
    sameRun(stats);
    draw(program, [stats.uptime], () => programFacts(stats));
    draw(store, stats.store, () => storeFacts(stats.store));
    draw(http, stats.http, () => httpFacts(stats.http));
    draw(nodes, [stats.nodes, [...app.route.params]], () => nodeTable(app, stats));
  },
};
