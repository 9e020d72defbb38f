// SPDX-License-Identifier: Apache-2.0
// What is inside a node: memory, the supervision tree.

import { check, eventually, go, of, test, text, texts } from "./stage.mjs";

test("memory, level by level", async ({ page, node }) => {
  await go(page, node, "memory");
  await eventually("memory", async () => {
    const memory = await of(node, "memory");
    const shown = await texts(page, "#memory .level");
    if (shown.length !== memory.levels.length) return `${shown.length} levels`;
    if (memory.levels.some((level) => level.bytes === null)) return "the account is not complete yet";
    return memory.levels.every((level, i) => level.parts.every((part) => shown[i].includes(part.name.replaceAll("_", " ")))) || shown.join("|");
  });
  const bars = await page.$$eval("#memory .stack", (stacks) => stacks.map((s) => [...s.children].reduce((sum, i) => sum + i.getBoundingClientRect().width, 0) / s.getBoundingClientRect().width));
  check(bars.length === 4 && bars.every((full) => Math.abs(full - 1) < 0.01), `bars: ${bars}`);
});

test("the supervision tree, asked for by hand and walked by keyboard", async ({ page, node }) => {
  await go(page, node, "tree");
  check((await texts(page, "#tree li")).length === 0, "a tree that nobody asked for");
  await page.focus("#tree-ask");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#tree li");
  const tree = await of(node, "tree");
  const shown = await texts(page, "#tree .line");
  check(shown.length === tree.processes.length, `${shown.length} rows, API ${tree.processes.length}`);
  tree.processes.forEach((p, i) => check(shown[i].includes(p.name || p.id || p.pid), `${i}: ${shown[i]}`));
  check((await text(page, "#tree-state")).startsWith(`${tree.processes.length} processes at `), await text(page, "#tree-state"));
  const first = page.locator("#tree summary").first();
  const open = () => first.evaluate((e) => e.parentElement.open);
  check(await open(), "the root is open");
  await first.focus();
  await page.keyboard.press("Enter");
  check(!(await open()), "closed by Enter");
  // The page goes on polling, and leaves it as it is.
  await page.waitForResponse((r) => r.url().endsWith("/nodes"));
  check(!(await open()), "it stays closed");
  await page.keyboard.press("Enter");
  check(await open(), "opened again");
});
