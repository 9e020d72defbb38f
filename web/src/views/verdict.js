// SPDX-License-Identifier: Apache-2.0
// The verdict: which node, since when, who, what next.

import { ago, draw, el, list } from "../dom.js";
import { count, moment, plural, quantity, spoken } from "../format.js";
import { culprit, isStorm, mark, RANK, standing, standingWord, title } from "../words.js";

// Since when a node stands as it does: of the link it is known.
const standingSince = (n) => (n.state === "up" ? null : n.since);

function who(restarts, health) {
  const lines = [];
  const storms = (restarts?.patterns || []).filter((p) => p.active && isStorm(p));
  for (const p of storms) lines.push([mark("critical", "storm"), " ", el("strong", { class: "mono" }, p.child_id), " under ", el("span", { class: "mono" }, p.supervisor), ` (${p.pattern.split(":")[0]})`]);
  const named = new Set(storms.map((p) => `${p.supervisor} ${p.child_id}`));
  for (const a of health?.anomalies || []) {
    const child = `${a.supervisor} ${a.child_id}`;
    if (a.culprits?.length) lines.push([`${spoken(a.type)}: `, list(a.culprits.slice(0, 3).map(culprit))]);
    else if (a.type === "restart_anomaly" && !named.has(child)) {
      named.add(child);
      lines.push([`${spoken(a.type)}: `, el("strong", { class: "mono" }, a.child_id || "?"), " under ", el("span", { class: "mono" }, a.supervisor || "?")]);
    }
  }
  return lines.length > 5 ? [...lines.slice(0, 4), `and ${lines.length - 4} more, below`] : lines;
}

// Recommendations begin with the criterion that they are for: the critical ones come first.
function nextSteps(health) {
  const order = worstCriteria(health).map(([name]) => spoken(name).toLowerCase());
  const place = (text) => (order.findIndex((name) => text.toLowerCase().startsWith(name)) + order.length + 1) % (order.length + 1);
  return health.recommendations.toSorted((a, b) => place(a) - place(b));
}

function unseen(n, health) {
  const words = [];
  if (n.info.note) words.push(n.info.note);
  const missing = health?.observed?.missing || [];
  if (missing.length && n.state === "up") words.push(`not observed: ${missing.map((m) => title(m).toLowerCase()).join(", ")}`);
  return words;
}

function worstCriteria(health) {
  return Object.entries(health?.criteria || {}).filter(([, c]) => c.level === "critical" || c.level === "warning")
    .toSorted(([, a], [, b]) => RANK.indexOf(a.level) - RANK.indexOf(b.level));
}

function whatLine(n, health) {
  if (n.state !== "up") return [n.detail || "no reason known"];
  const worst = worstCriteria(health);
  if (!worst.length) return null;
  return list(worst.map(([name, c]) => `${title(name)} ${quantity(c.value, c.unit)} (${c.level} above ${count(c.level === "critical" ? c.critical : c.warning)})`));
}

function facts(n) {
  const i = n.info;
  return [i.otp_release && `OTP ${i.otp_release}`, i.elixir && `Elixir ${i.elixir}`, i.schedulers_online && plural(i.schedulers_online, "scheduler"),
    n.state === "up" && (i.injected ? "probe loaded" : "plain calls only")].filter(Boolean).join(" · ");
}

const row = (word, ...content) => [el("dt", {}, word), el("dd", {}, ...content)];
const lines = (items) => items.map((item) => el("p", {}, item));

/** showVerdict(box, app): of the node that is shown; health and restarts may not be there yet. */
export function showVerdict(box, app) {
  const { node: n, data: { health, restarts } } = app;
  const kind = standing(n);
  const since = standingSince(n);
  const names = health && n.state === "up" ? who(restarts, health) : [];
  box.className = `verdict is-${kind}`;
  draw(box, [n, since, health && [health.criteria, health.recommendations, health.anomalies, health.observed], restarts?.patterns], () => {
    const what = whatLine(n, health);
    const next = n.state === "up" && health ? nextSteps(health) : [];
    const blind = unseen(n, health);
    return [
      el("div", { class: "head" },
        el("h2", {}, n.name),
        mark(kind, standingWord(n)),
        since && el("span", { class: "nowrap" }, `since ${moment(since)}`, " (", ago(since, ""), ")"),
        el("span", { class: "facts" }, facts(n))),
      el("dl", {},
        what && row("What", what),
        names.length > 0 && row("Who", lines(names)),
        next.length > 0 && row("Next", lines(next)),
        !what && !names.length && n.state === "up" && row("What", health?.overall_status === "healthy" ? "Nothing stands out." : "Not enough is known yet to judge."),
        n.state !== "up" && n.last_sample && row("Figures", "last seen ", ago(n.last_sample)),
        blind.length > 0 && row("Not seen", lines(blind))),
    ];
  });
}
