// SPDX-License-Identifier: Apache-2.0
// All metrics of a node over time, in groups. What is asked for and drawn when is told in plot/board.js; here is what stands on the page.
//
// `find` in the address is what is searched for, so that a link can lead to the chart of one metric.

import "./charts.css";
import { choice, el } from "../dom.js";
import { moment, plural } from "../format.js";
import { keep, kept } from "../kept.js";
import { marksOf } from "../lanes/marks.js";
import { readRange, rangeParams } from "../range.js";
import { serverNow } from "../servertime.js";
import { Board } from "../plot/board.js";
import { marksIn } from "../plot/marks.js";
import { groupsOf, metricTitle, RESTARTS } from "../plot/metrics.js";

const OPEN_KEY = "charts.open"; // the groups that this browser had open last
const FOUND_MOST = 30;
const HEIGHT = 104, HEIGHT_ALONE = 300;

let v = null; // what is on the page

// ---- what is remembered ----------------------------------------------------------------------------------------------

const openGroups = () => new Set((kept(OPEN_KEY) || "").split(" "));
const rememberOpen = () => keep(OPEN_KEY, [...v.groups.querySelectorAll("details[open]")].map((d) => d.dataset.group).join(" "));

// ---- groups ---------------------------------------------------------------------------------------------------------

function fill(grid, metrics) {
  if (!grid.childElementCount) grid.append(...metrics.map((m) => v.board.add(m)));
}

function group({ id, title, metrics }, open) {
  const grid = el("div", { class: "charts-grid" });
  const details = el("details", { class: "block charts-group", "data-group": id, "data-key": `group ${id}`, open }, el("summary", {}, el("h3", {}, title), el("span", { class: "aside" }, plural(metrics.length, "chart"))), grid);
  details.addEventListener("toggle", () => {
    if (details.open) fill(grid, metrics);
    rememberOpen();
  });
  if (open) fill(grid, metrics);
  return details;
}

// The first group is there at once; the others when it is known what the node has.
function showGroups(app) {
  const sample = app.data.performance?.metrics;
  const known = sample ? Object.keys(sample).join() : app.errors.performance || (app.data.performance && !sample) ? "" : null;
  if (known === null || v.known === known) return;
  v.known = known;
  v.metrics = groupsOf(known ? known.split(",") : null);
  const open = openGroups();
  for (const old of v.groups.querySelectorAll("details:not([data-group=first])")) {
    for (const figure of old.querySelectorAll(".metric-chart")) v.board.remove(figure);
    old.remove();
  }
  v.groups.append(...v.metrics.slice(1).map((g) => group(g, open.has(g.id))));
  v.count.textContent = plural(new Set(v.metrics.flatMap((g) => g.metrics)).size, "metric");
  find();
}

function openAll(open) {
  for (const details of v.groups.querySelectorAll("details")) details.open = open || details.dataset.group === "first";
}

// ---- search ---------------------------------------------------------------------------------------------------------

function find() {
  const words = v.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const all = [...new Set((v.metrics || groupsOf(null)).flatMap((g) => g.metrics))];
  const found = words.length ? all.filter((m) => words.every((w) => `${m} ${m.replaceAll("_", " ")} ${metricTitle(m).toLowerCase()}`.includes(w))) : [];
  // A name in full is that metric alone, as links have it.
  const shown = all.includes(words.join("_")) && words.length === 1 ? [words[0]] : found.slice(0, FOUND_MOST);
  v.groups.hidden = words.length > 0;
  v.found.hidden = words.length === 0;
  if (v.shown === shown.join()) return;
  v.shown = shown.join();
  for (const figure of [...v.foundGrid.children]) v.board.remove(figure);
  v.foundGrid.append(...shown.map((m) => v.board.add(m, shown.length === 1 ? HEIGHT_ALONE : HEIGHT)));
  v.foundWords.textContent = !words.length ? "" : !shown.length ? `No metric has “${v.search.value.trim().slice(0, 80)}” in its name.` : `${plural(shown.length, "chart")}${shown.length < found.length && shown.length > 1 ? ` of ${found.length}` : ""}`;
}

// A link within the view, and Back.
function takeSearch(app) {
  const text = app.route.params.get("find") || "";
  if (text === v.asked) return;
  v.asked = text;
  if (v.search.value.trim() !== text) v.search.value = text;
  find();
}

function keepSearch(app) {
  const text = v.search.value.trim();
  const params = { ...Object.fromEntries(app.route.params), find: text || null };
  if (text !== (app.route.params.get("find") || "")) location.replace(app.link({ ...app.route, params }));
}

// ---- the range ------------------------------------------------------------------------------------------------------

function go(app, params) {
  app.go({ ...app.route, view: "charts", params: { ...Object.fromEntries(app.route.params), from: null, to: null, span: null, ...params } });
}

const timesOf = (params) => Object.fromEntries(["from", "to", "span"].map((key) => [key, params.get(key)]));

function zoomed(app, from, to) {
  v.before.push(timesOf(app.route.params));
  go(app, rangeParams(from, to));
}

// ---- words ----------------------------------------------------------------------------------------------------------

function nothingWords(app) {
  const { board } = v;
  if (board.past.error) return `The history cannot be read: ${board.past.error}. Trying again by itself.`;
  const drawn = [...board.onScreen].filter((c) => c.columns && c.metric !== RESTARTS);
  if (!drawn.length || drawn.some((c) => c.columns.t.length)) return "";
  if (!app.node?.last_sample) return "No sample has come from this node yet: its charts begin with the first one.";
  return `Nothing is kept of the time from ${moment(board.from)} to ${moment(board.to)}: the node was not watched then, or it is longer ago than history is kept.`;
}

function happenedWords() {
  const { answer, error } = v.marks;
  if (error) return `What happened cannot be read: ${error}.`;
  if (!answer) return "";
  const said = [[answer.incidents.length, "incident"], [answer.anomalies.length, "finding"], [answer.restarts.restart, "restart"], [answer.boots.length, "boot"], [answer.deploys?.length, "deploy"]].filter(([n]) => n).map(([n, word]) => plural(n, word));
  return said.length ? `${said.join(", ")} in this time. Point at a mark, or go along them with the arrow keys.` : "Nothing out of the ordinary happened in this time.";
}

function showNotice(app) {
  const words = nothingWords(app);
  if (v.notice.textContent !== words) v.notice.textContent = words;
  v.notice.hidden = words === "";
}

// ---- the view -------------------------------------------------------------------------------------------------------

function controls(app) {
  v.search = el("input", { type: "search", class: "charts-find", placeholder: "Find a metric", "aria-label": "Find a metric", autocomplete: "off", spellcheck: "false" });
  v.search.addEventListener("input", find);
  v.search.addEventListener("change", () => keepSearch(app));
  const all = el("button", { type: "button" }, "Open all"), none = el("button", { type: "button" }, "Close all"), tables = choice("As tables", false);
  all.addEventListener("click", () => openAll(true));
  none.addEventListener("click", () => openAll(false));
  tables.addEventListener("click", () => {
    tables.setAttribute("aria-pressed", String(!v.board.tabled));
    v.board.asTables(!v.board.tabled);
  });
  v.count = el("span", { class: "aside" });
  return el("div", { class: "choices charts-controls" }, v.search, v.count, legend(), all, none, tables);
}

const LEGEND = [["mean", "mean"], ["band", "lowest to highest"], ["usual", "usual"], ["limit", "limit"], ["boot", "boot, deploy"]];
const legend = () => el("p", { class: "plot-legend", "aria-hidden": "true" }, LEGEND.map(([id, words]) => el("span", {}, el("i", { class: `is-${id}` }), words)));

// Those that were seen stay known when the node is not linked.
const restartsSeen = (app) => app.node?.info?.restarts_seen !== false || v.marks.answer?.restarts.restart > 0;

const HELP = "Drag to zoom; double-click to go back. Ctrl and the wheel, or two fingers, zoom as well. With a chart in focus: + − ← →, 0 for the last 24 h, Shift and ← → for its values.";

export const charts = {
  id: "charts",
  title: "Charts",
  scope: "node",
  ranged: true,
  asks: (app) => ({ performance: app.of("performance"), health: app.of("health") }),
  open(root, app) {
    v = { marks: marksOf(), version: -1, known: undefined, before: [], shown: "" };
    const bar = controls(app);
    v.groups = el("div", { class: "charts-groups" });
    v.foundGrid = el("div", { class: "charts-grid" });
    v.foundWords = el("p", { class: "aside", role: "status" });
    v.found = el("section", { class: "block", hidden: true, "aria-label": "Metrics found" }, v.foundWords, v.foundGrid);
    v.notice = el("p", { class: "charts-notice", role: "status", hidden: true });
    v.board = new Board(app, root, {
      zoomed: (from, to) => zoomed(app, from, to),
      back: () => (v.before.length ? go(app, v.before.pop()) : go(app, {})),
      whole: () => go(app, {}),
      changed: () => showNotice(app),
      says: happenedWords,
      restartsSeen: () => restartsSeen(app),
      restartWords: () => (!restartsSeen(app) ? "Restarts are not seen on this node." : v.marks.error ? `Cannot be read: ${v.marks.error}.` : "…"),
    }, { height: HEIGHT });
    root.append(v.board.strip.root, bar, v.notice, v.groups, v.found, el("p", { class: "charts-help dim" }, HELP));
    v.groups.append(group(groupsOf(null)[0], true));
  },
  show(app) {
    takeSearch(app);
    const range = readRange(app.route.params);
    if (!v.board.looking) v.board.setRange(range.from, range.to, range.span !== null);
    v.board.setSample(app.data.performance, app.data.health?.criteria);
    v.marks.take(app);
    if (v.version !== v.marks.version) {
      v.version = v.marks.version;
      if (v.marks.answer) v.board.setMarks(marksIn(v.marks.answer, serverNow()));
    }
    showGroups(app);
    v.board.tick();
    showNotice(app);
  },
  event(ev, app) {
    if (ev.node === app.route.node) v.marks.dirty();
  },
  close() {
    v.board.close();
    v = null;
  },
};
