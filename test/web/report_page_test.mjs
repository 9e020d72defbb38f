// SPDX-License-Identifier: Apache-2.0
// The page that `arsenal report --html` writes, opened by itself: in light and dark, on a phone and on paper it asks nobody for anything, keeps nobody out, and fits.

import { violations } from "./axe_test.mjs";
import { BASE, check, clean, open, test, texts } from "./stage.mjs";

const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
  paper: { colorScheme: "dark", viewport: { width: 720, height: 1018 }, media: "print" },
};

for (const [name, { media, ...options }] of Object.entries(SCREENS))
  test(`a report's own page: ${name}`, async ({ browser, node }) => {
    const { context, page, seen } = await open(browser, options);
    if (media) await page.emulateMedia({ media });
    await page.goto(`${BASE}/api/v1/nodes/${encodeURIComponent(node)}/report?since=1h&format=html`);
    check((await texts(page, ".headline"))[0].includes(" at the end"), "it says what happened");
    check((await page.locator(".lanes svg").count()) > 0, "restarts have a time line");
    const names = await page.$$eval("svg", (all) => all.map((e) => e.getAttribute("aria-label")));
    check(names.length > 5 && names.every((label) => label?.length > 20), names.join("|"));
    const faults = await violations(page);
    check(!faults.length, faults.join("\n     "));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(over <= 0, `${over} pixels too wide`);
    clean(seen);
    await context.close();
  });
