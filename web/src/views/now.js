// SPDX-License-Identifier: Apache-2.0
// A node now: the verdict, its health, the last minutes.

import { block, el } from "../dom.js";
import { liveCharts } from "./live.js";
import { showCriteria } from "./criteria.js";
import { showVerdict } from "./verdict.js";

let verdict, criteria, charts, needSample, standsOut;

export const now = {
  id: "now",
  title: "Now",
  scope: "node",
  asks: (app) => ({
    health: app.of("health"), performance: app.of("performance"), restarts: app.of("restarts"),
    incidents: app.of("incidents?open=true"),
    predictions: { path: app.of("predictions"), every: 5000 }, capacity: { path: app.of("capacity"), every: 20000 },
  }),
  open(root, app) {
    verdict = el("div", { id: "verdict" });
    criteria = el("ul", { id: "criteria", class: "criteria" });
    const span = el("span", { id: "charts-span" });
    const figures = el("div", { id: "charts", class: "charts" });
    needSample = [block("Health", {}, criteria), block("Live", { aside: span }, figures)];
    standsOut = block("What stands out", {}, verdict);
    root.append(standsOut, ...needSample);
    charts = liveCharts(figures, span, app);
  },
  show(app) {
    standsOut.hidden = app.node.state !== "up" && Boolean(app.node.last_sample);
    for (const part of needSample) part.hidden = !app.node.last_sample;
    showVerdict(verdict, app);
    showCriteria(criteria, app.data.health);
    charts.show(app.data);
  },
  close() {
    charts.close();
  },
};
