// SPDX-License-Identifier: Apache-2.0
// One process: its name, its place, its figures, and what it is suspected of.

import { el, list, mono, term } from "../dom.js";
import { known, moment, quantity, spoken } from "../format.js";
import { facts } from "../table.js";

/** inTree(app, name): a link to a process, or its supervisor, in the supervision tree. */
export const inTree = (app, name, ...label) => el("a", { href: app.link({ node: app.route.node, view: "tree", params: { find: name } }) }, label.length ? label : mono(name, 80));

/** ofProcess(app, pid, label): a link to what is known of a process. */
export const ofProcess = (app, pid, ...label) => el("a", { href: app.link({ node: app.route.node, view: "processes", params: { by: "all", pid } }) }, label.length ? label : mono(pid, 40));

/** mfa(text): a function's name, which may break between its parts. */
export const mfa = (text, max = 160) => (text ? el("span", { class: "mono" }, text.slice(0, max).split(/(?<=[:/(])/).flatMap((part, i) => (i ? [el("wbr"), part] : [part])), text.length > max && "…") : "–");

const same = (culprit, p) => culprit.pid === p.pid || (culprit.name && culprit.name === p.name);

/** incidentsOf(p, incidents): those of them that name the process. */
export const incidentsOf = (p, incidents) => (incidents || []).filter((i) => [i.root, ...(i.members || [])].some((m) => m?.culprits?.some((c) => same(c, p))));

function growths(p, anomalies) {
  return (anomalies || []).flatMap((a) => (a.culprits || []).filter((c) => same(c, p) && Number.isFinite(c.growth)).map((c) => [
    `${spoken(a.type)}: grew by ${quantity(c.growth, a.unit)}`, c.growth_since && ` since ${moment(c.growth_since)}`,
    Number.isFinite(c.growth_share) && `, ${Math.round(100 * c.growth_share)} % of all growth`].filter(Boolean).join("")));
}

// From the top down, as one reads a path.
function path(app, p) {
  const above = p.ancestors.toReversed().map((name) => inTree(app, name));
  const own = el("strong", { class: "mono" }, term(p.name || p.pid, 120));
  return [...above, own].flatMap((step, i) => (i ? [el("span", { class: "dim" }, " › "), step] : [step]));
}

/** processDetails(app, p, { health, incidents }): all that is known of it; the others may not be there yet. */
export function processDetails(app, p, { health, incidents }) {
  const grown = growths(p, health?.anomalies);
  const named = incidentsOf(p, incidents);
  const supervisor = p.ancestors?.[0];
  return el("div", { class: "process" },
    facts([
      p.ancestors?.length ? ["Place", path(app, p)] : null,
      ["Pid", mono(p.pid)],
      ["Application", mono(p.application || "none")],
      ["Started as", mfa(p.initial_call)],
      ["Now in", mfa(p.current_function)],
      ["Queue", quantity(p.message_queue_len, "count"), Number.isFinite(p.message_queue_fill_rate) ? `, ${p.message_queue_fill_rate > 0 ? "+" : ""}${quantity(p.message_queue_fill_rate, "count/s")}` : el("span", { class: "dim" }, ", growth not followed")],
      ["Memory", known(p.memory, "bytes")],
      ["Binaries outside the heap", known(p.binary_memory, "bytes")],
      ["Reductions", known(p.reductions_per_second, "count/s")],
      grown.length ? ["Growth", grown.map((text) => el("div", {}, text))] : null,
      ["Open incidents", named.length ? list(named.map((i) => el("a", { href: app.link({ node: app.route.node, view: "incidents", params: { id: i.id } }) }, term(i.title, 160))))
        : el("span", { class: "dim" }, incidents ? "none names it" : "…")],
    ]),
    el("p", { class: "note" }, inTree(app, p.name || p.pid, "Show it in the tree"),
      supervisor && [" · ", el("a", { href: app.link({ node: app.route.node, view: "restarts", params: { supervisor } }) }, "Restarts under ", el("span", { class: "mono" }, term(supervisor, 80)))]));
}
