// SPDX-License-Identifier: Apache-2.0
// The pictures of the README, of the demo at moments that show something: made where PICTURES names a folder (make pictures).

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, go, of, open, test } from "./stage.mjs";

const BYTES_MAX = 125000; // they are kept in the repository
const FAULTS_MS = 240000;
const DESK = { viewport: { width: 1040, height: 620 } };
const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };

const PICTURES = [
  { name: "now", view: "now", options: { ...DESK, colorScheme: "light" } },
  { name: "phone", view: "now", options: { ...PHONE, colorScheme: "dark" } },
  { name: "restarts", view: "restarts", query: "span=15m", options: { ...DESK, colorScheme: "light" } },
  { name: "charts", view: "charts", query: "span=15m", options: { ...DESK, colorScheme: "dark" } },
];

if (process.env.PICTURES) {
  test("pictures for the README", async ({ browser, node }) => {
    mkdirSync(process.env.PICTURES, { recursive: true });
    await eventually("a leak, and the periodic child", async () => {
      const [incidents, patterns] = await Promise.all([of(node, "incidents"), of(node, "patterns")]);
      return (incidents.some((i) => i.title.includes("demo_cache")) && patterns.some((p) => p.type === "periodic_restart" && p.active)) || `${incidents.length} incidents`;
    }, FAULTS_MS);
    for (const { name, view, query, options } of PICTURES) {
      const { context, page } = await open(browser, options);
      await go(page, node, view, query);
      await page.waitForSelector('#view[aria-busy="false"] .block');
      await page.waitForFunction(() => !document.querySelector("#view [aria-busy=true]"));
      const path = join(process.env.PICTURES, `${name}.png`);
      await page.screenshot({ path });
      check(statSync(path).size <= BYTES_MAX, `${path}: ${statSync(path).size} bytes`);
      await context.close();
    }
  });
}
