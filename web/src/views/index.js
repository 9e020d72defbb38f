// SPDX-License-Identifier: Apache-2.0
// The views, in the order of their tabs. A view is one file here, its styles beside it; app.js says what it is made of.

import { ahead } from "./ahead.js";
import { charts } from "./charts.js";
import { events, nodeEvents } from "./events.js";
import { allIncidents, incidents } from "./incidents.js";
import { memory } from "./memory.js";
import { now } from "./now.js";
import { overview } from "./overview.js";
import { processes } from "./processes.js";
import { nodeReports, reports } from "./reports.js";
import { restarts } from "./restarts.js";
import { self } from "./self.js";
import { tree } from "./tree.js";

/** VIEWS: of each scope the first is what is shown when none is named. */
export const VIEWS = [overview, allIncidents, events, reports, self, now, charts, restarts, incidents, ahead, processes, tree, memory, nodeEvents, nodeReports];

export const viewsOf = (scope) => VIEWS.filter((v) => v.scope === scope);

const FORMER = { anomalies: "incidents" }; // words of former days' links

/** findView(route): what is not known is the first one of its scope. */
export function findView(route) {
  const views = viewsOf(route.node ? "node" : "all");
  return views.find((v) => v.id === (FORMER[route.view] ?? route.view)) || views[0];
}
