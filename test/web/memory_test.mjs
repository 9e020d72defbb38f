// SPDX-License-Identifier: Apache-2.0
// The account of a node's memory, what grows, and the allocators.

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

test("what grows, and who owns the most of it", async ({ page, node }) => {
  await go(page, node, "memory");
  await eventually("growing tables", async () => {
    const growing = (await of(node, "tables")).tables.filter((t) => t.growth_per_hour > 0).toSorted((a, b) => b.growth_per_hour - a.growth_per_hour).slice(0, 8);
    const shown = await texts(page, "#growing li");
    return shown.length === growing.length && growing.every((t, i) => shown[i].includes(t.name)) || `${shown}, API ${growing.map((t) => t.name)}`;
  });
  const owners = await page.$$eval("#memory .owners a", (all) => all.map((a) => a.getAttribute("href")));
  check(owners.length > 0 && owners.every((href) => href.includes("/processes?by=all&pid=")), owners.join(" "));
});

test("allocators, the largest first, then by what is asked", async ({ page, node }) => {
  await go(page, node, "memory");
  const names = async () => page.$$eval("#allocators tbody tr", (all) => all.map((tr) => tr.firstElementChild.textContent));
  const used = async () => (await of(node, "allocators")).allocators.filter((a) => a.carriers_bytes);
  await eventually("by size", async () => {
    const wanted = (await used()).toSorted((a, b) => b.carriers_bytes - a.carriers_bytes).map((a) => a.allocator);
    const shown = await names();
    return shown.length > 3 && shown.join() === wanted.join() || `${shown}, API ${wanted}`;
  });
  await page.locator("#allocators th button", { hasText: "Free" }).click();
  await eventually("by what is free", async () => {
    const wanted = (await used()).toSorted((a, b) => b.carriers_bytes - b.blocks_bytes - (a.carriers_bytes - a.blocks_bytes)).map((a) => a.allocator);
    return (await names()).join() === wanted.join() && page.url().includes("sort=-free") || `${await names()}, API ${wanted}`;
  });
  check((await text(page, "#allocators .note")).includes("hold nothing are left out"), "what is left out is said");
});
