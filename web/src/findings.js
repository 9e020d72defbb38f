// SPDX-License-Identifier: Apache-2.0
// An open incident in a few lines: what, where, since when, who, and what to do next.

import { ago, el, term } from "./dom.js";
import { plural } from "./format.js";
import { culprits, mark, nodeName, severityKind } from "./words.js";

const HIGH_FIRST = ["high", "medium", "low"];
/** pressingFirst(incidents): the most severe ones first; of these, the one that opened last. */
export const pressingFirst = (incidents) => incidents.toSorted((a, b) => HIGH_FIRST.indexOf(a.severity) - HIGH_FIRST.indexOf(b.severity) || Date.parse(b.opened) - Date.parse(a.opened));

const child = (f) => [el("strong", { class: "mono" }, term(f.child_id ?? "?", 120)), " under ", el("span", { class: "mono" }, term(f.supervisor ?? "?", 120))];

// The root's culprits, or the child that restarts; where it tells of none, those of the first that belongs to it and does.
function whoOf(incident) {
  const told = [incident.root, ...(incident.members || [])].find((f) => f?.culprits?.length || f?.supervisor || f?.child_id);
  if (!told) return null;
  return told.culprits?.length ? culprits(told.culprits) : child(told);
}

/** told(word, content): a line with a word before it that says what it tells. Null without content. */
export const told = (word, content) => (content ? el("p", { class: "told" }, el("span", { class: "key" }, word), " ", el("span", {}, content)) : null);

/** incidentLines(app, node, incident, { named }): the incident as /nodes/{node}/incidents has it, or as much of it as /nodes has; `named`: with the node's name. */
export function incidentLines(app, node, incident, { named = false } = {}) {
  const patterns = (incident.patterns || []).map((p) => p.pattern).filter(Boolean);
  return el("li", { class: `pressing is-${severityKind[incident.severity] || "low"}` },
    el("p", { class: "head" },
      mark(severityKind[incident.severity] || "low", incident.severity),
      el("a", { class: "title", "data-row": true, "data-key": `incident ${node} ${incident.id}`, href: app.link({ node, view: "incidents", params: { id: incident.id } }) }, term(incident.title, 200)),
      named && el("a", { class: "where", href: app.link({ node }), "data-key": `incident of ${node} ${incident.id}` }, nodeName(node)),
      incident.opened && el("span", { class: "when" }, "for ", ago(incident.opened, "")),
      incident.restarts > 0 && el("span", { class: "dim" }, plural(incident.restarts, "restart"))),
    told("Who", whoOf(incident)),
    patterns.length > 0 && told("Pattern", patterns.slice(0, 3).join("; ")),
    told("Next", incident.next_step && term(incident.next_step, 400)));
}
