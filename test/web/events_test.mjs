// SPDX-License-Identifier: Apache-2.0
// Events as they come.

import { eventually, go, test, text, texts } from "./stage.mjs";

test("events come in, and are filtered by type", async ({ page, node }) => {
  await go(page, node, "events");
  await eventually("live", async () => (await text(page, "#events-state")) === "live");
  await eventually("events", async () => (await texts(page, '#events [data-event="node"]')).length > 0);
  await page.click('#event-filter [data-type="node"]');
  await eventually("filtered", async () => (await texts(page, '#events [data-event="node"]')).length === 0);
  await page.click('#event-filter [data-type="node"]');
  await eventually("back", async () => (await texts(page, '#events [data-event="node"]')).length > 0);
});
