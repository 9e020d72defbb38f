// SPDX-License-Identifier: Apache-2.0
// Post-mortems: what is kept of the ends of nodes, and each to be read on the page; of one node also a report of any range of time. The address says
// which is open: ?id=20260131T235959Z-shop@host, or ?id=range.

import "./report.css";
import { findBox, finder, here } from "../address.js";
import { block, draw, el, empty, term } from "../dom.js";
import { moment, plural } from "../format.js";
import { readRange } from "../range.js";
import { readSort, table } from "../table.js";
import { CAUSES, causeMark, showReport } from "./report.js";

const RANGE = "range";
const FORMATS = { html: "HTML", json: "JSON", text: "text" };
const openId = (app) => app.route.params.get("id");

// A range that goes on with the clock is asked for anew once a minute, not at every poll.
function rangePath(app, format) {
  const { from, to, span } = readRange(app.route.params);
  const minute = (t) => new Date(Math.floor(t / 60000) * 60000).toISOString();
  const [since, until] = span ? [minute(from), minute(to + 60000)] : [new Date(from).toISOString(), new Date(to).toISOString()];
  return app.of(`report?since=${since}&until=${until}&format=${format}`);
}

const pathOf = (app, id, format) => (id === RANGE ? rangePath(app, format) : `reports/${encodeURIComponent(id)}?format=${format}`);

// HTML opens beside the page: it has a policy of its own. The others are files, to be kept or mailed.
function downloads(app, id, name) {
  return el("span", { class: "downloads" }, Object.entries(FORMATS).map(([format, word]) =>
    el("a", { href: `/api/v1/${pathOf(app, id, format)}`, target: format === "html" ? "_blank" : null, rel: "noopener", download: format === "html" ? null : `${name}.${format === "text" ? "txt" : format}`, "data-key": `${format} ${id}`, title: format === "html" ? "Opens in a tab of its own, in one file that can be mailed" : "Is kept as a file" }, word)));
}

// ---- the list ---------------------------------------------------------------------------------------------------------

const columns = (app) => [
  { key: "when", title: "When", value: (r) => r.end, cell: (r) => el("a", { href: here(app, { id: r.id }), "data-key": `report ${r.id}`, "data-row": true, "aria-current": r.id === openId(app) ? "true" : null }, moment(Date.parse(r.end))) },
  ...(app.route.node ? [] : [{ key: "node", title: "Node", value: (r) => r.node, cell: (r) => el("span", { class: "mono" }, term(r.node, 120)) }]),
  { key: "cause", title: "Cause", value: (r) => CAUSES[r.cause] || r.cause, cell: (r) => causeMark(r.cause) },
  { key: "title", title: "What happened", css: "hide-small", value: (r) => r.title, cell: (r) => term(r.title, 300) },
  { key: "sure", title: "Sure by", number: true, css: "hide-small", value: (r) => r.confidence, cell: (r) => (Number.isFinite(r.confidence) ? `${Math.round(100 * r.confidence)} %` : "–") },
  { key: "files", title: "Files", value: (r) => r.id, cell: (r) => downloads(app, r.id, r.id) },
];

function showList(app) {
  const all = app.data.reports;
  if (!all) return empty(app.errors.reports ? `No list: ${app.errors.reports}.` : "Asking…");
  const mine = app.route.node ? all.filter((r) => r.node === app.route.node) : all;
  const has = finder(app);
  const shown = mine.filter((r) => has(r.node, r.title, r.cause, CAUSES[r.cause]));
  if (!mine.length) return empty(`${app.route.node ? "Of this node no" : "No"} post-mortem is kept: none has ended since the watch began${app.route.node ? ", or its reports made room for newer ones" : ""}. One is made whenever a node that is watched dies, unless --reports off.`);
  if (!shown.length) return empty(`None of these ${mine.length} has what is looked for.`);
  const cols = columns(app);
  return [table(app, { label: "Post-mortems", columns: cols, rows: shown, sort: readSort(app, cols), rowClass: (r) => (r.id === openId(app) ? "group" : null) }), el("p", { class: "note" }, `${plural(shown.length, "post-mortem")}; the newest 100 are kept.`)];
}

// ---- the one that is open -----------------------------------------------------------------------------------------------

let list, reading, readingHead, readingBody, find, ranged;
let shownId = null; // who opens one goes on reading there

function showReading(app) {
  const id = openId(app);
  const r = app.data.report;
  reading.hidden = !id;
  reading.className = id ? "block" : "";
  const fresh = id !== shownId;
  shownId = id;
  if (!id) return;
  if (fresh) {
    reading.focus({ preventScroll: true });
    reading.scrollIntoView({ block: "nearest" });
  }
  draw(readingHead, [id, r?.node, app.errors.report, [...app.route.params]], () => [
    el("h3", {}, id === RANGE ? "Report of the range" : ["Post-mortem of ", el("span", { class: "mono" }, term(r?.node || id, 160))]),
    el("span", { class: "downloads" }, downloads(app, id, id === RANGE ? `report-${app.route.node}` : id), el("a", { href: here(app, { id: null }), "data-key": "close report" }, "Close"))]);
  if (r) showReport(readingBody, app, r);
  else draw(readingBody, app.errors.report, () => empty(app.errors.report ? `It cannot be read: ${app.errors.report}.` : "Asking…"));
}

function showRanged(app) {
  draw(ranged, [[...app.route.params], app.route.node, Math.floor(Date.now() / 60000)], () => [
    el("p", {}, "What happened in the time above: what grew, who, what restarted, the most likely cause. "),
    el("p", {}, el("a", { href: here(app, { id: RANGE }), "data-key": "read range" }, "Read it here"), " · ", downloads(app, RANGE, `report-${app.route.node}`))]);
}

const view = (scope) => ({
  id: "reports",
  title: scope === "all" ? "Post-mortems" : "Reports",
  scope,
  ranged: scope === "node",
  asks(app) {
    const id = openId(app);
    const wanted = id && (id !== RANGE || scope === "node");
    return { reports: { path: "reports", every: 5000 }, ...(wanted ? { report: { path: pathOf(app, id, "json"), every: 30000 } } : {}) };
  },
  open(root, app) {
    find = findBox(app, "Find");
    shownId = openId(app); // by the address: the page begins at its top
    list = el("div", { id: "reports" });
    readingHead = el("div", { class: "report-head" });
    readingBody = el("div", { id: "report" });
    reading = el("section", { id: "reading", tabindex: "-1", "aria-label": "The report that is open" }, readingHead, readingBody);
    ranged = el("div", { id: "range-report" });
    const parts = [reading, block("Post-mortems", { aside: "the newest first" }, el("div", { class: "toolbar" }, find.element), list)];
    root.append(...(scope === "node" ? [block("Report of a range", {}, ranged), ...parts] : parts));
  },
  show(app) {
    find.follow();
    if (scope === "node") showRanged(app);
    showReading(app);
    draw(list, [app.data.reports, app.errors.reports, [...app.route.params], app.route.node], () => showList(app));
  },
});

export const reports = view("all");
export const nodeReports = view("node");
