// SPDX-License-Identifier: Apache-2.0
// The verdict on a node, below its head: what is wrong, since when, who, and what to do next.

import { draw, el, empty, list, term } from "../dom.js";
import { incidentLines, pressingFirst, told } from "../findings.js";
import { clock, spoken } from "../format.js";
import { serverNow } from "../servertime.js";
import { criterionText, mark, RANK, title } from "../words.js";

const INCIDENTS = 4;
const SOON_MS = 10 * 60 * 1000; // failures foretold for the next ten minutes
const FULL_SOON_MS = 24 * 3600 * 1000; // limits that are reached within a day

const levelOf = (criteria) => Object.entries(criteria || {}).filter(([, c]) => c?.level === "critical" || c?.level === "warning")
  .toSorted(([, a], [, b]) => RANK.indexOf(a.level) - RANK.indexOf(b.level));

// Recommendations begin with the criterion that they are for, and how far it is above its limit.
const adviceFor = (name, all) => all.filter((text) => text.toLowerCase().startsWith(spoken(name).toLowerCase()));

function criterionLines(health) {
  const all = health?.recommendations || [];
  const lines = levelOf(health?.criteria).flatMap(([name, c]) => {
    const advice = adviceFor(name, all);
    return (advice.length ? advice : [criterionText(name, c)]).map((text) => ({ level: c.level, text }));
  });
  const rest = all.filter((text) => !lines.some((line) => line.text === text)).map((text) => ({ level: null, text }));
  return [...lines, ...rest].map(({ level, text }) => el("li", { class: `pressing is-${level}` }, el("p", { class: "head" }, level && mark(level, level), el("span", { class: "advice" }, term(text, 400)))));
}

// Failures that are foretold for the next minutes, and limits that are reached today.
function ahead(app) {
  const now = serverNow();
  const soon = (t, within) => t && Date.parse(t) - now < within && Date.parse(t) > now - 60000;
  const failures = (app.data.predictions || []).filter((p) => soon(p.next_failure, SOON_MS)).slice(0, 3).map((p) => `${clock(p.next_failure)}: ${p.text}`);
  const limits = Object.values(app.data.capacity || {}).filter((c) => soon(c?.full_at, FULL_SOON_MS)).map((c) => c.text);
  return [...limits, ...failures];
}

function unseen(n, health) {
  const words = [];
  if (n.info.note) words.push(n.info.note);
  const missing = health?.observed?.missing || [];
  if (missing.length && n.state === "up") words.push(`not observed: ${list(missing.map((m) => title(m).toLowerCase())).join("")}`);
  return words;
}

const more = (word, lines, link) => lines.length > 0 && told(word, [...lines.flatMap((text) => [term(text, 400), el("br")]), link]);

function quiet(n, health) {
  if (!n.last_sample) return "No sample has come yet: figures follow with the first one, a few seconds after the link.";
  return health?.overall_status === "healthy" || n.overall_status === "healthy" ? "Nothing stands out." : "Not enough is known yet to judge.";
}

/** showVerdict(box, app): of the node that is shown; what it needs may not be there yet. Of one that is not linked the head says all. */
export function showVerdict(box, app) {
  const { node: n, data: { health } } = app;
  const incidents = n.state === "up" ? pressingFirst((app.data.incidents || (n.incident ? [n.incident] : [])).filter((i) => i?.title)) : [];
  const criteria = n.state === "up" ? criterionLines(health) : [];
  const next = n.state === "up" ? ahead(app) : [];
  const blind = unseen(n, health);
  draw(box, [n.name, n.state, n.detail, n.overall_status, !n.last_sample, incidents, health?.criteria, health?.recommendations, next, blind], () => [
    el("ul", { class: "pressings" },
      incidents.slice(0, INCIDENTS).map((i) => incidentLines(app, n.name, i)),
      incidents.length > INCIDENTS && el("li", {}, el("a", { href: app.link({ node: n.name, view: "incidents" }), "data-key": "all incidents" }, `and ${incidents.length - INCIDENTS} more`)),
      criteria),
    !incidents.length && !criteria.length && empty(quiet(n, health)),
    more("Ahead", next, el("a", { href: app.link({ node: n.name, view: "ahead" }), "data-key": "ahead" }, "what else is foretold")),
    more("Not seen", blind),
  ]);
}
