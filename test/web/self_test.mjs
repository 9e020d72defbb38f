// SPDX-License-Identifier: Apache-2.0
// The monitor's own health and cost.

import { api, check, eventually, go, open, test, text, texts } from "./stage.mjs";

test("what the monitor uses, and what its probes take of the nodes", async ({ page }) => {
  await go(page, null, "self");
  await eventually("figures", async () => {
    const stats = await api("stats");
    const program = await text(page, "#self-program");
    if (!program.includes(stats.version)) return program;
    const rows = await texts(page, "#self-nodes tbody tr");
    if (rows.length !== stats.nodes.length) return `${rows.length} nodes`;
    return stats.nodes.every((n, i) => rows[i].includes(n.node)) && (await text(page, "#self-http")).includes(`of at most ${stats.http.event_streams_max}`) || rows.join("|");
  });
  await eventually("samples go on", async () => {
    const { nodes } = await api("stats");
    const row = await page.locator("#self-nodes tbody tr").first().locator("td").nth(5).textContent();
    return Math.abs(Number(row) - nodes[0].performance_samples) <= 5 || `${row}, API ${nodes[0].performance_samples}`;
  });
  await eventually("the probe's share", async () => /%/.test(await page.locator("#self-nodes tbody tr").first().locator("td").nth(1).textContent()));
  await eventually("its checks", async () => (await text(page, "#self-health")).includes("/healthz 200 ok") && (await text(page, "#self-health")).includes("/readyz 200 ok"));
  check((await text(page, "#self-store")).includes("no history on disk"), "there is no store, and that is said");
});

test("a history that cannot be written is said first, in red", async ({ browser }) => {
  const { context, page, seen } = await open(browser);
  const stats = await api("stats");
  await page.route("**/api/v1/stats", (route) => route.fulfill({ json: { ...stats, store: { committed: 10, dropped: 3, bytes: 4096, failing: true, failure: "database or disk is full <b>", queued_bytes: 1 << 20, queued_max_bytes: 32 << 20 } } }));
  await go(page, null, "self");
  await page.waitForSelector("#self-health [role=alert]");
  const said = await texts(page, "#self-health .is-critical");
  check(said[0].includes("cannot be written to disk: database or disk is full <b>") && said[0].includes("1 MiB of at most 32 MiB"), said[0]);
  check(said[1].includes("3 rows of history are lost"), said.join("|"));
  check((await text(page, "#self-store")).includes("cannot be written"), "in its place, too");
  check(seen.errors.length === 0, seen.errors.join(" | "));
  await context.close();
});

test("a monitor that has no node is not ready", async ({ browser }) => {
  const { context, page } = await open(browser);
  await page.route("**/readyz", (route) => route.fulfill({ status: 503, json: { ready: false, nodes: [] } }));
  await go(page, null, "self");
  await eventually("why", async () => (await text(page, "#self-health")).includes("/readyz says 503: no node is linked."));
  await context.close();
});
