// SPDX-License-Identifier: Apache-2.0
// Incidents of a node: those that are open, then those that ended; ?id=… opens one. Below them the anomalies that belong to none.

import "./incidents.css";
import { ofNode } from "../api.js";
import { block, draw, el, empty, term } from "../dom.js";
import { pressingFirst } from "../findings.js";
import { plural } from "../format.js";
import { incidentRows, marksRows } from "../happenings.js";
import { serverNow } from "../servertime.js";
import { anomalyBlock } from "./anomalies.js";
import { incidentCard } from "./incident.js";
import { spanOf } from "./incident_line.js";

const MARKS_MS = 10000; // the end of an open incident's time line goes on in such steps

let page = null;

// Which one is opened: that of the address; else, of a single open one, this.
function openedOf(app, all) {
  const id = app.route.params.get("id");
  if (id) return all.find((i) => i.id === id) ?? null;
  const open = all.filter((i) => !i.ended);
  return open.length === 1 && !page?.closed ? open[0] : null;
}

function marksPath(app, incident) {
  const { from, to } = spanOf(incident);
  const step = (t) => Math.ceil(t / MARKS_MS) * MARKS_MS;
  return `${ofNode(app.route.node, "marks")}?start=${step(from) - MARKS_MS}&end=${incident.ended ? step(to) : step(serverNow())}`;
}

function readMarks(answer) {
  try {
    return marksRows(answer);
  } catch {
    return null; // the time line goes without restarts
  }
}

// The answer before is shown until the next one has come.
function marksOf(app, incident) {
  if (app.data.marks) page.marks = { id: incident?.id, answer: readMarks(app.data.marks) };
  return incident && page.marks?.id === incident.id ? page.marks.answer : null;
}

const missing = (app, all) => {
  const id = app.route.params.get("id");
  return id && all && !all.some((i) => i.id === id) ? el("p", { class: "tag warning", role: "status" }, "Incident ", term(id, 80), " is not among those that are kept: the last 100.") : null;
};

// A link to an incident is a link to its place on the page, once.
function scrollTo(app, opened) {
  const id = app.route.params.get("id");
  if (!opened || page.scrolled === id) return;
  page.scrolled = id;
  if (id) page.root.querySelector(`[data-incident="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
}

function list(box, app, incidents, opened, marks, none) {
  draw(box, [incidents, opened?.id, marks && [marks.time_range.end, marks.restarts], app.data.incidents === null, app.errors.incidents, [...app.route.params]], () => {
    if (!app.data.incidents) return app.errors.incidents ? empty(app.errors.incidents) : empty("Asking…");
    return incidents.length ? incidents.map((i) => incidentCard(app, app.route.node, i, { opened: i.id === opened?.id, marks: i.id === opened?.id ? marks : null })) : empty(none);
  });
}

export const incidents = {
  id: "incidents",
  title: "Incidents",
  scope: "node",
  asks(app) {
    const opened = openedOf(app, incidentRows(app.data.incidents) || []);
    return { incidents: app.of("incidents"), anomalies: { path: app.of("anomalies"), every: 5000 }, health: { path: app.of("health"), every: 5000 }, ...(opened && spanOf(opened) ? { marks: { path: marksPath(app, opened), every: MARKS_MS } } : {}) };
  },
  open(root, app) {
    page = { root, open: el("div", { id: "incidents-open" }), ended: el("div", { id: "incidents-ended" }), said: el("div", {}), count: el("span", {}), past: el("span", {}), anomalies: anomalyBlock(app), marks: null, scrolled: null, closed: false };
    // The one that opened by itself has no address of its own to go back from.
    page.open.addEventListener("click", (e) => {
      if (app.route.params.has("id") || !e.target.closest("[aria-expanded=true]")) return;
      page.closed = true;
      app.show();
    });
    root.append(page.said, block("Open", { id: "incidents", aside: page.count }, page.open), block("Ended", { aside: page.past }, page.ended), page.anomalies.element);
  },
  show(app) {
    const all = incidentRows(app.data.incidents) || [];
    const opened = openedOf(app, all), marks = marksOf(app, opened);
    const open = pressingFirst(all.filter((i) => !i.ended)), ended = all.filter((i) => i.ended);
    draw(page.said, [app.route.params.get("id"), all.map((i) => i.id), app.data.incidents && app.errors.incidents], () => [missing(app, app.data.incidents), app.data.incidents && app.errors.incidents ? empty(`What is shown is old: ${app.errors.incidents}`) : null]);
    page.count.textContent = app.data.incidents ? plural(open.length, "incident") : "";
    page.past.textContent = ended.length ? `the last ${ended.length}` : "";
    list(page.open, app, open, opened, marks, "No incident is open: nothing that belongs together stands out.");
    list(page.ended, app, ended, opened, marks, "None has ended since the watch began.");
    page.anomalies.show(app);
    scrollTo(app, opened);
  },
  close() {
    page = null;
  },
};

// ---- of all nodes ---------------------------------------------------------------------------------------------------

const ASKED = 40; // nodes, those in the worst state
let everywhere = null;

const troubled = (app) => app.nodes.filter((n) => n.open_incidents > 0);
const worst = (nodes) => {
  const byName = new Map(nodes.map((n) => [n.name, n]));
  return pressingFirst(nodes.map((n) => ({ ...(n.incident ?? { severity: "low", opened: null }), of: n.name }))).map((i) => byName.get(i.of));
};

// Of a node whose incidents are not there (yet, or at all) the worst one is known from /nodes.
function rowsOf(app) {
  const asked = worst(troubled(app));
  const all = asked.flatMap((n, k) => {
    const told = incidentRows(app.data[`incidents ${k}`]);
    const list_ = k < ASKED && told ? told : n.incident ? incidentRows([n.incident]) : [];
    return list_.map((incident) => ({ node: n.name, incident }));
  });
  const order = new Map(pressingFirst(all.map(({ incident }) => incident)).map((i, k) => [i, k]));
  return all.toSorted((a, b) => order.get(a.incident) - order.get(b.incident));
}

export const allIncidents = {
  id: "incidents",
  title: "Incidents",
  scope: "all",
  asks: (app) => Object.fromEntries(worst(troubled(app)).slice(0, ASKED).map((n, k) => [`incidents ${k}`, { path: `${ofNode(n.name, "incidents")}?open=true`, every: 4000 }])),
  open(root) {
    everywhere = { box: el("div", { id: "all-incidents" }), count: el("span", {}) };
    root.append(block("Open incidents of all nodes", { aside: everywhere.count }, everywhere.box));
  },
  show(app) {
    const rows = rowsOf(app), nodes = troubled(app);
    const more = nodes.length - ASKED;
    everywhere.count.textContent = nodes.length ? `${plural(nodes.reduce((n, one) => n + one.open_incidents, 0), "incident")} on ${plural(nodes.length, "node")}, the worst first` : "";
    draw(everywhere.box, [rows, more], () => (rows.length
      ? [rows.map(({ node, incident }) => incidentCard(app, node, incident, { named: true })), more > 0 && empty(`Of ${plural(more, "more node")} only the worst incident is shown: the node has the others.`)]
      : empty(app.nodes.length ? "No incident is open on any node." : "No node is watched.")));
  },
  close() {
    everywhere = null;
  },
};
