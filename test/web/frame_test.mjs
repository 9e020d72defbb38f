// SPDX-License-Identifier: Apache-2.0
// What stands around the views: the nodes, the address, a lost server, the keyboard, small screens.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { api, BASE, check, clean, eventually, go, open, test, text, texts, WAIT_MS } from "./stage.mjs";

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
  await go(page, null);
  await page.waitForSelector("#overview a");
  await page.locator("#nodes a", { hasText: node }).click();
  await eventually("verdict", async () => (await text(page, "#verdict h2")) === node);
  check(decodeURIComponent(new URL(page.url()).hash) === `#/node/${node}`, page.url());
  await page.reload();
  await eventually("verdict after a reload", async () => (await text(page, "#verdict h2")) === node);
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
  await eventually("verdict", async () => (await text(page, "#verdict h2")) === node);
});

test("the keyboard gets everywhere, and its place is seen", async ({ page, node }) => {
  await go(page, node, "processes");
  await page.reload();
  await page.waitForSelector("#nodes a");
  await page.waitForSelector("[data-by]");
  const met = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    met.add(await page.evaluate(() => {
      const e = document.activeElement;
      const ring = getComputedStyle(e).outlineStyle !== "none";
      return (e.closest("#nodes") ? "node" : e.closest("#tabs") ? "tab" : e.dataset.by ? "ranking" : e.className) + (ring ? "" : " without a ring");
    }));
    if (["node", "tab", "ranking"].every((place) => met.has(place))) return;
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
    for (const tab of ["#/", ...tabs]) {
      await page.goto(`${BASE}/${tab}`);
      await page.waitForSelector('#view[aria-busy="false"] .block');
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(over <= 0, `${name} ${tab}: ${over} pixels too wide`);
      const view = tab === "#/" ? "nodes" : tab.split("?")[0].split("/").pop();
      if (folder) await page.screenshot({ path: join(folder, `${view}-${name}.png`), fullPage: true });
    }
    clean(seen);
    await context.close();
  }
});
