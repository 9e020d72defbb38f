// SPDX-License-Identifier: Apache-2.0
// A supervision tree as the API tells it, made ready for drawing: who is below whom, what each is called, and how hot it is by a measure.
// What a node tells need not make sense: somebody may be below a worker, and two may have the same name.

/** treeName(p): what people call it. */
export const treeName = (p) => p.name || (p.id !== null && p.id !== "undefined" ? p.id : null) || p.label || p.pid || p.id || "?";

/** Of a supervisor, that of all below it. */
export const treeLevel = (p) => (p.branch || p).level;
export const inTrouble = (p) => ["warning", "critical"].includes(treeLevel(p));

const of = (field) => (p) => (p.branch ? p.branch[field] : p[field]);

/** MEASURES: value(p) of it and all below; the heat is its part of the whole tree's. */
export const MEASURES = {
  restarts: { title: "Restarts", unit: "count", help: "Of a supervisor: in the last 5 minutes, by it and all below. Of a worker: its own, since the watch began", value: (p) => (p.branch ? p.branch.restarts_in_5_min : p.restarts) },
  queue: { title: "Queue", unit: "count", help: "Messages that wait, with all below", value: of("message_queue_len") },
  heap: { title: "Heap", unit: "bytes", help: "Heaps and message buffers, with all below; without binaries", value: of("heap_bytes") },
  processes: { title: "Processes", unit: "count", help: "Processes that run, with all below", value: (p) => (p.branch ? p.branch.processes : p.status === "running" ? 1 : 0) },
};

function childrenOf(rows) {
  const below = new Map();
  for (const p of rows) {
    if (!below.has(p.parent)) below.set(p.parent, []);
    below.get(p.parent).push(p.index);
  }
  return below;
}

// A row's name in all answers: what is above it, and its id. Of several alike the pid tells them apart.
function keysOf(rows) {
  const keys = [], taken = new Set();
  for (const p of rows) {
    const above = p.parent === null ? "" : `${keys[p.parent]} / `;
    const plain = above + (p.id ?? p.name ?? p.pid ?? "?");
    keys[p.index] = taken.has(plain) ? `${above}${p.pid} ${p.index}` : plain;
    taken.add(keys[p.index]);
  }
  return keys;
}

/** treeModel(answer): { rows, below: parent's index (null: nobody) → indexes, keys, totals: measure → sum over the roots }. */
export function treeModel(answer) {
  const rows = answer.processes;
  const below = childrenOf(rows);
  const total = (measure) => (below.get(null) || []).reduce((sum, i) => sum + (MEASURES[measure].value(rows[i]) || 0), 0);
  return { rows, below, keys: keysOf(rows), totals: Object.fromEntries(Object.keys(MEASURES).map((m) => [m, total(m)])) };
}

/** share(model, p, measure): its part of the whole, 0 to 1; null where it is not known. */
export function share(model, p, measure) {
  const v = MEASURES[measure].value(p);
  if (v === null || v === undefined) return null;
  // Of a worker restarts are known since the watch began only: its part of its supervisor's stands for its part of the last five minutes.
  if (measure === "restarts" && !p.branch) {
    const above = p.parent === null ? null : model.rows[p.parent];
    return above?.branch?.restarts > 0 ? Math.min(1, v / above.branch.restarts) * (share(model, above, measure) || 0) : 0;
  }
  return model.totals[measure] > 0 ? Math.min(1, v / model.totals[measure]) : 0;
}

/** HEATS: the steps of heat, each from a part of the whole on. */
export const HEATS = [[0.5, "half or more"], [0.2, "a fifth"], [0.05, "a twentieth"], [0.005, "less"]];

/** heatOf(part): 0 (cold) to HEATS.length. */
export function heatOf(part) {
  const step = HEATS.findIndex(([from]) => part >= from);
  return step < 0 ? 0 : HEATS.length - step;
}

/** path(model, i): the indexes from the root down to it. */
export function path(model, i) {
  const up = [];
  for (let at = i; at !== null && up.length < 100; at = model.rows[at].parent) up.unshift(at);
  return up;
}

/** find(model, text): indexes of those that have it in a name, id, label, pid, module or application. */
export function find(model, text) {
  const wanted = text.trim().toLowerCase();
  if (model.found?.wanted !== wanted) model.found = { wanted, hits: wanted ? search(model, wanted) : [] }; // asked at every poll
  return model.found.hits;
}

function search(model, wanted) {
  const all = model.rows.filter((p) => [p.name, p.id, p.label, p.pid, p.module, p.parent === null ? p.application : null].some((t) => t?.toLowerCase().includes(wanted)));
  // Who has just that name comes first: links name one.
  const exact = (p) => [p.name, p.pid, p.id].some((t) => t?.toLowerCase() === wanted);
  return [...all.filter(exact), ...all.filter((p) => !exact(p))].map((p) => p.index);
}
