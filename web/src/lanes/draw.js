// SPDX-License-Identifier: Apache-2.0
// The lanes as a picture. What is many is one path for each kind, so thousands of restarts are a few elements.

import { cut } from "../dom.js";
import { clock, moment } from "../format.js";
import { timeTicks } from "./axis.js";
import { BOTTOM, SHORT } from "./layout.js";
import { evenWords, missedBeats, nextBeatOf, patternWordsOf, roundsOf } from "./model.js";
import { label, px, svg } from "./svg.js";

const BIN = 4; // of a supervisor's density, in pixels
const TICK_ROOM = 90;
const CHARACTER = 5.7; // width of one in a note
const NOTES = 4, NOTE_MAX = 70, NOTE_LEAST = 6;
const DAY = 86400000;

// ---- marks: a shape for each kind ------------------------------------------------------------------------------------

const SHAPES = {
  restart: (x, y) => `M${px(x)} ${y}V${y - SHORT}`,
  start_error: (x, y) => `M${px(x - 3.5)} ${y - 2}l7 -7M${px(x - 3.5)} ${y - 9}l7 7`,
  gave_up: (x, y) => `M${px(x - 4.5)} ${y}h9v-9h-9z`,
  collateral: (x, y) => `M${px(x - 2.5)} ${y - 3}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`,
};
const ORDER = ["collateral", "restart", "start_error", "gave_up"]; // the worst lies on top

/** shape(kind): the mark alone, for a legend. */
export const shape = (kind) => svg("svg", { class: "legend-shape", width: 12, height: 16, "aria-hidden": "true" }, svg("path", { class: `tick tick-${kind}`, d: SHAPES[kind](6, 14.5) }));

const middle = (item, l) => (l.x(item.t) + l.x(item.until ?? item.t)) / 2;

// A stretch of which only the number is known is a bar; its height goes by the logarithm, so that one beside a thousand is still seen.
const tall = (n, most) => Math.max(3, (SHORT + 2) * (Math.log1p(n) / Math.log1p(Math.max(most, 3))));

function bars(items, l, base, most) {
  return items.map((item) => {
    const a = l.x(item.t), w = Math.max(1.5, l.x(item.until) - a - 0.5);
    return `M${px(a)} ${base}h${px(w)}v${-px(tall(item.n, most))}h${-px(w)}z`;
  }).join("");
}

function childMarks(lane, l) {
  return ORDER.map((kind) => {
    const items = lane.items.filter((item) => item.kind === kind && l.x(item.t) <= l.edge + 1 && l.x(item.until ?? item.t) >= -1);
    if (!items.length) return null;
    const n = items.reduce((all, item) => all + item.n, 0);
    if (lane.child.stepped && kind === "restart") return svg("path", { class: "density", "data-kind": kind, "data-n": n, d: bars(items, l, lane.base, Math.max(...items.map((item) => item.n))) });
    return svg("path", { class: `tick tick-${kind}`, "data-kind": kind, "data-n": n, d: items.map((item) => SHAPES[kind](middle(item, l), lane.base)).join("") });
  });
}

// All that happened below a supervisor, in steps of some pixels.
function groupBins(lane, l) {
  const bins = new Float64Array(Math.ceil(l.edge / BIN) + 1);
  for (const item of lane.items) {
    if (item.kind === "collateral") continue;
    const a = Math.max(0, Math.floor(l.x(item.t) / BIN)), b = Math.max(a, Math.floor(l.x(item.until ?? item.t) / BIN));
    for (let i = a; i <= b && i < bins.length; i++) bins[i] += item.n / (b - a + 1);
  }
  return bins;
}

function groupMarks(lane, l) {
  const bins = groupBins(lane, l), most = Math.max(...bins);
  const d = [...bins].map((n, i) => (n > 0 ? `M${i * BIN} ${lane.base}h${BIN - 1}v${-px(tall(n, most))}h${1 - BIN}z` : "")).join("");
  const gaveUp = lane.items.filter((item) => item.kind === "gave_up").map((item) => SHAPES.gave_up(middle(item, l), lane.base)).join("");
  return [d && svg("path", { class: "density", d }), gaveUp && svg("path", { class: "tick tick-gave_up", d: gaveUp })];
}

// ---- what happened to the node as a whole ----------------------------------------------------------------------------

function nodeMarks(lane, l) {
  const incidents = lane.items.filter((item) => item.kind === "incident").map((item) => {
    const a = Math.max(0, l.x(item.t)), b = Math.min(l.edge, l.x(item.until));
    return b < 0 || a > l.edge ? null : svg("rect", { class: `incident incident-${item.incident.severity}`, x: px(a), y: lane.base - SHORT + 2, width: px(Math.max(3, b - a)), height: SHORT - 2, rx: 2 });
  });
  const boots = lane.items.filter((item) => item.kind === "boot").map((item) => svg("path", { class: "boot-flag", d: `M${px(l.x(item.t))} ${lane.base}v${-SHORT - 2}l7 3.5l-7 3.5` }));
  const deploys = lane.items.filter((item) => item.kind === "deploy").map((item) => svg("path", { class: "deploy-flag", d: `M${px(l.x(item.t))} ${lane.base - 2}l5 -6l-5 -6l-5 6z` }));
  return [incidents, boots, deploys];
}

const lines = (l, name, times) => times.map((t) => Date.parse(t)).filter((t) => t >= l.from && t <= l.to).map((t) => svg("path", { class: name, d: `M${px(l.x(t))} 14V${l.height}` }));

// Lines and gaps that go through all lanes.
function through(l, marks) {
  const gap = (a, b, what) => {
    const [x1, x2] = [Math.max(0, l.x(a)), Math.min(l.edge, l.x(b))];
    return x2 > x1 ? svg("rect", { class: what, x: px(x1), y: 0, width: px(Math.max(1, x2 - x1)), height: l.height }) : null;
  };
  return [
    marks.restarts.since && gap(l.from, Date.parse(marks.restarts.since), "unseen"),
    marks.unseen.map((u) => gap(Date.parse(u.start), u.end ? Date.parse(u.end) : l.now, "unseen")),
    lines(l, "boot", marks.boots.map((b) => b.booted)), lines(l, "deploy", (marks.deploys || []).map((d) => d.timestamp)),
  ];
}

// ---- patterns --------------------------------------------------------------------------------------------------------

const stormBand = (p, lane, l) => {
  const a = Math.max(0, l.x(p.from) - 2), b = Math.min(l.edge, l.x(p.to) + 2);
  return b < 0 || a > l.edge ? null : svg("rect", { class: "storm", x: px(a), y: lane.base - SHORT - 3, width: px(Math.max(3, b - a)), height: SHORT + 6, rx: 2 });
};

function beats(p, lane, l) {
  const a = Math.max(0, l.x(p.from)), b = Math.min(l.edge, l.x(p.to));
  if (b < 0 || a > l.edge) return [];
  const missed = missedBeats(lane.child.times.filter((t) => t >= p.from && t <= p.to), p.interval_ms);
  return [
    svg("path", { class: "beat-line", d: `M${px(a)} ${lane.base + 2.5}H${px(b)}` }),
    missed.map((t) => svg("circle", { class: "beat-missed", cx: px(l.x(t)), cy: lane.base - 5, r: 3 })),
  ];
}

const soon = (t, now) => (t - now < DAY ? clock(t) : moment(t));

// The next beat, in the room beyond now: with the time from the earliest to the latest, and its time in words.
function nextBeat(p, lane, l, predictions) {
  if (!p.active || !l.live) return null;
  const told = predictions?.find((q) => q.type === "periodic_restart" && q.supervisor === p.supervisor && q.child_id === p.child_id);
  const t = told?.next_failure ? Date.parse(told.next_failure) : nextBeatOf(p, p.to);
  if (!Number.isFinite(t)) return null;
  const at = (ms) => Math.min(l.width - 6, Math.max(l.edge + 5, l.x(ms)));
  const x = at(t), y = lane.base - 6;
  const beyond = l.x(t) > l.width - 6;
  const following = [];
  for (let k = 1; k < 40 && l.x(t + k * p.interval_ms) < l.width && p.interval_ms * (l.x(1) - l.x(0)) >= 6; k++) following.push(`M${px(l.x(t + k * p.interval_ms))} ${lane.base}v-5`);
  return svg("g", { class: "next-beat", "data-next": new Date(t).toISOString() },
    following.length ? svg("path", { class: "beat-next", d: following.join("") }) : null,
    told?.earliest && told.latest && svg("path", { class: "beat-range", d: `M${px(at(Date.parse(told.earliest)))} ${y}H${px(at(Date.parse(told.latest)))}` }),
    beyond ? svg("path", { class: "beat-next", d: `M${px(x - 8)} ${y}h8l-4 -4m4 4l-4 4` }) : svg("path", { class: "beat-next", d: `M${px(x)} ${y - 5}l5 5l-5 5l-5 -5z` }),
    label(l.edge + 2, lane.note, t < l.now ? "due now" : `${l.narrow ? "" : "next "}${soon(t, l.now)}`, { class: "note note-next" }));
}

// A spike comes some time before the restart that follows it.
function spikes(p, lane, l) {
  const before = Math.max(3, l.x(p.delay_ms || 0) - l.x(0));
  const at = lane.child.times.filter((t) => t >= p.from && t <= p.to).map((t) => l.x(t) - before).filter((x) => x >= 0 && x <= l.edge);
  return at.length ? svg("path", { class: "spike", d: at.map((x) => `M${px(x - 3.5)} ${lane.base - SHORT + 4}l3.5 -7l3.5 7z`).join("") }) : null;
}

// What is said of a lane: [text, where it begins, class].
function saidOf({ child }, l) {
  const even = evenWords(child);
  const shown = child.patterns.filter((p) => p.to >= l.from && p.from <= l.to).sort((a, b) => Number(b.active) - Number(a.active) || a.from - b.from);
  return [...shown.map((p) => [patternWordsOf(p), p.from, `note-${p.type}${p.active ? "" : " is-over"}`]), ...(even ? [[even, child.times[0], "note-periodic_restart"]] : [])];
}

// Each as far left as what it is about begins, or farther where those behind it need the room; none over another.
function notes(lane, l) {
  const said = saidOf(lane, l).slice(0, NOTES).map(([words, from, name]) => ({ text: cut(words, NOTE_MAX), from, name }));
  const widths = said.map(({ text }) => text.length * CHARACTER + 12);
  let free = 2;
  return said.map(({ text, from, name }, i) => {
    const behind = widths.slice(i).reduce((a, b) => a + b, 0);
    const x = Math.max(free, Math.min(l.x(from), l.edge - behind));
    const room = Math.floor((l.edge - x - 8) / CHARACTER);
    free = x + widths[i];
    return room < NOTE_LEAST ? null : label(x, lane.note, cut(text, Math.min(room, NOTE_MAX)), { class: `note ${name}` });
  });
}

const PATTERN_MARKS = { restart_storm: stormBand, periodic_restart: beats, resource_correlated: spikes };

/** What connects lanes: of each round of a cascade a line from who failed first to those that followed. */
function cascades(l, marks) {
  const lanes = new Map(l.lanes.filter((lane) => lane.child).map((lane) => [lane.child, lane]));
  const children = [...lanes.keys()];
  return marks.patterns.filter((p) => p.type === "cascading_failure").map((p) => {
    const lines = roundsOf(p, children).flatMap((round) => round.slice(1).map((to, i) => link(round[i], to, lanes, l)));
    return lines.length ? svg("path", { class: `cascade${p.active ? "" : " is-over"}`, "data-rounds": lines.length, d: lines.join("") }) : null;
  });
}

// From mark to mark, with a head at its end.
function link(from, to, lanes, l) {
  const a = lanes.get(from.child), b = lanes.get(to.child);
  const x1 = l.x(from.t), x2 = l.x(to.t), down = b.y > a.y;
  const y1 = down ? a.base : a.base - SHORT, y2 = down ? b.base - SHORT - 1 : b.base + 1, turn = down ? -4 : 4;
  return `M${px(x1)} ${y1}C${px(x1)} ${(y1 + y2) / 2} ${px(x2)} ${(y1 + y2) / 2} ${px(x2)} ${y2}m-2.5 ${turn}l2.5 ${-turn}l2.5 ${turn}`;
}

// ---- the whole -------------------------------------------------------------------------------------------------------

function axis(l) {
  const ticks = timeTicks(l.from, l.to, Math.max(2, Math.floor(l.edge / TICK_ROOM)));
  return [
    svg("path", { class: "grid", d: ticks.map(({ t }) => `M${px(l.x(t))} 16V${l.height}`).join("") }),
    ticks.filter(({ t }) => l.x(t) < l.edge - 34).map(({ t, text }) => label(l.x(t) + 3, 12, text, { class: "axis" })),
    l.now >= l.from && l.now <= l.to + 1000 ? svg("path", { class: "now", d: `M${px(Math.min(l.edge, l.x(l.now)))} 0V${l.height}` }) : null,
    l.live ? label(l.edge + 3, 12, l.narrow ? "next" : "now, and next", { class: "axis" }) : null,
  ];
}

function laneMarks(lane, l, predictions) {
  const { patterns = [] } = lane.child || {};
  return svg("g", { class: `lane lane-${lane.kind}`, "data-lane": lane.key },
    svg("rect", { class: "lane-back", x: 0, y: lane.y, width: l.width, height: lane.height }),
    patterns.map((p) => PATTERN_MARKS[p.type]?.(p, lane, l)),
    lane.kind === "node" ? nodeMarks(lane, l) : lane.kind === "group" ? groupMarks(lane, l) : childMarks(lane, l),
    lane.child && lane.note !== null ? [notes(lane, l), patterns.filter((p) => p.type === "periodic_restart").map((p) => nextBeat(p, lane, l, predictions))] : null);
}

/** picture(l, marks, predictions): of a layout. */
export const picture = (l, marks, predictions) => [
  l.live ? svg("rect", { class: "future", x: px(l.edge), y: 0, width: px(l.width - l.edge), height: l.height }) : null,
  axis(l), l.lanes.map((lane) => laneMarks(lane, l, predictions)), through(l, marks), cascades(l, marks),
];

/** cursor(l, lane, item): what is pointed at. */
export function cursor(l, lane, item) {
  const a = l.x(item.t), b = l.x(item.until ?? item.t);
  return svg("rect", { class: "cursor", x: px(a - 5), y: lane.base - SHORT - 4, width: px(b - a + 10), height: SHORT + 4 + BOTTOM, rx: 3 });
}
