// SPDX-License-Identifier: Apache-2.0
// What the browser tests share: the API, a page that keeps what the browser complains about, and waiting for a condition.

import { chromium } from "playwright-core";

// Debian 12's Node (18) has none yet; browsers do.
Array.prototype.toSorted ??= function toSorted(compare) {
  return [...this].sort(compare);
};

export const BASE = (process.env.BASE_URL || "").replace(/\/$/, "");
const TOKEN = process.env.TOKEN;
export const WAIT_MS = 20000;

export const headers = TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {};

/** api(path below /api/v1) */
export async function api(path) {
  const answer = await fetch(`${BASE}/api/v1/${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** of(node, what): a resource of a node. */
export const of = (node, what) => api(`nodes/${encodeURIComponent(node)}${what ? "/" + what : ""}`);

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

// The page follows the API within a poll or two: a comparison holds if it holds once, with figures read at the same time.
export async function eventually(what, compare, wait = WAIT_MS) {
  const end = Date.now() + wait;
  let last = "";
  for (;;) {
    try {
      last = await compare();
      if (last === true) return;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`${what}: ${typeof last === "string" ? last : JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

const NETWORK = /Failed to load resource|net::ERR_|EventSource/;

// A page that keeps what the browser complains about, and what it asks of others.
export async function open(browser, options = {}, base = BASE) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 1000 },
    httpCredentials: TOKEN ? { username: "arsenal", password: TOKEN } : undefined,
    ...options,
  });
  const page = await context.newPage();
  const seen = { errors: [], outside: [], offline: false }; // offline: what the browser says of the network is left out
  page.on("request", (r) => {
    if (new URL(r.url()).origin !== new URL(base).origin) seen.outside.push(r.url());
  });
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type()) && !(seen.offline && NETWORK.test(m.text()))) seen.errors.push(m.text());
  });
  page.on("pageerror", (e) => seen.errors.push(String(e)));
  return { context, page, seen };
}

export function clean(seen) {
  check(seen.errors.length === 0, `console: ${seen.errors.slice(0, 3).join(" | ")}`);
  check(seen.outside.length === 0, `requests to others: ${seen.outside.slice(0, 3).join(" ")}`);
}

export const texts = (page, selector) => page.$$eval(selector, (list) => list.map((e) => e.textContent.trim()));
export const text = (page, selector) => page.$eval(selector, (e) => e.textContent.trim());

/** go(page, node, view, query): the view of a node, or of all nodes (node null), by its address. */
export const go = (page, node, view = "", query = "") => page.goto(`${BASE}/#${node ? `/node/${encodeURIComponent(node)}` : ""}/${view}${query && `?${query}`}`);

// What no tab leads to at once: lists, and what opens. A pid that is there in every node is code_server's, or nearly.
const DEEPER = ["processes?by=all", "processes?by=all&pid=<0.50.0>", "processes?list=groups", "processes?list=tables&sort=-memory", "processes?list=ports", "processes?list=links", "processes?list=vm_events",
  "tree?find=sup&heat=heap", "reports?id=range&span=1h", "events?types=restart,anomaly&severity=medium"];
/** deeper(node): addresses of these. */
export const deeper = (node) => DEEPER.map((rest) => `#/node/${encodeURIComponent(node)}/${rest}`);

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});

const registered = [];
/** test(name, run): run({ browser, context, page, seen, node }); the page is shared by all tests, each goes where it wants to be. */
export const test = (name, run) => registered.push({ name, run });
export const tests = () => registered;

/** instead(page, { resource: answer }, run): while it runs, the page gets these answers for a node's resources. */
export async function instead(page, answers, run) {
  for (const [what, json] of Object.entries(answers)) await page.route((url) => url.pathname.endsWith(`/${what}`), (route) => route.fulfill({ json }));
  try {
    await run();
  } finally {
    await page.unrouteAll({ behavior: "wait" });
  }
}
