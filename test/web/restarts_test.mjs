// SPDX-License-Identifier: Apache-2.0
// Restarts: the time line shows what /marks has, and tells it in words; the table shows the statistics.

import { api, check, eventually, go, instead, of, test, text, texts } from "./stage.mjs";

const MINUTE = 60000;
const iso = (t) => new Date(t).toISOString();
const KINDS = ["restart", "start_error", "gave_up", "collateral"];

// What is drawn: of each child's lane how many restarts.
const drawn = (page) => page.$$eval(".lane-child", (list) => Object.fromEntries(list.map((g) => [g.dataset.lane, [...g.querySelectorAll("[data-n]")].reduce((n, e) => n + Number(e.dataset.n), 0)])));
const rows = (marks) => Object.fromEntries(marks.restarts.rows.map((r) => [`${r.supervisor}\n${r.child_id}`, KINDS.reduce((n, kind) => n + r[kind], 0)]));
const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort()) || `drawn ${JSON.stringify(a)}, API ${JSON.stringify(b)}`;

test("restarts by supervisor", async ({ page, node }) => {
  await go(page, node, "restarts");
  await eventually("restarts", async () => {
    const r = await of(node, "restarts");
    const shown = await text(page, "#restarts");
    if (!r.most_restarted_children.length) return shown.length > 0 || "nothing is said";
    if (!(await text(page, "#restarts-total")).startsWith(`${r.total_restarts} since`)) return "total";
    return r.most_restarted_children.every((c) => shown.includes(c.supervisor) && shown.includes(c.child_id)) || shown;
  });
});

test("restarts on the time line: as many marks as the API has of that time", async ({ page, node }) => {
  const to = Date.now() - 2000, from = to - 20 * MINUTE;
  await go(page, node, "restarts", `from=${iso(from)}&to=${iso(to)}`);
  await eventually("marks", async () => same(await drawn(page), rows(await of(node, `marks?start=${from}&end=${to}`))));
  const said = await page.getAttribute("#restarts-plot", "aria-label");
  const { restarts } = await of(node, `marks?start=${from}&end=${to}`);
  check(said.includes(`${restarts.restart} restart`), said);
  await page.click(".as-list summary");
  const told = restarts.rows.flatMap((r) => KINDS.flatMap((kind) => r.times?.[kind] ?? (r.counts?.[kind] ?? []).filter(Boolean))).length;
  await eventually("the same as a list", async () => (await page.$$(".as-list li")).length === Math.min(told, 200) || `${(await page.$$(".as-list li")).length}, not ${told}`);
});

test("restarts come onto the time line as they happen", async ({ page, node }) => {
  await go(page, node, "restarts", "span=1h");
  const total = async () => Object.values(await drawn(page)).reduce((a, b) => a + b, 0);
  await eventually("the first ones", async () => (await total()) > 0);
  const before = await total();
  await eventually("one more", async () => (await total()) > before);
  await eventually("all of them", async () => same(await drawn(page), rows(await of(node, `marks?start=${Date.now() - 60 * MINUTE}&end=${Date.now()}`))));
});

test("a restart is told in words, by keyboard, with the way to the charts", async ({ page, node }) => {
  await go(page, node, "restarts", "span=15m");
  await page.waitForSelector(".lane-child [data-n]");
  await page.focus("#restarts-plot");
  await page.keyboard.press("ArrowLeft");
  await eventually("picked", async () => {
    const { recent } = await of(node, "restarts");
    const said = await text(page, "#restarts-picked");
    return recent.some((r) => said.startsWith(`${r.child_id} under ${r.supervisor}: restart after a failure at`) && said.includes(r.reason)) || said;
  });
  const first = await text(page, "#restarts-picked");
  await page.keyboard.press("Home");
  check((await text(page, "#restarts-picked")) !== first, `Home stays at ${first}`);
  await page.keyboard.press("ArrowUp");
  check((await page.$$(".cursor")).length === 1, "no cursor");
  const href = await page.getAttribute(".picked-links a:has-text('Charts')", "href");
  check(/\/charts\?from=.*&to=/.test(href), href);
  await page.keyboard.press("Escape");
  check((await text(page, "#restarts-picked")).startsWith("Point at a mark"), "Escape");
});

test("the time line is zoomed by key and by dragging, and the address says it", async ({ page, node }) => {
  await go(page, node, "restarts", "span=1h");
  await page.waitForSelector(".lane-child [data-n]");
  await page.focus("#restarts-plot");
  await page.keyboard.press("+");
  const range = () => {
    const params = new URLSearchParams(page.url().split("?")[1]);
    return [Date.parse(params.get("from")), Date.parse(params.get("to"))];
  };
  await eventually("half as long", () => {
    const [from, to] = range();
    return Math.abs(to - from - 30 * MINUTE) < MINUTE || page.url();
  });
  const [from, to] = range();
  await page.waitForSelector(".lane-child");
  const box = await page.locator("#restarts-plot").boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await eventually("a quarter", () => {
    const [a, b] = range();
    return (Math.abs(a - from - 0.25 * (to - from)) < 5000 && Math.abs(b - from - 0.5 * (to - from)) < 5000) || `${iso(a)} to ${iso(b)}`;
  });
  await page.goBack();
  await eventually("Back", () => range()[0] === from);
});

test("a supervisor is folded, and all its reasons are told", async ({ page, node }) => {
  await go(page, node, "restarts", "span=15m");
  await page.waitForSelector(".lane-child");
  const before = (await page.$$(".lane-child")).length;
  const fold = page.locator(".lane-fold").first();
  await fold.focus();
  await page.keyboard.press("Enter");
  check((await fold.getAttribute("aria-expanded")) === "false", "not folded");
  check((await page.$$(".lane-child")).length < before, "its children are still there");
  const button = page.locator("#restarts button:has-text('all reasons')").first();
  const supervisor = (await button.getAttribute("data-key")).replace("reasons ", "");
  await button.click();
  await eventually("reasons", async () => {
    const { restart_reasons: reasons } = await of(node, `restarts?supervisor=${encodeURIComponent(supervisor)}`);
    const shown = await text(page, "#restarts .reasons");
    return Object.entries(reasons).slice(0, 10).every(([reason, n]) => shown.includes(`${n} × ${reason}`)) || shown;
  });
});

// ---- what the demo does not do ---------------------------------------------------------------------------------------

const T = Math.floor(Date.now() / 1000) * 1000;
const row = (supervisor, child_id, times, more = {}) => ({ supervisor, child_id, group: false, restart: times.restart?.length || 0, start_error: times.start_error?.length || 0, gave_up: times.gave_up?.length || 0, collateral: times.collateral?.length || 0,
  first: iso(T - 10 * MINUTE), last: iso(T - 10000), times, ...more });
const pattern = (type, supervisor, child_id, more) => ({ type, supervisor, child_id, pattern: `17 restarts in 11 s: ${child_id}`, frequency: 17, confidence: 0.99, first: iso(T - 9 * MINUTE), last: iso(T - MINUTE), detected: iso(T - 5 * MINUTE), active: true, ...more });
const marksOf = (list, patterns, more = {}) => ({
  time_range: { start: iso(T - 15 * MINUTE), end: iso(T) }, boots: [{ booted: iso(T - 12 * MINUTE), lost: null, seen: null }], unseen: [{ start: iso(T - 14 * MINUTE), end: iso(T - 13 * MINUTE) }], links: [], deploys: [{ timestamp: iso(T - 11 * MINUTE), changed: 2, text: "shop 1.4.2 -> 1.5.0 and 1 more" }],
  incidents: [{ id: "i1", title: "Something", severity: "high", opened: iso(T - 8 * MINUTE), ended: null, type: "restart_anomaly", culprit: null }], anomalies: [], health: [], patterns,
  restarts: { restart: list.reduce((n, r) => n + r.restart, 0), start_error: 0, gave_up: 0, collateral: 0, since: null, step: 3, rows: list, left_out: { rows: 0, restarts: 0 } }, left_out: {}, ...more,
});
const every = (ms, n, until = T - 10000) => Array.from({ length: n }, (_, i) => until - (n - 1 - i) * ms);

test("each pattern and each kind of mark has a shape of its own", async ({ page, node }) => {
  const beats = every(60000, 8).filter((_, i) => i !== 3);
  const root = every(90000, 5);
  const marks = marksOf([
    row("a_sup", "clock", { restart: beats }),
    row("b_sup", "root", { restart: root }),
    row("b_sup", "follower", { restart: root.map((t) => t + 2000), collateral: [T - 30000] }),
    row("c_sup", "loaded", { restart: every(100000, 4), start_error: [T - 40000], gave_up: [T - 20000] }),
  ], [
    pattern("periodic_restart", "a_sup", "clock", { interval_ms: 60000, missed: 1, next: iso(T + 50000) }),
    pattern("cascading_failure", "b_sup", "root", { members: [{ supervisor: "b_sup", child_id: "root" }, { supervisor: "b_sup", child_id: "follower" }], delay_ms: 2000 }),
    pattern("resource_correlated", "c_sup", "loaded", { resource_type: "memory", metric: "vm_memory_total", delay_ms: 5000, unit: "bytes" }),
    pattern("restart_storm", "c_sup", "loaded", {}),
  ]);
  await instead(page, { marks }, async () => {
    await go(page, node, "restarts", "span=1h");
    await page.waitForSelector(".cascade");
    for (const [what, n] of [[".beat-missed", 1], [".next-beat", 1], [".spike", 1], [".storm", 1], [".boot", 1], [".deploy", 1], [".incident", 1], [".tick-gave_up", 2], [".tick-start_error", 1], [".lane-child .tick-collateral", 1]])
      check((await page.$$(`.lane-picture ${what}`)).length === n, `${what}: ${(await page.$$(`.lane-picture ${what}`)).length}, not ${n}`);
    check((await page.getAttribute(".cascade", "data-rounds")) === "5", `rounds: ${await page.getAttribute(".cascade", "data-rounds")}`);
    const notes = (await texts(page, ".lane-picture .note")).join(" | ");
    for (const words of ["every 60 s, 1 missed", "cascade: follower within 2 s", "cascade, after root", "after spikes of vm_memory_total", "storm: 17 restarts in 11 s"]) check(notes.includes(words), `${words} is not in ${notes}`);
  });
});

test("thousands of restarts and hostile names are drawn in a bounded picture", async ({ page, node, seen }) => {
  const counts = Array.from({ length: 288 }, (_, i) => (i % 7 ? 40 : 0));
  const evil = `<img src=x onerror=alert(1)>\u202e${"x".repeat(10000)}`;
  const list = Array.from({ length: 100 }, (_, i) => ({ ...row(i < 50 ? evil : `sup_${i % 9}`, i === 0 ? evil : `child_${i}`, {}), times: undefined, restart: counts.reduce((a, b) => a + b), counts: { restart: counts } }));
  await instead(page, { marks: marksOf(list, [pattern("restart_storm", evil, evil, { pattern: evil })]) }, async () => {
    await go(page, node, "restarts", "span=6h");
    await eventually("these", async () => (await page.$$(".lane-fold")).length === 10);
    for (const fold of await page.$$(".lane-fold[aria-expanded=false]")) await fold.evaluate((e) => e.click());
    await eventually("all lanes", async () => (await page.$$(".lane-child .density")).length === 100);
    const elements = await page.$$eval(".lane-picture *", (all) => all.length);
    check(elements < 3000, `${elements} elements`);
    check((await page.$$("main img")).length === 0, "markup of a node's");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(wide <= 0, `the page is ${wide} px too wide`);
    check(seen.errors.length === 0, seen.errors.join(" | "));
  });
});

test("a time without restarts, and a server that does not tell, are said in place", async ({ page, node, seen }) => {
  await go(page, node, "restarts", "from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z");
  await eventually("nothing", async () => (await text(page, "#restarts-line")).includes("No supervisor restarted a child in this time") || (await text(page, "#restarts-line")));
  seen.offline = true; // the browser tells of the refused answer
  await page.route((url) => url.pathname.endsWith("/marks"), (route) => route.fulfill({ status: 503, json: { error: { status: 503, message: "too many are asking" } } }));
  await go(page, node, "restarts", "from=2020-01-02T00:00:00Z&to=2020-01-02T01:00:00Z");
  await page.waitForSelector("#restarts-line [role=alert]");
  check((await text(page, "#restarts-line [role=alert]")).includes("too many are asking"), "why");
  await page.unrouteAll({ behavior: "wait" });
  seen.offline = false;
  await eventually("it recovers", async () => !(await page.$("#restarts-line [role=alert]")));
});

// The detectors judge a restart two minutes after it came, and want some beats: three to four minutes after the demo's begin.
test("the demo's periodic child is drawn with its next beat", async ({ page, node }) => {
  const names = (await api(`nodes/${encodeURIComponent(node)}/restarts`)).most_restarted_children.map((c) => c.child_id);
  if (!names.includes("reporter")) return; // another node
  await go(page, node, "restarts", "span=15m");
  const lane = '.lane-child[data-lane="demo_catalog_sup\\00000areporter"]';
  await eventually("it is said to come evenly, or every 16 s", async () => (await text(page, `${lane} .note`)).includes("every 16 s"), 120000);
  await eventually("the next beat", async () => {
    const next = await page.getAttribute(`${lane} .next-beat`, "data-next", { timeout: 1000 });
    const told = (await of(node, "predictions")).find((p) => p.child_id === "reporter" && p.type === "periodic_restart");
    return (told && Math.abs(Date.parse(next) - Date.parse(told.next_failure)) < 17000) || `${next}, API ${told?.next_failure}`;
  }, 300000);
});
