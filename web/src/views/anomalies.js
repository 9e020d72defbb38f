// SPDX-License-Identifier: Apache-2.0
// The anomalies: those that hold now, and those that are over.

import { ago, block, draw, el, empty } from "../dom.js";
import { plural, quantity, spoken } from "../format.js";
import { culprits, mark, severityKind } from "../words.js";

const PAST = 50;

const sameAnomaly = (a, b) => a.type === b.type && a.metric === b.metric && a.timestamp === b.timestamp && a.child_id === b.child_id;

function finding(a, holds) {
  const values = a.current_value === undefined ? null
    : el("p", {}, el("span", { class: "mono" }, a.metric), ` ${quantity(a.current_value, a.unit)}, usually ${quantity(a.baseline_value, a.unit)}`);
  const place = a.type === "restart_anomaly" ? el("p", {}, el("span", { class: "mono" }, a.child_id || "?"), " under ", el("span", { class: "mono" }, a.supervisor || "?"), a.restart_count && `, ${plural(a.restart_count, "restart")}`) : null;
  return el("div", { class: "finding" },
    el("div", { class: "head" },
      mark(severityKind[a.severity], a.severity), el("strong", {}, spoken(a.type)),
      holds ? el("span", { class: "tag critical" }, "holds now") : el("span", { class: "dim" }, "over"),
      el("span", { class: "when" }, ago(a.timestamp))),
    el("p", {}, a.description), values, place,
    a.culprits?.length ? el("p", { class: "who" }, "Culprits: ", culprits(a.culprits, 5)) : null);
}

let box = null;

export const anomalies = {
  id: "anomalies",
  title: "Anomalies",
  scope: "node",
  asks: (app) => ({ anomalies: app.of("anomalies"), health: app.of("health") }),
  open(root) {
    box = el("div", { id: "anomalies" });
    root.append(block("Anomalies", { aside: el("span", { id: "anomalies-total" }) }, box));
  },
  show({ data }) {
    const now = data.health?.anomalies || [];
    const past = (data.anomalies || []).filter((one) => !now.some((b) => sameAnomaly(one, b)));
    document.getElementById("anomalies-total").textContent = data.anomalies ? `${now.length} now, ${past.length} before` : "";
    draw(box, [now, past.slice(0, PAST)], () =>
      now.length + past.length ? [now.map((one) => finding(one, true)), past.slice(0, PAST).map((one) => finding(one, false))] : empty("None found since the watch began."));
  },
};
