// SPDX-License-Identifier: Apache-2.0
// What stands around the views: the nodes, the address, a lost server, the keyboard, small screens.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { api, BASE, check, clean, eventually, go, of, open, test, text, texts, WAIT_MS } from "./stage.mjs";

test("the page comes with a strict policy", async ({ page }) => {
  const answer = await page.goto(BASE + "/");
  const policy = answer.headers()["content-security-policy"] || "";
  check(policy.includes("default-src 'self'"), policy);
  check(!policy.includes("unsafe"), policy);
});

test("all nodes at a glance", async ({ page }) => {
  await go(page, null, "nodes");
  await eventually("nodes", async () => {
    const nodes = await api("nodes");
    const rows = await texts(page, "#overview tr:not(.group)");
    if (rows.length !== nodes.length) return `${rows.length} rows`;
    return nodes.every((n) => {
      const word = n.state === "up" ? (n.overall_status === "unknown" ? "not judged yet" : n.overall_status) : n.state;
      return rows.some((s) => s.startsWith(n.name) && s.includes(word) && (n.state !== "up" || !n.incident || s.includes(n.incident.title.slice(0, 60))));
    }) || `${rows}`;
  });
  await eventually("open incidents, with what to do next", async () => {
    const nodes = (await api("nodes")).filter((n) => n.state === "up" && n.incident);
    const told = await text(page, "#needs");
    for (const n of nodes) {
      const open = await of(n.name, "incidents?open=true");
      if (open[0]?.next_step && !told.includes(open[0].next_step)) return `${told} lacks ${open[0].next_step}`;
    }
    return nodes.length > 0 || told.includes("No incident is open") || told;
  });
});

test("nodes are found by name and by how they stand", async ({ page, node }) => {
  await go(page, null, "nodes");
  await page.waitForSelector("#overview a");
  await page.keyboard.press("/");
  await page.keyboard.type(node.slice(0, 5).toUpperCase());
  await eventually("found", async () => (await texts(page, "#overview tr:not(.group)")).length === (await api("nodes")).filter((n) => n.name.includes(node.slice(0, 5))).length);
  await page.keyboard.type("no such name");
  await eventually("nothing found", async () => (await texts(page, "#overview tr")).length === 0);
  await page.fill("#overview-search", "");
  const { state } = await of(node);
  check(state === "up", state);
  await go(page, null, "nodes", "state=down");
  await eventually("none is down", async () => (await texts(page, "#overview tr")).length === (await api("nodes")).filter((n) => n.state !== "up" && n.state !== "connecting").length);
});

test("home is the node, where there is but one; a node is kept in the address, and Back works", async ({ page, node }) => {
  await go(page, null, "nodes");
  await page.waitForSelector("#overview a");
  await page.locator("#overview a", { hasText: node }).first().click();
  await eventually("name", async () => (await text(page, "#node-head h2")) === node);
  check(decodeURIComponent(new URL(page.url()).hash) === `#/node/${node}`, page.url());
  await page.reload();
  await eventually("name after a reload", async () => (await text(page, "#node-head h2")) === node);
  await page.goBack();
  await page.waitForSelector("#overview a");
  if ((await api("nodes")).length > 1) return;
  await page.locator(".bar h1 a").click();
  await eventually("the only node", async () => decodeURIComponent(new URL(page.url()).hash) === `#/node/${node}`);
  await page.goBack();
  await page.waitForSelector("#overview a");
});

test("how the node stands, and since when, above every view", async ({ page, node }) => {
  await go(page, node, "memory");
  await eventually("head", async () => {
    const n = await of(node);
    const head = await text(page, "#node-head");
    const since = await page.getAttribute("#node-head .since time", "datetime");
    if (since !== new Date(n.overall_since).toISOString()) return `since ${since}, API ${n.overall_since}`;
    return head.includes(n.overall_status === "unknown" ? "not judged yet" : n.overall_status) && (!n.incident || head.includes(n.incident.title.slice(0, 60))) || head;
  });
  check((await page.title()).endsWith(`${node} – Memory – arsenal`), await page.title());
});

test("the theme follows the system, or what was chosen here", async ({ page, node }) => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await go(page, node, "now");
  await page.waitForSelector("#theme-button[aria-label]");
  await page.emulateMedia({ colorScheme: "dark" });
  await eventually("as the system", async () => (await theme()) === "dark");
  await page.click("#theme-button");
  check((await theme()) === "light", "chosen");
  await page.reload();
  check((await theme()) === "light", "kept");
  await page.click("#theme-button");
  check((await theme()) === "dark", "the other");
  await page.click("#theme-button");
  await page.emulateMedia({ colorScheme: "light" });
  await eventually("as the system again", async () => (await theme()) === "light");
  await page.emulateMedia({ colorScheme: null });
});

test("keys show themselves, go to views, and leave fields alone", async ({ page, node }) => {
  await go(page, node, "now");
  await page.waitForSelector("#tabs a");
  await page.keyboard.press("?");
  await page.waitForSelector("#keys[open]");
  check((await text(page, "#keys")).includes("next row"), await text(page, "#keys"));
  await page.keyboard.press("Escape");
  await page.waitForSelector("#keys", { state: "hidden" });
  const second = (await texts(page, "#tabs a"))[1];
  await page.keyboard.press("2");
  await eventually("second tab", async () => (await text(page, "#tabs [aria-current]")) === second);
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.waitForSelector("#overview a");
  await page.keyboard.press("/");
  await page.keyboard.type("gn2?");
  check((await page.inputValue("#overview-search")) === "gn2?", "what is written is text");
  await page.fill("#overview-search", "");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  check(await page.evaluate(() => document.activeElement.hasAttribute("data-row")), "the first row has the keyboard");
});

test("a lost connection is told, and comes back by itself", async ({ context, page, seen }) => {
  seen.offline = true;
  await context.setOffline(true);
  await page.waitForSelector("#lost:not([hidden])", { timeout: WAIT_MS });
  check((await text(page, "#lost")).includes("No answer from arsenal since"), await text(page, "#lost"));
  await context.setOffline(false);
  await page.waitForSelector("#lost", { state: "hidden", timeout: WAIT_MS });
  await eventually("events are live again", async () => (await text(page, "#live")).includes("events live"));
  seen.offline = false;
});

test("a node that is not watched is said so", async ({ page, node }) => {
  await page.goto(`${BASE}/#nobody%40nowhere`);
  await eventually("message", async () => (await text(page, "#nothing")).includes("nobody@nowhere"));
  await page.goto(`${BASE}/#${encodeURIComponent(node)}`);
  await eventually("name", async () => (await text(page, "#node-head h2")) === node);
});

test("the keyboard gets everywhere, and its place is seen", async ({ page, node }) => {
  await go(page, node, "processes");
  await page.reload();
  await page.waitForSelector("[data-by]");
  const met = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    met.add(await page.evaluate(() => {
      const e = document.activeElement;
      const ring = getComputedStyle(e).outlineStyle !== "none";
      return (e.closest(".bar") ? "bar" : e.closest("#tabs") ? "tab" : e.dataset.by ? "ranking" : e.className) + (ring ? "" : " without a ring");
    }));
    if (["bar", "tab", "ranking"].every((place) => met.has(place))) return;
  }
  check(false, [...met].join(", "));
});

const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

test("light, dark and phone: nothing of any view is cut off", async ({ browser, node }) => {
  const folder = process.env.SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  for (const [name, options] of Object.entries(SCREENS)) {
    const { context, page, seen } = await open(browser, options);
    await go(page, node);
    await page.waitForSelector("#criteria li");
    const tabs = await page.$$eval("#tabs a", (links) => links.map((a) => a.getAttribute("href")));
    const places = await page.$$eval("#places a", (links) => links.map((a) => a.getAttribute("href")));
    for (const tab of [...places, ...tabs]) {
      await page.goto(`${BASE}/${tab}`);
      await page.waitForSelector('#view[aria-busy="false"] .block');
      if (tab.includes("/tree")) {
        await page.click("#tree-ask");
        await page.waitForSelector("#tree li");
      }
      await page.waitForFunction(() => !document.querySelector("#view [aria-busy=true]"));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(over <= 0, `${name} ${tab}: ${over} pixels too wide`);
      const view = (tab.startsWith("#/node/") ? "node-" : "") + tab.split("?")[0].split("/").pop();
      if (folder) await page.screenshot({ path: join(folder, `${view}-${name}.png`), fullPage: true });
    }
    clean(seen);
    await context.close();
  }
});
