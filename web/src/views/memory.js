// SPDX-License-Identifier: Apache-2.0
// Where the memory is, level by level: each is a part of the one above.

import { block, draw, el, list, term } from "../dom.js";
import { bytes, quantity, spoken } from "../format.js";

const LEVELS = { limit: "May be used", resident: "Resident in memory", carriers: "Allocators’ carriers", blocks: "In use" };
const share = (v) => (v === null ? null : `${v.toFixed(v < 10 ? 1 : 0)} %`);

// Allocators, tables and processes name themselves by different fields.
const ownerName = (o) => o.allocator || o.name || o.pid || "?";
const ownerBytes = (part, o) => (part.name === "binary" ? o.binary_memory : (o.bytes ?? o.memory));

function memoryOwners(part) {
  const most = (part.owners || []).filter((o) => ownerBytes(part, o) > 0).slice(0, 3);
  if (!most.length) return null;
  return el("p", { class: "owners" }, `Most of ${spoken(part.name)}: `,
    list(most.map((o) => el("span", {}, el("span", { class: "mono" }, term(ownerName(o), 80)), ` ${bytes(ownerBytes(part, o))}`,
      o.growth_per_hour > 0 && ` (+${bytes(o.growth_per_hour)} an hour)`))));
}

function memoryBar(level, next) {
  return el("div", { class: "stack", "aria-hidden": "true" }, level.parts.map((part) => {
    const piece = el("i", { class: part.name === next ? "below" : null, title: `${spoken(part.name)} ${bytes(part.bytes)}` });
    piece.style.width = `${(100 * part.bytes) / (level.bytes + level.excess)}%`;
    return piece;
  }));
}

function memoryLevel(level, next) {
  const known = level.bytes > 0 && level.excess !== null;
  return el("li", { class: "level" },
    el("div", { class: "head" },
      el("strong", { title: level.help }, LEVELS[level.name] || spoken(level.name)), el("span", {}, quantity(level.bytes, "bytes")),
      level.share !== null && el("span", { class: "dim" }, `${share(level.share)} of the above`)),
    known && memoryBar(level, next),
    el("div", { class: "parts" }, level.parts.map((part) => el("span", { title: part.help }, `${spoken(part.name)} `, el("span", { class: "nowrap" }, quantity(part.bytes, "bytes")),
      part.share !== null && el("span", { class: "dim" }, ` ${share(part.share)}`)))),
    level.parts.map(memoryOwners),
    level.excess > 0 && el("p", { class: "dim" }, `The parts are ${bytes(level.excess)} more than the whole: they were read at different moments, or ${level.excess_help}.`));
}
let box = null;

export const memory = {
  id: "memory",
  title: "Memory",
  scope: "node",
  asks: (app) => ({ memory: app.of("memory") }),
  open(root) {
    box = el("ol", { id: "memory", class: "memory" });
    root.append(block("Memory", { aside: "each level is a part of the one above" }, box));
  },
  show({ data }) {
    draw(box, data.memory?.levels, () => (data.memory?.levels || []).map((level, i) => memoryLevel(level, data.memory.levels[i + 1]?.name)));
  },
};
