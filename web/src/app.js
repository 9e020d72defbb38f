// SPDX-License-Identifier: Apache-2.0
// What the page knows, and the one loop that keeps it up to date: every two seconds it asks for the nodes and for what the shown view needs, shows that,
// and nothing else. Answers are kept by the path that they were asked for, so nothing is ever shown of another node.
//
// A view (views/index.js has the table of them) is an object:
//
//   id, title           its word in the address, and on its tab
//   scope               "node" or "all" (nodes)
//   ranged              it shows a range of time (range.js): the bar for that stands above it
//   asks(app)           { key: path below /api/v1, or { path, every: ms } }: what it needs; app.data[key] has the answer, null until it is there,
//                       app.errors[key] the reason if there is none
//   open(root, app)     makes its elements in an empty `root`
//   show(app)           draws what has come; called after each answer and each event, so it is cheap when nothing changed (dom.js: draw)
//   event(ev, app)      optional: an event that came
//   close()             optional: its elements are taken away
//
// What an answer lacks is said above the view by main.js; links and buttons with data-row are the rows that j and k walk over (keys.js).

import { get, ofNode, why } from "./api.js";
import { tickAges } from "./dom.js";
import { nodeRows } from "./nodes.js";
import { checkPage } from "./release.js";
import { linkTo, readRoute } from "./router.js";

const POLL_MS = 2000;
const POLL_HIDDEN_MS = 10000;
const STATS_MS = 10000;

export const app = {
  nodes: [], // as /nodes tells them (nodes.js)
  stats: null, // arsenal's own figures; the frame tells what of them matters everywhere
  route: readRoute(location.hash),
  view: null, // the one that is shown
  node: null, // the row of the route's node; null: none, or it is not watched
  data: {},
  errors: {},
  events: [], // newest first (events.js)
  live: "", // how the stream of events stands
  lost: null, // { since, why, answered } while the server does not answer as it should
  answeredAt: null, // by this device's clock
  go: (route) => (location.hash = linkTo(route, app.route)),
  link: (route) => linkTo(route, app.route),
  /** of(what): the path of the shown node's resource. */
  of: (what) => ofNode(app.route.node, what),
  soon,
  show: () => shower(),
};

let shower = () => {};
/** onShow(f): f draws the page. */
export const onShow = (f) => (shower = f);

// ---- asking ---------------------------------------------------------------------------------------------------------

const answers = new Map(); // path → { at, value, error }; those of the shown view

const asked = () => Object.entries(app.view?.asks?.(app) || {}).map(([key, a]) => (typeof a === "string" ? { key, path: a, every: 0 } : { key, every: 0, ...a }));

async function askOne({ path, every }) {
  const kept = answers.get(path);
  if (kept && Date.now() - kept.at < every) return;
  const at = Date.now();
  try {
    answers.set(path, { at, value: await get(path), error: null });
  } catch (error) {
    answers.set(path, { at: 0, value: kept?.value ?? null, error: why(error) });
  }
}

/** settle: the answers that the shown view may see. */
export function settle() {
  const now = asked();
  const paths = new Set(now.map((a) => a.path));
  for (const path of answers.keys()) if (!paths.has(path)) answers.delete(path);
  app.data = Object.fromEntries(now.map((a) => [a.key, answers.get(a.path)?.value ?? null]));
  app.errors = Object.fromEntries(now.map((a) => [a.key, answers.get(a.path)?.error ?? null]));
  app.node = app.nodes.find((n) => n.name === app.route.node) || null;
}

let statsAt = 0;
// The page can do without: what is asked for first tells that the server is gone.
async function askStats() {
  if (Date.now() - statsAt < STATS_MS) return;
  statsAt = Date.now();
  const before = app.stats;
  const stats = await get("stats").catch(() => null);
  if (stats === null || typeof stats !== "object") return;
  app.stats = stats;
  if (before && stats.uptime < before.uptime) await checkPage(); // it was started anew
}

async function ask() {
  app.nodes = nodeRows(await get("nodes"));
  settle();
  askStats().then(() => app.show());
  if (!app.route.node || app.node) await Promise.all(asked().map(askOne));
}

let timer = null;
let asking = false;
let again = false; // something changed while the answers were under way

export async function poll() {
  clearTimeout(timer);
  again = asking;
  if (asking) return;
  asking = true;
  try {
    await ask();
    if (app.lost) checkPage().then(() => app.show());
    app.lost = null;
    app.answeredAt = Date.now();
  } catch (error) {
    app.lost = { since: app.lost?.since ?? Date.now(), why: why(error), answered: error.status !== undefined };
  }
  asking = false;
  settle();
  app.show();
  timer = setTimeout(poll, again ? 0 : document.hidden ? POLL_HIDDEN_MS : POLL_MS);
}

let soonTimer = null;
/** soon: something happened that figures will show, too. */
function soon() {
  soonTimer ??= setTimeout(() => {
    soonTimer = null;
    poll();
  }, 250);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
setInterval(tickAges, 1000);
