// SPDX-License-Identifier: Apache-2.0
// The largest processes, and the other lists of what a node has.

import { check, eventually, go, instead, of, test, text, texts } from "./stage.mjs";

const ROWS = "#top tbody tr:not(.more)";
const pids = (page) => page.$$eval(`${ROWS} .opener`, (list) => list.map((e) => e.textContent.match(/<[\d.]+>/)?.[0]));

test("top processes by each ranking, which the address keeps", async ({ page, node }) => {
  await go(page, node, "processes");
  for (const by of ["memory", "reductions", "binary", "queue"]) {
    await page.click(`[data-by="${by}"]`);
    await eventually(by, async () => {
      const top = await of(node, `top?by=${by}`);
      const shown = await texts(page, ROWS);
      if ((await page.getAttribute(`[data-by="${by}"]`, "aria-pressed")) !== "true") return "not pressed";
      if (shown.length !== top.processes.length) return `${shown.length} rows`;
      return top.processes.every((p, i) => shown[i].includes(p.pid)) || shown.join("|");
    });
    check(page.url().includes(`by=${by}`), page.url());
  }
});

test("processes sorted by a key on a column's head, and after a reload", async ({ page, node }) => {
  await go(page, node, "processes", "by=all");
  const head = page.locator("#top th", { hasText: "Process" }).first();
  await head.locator("button").focus();
  await page.keyboard.press("Enter");
  const ascending = async () => {
    if ((await head.getAttribute("aria-sort")) !== "ascending") return "not ascending";
    const names = await page.$$eval(`${ROWS} .opener`, (list) => list.map((e) => e.querySelector("strong")?.textContent || e.textContent.match(/<[\d.]+>/)[0]));
    const sorted = names.toSorted((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    return names.length > 5 && names.every((name, i) => name === sorted[i]) || names.join(" ");
  };
  await eventually("ascending", ascending);
  check(await page.evaluate(() => document.activeElement.matches(".sort")), "the focus stays");
  await page.keyboard.press("Enter");
  await eventually("descending", async () => (await head.getAttribute("aria-sort")) === "descending");
  await page.keyboard.press("Enter");
  await eventually("ascending again", ascending);
  await page.reload();
  await eventually("after a reload", ascending);
});

test("every process of every ranking, found by a part of its name", async ({ page, node }) => {
  await go(page, node, "processes", "by=all");
  await eventually("all", async () => {
    const tops = await Promise.all(["queue", "memory", "reductions", "binary"].map((by) => of(node, `top?by=${by}`)));
    const wanted = new Set(tops.flatMap((top) => top.processes.map((p) => p.pid)));
    const shown = await pids(page);
    return shown.length === wanted.size && shown.every((pid) => wanted.has(pid)) || `${shown}, API ${[...wanted]}`;
  });
  await page.fill("#view input[type=search]", "DEMO_CHECK");
  await eventually("found", async () => {
    const shown = await texts(page, ROWS);
    return shown.length === 1 && shown[0].includes("demo_checkout") || shown.join("|");
  });
  check(page.url().includes("find=DEMO_CHECK"), page.url());
  await page.reload();
  await eventually("after a reload", async () => (await texts(page, ROWS)).length === 1 && (await page.inputValue("#view input[type=search]")) === "DEMO_CHECK");
  await page.fill("#view input[type=search]", "nobody <b>");
  await eventually("why there is none", async () => (await text(page, "#top")).includes("has “nobody <b>”"));
});

test("a process opens into what is known of it", async ({ page, node }) => {
  await go(page, node, "processes", "by=reductions");
  const opener = page.locator("#top .opener", { hasText: "demo_checkout" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#top .more");
  const p = (await of(node, "top?by=reductions")).processes.find((one) => one.name === "demo_checkout");
  await eventually("details", async () => {
    const shown = await text(page, "#top .more");
    for (const words of [p.pid, p.initial_call, p.application, ...p.ancestors]) if (!shown.includes(words)) return `${words} is not in ${shown}`;
    return shown.includes("none names it") || shown.includes("Open incidents");
  });
  const links = await page.$$eval("#top .more a", (list) => list.map((a) => a.getAttribute("href")));
  check(links.some((href) => href.includes("/tree?find=demo_orders_sup")), links.join(" "));
  check((await opener.getAttribute("aria-expanded")) === "true", "said to be open");
  const url = page.url();
  check(decodeURIComponent(url).includes(`pid=${p.pid}`), url);
  await opener.click();
  await eventually("closed", async () => (await texts(page, "#top .more")).length === 0);
  await go(page, node, "processes", "by=all&pid=<0.99999.0>");
  await eventually("one that is in no ranking", async () => (await text(page, "#top")).includes("is among the first ten of no ranking"));
});

test("who an incident names is marked, and a link in the details keeps the focus while figures change", async ({ page, node }) => {
  const p = (await of(node, "top?by=reductions")).processes.find((one) => one.name === "demo_checkout");
  const incident = { id: "20260131T235959Z-1", title: "It works <b>too much</b>", severity: "high", open: true, members: [{ culprits: [{ kind: "process", pid: p.pid, name: p.name }] }] };
  await instead(page, { incidents: [incident] }, async () => {
    await go(page, node, "processes", `by=reductions&pid=${encodeURIComponent(p.pid)}`);
    await eventually("marked", async () => (await texts(page, "#top tbody .tag")).join() === "in an incident" && (await page.getAttribute("#top tbody .tag", "href")).includes(`/incidents?id=${incident.id}`));
    await eventually("named", async () => (await text(page, "#top .more")).includes("It works <b>too much</b>"));
    await page.locator("#top .more a", { hasText: "Show it in the tree" }).focus();
    const figures = () => text(page, "#top");
    const before = await figures();
    await eventually("figures change", async () => (await figures()) !== before);
    check((await page.evaluate(() => document.activeElement.textContent)) === "Show it in the tree", "the focus stays");
  });
});

test("how much was walked is said", async ({ page, node }) => {
  await go(page, node, "processes", "by=memory");
  await eventually("walked", async () => {
    const { metrics } = await of(node, "performance");
    return (await text(page, "#top .note")).includes(`looked at ${metrics.mq_scanned} of ${metrics.mq_total} processes`) || text(page, "#top .note");
  });
});

const LISTS = { tables: (t) => t.name, groups: (g) => g.name, ports: (p) => p.name, links: (l) => l.peer };

test("groups, tables, ports, links and what the VM told", async ({ page, node }) => {
  for (const [list, name] of Object.entries(LISTS)) {
    await go(page, node, "processes", `list=${list}`);
    await eventually(list, async () => {
      const answer = await of(node, list);
      const rows = answer[list];
      const shown = await texts(page, "#top tbody tr");
      if (shown.length !== rows.length) return `${shown.length} rows, API ${rows.length}`;
      return rows.length ? rows.every((row) => shown.some((s) => s.includes(name(row)))) || shown.join("|") : (await text(page, "#top")).includes("No process owns enough ports") || text(page, "#top");
    });
  }
  await go(page, node, "processes", "list=vm_events");
  await eventually("vm_events", async () => {
    const vm = await of(node, "vm_events");
    const shown = await text(page, "#top");
    return shown.includes(vm.events[0]?.pid ?? "The VM has told of nothing") && shown.includes(`Long schedulings${vm.counts.long_schedule}`) || shown;
  });
});

test("tables by growth, the largest first", async ({ page, node }) => {
  await go(page, node, "processes", "list=tables");
  await page.locator("#top th button", { hasText: "Memory" }).click();
  await eventually("sorted", async () => {
    const head = page.locator("#top th", { hasText: "Memory" });
    if ((await head.getAttribute("aria-sort")) !== "descending") return "not descending";
    const tables = (await of(node, "tables")).tables.map((t) => t.memory).toSorted((a, b) => b - a);
    const shown = await texts(page, "#top tbody tr");
    return tables.length === shown.length && page.url().includes("sort=-memory");
  });
});
