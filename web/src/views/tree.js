// SPDX-License-Identifier: Apache-2.0
// The supervision tree, as the node tells it when it is asked.

import { get, why } from "../api.js";
import { block, draw, el, empty, term } from "../dom.js";
import { bytes, clock, count, plural } from "../format.js";
import { budgetText, mark } from "../words.js";

const TIMEOUT_MS = 15000; // the server gives up before

let box, button, state;
let asked = { node: null }; // { node, asking, answer, error }: asked for when somebody wants to see it

async function ask(app) {
  const node = app.route.node;
  const mine = { node, asking: true, answer: asked.node === node ? asked.answer : null };
  asked = mine;
  app.show();
  try {
    mine.answer = await get(app.of("tree"), TIMEOUT_MS);
    mine.error = null;
  } catch (error) {
    mine.answer = null;
    mine.error = why(error);
  }
  mine.asking = false;
  app.show();
}

// What is not as plain as a list of all children.
const LISTINGS = {
  sampled: "not all are listed", no_room: "not listed: the tree has as many rows as it may have", too_deep: "not listed: too deep", no_time: "not asked: the time was over",
  no_answer: "did not answer; left alone for a while", busy: "not asked: its message queue is long", no_supervisor: "said to be a supervisor, but is none: not asked",
  bridge: "a bridge, which lists nothing", seen_already: "listed elsewhere in this tree",
};

const treeName = (p) => p.name || (p.id !== null && p.id !== "undefined" ? p.id : null) || p.label || p.pid || p.id || "?";

// Of a supervisor, that of all below it. What a node tells need not make sense: somebody may be below a worker.
const treeLevel = (p) => (p.branch || p).level;

function treeFigures(p) {
  const b = p.branch;
  const restarts = b ? b.restarts : p.restarts;
  const queue = b ? b.message_queue_len : p.message_queue_len;
  const heap = b ? b.heap_bytes : p.heap_bytes;
  return el("span", { class: "figures" },
    restarts ? el("span", {}, `${plural(restarts, "restart")}${b?.restarts_in_5_min ? `, ${b.restarts_in_5_min} in 5 min` : ""}`) : null,
    queue ? el("span", {}, `${count(queue)} queued`) : null,
    heap === null ? null : el("span", { class: "dim" }, bytes(heap)));
}

function treeLine(p) {
  const name = treeName(p);
  const level = treeLevel(p);
  const about = [name === p.pid ? null : p.pid, p.parent === null && p.application && p.application !== name ? `application ${p.application}` : null,
    p.module && p.module !== name && !(p.parent === null && p.module === p.application) ? p.module : null].filter(Boolean);
  return [
    el("span", { class: "what" },
      level === "warning" || level === "critical" ? mark(level, level) : null,
      el(p.type === "supervisor" ? "strong" : "span", { class: "mono" }, term(name, 120)),
      el("span", { class: "dim mono" }, about.join(" ")),
      p.children !== undefined && p.children !== null ? el("span", { class: "dim" }, p.children === 1 ? "1 child" : `${count(p.children)} children`) : null,
      LISTINGS[p.listing] ? el("span", { class: "tag" }, LISTINGS[p.listing]) : null,
      p.budget ? budgetText({ ...p.budget, strategy: p.strategy }) : null,
      p.status === "running" ? null : el("span", { class: "tag" }, p.status)),
    treeFigures(p)];
}

// Rows are in the order of drawing; open are the upper ones and whatever leads to trouble.
function treeList(processes, below, parent) {
  return el("ul", {}, (below.get(parent) || []).map((i) => {
    const p = processes[i];
    if (!below.has(i)) return el("li", { class: "line" }, treeLine(p));
    const level = treeLevel(p);
    const open = p.depth === 0 || level === "warning" || level === "critical";
    return el("li", {}, el("details", { open }, el("summary", { class: "line", "data-key": `tree ${i}` }, treeLine(p)), treeList(processes, below, i)));
  }));
}

function treeBelow(processes) {
  const below = new Map();
  for (const p of processes) {
    if (!below.has(p.parent)) below.set(p.parent, []);
    below.get(p.parent).push(p.index);
  }
  return below;
}
export const tree = {
  id: "tree",
  title: "Tree",
  scope: "node",
  open(root, app) {
    button = el("button", { type: "button", id: "tree-ask" });
    button.addEventListener("click", () => ask(app));
    state = el("span", { id: "tree-state", role: "status" });
    box = el("div", { id: "tree", class: "tree" });
    root.append(block("Supervision tree", { aside: state }, el("div", { class: "choices" }, button), box));
  },
  show({ route }) {
    const { node, asking, answer, error } = asked.node === route.node ? asked : {};
    button.disabled = Boolean(asking);
    button.textContent = answer ? "Ask again" : "Ask the node for it";
    state.textContent = asking ? "asking…"
      : answer ? [`${plural(answer.processes.length, "process", "processes")} at ${clock(answer.timestamp)}`, answer.complete ? null : "not complete"].filter(Boolean).join(", ") : "";
    draw(box, [node, answer?.timestamp, error], () => {
      if (error) return empty(error);
      return answer ? treeList(answer.processes, treeBelow(answer.processes), null) : [];
    });
  },
};
