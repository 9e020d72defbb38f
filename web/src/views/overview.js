// SPDX-License-Identifier: Apache-2.0
// All nodes at a glance, those in trouble first.

import { ago, block, draw, el } from "../dom.js";
import { mark, standing, standingWord, worstFirst } from "../words.js";

let box = null;

const line = (n, app) => el("tr", {},
  el("td", {}, el("a", { href: app.link({ node: n.name }), "data-key": n.name }, n.name)),
  el("td", {}, mark(standing(n), standingWord(n))),
  el("td", {}, n.state === "up" ? "" : n.detail || "no reason known"),
  el("td", { class: "number" }, n.last_sample ? ago(n.last_sample) : "never"));

export const overview = {
  id: "nodes",
  title: "Nodes",
  scope: "all",
  open(root) {
    box = el("tbody", { id: "overview" });
    root.append(block("Nodes", {}, el("table", {},
      el("thead", {}, el("tr", {}, ["Node", "Health", "Why"].map((text) => el("th", { scope: "col" }, text)), el("th", { scope: "col", class: "number" }, "Last sample"))), box)));
  },
  show(app) {
    draw(box, app.nodes.map((n) => [n.name, n.state, n.overall_status, n.detail, n.last_sample]), () => worstFirst(app.nodes).map((n) => line(n, app)));
  },
};
