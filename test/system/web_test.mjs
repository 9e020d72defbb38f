// SPDX-License-Identifier: Apache-2.0
// The dashboard in a real browser, against a running arsenal: what it shows is what the API says.
//
//   BASE_URL=http://127.0.0.1:4900 [SCREENSHOTS=folder] [NODE=name@host] [TOKEN=…] [CHROMIUM=/usr/bin/chromium] node web_test.mjs
//
// NODE is a node that is up; without it the first one that is. A line for each test, and the counts at the end.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BASE = (process.env.BASE_URL || "").replace(/\/$/, "");
const TOKEN = process.env.TOKEN;
const WAIT_MS = 20000;

if (!BASE) {
  console.error("BASE_URL is not set: where does arsenal listen? For example BASE_URL=http://127.0.0.1:4900");
  process.exit(2);
}

const headers = TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {};

async function api(path) {
  const answer = await fetch(`${BASE}/api/v1/${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const of = (node, what) => api(`nodes/${encodeURIComponent(node)}${what ? "/" + what : ""}`);

function check(condition, what) {
  if (!condition) throw new Error(what);
}

// The page follows the API within a poll or two: a comparison holds if it holds once, with figures read at the same time.
async function eventually(what, compare) {
  const end = Date.now() + WAIT_MS;
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

// A page that keeps what the browser complains about, and what it asks of others.
async function open(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 1000 },
    httpCredentials: TOKEN ? { username: "arsenal", password: TOKEN } : undefined,
    ...options,
  });
  const page = await context.newPage();
  const seen = { errors: [], outside: [], offline: false };
  page.on("request", (r) => {
    if (new URL(r.url()).origin !== new URL(BASE).origin) seen.outside.push(r.url());
  });
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type()) && !seen.offline) seen.errors.push(m.text());
  });
  page.on("pageerror", (e) => seen.errors.push(String(e)));
  return { context, page, seen };
}

function clean(seen) {
  check(seen.errors.length === 0, `console: ${seen.errors.slice(0, 3).join(" | ")}`);
  check(seen.outside.length === 0, `requests to others: ${seen.outside.slice(0, 3).join(" ")}`);
}

const texts = (page, selector) => page.$$eval(selector, (list) => list.map((e) => e.textContent.trim()));
const text = (page, selector) => page.$eval(selector, (e) => e.textContent.trim());

// ---- tests ------------------------------------------------------------------------------------------------------------

const tests = [];
const test = (name, run) => tests.push({ name, run });

test("the page comes with a strict policy", async ({ page }) => {
  const answer = await page.goto(BASE + "/");
  const policy = answer.headers()["content-security-policy"] || "";
  check(policy.includes("default-src 'self'"), policy);
  check(!policy.includes("unsafe"), policy);
});

test("all nodes with their states", async ({ page }) => {
  await eventually("nodes", async () => {
    const nodes = await api("nodes");
    const names = await texts(page, "#nodes .name");
    const shown = await texts(page, "#nodes li");
    if (JSON.stringify([...names].sort()) !== JSON.stringify(nodes.map((n) => n.name).sort())) return `${names}`;
    return nodes.every((n) => {
      const word = n.state === "up" ? (n.overall_status === "unknown" ? "not judged yet" : n.overall_status) : n.state;
      return shown.some((s) => s.startsWith(n.name) && s.includes(word));
    }) || `${shown}`;
  });
});

test("a node is chosen by its link and kept in the address", async ({ page, node }) => {
  await page.click(`#nodes a[href="#${encodeURIComponent(node)}"]`);
  await eventually("verdict", async () => (await text(page, "#verdict h2")) === node);
  check(decodeURIComponent(new URL(page.url()).hash.slice(1)) === node, page.url());
  await page.reload();
  await eventually("verdict after a reload", async () => (await text(page, "#verdict h2")) === node);
});

test("overall status and every criterion", async ({ page, node }) => {
  await eventually("criteria", async () => {
    const health = await of(node, "health");
    const shown = await texts(page, "#criteria li");
    const verdict = await text(page, "#verdict .word");
    const word = health.overall_status === "unknown" ? "not judged yet" : health.overall_status;
    if (verdict !== word) return `verdict ${verdict}, API ${word}`;
    const all = Object.entries(health.criteria);
    if (shown.length !== all.length) return `${shown.length} criteria`;
    return all.every(([, c], i) => shown[i].includes(c.level === "unknown" ? "not observed" : c.level)) || JSON.stringify(shown);
  });
});

test("recommendations and what cannot be seen", async ({ page, node }) => {
  await eventually("verdict", async () => {
    const [health, info] = await Promise.all([of(node, "health"), of(node)]);
    const shown = await text(page, "#verdict");
    for (const words of [...health.recommendations, info.info.note || ""]) if (!shown.includes(words)) return `${shown} lacks ${words}`;
    return true;
  });
});

test("figures of the last sample", async ({ page, node }) => {
  await eventually("processes", async () => {
    const performance = await of(node, "performance");
    const shown = (await texts(page, "#charts figcaption")).find((t) => t.startsWith("Processes"));
    const want = performance.metrics.process_count;
    return want < 10000 ? shown === `Processes${want}` || `${shown}, API ${want}` : true;
  });
});

test("charts are drawn", async ({ page }) => {
  await eventually("ink", async () => {
    const inked = await page.$$eval("#charts canvas", (list) => list.map((c) => {
      if (!c.width) return 0;
      return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0 ? 1 : 0), 0);
    }));
    return inked.filter((n) => n > 20).length >= 3 || `${inked}`;
  });
  const labels = await page.$$eval("#charts canvas", (list) => list.map((c) => c.getAttribute("aria-label")));
  check(labels.every(Boolean), `${labels}`);
});

test("charts begin before the page was opened", async ({ page, node }) => {
  const past = await of(node, "history?step=5&metric=process_count");
  const { time } = past.metrics.process_count;
  const seconds = Math.min(600, (Date.parse(past.time_range.end) - time[0]) / 1000);
  await eventually("as long as that", async () => {
    const shown = await text(page, "#charts-span");
    const [, n, unit] = shown.match(/^the last (\d+) (s|min)$/) || [];
    const span = Number(n) * (unit === "min" ? 60 : 1);
    return (span > seconds - 65 && span >= Math.min(seconds - 10, 60)) || `${shown}, of ${seconds} s`;
  });
});

test("restarts by supervisor", async ({ page, node }) => {
  await eventually("restarts", async () => {
    const r = await of(node, "restarts");
    const shown = await text(page, "#restarts");
    if (!r.most_restarted_children.length) return shown.length > 0 || "nothing is said";
    if (!(await text(page, "#restarts-total")).startsWith(`${r.total_restarts} since`)) return "total";
    return r.most_restarted_children.every((c) => shown.includes(c.supervisor) && shown.includes(c.child_id)) || shown;
  });
});

test("anomalies", async ({ page, node }) => {
  await eventually("anomalies", async () => {
    const [all, health] = await Promise.all([of(node, "anomalies"), of(node, "health")]);
    const shown = await texts(page, "#anomalies .finding");
    if (shown.filter((t) => t.includes("holds now")).length !== health.anomalies.length) return `${shown.length} shown`;
    return all.length === 0 || shown.some((t) => t.includes(all[0].description)) || shown.join("|");
  });
});

test("memory, level by level", async ({ page, node }) => {
  await eventually("memory", async () => {
    const memory = await of(node, "memory");
    const shown = await texts(page, "#memory .level");
    if (shown.length !== memory.levels.length) return `${shown.length} levels`;
    if (memory.levels.some((level) => level.bytes === null)) return "the account is not complete yet";
    return memory.levels.every((level, i) => level.parts.every((part) => shown[i].includes(part.name.replaceAll("_", " ")))) || shown.join("|");
  });
  const bars = await page.$$eval("#memory .stack", (stacks) => stacks.map((s) => [...s.children].reduce((sum, i) => sum + i.getBoundingClientRect().width, 0) / s.getBoundingClientRect().width));
  check(bars.length === 4 && bars.every((full) => Math.abs(full - 1) < 0.01), `bars: ${bars}`);
});

test("top processes by each ranking", async ({ page, node }) => {
  for (const by of ["memory", "reductions", "queue"]) {
    await page.click(`[data-by="${by}"]`);
    await eventually(by, async () => {
      const top = await of(node, `top?by=${by}`);
      const shown = await texts(page, "#top tbody tr");
      if ((await page.getAttribute(`[data-by="${by}"]`, "aria-pressed")) !== "true") return "not pressed";
      if (shown.length !== top.processes.length) return `${shown.length} rows`;
      return top.processes.every((p, i) => shown[i].includes(p.pid)) || shown.join("|");
    });
  }
});

test("the supervision tree, asked for by hand and walked by keyboard", async ({ page, node }) => {
  check((await texts(page, "#tree li")).length === 0, "a tree that nobody asked for");
  await page.focus("#tree-ask");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#tree li");
  const tree = await of(node, "tree");
  const shown = await texts(page, "#tree .line");
  check(shown.length === tree.processes.length, `${shown.length} rows, API ${tree.processes.length}`);
  tree.processes.forEach((p, i) => check(shown[i].includes(p.name || p.id || p.pid), `${i}: ${shown[i]}`));
  check((await text(page, "#tree-state")).startsWith(`${tree.processes.length} processes at `), await text(page, "#tree-state"));
  const first = page.locator("#tree summary").first();
  const open = () => first.evaluate((e) => e.parentElement.open);
  check(await open(), "the root is open");
  await first.focus();
  await page.keyboard.press("Enter");
  check(!(await open()), "closed by Enter");
  // The page goes on polling, and leaves it as it is.
  await page.waitForResponse((r) => r.url().endsWith("/health"));
  check(!(await open()), "it stays closed");
  await page.keyboard.press("Enter");
  check(await open(), "opened again");
});

test("events come in, and are filtered by type", async ({ page }) => {
  await eventually("live", async () => (await text(page, "#events-state")) === "live");
  await eventually("events", async () => (await texts(page, '#events [data-event="node"]')).length > 0);
  await page.click('#event-filter [data-type="node"]');
  await eventually("filtered", async () => (await texts(page, '#events [data-event="node"]')).length === 0);
  await page.click('#event-filter [data-type="node"]');
  await eventually("back", async () => (await texts(page, '#events [data-event="node"]')).length > 0);
});

test("what a node says is text, never markup", async ({ page }) => {
  const foreign = await page.$$eval("main script, main img, main iframe, main [onerror], main [style*=url]", (list) => list.length);
  check(foreign === 0, `${foreign} elements`);
});

test("a lost connection is told, and comes back by itself", async ({ context, page, seen }) => {
  seen.offline = true;
  await context.setOffline(true);
  await page.waitForSelector("#lost:not([hidden])", { timeout: WAIT_MS });
  check((await text(page, "#lost")).includes("No answer from arsenal since"), await text(page, "#lost"));
  await context.setOffline(false);
  await page.waitForSelector("#lost", { state: "hidden", timeout: WAIT_MS });
  await eventually("events are live again", async () => (await text(page, "#events-state")) === "live");
  seen.offline = false;
});

test("a node that is not watched is said so", async ({ page, node }) => {
  await page.goto(`${BASE}/#nobody%40nowhere`);
  await eventually("message", async () => (await text(page, "#nothing")).includes("nobody@nowhere"));
  await page.goto(`${BASE}/#${encodeURIComponent(node)}`);
  await eventually("verdict", async () => (await text(page, "#verdict h2")) === node);
});

test("the keyboard gets everywhere, and its place is seen", async ({ page }) => {
  await page.reload();
  await page.waitForSelector("#nodes a");
  const met = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    met.add(await page.evaluate(() => {
      const e = document.activeElement;
      const ring = getComputedStyle(e).outlineStyle !== "none";
      return (e.closest("#nodes") ? "node" : e.dataset.by ? "ranking" : e.dataset.type ? "filter" : e.className) + (ring ? "" : " without a ring");
    }));
    if (met.has("node") && met.has("ranking") && met.has("filter")) return;
  }
  check(false, [...met].join(", "));
});

test("light, dark and phone: nothing is cut off", async ({ browser, node }) => {
  const folder = process.env.SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  const views = {
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark" },
    phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  };
  for (const [name, options] of Object.entries(views)) {
    const { context, page, seen } = await open(browser, options);
    await page.goto(`${BASE}/#${encodeURIComponent(node)}`);
    await page.waitForSelector("#criteria li");
    await page.click("#tree-ask");
    await page.waitForSelector("#tree li");
    await eventually("a chart with more than one sample", async () => (await text(page, "#charts-span")).startsWith("the last "));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(over <= 0, `${name}: ${over} pixels too wide`);
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    clean(seen);
    await context.close();
  }
});

test("no console error, no request to others", async ({ seen }) => clean(seen));

// ---- the run ----------------------------------------------------------------------------------------------------------

async function liveNode() {
  if (process.env.NODE) return process.env.NODE;
  const up = (await api("nodes")).find((n) => n.state === "up" && n.last_sample);
  if (!up) throw new Error("no node is up");
  return up.name;
}

let passed = 0;
let failed = 0;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
try {
  const stage = { browser, node: await liveNode(), ...(await open(browser)) };
  for (const { name, run } of tests) {
    const began = Date.now();
    try {
      await run(stage);
      passed++;
      console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}: ${error.message}`);
    }
  }
} catch (error) {
  failed++;
  console.log(`FAIL ${error.message}`);
} finally {
  await browser.close();
}
console.log(`web: ${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
