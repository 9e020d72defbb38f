// SPDX-License-Identifier: Apache-2.0
// What the API's words are called on the page, and the shapes that stand beside them.

import { cut, el, list } from "./dom.js";
import { count, plural, quantity, spoken } from "./format.js";

const TITLES = {
  memory: "Memory", processes: "Processes", cpu: "CPU", restarts: "Restarts", ports: "Ports", atoms: "Atoms",
  file_descriptors: "File descriptors", message_queue: "Message queue", restart_budget: "Restart budget",
};
/** title(criterion): of a health criterion. */
export const title = (criterion) => TITLES[criterion] || spoken(criterion);

/** criterionText(name, c): "CPU 93 % (critical above 90)"; of a criterion that is above a limit, or about to be. */
export function criterionText(name, c) {
  const level = c.value > c.critical ? "critical" : c.value > c.warning ? "warning" : null;
  return `${title(name)} ${quantity(c.value, c.unit)}${level ? ` (${level} above ${count(c[level])})` : ""}`;
}

// ---- how a node stands -----------------------------------------------------------------------------------------------

// In one word: what is wrong with the link comes before what is wrong with the node.
export const RANK = ["down", "critical", "warning", "unknown", "healthy"];
const REACHING = ["connecting", "unknown"];
export const standing = (n) => (n.state === "up" ? n.overall_status : REACHING.includes(n.state) ? "unknown" : "down");
export const standingWord = (n) => (n.state === "up" ? (n.overall_status === "unknown" ? "not judged yet" : n.overall_status) : n.state === "unknown" ? "not known" : n.state);
/** standingSince(n): since when; null if that is not known. */
export const standingSince = (n) => (n.state === "up" ? n.overall_since : n.since);

const byName = new Intl.Collator("en", { numeric: true }).compare;
const SEVERITIES = ["high", "medium", "low"];
const severityRank = (i) => (i ? SEVERITIES.indexOf(i.severity) + 1 || SEVERITIES.length : SEVERITIES.length + 1);
/** worstFirst(nodes): of nodes that stand alike, those with the worse incident come first. */
export const worstFirst = (nodes) => nodes.toSorted((a, b) => RANK.indexOf(standing(a)) - RANK.indexOf(standing(b)) || severityRank(a.incident) - severityRank(b.incident) || byName(a.name, b.name));

/** trouble(n): what is wrong with a node, in one line; null if nothing is. */
export function trouble(n) {
  if (n.state !== "up") return n.detail || "why is not known";
  if (n.incident) return n.incident.title;
  return n.worst ? criterionText(n.worst.criterion, n.worst) : null;
}

const NEXT = {
  connecting: "Wait: it is being linked.",
  stalled: "See on its host whether the VM runs, and what keeps it busy; it is watched again as soon as it answers.",
  unreachable: "See on its host whether the node runs and its name is right, and whether this host reaches it (port 4369 and the node's own). It is tried again by itself.",
  refused: "It is there, but does not let arsenal in: give its cookie (--cookie-file), and see net_kernel:allow/1 there.",
  hanging: "The VM accepts connections and does not answer: see on its host whether it is stopped, swaps or is stuck.",
  incompatible: "See that the address is that of an Erlang node of OTP 25 or later, and whether it wants TLS (--tls-conf).",
};
/** nextForState(n): what to do about a node that is not linked. */
export const nextForState = (n) => NEXT[n.state] ?? null;

/** nodeName(name): a long one breaks at its @ first. */
export function nodeName(name, max = 120) {
  const shown = cut(name, max), at = shown.indexOf("@");
  return at < 0 ? shown : [el("span", { class: "unit" }, shown.slice(0, at + 1)), el("span", { class: "unit" }, shown.slice(at + 1))];
}

// ---- shapes ----------------------------------------------------------------------------------------------------------

const SHAPES = new Set(["down", "critical", "warning", "unknown", "healthy", "low"]);

/** mark(kind, word): a shape and a word in the colour of a level; what is no level is drawn as one that is not known. */
export const mark = (kind, word) => drawMark(SHAPES.has(kind) ? kind : "unknown", word);
const drawMark = (kind, word) => el("span", { class: `word ${kind}` }, el("span", { class: `shape shape-${kind}`, "aria-hidden": "true" }), word);
/** severityKind: which level a finding's severity is drawn as. */
export const severityKind = { critical: "critical", high: "critical", medium: "warning", low: "low" };

// ---- who is behind it ------------------------------------------------------------------------------------------------

export const processName = (p) => p.name || p.initial_call || p.pid;
const culpritKinds = {
  table: () => "table ", parent: (p) => `${count(p.count)} processes started by `, initial_call: (p) => `${count(p.count)} processes that began with `,
  port_owner: (p) => `${count(p.count)} ports of `, port_parent: (p) => `${count(p.count)} ports of processes started by `,
};
export const culprit = (p) => [culpritKinds[p.kind]?.(p), el("strong", { class: "mono" }, processName(p)), p.pid && (p.name || p.initial_call) ? el("span", { class: "dim mono" }, ` ${p.pid}`) : null];
export const culprits = (all, max = 3) => list(all.slice(0, max).map((p) => el("span", {}, culprit(p))));

// ---- restarts --------------------------------------------------------------------------------------------------------

export const PATTERNS = { restart_storm: "storm", cascading_failure: "cascade", periodic_restart: "periodic", resource_correlated: "after spikes" };
export const isStorm = (p) => p.type === "restart_storm";

export function patternTag(p) {
  const level = !p.active ? "unknown" : isStorm(p) ? "critical" : "warning";
  return el("span", { class: `tag ${level}`, title: p.pattern }, `${PATTERNS[p.type]}${p.active ? "" : ", over"} ×${p.frequency}`);
}

/** budgetText: what is left of a supervisor's restart budget, once some of it is used. */
export function budgetText(b) {
  if (!b?.used) return null;
  return el("span", { class: b.left || b.used < 2 ? "dim" : "tag critical", title: `${b.strategy}: gives up at more than ${b.intensity} in ${b.period / 1000} s` },
    `${b.used} of ${plural(b.intensity, "restart")} in ${b.period / 1000} s, ${b.left} left`);
}
