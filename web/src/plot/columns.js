// SPDX-License-Identifier: Apache-2.0
// The columns of a metric over a time, in steps, as a chart draws them: { from, to, step (all ms), t, value, min, max, low, high }; low and high are what was usual.
// A row whose value is null is a gap: nothing was seen for longer than samples come apart.

const NAMES = { value: "value", min: "min", max: "max", low: "usual_low", high: "usual_high" };
export const FIELDS = Object.values(NAMES).join(",");
const PARTS = Object.keys(NAMES);
const LEAST_GAP_MS = 30000;

const gapOf = (step) => Math.max(LEAST_GAP_MS, step * 2.5);

export const emptyColumns = (from, to, step) => ({ from, to, step, unit: null, kind: null, t: [], value: [], min: [], max: [], low: [], high: [] });

function addRow(c, t, row) {
  c.t.push(t);
  for (const part of PARTS) c[part].push(row ? (row[part] ?? null) : null);
}

function addGap(c, t) {
  if (c.value.length && c.value.at(-1) !== null) addRow(c, t, null);
}

/** columnsOf(answer, metric, from, to): of one metric of a /history answer with shared times; a metric that it lacks was never observed then. */
export function columnsOf(answer, metric, from, to) {
  const step = answer.step * 1000;
  const c = emptyColumns(from, to, step);
  const m = answer.metrics[metric];
  if (!m) return c;
  c.unit = m.kind === "counter" ? `${m.unit}/s` : m.unit;
  c.kind = m.kind;
  const gap = gapOf(step);
  answer.time.forEach((t, i) => {
    if (m.value[i] === null) return;
    if (c.t.length && t - c.t.at(-1) > gap) addGap(c, c.t.at(-1) + step);
    addRow(c, t, Object.fromEntries(PARTS.map((part) => [part, m[NAMES[part]]?.[i]])));
  });
  return c;
}

/** goOn(c, more): takes newer columns of the same step in, which win where both have a time; what is before `since` is let go. */
export function goOn(c, more, since) {
  c.unit ??= more.unit;
  c.kind ??= more.kind;
  c.to = more.to;
  if (more.t.length) {
    while (c.t.length && c.t.at(-1) >= more.t[0]) for (const part of ["t", ...PARTS]) c[part].pop();
    if (c.t.length && more.t[0] - c.t.at(-1) > gapOf(c.step)) addGap(c, c.t.at(-1) + c.step);
    for (const part of ["t", ...PARTS]) c[part].push(...more[part]);
  }
  const old = c.t.findIndex((t) => t >= since - c.step);
  if (old > 0) for (const part of ["t", ...PARTS]) c[part].splice(0, old);
  c.from = Math.max(c.from, since);
}

/** rowAt(c, t): index of the step that a moment is in, or the nearest one; -1: a gap, or nothing near. */
export function rowAt(c, t) {
  let low = 0, high = c.t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (c.t[middle] <= t) low = middle + 1;
    else high = middle;
  }
  const near = [low - 1, low].filter((i) => i >= 0 && i < c.t.length && Math.abs(c.t[i] - t) <= gapOf(c.step));
  if (!near.length) return -1;
  const i = near[0] === low - 1 && t - c.t[near[0]] < c.step ? near[0] : near.reduce((a, b) => (Math.abs(c.t[b] - t) < Math.abs(c.t[a] - t) ? b : a));
  return c.value[i] === null ? -1 : i;
}

/** extent(c, from, to): { low, high } rows' indices with the lowest and the highest value, `last` the last one, count; null: nothing there. */
export function extent(c, from, to) {
  let low = -1, high = -1, last = -1, count = 0;
  for (let i = 0; i < c.t.length; i++) {
    if (c.value[i] === null || c.t[i] + c.step <= from || c.t[i] > to) continue;
    if (low < 0 || lowest(c, i) < lowest(c, low)) low = i;
    if (high < 0 || highest(c, i) > highest(c, high)) high = i;
    last = i;
    count++;
  }
  return count ? { low, high, last, count } : null;
}

export const lowest = (c, i) => c.min[i] ?? c.value[i];
export const highest = (c, i) => c.max[i] ?? c.value[i];

/** summary(c, from, to, rows): at most `rows` rows { t, until, mean, min, max } for a table; means are of the steps that have one. */
export function summary(c, from, to, rows) {
  const per = Math.max(c.step, Math.ceil((to - from) / rows / c.step) * c.step);
  const out = [];
  for (let i = 0; i < c.t.length; i++) {
    if (c.value[i] === null || c.t[i] + c.step <= from || c.t[i] > to) continue;
    const t = Math.floor(c.t[i] / per) * per;
    if (out.at(-1)?.t !== t) out.push({ t, until: t + per, sum: 0, n: 0, min: Infinity, max: -Infinity });
    const row = out.at(-1);
    row.sum += c.value[i];
    row.n++;
    row.min = Math.min(row.min, lowest(c, i));
    row.max = Math.max(row.max, highest(c, i));
  }
  return out.map(({ sum, n, ...row }) => ({ ...row, mean: sum / n }));
}
