// SPDX-License-Identifier: Apache-2.0
// Restarts by supervisor.

import { eventually, go, of, test, text } from "./stage.mjs";

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
