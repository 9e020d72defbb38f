// SPDX-License-Identifier: Apache-2.0
// An incident's small time line: each finding from when it began to when it ended, and the restarts of the supervisors that it names.

import { el, term } from "../dom.js";
import { clock, spoken } from "../format.js";
import { timeTicks } from "../lanes/axis.js";
import { svg } from "../lanes/svg.js";
import { serverNow } from "../servertime.js";
import { severityKind } from "../words.js";

const EDGE = 0.06; // of its length, on both sides
const LEAST_MS = 30000;
const CHILDREN = 12;
const NARROW = 740;
const H = 18;

/** spanOf(incident): { from, to }: the time that its time line shows; null if nothing is known of when. */
export function spanOf(incident, now = serverNow()) {
  const begun = [incident.opened, ...incident.members.map((m) => m.since)].filter(Boolean).map((t) => Date.parse(t));
  if (!begun.length) return null;
  const from = Math.min(...begun), to = incident.ended ? Date.parse(incident.ended) : now;
  const width = Math.max(LEAST_MS, to - from);
  return { from: from - EDGE * width, to: to + EDGE * width };
}

const percent = (span, t) => `${Math.round(((Math.min(span.to, Math.max(span.from, t)) - span.from) / (span.to - span.from)) * 10000) / 100}%`;

function bar(span, from, to, name) {
  const a = percent(span, from), width = `${Math.max(0.4, parseFloat(percent(span, to)) - parseFloat(a))}%`;
  return svg("rect", { class: name, x: a, y: 4, width, height: H - 8, rx: 2 });
}

const line = (span, t, name) => svg("line", { class: name, x1: percent(span, t), x2: percent(span, t), y1: 1, y2: H - 1 });
const row = (name, words, ...shapes) => el("li", { class: "mini-row" }, el("span", { class: "mini-name" }, name), svg("svg", { class: "mini", height: H, "aria-hidden": "true" }, shapes), el("span", { class: "mini-words" }, words));

const restartsOf = (r, span, start, step) => [
  (r.times?.restart || []).map((t) => line(span, t, "restarted")),
  (r.counts?.restart || []).flatMap((n, i) => (n ? [bar(span, start + i * step, start + (i + 1) * step, "restarted-many")] : [])),
];
const restartsText = (n) => `${n} ${n === 1 ? "restart" : "restarts"}`;

function findingRow(m, span, now, restarts) {
  const from = m.since || m.timestamp ? Date.parse(m.since ?? m.timestamp) : span.from, to = m.ended ? Date.parse(m.ended) : now;
  const words = [restarts.n > 0 && `${restartsText(restarts.n)}, `, m.ended ? `${clock(from)} to ${clock(to)}` : `since ${clock(from)}`];
  return row([m.root && el("strong", {}, "root: "), m.type === "restart_anomaly" ? ["restarts of ", el("span", { class: "mono" }, term(m.child_id ?? "?", 60))] : spoken(m.type.replace("_anomaly", "")), m.metric && el("span", { class: "dim mono" }, ` ${m.metric}`)], words,
    bar(span, from, to, `finding-bar is-${severityKind[m.severity] || "low"}${restarts.n ? " is-behind" : ""}`), restarts.shapes, m.timestamp && line(span, Date.parse(m.timestamp), "found"));
}

const isOf = (r, m) => r.supervisor === m.supervisor && r.child_id === m.child_id;

// What restarted under the supervisors that it names: on the line of the finding that is about it, else on one of its own.
function rows(incident, marks, span, now) {
  const start = marks ? Date.parse(marks.time_range.start) : 0, step = marks ? marks.restarts.step * 1000 : 1;
  const named = new Set([...incident.members, ...(incident.patterns || [])].map((m) => m.supervisor).filter(Boolean));
  const restarted = (marks?.restarts.rows || []).filter((r) => named.has(r.supervisor));
  const findings = incident.members.map((m) => {
    const r = m.supervisor && restarted.find((one) => isOf(one, m));
    return findingRow(m, span, now, r ? { n: r.restart, shapes: restartsOf(r, span, start, step) } : { n: 0, shapes: [] });
  });
  const others = restarted.filter((r) => !incident.members.some((m) => isOf(r, m))).slice(0, CHILDREN);
  return [findings, others.map((r) => row(el("span", { class: "mono" }, term(r.child_id ?? "?", 60)), restartsText(r.restart), restartsOf(r, span, start, step)))];
}

function axisRow(span) {
  const ticks = timeTicks(span.from, span.to, innerWidth < NARROW ? 3 : 6);
  return el("li", { class: "mini-row mini-axis", "aria-hidden": "true" }, el("span", {}), svg("svg", { class: "mini", height: 14 }, ticks.map(({ t, text }) => svg("text", { x: percent(span, t), y: 10 }, text))), el("span", {}));
}

/** incidentLine(incident, marks): marks may not be there yet. */
export function incidentLine(incident, marks) {
  const now = serverNow(), span = spanOf(incident, now);
  if (!span) return null;
  return el("ul", { class: "mini-line", "aria-label": "What belongs to it, on a time line" }, axisRow(span),
    rows(incident, marks, span, now));
}
