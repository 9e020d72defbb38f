// SPDX-License-Identifier: Apache-2.0
// Events as they come, of all nodes or of one, with filters.

import { block, choice, draw, el, empty, mono, term } from "../dom.js";
import { TYPES } from "../events.js";
import { clock, nth, plural, quantity, spoken } from "../format.js";
import { culprits, mark, severityKind, title } from "../words.js";

const SHOWN = 150;
const types = new Set(Object.keys(TYPES).filter((type) => type !== "performance_alert")); // which are shown

function told(ev) {
  const d = ev.data || {};
  switch (ev.type) {
    case "restart":
      return [mono(d.supervisor), " / ", mono(d.child_id), " ", el("span", { class: "mono dim" }, term(d.reason ?? "")),
        d.kind === "start_error" ? " (failed to start)" : d.kind === "gave_up" ? " (the supervisor gave up)" : d.restart_count ? ` (${nth(d.restart_count)} restart)` : ""];
    case "health_alert": {
      const c = d.criteria?.[d.changed];
      const name = d.changed && title(d.changed);
      const advice = c && c.level !== "healthy" && d.recommendations?.find((r) => r.toLowerCase().startsWith(spoken(d.changed)));
      return [c ? `${name} ${c.level} at ${quantity(c.value, c.unit === "%" ? "%" : "count")}${c.unit === "%" ? "" : ` ${c.unit}`}` : name || "",
        ` (the node is ${d.overall_status})`, advice && el("span", { class: "dim" }, ` ${advice}`)];
    }
    case "anomaly":
    case "performance_alert":
      return [d.description, d.current_value !== undefined && `: ${quantity(d.current_value, d.unit)}, usually ${quantity(d.baseline_value, d.unit)}`,
        d.culprits?.length ? [" — ", culprits(d.culprits)] : null];
    case "incident":
      return [`${d.change}: `, d.title, d.restarts ? ` (${plural(d.restarts, "restart")})` : "", d.change !== "ended" && d.next_step && el("span", { class: "dim" }, ` ${d.next_step}`)];
    default:
      return [`${d.state || ""}${d.detail ? `: ${d.detail}` : ""}`];
  }
}

const line = (ev) => el("li", { "data-event": ev.type },
  el("time", { class: "dim", datetime: ev.timestamp, title: new Date(ev.timestamp).toLocaleString() }, clock(ev.timestamp)),
  mark(severityKind[ev.severity], TYPES[ev.type]),
  el("span", { class: "node" }, ev.node),
  el("span", { class: "what" }, told(ev), ev.dropped && el("span", { class: "tag warning" }, `${plural(ev.dropped, "event")} before this lost`)));

let feed, state;

const filter = (type, app) => {
  const button = choice(TYPES[type], types.has(type), { "data-type": type });
  button.addEventListener("click", () => {
    if (!types.delete(type)) types.add(type);
    button.setAttribute("aria-pressed", String(types.has(type)));
    app.show();
  });
  return button;
};

const view = (scope) => ({
  id: "events",
  title: "Events",
  scope,
  open(root, app) {
    state = el("span", { id: "events-state" });
    feed = el("ol", { id: "events", class: "events", "aria-label": "Newest events first" });
    root.append(block("Events", { aside: state },
      el("div", { class: "choices", id: "event-filter", role: "group", "aria-label": "Types of events to show" }, Object.keys(TYPES).map((type) => filter(type, app))), feed));
  },
  show(app) {
    const shown = app.events.filter((ev) => types.has(ev.type) && (!app.route.node || ev.node === app.route.node)).slice(0, SHOWN);
    state.textContent = app.live;
    draw(feed, shown.map((ev) => ev.id), () => (shown.length ? shown.map(line) : el("li", {}, empty("None of these types yet."))));
  },
});

export const events = view("all");
export const nodeEvents = view("node");
