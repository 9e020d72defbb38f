// SPDX-License-Identifier: Apache-2.0
// Anomalies: those that hold now and those that are over; outside of incidents, or all of them.

import { choose, oneOf } from "../address.js";
import { ago, block, choice, draw, el, empty, term } from "../dom.js";
import { plural, quantity, spoken } from "../format.js";
import { anomalyRows } from "../happenings.js";
import { around } from "../range.js";
import { mark, severityKind } from "../words.js";
import { culpritLinks } from "./culprits.js";

const SHOWN = 100;
const CHOICES = { outside: "outside incidents", all: "all" };

const same = (a, b) => a.type === b.type && a.metric === b.metric && a.timestamp === b.timestamp && a.child_id === b.child_id;

const valuesOf = (a) => (a.current_value === null || a.current_value === undefined ? null : el("p", {}, el("span", { class: "mono" }, a.metric), ` ${quantity(a.current_value, a.unit)}, usually ${quantity(a.baseline_value, a.unit)}`));
const placeOf = (a) => (a.type === "restart_anomaly" ? el("p", {}, el("span", { class: "mono" }, term(a.child_id || "?", 120)), " under ", el("span", { class: "mono" }, term(a.supervisor || "?", 120)), a.restart_count ? `, ${plural(a.restart_count, "restart")}` : "") : null);

function linksOf(app, a, i) {
  const node = app.route.node;
  const view = a.type === "restart_anomaly" ? "restarts" : "charts";
  return el("p", { class: "links" }, a.timestamp && el("a", { href: app.link({ node, view, params: around(Date.parse(a.timestamp)) }), "data-key": `moment ${i}` }, view === "charts" ? "Charts about then" : "Restarts about then"),
    a.incident && el("a", { href: app.link({ node, view: "incidents", params: { id: a.incident } }), "data-key": `part ${i}` }, a.root ? "Root of an incident" : "Part of an incident"));
}

function finding(app, a, i) {
  return el("div", { class: "finding" },
    el("div", { class: "head" },
      mark(severityKind[a.severity] || "low", a.severity), el("strong", {}, spoken(a.type)),
      a.holds ? el("span", { class: "tag critical" }, "holds now") : el("span", { class: "dim" }, "over"),
      el("span", { class: "when" }, ago(a.timestamp))),
    el("p", {}, term(a.description, 400)), valuesOf(a), placeOf(a),
    a.culprits?.length ? el("p", { class: "who" }, "Culprits: ", culpritLinks(app, app.route.node, a.culprits)) : null,
    linksOf(app, a, i));
}

// Those that hold now first; of the others, the newest first, as they come.
function anomaliesOf({ anomalies, health }) {
  const all = anomalyRows(anomalies) || [];
  const now = anomalyRows(health?.anomalies || []).map((a) => ({ ...a, incident: a.incident ?? all.find((b) => same(a, b))?.incident ?? null, holds: true }));
  return [...now, ...all.filter((a) => !now.some((b) => same(a, b))).map((a) => ({ ...a, holds: false }))];
}

function nothing(all, chosen) {
  if (!all.length) return "No anomaly was found since the watch began.";
  return chosen === "outside" ? `None: the ${plural(all.length, "anomaly", "anomalies")} that ${all.length === 1 ? "was" : "were"} found belong to incidents.` : "None.";
}

/** anomalyBlock(app): { element, show(app) } */
export function anomalyBlock(app) {
  const box = el("div", { id: "anomalies" }), total = el("span", { id: "anomalies-total" }), tools = el("div", { class: "choices", role: "group", "aria-label": "Which anomalies" });
  const show = (a) => {
    const chosen = oneOf(a, "anomalies", Object.keys(CHOICES));
    const all = anomaliesOf(a.data);
    const shown = chosen === "all" ? all : all.filter((one) => !one.incident);
    const hold = all.filter((one) => one.holds).length;
    total.textContent = a.data.anomalies ? `${all.length} found, ${hold} of them ${hold === 1 ? "holds" : "hold"} now` : "";
    draw(tools, [chosen], () => Object.entries(CHOICES).map(([id, text]) => {
      const b = choice(text, id === chosen, { "data-key": `anomalies ${id}` });
      b.addEventListener("click", () => choose(a, { anomalies: id === "outside" ? null : id }));
      return b;
    }));
    draw(box, [a.data.anomalies && shown.slice(0, SHOWN), a.errors.anomalies, chosen, all.length], () => {
      if (!a.data.anomalies) return a.errors.anomalies ? empty(a.errors.anomalies) : [];
      return shown.length ? shown.slice(0, SHOWN).map((one, i) => finding(a, one, i)) : empty(nothing(all, chosen));
    });
  };
  return { element: block("Anomalies", { aside: total }, tools, box), show };
}
