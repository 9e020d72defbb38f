// SPDX-License-Identifier: Apache-2.0
// The supervision tree: asked for by hand or by a link, walked by keyboard, coloured, searched; a large and hostile one.

import { check, eventually, go, of, open, test, text, texts } from "./stage.mjs";

const ITEMS = "#tree [role=treeitem]";
const seenItems = (page) => page.$$eval(ITEMS, (all) => all.filter((e) => !e.closest("[hidden]")).map((e) => Number(e.dataset.i)));
const focused = (page) => page.evaluate(() => document.activeElement.dataset.i ?? null);

async function askTree(page, node, query = "") {
  await go(page, node, "tree", query);
  await page.reload();
  await page.waitForSelector("#tree-ask");
  if (!query.includes("find=")) await page.click("#tree-ask");
  await page.waitForSelector(ITEMS);
}

test("the supervision tree is asked for by hand, and is the API's", async ({ page, node }) => {
  await go(page, node, "tree");
  await page.reload();
  await page.waitForSelector("#tree-ask");
  check((await texts(page, ITEMS)).length === 0, "a tree that nobody asked for");
  await page.focus("#tree-ask");
  await page.keyboard.press("Enter");
  await page.waitForSelector(ITEMS);
  const tree = await of(node, "tree");
  await page.locator(ITEMS).first().focus();
  // Everything is unfolded: what is shown then is all there is, in the order of the API.
  for (let n = 0; n < tree.processes.length; n++) {
    const folded = page.locator(`${ITEMS}[aria-expanded=false]`).first();
    if ((await folded.count()) === 0) break;
    await folded.focus();
    await page.keyboard.press("ArrowRight");
  }
  const shown = await page.$$eval(ITEMS, (all) => all.map((e) => e.firstElementChild.textContent));
  check(shown.length === tree.processes.length, `${shown.length} rows, API ${tree.processes.length}`);
  tree.processes.forEach((p, i) => check(shown[i].includes(p.name || p.id || p.pid), `${i}: ${shown[i]}`));
  check((await text(page, "#tree-state")).startsWith(`${tree.processes.length} processes at `), await text(page, "#tree-state"));
});

test("the tree by keyboard: fold, unfold, up, down, in, out, and what is selected", async ({ page, node }) => {
  await askTree(page, node);
  const root = page.locator(ITEMS).first();
  await root.focus();
  check((await root.getAttribute("aria-expanded")) === "true", "the root is open");
  const all = (await seenItems(page)).length;
  await page.keyboard.press("ArrowLeft");
  check((await root.getAttribute("aria-expanded")) === "false" && (await seenItems(page)).length < all, "folded");
  // The page goes on polling, and leaves it as it is.
  await page.waitForResponse((r) => r.url().endsWith("/nodes"));
  check((await root.getAttribute("aria-expanded")) === "false", "it stays folded");
  await page.keyboard.press("ArrowRight");
  check((await seenItems(page)).length === all, "unfolded");
  await page.keyboard.press("ArrowRight");
  check((await focused(page)) === "1", "in: the first child");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  check((await focused(page)) === "0", `out: ${await focused(page)}`);
  await page.keyboard.press("End");
  const last = (await seenItems(page)).at(-1);
  check((await focused(page)) === String(last), "End");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#tree-details:not([hidden])");
  const tree = await of(node, "tree");
  const shown = await text(page, "#tree-details");
  check(shown.includes(tree.processes[0].name) && shown.includes("Restarts under it"), shown);
});

test("the tree is coloured by a measure, summed up for branches", async ({ page, node }) => {
  await askTree(page, node, "heat=heap");
  check((await page.getAttribute('[data-heat="heap"]', "aria-pressed")) === "true", "by the heap");
  const tree = await of(node, "tree");
  const cells = await page.$$eval(`${ITEMS}[data-i="0"] > .line .cell`, (all) => all.map((e) => [e.dataset.measure, e.textContent]));
  check(cells.find(([measure]) => measure === "processes")[1] === String(tree.processes[0].branch.processes), JSON.stringify(cells));
  const hottest = await page.getAttribute(`${ITEMS}[data-i="0"] > .line .heat`, "class");
  check(/heat-[34]/.test(hottest), hottest);
  await page.click('[data-heat="processes"]');
  await eventually("the address says so", async () => page.url().includes("heat=processes") && (await page.getAttribute(`${ITEMS}[data-i="0"] > .line .heat`, "data-measure")) === "processes");
  check((await text(page, ".legend")).includes("a fifth"), "a legend");
});

test("a link into the tree goes to who is named", async ({ page, node }) => {
  await askTree(page, node, "find=demo_checkout");
  await eventually("found", async () => (await text(page, "#tree-details h4")) === "demo_checkout");
  check((await text(page, `${ITEMS}[aria-selected=true] > .line .name`)) === "demo_checkout", "selected");
  const links = await page.$$eval("#tree-details a", (list) => list.map((a) => a.getAttribute("href")));
  check(links.some((href) => href.includes("/processes?by=all&pid=")), links.join(" "));
  await page.fill("#view input[type=search]", "demo_");
  await eventually("all that are so called", async () => {
    const tree = await of(node, "tree");
    const n = tree.processes.filter((p) => [p.name, p.id, p.label, p.module].some((t) => t?.includes("demo_"))).length;
    const said = await text(page, "#tree-hits");
    return said.includes(`${n} found`) || `${said}, ${n} in the API`;
  });
  const first = await text(page, "#tree-details h4");
  await page.focus("#view input[type=search]");
  await page.keyboard.press("Enter");
  check((await text(page, "#tree-details h4")) !== first, "Enter goes to the next");
});

// A tree that no demo has: many rows, and names that want to be markup.
const HOSTILE = ["<img src=x onerror=alert(1)>", "x".repeat(10000), "a\u0000b\u001b[31mc", "\u202egnirts", "<script>alert(1)</script>"];

function largeTree(node, count) {
  const row = (index, parent, more) => ({ index, parent, depth: parent === null ? 0 : 1, application: "big", type: "worker", id: `w${index}`, pid: `<0.${index}.0>`, name: null, label: null, module: "m", status: "running", restarts: 0, message_queue_len: 1, heap_bytes: 1000, level: "healthy", ...more });
  const processes = [row(0, null, { type: "supervisor", name: "big_sup", children: count - 1, active: count - 1, listed: count - 1, listing: "listed", strategy: null, budget: null, branch: { level: "healthy", processes: count, restarts: 0, restarts_in_5_min: 0, heap_bytes: 1000 * count, message_queue_len: count } })];
  for (let i = 1; i < count; i++) processes.push(row(i, 0, i <= HOSTILE.length ? { name: HOSTILE[i - 1], id: HOSTILE[i - 1] } : {}));
  return { node, timestamp: new Date().toISOString(), complete: true, restarts_observed: true, processes };
}

test("a tree of 10,000 rows is bounded, and hostile names are text", async ({ browser, node }) => {
  const { context, page, seen } = await open(browser);
  await page.route("**/tree", (route) => route.fulfill({ json: largeTree(node, 10000) }));
  await go(page, node, "tree");
  await page.click("#tree-ask");
  await page.waitForSelector(ITEMS);
  check((await page.locator(ITEMS).count()) <= 500, `${await page.locator(ITEMS).count()} rows are made`);
  check((await text(page, "#tree-state")).startsWith("10000 processes"), await text(page, "#tree-state"));
  check((await page.locator("main img, main script").count()) === 0, "markup");
  const longest = await page.$$eval(`${ITEMS} .name`, (all) => Math.max(...all.map((e) => e.textContent.length)));
  check(longest <= 130, `${longest} characters`);
  await page.locator(`${ITEMS}.rest`).focus();
  const before = await page.locator(ITEMS).count();
  await page.keyboard.press("Enter");
  check((await page.locator(ITEMS).count()) > before, "more on demand");
  await page.fill("#view input[type=search]", "w9876");
  await eventually("one far down is found", async () => (await text(page, "#tree-details h4")) === "w9876");
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(over <= 0, `${over} pixels too wide`);
  check(seen.errors.length === 0, seen.errors.join(" | "));
  await context.close();
});

test("a tree that cannot be had says why", async ({ browser, node }) => {
  const { context, page } = await open(browser);
  await page.route("**/tree", (route) => route.fulfill({ status: 501, json: { error: { status: 501, message: "no supervision tree of node a@h: it is watched by plain calls" } } }));
  await go(page, node, "tree");
  await page.click("#tree-ask");
  await eventually("why", async () => (await text(page, "#tree")).includes("it is watched by plain calls"));
  await context.close();
});
