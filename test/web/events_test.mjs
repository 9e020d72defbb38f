// SPDX-License-Identifier: Apache-2.0
// Events as they come, filtered, held, and those from before.

import { api, check, eventually, go, test, text, texts } from "./stage.mjs";

const idsOf = (page, list = "#events") => page.$$eval(`${list} [data-id]`, (all) => all.map((e) => Number(e.dataset.id)));

test("events come in, and are filtered by type", async ({ page, node }) => {
  await go(page, node, "events");
  await eventually("live", async () => (await text(page, "#events-state")) === "live");
  const restarts = async () => (await texts(page, '#events [data-event="restart"]')).length;
  await eventually("events", async () => (await restarts()) > 0);
  await page.click('#event-filter [data-type="restart"]');
  await eventually("filtered", async () => (await restarts()) === 0);
  check(page.url().includes("types="), page.url());
  await page.reload();
  await eventually("after a reload", async () => (await page.getAttribute('#event-filter [data-type="restart"]', "aria-pressed")) === "false" && (await page.locator("#events li").count()) > 0 && (await restarts()) === 0);
  await page.click('#event-filter [data-type="restart"]');
  await eventually("back", async () => (await restarts()) > 0);
});

test("what is shown is what happened, and new events arrive by themselves", async ({ page, node }) => {
  await go(page, node, "events", "types=restart");
  await eventually("the newest", async () => {
    const { events } = await api(`events/past?types=restart&n=20&node=${encodeURIComponent(node)}`);
    const shown = await idsOf(page);
    return events.every((ev, i) => shown[i] === ev.id) || `${shown.slice(0, 3)}, API ${events.slice(0, 3).map((ev) => ev.id)}`;
  });
  const before = (await idsOf(page))[0];
  await eventually("a new one", async () => (await idsOf(page))[0] > before);
});

test("events by severity, and by a word in them, which the address keeps", async ({ page, node }) => {
  await go(page, null, "events", "severity=high");
  await eventually("high only", async () => {
    const { events } = await api("events/past?types=health_alert,anomaly,incident&severity=high&n=1");
    const words = await texts(page, "#events .word");
    return words.length > 0 && (await idsOf(page)).includes(events[0].id) && !words.includes("restart") || words.join("|");
  });
  await go(page, null, "events", `of=${encodeURIComponent(node)}&find=connector`);
  await eventually("found", async () => {
    const shown = await texts(page, "#events [data-event]");
    return shown.length > 0 && shown.every((line) => line.includes("connector")) || shown.slice(0, 3).join("|");
  });
  check((await page.inputValue("#events-of")) === node, "the node is chosen");
  await page.fill("#view input[type=search]", "no such word");
  await eventually("why there is none", async () => (await text(page, "#events")).includes("has what is looked for"));
});

test("a list that is held does not move, and counts what it missed", async ({ page, node }) => {
  await go(page, node, "events");
  await page.waitForSelector("#events [data-id]");
  await page.click("#events-hold");
  const [first] = await idsOf(page);
  await eventually("counted", async () => /[1-9]\d* events? since/.test(await text(page, ".hold")));
  check((await idsOf(page))[0] === first, "it moved");
  await page.click("#events-hold");
  await eventually("goes on", async () => (await idsOf(page))[0] > first);
});

test("events from before", async ({ page, node }) => {
  await go(page, node, "events", "types=node");
  await page.waitForSelector("#events-more");
  await page.click("#events-more");
  await eventually("all of them", async () => {
    const shown = [...(await idsOf(page)), ...(await idsOf(page, "#events-past"))];
    const { events } = await api(`events/past?types=node&n=500&node=${encodeURIComponent(node)}`);
    if (shown.length !== events.length) return `${shown.length}, API ${events.length}`;
    return events.every((ev, i) => shown[i] === ev.id);
  });
});

test("an event leads to its moment, its supervisor, its incident", async ({ page, node }) => {
  await go(page, node, "events", "types=restart");
  await page.waitForSelector('#events [data-event="restart"]');
  const hrefs = (type) => page.$$eval(`.events [data-event="${type}"] a`, (list) => list.map((a) => a.getAttribute("href")));
  const restart = await hrefs("restart");
  check(restart.some((href) => href.includes("/charts?from=") && href.includes("&to=")), restart.slice(0, 2).join(" "));
  check(restart.some((href) => href.includes("/restarts?supervisor=demo_")), restart.slice(0, 2).join(" "));
  await go(page, node, "events", "types=incident");
  await page.click("#events-more");
  await page.waitForSelector('.events [data-event="incident"]');
  const { events } = await api("events/past?types=incident&n=50");
  check((await hrefs("incident")).some((href) => href.includes(`/incidents?id=${events.find((ev) => ev.data.change !== "joined").data.id}`)), "its incident");
});
