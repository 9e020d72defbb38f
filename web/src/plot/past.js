// SPDX-License-Identifier: Apache-2.0
// What is known of a node's metrics over time: of each metric the few ranges and steps that were asked for last, so that a chart has something to draw at once
// wherever it zooms, and what is finer when that has come. One request for all metrics that want the same.

import { get, ofNode, why } from "../api.js";
import { columnsOf, FIELDS, goOn } from "./columns.js";

const LAYERS_KEPT = 4; // of a metric
const DIGITS = 5;
const HISTORY_MS = 20000; // how long an answer about a month may take

const share = (c, from, to) => Math.max(0, Math.min(c.to, to) - Math.max(c.from, from)) / (to - from);

export class Past {
  constructor(node) {
    this.node = node;
    this.layers = new Map(); // metric → columns, those used last first
    this.under_way = new Map(); // "metric from to step" → the request's promise
    this.aborts = new Set();
    this.error = null; // why the last request failed
    this.requests = 0;
  }

  /** best(metric, from, to): the finest columns that cover the range; else those that cover most of it; null: none. */
  best(metric, from, to) {
    let best = null;
    for (const c of this.layers.get(metric) || []) {
      const a = share(c, from, to), b = best ? share(best, from, to) : 0;
      if (a > b + 0.02 || (a > b - 0.02 && best && c.step < best.step)) best = c;
    }
    return best;
  }

  keep(metric, columns) {
    const others = (this.layers.get(metric) || []).filter((c) => !(c.step === columns.step && c.from >= columns.from && c.to <= columns.to));
    this.layers.set(metric, [columns, ...others].slice(0, LAYERS_KEPT));
  }

  /** covers(metric, from, to): there is something to draw in most of the range. */
  covers(metric, from, to) {
    const c = this.best(metric, from, to);
    return c !== null && share(c, from, to) > 0.9;
  }

  // What is new since `to` of columns that go on with the clock is goOn's business.
  lacks(metric, from, to, step, live) {
    const c = this.best(metric, from, to);
    return !c || c.step > step || c.from > from + c.step || (live ? c.to <= (from + to) / 2 : c.to < to - c.step);
  }

  /** ask(metrics, from, to, step, live): in ms; what it has already is not asked for again. True when something came. */
  async ask(metrics, from, to, step, live) {
    const key = (metric) => `${metric} ${from} ${to} ${step}`;
    const wanted = metrics.filter((m) => this.lacks(m, from, to, step, live) && !this.under_way.has(key(m)));
    if (!wanted.length) return false;
    for (const m of wanted) this.under_way.set(key(m), true);
    try {
      const answer = await this.fetch(wanted, from, to, step);
      for (const m of wanted) this.keep(m, columnsOf(answer, m, from, to));
      return true;
    } finally {
      for (const m of wanted) this.under_way.delete(key(m));
    }
  }

  /** goOn(metrics, columns of each, from, to): what is new since, for the columns that are shown. */
  async goOn(shown, from, to) {
    const due = shown.filter(([m]) => !this.under_way.has(m));
    if (!due.length) return false;
    const step = due[0][1].step;
    const start = Math.max(from, Math.min(...due.map(([, c]) => c.t.at(-1) ?? c.to)) - step);
    for (const [m] of due) this.under_way.set(m, true);
    try {
      const answer = await this.fetch(due.map(([m]) => m), Math.floor(start / step) * step, to, step);
      for (const [m, c] of due) goOn(c, columnsOf(answer, m, start, to), from);
      return true;
    } finally {
      for (const [m] of due) this.under_way.delete(m);
    }
  }

  async fetch(metrics, from, to, step) {
    const abort = new AbortController();
    this.aborts.add(abort);
    this.requests++;
    try {
      const answer = await get(`${ofNode(this.node, "history")}?start=${Math.floor(from)}&end=${Math.ceil(to)}&step=${step / 1000}&times=shared&digits=${DIGITS}&fields=${FIELDS}&metric=${metrics.join(",")}`, HISTORY_MS, abort.signal);
      this.error = null;
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") this.error = why(error);
      throw error;
    } finally {
      this.aborts.delete(abort);
    }
  }

  /** stop: what is under way does not matter any more. */
  stop() {
    for (const abort of this.aborts) abort.abort();
  }
}
