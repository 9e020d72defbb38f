// SPDX-License-Identifier: Apache-2.0
// What /marks tells of restarts, as lanes: one of each supervisor, and below it one of each of its children.
//
//   group   { supervisor, children, patterns, count, items }
//   child   { supervisor, id, count, times: [ms], gap, patterns, items }; gap: see gapOf
//   item    { t, kind, n, until }: what can be pointed at: n restarts, at t, or from t until then where they are told by steps only
//   count   by kind
//
// A cascade is in the patterns of all its members, with `place`: its place in their order.

/** KINDS: of what happens to a child, the worst first: its word, one and many. */
export const KINDS = {
  gave_up: ["supervisor gave up", "times a supervisor gave up"],
  start_error: ["failed start", "failed starts"],
  restart: ["restart after a failure", "restarts after failures"],
  collateral: ["restart along with a sibling", "restarts along with a sibling"],
};
const NAMES = Object.keys(KINDS);

const byTime = (a, b) => a.t - b.t;

function itemsOf(row, start, step) {
  const out = [];
  for (const kind of NAMES) {
    for (const t of row.times?.[kind] || []) out.push({ t, kind, n: 1 });
    (row.counts?.[kind] || []).forEach((n, i) => n && out.push({ t: start + i * step, until: start + (i + 1) * step, kind, n }));
  }
  return out.sort(byTime);
}

const countOf = (row) => Object.fromEntries(NAMES.map((kind) => [kind, row[kind] || 0]));

// A cascade is told to each of its members.
function placesOf(p, row) {
  if (p.type !== "cascading_failure") return p.supervisor === row.supervisor && p.child_id === row.child_id ? [0] : [];
  const place = p.members.findIndex((m) => m.supervisor === row.supervisor && m.child_id === row.child_id);
  return place >= 0 ? [place] : [];
}

// A pattern that goes on reaches to the child's last restart: what came in the last two minutes is not judged yet.
function patternsOf(row, patterns) {
  const last = Date.parse(row.last ?? 0);
  return patterns.flatMap((p) => placesOf(p, row).map((place) => ({ ...p, place, from: Date.parse(p.first), to: p.active ? Math.max(Date.parse(p.last), last) : Date.parse(p.last) })));
}

function childOf(row, marks, start, step) {
  const items = itemsOf(row, start, step);
  const times = row.times?.restart || [];
  return { supervisor: row.supervisor, id: row.child_id, count: countOf(row), items, stepped: Boolean(row.counts), times, gap: gapOf(times), patterns: patternsOf(row, marks.patterns) };
}

/** lanesOf(marks): the groups. Those come first whose supervisor gave up, then where most restarted, as the server has them. */
export function lanesOf(marks) {
  const start = Date.parse(marks.time_range.start), step = marks.restarts.step * 1000;
  const groups = new Map();
  for (const row of marks.restarts.rows) {
    const child = childOf(row, marks, start, step);
    const group = groups.get(child.supervisor) || groups.set(child.supervisor, { supervisor: child.supervisor, children: [], count: countOf({}) }).get(child.supervisor);
    group.children.push(child);
    for (const kind of NAMES) group.count[kind] += child.count[kind];
  }
  for (const g of groups.values()) g.items = g.children.flatMap((c) => c.items.map((item) => ({ ...item, child: c.id }))).sort(byTime);
  return [...groups.values()];
}

export const sum = (count) => NAMES.reduce((n, kind) => n + count[kind], 0);

/** told(count): "3 restarts after failures, 1 failed start". */
export const told = (count) => NAMES.filter((kind) => count[kind]).map((kind) => `${count[kind]} ${KINDS[kind][count[kind] === 1 ? 0 : 1]}`).join(", ") || "no restart";

// ---- regularity -----------------------------------------------------------------------------------------------------

const GAPS = 4; // fewer say nothing
const EVEN = 0.1; // of the middle one
const EVEN_LEAST_MS = 1000; // what is shorter is a storm's

/** gapOf(times): { median, low, high, even }: how far apart restarts are, in ms: the middle one, and what four of five lie between; null: too few. */
export function gapOf(times) {
  const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
  if (gaps.length < GAPS) return null;
  const at = (q) => gaps[Math.round(q * (gaps.length - 1))];
  const [median, low, high] = [at(0.5), at(0.1), at(0.9)];
  return { median, low, high, even: median >= EVEN_LEAST_MS && high - low <= EVEN * median };
}

/** nextBeatOf(p, last): when a periodic pattern's next beat is due, by its interval alone; `last`: the child's last restart, which may not be judged yet. */
export function nextBeatOf(p, last) {
  const judged = Date.parse(p.last);
  return judged + (Math.max(0, Math.round((last - judged) / p.interval_ms)) + 1) * p.interval_ms;
}

/** missedBeats(times, interval): where beats are missing between those that came, in ms. */
export function missedBeats(times, interval, most = 50) {
  const out = [];
  for (let i = 1; i < times.length && out.length < most; i++) {
    const gap = times[i] - times[i - 1], beats = Math.round(gap / interval);
    if (beats > 1 && Math.abs(gap / beats - interval) < 0.25 * interval) for (let k = 1; k < beats && out.length < most; k++) out.push(times[i - 1] + (k * gap) / beats);
  }
  return out;
}

/** roundsOf(cascade, children): of each round the times at which its members failed, in their order: [[{ child, t }, …], …]; only where they are told one by one. */
export function roundsOf(p, children) {
  const members = p.members.map((m) => children.find((c) => c.supervisor === m.supervisor && c.id === m.child_id));
  const root = members[0];
  if (!root) return [];
  const patience = Math.max(5000, 4 * (p.delay_ms || 0));
  return root.times.map((t, i) => {
    const end = Math.min(root.times[i + 1] ?? Infinity, t + patience);
    return members.flatMap((c, k) => (k === 0 ? [{ child: root, t }] : c ? c.times.filter((x) => x >= t && x < end).slice(0, 1).map((x) => ({ child: c, t: x })) : []));
  }).filter((round) => round.length > 1);
}

// ---- in words --------------------------------------------------------------------------------------------------------

/** lasting(ms): with a digit behind the point, for intervals. */
export const lasting = (ms) => (ms < 90000 ? `${Math.round(ms / 100) / 10} s` : ms < 5400000 ? `${Math.round(ms / 6000) / 10} min` : `${Math.round(ms / 360000) / 10} h`);

const WORDS = {
  restart_storm: (p) => `storm: ${p.pattern.split(": ")[0]}`,
  periodic_restart: (p) => `every ${lasting(p.interval_ms)}${p.missed ? `, ${p.missed} missed` : ""}`,
  cascading_failure: (p) => (p.place ? `cascade, after ${p.members[0].child_id}` : `cascade: ${p.members.slice(1).map((m) => m.child_id).join(", then ")} within ${lasting(p.delay_ms)}`),
  resource_correlated: (p) => `after spikes of ${p.metric}`,
};

/** evenWords(child): of restarts that come evenly, but are not judged to be periodic (yet); null: they do not. */
export const evenWords = (child) => (child.gap?.even && !child.patterns.some((p) => p.type === "periodic_restart") ? `evenly, every ${lasting(child.gap.median)}` : null);

/** patternWordsOf(p): short, as beside a lane. */
export const patternWordsOf = (p) => WORDS[p.type]?.(p) ?? p.type;
