// SPDX-License-Identifier: Apache-2.0
// Reports: of a range of time, and the post-mortems that are kept.

import { BASE, check, eventually, go, of, open, test, text, texts } from "./stage.mjs";

const range = (minutes) => {
  const to = new Date(), from = new Date(to - minutes * 60000);
  return `from=${from.toISOString()}&to=${to.toISOString()}`;
};

test("a report of a range is read on the page, and is the API's", async ({ page, node }) => {
  const times = range(60);
  await go(page, node, "reports", times);
  await page.locator("#range-report a", { hasText: "Read it here" }).click();
  await page.waitForSelector("#report .report-verdict");
  const [, from, to] = times.match(/from=(.*)&to=(.*)/);
  const r = await of(node, `report?since=${from}&until=${to}`);
  const shown = await text(page, "#report");
  check(shown.includes(r.verdict.title), `${shown.slice(0, 300)} lacks ${r.verdict.title}`);
  for (const reason of r.verdict.reasons) check(shown.includes(reason), reason);
  for (const x of r.restarts.by_child) check(shown.includes(x.child_id), x.child_id);
  check((await texts(page, "#report figure.small")).length >= 4, "its readings are drawn");
  const labels = await page.$$eval("#report svg", (all) => all.map((e) => e.getAttribute("aria-label")));
  check(labels.every((label) => /^.+: from .+ to .+, at the end .+$/.test(label)), labels.join("|"));
  check(page.url().includes("id=range") && page.url().includes("from="), page.url());
  await page.reload();
  await page.waitForSelector("#report .report-verdict");
});

test("a report of a range as HTML, JSON and text", async ({ page, context, node }) => {
  await go(page, node, "reports", range(60));
  const href = (word) => page.locator("#range-report a", { hasText: new RegExp(`^${word}$`) }).getAttribute("href");
  await page.waitForSelector("#range-report a");
  for (const [word, type] of [["HTML", "text/html"], ["JSON", "application/json"], ["text", "text/plain"]]) {
    const answer = await context.request.get(BASE + (await href(word)));
    check(answer.status() === 200 && answer.headers()["content-type"].startsWith(type), `${word}: ${answer.status()} ${answer.headers()["content-type"]}`);
  }
  const [html] = await Promise.all([context.waitForEvent("page"), page.locator("#range-report a", { hasText: /^HTML$/ }).click()]);
  await html.waitForLoadState();
  check((await html.title()).length > 0 && (await html.locator("body").textContent()).includes(node), "the page of its own");
  await html.close();
});

test("no post-mortem yet: why is said", async ({ page }) => {
  await go(page, null, "reports");
  await eventually("why", async () => (await text(page, "#reports")).includes("none has ended since the watch began"));
});

// One that is kept, made of what the API says of a range.
async function keptReport(node) {
  const r = await of(node, "report");
  const end = new Date().toISOString();
  return { ...r, id: "20260131T235959Z-a@h", kind: "post_mortem", end: { timestamp: end, what: "The VM’s process was <b>gone</b> at once.", state: "unreachable", detail: "x".repeat(10000), stopping: false, process: "gone", os_pid: 7, oom_kills: true, returned: "restarted", returned_at: end, crash_dump: { path: "/var/erl_crash.dump", slogan: "eheap_alloc: Cannot allocate", cause: null, note: null } },
    verdict: { ...r.verdict, cause: "memory_limit", title: "It ran out of memory <img src=x onerror=alert(1)>" } };
}

test("post-mortems: listed, opened by key, closed; what they say is text", async ({ browser, node }) => {
  const { context, page, seen } = await open(browser);
  const kept = await keptReport(node);
  const head = { id: kept.id, node, start: kept.time_range.start, end: kept.time_range.end, cause: kept.verdict.cause, title: kept.verdict.title, confidence: 0.9 };
  await page.route("**/api/v1/reports", (route) => route.fulfill({ json: [head, { ...head, id: "20260130T000000Z-b@h", node: "b@h", cause: "hung", title: "it hung" }] }));
  await page.route("**/api/v1/reports/*", (route) => route.fulfill({ json: kept }));
  await go(page, null, "reports");
  await eventually("both", async () => (await texts(page, "#reports tbody tr")).length === 2);
  const first = page.locator("#reports tbody a").first();
  await first.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#report .report-verdict");
  const shown = await text(page, "#report");
  for (const words of ["memory limit", kept.verdict.title, "<b>gone</b>", "the kernel killed processes for want of memory", "a new VM came up", "eheap_alloc: Cannot allocate"]) check(shown.includes(words), words);
  check((await page.locator("main img, main b").count()) === 0, "markup");
  check(decodeURIComponent(page.url()).includes(`id=${kept.id}`), page.url());
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(over <= 0, `${over} pixels too wide`);
  await page.locator("#reading a", { hasText: "Close" }).click();
  await page.waitForSelector("#reading", { state: "hidden" });
  await go(page, node, "reports");
  await eventually("of this node only", async () => (await texts(page, "#reports tbody tr")).length === 1);
  check(seen.errors.length === 0, seen.errors.join(" | "));
  await context.close();
});

test("a post-mortem that is gone says so", async ({ page, seen }) => {
  await go(page, null, "reports", "id=20200101T000000Z-nobody@h");
  await eventually("why", async () => (await text(page, "#report")).includes("It cannot be read: there is no report"));
  seen.errors.splice(0, seen.errors.length, ...seen.errors.filter((e) => !e.includes("404"))); // which the browser tells of every answer of that kind
  await go(page, null, "reports");
});
