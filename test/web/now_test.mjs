// SPDX-License-Identifier: Apache-2.0
// A node now: what is shown is what the API says.

import { check, eventually, go, of, test, text, texts } from "./stage.mjs";

test("overall status and every criterion", async ({ page, node }) => {
  await go(page, node, "now");
  await eventually("criteria", async () => {
    const health = await of(node, "health");
    const shown = await texts(page, "#criteria li");
    const verdict = await text(page, "#node-head .word");
    const word = health.overall_status === "unknown" ? "not judged yet" : health.overall_status;
    if (verdict !== word) return `verdict ${verdict}, API ${word}`;
    const all = Object.entries(health.criteria);
    if (shown.length !== all.length) return `${shown.length} criteria`;
    return all.every(([, c], i) => shown[i].includes(c.level === "unknown" ? "not observed" : c.level)) || JSON.stringify(shown);
  });
});

test("recommendations and what cannot be seen", async ({ page, node }) => {
  await go(page, node, "now");
  await eventually("verdict", async () => {
    const [health, info] = await Promise.all([of(node, "health"), of(node)]);
    const shown = await text(page, "#verdict");
    for (const words of [...health.recommendations, info.info.note || ""]) if (!shown.includes(words)) return `${shown} lacks ${words}`;
    return true;
  });
});

test("figures of the last sample", async ({ page, node }) => {
  await go(page, node, "now");
  await eventually("processes", async () => {
    const performance = await of(node, "performance");
    const shown = await page.$eval('#charts [data-metric="process_count"] data', (e) => [e.value, e.textContent].join());
    const want = performance.metrics.process_count;
    return want < 10000 ? shown === `${want},${want}` || `${shown}, API ${want}` : true;
  });
});

test("charts are drawn", async ({ page, node }) => {
  await go(page, node, "now");
  await eventually("ink", async () => {
    const inked = await page.$$eval("#charts canvas", (list) => list.map((c) => {
      if (!c.width) return 0;
      return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0 ? 1 : 0), 0);
    }));
    return inked.filter((n) => n > 20).length >= 3 || `${inked}`;
  });
  const labels = await page.$$eval("#charts .plot", (list) => list.map((c) => c.getAttribute("aria-label")));
  check(labels.length === 6 && labels.every(Boolean), `${labels}`);
});

test("charts begin before the page was opened", async ({ page, node }) => {
  await go(page, node, "now");
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

test("what a node says is text, never markup", async ({ page, node }) => {
  await go(page, node, "now");
  const foreign = await page.$$eval("main script, main img, main iframe, main [onerror], main [style*=url]", (list) => list.length);
  check(foreign === 0, `${foreign} elements`);
});
