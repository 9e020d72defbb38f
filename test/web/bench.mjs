// SPDX-License-Identifier: Apache-2.0
// What the charts of a day cost a browser: CPU time of the page's main thread, for on a busy machine a wall clock tells of others; payload; the longest task.
//
//   BASE_URL=http://127.0.0.1:4900 NODE=name@host node bench.mjs       against a store of a day (scripts/bench_web.sh)
//
// "all open" has the charts of all metrics on the page, as many of them drawn as have been on the screen once.

import { BASE, launch, open } from "./stage.mjs";

const NODE = process.env.NODE;
if (!BASE || !NODE) {
  console.error("BASE_URL and NODE are wanted: see scripts/bench_web.sh");
  process.exit(2);
}

const browser = await launch();
const { page } = await open(browser);
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
const cpu = async () => (await cdp.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value * 1000;

const answers = [];
page.on("response", (r) => r.url().includes("/api/v1/") && answers.push({ path: new URL(r.url()).pathname.split("/").pop(), size: r.body().then((b) => b.length, () => 0) }));

// The costliest piece of work of ours: what lies between the begin and the end of one function that the browser calls, as the thread's own time.
async function longest(run) {
  const events = [];
  const take = ({ value }) => events.push(...value);
  cdp.on("Tracing.dataCollected", take);
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] } });
  await run();
  const done = new Promise((resolve) => cdp.once("Tracing.tracingComplete", resolve));
  await cdp.send("Tracing.end");
  await done;
  cdp.off("Tracing.dataCollected", take);
  // The thread on which our frames are drawn.
  const main = events.find((e) => e.name === "FireAnimationFrame");
  const tasks = events.filter((e) => main && e.pid === main.pid && e.tid === main.tid && e.ph === "X" && /RunTask|ThreadControllerImpl::RunTask/.test(e.name)).map((e) => (e.tdur ?? e.dur) / 1000);
  return { longest: Math.max(0, ...tasks), tasks: tasks.length };
}

const rows = [];
async function step(name, run) {
  answers.length = 0;
  const before = await cpu();
  const work = await longest(run);
  const sizes = await Promise.all(answers.map((a) => a.size));
  const history = sizes.filter((_, i) => answers[i].path === "history");
  rows.push([name, (await cpu()) - before, work.longest, answers.length, sizes.reduce((a, b) => a + b, 0), history.length, history.reduce((a, b) => a + b, 0)]);
}

const state = () => page.evaluate(() => {
  const all = [...document.querySelectorAll("figure.metric-chart")].map((f) => f.chart);
  return { charts: all.length, drawn: all.filter((c) => c.u).length };
});
// What is on the screen is drawn, at the range that the address has.
const settled = () => page.waitForFunction(() => {
  const seen = [...document.querySelectorAll("figure.metric-chart")].filter((f) => f.checkVisibility() && f.getBoundingClientRect().top < innerHeight && f.getBoundingClientRect().bottom > 0);
  return seen.length > 0 && seen.every((f) => f.chart.words.textContent !== "…" && (!f.chart.u || f.chart.u.root.hidden || Math.abs(f.chart.u.scales.x.min - f.chart.from) < 1));
}, null, { timeout: 40000 });

const charts = `${BASE}/#/node/${encodeURIComponent(NODE)}/charts?span=24h`;
await page.goto(`${BASE}/#/`);
await page.waitForSelector('#view[aria-busy="false"]');
await step("open a day", async () => {
  await page.goto(charts);
  await page.waitForSelector("figure canvas", { timeout: 40000 });
  await settled();
});
await step("open all groups", async () => {
  await page.click("text=Open all");
  await settled();
});
await step("scroll through all", async () => {
  for (;;) {
    const more = await page.evaluate(() => {
      const before = scrollY;
      scrollBy(0, innerHeight * 0.8);
      return scrollY > before;
    });
    if (!more) break;
    await settled();
  }
});
const { charts: number, drawn } = await state();

await page.evaluate(() => scrollTo(0, 0));
await settled();
const over = await (await page.$(".charts-group[open] .plot .u-over")).boundingBox();
await step("zoom by dragging", async () => {
  await page.mouse.move(over.x + over.width * 0.4, over.y + 20);
  await page.mouse.down();
  await page.mouse.move(over.x + over.width * 0.6, over.y + 20, { steps: 10 });
  const finer = page.waitForResponse((r) => r.url().includes("/history?"));
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes("from="));
  await finer;
  await settled();
});
await step("zoom by 20 turns of the wheel", async () => {
  const before = page.url();
  await page.keyboard.down("Control");
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, i < 10 ? -40 : 30);
  await page.keyboard.up("Control");
  await page.waitForFunction((url) => location.href !== url, before);
  await settled();
});
await step("the cursor over 100 places", async () => {
  await page.mouse.move(over.x, over.y + 30);
  await page.mouse.move(over.x + over.width - 2, over.y + 30, { steps: 100 });
});

const kb = (n) => `${(n / 1000).toFixed(0)} kB`;
console.log(`charts of a day: ${number} on the page, ${drawn} drawn\n`);
console.log(["", "CPU ms", "longest task ms", "requests", "bytes", "of history", "bytes"].map((h, i) => (i ? h.padStart(16) : h.padEnd(32))).join(""));
for (const [name, ms, long, n, bytes, h, hb] of rows) console.log(name.padEnd(32) + [ms.toFixed(0), long.toFixed(1), n, kb(bytes), h, kb(hb)].map((v) => String(v).padStart(16)).join(""));
await browser.close();
