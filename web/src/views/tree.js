// SPDX-License-Identifier: Apache-2.0
// The supervision tree, as the node tells it when it is asked: once, when somebody wants to see it. Coloured by one measure, so that one can follow the
// heat down; what is looked for is marked. The address says ?heat=queue&find=demo_mailer; who comes by such a link wants to see the tree.

import "./tree.css";
import { choose, findBox, oneOf } from "../address.js";
import { get, why } from "../api.js";
import { block, draw, el, empty, term } from "../dom.js";
import { bytes, clock, count, plural } from "../format.js";
import { facts } from "../table.js";
import { budgetText } from "../words.js";
import { mfa, ofProcess } from "./process.js";
import { find as findIn, HEATS, MEASURES, path, treeModel, treeName } from "./tree_model.js";
import { LISTINGS, treeRows } from "./tree_rows.js";

const TIMEOUT_MS = 15000; // the server gives up before

let box, heads, details, button, state, legend, find, hitsState;
let asked = { node: null }; // { node, asking, answer, model, error, opened, selected (key) }
let rows = null;

async function ask(app) {
  const node = app.route.node;
  const mine = { ...(asked.node === node ? asked : { node, opened: new Map(), selected: null, answer: null }), asking: true };
  asked = mine;
  app.show();
  try {
    mine.answer = await get(app.of("tree"), TIMEOUT_MS);
    mine.model = treeModel(mine.answer);
    mine.error = null;
  } catch (error) {
    mine.answer = null;
    mine.error = why(error);
  }
  mine.asking = false;
  app.show();
}

// Restarts where there are some, else what waits: what one would look for first.
function heatOfAddress(app, model) {
  const busy = ["restarts", "queue"].find((m) => model.totals[m] > 0) || "heap";
  return oneOf(app, "heat", [busy, ...Object.keys(MEASURES)]);
}

// ---- the selected one -----------------------------------------------------------------------------------------------

const link = (app, view, params, ...label) => el("a", { href: app.link({ node: app.route.node, view, params }) }, label);

function supervisorFacts(p) {
  const b = p.branch;
  return [
    ["Children", Number.isFinite(p.children) ? `${count(p.children)}, ${Number.isFinite(p.active) ? count(p.active) : "?"} of them run; ${p.listed} listed here` : "not known", LISTINGS[p.listing] && ` (${LISTINGS[p.listing]})`],
    ["Strategy", p.strategy || "not known: it has restarted nothing"],
    p.budget ? ["Restart budget", budgetText({ ...p.budget, strategy: p.strategy }) || `all of ${plural(p.budget.intensity, "restart")} in ${p.budget.period / 1000} s is left`] : null,
    ["With all below", `${plural(b.processes, "process", "processes")}, ${bytes(b.heap_bytes ?? 0)} of heap, ${count(b.message_queue_len ?? 0)} queued, ${b.restarts === null ? "restarts not observed" : `${plural(b.restarts, "restart")}, ${count(b.restarts_in_5_min ?? 0)} in 5 min`}`],
  ];
}

function selectedFacts(app, model, i) {
  const p = model.rows[i];
  const above = p.parent === null ? null : model.rows[p.parent];
  const supervisor = p.type === "supervisor" ? p : above;
  const closer = el("button", { type: "button", "data-key": "close details" }, "Close");
  closer.addEventListener("click", () => close(app));
  return [
    el("div", { class: "details-head" }, el("h4", { class: "mono" }, term(treeName(p), 200)), closer),
    facts([
      ["Place", path(model, i).slice(0, -1).flatMap((at) => [link(app, "tree", { find: model.rows[at].name || model.rows[at].pid, heat: app.route.params.get("heat") }, el("span", { class: "mono" }, term(treeName(model.rows[at]), 80))), " › "]), el("span", { class: "mono" }, term(treeName(p), 80))],
      ["Kind", `${p.type}, ${p.status}`], ["Application", p.application || "none"],
      p.pid ? ["Pid", el("span", { class: "mono" }, p.pid)] : null,
      p.id !== null ? ["Id", el("span", { class: "mono" }, term(p.id, 300))] : null,
      p.label ? ["Label", el("span", { class: "mono" }, term(p.label, 300))] : null,
      p.module ? ["Module", mfa(p.module)] : null,
      Number.isFinite(p.restarts) ? ["Restarted", `${plural(p.restarts, "time")} since the watch began`] : null,
      ["Its own queue", Number.isFinite(p.message_queue_len) ? plural(p.message_queue_len, "message") : "not observed"],
      ["Its own heap", Number.isFinite(p.heap_bytes) ? bytes(p.heap_bytes) : "not observed"],
      ...(p.branch ? supervisorFacts(p) : []),
    ]),
    el("p", { class: "note" }, p.pid && ofProcess(app, p.pid, "Its figures"), p.pid && supervisor && " · ",
      supervisor && link(app, "restarts", { supervisor: treeName(supervisor) }, p.type === "supervisor" ? "Restarts under it" : "Restarts under its supervisor")),
  ];
}

const selectedIndex = (mine) => (mine.model && mine.selected !== null ? mine.model.keys.indexOf(mine.selected) : -1);

function showDetails(app, mine) {
  const i = selectedIndex(mine);
  details.hidden = i < 0;
  draw(details, [mine.node, mine.answer?.timestamp, mine.selected], () => (i < 0 ? [] : selectedFacts(app, mine.model, i)));
  if (rows) rows.mark(i);
}

function close(app) {
  asked.selected = null;
  showDetails(app, asked);
  box.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
}

function select(app, mine, i) {
  mine.selected = mine.model.keys[i];
  showDetails(app, mine);
}

// ---- finding --------------------------------------------------------------------------------------------------------

const textOf = (app) => (app.route.params.get("find") || "").slice(0, 200);

function showHits(app, mine, hits) {
  const text = textOf(app);
  const at = hits.indexOf(selectedIndex(mine));
  hitsState.textContent = !text || !mine.model ? "" : !hits.length ? "nobody has it in the name, id, pid or module" : hits.length === 1 ? "1 found" : `${at < 0 ? "" : `${at + 1} of `}${hits.length} found; Enter goes to the next`;
}

function nextHit(app, back) {
  const mine = asked;
  const hits = mine.model ? findIn(mine.model, textOf(app)) : [];
  if (!hits.length) return;
  const at = hits.indexOf(selectedIndex(mine));
  const i = hits[(at + (back ? -1 : 1) + hits.length) % hits.length];
  rows.show(i);
  select(app, mine, i);
  showHits(app, mine, hits);
}

// ---- the view -------------------------------------------------------------------------------------------------------

function showHeads(app, heat) {
  draw(heads, heat, () => [el("span", { class: "what" }, "Coloured by"), el("span", { class: "cells", role: "group", "aria-label": "Colour the tree by" }, Object.entries(MEASURES).map(([id, m]) => {
    const b = el("button", { type: "button", class: "cell", "aria-pressed": String(id === heat), "data-heat": id, "data-key": `heat ${id}`, title: m.help }, m.title);
    b.addEventListener("click", () => choose(app, { heat: id }));
    return b;
  }))]);
  draw(legend, heat, () => [`${MEASURES[heat].help}. The colour is its part of the whole tree’s: `,
    HEATS.map(([, word], i) => el("span", { class: "swatch" }, el("span", { class: `heat heat-${HEATS.length - i}`, "aria-hidden": "true" }, "\u00a0"), ` ${word}`))]);
}

function showTree(app, mine, hits) {
  const { node, answer, model, error } = mine;
  const heat = model && heatOfAddress(app, model);
  heads.hidden = legend.hidden = !model || !answer;
  if (answer) showHeads(app, heat);
  draw(box, [node, answer?.timestamp, error, heat, textOf(app)], () => {
    rows = null;
    if (error) return empty(`No tree: ${error}.`);
    if (!answer) return empty("The node is asked for it when you want it, within bounds: no supervisor is kept from its work.");
    if (!model.rows.length) return empty("The node told of no supervisor.");
    const root = el("ul", { role: "tree", "aria-label": "Supervision tree" });
    rows = treeRows(root, { model, heat, opened: mine.opened, hits: new Set(hits), select: (i) => select(app, mine, i) });
    return root;
  });
}

// A new search goes to the first that is found.
let searched = null;

function followSearch(app, mine, hits) {
  const now = JSON.stringify([mine.node, mine.answer?.timestamp, textOf(app)]);
  if (searched === now || !rows) return;
  const renewed = searched !== null && JSON.parse(searched)[2] === textOf(app) && selectedIndex(mine) >= 0;
  searched = now;
  if (!hits.length || renewed) return;
  rows.show(hits[0]);
  select(app, mine, hits[0]);
}

export const tree = {
  id: "tree",
  title: "Tree",
  scope: "node",
  open(root, app) {
    button = el("button", { type: "button", id: "tree-ask" });
    button.addEventListener("click", () => ask(app));
    state = el("span", { id: "tree-state", role: "status" });
    find = findBox(app, "Find");
    find.input.addEventListener("keydown", (e) => {
      if (e.key === "Enter") nextHit(app, e.shiftKey);
    });
    hitsState = el("span", { id: "tree-hits", class: "note", role: "status" });
    heads = el("div", { class: "line heads" });
    legend = el("p", { class: "note legend" });
    box = el("div", { id: "tree", class: "tree" });
    details = el("aside", { id: "tree-details", class: "apart", "aria-label": "The selected process" });
    searched = null;
    details.addEventListener("keydown", (e) => {
      if (e.key === "Escape") close(app);
    });
    root.append(block("Supervision tree", { aside: state }, el("div", { class: "toolbar" }, button, find.element, hitsState), legend,
      el("div", { class: "tree-and-details" }, el("div", { class: "tree-side" }, heads, box), details)));
    if (app.route.params.has("find") && (asked.node !== app.route.node || !asked.answer)) ask(app);
  },
  show(app) {
    const mine = asked.node === app.route.node ? asked : {};
    const { asking, answer } = mine;
    const hits = mine.model ? findIn(mine.model, textOf(app)) : [];
    find.follow();
    button.disabled = Boolean(asking);
    button.textContent = answer ? "Ask again" : "Ask the node for it";
    state.textContent = asking ? "asking…"
      : answer ? [`${plural(answer.processes.length, "process", "processes")} at ${clock(answer.timestamp)}`, answer.complete ? null : "not complete"].filter(Boolean).join(", ") : "";
    showTree(app, mine, hits);
    followSearch(app, mine, hits);
    showDetails(app, mine);
    showHits(app, mine, hits);
  },
};
