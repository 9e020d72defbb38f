// SPDX-License-Identifier: Apache-2.0
// Contrast, names, roles, headings, order: what axe-core finds wrong by WCAG 2.1 A and AA, of every view, light, dark and on a phone.

import axe from "axe-core";
import { BASE, check, deeper, eventually, go, open, test } from "./stage.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

// The page's policy allows no foreign script; the browser's debugger may run one.
export async function violations(page) {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
  return found.flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${n.target.join(" ")}: ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help} ${n.html.slice(0, 120)}`));
}

for (const [name, options] of Object.entries(SCREENS)) {
  test(`nothing that keeps anybody out: ${name}`, async ({ browser, node }) => {
    const { context, page } = await open(browser, { ...options, reducedMotion: "reduce" });
    const faults = [];
    await go(page, node);
    await page.waitForSelector("#tabs a");
    const views = await page.$$eval("#places a, #tabs a", (links) => links.map((a) => a.getAttribute("href")));
    for (const view of [...views, ...deeper(node)]) {
      await page.goto(`${BASE}/${view}`);
      await page.waitForSelector('#view[aria-busy="false"] .block');
      await eventually("content", async () => (await page.innerText("#view")).length > 20);
      faults.push(...(await violations(page)).map((v) => `${view.split("?")[0].split("/").at(-1)} ${v}`));
    }
    await page.keyboard.press("?");
    await page.waitForSelector("#keys[open]");
    faults.push(...(await violations(page)).map((v) => `keys ${v}`));
    await context.close();
    check(!faults.length, faults.join("\n     "));
  });
}
