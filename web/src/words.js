// SPDX-License-Identifier: Apache-2.0
// What the API's words are called on the page, and the shapes that stand beside them.

import { el, list } from "./dom.js";
import { count, plural, spoken } from "./format.js";

const TITLES = {
  memory: "Memory", processes: "Processes", cpu: "CPU", restarts: "Restarts", ports: "Ports", atoms: "Atoms",
  file_descriptors: "File descriptors", message_queue: "Message queue", restart_budget: "Restart budget",
};
/** title(criterion): of a health criterion. */
export const title = (criterion) => TITLES[criterion] || spoken(criterion);

// How a node stands, in one word: what is wrong with the link comes before what is wrong with the node.
export const RANK = ["down", "critical", "warning", "unknown", "healthy"];
export const standing = (n) => (n.state === "up" ? n.overall_status : n.state === "connecting" ? "unknown" : "down");
export const standingWord = (n) => (n.state === "up" ? (n.overall_status === "unknown" ? "not judged yet" : n.overall_status) : n.state);
export const worstFirst = (nodes) => nodes.toSorted((a, b) => RANK.indexOf(standing(a)) - RANK.indexOf(standing(b)) || a.name.localeCompare(b.name));

/** mark(kind, word): a shape and a word in the colour of a level. */
export const mark = (kind, word) => el("span", { class: `word ${kind}` }, el("span", { class: `shape shape-${kind}`, "aria-hidden": "true" }), word);
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
