// SPDX-License-Identifier: Apache-2.0
// Events as they come, of all nodes or of one: filtered, held, and older ones on demand. What is filtered for stands in the address:
// ?types=restart,anomaly&severity=medium&of=shop@host&find=checkout.

import "./events.css";
import { choose, findBox, finder, oneOf } from "../address.js";
import { get, why } from "../api.js";
import { block, choice, draw, el, empty, term } from "../dom.js";
import { TYPES } from "../events.js";
import { moment, nth, plural, quantity, spoken } from "../format.js";
import { around } from "../range.js";
import { mark, severityKind, title } from "../words.js";
import { culpritLinks } from "./culprits.js";

const SHOWN = 100;
const PAGE = 200;
const PAST_MAX = 2000;
const KEPT = 1000;
const SEVERITIES = { low: "all", medium: "medium and high", high: "high only" };
// A performance alert is an anomaly of high severity, which is told already.
const USUAL = Object.keys(TYPES).filter((type) => type !== "performance_alert");

// ---- what an event says ---------------------------------------------------------------------------------------------

const link = (app, node, view, params, ...label) => el("a", { href: app.link({ node, view, params }) }, label);
const name = (text, max = 200) => el("span", { class: "mono" }, term(text ?? "?", max));

function toldRestart(app, { node, data: d }) {
  const what = d.kind === "start_error" ? " failed to start" : d.kind === "gave_up" ? " the supervisor gave up" : d.restarted === false ? " ended, and was not restarted" : d.restart_count ? ` ${nth(d.restart_count)} restart` : "";
  return [link(app, node, "restarts", { supervisor: d.supervisor }, name(d.supervisor)), " / ", name(d.child_id), el("span", { class: "dim" }, what), d.times > 1 ? el("span", { class: "dim" }, ` ×${d.times}`) : "",
    " ", el("span", { class: "mono dim" }, term(d.reason ?? "", 400)), d.collateral ? el("span", { class: "dim" }, ` with ${plural(d.collateral, "sibling")}`) : ""];
}

function toldHealth(app, { data: d }) {
  const c = d.criteria?.[d.changed];
  const what = d.changed && title(d.changed);
  const advice = c && c.level !== "healthy" && d.recommendations?.find((r) => r.toLowerCase().startsWith(spoken(d.changed)));
  return [c ? `${what} ${c.level} at ${quantity(c.value, c.unit)}` : what || "", ` (the node is ${d.overall_status})`, advice && el("span", { class: "dim" }, " ", term(advice))];
}

function toldAnomaly(app, { node, data: d }) {
  return [term(d.description || spoken(d.type || "")), d.current_value !== undefined && `: ${quantity(d.current_value, d.unit)}, usually ${quantity(d.baseline_value, d.unit)}`,
    d.culprits?.length ? [" — ", culpritLinks(app, node, d.culprits, 3)] : null,
    d.incident && [" ", link(app, node, "incidents", { id: d.incident }, "its incident")]];
}

function toldIncident(app, { node, data: d }) {
  return [`${d.change}: `, link(app, node, "incidents", { id: d.id }, term(d.title || d.id)), d.restarts ? ` (${plural(d.restarts, "restart")})` : "",
    d.change !== "ended" && d.next_step && el("span", { class: "dim" }, " ", term(d.next_step))];
}

const toldNode = (app, { data: d }) => [d.state || "", d.detail ? [": ", term(d.detail)] : ""];
const TOLD = { restart: toldRestart, health_alert: toldHealth, anomaly: toldAnomaly, performance_alert: toldAnomaly, incident: toldIncident, node: toldNode };

// The moment leads to the charts: what else happened then?
function line(app, ev) {
  const when = el("time", { datetime: ev.timestamp, title: `${new Date(ev.timestamp).toLocaleString()}: show this moment in the charts` }, moment(ev.timestamp));
  return el("li", { "data-event": ev.type, "data-id": ev.id },
    el("a", { class: "when", "data-row": true, "data-key": `event ${ev.id}`, href: app.link({ node: ev.node, view: "charts", params: around(Date.parse(ev.timestamp)) }) }, when),
    mark(severityKind[ev.severity], TYPES[ev.type] || ev.type),
    el("span", { class: "node" }, app.route.node ? null : link(app, ev.node, null, {}, term(ev.node, 100))),
    el("span", { class: "what" }, (TOLD[ev.type] || toldNode)(app, { ...ev, data: ev.data || {} }),
      ev.dropped && el("span", { class: "tag warning" }, `${plural(ev.dropped, "event")} before this lost`)));
}

// ---- which are shown ------------------------------------------------------------------------------------------------

const RANKS = ["low", "medium", "high"];

function readFilter(app) {
  const said = app.route.params.get("types");
  return {
    types: said === null ? USUAL : said.split(",").filter((type) => Object.hasOwn(TYPES, type)),
    severity: oneOf(app, "severity", RANKS),
    node: app.route.node || app.route.params.get("of"),
  };
}

const texts = new WeakMap(); // event → what its line says: one looks for what one sees

function textOf(app, ev) {
  if (!texts.has(ev)) texts.set(ev, line(app, ev).textContent);
  return texts.get(ev);
}

function looker(app) {
  const has = finder(app);
  return app.route.params.get("find") ? (ev) => has(ev.node, textOf(app, ev)) : () => true;
}

const wanted = (f) => (ev) => f.types.includes(ev.type) && RANKS.indexOf(ev.severity) >= RANKS.indexOf(f.severity) && (!f.node || ev.node === f.node);

// ---- those that came, and those from before -------------------------------------------------------------------------

let seen = []; // those of the stream, newest first, without a gap
let past = null; // { key, events, before (id of the next page; null: there is none), asking, error }: older ones, as the filter `key` has them
let held = null; // the id of the newest that is shown, while the list is held

const newest = () => seen[0]?.id ?? 0;

/** take(app): what has come since. Behind a gap (more came than the page keeps) the list begins anew. */
function take(app) {
  const fresh = app.events.filter((ev) => ev.id > newest());
  if (fresh.length && fresh.length === app.events.length && seen.length) {
    seen = [];
    past = null;
  }
  seen = [...fresh, ...seen];
  if (seen.length > KEPT) {
    seen.length = KEPT;
    past = null;
  }
}

const keyOf = (f) => JSON.stringify([f, seen.at(-1)?.id]);

async function older(app) {
  const f = readFilter(app);
  const key = keyOf(f);
  if (past?.key !== key) past = { key, events: [], before: seen.at(-1)?.id ?? null, asking: false, error: null };
  const mine = past;
  mine.asking = true;
  app.show();
  try {
    const query = new URLSearchParams({ n: PAGE, types: f.types.join(","), severity: f.severity });
    if (f.node) query.set("node", f.node);
    if (mine.before) query.set("before", mine.before);
    const page = await get(`events/past?${query}`);
    mine.events.push(...page.events.filter((ev) => ev.type !== "incident" || ev.data.change !== "joined"));
    mine.before = page.before;
    mine.error = null;
  } catch (error) {
    mine.error = why(error);
  }
  mine.asking = false;
  app.show();
}

// ---- the view -------------------------------------------------------------------------------------------------------

let feed, oldFeed, state, lost, filters, find, hold, more, end;

function typeButtons(app, f) {
  return el("div", { class: "choices", id: "event-filter", role: "group", "aria-label": "Types of events to show" }, Object.keys(TYPES).map((type) => {
    const button = choice(TYPES[type], f.types.includes(type), { "data-type": type, "data-key": `type ${type}` });
    button.addEventListener("click", () => {
      const types = Object.keys(TYPES).filter((t) => f.types.includes(t) !== (t === type));
      choose(app, { types: types.join() === USUAL.join() ? null : types.join(",") });
    });
    return button;
  }));
}

function selection(app, { param, label, options, value }) {
  const select = el("select", { "data-key": `select ${param}`, id: `events-${param}` }, Object.entries(options).map(([id, word]) => el("option", { value: id, selected: id === value }, word)));
  select.addEventListener("change", () => choose(app, { [param]: select.selectedIndex ? select.value : null }));
  return el("label", { class: "find" }, `${label} `, select);
}

function showFilters(app, f) {
  draw(filters, [f, app.route.node, app.nodes.map((n) => n.name)], () => [
    typeButtons(app, f),
    selection(app, { param: "severity", label: "Severity", options: SEVERITIES, value: f.severity }),
    app.route.node ? null : selection(app, { param: "of", label: "Node", options: { "": "all", ...Object.fromEntries(app.nodes.map((n) => [n.name, n.name])) }, value: f.node || "" }),
  ]);
  find.follow();
}

function showHold(app, list) {
  const waiting = held === null ? 0 : list.filter((ev) => ev.id > held).length;
  draw(hold, [held, waiting], () => {
    const button = choice(held === null ? "Hold" : "Go on", held !== null, { id: "events-hold", "data-key": "hold", title: "Holds the list as it is; what comes meanwhile is counted" });
    button.addEventListener("click", () => {
      held = held === null ? newest() : null;
      app.show();
    });
    return [button, held === null ? null : el("span", { class: "dim", role: "status" }, waiting ? ` ${plural(waiting, "event")} since` : " held")];
  });
}

function showOlder(app, f, has) {
  const mine = past?.key === keyOf(f) ? past : null;
  const events = (mine?.events || []).filter(has);
  const over = mine && (mine.before === null || mine.events.length >= PAST_MAX);
  draw(oldFeed, [events.map((ev) => ev.id), [...app.route.params]], () => events.map((ev) => line(app, ev)));
  more.hidden = Boolean(over);
  more.disabled = Boolean(mine?.asking);
  more.textContent = mine?.asking ? "Asking…" : "More from before";
  end.textContent = mine?.error ? `No older events: ${mine.error}.` : !mine ? "" : mine.events.length >= PAST_MAX ? `${PAST_MAX} from before are shown; that is as many as this page bears. Reports and charts go farther back.`
    : mine.before === null ? "Nothing older is kept as an event. Reports and charts go farther back." : "";
}

const view = (scope) => ({
  id: "events",
  title: "Events",
  scope,
  open(root, app) {
    state = el("span", { id: "events-state" });
    lost = el("span", { id: "events-lost", class: "tag warning", hidden: true });
    filters = el("div", { class: "toolbar" });
    find = findBox(app, "Find");
    hold = el("span", { class: "hold" });
    feed = el("ol", { id: "events", class: "events", "aria-label": "Newest events first" });
    oldFeed = el("ol", { id: "events-past", class: "events", "aria-label": "Events from before" });
    more = el("button", { type: "button", id: "events-more", "data-key": "more" }, "More from before");
    more.addEventListener("click", () => older(app));
    end = el("span", { class: "note", role: "status" });
    root.append(block("Events", { aside: [state, " ", lost] }, filters, el("div", { class: "toolbar" }, find.element, hold), feed, oldFeed, el("div", { class: "toolbar" }, more, end)));
  },
  show(app) {
    take(app);
    const f = readFilter(app), has = looker(app);
    const list = seen.filter(wanted(f)).filter(has);
    const shown = list.filter((ev) => held === null || ev.id <= held);
    // Older ones are asked for by their ids: all that came must stand above them.
    const some = past?.key === keyOf(f) ? shown : shown.slice(0, SHOWN);
    const dropped = seen.reduce((sum, ev) => sum + (ev.dropped || 0), 0);
    state.textContent = app.live;
    lost.hidden = !dropped;
    lost.textContent = `${plural(dropped, "event")} lost: the page was too slow, or away too long`;
    showFilters(app, f);
    showHold(app, list);
    draw(feed, [some.map((ev) => ev.id), [...app.route.params], app.route.node], () => (some.length ? some.map((ev) => line(app, ev)) : el("li", {}, empty(nothing(app, f)))));
    showOlder(app, f, has);
  },
  close() {
    held = null;
  },
});

// Why the list is empty.
function nothing(app, f) {
  if (!f.types.length) return "No type is chosen.";
  if (!seen.length) return app.live === "live" ? "Nothing has happened yet that would be an event." : "No events: the stream is not open.";
  return `None of the last ${seen.length} events is of these types and severities${f.node && !app.route.node ? ` and of ${f.node.slice(0, 100)}` : app.route.node ? " and of this node" : ""}${app.route.params.get("find") ? " and has what is looked for" : ""}.`;
}

export const events = view("all");
export const nodeEvents = view("node");
