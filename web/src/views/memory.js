// SPDX-License-Identifier: Apache-2.0
// Where the memory is, level by level: each is a part of the one above.

import "./memory.css";
import { block, draw, el, empty, list, term } from "../dom.js";
import { bytes, quantity, spoken } from "../format.js";
import { mark, severityKind } from "../words.js";
import { culpritLinks } from "./culprits.js";
import { ofProcess } from "./process.js";
import { showAllocators } from "./surveys.js";

const LEVELS = { limit: "May be used", resident: "Resident in memory", carriers: "Allocators’ carriers", blocks: "In use" };
const share = (v) => (v === null ? null : `${v.toFixed(v < 10 ? 1 : 0)} %`);

// Allocators, tables and processes name themselves by different fields.
const ownerName = (o) => o.allocator || o.name || o.pid || "?";
const ownerBytes = (part, o) => (part.name === "binary" ? o.binary_memory : (o.bytes ?? o.memory));

function memoryOwners(app, part) {
  const most = (part.owners || []).filter((o) => ownerBytes(part, o) > 0).slice(0, 3);
  if (!most.length) return null;
  return el("p", { class: "owners" }, `Most of ${spoken(part.name)}: `,
    list(most.map((o) => el("span", {}, o.pid ? ofProcess(app, o.pid, el("span", { class: "mono" }, term(ownerName(o), 80))) : el("span", { class: "mono" }, term(ownerName(o), 80)), ` ${bytes(ownerBytes(part, o))}`,
      o.growth_per_hour > 0 && ` (+${bytes(o.growth_per_hour)} an hour)`))));
}

function memoryBar(level, next) {
  return el("div", { class: "stack", "aria-hidden": "true" }, level.parts.map((part) => {
    const piece = el("i", { class: part.name === next ? "below" : null, title: `${spoken(part.name)} ${bytes(part.bytes)}` });
    piece.style.width = `${(100 * part.bytes) / (level.bytes + level.excess)}%`;
    return piece;
  }));
}

function memoryLevel(app, level, next) {
  const known = level.bytes > 0 && level.excess !== null;
  return el("li", { class: "level" },
    el("div", { class: "head" },
      el("strong", { title: level.help }, LEVELS[level.name] || spoken(level.name)), el("span", {}, quantity(level.bytes, "bytes")),
      level.share !== null && el("span", { class: "dim" }, `${share(level.share)} of the above`)),
    known && memoryBar(level, next),
    el("div", { class: "parts" }, level.parts.map((part) => el("span", { title: part.help }, `${spoken(part.name)} `, el("span", { class: "nowrap" }, quantity(part.bytes, "bytes")),
      part.share !== null && el("span", { class: "dim" }, ` ${share(part.share)}`)))),
    level.parts.map((part) => memoryOwners(app, part)),
    level.excess > 0 && el("p", { class: "dim" }, `The parts are ${bytes(level.excess)} more than the whole: they were read at different moments, or ${level.excess_help}.`));
}

// ---- beside the account: what grows, and the allocators ----------------------------------------------------------------

const GROWING = 8;
const gain = (t) => [el("span", { class: "mono" }, term(t.name, 80)), el("span", { class: "dim" }, " of "), el("span", { class: "mono" }, term(t.owner, 80)), ` ${bytes(t.memory)}, `, el("strong", {}, `+${bytes(t.growth_per_hour)} an hour`)];

function showGrowing(app) {
  const { tables, health } = app.data;
  if (!tables) return empty(app.errors.tables ? `Not known: ${app.errors.tables}.` : "Asking…");
  const growing = tables.tables.filter((t) => t.growth_per_hour > 0).toSorted((a, b) => b.growth_per_hour - a.growth_per_hour);
  const all = el("a", { href: app.link({ node: app.route.node, view: "processes", params: { list: "tables", sort: "-growth" } }), "data-key": "all tables" }, "All tables");
  const found = (health?.anomalies || []).filter((a) => a.unit === "bytes" && a.culprits?.length);
  return [
    found.map((a) => el("p", {}, mark(severityKind[a.severity], a.severity), " ", term(a.description, 300), " — ", culpritLinks(app, app.route.node, a.culprits))),
    growing.length ? el("ul", { class: "plain" }, growing.slice(0, GROWING).map((t) => el("li", {}, gain(t))))
      : empty(tables.timestamp ? "No ETS table has grown in the last 10 to 20 minutes." : "Tables were not looked at yet, and without the probe they are not."),
    el("p", { class: "note" }, growing.length > GROWING && `and ${growing.length - GROWING} more that grow · `, all, " · ",
      el("a", { href: app.link({ node: app.route.node, view: "processes", params: { by: "memory" } }), "data-key": "by memory" }, "Processes by memory"), " · ",
      el("a", { href: app.link({ node: app.route.node, view: "charts", params: { find: "memory" } }), "data-key": "memory charts" }, "Memory over time")),
  ];
}

let box, growing, allocators, state;

export const memory = {
  id: "memory",
  title: "Memory",
  scope: "node",
  asks: (app) => ({ memory: app.of("memory"), tables: { path: app.of("tables"), every: 5000 }, allocators: { path: app.of("allocators"), every: 10000 }, health: app.of("health") }),
  open(root) {
    state = el("span", {}, "each level is a part of the one above");
    box = el("ol", { id: "memory", class: "memory" });
    growing = el("div", { id: "growing" });
    allocators = el("div", { id: "allocators", class: "wide" });
    root.append(block("Memory", { aside: state }, box), block("What grows", {}, growing), block("Allocators", { aside: "what they took of the system, and what of it is in use" }, allocators));
  },
  show(app) {
    const { data, errors } = app;
    draw(box, [data.memory?.levels, errors.memory], () => (data.memory ? data.memory.levels.map((level, i) => memoryLevel(app, level, data.memory.levels[i + 1]?.name)) : el("li", {}, empty(errors.memory ? `No account: ${errors.memory}.` : "Asking…"))));
    draw(growing, [data.tables, errors.tables, data.health?.anomalies], () => showGrowing(app));
    draw(allocators, [data.allocators, errors.allocators, [...app.route.params]], () => showAllocators(app));
  },
};
