// SPDX-License-Identifier: Apache-2.0
// Somebody who has never seen the page finds in the demo which process leaks and which child fails periodically, from "/" and within five clicks:
// the path that doc/dashboard.md writes down, by what can be read on the page.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BASE, check, clean, eventually, of, open, test } from "./stage.mjs";

const CLICKS = 5;
const FAULTS_MS = 180000; // the demo's faults come by a schedule: until then there is nothing to find

test("from / to who leaks and who fails periodically, within five clicks", async ({ browser, node }) => {
  if (!node.startsWith("arsenal_demo@")) return;
  await eventually("the demo's faults", async () => {
    const [incidents, patterns] = await Promise.all([of(node, "incidents"), of(node, "patterns")]);
    return (incidents.some((i) => i.title.includes("demo_cache")) && patterns.some((p) => p.type === "periodic_restart" && p.child_id === "reporter")) || "not yet";
  }, FAULTS_MS);
  const { context, page, seen } = await open(browser);
  let steps = 0;
  const see = async (what, ...words) => {
    await eventually(what, async () => {
      const shown = await page.innerText("#view");
      return words.every((w) => shown.includes(w)) || shown.slice(0, 500);
    });
    if (process.env.SCREENSHOTS) {
      mkdirSync(process.env.SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `walk-${steps}.png`) });
    }
  };
  const click = async (link) => {
    steps++;
    await link.first().click();
  };

  await page.goto(`${BASE}/`);
  await see("home", "Health");
  await click(page.locator("#tabs").getByRole("link", { name: "Incidents", exact: true }));
  await see("incidents", "demo_cache");
  await click(page.locator("#view").getByText(/^Memory .*demo_cache/));
  await see("who leaks", "demo_cache", "Next");
  await click(page.locator("#tabs").getByRole("link", { name: "Restarts", exact: true }));
  await see("who fails periodically", "reporter", "evenly, every 16 s");
  check(steps <= CLICKS, `${steps} clicks`);
  clean(seen);
  await context.close();
});
