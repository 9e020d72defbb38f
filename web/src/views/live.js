// SPDX-License-Identifier: Apache-2.0
// The last ten minutes in small charts: what the history has of the time before the page was opened, and samples seen since.

import { age, el } from "../dom.js";
import { get, ofNode } from "../api.js";
import { clock, quantity } from "../format.js";

const WINDOW_MS = 10 * 60 * 1000;

const series = new Map(); // node → { points: [{t, …}] }

const CHARTS = [
  { key: "cpu", title: "CPU", unit: "%", metric: "cpu_utilization", criterion: "cpu", top: 100 },
  { key: "memory", title: "Memory in use", unit: "%", metric: "memory_utilization", criterion: "memory", top: 100 },
  { key: "processes", title: "Processes", unit: "count", metric: "process_count", floating: true },
  { key: "run_queue", title: "Run queue", unit: "count", metric: "run_queue", top: 4 },
  { key: "queue", title: "Longest message queue", unit: "count", metric: "mq_max", criterion: "message_queue", top: 10 },
  { key: "restarts", title: "Restarts per minute", unit: "count", top: 4 },
];

const LISTED = 100; // restarts that /restarts lists at most

// Restarts per minute are not among the metrics, but the newest restarts are listed with their times. Where more than the list holds came in a minute, they
// are taken to go on as in the part that it covers; of the time before the list nothing is known.
function perMinuteOf({ observed, recent }) {
  const times = (recent ?? []).map((r) => Date.parse(r?.timestamp)).filter(Number.isFinite);
  const oldest = times.length < LISTED ? -Infinity : Math.min(...times);
  return (t) => (observed && t > oldest ? (times.filter((one) => one > t - 60000 && one <= t).length * 60000) / Math.min(60000, t - oldest) : null);
}

// The columns of /history as points.
function pastPoints(metrics, restartsAt) {
  const points = new Map();
  for (const c of CHARTS) {
    const { time = [], mean = [] } = metrics[c.metric] || {};
    time.forEach((t, i) => points.set(t, { ...points.get(t), t, [c.key]: mean[i] }));
  }
  const missing = Object.fromEntries(CHARTS.map((c) => [c.key, null]));
  return [...points.values()].sort((a, b) => a.t - b.t).map((p) => ({ ...missing, ...p, restarts: restartsAt(p.t) }));
}

// Asked for once a node, by its own clock. Without an answer the charts begin with now.
async function fillPast(name, s, end, restarts, done) {
  const metrics = CHARTS.flatMap((c) => c.metric || []).join(",");
  try {
    const past = await get(`${ofNode(name, "history")}?start=${end - WINDOW_MS}&end=${end}&step=5s&metric=${metrics}`);
    s.points.unshift(...pastPoints(past.metrics, perMinuteOf(restarts)).filter((p) => p.t < s.points[0].t));
  } catch {
    return;
  }
  done();
}

/** keepPoint: takes in a sample of a node, if it is a new one; `done` is called when the past has come. */
function keepPoint(name, performance, restarts, done) {
  const s = series.get(name) || { points: [] };
  const t = performance.timestamp && Date.parse(performance.timestamp);
  if (!t || (s.points.length && t <= s.points.at(-1).t)) return;
  if (!series.has(name)) fillPast(name, s, t, restarts, done);
  series.set(name, s);
  const point = { t };
  for (const c of CHARTS) if (c.metric) point[c.key] = performance.metrics[c.metric] ?? null;
  point.restarts = perMinuteOf(restarts)(t);
  s.points.push(point);
  while (s.points.length && s.points[0].t < t - WINDOW_MS) s.points.shift();
}

// ---- drawing --------------------------------------------------------------------------------------------------------

function makeChart(c) {
  const now = el("span", { class: "now" }, "–");
  const canvas = el("canvas", { role: "img" });
  const figure = el("figure", { class: "chart" }, el("figcaption", {}, el("span", {}, c.title), now), canvas);
  const chart = { ...c, now, canvas, figure, at: null, all: [], criteria: null };
  canvas.addEventListener("pointermove", (e) => {
    chart.at = e.offsetX / canvas.clientWidth;
    drawChart(chart);
  });
  canvas.addEventListener("pointerleave", () => {
    chart.at = null;
    drawChart(chart);
  });
  return chart;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function niceTop(v) {
  const step = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((k) => k * step).find((k) => k >= v * 0.999) || v;
}

function range(chart, values) {
  if (!chart.floating) return [0, Math.max(chart.top, niceTop(Math.max(...values, 1e-9)))];
  const low = Math.min(...values), high = Math.max(...values);
  const pad = Math.max((high - low) * 0.25, high * 0.02, 2);
  return [Math.max(0, Math.floor(low - pad)), Math.ceil(high + pad)];
}

// The stretches without a gap: a missed sample is not drawn over.
function stretches(points, key) {
  const out = [];
  let last = null;
  for (const p of points) {
    if (p[key] === null) last = null;
    else if (last && p.t - last.t < 30000) out.at(-1).push(p);
    else out.push([p]);
    if (p[key] !== null) last = p;
  }
  return out;
}

function drawLimit(ctx, y, width, name) {
  ctx.strokeStyle = colour(name);
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(0, y);
  ctx.lineTo(width, y);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawStretch(ctx, points, x, y, bottom) {
  ctx.beginPath();
  for (const [px, py] of points.map((p) => [x(p), y(p)])) ctx.lineTo(px, py);
  ctx.strokeStyle = colour("--chart");
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.lineTo(x(points.at(-1)), bottom);
  ctx.lineTo(x(points[0]), bottom);
  ctx.fillStyle = colour("--chart-fill");
  ctx.fill();
  ctx.lineWidth = 1;
}

function drawDot(ctx, px, py) {
  ctx.fillStyle = colour("--chart");
  ctx.beginPath();
  ctx.arc(px, py, 2.5, 0, 7);
  ctx.fill();
}

function drawChart(chart) {
  const { canvas } = chart;
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const { all, criteria } = chart;
  const points = all.filter((p) => p[chart.key] !== null && p[chart.key] !== undefined);
  const last = points.at(-1);
  if (!width) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  if (!last) {
    chart.now.textContent = all.length ? "not observed" : "–";
    canvas.setAttribute("aria-label", `${chart.title}: not observed`);
    return;
  }
  const values = points.map((p) => p[chart.key]);
  const [low, high] = range(chart, values);
  const end = all.at(-1).t, span = Math.max(120000, end - all[0].t);
  const x = (p) => width - ((end - p.t) / span) * (width - 4) - 3;
  const at = (v) => height - 2 - ((v - low) / (high - low)) * (height - 14);
  const y = (p) => at(p[chart.key]);
  const limits = criteria?.[chart.criterion];
  if (limits && limits.warning <= high) drawLimit(ctx, at(limits.warning), width, "--warn");
  if (limits && limits.critical <= high) drawLimit(ctx, at(limits.critical), width, "--bad");
  for (const s of stretches(all, chart.key)) drawStretch(ctx, s, x, y, height);
  const pointed = chart.at === null ? last : points.reduce((a, b) => (Math.abs(x(b) - chart.at * width) < Math.abs(x(a) - chart.at * width) ? b : a));
  drawDot(ctx, x(pointed), y(pointed));
  ctx.fillStyle = colour("--dim");
  ctx.font = "10px system-ui, sans-serif";
  ctx.fillText(quantity(high, chart.unit), 2, 10);
  if (low > 0) ctx.fillText(quantity(low, chart.unit), 2, height - 4);
  const text = quantity(pointed[chart.key], chart.unit);
  chart.now.textContent = pointed === last ? text : `${text} at ${clock(pointed.t)}`;
  canvas.setAttribute("aria-label", `${chart.title}: now ${quantity(last[chart.key], chart.unit)}, from ${quantity(Math.min(...values), chart.unit)} to ${quantity(Math.max(...values), chart.unit)} in ${age(span)}`);
}

/** liveCharts(root, span): makes them in `root`; `span` gets the words of how long they are. */
export function liveCharts(root, span) {
  const charts = CHARTS.map(makeChart);
  root.append(...charts.map((c) => c.figure));
  let shown = null; // { all, criteria }
  const redraw = () => {
    const all = shown?.all || [];
    span.textContent = all.length > 1 ? `the last ${age(all.at(-1).t - all[0].t)}` : "";
    for (const c of charts) drawChart(Object.assign(c, { all, criteria: shown?.criteria }));
  };
  const resized = new ResizeObserver(redraw);
  resized.observe(root);
  window.addEventListener("theme", redraw);
  return {
    show(name, { performance, restarts, health }) {
      if (performance && restarts) keepPoint(name, performance, restarts, redraw);
      shown = { all: series.get(name)?.points || [], criteria: health?.criteria };
      redraw();
    },
    close() {
      resized.disconnect();
      window.removeEventListener("theme", redraw);
    },
  };
}
