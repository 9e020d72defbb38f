// SPDX-License-Identifier: Apache-2.0
// A report read on the page, from its JSON: the verdict first, then what it rests on. Not from its HTML in a frame: that may be framed by nobody, has a
// policy of its own, and leads nowhere; from here each name and moment leads to where one sees more.

import { ago, draw, el, list, term } from "../dom.js";
import { bytes, count, known, moment, plural, quantity, spoken } from "../format.js";
import { around, rangeParams } from "../range.js";
import { facts, readSort, table } from "../table.js";
import { mark, PATTERNS, severityKind, title } from "../words.js";
import { culpritLinks } from "./culprits.js";
import { smallCharts } from "./report_charts.js";

const mono = (text, max = 200) => (text ? el("span", { class: "mono" }, term(String(text), max)) : "–");
const at = (t) => Date.parse(t);

/** section(title, ...content): a part of a report; nothing if there is no content. */
function section(name, ...content) {
  const all = content.flat().filter((c) => c !== null && c !== undefined && c !== false);
  return all.length ? el("section", { class: "report-part" }, el("h4", {}, name), all) : null;
}

const rows = (items, cell, max = 50) => (items.length ? [el("ul", { class: "plain" }, items.slice(0, max).map((one) => el("li", {}, cell(one)))), items.length > max && el("p", { class: "note" }, `and ${items.length - max} more`)] : null);

export const CAUSES = {
  link_lost: "link lost", stopped_in_order: "stopped in order", crashed: "crashed", supervisor_gave_up: "a supervisor gave up", restart_storm: "restart storm", memory_limit: "memory limit", message_queue: "message queue",
  memory_growth: "memory growth", limit_reached: "limit reached", overload: "overload", hung: "hung", killed: "killed", nothing_unusual: "nothing unusual", not_clear: "not clear",
};
const CALM = ["nothing_unusual", "stopped_in_order", "not_clear"];
/** causeMark(cause): as a tag. */
export const causeMark = (cause) => el("span", { class: `tag ${CALM.includes(cause) ? "unknown" : "critical"}` }, CAUSES[cause] || spoken(cause || "?"));

// ---- its parts --------------------------------------------------------------------------------------------------------

function verdictPart(r) {
  const v = r.verdict;
  return el("div", { class: "report-verdict" },
    el("p", { class: "verdict-line" }, causeMark(v.cause), " ", el("strong", {}, term(v.title || "", 400)), Number.isFinite(v.confidence) && el("span", { class: "dim" }, ` sure by ${Math.round(100 * v.confidence)} %`)),
    v.reasons?.length ? el("ul", { class: "plain" }, v.reasons.map((reason) => el("li", {}, term(reason, 400)))) : null,
    v.also && el("p", { class: "dim" }, "It may also be: ", term(v.also, 400)));
}

const RETURNED = { not_yet: "it had not come back when this was written", same_vm: "the same VM came back", restarted: "a new VM came up" };

function endPart(e) {
  if (!e) return null;
  const dump = e.crash_dump;
  return section("The end", facts([
    ["When", `${moment(at(e.timestamp))}`, " (", ago(e.timestamp), ")"],
    ["What", term(e.what || "", 300)],
    ["Link", `${e.state}`, e.detail && [": ", term(e.detail, 200)]],
    e.stopping && ["Said before", "that it stops in order"],
    e.process && ["VM’s process", `${e.process}${e.os_pid ? ` (pid ${e.os_pid})` : ""}`],
    e.oom_kills && ["Out of memory", "the kernel killed processes for want of memory"],
    e.returned && ["Afterwards", RETURNED[e.returned] || spoken(e.returned), e.returned_at && ` ${moment(at(e.returned_at))}`],
    dump && ["Crash dump", mono(dump.path), dump.slogan && [" ", term(dump.slogan, 300)], dump.cause && [". ", term(dump.cause, 300)], dump.note && [" ", el("span", { class: "dim" }, term(dump.note, 300))]],
  ]));
}

const grownPart = (r) => section("What grew", rows(r.grown || [], (g) => [mono(g.metric), `: ${quantity(g.before, g.unit)} → ${quantity(g.after, g.unit)}, at most ${quantity(g.peak, g.unit)}`, g.since && el("span", { class: "dim" }, ` since ${moment(at(g.since))}`)]));

const RANK_UNITS = { memory: "bytes", binary: "bytes", reductions: "count/s", queue: "count", message_queue: "count" };
const growersPart = (r) => section("Which processes grew", rows(r.growers || [], (g) => [mono(g.name || g.pid), g.name && el("span", { class: "dim mono" }, ` ${g.pid}`), ` by ${spoken(g.by)}: ${g.first_is_bound ? "at most " : ""}${known(g.first, RANK_UNITS[g.by])} → ${known(g.last, RANK_UNITS[g.by])}`, el("span", { class: "dim" }, ` ${moment(at(g.first_at))} – ${moment(at(g.last_at))}`)]));

const link = (app, r, view, params, ...label) => (app.nodes.some((n) => n.name === r.node) ? el("a", { href: app.link({ node: r.node, view, params }) }, label) : label);

const restartColumns = (app, r) => [
  { key: "child", title: "Supervisor and child", value: (x) => `${x.supervisor} ${x.child_id}`, cell: (x) => [link(app, r, "restarts", { supervisor: x.supervisor, ...rangeParams(at(r.time_range.start), at(r.time_range.end)) }, mono(x.supervisor, 120)), " / ", mono(x.child_id, 120)] },
  { key: "reason", title: "Reason most often", css: "hide-small", value: (x) => x.reason, cell: (x) => el("span", { class: "reason" }, mono(x.reason, 300)) },
  { key: "count", title: "Restarts", number: true, value: (x) => x.count, cell: (x) => count(x.count) },
  { key: "first", title: "First", number: true, css: "hide-small", value: (x) => x.first, cell: (x) => moment(at(x.first)) },
  { key: "last", title: "Last", number: true, value: (x) => x.last, cell: (x) => link(app, r, "charts", around(at(x.last)), moment(at(x.last))) },
];

function restartsPart(app, r) {
  const x = r.restarts;
  if (!x || !(x.total + x.failed + x.gave_up)) return null;
  const cols = restartColumns(app, r);
  return section("What restarted",
    el("p", {}, `${plural(x.total, "restart")}, ${plural(x.failed, "failed start")}, ${plural(x.gave_up, "supervisor")} gave up.`),
    rows(x.patterns || [], (p) => [el("span", { class: "tag warning" }, PATTERNS[p.type] || spoken(p.type)), " ", term(p.pattern, 300), el("span", { class: "dim" }, ` ${moment(at(p.first))} – ${moment(at(p.last))}`)], 20),
    x.by_child?.length ? table(app, { label: "Restarts by child", columns: cols, rows: x.by_child, sort: readSort(app, cols, "restarts"), param: "restarts" }) : null);
}

function incidentsPart(app, r) {
  return section("Incidents", rows(r.incidents || [], (i) => [mark(severityKind[i.severity], i.severity), " ", link(app, r, "incidents", { id: i.id }, term(i.title, 300)),
    el("span", { class: "dim" }, ` ${moment(at(i.opened))} – ${i.ended ? moment(at(i.ended)) : "open at its end"}`), i.next_step && el("div", { class: "dim" }, term(i.next_step, 300))], 30));
}

function anomaliesPart(app, r) {
  const all = (r.anomalies || []).filter((one) => !one.incident);
  return section("Further anomalies", rows(all, (a) => [mark(severityKind[a.severity], a.severity), " ", term(a.description, 300), a.culprits?.length ? [" — ", culpritLinks(app, r.node, a.culprits)] : null, " ", link(app, r, "charts", around(at(a.timestamp)), moment(at(a.timestamp)))], 30),
    r.anomalies_left_out ? el("p", { class: "note" }, `${plural(r.anomalies_left_out, "anomaly", "anomalies")} more left out`) : null);
}

// What happened, one under the other: health, link, restarts. Of a flood of restarts the last are enough.
const LINE_MAX = 100;
function timeLine(r) {
  const of = (items, tell) => (items || []).map((one) => ({ t: at(one.timestamp), what: tell(one) }));
  return [
    ...of(r.health?.changes, (c) => [el("strong", {}, title(c.criterion)), ` ${c.from} → ${c.to}`]),
    ...of(r.link, (l) => ["link ", el("strong", {}, l.state), l.detail && [": ", term(l.detail, 200)]]),
    ...of(r.restarts?.timeline, (x) => ["restart of ", mono(x.child_id, 120), " under ", mono(x.supervisor, 120), " ", el("span", { class: "dim mono" }, term(x.reason || "", 200))]),
    ...(r.end ? of([r.end], (e) => [el("strong", {}, "the end: "), term(e.what || "", 300)]) : []),
  ].filter(({ t }) => Number.isFinite(t)).toSorted((a, b) => a.t - b.t);
}

function timePart(app, r) {
  const all = timeLine(r);
  const shown = all.slice(-LINE_MAX);
  return section("Time line", shown.length < all.length ? el("p", { class: "note" }, `The last ${shown.length} of ${all.length}.`) : null,
    shown.length ? el("ol", { class: "time-line" }, shown.map(({ t, what }) => el("li", {}, link(app, r, "charts", around(t), el("time", { datetime: new Date(t).toISOString() }, moment(t))), el("span", {}, what)))) : null);
}

const topRow = (ranking, p) => [mono(p.name || p.pid), p.name && el("span", { class: "dim mono" }, ` ${p.pid}`), ` ${known(p.value, RANK_UNITS[ranking])}`, p.ancestors?.length ? [" ", el("span", { class: "dim mono" }, term(p.ancestors.toReversed().join(" › "), 160))] : null];
const topPart = (r) => section("Largest processes at its end", el("div", { class: "columns" }, Object.entries(r.top || {}).filter(([, all]) => all?.length).map(([ranking, all]) => el("div", {}, el("p", { class: "note" }, `by ${spoken(ranking)}`), rows(all.slice(0, 5), (p) => topRow(ranking, p))))));

const memoryPart = (r) => section("Memory at its end", rows(r.memory || [], (level) => [el("strong", {}, spoken(level.name)), ` ${known(level.bytes, "bytes")}: `, el("span", { class: "dim" }, list(Object.entries(level.parts || {}).map(([name, v]) => `${spoken(name)} ${known(v, "bytes")}`)))]));
const tablesPart = (r) => section("Largest tables", rows((r.tables || []).slice(0, 10), (t) => [mono(t.name), ` ${known(t.memory, "bytes")}, ${known(t.size, "count")} objects, of `, mono(t.owner), Number.isFinite(t.growth_per_hour) && t.growth_per_hour ? ` (${t.growth_per_hour > 0 ? "+" : ""}${bytes(t.growth_per_hour)} an hour)` : ""]));

function nodePart(r) {
  const i = r.node_info || {};
  return section("The node", facts([
    ["OTP", i.otp_release || "not known"], i.elixir && ["Elixir", i.elixir], ["Schedulers", i.schedulers_online ?? "not known"], i.booted_at && ["Booted", moment(at(i.booted_at))],
    ["Watched", i.injected ? "by the probe" : "by plain calls"], i.note && ["Not seen", term(i.note, 300)], r.health && ["Health at its end", mark(r.health.overall_status, r.health.overall_status)],
    r.health?.recommendations && ["Advice", term(r.health.recommendations, 400)],
  ]));
}

/** showReport(box, app, r): the whole of it. */
export function showReport(box, app, r) {
  draw(box, [r.id, r.node, r.made_at, app.route.params.get("restarts"), app.nodes.some((n) => n.name === r.node)], () => [
    verdictPart(r),
    el("p", { class: "note" }, `${moment(at(r.time_range.start))} – ${moment(at(r.time_range.end))}, made ${moment(at(r.made_at))}`),
    endPart(r.end), smallCharts(r), grownPart(r), growersPart(r), incidentsPart(app, r), restartsPart(app, r), anomaliesPart(app, r), timePart(app, r), topPart(r), tablesPart(r), memoryPart(r), nodePart(r),
  ].filter(Boolean));
}
