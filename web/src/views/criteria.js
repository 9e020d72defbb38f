// SPDX-License-Identifier: Apache-2.0
// The criteria of a node's health, each with its limits.

import { draw, el } from "../dom.js";
import { count, quantity } from "../format.js";
import { mark, title } from "../words.js";

function gauge(c) {
  const full = c.unit === "%" ? 100 : c.critical * 1.25;
  const bar = el("i");
  const limits = [c.warning, c.critical].map((limit) => {
    const b = el("b");
    b.style.left = `${Math.min(100, (limit / full) * 100)}%`;
    return b;
  });
  bar.style.width = `${Math.max(0, Math.min(100, (c.value / full) * 100))}%`;
  return el("div", { class: `gauge ${c.level}`, "aria-hidden": "true" }, bar, limits);
}

function criterionItem(name, c) {
  const known = c.level !== "unknown";
  return el("li", { class: `is-${c.level}` },
    el("div", { class: "title" }, el("span", {}, title(name)), mark(c.level, known ? c.level : "not observed")),
    el("div", { class: "value" }, known ? quantity(c.value, c.unit === "%" ? "%" : "count") : "–", known && c.unit !== "%" && el("small", {}, ` ${c.unit}`)),
    known ? gauge(c) : el("div", { class: "gauge" }),
    el("div", { class: "limits" }, `warning ${count(c.warning)}, critical ${count(c.critical)}`));
}

/** showCriteria(box, health): health may not be there yet. */
export function showCriteria(box, health) {
  draw(box, health?.criteria, () => Object.entries(health?.criteria || {}).map(([name, c]) => criterionItem(name, c)));
}
