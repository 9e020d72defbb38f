// SPDX-License-Identifier: Apache-2.0
// The time line of restarts: lanes with their names, what they are made of told in words where one points or goes with the keyboard, and zoom.
//
//   const line = timeline(root, { zoom(from, to), picked(lane, item), words(lane, item) })
//   line.show({ marks, groups, node, predictions, from, to, now, live, version })     `version` changes with what is drawn
//
// `words` tells an item in a sentence; `picked` is called with what was chosen, or null.

import { choice, cut, el } from "../dom.js";
import { cursor, picture } from "./draw.js";
import { inView, layout, nearest } from "./layout.js";
import { sum } from "./model.js";
import { svg } from "./svg.js";

const OPEN_MOST = 24; // children that are unfolded by themselves
const ZOOM_LEAST_MS = 10000;
const STEP = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

/** timeline(root, hooks): see above. */
export function timeline(root, hooks) {
  const t = { hooks, folds: new Map(), shown: null, l: null, at: null, drag: null, drawn: null };
  t.names = el("div", { class: "lane-names" });
  t.svg = svg("svg", { class: "lane-picture", "aria-hidden": "true" });
  t.over = svg("g", {});
  t.tip = el("div", { class: "lane-tip", hidden: true, "aria-hidden": "true" });
  t.plot = el("div", { class: "lane-plot", id: "restarts-plot", tabindex: "0", role: "application", "aria-roledescription": "time line", "aria-describedby": "restarts-keys" }, t.svg, t.tip);
  t.box = el("div", { class: "timeline" }, t.names, t.plot);
  root.append(t.box);
  listen(t);
  t.size = new ResizeObserver(() => t.shown && render(t));
  t.size.observe(t.box);
  return { show: (shown) => ((t.shown = shown), render(t)), zoomBy: (factor) => zoomBy(t, factor), close: () => t.size.disconnect() };
}

// ---- drawing --------------------------------------------------------------------------------------------------------

function isOpen(t, group) {
  const chosen = t.folds.get(group.supervisor);
  if (chosen !== undefined) return chosen;
  const few = t.shown.groups.reduce((n, g) => n + g.children.length, 0) <= OPEN_MOST;
  return few || group.children.some((c) => c.count.gave_up || c.patterns.some((p) => p.active));
}

function render(t) {
  const { marks, groups, node, predictions, from, to, now, live, version } = t.shown;
  const width = t.box.clientWidth;
  if (!width) return;
  const folds = groups.map((g) => isOpen(t, g));
  const moved = Math.floor(((now - from) / (to - from)) * width * 2); // half a pixel of time
  const signature = JSON.stringify([version, width, folds, live ? [to - from, moved, Math.floor(now / 1000)] : [from, to]]);
  if (t.drawn === signature) return;
  t.drawn = signature;
  const l = layout({ groups, isOpen: (g) => isOpen(t, g), node, width, from, to, now, live });
  t.l = l;
  t.plot.style.marginLeft = `${l.left}px`;
  t.box.classList.toggle("is-narrow", l.narrow);
  for (const [name, value] of [["width", l.width], ["height", l.height]]) t.svg.setAttribute(name, value);
  t.svg.replaceChildren(...picture(l, marks, predictions).flat(6).filter(Boolean), t.over);
  names(t);
  point(t);
}

function nameOf(t, lane) {
  if (lane.kind === "node") return el("span", { class: "lane-text" }, "The node");
  const n = el("span", { class: "lane-count" }, String(sum(lane.child ? lane.child.count : lane.group.count)));
  if (lane.kind === "child") return [el("span", { class: "lane-text mono", title: cut(lane.child.id, 2000) }, cut(lane.child.id, 200)), n];
  const fold = el("button", { type: "button", class: "lane-fold", "aria-expanded": String(lane.open), "data-key": `fold ${lane.group.supervisor}`, title: cut(lane.group.supervisor, 2000) },
    el("span", { "aria-hidden": "true" }, lane.open ? "▾" : "▸"), el("span", { class: "lane-text mono" }, cut(lane.group.supervisor, 200)));
  fold.addEventListener("click", () => {
    t.folds.set(lane.group.supervisor, !lane.open);
    render(t);
  });
  return [fold, n];
}

// Focus stays on the button that folds.
function names(t) {
  const focused = t.names.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  t.names.replaceChildren(...t.l.lanes.map((lane) => {
    const e = el("div", { class: `lane-name is-${lane.kind}` }, nameOf(t, lane));
    e.style.top = `${lane.y}px`;
    e.style.height = `${t.l.narrow ? 17 : lane.height}px`;
    return e;
  }));
  t.names.style.width = `${t.l.narrow ? t.l.width : t.l.left}px`;
  if (focused) t.names.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

// ---- what is pointed at ---------------------------------------------------------------------------------------------

const laneAt = (t, y) => t.l?.lanes.find((lane) => y >= lane.y && y < lane.y + lane.height);

// The lanes are made anew with every answer: what is pointed at is known by its lane's key and its time.
function found(t) {
  if (!t.at || !t.l) return null;
  const lane = t.l.lanes.find((one) => one.key === t.at.key && one.kind === t.at.kind);
  const index = lane ? lane.items.findIndex((item) => item.t === t.at.t && item.kind === t.at.what) : -1;
  return index < 0 ? null : { lane, index, item: lane.items[index] };
}

const remember = (lane, item) => ({ key: lane.key, kind: lane.kind, t: item.t, what: item.kind });

function point(t, hover = null) {
  const at = hover || found(t);
  t.over.replaceChildren(...(at && at.item.t <= t.l.to && (at.item.until ?? at.item.t) >= t.l.from ? [cursor(t.l, at.lane, at.item)] : []));
}

function tip(t, at, x) {
  t.tip.hidden = !at;
  if (!at) return;
  t.tip.textContent = t.hooks.words(at.lane, at.item);
  const width = Math.min(360, t.l.width);
  t.tip.style.maxWidth = `${width}px`;
  t.tip.style.left = `${Math.max(0, Math.min(x - width / 3, t.l.width - width))}px`;
  t.tip.style.top = `${at.lane.y + at.lane.height + 2}px`;
}

function pick(t, lane, item) {
  t.at = item ? remember(lane, item) : null;
  point(t);
  t.hooks.picked(item ? lane : null, item);
}

// ---- the keyboard ---------------------------------------------------------------------------------------------------

function first(t) {
  const lane = t.l.lanes.find((one) => one.kind === "child" && inView(one, t.l).length) || t.l.lanes.find((one) => inView(one, t.l).length);
  if (lane) pick(t, lane, lane.items[inView(lane, t.l).at(-1)]);
}

function along(t, at, step) {
  const seen = inView(at.lane, t.l);
  const here = seen.indexOf(at.index);
  const i = seen[Math.max(0, Math.min(seen.length - 1, (here < 0 ? 0 : here) + step))];
  if (i !== undefined) pick(t, at.lane, at.lane.items[i]);
}

function across(t, at, step) {
  const { lanes } = t.l;
  for (let i = lanes.indexOf(at.lane) + step; i >= 0 && i < lanes.length; i += step) {
    const index = nearest(lanes[i], t.l, t.l.x(at.item.t), Infinity);
    if (index >= 0 && inView(lanes[i], t.l).length) return pick(t, lanes[i], lanes[i].items[index]);
  }
}

function zoomBy(t, factor) {
  const { from, to } = t.l;
  const middle = found(t)?.item.t ?? (t.l.live ? to : (from + to) / 2);
  const width = Math.max(ZOOM_LEAST_MS, (to - from) * factor);
  const share = Math.min(0.9, Math.max(0.1, (middle - from) / (to - from)));
  t.hooks.zoom(middle - share * width, middle + (1 - share) * width);
}

function key(t, e) {
  if (!t.l || e.ctrlKey || e.metaKey || e.altKey) return false;
  const at = found(t);
  if (e.key === "+" || e.key === "=") zoomBy(t, 0.5);
  else if (e.key === "-") zoomBy(t, 2);
  else if (e.key === "Escape" && at) pick(t, null, null);
  else if (!at && (e.key in STEP || e.key.startsWith("Arrow"))) first(t);
  else if (e.key in STEP) along(t, at, STEP[e.key]);
  else if (e.key === "ArrowUp" || e.key === "ArrowDown") across(t, at, e.key === "ArrowUp" ? -1 : 1);
  else return false;
  return true;
}

// ---- the pointer ----------------------------------------------------------------------------------------------------

function pointed(t, e) {
  const box = t.plot.getBoundingClientRect();
  const [x, y] = [e.clientX - box.left, e.clientY - box.top];
  const lane = laneAt(t, y);
  const index = lane ? nearest(lane, t.l, x) : -1;
  return { x, at: index < 0 ? null : { lane, item: lane.items[index] } };
}

function move(t, e) {
  if (!t.l) return;
  const { x, at } = pointed(t, e);
  if (t.drag && Math.abs(x - t.drag.x) > 4) t.drag.to = x;
  if (t.drag?.to !== undefined) {
    const [a, b] = [Math.min(t.drag.x, x), Math.max(t.drag.x, x)];
    t.over.replaceChildren(svg("rect", { class: "selection", x: a, y: 0, width: b - a, height: t.l.height }));
    tip(t, null);
  } else {
    point(t, at);
    tip(t, at, x);
  }
}

function release(t, e) {
  const { drag } = t;
  t.drag = null;
  if (!drag || !t.l) return;
  if (drag.to === undefined) {
    const { at } = pointed(t, e);
    pick(t, at?.lane ?? null, at?.item ?? null);
    return;
  }
  const [a, b] = [drag.x, drag.to].map((x) => t.l.time(Math.max(0, Math.min(t.l.edge, x)))).sort((p, q) => p - q);
  if (b - a >= 1000) t.hooks.zoom(a, Math.max(b, a + ZOOM_LEAST_MS));
  point(t);
}

function listen(t) {
  t.plot.addEventListener("keydown", (e) => key(t, e) && e.preventDefault());
  t.plot.addEventListener("pointermove", (e) => move(t, e));
  t.plot.addEventListener("pointerleave", () => t.l && (point(t), tip(t, null)));
  t.plot.addEventListener("pointerdown", (e) => {
    if (e.button !== 0 || !t.l) return;
    t.drag = { x: pointed(t, e).x };
    t.plot.setPointerCapture(e.pointerId);
  });
  t.plot.addEventListener("pointerup", (e) => release(t, e));
  t.plot.addEventListener("pointercancel", () => (t.drag = null));
  t.plot.addEventListener("dblclick", () => t.l && zoomBy(t, 3));
}

/** zoomButtons(line): for those who have neither wheel nor keys. */
export const zoomButtons = (line) => [["−", 2, "Zoom out"], ["+", 0.5, "Zoom in"]].map(([text, factor, name]) => {
  const b = choice(text, false, { "aria-label": name, title: name });
  b.removeAttribute("aria-pressed");
  b.addEventListener("click", () => line.zoomBy(factor));
  return b;
});
