// SPDX-License-Identifier: Apache-2.0
// Ahead: what is foretold, and which limit is reached when; "no trend" is an answer.

import { check, eventually, go, instead, of, test, text, texts } from "./stage.mjs";

const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const iso = (t) => new Date(t).toISOString();

test("capacity: of each resource what the API says, and no date without a trend", async ({ page, node }) => {
  await go(page, node, "ahead");
  await eventually("capacity", async () => {
    const capacity = await of(node, "capacity");
    const shown = await page.$$eval("#capacity [data-resource]", (list) => list.map((e) => [e.dataset.resource, e.textContent]));
    if (shown.length !== Object.keys(capacity).length) return `${shown.length} rows`;
    return shown.every(([name, words]) => {
      const c = capacity[name];
      if (c.current === null) return words.includes("not observed");
      if (!c.span) return words.includes("too little history");
      return c.trend ? words.includes("an hour") : words.includes("No trend in the last");
    }) || shown.join(" | ");
  });
});

test("predictions: as many as the API has, or why there is none", async ({ page, node }) => {
  await go(page, node, "ahead");
  await eventually("predictions", async () => {
    const told = await of(node, "predictions");
    const shown = await page.$$eval("#predictions [data-prediction]", (list) => list.map((e) => e.dataset.prediction));
    if (!told.length) return (await text(page, "#predictions")).startsWith("No failure is foretold") || (await text(page, "#predictions"));
    return told.every((p) => shown.includes(`${p.type} ${p.supervisor} ${p.child_id}`)) || shown.join(" | ");
  });
});

// What takes days in life.
test("each kind of prediction has its bar or its distance, and words for both", async ({ page, node }) => {
  const now = Date.now();
  const base = { child_id: "child", supervisor: "sup", confidence: 0.8 };
  const predictions = [
    { ...base, type: "periodic_restart", text: "child fails: next in 1 h; look for a timer", next_failure: iso(now + HOUR), earliest: iso(now + 50 * MINUTE), latest: iso(now + 80 * MINUTE) },
    { ...base, type: "restart_budget", child_id: null, text: "sup: gives up; read its children's exit reasons", next_failure: iso(now + 20000), earliest: iso(now + 10000), latest: null, left: 1, intensity: 3, period: 5000 },
    { ...base, type: "resource_correlated", child_id: "<b>hostile</b>\u202e", text: "child fails when …; bound what it takes", next_failure: null, earliest: null, latest: null, resource_type: "memory", metric: "vm_memory_total", trigger: 2 ** 30, present: 2 ** 29, distance: 2 ** 29, unit: "bytes" },
  ];
  const capacity = {
    memory: { current: 6e9, limit: 8e9, unit: "bytes", utilization: 75, trend: true, growth_per_hour: 1e7, growth_range: { low: 8e6, high: 1.2e7 }, span: DAY, time_left: 8 * DAY, full_at: iso(now + 8 * DAY), earliest: iso(now + 6 * DAY), latest: iso(now + 10 * DAY), horizon: 30 * DAY, confidence: 0.8, text: "memory: …; see which processes grow" },
    atoms: { current: 1e5, limit: 1048576, unit: "count", utilization: 9.5, trend: false, growth_per_hour: null, growth_range: { low: null, high: null }, span: DAY, time_left: null, full_at: null, earliest: null, latest: null, horizon: 30 * DAY, confidence: 0.8, text: "atoms: no trend" },
  };
  await instead(page, { predictions, capacity }, async () => {
    await go(page, node, "ahead");
    await eventually("these", async () => (await page.$$("[data-prediction]")).length === 3 && (await page.$$("[data-resource]")).length === 2);
    const shown = await texts(page, "[data-prediction]");
    check(/in (59 min|1 h 0 min), at .*80 % that it is between (49|50) min and 1 h (19|20) min from now/.test(shown[0]) && shown[0].includes("Look for a timer"), shown[0]);
    check(shown[1].includes("sup gives up") && shown[1].includes("1 of 3 restarts in 5 s left") && shown[1].includes("it may be much later"), shown[1]);
    check(shown[2].includes("When is not foreseeable") && shown[2].includes("512 MiB below it") && shown[2].includes("comes at 1 GiB"), shown[2]);
    check((await page.$$("#predictions b, #predictions img")).length === 0, "markup of a node's");
    const [earlier, later] = await page.$$eval(".ahead-point", (list) => list.map((e) => e.getBoundingClientRect().left));
    check(earlier > later, "an hour stands left of 20 s");
    const memory = await text(page, '[data-resource="memory"]');
    check(/full in (7 d 23|8 d 0) h/.test(memory) && memory.includes("+9.5 MiB an hour, between +7.6 MiB and +11.4 MiB"), memory);
    check((await text(page, '[data-resource="atoms"]')).includes("No trend in the last 1 d 0 h, so no date"), "no trend");
    check((await text(page, ".meaning")).startsWith("80 % means"), "what 80 % means");
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/ahead.png`, fullPage: true });
  });
});
