// SPDX-License-Identifier: Apache-2.0
// The nodes beside the views of one of them: worst first, with a search. On a narrow page it is a drawer that the bar's button opens.

import { draw, el, empty } from "./dom.js";
import { mark, nodeName, standing, standingWord, worstFirst } from "./words.js";
import { steadyOrder } from "./order.js";
import { keep, kept } from "./kept.js";

const $ = (id) => document.getElementById(id);
const SEARCHED = 9; // nodes from which on a search helps
const narrow = window.matchMedia("(max-width: 46rem)");

let order = null;
let closed = kept("side") === "closed";
let drawer = false; // open, on a narrow page
let shown = null; // the node whose drawer it was
let searched = "";

const open = () => (narrow.matches ? drawer : !closed);

const row = (app, n) => el("li", {},
  el("a", { href: app.link({ node: n.name, view: app.view.id }), "data-key": n.name, "aria-current": n.name === app.route.node ? "true" : null },
    mark(standing(n), el("span", { class: "unseen-text" }, `${standingWord(n)}: `)), el("span", { class: "name" }, nodeName(n.name))));

function showRows(app) {
  const text = $("side-search").value.trim().toLowerCase();
  const wanted = worstFirst(app.nodes).filter((n) => n.name.toLowerCase().includes(text)).map((n) => n.name);
  const { keys } = order.take(wanted, text !== searched);
  searched = text;
  const byName = new Map(app.nodes.map((n) => [n.name, n]));
  const nodes = keys.map((key) => byName.get(key));
  draw($("nodes"), [nodes.map((n) => [n.name, n.state, n.overall_status]), app.route.node, app.view.id, [...app.route.params]], () =>
    nodes.length ? nodes.map((n) => row(app, n)) : el("li", {}, empty("No node has that in its name.")));
}

function set(value) {
  if (narrow.matches) drawer = value;
  else keep("side", (closed = !value) ? "closed" : null);
}

/** toggleSide(app): opens or closes it. */
export function toggleSide(app) {
  set(!open());
  showSide(app);
}

/** searchSide(app): opens it, and the search has the keyboard. False where there is nothing to search. */
export function searchSide(app) {
  if ($("side-button").hidden) return false;
  set(true);
  showSide(app);
  $("side-search").focus();
  $("side-search").select();
  return true;
}

/** showSide(app): only where there are several nodes, beside the views of one. */
export function showSide(app) {
  if (!order) {
    order = steadyOrder($("side"));
    $("side-search").addEventListener("input", () => showSide(app));
    $("side-button").addEventListener("click", () => toggleSide(app));
    narrow.addEventListener("change", () => showSide(app));
  }
  if (shown !== app.route.node) drawer = false; // another node was chosen
  shown = app.route.node;
  const useful = Boolean(app.route.node) && app.nodes.length > 1;
  $("side-button").hidden = !useful;
  $("side-button").setAttribute("aria-expanded", String(open()));
  $("side").hidden = !useful || !open();
  document.body.classList.toggle("has-side", !$("side").hidden);
  $("side-search").hidden = app.nodes.length < SEARCHED;
  if (!$("side").hidden) showRows(app);
}
