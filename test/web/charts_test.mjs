// SPDX-License-Identifier: Apache-2.0
// Charts over time: what they draw is what /history and /marks say, and the address says what they show.

import { check, eventually, go, of, test, text } from "./stage.mjs";

const LIVE = "span=15m";

// What the page asks for is kept, as the step of a chart is in it.
function watchHistory(page) {
  const asked = [];
  const keep = (response) => {
    const url = new URL(response.url());
    if (url.pathname.endsWith("/history")) asked.push({ url, query: Object.fromEntries(url.searchParams), size: response.body().then((b) => b.length, () => 0) });
  };
  page.on("response", keep);
  return { asked, stop: () => page.off("response", keep) };
}

const plot = (metric) => `.charts-group[open] .plot[data-metric="${metric}"]`;
const drawn = (page, metric) => page.waitForSelector(`${plot(metric)} canvas`);
const chartOf = (page, metric, what) => page.$eval(`.charts-group[open] figure[data-metric="${metric}"]`, (figure, key) => {
  const { chart } = figure;
  return { scale: () => [chart.u.scales.x.min, chart.u.scales.x.max], rows: () => chart.columns.t.length, last: () => chart.columns.t.at(-1), step: () => chart.columns.step, cursor: () => chart.u.cursor.left, value: () => figure.querySelector("data").value }[key]();
}, what);

async function open(page, node, query = LIVE) {
  await go(page, node, "charts", query);
  await page.waitForSelector('#view[aria-busy="false"] .charts-group');
  await drawn(page, "process_count");
}

const params = (page) => page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.split("?")[1] || "")));

// A range that is over, so that all answers about it are the same.
async function past(node, seconds = 20) {
  const { metrics } = await of(node, "history?step=1&metric=process_count");
  const last = metrics.process_count.time.at(-1) - 3000;
  return { from: last - seconds * 1000, to: last };
}
const queryOf = ({ from, to }) => `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;

test("charts: values are those of the API", async ({ page, node }) => {
  const range = await past(node, 30);
  await open(page, node, queryOf(range));
  const step = await chartOf(page, "process_count", "step");
  const metrics = ["process_count", "cpu_utilization", "vm_memory_total", "reductions", "gc_collections"];
  await eventually("as fine as a second", async () => (await chartOf(page, "reductions", "step")) === 1000 || "coarse");
  const api = await of(node, `history?start=${range.from}&end=${range.to}&step=${step / 1000}&times=shared&digits=5&fields=value&metric=${metrics.join()}`);
  await page.focus(plot("process_count"));
  let compared = 0;
  for (let i = 0, before = null; i < 6; i++) {
    await page.keyboard.press("Shift+ArrowRight");
    await eventually("the cursor goes on", async () => (await page.getAttribute(".strip-time", "datetime")) !== before || before);
    before = await page.getAttribute(".strip-time", "datetime");
    const t = Date.parse(before);
    const row = api.time.indexOf(t);
    check(row >= 0, `the API has no ${t}`);
    for (const m of metrics) {
      const want = api.metrics[m].value[row];
      if (want === null) continue;
      compared++;
      const shown = Number(await chartOf(page, m, "value"));
      check(shown === want, `${m} at ${t}: ${shown}, API ${want}`);
    }
  }
  check(compared >= 20, `${compared} values compared`);
});

test("charts: the cursor is in all of them, with what each has there", async ({ page, node }) => {
  await open(page, node, queryOf(await past(node)));
  await drawn(page, "vm_memory_total");
  const box = await (await page.$(`${plot("process_count")} .u-over`)).boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await eventually("cursors", async () => {
    const [a, b] = [await chartOf(page, "process_count", "cursor"), await chartOf(page, "vm_memory_total", "cursor")];
    return (Math.abs(a - box.width * 0.6) < 2 && Math.abs(a - b) < 1 && (await text(page, ".strip-time")) !== "") || `${a}, ${b}`;
  });
  check((await chartOf(page, "vm_memory_total", "value")) !== "", "no value");
  await page.mouse.move(5, 5);
  await eventually("gone", async () => (await text(page, ".strip-time")) === "" || "still there");
});

test("charts: dragging zooms all of them, into the address; finer data comes; Back undoes it", async ({ page, node }) => {
  await open(page, node, "span=24h");
  const coarse = await chartOf(page, "process_count", "step");
  const seen = watchHistory(page);
  const box = await (await page.$(`${plot("process_count")} .u-over`)).boundingBox();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.95, box.y + 20, { steps: 3 });
  await page.mouse.move(box.x + box.width + 4, box.y + 20, { steps: 3 }); // up to now: the demo is young
  await page.mouse.up();
  await eventually("address", async () => Boolean((await params(page)).from) || "no from");
  const { from, to } = await params(page);
  check(Date.parse(to) - Date.parse(from) < 3.6e6 * 3, `${from} ${to}`);
  await eventually("finer", async () => (await chartOf(page, "process_count", "step")) < coarse || `${coarse}`);
  check(seen.asked.some((a) => Number(a.query.step) * 1000 < coarse), "nothing finer was asked for");
  for (const m of ["process_count", "run_queue"])
    await eventually(m, async () => {
      const scale = await chartOf(page, m, "scale");
      return (Math.abs(scale[0] - Date.parse(from)) < 2 && Math.abs(scale[1] - Date.parse(to)) < 2) || `${scale}`;
    });
  await page.goBack();
  await eventually("back", async () => {
    const scale = await chartOf(page, "process_count", "scale");
    return (!(await params(page)).from && Math.abs(scale[1] - scale[0] - 86400000) < 1000) || `${scale}`;
  });
  seen.stop();
});

test("charts: a link opens exactly its range", async ({ page, node }) => {
  const range = await past(node);
  await open(page, node, queryOf(range));
  await eventually("range", async () => {
    const scale = await chartOf(page, "process_count", "scale");
    return (scale[0] === range.from && scale[1] === range.to) || `${scale}`;
  });
});

test("charts: the keyboard zooms and moves", async ({ page, node }) => {
  const range = await past(node, 40);
  await open(page, node, queryOf(range));
  await page.focus(plot("run_queue"));
  await page.keyboard.press("+");
  await eventually("nearer", async () => {
    const { from, to } = await params(page);
    return Date.parse(to) - Date.parse(from) === 20000 || `${from} ${to}`;
  });
  const { from } = await params(page);
  await page.keyboard.press("ArrowLeft");
  await eventually("earlier", async () => Date.parse((await params(page)).from) === Date.parse(from) - 5000 || JSON.stringify(await params(page)));
  await page.keyboard.press("-");
  await eventually("wider", async () => {
    const { from: a, to: b } = await params(page);
    return Date.parse(b) - Date.parse(a) === 40000 || `${a} ${b}`;
  });
  await page.keyboard.press("0");
  await eventually("all", async () => !(await params(page)).from || "still zoomed");
});

test("charts: what is new comes by itself, without asking for all again", async ({ page, node }) => {
  await open(page, node);
  const before = await chartOf(page, "process_count", "last");
  const seen = watchHistory(page);
  await eventually("newer", async () => (await chartOf(page, "process_count", "last")) >= before + 4000 || "nothing new");
  for (const { query } of seen.asked) check(Number(query.end) - Number(query.start) < 120000, `asked for ${(query.end - query.start) / 1000} s`);
  check(seen.asked.length > 0, "nothing was asked for");
  seen.stop();
});

test("charts: marks are those of the API, each tells itself in words and leads on", async ({ page, node }) => {
  const range = await past(node, 60);
  await open(page, node, queryOf(range));
  const api = await of(node, `marks?start=${range.from}&end=${range.to}`);
  const within = (list, key) => list.filter((one) => Date.parse(one[key]) >= range.from && Date.parse(one[key]) <= range.to).length;
  const restarts = ["restart", "start_error", "gave_up", "collateral"].reduce((sum, kind) => sum + api.restarts[kind], 0);
  const want = { incidents: api.incidents.length, findings: within(api.anomalies, "timestamp") + within(api.health, "timestamp"), restarts };
  await eventually("marks", async () => {
    const shown = await page.$$eval(".lane", (lanes) => Object.fromEntries(lanes.map((l) => [l.className.split("lane-")[1], [...l.querySelectorAll("a")].reduce((sum, a) => sum + Number(a.dataset.n), 0)])));
    return Object.entries(want).every(([lane, n]) => shown[lane] === n) || `${JSON.stringify(shown)}, API ${JSON.stringify(want)}`;
  });
  check(want.restarts > 0, "no restart in that time");
  const mark = page.locator(".lane-restarts a").first();
  await mark.hover();
  await eventually("words", async () => (await text(page, ".strip-words")) === (await mark.getAttribute("aria-label")) || (await text(page, ".strip-words")));
  await mark.focus();
  await page.keyboard.press("ArrowRight");
  check(await page.evaluate(() => document.activeElement.matches(".lanes a")), "the arrow keys leave the marks");
  await page.locator(".lane-restarts a").first().focus();
  await page.keyboard.press("Enter");
  await eventually("leads on", async () => /\/(restarts|charts)\?/.test(page.url()) || page.url());
});

test("charts: what was usual is a band", async ({ page, node }) => {
  await open(page, node);
  await eventually("band", async () => {
    const band = await page.$eval(`.charts-group[open] figure[data-metric="process_count"]`, ({ chart: { columns, u } }) => {
      const i = columns.low.findLastIndex((v, k) => v !== null && columns.high[k] > v);
      if (i < 1) return null;
      const x = Math.round(u.valToPos((columns.t[i] + columns.t[i - 1]) / 2, "x", true)), y = (v) => Math.round(u.valToPos(v, "y", true));
      const copy = new OffscreenCanvas(u.ctx.canvas.width, u.ctx.canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(u.ctx.canvas, 0, 0);
      const pixel = (at) => [...copy.getImageData(x, at, 1, 1).data];
      const { top, height } = u.bbox;
      const inside = Math.max(top + 5, Math.min(top + height - 5, (y(columns.low[i]) + y(columns.high[i])) / 2));
      return { inside: pixel(Math.round(inside)), low: columns.low[i], high: columns.high[i] };
    });
    return (band && band.inside[3] > 0) || JSON.stringify(band);
  });
});

test("charts: the first view is small, in one request for many", async ({ browser, page, node }) => {
  await page.goto("about:blank");
  const seen = watchHistory(page);
  await open(page, node, "span=24h");
  await eventually("all on the screen", () => page.$$eval(".charts-group[open] figure", (all) => all.filter((f) => f.getBoundingClientRect().top < innerHeight && f.dataset.metric !== "restarts_per_minute").every((f) => f.querySelector("canvas") || /value in this time|Not observed/.test(f.textContent))));
  const sizes = await Promise.all(seen.asked.map((a) => a.size));
  const bytes = sizes.reduce((a, b) => a + b, 0);
  check(bytes <= 300000, `${bytes} bytes`);
  check(seen.asked.length <= 3, `${seen.asked.length} requests`);
  check(browser.isConnected(), "gone");
  seen.stop();
});

test("charts: in words, and as tables", async ({ page, node }) => {
  await open(page, node);
  const words = await page.getAttribute(plot("vm_memory_total"), "aria-label");
  check(/^VM: total: (now|last) .*; lowest .* at .*; highest .* at .*; (no|\d+) anomal/.test(words), words);
  await page.click("text=As tables");
  await page.waitForSelector(".charts-group[open] figure[data-metric=process_count] table tbody tr");
  const heads = await page.$$eval("figure[data-metric=process_count] th", (all) => all.map((e) => e.textContent).join());
  check(heads === "Time,Mean,Lowest,Highest", heads);
  await page.click("text=As tables");
  await drawn(page, "process_count");
});

test("charts: groups open, a metric is found by its name, and a link leads to it", async ({ page, node }) => {
  await open(page, node);
  await page.click("text=Open all");
  await page.waitForSelector('.charts-group[data-group="io"] figure[data-metric="open_fds"]');
  const sample = await of(node, "performance");
  const shown = new Set(await page.$$eval("figure", (all) => all.map((f) => f.dataset.metric)));
  for (const m of Object.keys(sample.metrics)) check(shown.has(m), `${m} has no chart`);
  await page.click("text=Close all");
  await page.fill(".charts-find", "atom used");
  await page.waitForSelector('section:not([hidden]) figure[data-metric="vm_memory_atom_used"]');
  check(await page.$eval(".charts-groups", (e) => e.hidden), "the groups are still there");
  await page.fill(".charts-find", "no such thing");
  check((await text(page, "section .aside")).includes("No metric has"), await text(page, "section .aside"));
  await go(page, node, "charts", "span=1h&find=port_count");
  await page.waitForSelector('section:not([hidden]) figure[data-metric="port_count"] canvas');
  await page.fill(".charts-find", "");
  await page.press(".charts-find", "Enter");
});

test("charts: of a time before anything was kept this is said", async ({ page, node }) => {
  await go(page, node, "charts", "from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z");
  await eventually("words", async () => (await text(page, ".charts-notice")).startsWith("Nothing is kept of the time") || (await text(page, ".charts-notice")));
});
