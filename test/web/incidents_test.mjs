// SPDX-License-Identifier: Apache-2.0
// Incidents of a node, of all nodes, and the anomalies beside them.

import { api, check, eventually, go, of, test, text, texts } from "./stage.mjs";

const card = (id) => `[data-incident="${id}"]`;

test("incidents: open ones first, each with what the API says", async ({ page, node }) => {
  await go(page, node, "incidents");
  await eventually("incidents", async () => {
    const all = await of(node, "incidents");
    const [open, ended] = await Promise.all(["#incidents-open", "#incidents-ended"].map((box) => page.$$eval(`${box} [data-incident]`, (list) => list.map((e) => [e.dataset.incident, e.textContent]))));
    if (open.length !== all.filter((i) => i.open).length || ended.length !== all.filter((i) => !i.open).length) return `${open.length} open, ${ended.length} ended`;
    return all.every((i) => {
      const [, words] = [...open, ...ended].find(([id]) => id === i.id) || [null, ""];
      return words.includes(i.title) && (!i.open || (words.includes(i.next_step) && words.includes("open since")));
    }) || `${open} ${ended}`;
  });
});

test("an address opens an incident: its findings with the reason why, its time line, its links", async ({ page, node }) => {
  await eventually("an incident", async () => (await of(node, "incidents")).length > 0, 60000);
  const [{ id }] = (await of(node, "incidents")).toSorted((a, b) => b.members.length - a.members.length);
  await go(page, node, "incidents", `id=${id}`);
  await eventually("opened", async () => {
    const incident = (await of(node, "incidents")).find((i) => i.id === id);
    const shown = await texts(page, `${card(id)} .details .finding`);
    if (shown.length !== incident.members.length) return `${shown.length} findings`;
    return incident.members.every((m, i) => shown[i].includes(m.description)) || shown.join(" | ");
  });
  check((await page.$$(`${card(id)} .mini-row`)).length > 1, "no time line");
  check((await text(page, `${card(id)} .details`)).includes("it opened the incident"), "why the first one belongs to it");
  const charts = await page.getAttribute(`${card(id)} .links a:has-text('Charts')`, "href");
  check(/\/charts\?from=.*&to=/.test(charts), charts);
  await page.click(`${card(id)} h4 a`);
  await eventually("closed", async () => !page.url().includes("id=") && (await page.$(`${card(id)} .details .finding`)) === null || (await of(node, "incidents?open=true")).length === 1);
  await page.goBack();
  await page.waitForSelector(`${card(id)} .details`);
});

test("an incident's culprit is a link to the process", async ({ page, node }) => {
  await go(page, node, "incidents");
  const named = () => of(node, "incidents").then((all) => all.find((i) => i.root?.culprits?.[0]?.pid));
  await eventually("an incident with a culprit", async () => Boolean(await named()), 120000);
  const incident = await named();
  const [culprit] = incident.root.culprits;
  await eventually("the link", async () => {
    const links = await page.$$eval(`${card(incident.id)} .told a`, (list) => list.map((a) => [a.textContent, a.getAttribute("href")]));
    return links.some(([words, href]) => words.includes(culprit.name ?? culprit.pid) && href.includes(`/processes?by=all&pid=${encodeURIComponent(culprit.pid)}`)) || JSON.stringify(links);
  });
});

test("incidents by keyboard: Enter opens one, and the address says which", async ({ page, node }) => {
  await go(page, node, "incidents");
  await page.waitForSelector("[data-incident]");
  await page.keyboard.press("j");
  const id = await page.evaluate(() => document.activeElement.closest("[data-incident]")?.dataset.incident);
  check(id, "j does not get to an incident");
  await page.keyboard.press("Enter");
  await eventually("opened, or closed where it was open", async () => page.url().includes(`id=${id}`) || (await page.getAttribute(`${card(id)} h4 a`, "aria-expanded")) === "false");
});

test("an incident that is not kept is said so", async ({ page, node }) => {
  await go(page, node, "incidents", "id=20200101T000000Z-00000000");
  await page.waitForSelector("#view [role=status]:has-text('is not among those that are kept')");
});

test("open incidents of all nodes", async ({ page }) => {
  await go(page, null, "incidents");
  await eventually("incidents", async () => {
    const nodes = (await api("nodes")).filter((n) => n.open_incidents);
    const all = (await Promise.all(nodes.map((n) => of(n.name, "incidents?open=true").then((list) => list.map((i) => [n.name, i]))))).flat();
    const shown = await texts(page, "#all-incidents [data-incident]");
    if (!all.length) return (await text(page, "#all-incidents")).includes("No incident is open") || "nothing is said";
    return (shown.length === all.length && all.every(([name, i]) => shown.some((words) => words.includes(i.title) && words.includes(name)))) || shown.join(" | ");
  });
});

test("anomalies, also by their former address: those outside of incidents, and all", async ({ page, node }) => {
  await go(page, node, "anomalies");
  await eventually("outside", async () => {
    const [all, health] = await Promise.all([of(node, "anomalies"), of(node, "health")]);
    const outside = all.filter((a) => !a.incident).length;
    const shown = await texts(page, "#anomalies .finding");
    if (shown.length !== outside && health.anomalies.length === 0) return `${shown.length} shown, API ${outside}`;
    return shown.length > 0 || (await text(page, "#anomalies")).length > 0;
  });
  await page.click('[data-key="anomalies all"]');
  await eventually("all", async () => {
    const [all, health] = await Promise.all([of(node, "anomalies"), of(node, "health")]);
    const shown = await texts(page, "#anomalies .finding");
    if (shown.filter((t) => t.includes("holds now")).length !== health.anomalies.length) return `${shown.length} shown`;
    return all.length === 0 || shown.some((t) => t.includes(all[0].description)) || shown.join("|");
  });
});
