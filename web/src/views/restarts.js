// SPDX-License-Identifier: Apache-2.0
// Restarts by supervisor and child, with their patterns.

import { ago, block, draw, el, empty, term } from "../dom.js";
import { count, plural } from "../format.js";
import { budgetText, isStorm, patternTag } from "../words.js";

// Supervisors with their children: counts from the statistics, the last reason from the newest restarts, and the patterns.
function bySupervisor(r) {
  const groups = new Map();
  const child = (supervisor, id) => {
    const g = groups.get(supervisor) || groups.set(supervisor, { supervisor, budget: r.budgets?.find((b) => b.supervisor === supervisor), count: 0, last: "", storm: false, children: new Map() }).get(supervisor);
    return [g, g.children.get(id) || g.children.set(id, { id, count: null, last: null, storm: false, patterns: [] }).get(id)];
  };
  for (const c of r.most_restarted_children) {
    const [g, entry] = child(c.supervisor, c.child_id);
    entry.count = c.count;
    g.count += c.count;
  }
  for (const one of r.recent) {
    const [g, entry] = child(one.supervisor, one.child_id);
    entry.last ??= one;
    if (one.timestamp > g.last) g.last = one.timestamp;
  }
  for (const p of r.patterns) {
    const [g, entry] = child(p.supervisor, p.child_id);
    const types = entry.patterns.map((known) => known.type); // the latest come first
    if (!types.includes(p.type)) entry.patterns.push(p);
    entry.storm ||= p.active && isStorm(p);
    g.storm ||= entry.storm;
  }
  const order = (a, b) => b.storm - a.storm || (b.count || 0) - (a.count || 0);
  return [...groups.values()].toSorted(order).map((g) => ({ ...g, children: [...g.children.values()].toSorted(order) }));
}

const KINDS = { restart: "", start_error: "failed to start: ", gave_up: "supervisor gave up: " };


const lastReason = (c) => (c.last ? term((c.last.restarted === false ? "not restarted: " : KINDS[c.last.kind]) + (c.last.reason ?? "")) : null);


function restartRows(g) {
  return [
    el("tr", { class: "group" }, el("td", { class: "mono" }, g.supervisor, el("div", { class: "only-small" }, budgetText(g.budget))), el("td", { class: "hide-small" }, budgetText(g.budget)), el("td", { class: "number" }, g.count ? String(g.count) : ""), el("td", { class: "number" }, g.last ? ago(g.last, "") : "")),
    g.children.map((c) => el("tr", { class: "child" },
      el("td", { class: "mono" }, c.id, c.patterns.map((p) => [" ", patternTag(p)]).flat(), el("div", { class: "reason only-small" }, lastReason(c))),
      el("td", { class: "mono reason hide-small" }, lastReason(c)),
      el("td", { class: "number" }, c.count === null ? "" : String(c.count)),
      el("td", { class: "number dim" }, c.last ? ago(c.last.timestamp, "") : ""))),
  ].flat();
}

const totals = (r) => [`${r.total_restarts} since the watch began`, `${count(r.restart_rate ?? 0)} in the last hour`, r.gave_up && `${plural(r.gave_up, "supervisor")} gave up`,
  r.failed_attempts && `${r.failed_attempts} failed to start`, r.collateral && `${plural(r.collateral, "sibling")} restarted along`, r.undescribed && `${r.undescribed} only counted`];

let box = null;

export const restarts = {
  id: "restarts",
  title: "Restarts",
  scope: "node",
  asks: (app) => ({ restarts: app.of("restarts") }),
  open(root) {
    box = el("div", { id: "restarts" });
    root.append(block("Restarts", { aside: el("span", { id: "restarts-total" }) }, box));
  },
  show({ data: { restarts: r } }) {
    const total = document.getElementById("restarts-total");
    total.textContent = r && (r.observed || r.total_restarts) ? totals(r).filter(Boolean).join(" · ") : "";
    draw(box, r && [r.total_restarts, r.failed_attempts, r.gave_up, r.patterns, r.budgets, r.observed, r.recent[0]], () => {
      if (!r) return [];
      if (!r.recent.length && !r.most_restarted_children.length)
        return empty(r.observed ? "No supervisor has restarted a child since the watch began." : "Restarts are not observed on this node.");
      return el("table", {},
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Supervisor and child"), el("th", { scope: "col", class: "hide-small" }, "Last reason"), el("th", { scope: "col", class: "number" }, "Restarts"), el("th", { scope: "col", class: "number" }, "Ago"))),
        el("tbody", {}, bySupervisor(r).map(restartRows)));
    });
  },
};
