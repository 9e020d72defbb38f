// SPDX-License-Identifier: Apache-2.0
// The readings of a report as small lines, its restarts and its end marked: enough to see when it began. Closer looks are the charts' business.

import { el } from "../dom.js";
import { clock, plural, quantity } from "../format.js";
import { svg } from "../lanes/svg.js";

const WIDTH = 300, HEIGHT = 64;
const LINES = [
  ["cpu_utilization", "CPU", "percent"], ["memory_utilization", "Memory in use", "percent"], ["vm_memory_total", "VM’s memory", "bytes"], ["rss_bytes", "Resident memory", "bytes"],
  ["process_count", "Processes", "count"], ["run_queue", "Run queue", "count"], ["mq_max", "Longest message queue", "count"], ["open_fds", "File descriptors", "count"],
];

// As many points as there are pixels: of those in one the first, the least, the largest and the last.
function thinned(points) {
  const step = Math.ceil(points.length / WIDTH);
  if (step < 4) return points;
  const out = [];
  for (let i = 0; i < points.length; i += step) {
    const some = points.slice(i, i + step);
    const least = some.reduce((a, b) => (b[1] < a[1] ? b : a)), most = some.reduce((a, b) => (b[1] > a[1] ? b : a));
    out.push(...new Set([some[0], ...(least[0] < most[0] ? [least, most] : [most, least]), some.at(-1)]));
  }
  return out;
}

// Whatever is told, a picture is drawn.
const place = (v) => (Number.isFinite(v) ? Math.max(-1000, Math.min(1000, v)) : 0).toFixed(1);

// Where readings are missing the line has a gap.
function pathOf(points, x, y, gap) {
  return points.map(([t, v], i) => `${i && t - points[i - 1][0] <= gap ? "L" : "M"}${place(x(t))} ${place(y(v))}`).join("");
}

function chart([metric, title, unit], times, values, marks) {
  const points = times.map((t, i) => [t, values[i]]).filter(([, v]) => Number.isFinite(v));
  if (points.length < 2) return null;
  const seen = points.map(([, v]) => v);
  const low = Math.min(...seen), high = Math.max(...seen);
  const floor = unit === "percent" || low < high / 4 ? 0 : low - (high - low) * 0.1;
  const from = times[0], to = times.at(-1);
  const x = (t) => ((t - from) / Math.max(1, to - from)) * (WIDTH - 2) + 1;
  const y = (v) => HEIGHT - 2 - ((v - floor) / (high - floor || 1)) * (HEIGHT - 12) - 6;
  const steps = times.slice(1).map((t, i) => t - times[i]).toSorted((a, b) => a - b);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", class: "small-chart",
    "aria-label": `${title}: from ${quantity(low, unit)} to ${quantity(high, unit)}, at the end ${quantity(seen.at(-1), unit)}` });
  for (const { t, css } of marks) if (t >= from && t <= to) picture.append(svg("path", { d: `M${place(x(t))} ${css === "end" ? 0 : HEIGHT - 7}V${HEIGHT}`, class: css, "vector-effect": "non-scaling-stroke" }));
  picture.append(svg("path", { d: pathOf(thinned(points), x, y, 4 * (steps[steps.length >> 1] || 1)), class: "line", "vector-effect": "non-scaling-stroke" }));
  return el("figure", { class: "small", "data-metric": metric }, el("figcaption", {}, el("span", {}, title), el("span", { class: "dim" }, `${quantity(high, unit)} at most, ${quantity(seen.at(-1), unit)} at the end`)), picture);
}

/** smallCharts(r): of the metrics that a report has readings of; null if it has none. */
export function smallCharts(r) {
  const times = r.samples?.timestamps || [];
  const metrics = r.samples?.metrics || {};
  const restarts = (r.restarts?.timeline || []).map((one) => ({ t: Date.parse(one.timestamp), css: "restart" }));
  const marks = r.end ? [...restarts, { t: Date.parse(r.end.timestamp), css: "end" }] : restarts;
  const charts = LINES.map((line) => metrics[line[0]] && chart(line, times, metrics[line[0]], marks)).filter(Boolean);
  if (!charts.length) return null;
  return el("section", { class: "report-part" }, el("h4", {}, "Readings"),
    el("p", { class: "note" }, `${clock(times[0])} – ${clock(times.at(-1))}, ${plural(times.length, "reading")}${r.samples.cut ? ", of which the oldest are left out" : ""}; short strokes below are restarts${restarts.length < (r.restarts?.total ?? 0) ? ` (the last ${restarts.length} of ${r.restarts.total})` : ""}${r.end ? ", the long one is the end" : ""}.`),
    el("div", { class: "small-charts" }, charts));
}
