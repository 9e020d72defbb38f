// SPDX-License-Identifier: Apache-2.0
// What stands around every view: the bar, the node's name and how it stands, the tabs, and a word when something is wrong with the page's own figures.

import { age, ago, draw, el, term } from "./dom.js";
import { clock, moment, plural } from "./format.js";
import { keep, kept } from "./kept.js";
import { rangeBar } from "./range.js";
import { isOldPage } from "./release.js";
import { clockSkew, TOLD_MS } from "./servertime.js";
import { showSide } from "./side.js";
import { mark, nextForState, RANK, standing, standingSince, standingWord, trouble, worstFirst } from "./words.js";
import { viewsOf } from "./views/index.js";

const $ = (id) => document.getElementById(id);

const COUNTED = { down: "not linked", critical: "critical", warning: "warning", unknown: "not judged", healthy: "healthy" };

// ---- the bar ---------------------------------------------------------------------------------------------------------

function showBar(app) {
  const counts = new Map();
  for (const n of app.nodes) counts.set(standing(n), (counts.get(standing(n)) || 0) + 1);
  draw($("summary"), [app.nodes.length, [...counts]], () => [
    el("span", {}, plural(app.nodes.length, "node")),
    RANK.filter((k) => counts.get(k)).map((k) => el("a", { href: app.link({ view: "nodes", params: { state: k } }), "data-key": `count ${k}` }, mark(k, `${counts.get(k)} ${COUNTED[k]}`))),
  ]);
  draw($("places"), [app.view.id, app.route.node], () => viewsOf("all").map((v) => el("li", {},
    el("a", { href: app.link({ view: v.id }), "data-key": `place ${v.id}`, "aria-current": v === app.view ? "page" : null }, v.title))));
  $("live").textContent = [app.answeredAt && clock(app.answeredAt), app.live && `events ${app.live}`].filter(Boolean).join(" · ");
}

// The title says where one is, also in the browser's history, and before that what is wrong.
function showTitle(app) {
  const worst = app.route.node ? app.node : worstFirst(app.nodes)[0];
  const kind = worst && standing(worst);
  const alarm = app.lost ? "no answer: " : kind && kind !== "healthy" && kind !== "unknown" ? `${standingWord(worst)}: ` : "";
  const title = [alarm + (app.route.node ?? app.view.title), app.route.node && app.view.title, "arsenal"].filter(Boolean).join(" – ");
  if (document.title !== title) document.title = title;
}

// ---- light and dark --------------------------------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
const theme = () => (THEMES.includes(kept("theme")) ? kept("theme") : "system");

/** nextTheme(): as the system has it, light, dark, and again (theme.js obeys). */
export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  keep("theme", next === "system" ? null : next);
  dispatchEvent(new Event("theme-chosen"));
  showTheme();
}

function showTheme() {
  $("theme-button").setAttribute("aria-label", `Theme: ${theme()}`);
  $("theme-button").replaceChildren(el("span", { class: "half", "aria-hidden": "true" }), el("span", { class: "theme-word" }, ` ${theme()}`));
}

// ---- what is wrong with the page's figures ---------------------------------------------------------------------------

function showLost(app) {
  document.body.classList.toggle("is-lost", app.lost !== null);
  $("lost").hidden = app.lost === null;
  if (!app.lost) return;
  const old = app.answeredAt ? ` What is shown is old, from ${clock(app.answeredAt)}.` : "";
  const told = `${app.lost.answered ? "Arsenal does not give its figures" : "No answer from arsenal"} since ${clock(app.lost.since)}: ${app.lost.why}.${old} Trying again by itself.`;
  if ($("lost").textContent !== told) $("lost").textContent = told;
}

function notices(app) {
  const all = [];
  if (app.stats?.store?.failing) all.push(["The store cannot be written", "what is measured now is lost when arsenal ends. Its log says why: a full disk, no right to write, a damaged file."]);
  const skew = clockSkew();
  if (Math.abs(skew) >= TOLD_MS) all.push(["This device's clock is wrong", `it is ${age(Math.abs(skew))} ${skew > 0 ? "behind" : "ahead of"} the server's, whose times are shown.`]);
  if (isOldPage()) all.push(["Arsenal was updated", "this page is of the version before.", "reload"]);
  return all;
}

function showNotices(app) {
  const all = notices(app);
  draw($("notices"), all, () => all.map(([what, more, act]) => {
    const reload = act && el("button", { type: "button" }, "Reload the page");
    reload?.addEventListener("click", () => location.reload());
    return el("p", {}, el("strong", {}, `${what}: `), more, " ", reload);
  }));
}

// ---- the node --------------------------------------------------------------------------------------------------------

const facts = ({ info: i, state, uptime }) => [i.otp_release && `OTP ${i.otp_release}`, i.elixir && `Elixir ${i.elixir}`, i.schedulers_online && plural(i.schedulers_online, "scheduler"),
  state === "up" && uptime !== null && `VM up for ${age(uptime)}`, state === "up" && (i.injected ? "probe loaded" : "plain calls only")].filter(Boolean).join(" · ");

function headLine(app, n) {
  const what = trouble(n);
  const more = n.state === "up" && n.open_incidents > 1 && el("a", { href: app.link({ node: n.name, view: "incidents" }), "data-key": "more incidents" }, `and ${plural(n.open_incidents - 1, "more incident", "more incidents")}`);
  const link = n.state === "up" && n.incident && { node: n.name, view: "incidents", params: { id: n.incident.id } };
  const next = n.state !== "up" && nextForState(n);
  if (!what) return el("p", { class: "line dim" }, n.overall_status === "healthy" ? "Nothing stands out." : "Not enough is known yet to judge.");
  return el("p", { class: "line" }, link ? el("a", { href: app.link(link), "data-key": "worst incident" }, term(what, 200)) : term(what, 400), more && [" ", more],
    next && el("span", { class: "next" }, next));
}

function showNodeHead(app) {
  const n = app.node;
  $("node-head").hidden = !n;
  if (!n) return;
  const since = standingSince(n);
  $("node-head").className = `node-head is-${standing(n)}`;
  draw($("node-head"), [n.name, n.state, n.detail, n.overall_status, since, n.incident, n.open_incidents, n.worst, n.info, n.uptime && Math.floor(n.uptime / 60000), n.state !== "up" && n.last_sample], () => [
    el("div", { class: "head" },
      el("h2", {}, term(n.name, 200)), mark(standing(n), standingWord(n)),
      since && el("span", { class: "since" }, `since ${moment(since)} (`, ago(since, ""), ")"),
      el("span", { class: "facts" }, facts(n))),
    headLine(app, n),
    n.state !== "up" && n.last_sample && el("p", { class: "old" }, "All figures below are old: the last sample came ", ago(n.last_sample), "."),
  ]);
}

let tabbed = null; // the view whose tab was brought into sight

// Where the tabs are wider than the page, the chosen one is in sight. The page itself does not move.
function showTab() {
  const list = $("tabs"), tab = list.querySelector("[aria-current]");
  if (tab && list.scrollWidth > list.clientWidth) list.scrollLeft = tab.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2;
}

function showTabs(app) {
  $("tabs-nav").hidden = !app.node;
  if (!app.node) return;
  draw($("tabs"), [app.route.node, app.view.id, [...app.route.params]], () => viewsOf("node").map((v) => el("li", {},
    el("a", { href: app.link({ node: app.route.node, view: v.id }), "data-key": `tab ${v.id}`, "aria-current": v === app.view ? "page" : null }, v.title))));
  if (tabbed !== app.view) showTab();
  tabbed = app.view;
}

// ---- nothing to show -------------------------------------------------------------------------------------------------

const noNode = () => [el("h2", {}, "No node is watched"), el("p", {}, "Start arsenal with the names of nodes, and the cookie that they have:"),
  el("pre", {}, "arsenal watch --cookie-file ~/.erlang.cookie shop@myhost"), el("p", {}, "To see what it does without a node of your own:"), el("pre", {}, "arsenal demo")];

const notWatched = (app) => [el("h2", {}, "No such node"), el("p", {}, "Node “", term(app.route.node, 200), "” is not watched here. ",
  app.nodes.length ? ["These are: ", el("a", { href: app.link({ view: "nodes" }), "data-key": "all nodes" }, plural(app.nodes.length, "node")), "."] : "No node is.")];

function showNothing(app) {
  const missing = app.route.node && !app.node;
  const none = !app.nodes.length && !app.route.node && app.view.id === "nodes";
  $("nothing").hidden = app.answeredAt === null || !(missing || none);
  draw($("nothing"), [missing, app.route.node, app.nodes.length], () => (missing ? notWatched(app) : noNode()));
}

/** showFrame(app): draws all of it. */
export function showFrame(app) {
  showLost(app);
  showNotices(app);
  showBar(app);
  showTitle(app);
  showSide(app);
  showNodeHead(app);
  showTabs(app);
  showNothing(app);
  document.body.classList.toggle("is-old", Boolean(app.node) && app.node.state !== "up");
  $("range").hidden = !app.view.ranged || !app.node;
  if (app.view.ranged && app.node) rangeBar($("range"), app);
}

/** startFrame(app): what of it is clicked. */
export function startFrame() {
  showTheme();
  $("theme-button").addEventListener("click", nextTheme);
  document.querySelector(".skip").addEventListener("click", (e) => {
    e.preventDefault(); // the address is the view's
    $("main").focus();
  });
}
