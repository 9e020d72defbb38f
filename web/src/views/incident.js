// SPDX-License-Identifier: Apache-2.0
// One incident: what, since when, who, what next; and when it is opened, all that belongs to it and why.

import { age, ago, el, list, term } from "../dom.js";
import { told } from "../findings.js";
import { moment, plural, quantity, spoken } from "../format.js";
import { around, rangeParams } from "../range.js";
import { mark, PATTERNS, severityKind, title } from "../words.js";
import { culpritLinks } from "./culprits.js";
import { incidentLine, spanOf } from "./incident_line.js";

// Why a finding belongs to an incident, in the words of the API.
const JOINED = {
  first: "it opened the incident", same_kind: "one of its type is in it", culprit: "the same process or supervisor is behind it",
  cause: "a usual cause or consequence of what is in it", time: "it began at the same time, and nothing speaks against it", node_down: "the node went down meanwhile",
};
const whyJoined = (m) => JOINED[m.joined] ?? spoken(m.joined);

const values = (m) => (m.current_value === null || m.current_value === undefined ? null : [el("span", { class: "mono" }, m.metric), ` ${quantity(m.current_value, m.unit)}, usually ${quantity(m.baseline_value, m.unit)}`]);
const place = (m) => (m.supervisor || m.child_id ? [el("span", { class: "mono" }, term(m.child_id ?? "?", 120)), " under ", el("span", { class: "mono" }, term(m.supervisor ?? "?", 120))] : null);

/** whenText(incident): "open since 06:07 (3 min)", or from when to when. */
const whenText = (i) => (i.ended ? `${moment(i.opened)} to ${moment(i.ended)}, ${age(Date.parse(i.ended) - Date.parse(i.opened))}` : i.opened ? ["open since ", moment(i.opened), " (", ago(i.opened, ""), ")"] : "open");

function behind(app, node, i, m) {
  if (m.culprits?.length) return culpritLinks(app, node, m.culprits);
  return place(m) && el("a", { href: app.link({ node, view: "restarts", params: { supervisor: (m.supervisor ?? "").slice(0, 200) } }), "data-key": `who ${i.id}` }, place(m));
}

// Who is behind the root; else behind what belongs to it.
function who(app, node, i) {
  const known = [i.root, ...i.members].find((m) => m && (m.culprits?.length || m.supervisor || m.child_id));
  return known ? behind(app, node, i, known) : null;
}

function findingLine(app, node, m) {
  return el("li", { class: "finding" },
    el("div", { class: "head" }, mark(severityKind[m.severity] || "low", m.severity), el("strong", {}, spoken(m.type)), m.root && el("span", { class: "tag critical" }, "root"),
      el("span", { class: "dim" }, whyJoined(m)), el("span", { class: "when" }, m.ended ? `over since ${moment(m.ended)}` : "holds", ", found ", moment(m.timestamp))),
    el("p", {}, term(m.description, 400)),
    values(m) && el("p", {}, values(m)), place(m) && el("p", {}, place(m)),
    m.culprits?.length ? el("p", { class: "who" }, "Culprits: ", culpritLinks(app, node, m.culprits)) : null);
}

const patternsText = (i) => (i.patterns || []).slice(0, 8).map((p) => el("div", {}, el("strong", {}, PATTERNS[p.type] ?? spoken(p.type)), ": ", term(p.pattern, 200), " under ", el("span", { class: "mono" }, term(p.supervisor ?? "?", 120))));
const criteriaText = (i) => Object.entries(i.health || {}).map(([name, level]) => mark(level, `${title(name)} ${level}`));

function links(app, node, i) {
  const to = (text, view, params) => el("a", { href: app.link({ node, view, params }), "data-key": `${view} ${i.id}` }, text);
  const span = spanOf(i);
  const supervisor = [i.root, ...i.members].find((m) => m?.supervisor)?.supervisor;
  const began = i.members[0]?.since ?? i.opened;
  return el("p", { class: "links" }, began && to("Charts about its begin", "charts", around(Date.parse(began))), span && to("Restarts in its time", "restarts", rangeParams(span.from, span.to)),
    supervisor && el("a", { href: app.link({ node, view: "tree", params: { find: supervisor.slice(0, 200) } }), "data-key": `tree ${i.id}` }, "Supervisor in the tree"),
    el("a", { href: app.link({ node, view: "events" }), "data-key": `events ${i.id}` }, "Events"));
}

function details(app, node, i, marks) {
  const left = i.members_left_out ? `, and ${i.members_left_out} more that there was no room for` : "";
  return el("div", { class: "details" },
    incidentLine(i, marks),
    told("Pattern", patternsText(i).length ? el("div", {}, patternsText(i)) : null),
    told("Criteria", criteriaText(i).length ? list(criteriaText(i)) : null),
    links(app, node, i),
    el("h5", {}, `${plural(i.members.length, "finding")} in it${left}`),
    el("ul", {}, i.members.map((m) => findingLine(app, node, m))));
}

/** incidentCard(app, node, incident, { opened, marks, named }): named: with the node's name, where it is one of several. */
export function incidentCard(app, node, i, { opened = false, marks = null, named = false } = {}) {
  const kind = i.ended ? "low" : severityKind[i.severity] || "low";
  const href = app.link({ node, view: "incidents", params: { id: opened ? null : i.id } });
  return el("article", { class: `incident-card is-${kind}${opened ? " is-opened" : ""}`, "data-incident": i.id, "aria-label": i.title },
    el("div", { class: "head" },
      mark(i.ended ? "low" : severityKind[i.severity] || "low", i.severity),
      el("h4", {}, el("a", { href, "data-row": true, "data-key": `incident ${node} ${i.id}`, "aria-expanded": named ? null : String(opened) }, term(i.title, 240))),
      named && el("a", { href: app.link({ node }), "data-key": `node of ${node} ${i.id}` }, term(node, 120)),
      el("span", { class: "when" }, whenText(i)),
      i.restarts > 0 && el("span", { class: "dim" }, plural(i.restarts, "restart")), i.node_down && el("span", { class: "tag critical" }, "the node went down")),
    told("Who", who(app, node, i)),
    i.root && (!i.ended || opened) && told("Root", [term(i.root.description, 300), el("span", { class: "dim" }, ` (${whyJoined(i.root)}, ${moment(i.root.since ?? i.root.timestamp)})`)]),
    (!i.ended || opened) && told("Next", i.next_step && term(i.next_step, 400)),
    opened && details(app, node, i, marks));
}
