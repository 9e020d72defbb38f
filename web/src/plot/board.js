// SPDX-License-Identifier: Apache-2.0
// The charts of one node that share a range of time: they zoom together, have one cursor, and only those that are on the screen are asked for and drawn.
//
// First a whole range is asked for in few steps, then, for what is on the screen, in as many as it has pixels. While the range goes on with the clock, only what is
// new is asked for, and a chart is drawn again when that moves it by a pixel. Drawing is spread over frames.

import "./plot.css";
import { serverNow } from "../servertime.js";
import { Chart } from "./chart.js";
import { onScheme } from "./colours.js";
import { gestures, onKey } from "./gestures.js";
import { limitsOf, RESTARTS } from "./metrics.js";
import { restartColumns } from "./marks.js";
import { Past } from "./past.js";
import { fineStep, firstStep } from "./steps.js";
import { Strip } from "./strip.js";

const FRAME_MS = 12; // of drawing in a frame
const LEAST_RANGE_MS = 10000;
const LIVE_LEAST_MS = 2000, LIVE_MOST_MS = 30000;
const AGAIN_MS = 5000; // after an error
const NEAR = "150px"; // the screen's edge, for what is on it

export class Board {
  /**
   * hooks: zoomed(from, to) when the user has zoomed; back() and whole() when they want out of it; changed() when there is something new to say (error, what is there).
   * height: of a plot.
   */
  constructor(app, root, hooks, { height = 108, least = 1000, strip = true } = {}) {
    Object.assign(this, { app, root, hooks, height, least, charts: [], onScreen: new Set(), dirty: new Set(), from: 0, to: 1, live: false, criteria: null, sample: null, rates: {}, marks: { all: [], restarts: null }, at: null, frame: null, failed: 0, tabled: false, liveAt: 0 });
    this.past = new Past(app.route.node);
    this.onZoom = (from, to) => this.zoom(from, to);
    this.strip = strip ? new Strip(app, this.onZoom) : null;
    this.hands = { range: () => ({ from: this.from, to: this.to }), look: (from, to) => this.look(from, to), settle: () => this.settle(), back: () => hooks.back(), whole: () => hooks.whole(), point: (t) => this.point(t) };
    if (this.strip) this.strip.onMade = (u) => gestures(u, this.hands);
    this.seen = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: NEAR });
    this.sized = new ResizeObserver((entries) => this.resized(entries));
    if (this.strip) this.sized.observe(this.strip.root);
    this.takeBack = onScheme(() => this.redraw());
    root.addEventListener("keydown", (e) => this.key(e));
  }

  /** add(metric): the figure of a new chart. */
  add(metric, height = this.height) {
    const chart = new Chart(metric, height, this.onZoom);
    chart.onMade = (u) => gestures(u, this.hands);
    chart.figure.chart = chart;
    chart.asTable(this.tabled);
    this.charts.push(chart);
    this.seen.observe(chart.figure);
    this.sized.observe(chart.figure);
    return chart.figure;
  }

  remove(figure) {
    const { chart } = figure;
    this.seen.unobserve(figure);
    this.sized.unobserve(figure);
    for (const set of [this.onScreen, this.dirty]) set.delete(chart);
    this.charts = this.charts.filter((one) => one !== chart);
    chart.close();
    figure.remove();
  }

  // ---- what is shown ----

  /** setRange(from, to, live): live goes on with the clock. */
  setRange(from, to, live) {
    const moved = ((Math.abs(from - this.from) + Math.abs(to - this.to)) / 2 / (to - from)) * this.pixels();
    const other = live !== this.live || Math.abs((to - from) / (this.to - this.from) - 1) > 0.001;
    this.live = live;
    if (!other && moved < 1) return;
    if (other) this.past.stop();
    Object.assign(this, { from, to });
    this.redraw();
  }

  setMarks(marks) {
    this.marks = marks;
    this.redraw();
  }

  /** setSample(performance or null, criteria): the newest sample, for the values now and the limits. */
  setSample(performance, criteria) {
    this.criteria = criteria;
    const before = this.sample;
    if (!performance?.timestamp || performance.timestamp === before?.timestamp) return;
    this.sample = performance;
    const seconds = before ? (Date.parse(performance.timestamp) - Date.parse(before.timestamp)) / 1000 : 0;
    if (seconds > 0) this.rates = Object.fromEntries(Object.entries(performance.metrics).map(([m, v]) => [m, v === null || v < before.metrics[m] ? null : (v - before.metrics[m]) / seconds]));
    if (this.at === null) for (const chart of this.onScreen) this.showNow(chart);
  }

  nowOf(chart, columns) {
    if (!this.live) return undefined;
    if (columns?.kind === "counter") return this.rates[chart.metric] ?? null;
    return this.sample?.metrics[chart.metric] ?? null;
  }

  showNow(chart) {
    chart.now = this.nowOf(chart, chart.columns);
    chart.caption(null);
  }

  asTables(on) {
    this.tabled = on;
    for (const chart of this.charts) chart.asTable(on);
    this.redraw();
  }

  // ---- drawing ----

  pixels() {
    return Math.max(200, ...[...this.onScreen].map((c) => c.width - 64));
  }

  redraw() {
    if (this.strip) this.stripDirty = true;
    for (const chart of this.charts) this.dirty.add(chart);
    this.drawSoon();
  }

  drawSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawSome();
    });
  }

  drawSome() {
    const began = performance.now();
    if (this.stripDirty) this.strip.show(this.from, this.to, this.marks.all, this.hooks.says());
    this.stripDirty = false;
    for (const chart of this.onScreen) {
      if (!this.dirty.has(chart)) continue;
      if (performance.now() - began > FRAME_MS) return this.drawSoon();
      this.dirty.delete(chart);
      this.drawOne(chart);
    }
    this.askSoon();
  }

  columnsOf(chart) {
    if (chart.metric !== RESTARTS) return this.past.best(chart.metric, this.from, this.to);
    if (!this.marks.restarts || !this.hooks.restartsSeen()) return null;
    const sampled = [...this.onScreen].map((c) => c.metric !== RESTARTS && this.past.best(c.metric, this.from, this.to)).find((c) => c && c.t.length);
    return restartColumns(this.marks, this.from, this.to, firstStep(this.to - this.from) * 1000, sampled || null);
  }

  drawOne(chart) {
    const columns = this.columnsOf(chart);
    const words = columns ? (columns.unit === null ? "Not observed in this time." : "No value in this time.") : chart.metric === RESTARTS ? this.hooks.restartWords() : this.past.error ? `The history cannot be read: ${this.past.error}.` : "…";
    chart.show({ columns, from: this.from, to: this.to, limits: limitsOf(chart.metric, this.criteria, this.sample?.metrics), marks: this.marks.all, now: this.nowOf(chart, columns), words });
    if (this.at !== null) chart.point(this.at);
  }

  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.onScreen.add(target.chart);
      else this.onScreen.delete(target.chart);
    }
    this.drawSoon();
  }

  resized(entries) {
    for (const { target, contentRect } of entries) {
      const width = Math.floor(contentRect.width);
      if (target === this.strip?.root) {
        if (width > 0 && width !== this.strip.width) this.stripDirty = true;
        this.strip.width = width || this.strip.width;
      } else if (target.chart.resized(width)) this.dirty.add(target.chart);
    }
    this.drawSoon();
  }

  // ---- asking ----

  askSoon() {
    if (this.looking) return;
    if (this.asking) return (this.askAgain = true);
    this.asking = true;
    this.ask().catch(() => {}).finally(() => {
      this.asking = false;
      if (this.askAgain) this.askSoon();
      this.askAgain = false;
    });
  }

  async ask() {
    const { from, to } = this;
    const metrics = [...new Set([...this.onScreen].map((c) => c.metric))].filter((m) => m !== RESTARTS);
    if (!metrics.length || Date.now() - this.failed < AGAIN_MS) return;
    const first = Math.max(this.least, firstStep(to - from) * 1000), fine = Math.max(this.least, fineStep(to - from, this.pixels()) * 1000);
    try {
      // What there is of this range is drawn at once, so what is as good as fine is not asked for again.
      const none = metrics.filter((m) => !this.past.covers(m, from, to));
      if (none.length && (await this.past.ask(none, from, to, first, this.live))) this.came(none);
      if (this.from !== from && !this.live) return;
      if (await this.past.ask(metrics, from, to, fine, this.live)) this.came(metrics);
    } catch (error) {
      this.broke(error);
    }
  }

  came(metrics) {
    for (const chart of this.charts) if (metrics.includes(chart.metric) || chart.metric === RESTARTS) this.dirty.add(chart);
    this.failed = 0;
    this.hooks.changed();
    this.drawSoon();
  }

  broke(error) {
    if (error.name === "AbortError") return;
    this.failed = Date.now();
    this.redrawEmpty();
    this.hooks.changed();
  }

  redrawEmpty() {
    for (const chart of this.onScreen) if (!chart.columns) this.dirty.add(chart);
    for (const chart of this.onScreen) if (!chart.columns) this.drawOne(chart);
  }

  /** tick: called now and then; what is new is asked for while the range goes on with the clock. */
  tick() {
    if (this.failed && Date.now() - this.failed >= AGAIN_MS) this.askSoon();
    if (!this.live || this.asking) return;
    this.goOn();
  }

  async goOn() {
    const shown = new Map();
    for (const chart of this.onScreen) {
      const c = chart.metric !== RESTARTS && this.past.best(chart.metric, this.from, this.to);
      if (c && serverNow() - c.to > Math.min(LIVE_MOST_MS, Math.max(LIVE_LEAST_MS, c.step / 2))) shown.set(chart.metric, c);
    }
    const steps = new Map();
    for (const [m, c] of shown) steps.set(c.step, [...(steps.get(c.step) || []), [m, c]]);
    for (const same of steps.values()) {
      try {
        if (await this.past.goOn(same, this.from, serverNow())) this.came(same.map(([m]) => m));
      } catch (error) {
        this.broke(error);
      }
    }
  }

  // ---- pointing and zooming ----

  /** point(t): the cursor of all of them; null: none. Drawn with the next frame, however often the mouse moves. */
  point(t) {
    this.at = t;
    this.pointing ??= requestAnimationFrame(() => {
      this.pointing = null;
      for (const chart of this.onScreen) chart.point(this.at);
      this.strip?.point(this.at);
    });
  }

  /** step(by): the cursor goes to the next value of a chart. */
  step(chart, by) {
    const c = chart.columns;
    if (!c) return;
    const at = this.at ?? (by > 0 ? this.from : this.to);
    const rows = c.t.filter((t, i) => c.value[i] !== null && t >= this.from && t <= this.to);
    const t = by > 0 ? rows.find((one) => one > at) : rows.findLast((one) => one < at);
    if (t !== undefined) this.point(t);
  }

  look(from, to) {
    const middle = (from + to) / 2, half = Math.max(LEAST_RANGE_MS, to - from) / 2;
    const over = Math.max(0, middle + half - serverNow()); // nothing has happened yet beyond now
    this.looking = true;
    this.setRange(middle - half - over, middle + half - over, false);
  }

  settle() {
    this.looking = false;
    this.drawSoon();
    this.hooks.zoomed(this.from, this.to);
  }

  zoom(from, to) {
    this.look(from, to);
    this.settle();
  }

  key(e) {
    const chart = e.target.closest?.(".metric-chart")?.chart;
    if (chart && e.target === chart.plot) onKey(e, { ...this.hands, step: (by) => this.step(chart, by) }, this.at);
  }

  close() {
    this.past.stop();
    this.seen.disconnect();
    this.sized.disconnect();
    this.takeBack();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.pointing);
    for (const chart of this.charts) chart.close();
    this.strip?.close();
  }
}
