// SPDX-License-Identifier: Apache-2.0
// The account of a node's memory.

import { check, eventually, go, of, test, texts } from "./stage.mjs";

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
