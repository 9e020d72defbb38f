// SPDX-License-Identifier: Apache-2.0
// All nodes at a glance: first what needs somebody now, then every node, those in trouble first. Rows are made once and their cells changed one by one,
// for two hundred of them every two seconds.

import "./overview.css";
import { ofNode } from "../api.js";
import { ago, block, choice, draw, el, empty, list, term } from "../dom.js";
import { incidentLines, pressingFirst, told } from "../findings.js";
import { count, known, plural } from "../format.js";
import { steadyOrder } from "../order.js";
import { mark, nextForState, nodeName, RANK, standing, standingSince, standingWord, trouble, worstFirst } from "../words.js";

const TOLD = 4; // incidents at the top
const NAMED = 6; // nodes of the same trouble
const ASKED = 5; // nodes whose incidents are asked for, with who and what next
const GROUPS = { down: "Not linked", critical: "Critical", warning: "Warning", unknown: "Not judged yet", healthy: "Healthy" };

let needs, needsBlock, body, order, search, filters, counted, resort, none, follow;
let rows = new Map(); // name → { tr, cells }
let groups = new Map(); // name → the group that it stood in when the order was made
let before = ""; // search and filter

// ---- what needs you now ----------------------------------------------------------------------------------------------

// Lost, or with an open incident.
const troubled = (app) => worstFirst(app.nodes).filter((n) => standing(n) === "down" || (n.state === "up" && n.incident));

// Nodes that are not linked for the same reason are told at once.
function lostGroups(nodes) {
  const byState = new Map();
  for (const n of nodes.filter((one) => standing(one) === "down")) byState.set(n.state, [...(byState.get(n.state) || []), n]);
  return [...byState.values()];
}

const lostLink = (app, n) => el("span", {}, el("a", { href: app.link({ node: n.name }), "data-row": true, "data-key": `lost ${n.name}` }, nodeName(n.name)), n.since && [" for ", ago(n.since, "")]);

const lostLines = (app, nodes) => el("li", { class: "pressing is-critical" },
  el("p", { class: "head" }, mark("down", standingWord(nodes[0])), el("span", {}, list(nodes.slice(0, NAMED).map((n) => lostLink(app, n))), nodes.length > NAMED && ` and ${nodes.length - NAMED} more`)),
  told("Why", [term(trouble(nodes[0]), 300), nodes.some((n) => n.detail !== nodes[0].detail) && " (the first one)"]), told("Next", nextForState(nodes[0])));

// What /nodes has of a node's incidents is the worst one; all of them come with who and what next.
function incidentsOf(app, n) {
  const full = app.data[`incidents of ${n.name}`];
  return Array.isArray(full) && full.length ? pressingFirst(full) : [n.incident];
}

function showNeeds(app) {
  const lost = lostGroups(app.nodes);
  const open = troubled(app).filter((n) => n.state === "up").flatMap((n) => incidentsOf(app, n).map((incident) => ({ n, incident })));
  const shown = open.slice(0, TOLD);
  const left = open.length - shown.length;
  needsBlock.hidden = !app.nodes.length;
  draw(needs, [lost.map((nodes) => nodes.map((n) => [n.name, n.state, n.detail, n.since])), shown.map(({ n, incident }) => [n.name, incident]), left], () => {
    if (!lost.length && !open.length) return el("li", {}, empty("No incident is open, and every node is linked."));
    return [lost.map((nodes) => lostLines(app, nodes)), shown.map(({ n, incident }) => incidentLines(app, n.name, incident, { named: true })),
      left > 0 && el("li", { class: "more" }, el("a", { href: app.link({ view: "incidents" }), "data-key": "more incidents" }, `and ${plural(left, "more incident", "more incidents")}`))];
  });
}

// ---- the nodes -------------------------------------------------------------------------------------------------------

const share = (v) => {
  const bar = el("i");
  bar.style.width = `${Math.max(0, Math.min(100, v ?? 0))}%`;
  return [el("span", {}, known(v, "%")), el("span", { class: "share", "aria-hidden": "true" }, bar)];
};

// A column: its head, its width, its cells' class, what its cell is made of, and the cell's content.
const COLUMNS = [
  { head: "Node", width: "wide", css: "name", of: (n) => n.name, cell: (n, app) => el("a", { href: app.link({ node: n.name }), "data-row": true, "data-key": n.name }, nodeName(n.name)) },
  { head: "Stands", width: "middle", of: (n) => [n.state, n.overall_status], cell: (n) => mark(standing(n), standingWord(n)) },
  { head: "For", width: "narrow", css: "since", of: standingSince, cell: (n) => ago(standingSince(n), "") },
  {
    head: "What stands out", width: "rest", css: "what", of: (n) => [trouble(n), n.open_incidents, n.state, n.incident?.id],
    cell: (n, app) => [n.state === "up" && n.incident ? el("a", { href: app.link({ node: n.name, view: "incidents", params: { id: n.incident.id } }), "data-key": `what ${n.name}` }, term(n.incident.title, 160)) : term(trouble(n) ?? "", 200),
      n.state === "up" && n.open_incidents > 1 && el("span", { class: "dim" }, ` +${n.open_incidents - 1}`)],
  },
  { head: "Restarts, 5 min", width: "narrow", css: "number", of: (n) => n.restarts_5m, cell: (n) => (n.restarts_5m ? el("strong", {}, count(n.restarts_5m)) : known(n.restarts_5m)) },
  { head: "CPU", width: "middle", css: "number", of: (n) => n.cpu_utilization, cell: (n) => share(n.cpu_utilization) },
  { head: "Memory", width: "middle", css: "number", of: (n) => n.memory_utilization, cell: (n) => share(n.memory_utilization) },
  { head: "Processes", width: "narrow", css: "number", of: (n) => n.process_count, cell: (n) => known(n.process_count) },
  { head: "Longest queue", width: "narrow", css: "number", of: (n) => n.longest_queue, cell: (n) => known(n.longest_queue) },
  { head: "Last sample", width: "narrow", css: "number", of: (n) => n.last_sample, cell: (n) => ago(n.last_sample) ?? "never" },
];

function makeRow() {
  const cells = COLUMNS.map((c) => el("td", { class: c.css, "data-label": c.head }));
  return { tr: el("tr", {}, cells), cells };
}

function fillRow({ tr, cells }, n, app) {
  const css = `is-${standing(n)}${n.state === "up" ? "" : " is-old-row"}`;
  if (tr.className !== css) tr.className = css;
  COLUMNS.forEach((c, i) => draw(cells[i], c.of(n) ?? null, () => c.cell(n, app)));
}

const groupRow = (kind) => el("tr", { class: "group" }, el("th", { scope: "colgroup", colspan: COLUMNS.length }, mark(kind, GROUPS[kind])));

function wanted(app) {
  const text = search.value.trim().toLowerCase(), state = app.route.params.get("state");
  return worstFirst(app.nodes).filter((n) => (!state || standing(n) === state) && (n.name.toLowerCase().includes(text) || (trouble(n) ?? "").toLowerCase().includes(text)));
}

// Puts the rows in their place, and touches none that stands right.
function place(elements) {
  let at = body.firstChild;
  for (const e of elements) {
    if (e === at) at = at.nextSibling;
    else body.insertBefore(e, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

let groupRows = new Map();

function showRows(app, anew) {
  const list = wanted(app);
  const { keys, moved } = order.take(list.map((n) => n.name), anew);
  const byName = new Map(list.map((n) => [n.name, n]));
  if (!moved) groups = new Map(list.map((n) => [n.name, standing(n)]));
  const elements = [];
  let group = null;
  for (const key of keys) {
    const n = byName.get(key);
    const kind = groups.get(key) ?? standing(n);
    if (kind !== group && app.nodes.length > 3) elements.push(groupRows.get(kind) ?? groupRows.set(kind, groupRow(kind)).get(kind));
    group = kind;
    const row = rows.get(key) ?? rows.set(key, makeRow()).get(key);
    fillRow(row, n, app);
    elements.push(row.tr);
  }
  place([...new Set(elements)]);
  for (const name of rows.keys()) if (!byName.has(name)) rows.delete(name);
  resort.hidden = !moved;
  none.hidden = list.length > 0 || !app.nodes.length;
  const text = list.length === app.nodes.length ? plural(list.length, "node") : `${list.length} of ${plural(app.nodes.length, "node")}`;
  if (counted.textContent !== text) counted.textContent = text;
}

function showFilters(app) {
  const counts = new Map();
  for (const n of app.nodes) counts.set(standing(n), (counts.get(standing(n)) || 0) + 1);
  const state = app.route.params.get("state");
  draw(filters, [state, [...counts]], () => [null, ...RANK.filter((k) => counts.get(k) || k === state)].map((k) => {
    const b = choice(k ? `${GROUPS[k]} ${counts.get(k) || 0}` : "All", state === k, { "data-key": `filter ${k}` });
    b.addEventListener("click", () => app.go({ view: "nodes", params: { state: k } }));
    return b;
  }));
}

export const overview = {
  id: "nodes",
  title: "Nodes",
  scope: "all",
  asks(app) {
    const nodes = troubled(app).filter((n) => n.state === "up").slice(0, ASKED);
    return Object.fromEntries(nodes.map((n) => [`incidents of ${n.name}`, { path: ofNode(n.name, "incidents?open=true"), every: 4000 }]));
  },
  open(root, app) {
    rows = new Map();
    groups = new Map();
    groupRows = new Map();
    needs = el("ul", { id: "needs", class: "pressings" });
    needsBlock = block("Needs you now", { id: "needs-block" }, needs);
    body = el("tbody", { id: "overview" });
    const table = el("table", { class: "overview" }, el("colgroup", {}, COLUMNS.map((c) => el("col", { class: c.width }))), el("thead", {}, el("tr", {}, COLUMNS.map((c) => el("th", { scope: "col", class: c.css }, c.head)))), body);
    let below = false; // scrolled down to: asked for only when that changes, since to ask has the browser lay out the page
    follow = () => (below = table.getBoundingClientRect().top < 0);
    window.addEventListener("scroll", follow, { passive: true });
    order = steadyOrder(table, () => below);
    search = el("input", { type: "search", id: "overview-search", placeholder: "Find by name or trouble", "aria-label": "Find nodes by name or by what stands out", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => app.show());
    filters = el("div", { class: "choices", role: "group", "aria-label": "Nodes to show, by how they stand" });
    counted = el("span", { id: "overview-count" });
    resort = el("button", { type: "button", hidden: true, id: "resort" }, "The order has changed: sort again");
    resort.addEventListener("click", () => {
      before = null;
      app.show();
    });
    none = el("p", { class: "empty", hidden: true }, "No node is like that.");
    root.append(needsBlock, block("Nodes", { aside: counted }, el("div", { class: "choosing" }, search, filters, resort), table, none));
  },
  show(app) {
    const now = `${search.value} ${app.route.params.get("state")}`;
    showNeeds(app);
    showFilters(app);
    showRows(app, now !== before);
    before = now;
  },
  close() {
    window.removeEventListener("scroll", follow);
  },
};
