// SPDX-License-Identifier: Apache-2.0
// What stands around every view: the bar, the nodes, the tabs, and a word when the server does not answer.

import { ago, draw, el } from "./dom.js";
import { clock, plural } from "./format.js";
import { rangeBar } from "./range.js";
import { mark, RANK, standing, standingWord, worstFirst } from "./words.js";
import { viewsOf } from "./views/index.js";

const $ = (id) => document.getElementById(id);

const COUNTED = { down: "not linked", critical: "critical", warning: "warning", unknown: "not judged", healthy: "healthy" };

function showBar(app) {
  const counts = new Map();
  for (const n of app.nodes) counts.set(standing(n), (counts.get(standing(n)) || 0) + 1);
  draw($("summary"), [app.nodes.length, [...counts]], () => [
    el("span", {}, plural(app.nodes.length, "node")),
    RANK.filter((k) => counts.get(k)).map((k) => mark(k, `${counts.get(k)} ${COUNTED[k]}`)),
  ]);
  const worst = worstFirst(app.nodes)[0];
  const kind = worst && standing(worst);
  document.title = kind && kind !== "healthy" && kind !== "unknown" ? `${standingWord(worst)}: ${worst.name} – arsenal` : "arsenal";
  $("live").textContent = [app.answeredAt && `answered ${clock(app.answeredAt)}`, app.live && `events ${app.live}`].filter(Boolean).join(" · ");
}

function showNodes(app) {
  const nodes = worstFirst(app.nodes);
  draw($("nodes"), [nodes.map((n) => [n.name, n.state, n.overall_status]), app.route.node], () =>
    nodes.map((n) => el("li", {},
      el("a", { href: app.link({ node: n.name }), "data-key": n.name, "aria-current": n.name === app.route.node ? "true" : null },
        el("span", { class: "name" }, n.name), mark(standing(n), standingWord(n))))));
}

function showTabs(app) {
  const scope = app.route.node ? "node" : "all";
  draw($("tabs"), [scope, app.route.node, app.view.id, [...app.route.params]], () =>
    viewsOf(scope).map((v) => el("li", {},
      el("a", { href: app.link({ node: app.route.node, view: v.id }), "data-key": `tab ${v.id}`, "aria-current": v === app.view ? "page" : null }, v.title))));
}

function showNodeHead(app) {
  const n = app.node;
  $("node-head").hidden = !n || app.view.id === "now"; // which says it at length
  if (!n) return;
  draw($("node-head"), [n.name, n.state, n.overall_status, n.since], () => [
    el("h2", {}, n.name), mark(standing(n), standingWord(n)), n.state === "up" ? null : el("span", { class: "nowrap" }, "since ", ago(n.since, "")),
  ]);
}

function showLost(app) {
  document.body.classList.toggle("is-lost", app.lost !== null);
  $("lost").hidden = app.lost === null;
  if (!app.lost) return;
  const from = app.answeredAt ? ` What is shown is from ${clock(app.answeredAt)}.` : "";
  $("lost").textContent = `No answer from arsenal since ${clock(app.lost.since)}: ${app.lost.why}.${from} Trying again by itself.`;
}

function showNothing(app) {
  const missing = app.route.node && !app.node;
  $("nothing").hidden = app.answeredAt === null || !(missing || !app.nodes.length);
  $("nothing").textContent = missing ? `Node “${app.route.node}” is not watched here.` : "No node is watched here.";
}

/** showFrame(app): draws all of it. */
export function showFrame(app) {
  showLost(app);
  showBar(app);
  showNodes(app);
  showTabs(app);
  showNodeHead(app);
  showNothing(app);
  document.body.classList.toggle("is-old", Boolean(app.node) && app.node.state !== "up");
  $("range").hidden = !app.view.ranged || !app.node;
  if (app.view.ranged && app.node) rangeBar($("range"), app);
}
