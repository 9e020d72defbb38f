// SPDX-License-Identifier: Apache-2.0
// The largest processes, by one ranking or by all; beside them the other lists of what a node has (surveys.js). The address says which list, ranking,
// order and process: ?list=tables, ?by=memory&sort=-binary&find=worker&pid=<0.5.0>.

import { choose, findBox, finder, here, oneOf } from "../address.js";
import { block, choice, draw, el, empty, term } from "../dom.js";
import { count, known, plural, quantity } from "../format.js";
import { steadyOrder } from "../order.js";
import { opener, readSort, table } from "../table.js";
import { severityKind } from "../words.js";
import { incidentsOf, mfa, processDetails } from "./process.js";
import { SURVEYS } from "./surveys.js";

const RANKINGS = { memory: "memory", queue: "message queue", reductions: "reductions", binary: "binaries", all: "all of these" };
const RANKED = Object.keys(RANKINGS).filter((by) => by !== "all");
const LISTS = ["processes", ...Object.keys(SURVEYS)];

const chosen = (app) => oneOf(app, "by", Object.keys(RANKINGS));
const listed = (app) => oneOf(app, "list", LISTS);
// Who opens a process wants to see it, whichever ranking it is in.
const ranked = (app) => (chosen(app) === "all" || app.route.params.has("pid") ? RANKED : [chosen(app)]);

// ---- rankings -------------------------------------------------------------------------------------------------------

/** rows(app): null until all of them have come. A process in several rankings is one row. */
function rows(app) {
  const tops = ranked(app).map((by) => app.data[`top ${by}`]);
  const wanted = chosen(app) === "all" ? tops : [app.data[`top ${chosen(app)}`]];
  if (!wanted.every(Boolean)) return null;
  const all = new Map();
  for (const p of wanted.flatMap((top) => top.processes)) if (!all.has(p.pid)) all.set(p.pid, p);
  return [...all.values()];
}

function nameCell(app, p) {
  const [named] = incidentsOf(p, app.data.incidents);
  return [opener(app, "pid", p.pid, el("span", { class: "mono" }, p.name ? [el("strong", {}, term(p.name, 160)), el("span", { class: "dim" }, ` ${p.pid}`)] : p.pid)),
    named && [" ", el("a", { class: `tag ${severityKind[named.severity] || "low"}`, href: app.link({ node: app.route.node, view: "incidents", params: { id: named.id } }), "data-key": `incident of ${p.pid}`, title: named.title }, "in an incident")]];
}

const mono = (text) => text && el("span", { class: "mono" }, term(text, 160));

// Of a process with a deep queue not everything is asked, and only long queues are followed.
const columns = (app) => [
  { key: "name", title: "Process", value: (p) => p.name || p.pid, cell: (p) => nameCell(app, p) },
  { key: "started", title: "Started as", css: "hide-small", value: (p) => p.initial_call, cell: (p) => mfa(p.initial_call) },
  { key: "now", title: "Now in", css: "hide-small", value: (p) => p.current_function, cell: (p) => mfa(p.current_function) },
  { key: "application", title: "Application", css: "hide-small", value: (p) => p.application, cell: (p) => mono(p.application) },
  { key: "queue", title: "Queue", number: true, value: (p) => p.message_queue_len, cell: (p) => known(p.message_queue_len, "count") },
  { key: "growth", title: "Growth/s", number: true, css: "hide-small", help: "Messages a second by which its queue grows; long queues are followed", value: (p) => p.message_queue_fill_rate, cell: (p) => (p.message_queue_fill_rate > 0 ? el("strong", {}, `+${known(p.message_queue_fill_rate, "count")}`) : known(p.message_queue_fill_rate, "count")) },
  { key: "memory", title: "Memory", number: true, value: (p) => p.memory, cell: (p) => known(p.memory, "bytes") },
  { key: "binary", title: "Binaries", number: true, help: "Bytes of binaries outside its heap that it refers to", value: (p) => p.binary_memory, cell: (p) => known(p.binary_memory, "bytes") },
  { key: "reductions", title: "Reductions/s", number: true, css: "hide-tiny", value: (p) => p.reductions_per_second, cell: (p) => known(p.reductions_per_second, "count") },
];

function noRanking(app) {
  const walked = Number.isFinite(app.data.performance?.metrics?.mq_scanned);
  if (walked && chosen(app) === "queue") return "No process had messages waiting in the last walk.";
  return "No ranking yet: it comes with the first finished walk over the processes, and not in every mode.";
}

// The ranking is of the last walk, which may not have seen all of them.
function walked(app, shown, all) {
  const m = app.data.performance?.metrics;
  const words = [];
  if (Number.isFinite(m?.mq_scanned) && Number.isFinite(m?.mq_total)) words.push(`The last walk looked at ${count(m.mq_scanned)} of ${plural(m.mq_total, "process", "processes")}.`);
  words.push(chosen(app) === "all" ? `${plural(all, "process is", "processes are")} among the first ten of a ranking.` : "The first ten of a ranking are known.");
  if (shown < all) words.push(`${shown} of these ${all} have what is looked for.`);
  return words.join(" ");
}

// A process that the address names, and that is in none of what is shown.
function elsewhere(app, shown) {
  const pid = app.route.params.get("pid");
  if (!pid || shown.some((p) => p.pid === pid)) return null;
  const p = RANKED.flatMap((by) => app.data[`top ${by}`]?.processes || []).find((one) => one.pid === pid);
  const close = el("a", { href: here(app, { pid: null }) }, "Close");
  if (p) return el("div", { class: "apart" }, el("p", {}, el("strong", { class: "mono" }, term(p.name || p.pid, 160)), " ", close), processDetails(app, p, app.data));
  if (!RANKED.every((by) => app.data[`top ${by}`])) return null;
  return el("p", { class: "note" }, "Process ", el("span", { class: "mono" }, term(pid, 40)), " is among the first ten of no ranking, or has ended. ",
    el("a", { href: app.link({ node: app.route.node, view: "tree", params: { find: pid } }) }, "Look for it in the tree"), " · ", close);
}

// Rows do not move away under the pointer; a new order that somebody asked for is shown at once.
let order, asked = null, held = false;

function inOrder(app, all) {
  const wanted = [...app.route.params].filter(([key]) => key !== "pid").join();
  const { keys, moved } = order.take(all.map((p) => p.pid), wanted !== asked);
  asked = wanted;
  held = moved;
  return keys.map((pid) => all.find((p) => p.pid === pid));
}

function showRanking(app) {
  const error = ranked(app).map((by) => app.errors[`top ${by}`]).find(Boolean);
  const all = rows(app);
  if (error && !all) return empty(`No ranking: ${error}.`);
  if (!all) return empty("Asking…");
  const has = finder(app);
  const shown = all.filter((p) => has(p.name, p.pid, p.initial_call, p.current_function, p.application, ...(p.ancestors || [])));
  const cols = columns(app);
  const pid = app.route.params.get("pid");
  return [
    elsewhere(app, shown),
    !all.length ? empty(noRanking(app))
      : !shown.length ? empty(`None of these ${all.length} has “${app.route.params.get("find").slice(0, 80)}” in its name, pid, functions, application or ancestors.`)
        : table(app, { label: `Processes by ${RANKINGS[chosen(app)]}`, columns: cols, rows: shown, sort: readSort(app, cols), more: (p) => p.pid === pid && processDetails(app, p, app.data), inOrder: (all) => inOrder(app, all) }),
    held && el("p", { class: "note" }, "The rows stay where they are while the pointer or the keyboard is among them."),
    el("p", { class: "note" }, walked(app, shown.length, all.length)),
  ];
}

// ---- the view -------------------------------------------------------------------------------------------------------

const TITLES = { processes: "Processes", ...Object.fromEntries(Object.entries(SURVEYS).map(([id, s]) => [id, s.title])) };
let box, tools, find, lists;

function rankingButtons(app) {
  return el("div", { class: "choices", role: "group", "aria-label": "Rank processes by" }, el("span", { class: "word-before" }, "The first by"), Object.entries(RANKINGS).map(([by, words]) => {
    const b = choice(words, by === chosen(app), { "data-by": by, "data-key": `by ${by}` });
    b.addEventListener("click", () => choose(app, { by, sort: null }));
    return b;
  }));
}

function showTools(app) {
  draw(lists, [listed(app), app.route.node], () => LISTS.map((id) =>
    el("a", { href: app.link({ node: app.route.node, view: "processes", params: id === "processes" ? {} : { list: id } }), "data-key": `list ${id}`, "aria-current": id === listed(app) ? "page" : null }, TITLES[id])));
  draw(tools, [listed(app), chosen(app)], () => (listed(app) === "processes" ? [rankingButtons(app)] : []));
  find.follow();
}

export const processes = {
  id: "processes",
  title: "Processes",
  scope: "node",
  asks(app) {
    if (listed(app) !== "processes") return SURVEYS[listed(app)].asks(app);
    const tops = Object.fromEntries(ranked(app).map((by) => [`top ${by}`, app.of(`top?by=${by}&n=1000`)]));
    const details = app.route.params.has("pid") ? { health: app.of("health") } : {};
    return { ...tops, performance: app.of("performance"), incidents: { path: app.of("incidents?open=true"), every: 5000 }, ...details };
  },
  open(root, app) {
    find = findBox(app, "Find");
    tools = el("div", { class: "tools" });
    lists = el("nav", { class: "parts", "aria-label": "Lists" });
    box = el("div", { id: "top", class: "wide" });
    order = steadyOrder(box);
    asked = null;
    root.append(block("Inside the node", {}, el("div", { class: "toolbar" }, lists), el("div", { class: "toolbar" }, tools, find.element), box));
  },
  show(app) {
    const list = listed(app);
    showTools(app);
    const m = app.data.performance?.metrics;
    const source = { ...app.data, performance: [m?.mq_scanned, m?.mq_total, list === "ports" && m], health: app.data.health?.anomalies };
    draw(box, [list, [...app.route.params], source, app.errors], () => (list === "processes" ? showRanking(app) : SURVEYS[list].show(app)));
  },
};
