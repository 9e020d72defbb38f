// SPDX-License-Identifier: Apache-2.0
// What happened, above the charts and over the same time: incidents as bars, findings by severity, restarts, boots and silence of the node. Each mark is a link
// to where more of it is told; pointing at it, or going to it with the arrow keys, tells it in words. Marks that would lie over each other are one.

import uPlot from "uplot";
import { draw, el } from "../dom.js";
import { moment } from "../format.js";
import { setCursor, timeWords } from "./chart.js";
import { palette } from "./colours.js";
import { LANES, together, wordsOf } from "./marks.js";

const GAP = 11; // pixels between two marks that are told apart
const TICK_GAP = 4;
const LANE_HEIGHT = 16, AXIS = 20, LEFT = 74;

const SHAPES = { critical: "critical", warning: "warning", low: "low", unknown: "unknown", healthy: "healthy", down: "down", boot: "boot", deploy: "deploy" };

function axisOptions(strip, width) {
  return {
    width, height: LANES.length * LANE_HEIGHT + AXIS, ms: 1, legend: { show: false }, padding: [0, 6, 0, LEFT],
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 4 }, bind: { dblclick: () => null } },
    scales: { x: { time: true }, y: { range: () => [0, 1] } },
    axes: [{ stroke: () => palette().dim, font: "10px system-ui, sans-serif", size: AXIS, gap: 3, space: 70, ticks: { show: false }, grid: { stroke: () => palette().line, width: 1 }, values: timeWords }, { show: false }],
    series: [{}, { points: { show: false } }],
    hooks: {
      setSelect: [(u) => {
        const { left, width: wide } = u.select;
        if (wide < 4) return;
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        strip.onZoom(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
      }],
    },
  };
}

export class Strip {
  constructor(app, onZoom) {
    Object.assign(this, { app, onZoom, width: 0, marks: [], from: 0, to: 1, u: null, heaps: new Map() });
    this.words = el("p", { class: "strip-words", role: "status" });
    this.time = el("time", { class: "strip-time" });
    this.axis = el("div", { class: "strip-axis" });
    this.lanes = LANES.map(([id, title]) => ({ id, title, box: el("ul", { class: `lane lane-${id}`, "aria-label": title }) }));
    this.laneBox = el("div", { class: "lanes" }, this.lanes.map((l) => el("div", { class: "lane-row" }, el("span", { class: "lane-title", "aria-hidden": "true" }, l.title), l.box)));
    this.root = el("div", { class: "strip", role: "group", "aria-label": "What happened" }, el("div", { class: "strip-plot" }, this.axis, this.laneBox), el("div", { class: "strip-foot" }, this.time, this.words));
    for (const kind of ["pointerover", "pointerout", "focusin", "focusout"]) this.laneBox.addEventListener(kind, (e) => this.tell(kind === "pointerover" || kind === "focusin" ? e.target.closest("a") : this.pointedAt()));
    this.laneBox.addEventListener("keydown", (e) => this.key(e));
    this.laneBox.addEventListener("dragstart", (e) => e.preventDefault());
  }

  /** show(from, to, marks, words): words are what is told while no mark is pointed at. */
  show(from, to, marks, words) {
    Object.assign(this, { from, to, marks, idle: words });
    if (!this.width) return;
    if (!this.u) {
      this.u = new uPlot(axisOptions(this, this.width), [[from, to], [null, null]], this.axis);
      this.onMade?.(this.u);
    } else if (this.u.width !== this.width) this.u.setSize({ width: this.width, height: LANES.length * LANE_HEIGHT + AXIS });
    this.u.batch(() => {
      this.u.setData([[from, to], [null, null]], false);
      this.u.setScale("x", { min: from, max: to });
    });
    this.drawLanes();
    this.tell(this.pointedAt());
  }

  pointedAt() {
    return this.laneBox.querySelector("a:hover") || this.laneBox.querySelector("a:focus");
  }

  drawLanes() {
    const width = this.width - LEFT - 6;
    this.heaps.clear();
    for (const lane of this.lanes) {
      const heaps = together(this.marks.filter((m) => m.lane === lane.id), this.from, this.to, width, lane.id === "restarts" ? TICK_GAP : GAP);
      draw(lane.box, [width, [...this.app.route.params], heaps.map((h) => [h.t, h.end, Math.round(h.x), h.level, h.n])], () => heaps.map((heap, i) => this.item(lane, heap, `${lane.id} ${i}`, width)));
      heaps.forEach((heap, i) => this.heaps.set(`${lane.id} ${i}`, heap));
    }
    const links = [...this.laneBox.querySelectorAll("a")];
    const one = links.find((a) => a === document.activeElement) || links[0];
    for (const a of links) a.tabIndex = a === one ? 0 : -1;
  }

  item(lane, heap, key, width) {
    const a = el("a", { href: this.app.link({ node: this.app.route.node, ...this.routeOf(heap) }), class: `mark ${heap.level}`, "data-key": key, "data-n": heap.n, "aria-label": wordsOf(heap) });
    const left = Math.max(0, heap.x);
    a.style.left = `${left}px`;
    if (heap.end !== undefined) {
      a.classList.add("mark-span");
      a.style.width = `${Math.max(3, Math.min(width, ((heap.end - this.from) / (this.to - this.from)) * width) - left)}px`;
    } else if (lane.id === "restarts") {
      a.classList.add("mark-tick");
      a.style.height = `${Math.min(LANE_HEIGHT - 3, 5 + 3 * Math.log2(heap.n))}px`;
    } else a.append(el("span", { class: `shape shape-${SHAPES[heap.level]}`, "aria-hidden": "true" }));
    return el("li", {}, a);
  }

  // A heap of several is looked at more closely; what goes on for long, or is one thing, is told elsewhere.
  routeOf(heap) {
    const routes = new Set(heap.marks.map((m) => JSON.stringify(m.route.params?.id ? m.route : { view: m.route.view })));
    const { route } = heap.marks[0];
    if (heap.marks.length === 1 || routes.size === 1) return { params: {}, ...route };
    const last = heap.marks.at(-1).t, pad = Math.max(10000, (last - heap.t) * 0.2);
    return { view: "charts", params: { from: new Date(heap.t - pad).toISOString(), to: new Date(last + pad).toISOString() } };
  }

  tell(a) {
    const heap = a && this.heaps.get(a.dataset.key);
    const words = heap ? wordsOf(heap) : this.idle || "";
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  key(e) {
    const links = [...this.laneBox.querySelectorAll("a")].sort((a, b) => this.heaps.get(a.dataset.key).t - this.heaps.get(b.dataset.key).t);
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[e.key];
    const at = links.indexOf(document.activeElement);
    if (!by || at < 0) return;
    e.preventDefault();
    const next = links[Math.max(0, Math.min(links.length - 1, at + by))];
    document.activeElement.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  point(t) {
    setCursor(this.u, t);
    this.time.textContent = t === null ? "" : moment(t);
    if (t === null) this.time.removeAttribute("datetime");
    else this.time.dateTime = new Date(Math.round(t)).toISOString();
  }

  close() {
    this.u?.destroy();
    this.u = null;
  }
}
