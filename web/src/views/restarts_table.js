// SPDX-License-Identifier: Apache-2.0
// Supervisors and their children in a table: how often, how regularly, why, and what is left of the budget.

import { ago, choice, el, empty, term } from "../dom.js";
import { lasting } from "../lanes/model.js";
import { around } from "../range.js";
import { budgetText, isStorm, patternTag } from "../words.js";

const ROWS = 200;
const REASONS = 12;

// Counts from the statistics, the last reason from the newest restarts, the patterns, and the usual gap from the time line.
export function bySupervisor(r, gaps) {
  const groups = new Map();
  const child = (supervisor, id) => {
    const g = groups.get(supervisor) || groups.set(supervisor, { supervisor, budget: r.budgets?.find((b) => b.supervisor === supervisor), count: 0, last: "", storm: false, children: new Map() }).get(supervisor);
    return [g, g.children.get(id) || g.children.set(id, { id, count: null, last: null, storm: false, patterns: [], gap: gaps.get(`${supervisor}\n${id}`) || null }).get(id)];
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

function gapText(gap) {
  if (!gap) return null;
  if (gap.even) return el("span", { class: "tag warning", title: "Its restarts are evenly spaced in the time that is shown" }, `evenly, every ${lasting(gap.median)}`);
  return el("span", { class: "dim", title: "The middle gap between two restarts, and what four of five gaps lie between" }, `${lasting(gap.median)} (${lasting(gap.low)} to ${lasting(gap.high)})`);
}

function childRow(g, c, app) {
  return el("tr", { class: "child" },
    el("td", { class: "mono" }, term(c.id), c.patterns.map((p) => [" ", patternTag(p)]).flat(),
      el("div", { class: "only-small" }, gapText(c.gap)), el("div", { class: "reason only-small" }, lastReason(c))),
    el("td", { class: "mono reason hide-small" }, lastReason(c)),
    el("td", { class: "hide-small" }, gapText(c.gap)),
    el("td", { class: "number" }, c.count === null ? "" : String(c.count)),
    el("td", { class: "number" }, c.last && el("a", { href: app.link({ node: app.route.node, view: "charts", params: around(Date.parse(c.last.timestamp)) }), "data-key": `charts ${g.supervisor} ${c.id}`, title: "Charts about that moment" }, ago(c.last.timestamp, ""))));
}

function reasonsButton(g, open, toggle) {
  const b = choice("all reasons", false, { "data-key": `reasons ${g.supervisor}`, "aria-expanded": String(open) });
  b.removeAttribute("aria-pressed");
  b.addEventListener("click", () => toggle(g.supervisor));
  return b;
}

function groupRow(g, open, toggle, app) {
  return el("tr", { class: "group" },
    el("td", { class: "mono" }, term(g.supervisor), " ",
      el("span", { class: "row-links" }, el("a", { href: app.link({ node: app.route.node, view: "tree", params: { find: g.supervisor.slice(0, 200) } }), "data-key": `tree ${g.supervisor}` }, "tree"), reasonsButton(g, open, toggle)),
      el("div", { class: "only-small" }, budgetText(g.budget))),
    el("td", { class: "hide-small", colspan: 2 }, budgetText(g.budget)),
    el("td", { class: "number" }, g.count ? String(g.count) : ""), el("td", { class: "number" }, g.last ? ago(g.last, "") : ""));
}

// All reasons below a supervisor, the most frequent first; `told` is its own statistics.
function reasonsRow(told, error) {
  const all = Object.entries(told?.restart_reasons || {}).sort((a, b) => b[1] - a[1]);
  const more = all.length - REASONS;
  return el("tr", { class: "reasons" }, el("td", { colspan: 5 },
    error ? empty(error) : !told ? empty("asking…")
      : el("ul", {}, all.slice(0, REASONS).map(([reason, n]) => el("li", {}, el("span", { class: "number" }, `${n} ×`), " ", el("span", { class: "mono" }, term(reason)))),
        more > 0 && el("li", { class: "dim" }, `and ${more} more`), !all.length && el("li", { class: "dim" }, "no reason was told"))));
}

const HEAD = [["Supervisor and child"], ["Last reason", "hide-small"], ["Usual gap", "hide-small"], ["Restarts", "number"], ["Last, ago", "number"]];

/** restartsTable(r, { shown, gaps, opened, toggle, reasons, error }, app): shown(supervisor); `opened` are the supervisors whose reasons are told: reasons(supervisor), error(supervisor). */
export function restartsTable(r, { shown, gaps, opened, toggle, reasons, error }, app) {
  let room = ROWS;
  const groups = bySupervisor(r, gaps).filter((g) => shown(g.supervisor)).filter((g) => (room -= 1 + g.children.length) > -g.children.length);
  return el("table", { class: "restarts" },
    el("thead", {}, el("tr", {}, HEAD.map(([text, name]) => el("th", { scope: "col", class: name }, text)))),
    el("tbody", {}, groups.flatMap((g) => {
      const open = opened.has(g.supervisor);
      return [groupRow(g, open, toggle, app), open ? reasonsRow(reasons(g.supervisor), error(g.supervisor)) : null, g.children.map((c) => childRow(g, c, app))];
    })));
}
