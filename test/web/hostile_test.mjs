// SPDX-License-Identifier: Apache-2.0
// What comes from outside may be anything: each view says something plain, runs nothing, and stays within the page. Arsenal's own answers are turned on the
// way (fake.mjs), so what is tried follows the API by itself.

import { event, everywhere, fake } from "./fake.mjs";
import { check, clean, deeper, eventually, open, test, text, texts } from "./stage.mjs";

const ATTACKS = [
  `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`,
  `"><svg onload=window.hacked=1>{{7*7}}`,
  `\u202egnp.exe\u202c\u2066 turned \u2069\u200f`,
  "control \u0000\u0007\u001b[31m\u009b2J\r\n\ttext",
  "lone \ud800 and \udfff, \ufffd\ufffe\uffff",
  "x".repeat(10000),
  `${"a,".repeat(5000)}`,
  "بسم الله الرحمن الرحيم 漢字 🧨",
  "",
  "javascript:window.hacked=1",
];
// Words that the API promises to be of a few, times and addresses: they are turned in the second round only.
const PROMISED = /^(type|severity|state|level|overall_status|unit|kind|status|strategy|joined|listing|restart_type|change|criterion|cause|id|change|version|trend|name)$/;
const TIME = /^\d{4}-\d\d-\d\dT/;

let turn = 0;
const attack = () => ATTACKS[turn++ % ATTACKS.length];
const hostile = (value, key) => (typeof value === "string" && !PROMISED.test(key) && !TIME.test(value) ? attack() : value);
const nonsense = (value) => (typeof value === "string" ? attack() : typeof value === "number" ? [1e308, -1, 0, 0.1 + 0.2][turn++ % 4] : typeof value === "boolean" ? turn++ % 2 === 0 : value);
const named = (rows, name) => rows.map((n, i) => ({ ...n, name: typeof name === "function" ? name(i) : name }));

// Every view that the page has for it.
async function addresses(page, base, name) {
  await page.goto(`${base}/#/node/${encodeURIComponent(name.toWellFormed())}`);
  await page.waitForSelector("#tabs a");
  return [...(await page.$$eval("#places a, #tabs a", (links) => links.map((a) => a.getAttribute("href")))), ...deeper(name.toWellFormed())];
}

const hacked = (page) => page.evaluate(() => window.hacked || document.querySelectorAll("main script, main img, main svg[onload], main [onerror], main [onload], main iframe, main a[href^='javascript']").length);

// odd: arsenal never answers so, and it is enough that the view says that it cannot show it.
async function plain(page, where, odd = false) {
  await eventually(`${where}: it says something`, async () => {
    const said = await page.evaluate(() => [...document.querySelectorAll("#view, #nothing, #missing, #lost")].filter((e) => e.checkVisibility()).map((e) => e.innerText.trim()).join(" "));
    const busy = (await page.getAttribute("#view", "aria-busy")) === "true" && !(await page.isVisible("#nothing"));
    return (!busy && said.length > 10) || `busy ${busy}: ${said.slice(0, 200)}`;
  });
  check(odd || (await page.$(".broken")) === null, `${where}: ${await page.$eval("#view", (e) => e.querySelector(".broken")?.textContent)}`);
  check(!(await hacked(page)), `${where}: something ran, or got in as markup`);
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).at(-1);
    return `${document.documentElement.scrollWidth - width} pixels too wide: ${wide?.outerHTML.slice(0, 200)}`;
  });
  check(over === null, `${where}: ${over}`);
}

// A page before a server whose answers are turned; each view of it is looked at.
async function everyView({ browser, node }, turn, { name = node, options, odd = false, ready = async () => {} } = {}) {
  const server = await fake(node, (what, value, url) => (what === "nodes" ? named(turn(what, value, url), name) : turn(what, value, url)));
  const { context, page, seen } = await open(browser, options, server.base);
  seen.offline = true;
  const faults = [];
  try {
    for (const address of await addresses(page, server.base, name)) {
      await page.goto(server.base + "/" + address);
      await ready(page, server);
      await plain(page, address.split("?")[0].split("/").slice(-1)[0], odd).catch((error) => faults.push(error.message));
    }
    clean(seen);
    check(faults.length === 0, faults.join("\n     "));
  } finally {
    await context.close();
    await server.close();
  }
}

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

for (const [where, options] of [["on a desk", {}], ["on a phone", PHONE]]) {
  test(`names and reasons may be anything, ${where}`, (stage) => everyView(stage, (what, value) => everywhere(value, hostile), {
    name: `<img src=x onerror=window.hacked=1>\u202e${"n".repeat(200)}@\u0000host/..?#&`, options,
    async ready(page, server) {
      server.say(event(Date.now() * 10, "restart", ATTACKS[0], { supervisor: ATTACKS[2], child_id: ATTACKS[5], reason: ATTACKS[3], kind: "restart", restart_count: 3 }));
      server.say(event(Date.now() * 10 + 1, "incident", ATTACKS[4], { change: ATTACKS[1], title: ATTACKS[6], next_step: ATTACKS[0] }));
    },
  }));
}

test("nothing that is known", (stage) => everyView(stage, (what, value) => everywhere(value, () => null)));
test("fields that are not there", (stage) => everyView(stage, (what, value) => (what === "nodes" ? [{}] : Array.isArray(value) ? [] : {}), { odd: true }));
test("empty rows where there should be some", (stage) => everyView(stage, (what, value) => hollow(value), { odd: true }));
test("words and numbers that make no sense", (stage) => everyView(stage, (what, value) => everywhere(value, nonsense), { odd: true }));
test("answers of another kind", (stage) => everyView(stage, (what, value) => (what === "nodes" ? value : [7, "seven", null, [], {}, [null], true][turn++ % 7]), { odd: true }));
test("nothing but errors", (stage) => everyView(stage, (what, value) => (what === "nodes" ? value : { status: 500, raw: `{"error":{"status":500,"message":"<b>out of ideas</b>"}}` })));
test("answers that are no JSON", (stage) => everyView(stage, (what, value) => (what === "nodes" ? value : { status: 200, raw: `{"half": [1, 2` })));
test("answers that take their time", (stage) => everyView(stage, (what, value) => (what === "nodes" ? value : { wait: 700, value })));

// The same lists with nothing in their rows.
function hollow(value, depth = 0) {
  if (Array.isArray(value)) return value.slice(0, 3).map((v) => (v !== null && typeof v === "object" ? {} : v));
  if (value !== null && typeof value === "object" && depth < 2) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, hollow(v, depth + 1)]));
  return value;
}

async function before(stage, turn, run, options = {}) {
  const server = await fake(stage.node, turn);
  const { context, page, seen } = await open(stage.browser, options, server.base);
  seen.offline = true;
  try {
    await run(page, server);
    clean(seen);
  } finally {
    await context.close();
    await server.close();
  }
}

test("no node: what to do is said", (stage) => before(stage, (what, value) => (what === "nodes" ? [] : value), async (page, { base }) => {
  await page.goto(`${base}/`);
  await eventually("said", async () => (await text(page, "#nothing")).includes("arsenal watch"));
  await plain(page, "no node");
}));

test("the list of nodes is wrong: it is said, and the page recovers", (stage) => {
  let wrong = { status: 500, raw: "{}" };
  return before(stage, (what, value) => (what === "nodes" && wrong ? wrong : value), async (page, { base }) => {
    await page.goto(`${base}/#/nodes`);
    for (const [answer, words] of [[wrong, "500"], [{ raw: "[{" }, "no JSON"], [{ raw: "{}" }, "no list"], [{ status: 401, raw: "" }, "token"]]) {
      wrong = answer;
      await eventually(words, async () => (await text(page, "#lost")).includes(words) || text(page, "#lost"));
    }
    wrong = null;
    await page.waitForSelector("#lost", { state: "hidden" });
    await page.waitForSelector("#overview a");
  });
});

test("the server gone and back, with another version", (stage) => before(stage, (what, value) => value, async (page, server) => {
  await page.goto(`${server.base}/#/node/${encodeURIComponent(stage.node)}/now`);
  await page.waitForSelector("#criteria li");
  await server.close();
  await page.waitForSelector("#lost:not([hidden])");
  check((await text(page, "#lost")).includes("What is shown is old"), await text(page, "#lost"));
  check((await texts(page, "#criteria li")).length > 0, "what was known stays");
  server.tag = '"another"';
  await server.reopen();
  await page.waitForSelector("#lost", { state: "hidden" });
  await eventually("events again", async () => (await text(page, "#live")).includes("events live"));
  await eventually("the update is told", async () => (await text(page, "#notices")).includes("Arsenal was updated"));
  server.tag = null;
  await page.click("#notices button");
  await eventually("a page of the new version", async () => (await page.$$("#notices p")).length === 0 && (await page.$$("#criteria li")).length > 0);
}));

test("a stream of events that breaks, and tells nonsense", (stage) => before(stage, (what, value) => value, async (page, server) => {
  server.events = () => ["event: restart\ndata: {\n\n", "event: restart\ndata: null\n\n", "event: incident\ndata: {\"id\":1,\"data\":null}\n\n", "event: node\ndata: 7\n\n"];
  await page.goto(`${server.base}/#/events`);
  await eventually("live", async () => (await text(page, "#live")).includes("events live"));
  const id = Date.now() * 100;
  server.say(event(id, "restart", "first@host", { supervisor: "s", child_id: "c", reason: "r" }));
  await eventually("told", async () => (await text(page, "#view")).includes("first@host"));
  server.events = () => [event(id + 1, "restart", "second@host", { supervisor: "s", child_id: "c", reason: "r" })];
  server.cut();
  await eventually("after the break", async () => (await text(page, "#view")).includes("second@host"));
}));

test("a node never reached, one without figures yet, one that is down", (stage) => {
  const rows = (n) => [
    { ...n, name: "never@host", state: "refused", detail: "cookie rejected", last_sample: null, overall_status: "unknown", incident: null, open_incidents: 0, worst: null, since: n.since },
    { ...n, name: "new@host", state: "up", last_sample: null, overall_status: "unknown", overall_since: null, incident: null, open_incidents: 0, worst: null },
    { ...n, name: "gone@host", state: "unreachable", detail: "the connection was closed" },
  ];
  const turned = (what, value, url) => (what === "nodes" ? rows(value[0]) : url.pathname.includes("new@host") || url.pathname.includes("never@host") ? everywhere(Array.isArray(value) ? [] : value, () => null) : value);
  return before(stage, turned, async (page, { base }) => {
    await page.goto(`${base}/`);
    await eventually("all of them", async () => ["never@host", "cookie rejected", "--cookie-file", "gone@host", "the connection was closed"].every((words) => page.$eval("#view", (e, w) => e.innerText.includes(w), words)));
    const told = async (name, ...words) => {
      await page.goto(`${base}/#/node/${name}/now`);
      await eventually(name, async () => {
        const shown = await page.innerText("#main");
        return words.every((w) => shown.includes(w)) || shown;
      });
    };
    await told("never@host", "refused", "cookie rejected", "--cookie-file");
    await told("new@host", "not judged yet", "No sample has come yet");
    await told("gone@host", "unreachable", "the connection was closed", "All figures below are old", "tried again by itself");
  });
});

test("a store that cannot be written, and a wrong clock, are said on every page", (stage) => before(stage,
  (what, value) => (what === "stats" ? { ...value, store: { committed: 1, dropped: 2, bytes: 3, failing: true } } : value), async (page, server) => {
    server.date = () => new Date(Date.now() + 300000).toUTCString();
    for (const address of ["#/nodes", `#/node/${encodeURIComponent(stage.node)}/memory`]) {
      await page.goto(`${server.base}/${address}`);
      await eventually(address, async () => {
        const told = await text(page, "#notices");
        return (told.includes("store cannot be written") && told.includes("5 min behind the server's")) || told;
      });
    }
  }));

test("two hundred nodes: found, sorted, steady while read, drawn in no time", (stage) => {
  const states = ["healthy", "healthy", "healthy", "warning", "critical", "unknown"];
  let odd = null; // this one is critical
  const many = (n) => Array.from({ length: 200 }, (_, i) => {
    const down = i % 40 === 7;
    const status = i === odd ? "critical" : states[i % states.length];
    return { ...n, name: `shop-${i}@rack${i % 9}`, state: down ? "unreachable" : "up", overall_status: status, cpu_utilization: (i * 37 + Date.now() / 100) % 100, last_sample: new Date().toISOString(),
      incident: status === "critical" && !down ? { id: `i${i}`, title: `Trouble ${i}`, severity: "high", opened: n.since } : null, open_incidents: status === "critical" ? 1 : 0 };
  });
  return before(stage, (what, value) => (what === "nodes" ? many(value[0]) : value), async (page, { base }) => {
    await page.goto(`${base}/`);
    const names = () => texts(page, "#overview tr:not(.group) .name");
    await eventually("all rows", async () => (await names()).length === 200);
    check((await texts(page, "#overview .group")).join() === "Not linked,Critical,Warning,Not judged yet,Healthy", "groups");
    await plain(page, "200 nodes");
    const first = await names();
    const last = first.at(-1);
    await page.locator("#overview a", { hasText: last }).first().focus();
    odd = Number(last.match(/\d+/)[0]);
    await page.waitForSelector("#resort:not([hidden])");
    check(JSON.stringify(await names()) === JSON.stringify(first), "rows stay while they are read");
    await page.click("#resort");
    await eventually("sorted again", async () => (await names()).indexOf(last) < 60);
    await page.fill("#overview-search", "shop-19");
    await eventually("found", async () => (await names()).length === 11);
    await page.fill("#overview-search", "");
    // What makes a refresh slow is layouts, one for each cell that changes; the time is told, and no test (it is that of a busy machine).
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    const metrics = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
    const drawn = () => page.waitForResponse((r) => r.url().endsWith("/api/v1/nodes"));
    await drawn();
    const began = await metrics();
    for (let i = 0; i < 4; i++) await drawn();
    const ended = await metrics();
    const each = (name) => (ended[name] - began[name]) / 4;
    console.log(`     a refresh of 200 nodes: ${(each("TaskDuration") * 1000).toFixed(0)} ms of the main thread, all that came between included`);
    check(each("LayoutCount") < 12, `${each("LayoutCount")} layouts a refresh`);
    await page.goto(`${base}/#/node/${encodeURIComponent(last)}/now`);
    await page.waitForSelector("#nodes a");
    check((await page.$$("#nodes a")).length === 200, "all beside");
    await page.fill("#side-search", "shop-19");
    await eventually("found beside", async () => (await page.$$("#nodes a")).length === 11);
  });
});
