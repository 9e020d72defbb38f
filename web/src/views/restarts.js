// SPDX-License-Identifier: Apache-2.0
// Restarts: a time line by supervisor with the patterns drawn in, what is picked on it in words, and the statistics as a table.

import "./restarts.css";
import { here } from "../address.js";
import { block, draw, el, empty, term } from "../dom.js";
import { count, moment, plural } from "../format.js";
import { predictionRows, restartStatistics } from "../happenings.js";
import { shape } from "../lanes/draw.js";
import { fittingSpan, marksOf } from "../lanes/marks.js";
import { KINDS, lanesOf, told } from "../lanes/model.js";
import { timeline, zoomButtons } from "../lanes/timeline.js";
import { itemWords, lineWords, reasonsOf } from "../lanes/words.js";
import { around, rangeParams } from "../range.js";
import { serverNow } from "../servertime.js";
import { restartsTable } from "./restarts_table.js";

const LISTED = 200;
const OPENED_MOST = 5; // supervisors whose reasons are asked for

const totals = (r) => [`${r.total_restarts} since the watch began`, `${count(r.restart_rate ?? 0)} in the last hour`, r.gave_up && `${plural(r.gave_up, "supervisor")} gave up`,
  r.failed_attempts && `${r.failed_attempts} failed to start`, r.collateral && `${plural(r.collateral, "sibling")} restarted along`, r.undescribed && `${r.undescribed} only counted`];

let page = null; // what this view has on the page, and what it knows

// ---- the time line --------------------------------------------------------------------------------------------------

// Incidents, boots and deploys of the node, as things that can be pointed at.
function nodeItems(marks, now) {
  const incidents = marks.incidents.map((incident) => ({ kind: "incident", t: Date.parse(incident.opened), until: incident.ended ? Date.parse(incident.ended) : now, incident }));
  const boots = marks.boots.map((boot) => ({ kind: "boot", t: Date.parse(boot.booted), boot }));
  const deploys = (marks.deploys || []).map((deploy) => ({ kind: "deploy", t: Date.parse(deploy.timestamp), deploy }));
  return [...incidents, ...boots, ...deploys].sort((a, b) => a.t - b.t);
}

function goTo(app, from, to) {
  app.go({ ...app.route, view: "restarts", params: { ...Object.fromEntries(app.route.params), ...rangeParams(from, to) } });
}

// ?supervisor=… shows only what is below this one. Addresses have no more than the beginning of a very long name.
const NAME_MAX = 200;
const onlyOf = (app) => app.route.params.get("supervisor");
const isShown = (only, supervisor) => !only || supervisor.slice(0, NAME_MAX) === only;

function showOnly(app) {
  const only = onlyOf(app);
  draw(page.only, [only], () => only && el("p", {}, "Only what is below ", el("strong", { class: "mono" }, term(only, 120)), ". ", el("a", { href: here(app, { supervisor: null }), "data-key": "all supervisors" }, "Show all supervisors")));
}

// The address says what is shown, also where it was not asked for.
function fit(app) {
  const { params } = app.route;
  if (["from", "to", "span"].some((key) => params.has(key))) return;
  const span = fittingSpan(page.marks.answer, app.node);
  if (span) location.replace(app.link({ ...app.route, view: "restarts", params: { ...Object.fromEntries(params), span } }));
}

function whyNothing(app, marks) {
  const r = restartStatistics(app.data.restarts);
  if (!marks) return page.marks.error ? null : "Asking…";
  if (r && !r.observed && !r.total_restarts) return `Restarts are not observed on this node${app.node.info.note ? `: ${app.node.info.note}` : "."}`;
  if (marks.restarts.rows.some((row) => isShown(onlyOf(app), row.supervisor ?? "?"))) return null;
  if (onlyOf(app) && marks.restarts.rows.length) return "No child of this supervisor was restarted in this time.";
  const last = r?.recent[0];
  const kept = marks.restarts.since ? ` Those before ${moment(marks.restarts.since)} are not kept.` : "";
  if (last && Date.parse(last.timestamp) < page.marks.range.from) return `No supervisor restarted a child in this time; the last one before was at ${moment(last.timestamp)}.${kept}`;
  return r && !r.total_restarts ? "No supervisor has restarted a child since the watch began." : `No supervisor restarted a child in this time.${kept}`;
}

function showLine(app) {
  const { marks } = page;
  const answer = marks.answer;
  const why = whyNothing(app, answer);
  draw(page.say, [why, marks.error], () => [marks.error && el("p", { class: "tag critical", role: "alert" }, `The time line cannot be shown: ${marks.error}`), why && empty(why)]);
  page.stage.hidden = !answer || Boolean(why);
  page.line.setAttribute("aria-busy", String(!answer && !marks.error));
  if (!answer) return;
  fit(app);
  if (page.version !== marks.version || page.shownOnly !== onlyOf(app)) {
    page.version = marks.version;
    page.shownOnly = onlyOf(app);
    page.groups = lanesOf(answer).filter((g) => isShown(page.shownOnly, g.supervisor));
    page.plot.setAttribute("aria-label", lineWords(page.groups, answer));
  }
  const { from, to, span } = marks.range, now = serverNow();
  page.reasons = reasonsOf(restartStatistics(app.data.restarts)?.recent || [], app.events, app.route.node);
  page.timeline.show({ marks: answer, groups: page.groups, node: { items: nodeItems(answer, now) }, predictions: predictionRows(app.data.predictions), from, to, now, live: Boolean(span), version: [marks.version, page.shownOnly, app.data.predictions?.map((p) => p.next_failure)] });
  const left = answer.restarts.left_out;
  page.total.textContent = [told(answer.restarts), left.rows ? `of ${plural(left.rows, "more child", "more children")} nothing is drawn` : ""].filter(Boolean).join("; ");
  showList(answer);
}

// The same in words, for those who cannot see it: what is newest first.
function showList(marks) {
  if (!page.asList.open) return;
  draw(page.list, [page.version, page.shownOnly, page.reasons.size], () => {
    const all = page.groups.flatMap((group) => group.children.flatMap((child) => child.items.map((item) => ({ lane: { kind: "child", group, child }, item })))).sort((a, b) => b.item.t - a.item.t);
    const more = all.length - LISTED;
    return [el("ol", {}, all.slice(0, LISTED).map(({ lane, item }) => el("li", {}, itemWords(lane, item, page.reasons)))),
      more > 0 && empty(`and ${more} earlier: a shorter time shows them`), marks.restarts.since && empty(`Those before ${moment(marks.restarts.since)} are not kept.`)];
  });
}

// ---- what is picked -------------------------------------------------------------------------------------------------

function linksOf(app, lane, item) {
  const node = app.route.node;
  const to = (text, view, params) => el("a", { href: app.link({ node, view, params }) }, text);
  const end = item.until ?? item.t;
  const within = page.marks.answer.incidents.filter((i) => Date.parse(i.opened) - 60000 <= end && item.t <= (i.ended ? Date.parse(i.ended) : Infinity));
  const incidents = (item.incident ? [item.incident] : within.slice(-3)).map((i) => to(["Incident: ", term(i.title ?? i.id, 70)], "incidents", { id: i.id }));
  return [...incidents, to("Charts about then", "charts", around(item.t)), to("Closer", "restarts", around(item.t, Math.max(20000, (page.marks.range.to - page.marks.range.from) / 8))),
    lane.group && to("Supervisor in the tree", "tree", { find: lane.group.supervisor.slice(0, NAME_MAX) })].filter(Boolean);
}

function showPicked(app, lane, item) {
  page.picked.replaceChildren();
  if (!item) return page.picked.append(el("span", { class: "dim" }, page.hint));
  page.picked.append(el("p", {}, itemWords(lane, item, page.reasons)));
  page.links.replaceChildren(...linksOf(app, lane, item));
}

// ---- the page -------------------------------------------------------------------------------------------------------

const legend = () => el("ul", { class: "legend", "aria-label": "What the marks are" },
  ["restart", "start_error", "gave_up", "collateral"].map((kind) => el("li", {}, shape(kind), KINDS[kind][0])),
  [["storm", "storm"], ["beat", "periodic, with the next beat"], ["cascade", "cascade"], ["spike", "spike of a resource before"]].map(([name, word]) => el("li", {}, el("i", { class: `legend-${name}`, "aria-hidden": "true" }), word)));

function openLine(app) {
  page.hint = "Point at a mark, or choose one with the arrow keys, to read what it is. Drag over a time to look closer; + and − zoom.";
  page.stage = el("div", {});
  page.timeline = timeline(page.stage, {
    zoom: (from, to) => goTo(app, from, to),
    words: (lane, item) => itemWords(lane, item, page.reasons),
    picked: (lane, item) => {
      page.links.replaceChildren();
      showPicked(app, lane, item);
    },
  });
  page.plot = page.stage.querySelector(".lane-plot");
  page.picked = el("div", { class: "picked", id: "restarts-picked", role: "status" }, el("span", { class: "dim" }, page.hint));
  page.links = el("div", { class: "picked-links" });
  page.list = el("div", { class: "scroll" });
  page.asList = el("details", { class: "as-list" }, el("summary", {}, "As a list"), page.list);
  page.asList.addEventListener("toggle", () => app.show());
  page.stage.append(page.picked, page.links, legend(),
    el("p", { id: "restarts-keys", class: "unseen-text" }, "Arrow keys left and right go from mark to mark, up and down from lane to lane; plus and minus zoom; Escape leaves the mark."),
    page.asList);
}

function toggled(app) {
  return (supervisor) => {
    if (!page.opened.delete(supervisor)) page.opened.add(supervisor);
    while (page.opened.size > OPENED_MOST) page.opened.delete(page.opened.values().next().value);
    app.show();
    app.soon();
  };
}

function showTable(app) {
  const r = restartStatistics(app.data.restarts);
  page.sum.textContent = r && (r.observed || r.total_restarts) ? totals(r).filter(Boolean).join(" · ") : "";
  const gaps = new Map((page.groups || []).flatMap((g) => g.children.map((c) => [`${c.supervisor}\n${c.id}`, c.gap])));
  const reasons = [...page.opened].map((s, i) => [s, app.data[`reasons ${i}`], app.errors[`reasons ${i}`]]);
  const of = (s) => reasons.find(([name]) => name === s);
  draw(page.table, [r && [r.total_restarts, r.failed_attempts, r.gave_up, r.patterns, r.budgets, r.observed, r.recent[0]], onlyOf(app), app.errors.restarts, [...gaps], reasons.map(([s, told, error]) => [s, told?.restart_reasons, error])], () => {
    if (!r) return app.errors.restarts ? empty(app.errors.restarts) : [];
    if (!r.recent.length && !r.most_restarted_children.length) return empty(r.observed ? "No supervisor has restarted a child since the watch began." : "Restarts are not observed on this node.");
    return restartsTable(r, { shown: (supervisor) => isShown(onlyOf(app), supervisor), gaps, opened: page.opened, toggle: toggled(app), reasons: (s) => of(s)?.[1], error: (s) => of(s)?.[2] }, app);
  });
}

export const restarts = {
  id: "restarts",
  title: "Restarts",
  scope: "node",
  ranged: true,
  asks: (app) => ({
    restarts: app.of("restarts"),
    predictions: { path: app.of("predictions"), every: 5000 },
    ...Object.fromEntries([...(page?.opened || [])].map((s, i) => [`reasons ${i}`, { path: `${app.of("restarts")}?supervisor=${encodeURIComponent(s)}`, every: 5000 }])),
  }),
  open(root, app) {
    page = { marks: marksOf(), version: -1, groups: [], reasons: new Map(), opened: new Set(), say: el("div", {}), only: el("div", {}), table: el("div", { id: "restarts", class: "table-scroll" }), total: el("span", { id: "restarts-in-range" }), sum: el("span", { id: "restarts-total" }) };
    openLine(app);
    page.line = el("div", { id: "restarts-line" }, page.only, page.say, page.stage);
    root.append(block("Time line", { aside: page.total }, el("div", { class: "line-tools" }, zoomButtons(page.timeline)), page.line), block("Supervisors and children", { aside: page.sum }, page.table));
  },
  show(app) {
    page.marks.take(app);
    showOnly(app);
    showLine(app);
    showTable(app);
  },
  event(ev, app) {
    if (ev.node === app.route.node && ["restart", "incident", "node"].includes(ev.type)) page.marks.dirty();
  },
  close() {
    page.timeline.close();
    page = null;
  },
};
