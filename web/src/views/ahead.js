// SPDX-License-Identifier: Apache-2.0
// What is ahead: who fails next, and which limit is reached when. Bars stand on an axis of the time from now, by powers, so that seconds and months
// are seen together; what has no date says why.

import "./ahead.css";
import { age, block, draw, el, empty, term } from "../dom.js";
import { count, moment, plural, quantity } from "../format.js";
import { capacityRows, predictionRows } from "../happenings.js";
import { aheadScale } from "../lanes/axis.js";
import { lasting } from "../lanes/model.js";
import { serverNow } from "../servertime.js";
import { mark, title } from "../words.js";

const SHOWN = 100;
const HOUR = 3600000;

const until = (t, now) => (t ? Date.parse(t) - now : NaN);
const from = (ms) => (ms <= 0 ? "now" : age(ms));
const sure = (confidence) => `${Math.round(100 * confidence)} %`;
const link = (app, text, view, params, key) => el("a", { href: app.link({ node: app.route.node, view, params }), "data-key": key }, text);

// ---- the axis and what stands on it ---------------------------------------------------------------------------------

const percent = (share) => `${Math.round(share * 1000) / 10}%`;

function axis(scale) {
  const e = el("div", { class: "ahead-axis", "aria-hidden": "true" }, scale.ticks.map(({ at, text }, i) => {
    const tick = el("span", { class: i === 0 ? "is-first" : i === scale.ticks.length - 1 ? "is-last" : null }, text);
    tick.style.left = percent(at);
    return tick;
  }));
  return e;
}

// From the earliest to the latest time, with a mark where it is expected; one without a latest time goes on beyond the axis.
function range(scale, expected, earliest, latest, kind) {
  const lines = scale.ticks.map(({ at }) => {
    const line = el("i", { class: "ahead-line" });
    line.style.left = percent(at);
    return line;
  });
  const bar = el("i", { class: `ahead-range is-${kind}${Number.isFinite(latest) ? "" : " is-endless"}` });
  const a = scale.at(Math.max(0, earliest)), b = Number.isFinite(latest) ? scale.at(Math.max(0, latest)) : 1;
  bar.style.left = percent(a);
  bar.style.width = percent(Math.max(0.006, b - a));
  const point = el("i", { class: `ahead-point is-${kind}` });
  point.style.left = percent(scale.at(Math.max(0, expected)));
  return el("div", { class: "ahead-bar", "aria-hidden": "true" }, lines, bar, point);
}

// How sure it is: of an interval that is shorter than what is told of times, its length.
function howSure(confidence, earliest, latest) {
  if (!Number.isFinite(latest)) return `${sure(confidence)} that it is not before ${from(earliest)} from now; it may be much later`;
  const [a, b] = [from(earliest), from(latest)];
  return a === b ? `${sure(confidence)} that it is within ${lasting(Math.max(100, latest - earliest))} about then` : `${sure(confidence)} that it is between ${a} and ${b} from now`;
}

// ---- who fails next -------------------------------------------------------------------------------------------------

const SORTS = { periodic_restart: "periodic", resource_correlated: "after spikes", restart_budget: "restart budget" };
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const advice = (text) => sentence(text.slice(text.lastIndexOf("; ") + 1).trim());

function whoOf(app, p, i) {
  const supervisor = p.supervisor ?? "?";
  return el("div", { class: "ahead-who" },
    el("span", { class: `tag ${p.type === "restart_budget" ? "critical" : "warning"}` }, SORTS[p.type] ?? p.type), " ",
    p.child_id === null ? [el("strong", { class: "mono" }, term(supervisor, 120)), " gives up"] : [el("strong", { class: "mono" }, term(p.child_id, 120)), el("span", { class: "dim" }, " under ", el("span", { class: "mono" }, term(supervisor, 120)))],
    " ", link(app, "restarts", "restarts", { supervisor: supervisor.slice(0, 200) }, `restarts ${i}`));
}

function factsOf(p) {
  if (p.type === "restart_budget") return `${p.left} of ${plural(p.intensity, "restart")} in ${p.period / 1000} s left`;
  if (p.type !== "resource_correlated") return null;
  const where = p.present === null ? "is not observed now" : `is at ${quantity(p.present, p.unit)}, ${p.distance > 0 ? `${quantity(p.distance, p.unit)} below it` : "which is there already"}`;
  return [el("span", { class: "mono" }, p.metric), ` ${where}; the failure comes at ${quantity(p.trigger, p.unit)}`];
}

// How near a resource is to where the failure comes.
function trigger(p) {
  if (p.type !== "resource_correlated" || p.present === null || !(p.trigger > 0)) return null;
  const fill = el("i", {});
  fill.style.width = percent(Math.min(1, Math.max(0, p.present / p.trigger)));
  return el("div", { class: `gauge ${p.distance > 0 ? "warning" : "critical"}`, "aria-hidden": "true" }, fill);
}

function predictionRow(app, p, i, scale, now) {
  const [expected, earliest, latest] = [p.next_failure, p.earliest, p.latest].map((t) => until(t, now));
  const dated = Number.isFinite(expected);
  const words = dated ? [el("strong", {}, expected <= 0 ? "due now" : `in ${from(expected)}`), `, at ${moment(p.next_failure)}; ${howSure(p.confidence, earliest, latest)}`] : "When is not foreseeable: it is not heading there.";
  return el("li", { class: "ahead-row", "data-prediction": `${p.type} ${p.supervisor} ${p.child_id}` },
    whoOf(app, p, i),
    dated ? range(scale, expected, earliest, latest, p.type === "restart_budget" ? "critical" : "warning") : trigger(p) || el("div", {}),
    el("div", { class: "ahead-words" }, el("p", {}, words), factsOf(p) && el("p", {}, factsOf(p)), el("p", { class: "dim" }, term(advice(p.text), 300))));
}

function noPrediction(app) {
  const { observed } = app.data.restarts || { observed: true };
  if (!observed) return "Restarts are not observed on this node, so none can be foretold.";
  return "No failure is foretold: no child fails at regular intervals or after spikes of a resource, and no restart budget runs out. What is regular is known after six beats, and restarts are judged two minutes after they came.";
}

function showPredictions(app, now) {
  const all = predictionRows(app.data.predictions);
  page.count.textContent = all ? `${all.length} foretold` : "";
  draw(page.failures, [all, app.errors.predictions, app.data.restarts?.observed, all?.length ? Math.floor(now / 1000) : null], () => {
    if (!all) return empty(app.errors.predictions ?? "Asking…");
    if (!all.length) return empty(noPrediction(app));
    const scale = aheadScale(all.flatMap((p) => [until(p.earliest, now), until(p.latest, now), until(p.next_failure, now)]));
    return [el("div", { class: "ahead-row is-head", "aria-hidden": "true" }, el("span", {}, "time from now"), axis(scale), el("span", {})),
      el("ul", {}, all.slice(0, SHOWN).map((p, i) => predictionRow(app, p, i, scale, now))), all.length > SHOWN && empty(`and ${all.length - SHOWN} more, later`)];
  });
}

// ---- which limit is reached when ------------------------------------------------------------------------------------

const level = (c) => (c.utilization > 90 ? "critical" : c.utilization > 75 ? "warning" : "healthy");
const NAMES = { ets: "ETS memory" };

function gauge(c) {
  if (c.utilization === null) return null;
  const fill = el("i", {});
  fill.style.width = percent(Math.min(1, c.utilization / 100));
  return el("div", { class: `gauge ${level(c)}`, "aria-hidden": "true" }, fill);
}

function useWords(c) {
  if (c.current === null) return "not observed";
  if (c.limit === null) return `${quantity(c.current, c.unit)}; its limit is not observed`;
  const share = `${c.utilization < 10 ? c.utilization.toFixed(1) : c.utilization.toFixed(0)} %`;
  return c.unit === "percent" ? share : `${share}: ${quantity(c.current, c.unit)} of ${quantity(c.limit, c.unit)}`;
}

const grown = (v, unit) => `${v > 0 ? "+" : ""}${unit === "count" ? count(Math.abs(v) < 10 ? Math.round(v * 10) / 10 : Math.round(v)) : quantity(v, unit)}`;
const growthWords = (c) => [el("strong", {}, `${grown(c.growth_per_hour, c.unit)} an hour`), `, between ${grown(c.growth_range.low, c.unit)} and ${grown(c.growth_range.high, c.unit)}`];

// No trend is an answer; so is a date beyond what can be seen.
function answer(c, now) {
  if (c.current === null) return "Nothing can be said: it is not observed.";
  if (!c.span) return "No trend yet: too little history. The first figures come after a few minutes.";
  if (!c.trend) return `No trend in the last ${age(c.span)}, so no date.`;
  if (c.growth_per_hour < 0) return "It falls.";
  if (c.limit === null) return "It grows; without a limit there is no date.";
  if (!c.full_at) return `It grows, and is not full within ${age(c.horizon)}, as far as can be seen.`;
  const [expected, earliest, latest] = [c.full_at, c.earliest, c.latest].map((t) => until(t, now));
  return [el("strong", {}, `full in ${from(expected)}`), `, ${moment(c.full_at)}; ${howSure(c.confidence, earliest, latest)}`];
}

function capacityRow(app, name, c, scale, now) {
  const [expected, earliest, latest] = [c.full_at, c.earliest, c.latest].map((t) => until(t, now));
  const kind = !Number.isFinite(expected) ? "" : expected < 24 * HOUR ? "critical" : "warning";
  return el("li", { class: "ahead-row", "data-resource": name },
    el("div", { class: "ahead-who" }, el("strong", {}, NAMES[name] ?? title(name)), level(c) === "healthy" ? null : [" ", mark(level(c), level(c))], gauge(c), el("span", { class: "dim" }, useWords(c))),
    kind && range(scale, expected, earliest, latest, kind),
    el("div", { class: `ahead-words${kind ? "" : " is-all"}` }, el("p", {}, answer(c, now), " ", link(app, "charts", "charts", {}, `charts ${name}`)), c.trend && el("p", {}, growthWords(c), ` (from the last ${age(c.span)})`),
      c.full_at && el("p", { class: "dim" }, term(advice(c.text), 300))));
}

const NEVER = 8.64e15;
const bySoonest = ([, a], [, b]) => (a.full_at ? Date.parse(a.full_at) : NEVER) - (b.full_at ? Date.parse(b.full_at) : NEVER) || Number(b.trend) - Number(a.trend) || (b.utilization ?? -1) - (a.utilization ?? -1);

function showCapacity(app, now) {
  const all = capacityRows(app.data.capacity)?.sort(bySoonest);
  const dated = (all || []).filter(([, c]) => c.full_at);
  page.limits.textContent = all ? (dated.length ? `${plural(dated.length, "limit")} with a date` : "none with a date") : "";
  draw(page.capacity, [all, app.errors.capacity, dated.length ? Math.floor(now / 1000) : null], () => {
    if (!all) return empty(app.errors.capacity ?? "Asking…");
    const scale = aheadScale(dated.flatMap(([, c]) => [until(c.earliest, now), until(c.latest, now), until(c.full_at, now)]));
    return [dated.length > 0 && el("div", { class: "ahead-row is-head", "aria-hidden": "true" }, el("span", {}, "time from now"), axis(scale), el("span", {})), el("ul", {}, all.map(([name, c]) => capacityRow(app, name, c, scale, now)))];
  });
}

// ---- the view -------------------------------------------------------------------------------------------------------

const MEANING = "80 % means: of ten times foretold like this, eight come between the two times named; the other two come sooner, later or not at all. The mark is the middle: as likely before as after.";

let page = null;

export const ahead = {
  id: "ahead",
  title: "Ahead",
  scope: "node",
  asks: (app) => ({ predictions: app.of("predictions"), capacity: { path: app.of("capacity"), every: 5000 }, restarts: { path: app.of("restarts"), every: 10000 } }),
  open(root) {
    page = { failures: el("div", { id: "predictions" }), capacity: el("div", { id: "capacity" }), count: el("span", {}), limits: el("span", {}) };
    root.append(block("Who fails next", { aside: page.count }, page.failures), block("Which limit is reached when", { aside: page.limits }, page.capacity), el("p", { class: "meaning" }, MEANING));
  },
  show(app) {
    const now = serverNow();
    showPredictions(app, now);
    showCapacity(app, now);
  },
  close() {
    page = null;
  },
};
