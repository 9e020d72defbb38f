// SPDX-License-Identifier: Apache-2.0
// One chart: a metric's mean over time, the band from its lowest to its highest, what was usual, limits, and what happened. uPlot draws it once it is on the
// screen; what is there to be drawn is the board's business (board.js).

import uPlot from "uplot";
import { clock, moment, plural } from "../format.js";
import { el } from "../dom.js";
import { increments, timeMarks, valueRange, worded } from "./axes.js";
import { palette } from "./colours.js";
import { extent, highest, lowest, rowAt, summary } from "./columns.js";
import { metricTitle } from "./metrics.js";

const TABLE_ROWS = 48;
const AXIS_WIDTH = 58;
const FONT = "10px system-ui, sans-serif";

const INCIDENT = 3; // height of the bar of an incident
const EDGE = 16; // pixels: half of what a time's words take

const transparent = () => "transparent";
const dataOf = (c) => [c.t, c.value, c.min, c.max, c.low, c.high];

function options(chart, width, height) {
  const grid = { stroke: () => palette().faint, width: 1 };
  const axis = { stroke: () => palette().dim, font: FONT, grid, ticks: { show: false } };
  const hidden = { stroke: transparent, width: 0, points: { show: false } };
  return {
    width, height, ms: 1, legend: { show: false }, padding: [6, 6, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 }, bind: { dblclick: () => null } },
    scales: { x: { time: true }, y: { range: () => chart.values } },
    axes: [
      { ...axis, size: 20, gap: 3, space: 58, values: timeWords },
      { ...axis, size: AXIS_WIDTH, gap: 4, space: 26, incrs: () => increments(chart.unit), values: (u, splits) => splits.map((v) => worded(v, chart.unit)) },
    ],
    series: [{}, { stroke: () => palette().chart, width: 1.5, points: { show: false, filter: lonely, size: 4 } }, hidden, hidden, hidden, hidden],
    bands: [{ series: [3, 2], fill: () => palette()["chart-band"] }, { series: [5, 4], fill: () => palette().usual }],
    hooks: {
      drawClear: [(u) => drawBehind(u, chart)], draw: [(u) => drawLimits(u, chart)],
      setSelect: [(u) => select(u, chart)],
    },
  };
}

/** timeWords: of a uPlot axis; none where they would be cut off by the edge. */
export function timeWords(u, splits, i, space, increment) {
  const width = u.over.clientWidth || u.bbox.width / uPlot.pxRatio;
  const room = (t) => u.valToPos(t, "x") > EDGE && u.valToPos(t, "x") < width + 6 - EDGE;
  return timeMarks(increment, splits).map((words, k) => (room(splits[k]) ? words : ""));
}

// A value with gaps on both sides has no line: it is a point.
function lonely(u, i) {
  const v = u.data[i];
  return v.flatMap((value, k) => (value !== null && (v[k - 1] ?? null) === null && (v[k + 1] ?? null) === null ? k : []));
}

function select(u, chart) {
  const { left, width } = u.select;
  if (width < 4) return;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  chart.onZoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
}

/** setCursor(u, t): to that moment; out of what is shown, or null, it is nowhere. */
export function setCursor(u, t) {
  const shown = u && t !== null && t >= u.scales.x.min && t <= u.scales.x.max;
  u?.setCursor({ left: shown ? u.valToPos(t, "x") : -10, top: shown ? 0 : -10 }, false);
}

// ---- what is drawn beside the line ----------------------------------------------------------------------------------

const LEVEL_COLOURS = { critical: "bad", down: "bad", warning: "warn", low: "none", unknown: "none", healthy: "none" };

function verticals(u, marks, x) {
  const { ctx, bbox } = u;
  for (const m of marks) {
    const at = Math.round(x(m.t)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
}

function spans(u, marks, x, height = u.bbox.height) {
  const { ctx, bbox } = u;
  for (const m of marks) {
    const left = Math.max(bbox.left, x(m.t)), right = Math.min(bbox.left + bbox.width, x(m.end));
    if (right > left) ctx.fillRect(left, bbox.top, Math.max(1, right - left), height);
  }
}

// What happened is behind the line: the times of incidents as a bar above, findings, boots and deploys as lines; those of this metric are stronger, with a triangle above.
function drawBehind(u, chart) {
  const { ctx, bbox } = u;
  const colours = palette();
  const x = (t) => u.valToPos(t, "x", true);
  const { min, max } = u.scales.x;
  const shown = chart.marks.filter((m) => m.t <= max && (m.end ?? m.t) >= min);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colours.mark;
  spans(u, shown.filter((m) => m.lane === "incidents"), x, INCIDENT * uPlot.pxRatio);
  ctx.fillStyle = colours.gap;
  spans(u, shown.filter((m) => m.lane === "node" && m.end !== undefined), x);
  ctx.lineWidth = uPlot.pxRatio;
  ctx.strokeStyle = colours.line;
  verticals(u, shown.filter((m) => m.lane === "findings" && m.metric !== chart.metric), x);
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.strokeStyle = colours.text;
  verticals(u, shown.filter((m) => m.level === "boot" || m.level === "deploy"), x);
  ctx.setLineDash([]);
  for (const m of shown.filter((one) => one.lane === "findings" && one.metric === chart.metric)) drawOwn(u, m, x(m.t), colours[LEVEL_COLOURS[m.level]]);
  ctx.restore();
}

function drawOwn(u, m, at, colour) {
  const { ctx, bbox } = u;
  const r = 4 * uPlot.pxRatio;
  ctx.strokeStyle = ctx.fillStyle = colour;
  verticals(u, [m], () => at);
  ctx.beginPath();
  ctx.moveTo(at - r, bbox.top);
  ctx.lineTo(at + r, bbox.top);
  ctx.lineTo(at, bbox.top + r * 1.5);
  ctx.fill();
}

function drawLimits(u, chart) {
  const { ctx, bbox } = u;
  const colours = palette(), ratio = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${9.5 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.lineWidth = ratio;
  let written = -Infinity; // where the words of the limit before stand
  for (const { level, value } of chart.limits.toReversed()) {
    if (value > u.scales.y.max || value < u.scales.y.min) continue;
    const y = Math.round(u.valToPos(value, "y", true)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = colours[LEVEL_COLOURS[level]];
    ctx.setLineDash(level === "warning" ? [4 * ratio, 4 * ratio] : [8 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (y - written < 11 * ratio) continue;
    ctx.fillText(level, bbox.left + bbox.width - 3 * ratio, Math.max(y - 3 * ratio, bbox.top + 8 * ratio));
    written = y;
  }
  ctx.restore();
}

// ---- words ----------------------------------------------------------------------------------------------------------

const when = (t, c) => (c.to - c.from > 86400000 ? moment(t) : clock(t));

function label(chart) {
  const { columns: c, from, to } = chart;
  const e = c && extent(c, from, to);
  if (!e) return `${chart.title}: ${chart.words.textContent}`;
  const at = (i) => `at ${when(c.t[i], c)}`;
  const own = chart.marks.filter((m) => m.lane === "findings" && m.metric === chart.metric && m.t >= from && m.t <= to).length;
  const usual = Number.isFinite(c.low[e.last]) && Number.isFinite(c.high[e.last]) ? `, usually ${worded(c.low[e.last], chart.unit)} to ${worded(c.high[e.last], chart.unit)}` : "";
  const limits = chart.limits.map((l) => `${l.level} above ${worded(l.value, chart.unit)}`).join(", ");
  return [
    `${chart.title}: ${chart.now === null ? "last" : "now"} ${worded(chart.now ?? c.value[e.last], chart.unit)}${usual}`, `lowest ${worded(lowest(c, e.low), chart.unit)} ${at(e.low)}`,
    `highest ${worded(highest(c, e.high), chart.unit)} ${at(e.high)}`, own ? plural(own, "anomaly", "anomalies") : "no anomaly", limits,
  ].filter(Boolean).join("; ");
}

function tableOf(chart) {
  const { columns: c, from, to, unit } = chart;
  const value = (v) => el("td", { class: "number" }, worded(v, unit));
  return el("table", {},
    el("caption", { class: "hidden-words" }, chart.title),
    el("thead", {}, el("tr", {}, ["Time", "Mean", "Lowest", "Highest"].map((h, i) => el("th", { scope: "col", class: i ? "number" : null }, h)))),
    el("tbody", {}, summary(c, from, to, TABLE_ROWS).reverse().map((r) => el("tr", {}, el("td", { class: "nowrap" }, moment(r.t)), value(r.mean), value(r.min), value(r.max)))));
}

// ---- the chart ------------------------------------------------------------------------------------------------------

export class Chart {
  /** metric: its name; height of the plot in pixels. onZoom(from, to) is called when the user has dragged. */
  constructor(metric, height, onZoom) {
    Object.assign(this, { metric, height, onZoom, title: metricTitle(metric), unit: null, columns: null, limits: [], marks: [], values: [0, 1], now: null, width: 0, tabled: false });
    this.value = el("data", { class: "now" });
    this.range = el("span", { class: "extent" });
    this.plot = el("div", { class: "plot", role: "img", tabindex: 0, "data-metric": metric, "aria-label": `${this.title}: not read yet` });
    this.plot.style.height = `${height}px`;
    this.words = el("p", { class: "empty" });
    this.plot.append(this.words);
    this.table = el("div", { class: "scroll", tabindex: 0, role: "region", hidden: true, "aria-label": `${this.title}, as a table` });
    this.figure = el("figure", { class: "metric-chart", "data-metric": metric }, el("figcaption", {}, el("span", { class: "title", title: metric }, this.title), this.range, this.value), this.plot, this.table);
    this.u = null;
    this.say("…");
  }

  /** show(state): { columns or null, from, to, limits, marks, now (value or null), words: why there is nothing }. It is drawn when it has a width. */
  show({ columns, from, to, limits, marks, now, words }) {
    Object.assign(this, { columns, from, to, limits, marks, now, unit: columns?.unit ?? this.unit });
    const e = columns && extent(columns, from, to);
    this.say(e ? "" : words);
    if (e && this.tabled) this.table.replaceChildren(tableOf(this));
    else if (e && this.width > 0) this.draw();
    this.caption(null);
    this.plot.setAttribute("aria-label", label(this));
  }

  say(words) {
    this.words.textContent = words;
    this.words.hidden = words === "";
    if (this.u) this.u.root.hidden = words !== "";
    // It stays where it is while there is nothing to show, for it may have the focus.
    this.table.hidden = words !== "" || !this.tabled;
    this.plot.hidden = !this.table.hidden;
  }

  draw() {
    this.values = valueRange(this.columns, this.from, this.to, this.limits);
    if (!this.u) {
      this.u = new uPlot(options(this, this.width, this.height), dataOf(this.columns), this.plot);
      this.onMade?.(this.u);
    } else if (this.u.width !== this.width) this.u.setSize({ width: this.width, height: this.height });
    this.u.batch(() => {
      this.u.setData(dataOf(this.columns), false);
      this.u.setScale("x", { min: this.from, max: this.to });
    });
  }

  /** caption(t): what the chart has at that moment, with the band; of no moment (null) the value now, and from where to where it went. */
  caption(t) {
    const { columns: c, from, to, unit } = this;
    const e = c && extent(c, from, to);
    const i = t === null || !c ? -1 : rowAt(c, t);
    const v = t === null ? (this.now ?? (e && this.now !== undefined ? c.value[e.last] : null)) : i < 0 ? null : c.value[i];
    this.value.value = v === null || v === undefined ? "" : String(v);
    this.value.textContent = Number.isFinite(v) && unit ? worded(v, unit) : t === null ? "" : "–";
    const band = t === null ? (e ? [lowest(c, e.low), highest(c, e.high)] : null) : i >= 0 && c.min[i] !== null && c.min[i] !== c.max[i] ? [c.min[i], c.max[i]] : null;
    this.range.textContent = band ? `${worded(band[0], unit)} – ${worded(band[1], unit)}` : "";
  }

  /** point(t): the cursor is there (null: nowhere), whoever moved it. */
  point(t) {
    setCursor(this.u, t);
    this.caption(t);
  }

  asTable(on) {
    this.tabled = on;
  }

  /** resized(width, height): of the plot; true if that is new. */
  resized(width) {
    if (width === this.width) return false;
    this.width = width;
    return true;
  }

  close() {
    this.u?.destroy();
    this.u = null;
  }
}
