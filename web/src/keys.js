// SPDX-License-Identifier: Apache-2.0
// The keyboard: single keys, where nothing is being written; "?" shows them. They can be switched off, for those whose keys are pressed by speech.

import { el } from "./dom.js";
import { nextTheme } from "./frame.js";
import { keep, kept } from "./kept.js";
import { searchSide, toggleSide } from "./side.js";
import { viewsOf } from "./views/index.js";

const dialog = document.getElementById("keys");
const GO = { n: "nodes", i: "incidents", e: "events", p: "reports", m: "self" }; // after g
let app = null;
let went = 0; // when g was pressed

const isOff = () => kept("keys") === "off";

// The rows that j and k walk over: what a view marks with data-row.
function step(by) {
  const rows = [...document.querySelectorAll("#view [data-row]")].filter((e) => e.checkVisibility());
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function search() {
  const field = [...document.querySelectorAll("#view input[type=search]")].find((e) => e.checkVisibility());
  if (field) field.focus();
  else searchSide(app);
}

function tab(digit) {
  const view = app.route.node ? viewsOf("node")[digit - 1] : null;
  if (view) app.go({ node: app.route.node, view: view.id });
}

const KEYS = {
  "?": ["these keys", () => showKeys()],
  "/": ["search in what is shown, else for a node", search],
  j: ["next row; Enter opens it", () => step(1)],
  k: ["row before", () => step(-1)],
  b: ["the nodes beside, or not", () => toggleSide(app)],
  t: ["theme: system, light, dark", nextTheme],
};

const ways = () => [
  ...Object.entries(KEYS).map(([key, [what]]) => [[key], what]),
  [["1", "0"], "the node's views, by their tabs"],
  ...Object.entries(GO).map(([key, id]) => [["g", key], viewsOf("all").find((v) => v.id === id)?.title]).filter(([, title]) => title),
  [["g", "h"], "home"],
  [["Esc"], "leave a field, close what is open"],
];

const caps = (keys) => keys.flatMap((key, i) => [i ? (keys[0] === "1" ? " to " : " then ") : "", el("kbd", {}, key)]);

function showKeys() {
  const off = el("input", { type: "checkbox", id: "keys-on" });
  off.checked = !isOff();
  off.addEventListener("change", () => keep("keys", off.checked ? null : "off"));
  const close = el("button", { type: "button", autofocus: true }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(el("h2", { id: "keys-title" }, "Keyboard"), el("dl", {}, ways().map(([keys, what]) => [el("dt", {}, caps(keys)), el("dd", {}, what)])),
    el("p", {}, el("label", {}, off, " Single keys do this (Tab and Enter get everywhere without them)")), close);
  dialog.showModal();
}

function pressed(e) {
  if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || dialog.open) return;
  const field = e.target.closest?.("input, textarea, select, [contenteditable]");
  if (field) {
    if (e.key === "Escape") field.blur();
    return;
  }
  if (isOff()) return;
  const afterG = e.timeStamp - went < 1500;
  went = 0;
  if (afterG && (GO[e.key] || e.key === "h")) app.go({ view: GO[e.key] ?? null });
  else if (e.key === "g") went = e.timeStamp;
  else if (/^\d$/.test(e.key)) tab(Number(e.key) || 10);
  else if (Object.hasOwn(KEYS, e.key)) KEYS[e.key][1]();
  else return;
  e.preventDefault();
}

/** startKeys(app) */
export function startKeys(theApp) {
  app = theApp;
  document.addEventListener("keydown", pressed);
  document.getElementById("keys-button").addEventListener("click", showKeys);
  dialog.addEventListener("click", (e) => {
    if (e.target === dialog) dialog.close(); // beside it
  });
}
