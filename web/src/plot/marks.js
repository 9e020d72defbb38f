// SPDX-License-Identifier: Apache-2.0
// What happened in a time, as marks: { lane, t, end (spans only), level, shape, words, metric, route, n }. `n` is how many it stands for; `route` is where more of it is told.

import { clock, count, moment, plural, spoken } from "../format.js";
import { around } from "../range.js";
import { severityKind, title } from "../words.js";
import { rowAt } from "./columns.js";

export const LANES = [["incidents", "Incidents"], ["findings", "Findings"], ["restarts", "Restarts"], ["node", "Node"]];

const LEVELS = ["deploy", "boot", "critical", "down", "warning", "low", "unknown", "healthy"];
const worse = (a, b) => (LEVELS.indexOf(a) <= LEVELS.indexOf(b) ? a : b);
const clip = (text, max = 300) => (text.length > max ? `${text.slice(0, max)}…` : text);

const incidentMark = (i, now) => ({
  lane: "incidents", t: Date.parse(i.opened), end: i.ended ? Date.parse(i.ended) : now, level: severityKind[i.severity] || "unknown", n: 1,
  words: `Incident, ${i.severity}: ${i.title}${i.culprit ? `, by ${i.culprit}` : ""}. ${moment(Date.parse(i.opened))} – ${i.ended ? moment(Date.parse(i.ended)) : "still open"}`,
  route: { view: "incidents", params: { id: i.id } },
});

const anomalyMark = (a) => ({
  lane: "findings", t: Date.parse(a.timestamp), level: severityKind[a.severity] || "unknown", metric: a.metric, n: 1,
  words: `${a.severity}, ${spoken(a.type)}: ${a.text}`,
  route: a.incident ? { view: "incidents", params: { id: a.incident } } : { view: "incidents", params: around(Date.parse(a.timestamp)) },
});

const healthMark = (h) => ({
  lane: "findings", t: Date.parse(h.timestamp), level: h.level, n: 1, words: `Health: ${title(h.criterion)} is ${h.level}${Number.isFinite(h.value) ? `, at ${count(h.value)}` : ""}`,
  route: { view: "now" },
});

const bootMark = (b) => ({
  lane: "node", t: Date.parse(b.booted), level: "boot", n: 1, words: `The VM began anew at ${moment(Date.parse(b.booted))}${b.lost ? `; the one before was seen last at ${clock(Date.parse(b.lost))}` : ""}`,
  route: { view: "charts", params: around(Date.parse(b.booted)) },
});

const unseenMark = (u, now) => ({
  lane: "node", t: Date.parse(u.start), end: u.end ? Date.parse(u.end) : now, level: "unknown", n: 1, words: `No sample came, ${moment(Date.parse(u.start))} – ${u.end ? moment(Date.parse(u.end)) : "now"}`,
  route: { view: "charts", params: around(Date.parse(u.start)) },
});

const linkMark = (l) => ({
  lane: "node", t: Date.parse(l.timestamp), level: l.state === "up" ? "healthy" : l.state === "connecting" ? "unknown" : "down", n: 1, words: `Link ${l.state}${l.detail ? `: ${l.detail}` : ""}`,
  route: { view: "charts", params: around(Date.parse(l.timestamp)) },
});

const deployMark = (d) => ({
  lane: "node", t: Date.parse(d.timestamp), level: "deploy", n: 1, words: `Deployed: ${clip(d.text ?? `${d.changed} applications`)}`,
  route: { view: "charts", params: around(Date.parse(d.timestamp)) },
});

const KINDS = { restart: ["restarted", "low"], start_error: ["failed to start", "warning"], gave_up: ["gave up", "critical"], collateral: ["was restarted along", "unknown"] };

const restartMark = (row, kind, t, n) => ({
  lane: "restarts", t, level: KINDS[kind][1], kind, n,
  words: `${clip(row.child_id ?? "?", 80)} under ${clip(row.supervisor ?? "?", 80)} ${KINDS[kind][0]}${n > 1 ? ` ${n} times` : ""}`,
  route: { view: "restarts", params: around(t) },
});

function rowMarks(row, start, step) {
  const one = Object.entries(row.times || {}).flatMap(([kind, times]) => times.map((t) => restartMark(row, kind, t, 1)));
  const many = Object.entries(row.counts || {}).flatMap(([kind, counts]) => counts.flatMap((n, i) => (n ? restartMark(row, kind, start + i * step, n) : [])));
  return [...one, ...many];
}

/** marksIn(answer of /marks, now): { all: by time, restarts: { since, step, from, to } }. */
export function marksIn(m, now) {
  const start = Date.parse(m.time_range.start), step = m.restarts.step * 1000;
  const all = [
    ...m.incidents.map((i) => incidentMark(i, now)), ...m.anomalies.map(anomalyMark), ...m.health.map(healthMark),
    ...m.restarts.rows.flatMap((row) => rowMarks(row, start, step)), ...m.unseen.map((u) => unseenMark(u, now)), ...m.links.map(linkMark), ...m.boots.map(bootMark), ...(m.deploys || []).map(deployMark),
  ].sort((a, b) => a.t - b.t);
  const counted = m.restarts.rows.some((row) => row.counts && Object.keys(row.counts).length);
  return { all, restarts: { from: start, to: Date.parse(m.time_range.end), since: m.restarts.since ? Date.parse(m.restarts.since) : start, step: counted ? step : 0 } };
}

/** together(marks of a lane, from, to, width, gap): those that would lie over each other become one: { t, end, x (pixels), level, n, marks }. Spans stay apart. */
export function together(marks, from, to, width, gap) {
  const out = [];
  const x = (t) => ((t - from) / (to - from)) * width;
  for (const mark of marks) {
    if (mark.end === undefined ? mark.t < from || mark.t > to : mark.end < from || mark.t > to) continue;
    const last = out.findLast((o) => (o.end === undefined) === (mark.end === undefined));
    if (last && mark.end === undefined && x(mark.t) - last.x < gap) {
      last.marks.push(mark);
      last.n += mark.n;
      last.level = worse(last.level, mark.level);
    } else out.push({ t: mark.t, end: mark.end, x: x(mark.t), level: mark.level, n: mark.n, marks: [mark] });
  }
  return out;
}

const PARTS = 3; // of a heap of marks that are told one by one

/** wordsOf(heap): what it says, with when. */
export function wordsOf(heap) {
  if (heap.marks.length === 1) return heap.end !== undefined ? heap.marks[0].words : `${moment(heap.t)}  ${heap.marks[0].words}`;
  const lane = heap.marks[0].lane;
  const what = lane === "restarts" ? plural(heap.n, "restart") : lane === "findings" ? plural(heap.n, "finding") : `${heap.n} marks`;
  const worstFirst = heap.marks.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const told = [...new Set(worstFirst.map((m) => m.words))];
  return `${moment(heap.t)} – ${clock(heap.marks.at(-1).t)}  ${what}: ${told.slice(0, PARTS).join("; ")}${told.length > PARTS ? "; …" : ""}`;
}

const MINUTE = 60000, CLOSE = 2 * 3600000, CLOSE_STEP = 10000;

/**
 * restartColumns(marks, from, to, least step, sampled): restarts per minute, as columns.js has columns: of a short range those of the minute before each moment, of a
 * long one those of each step. Siblings that were restarted along are not counted, as in the totals. Where nothing was seen, which the columns of another metric tell
 * (null: of none), there is a gap instead of 0.
 */
export function restartColumns({ all, restarts }, from, to, least, sampled) {
  const close = restarts.step === 0 && to - from <= CLOSE;
  const step = close ? CLOSE_STEP : Math.max(MINUTE, least, Math.ceil(restarts.step / MINUTE) * MINUTE);
  const c = { from, to, step, unit: "count", kind: "gauge", t: [], value: [] };
  const told = all.filter((m) => m.kind === "restart");
  const last = Math.min(to, restarts.to);
  let first = 0, next = 0, n = 0; // those from first to next are in the span that a value is of
  for (let t = Math.floor(Math.max(from, restarts.from, restarts.since) / step) * step; t <= last; t += step) {
    const end = Math.min(t + step, last), begin = Math.min(end - MINUTE, t);
    while (next < told.length && told[next].t < end) n += told[next++].n;
    while (first < next && told[first].t < begin) n -= told[first++].n;
    c.t.push(t);
    c.value.push(n === 0 && sampled && rowAt(sampled, t + step / 2) < 0 && rowAt(sampled, t + step) < 0 ? null : n / ((end - begin) / MINUTE));
  }
  for (const part of ["min", "max", "low", "high"]) c[part] = c.value.map(() => null);
  return c;
}
