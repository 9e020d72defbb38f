// SPDX-License-Identifier: Apache-2.0
// Anomalies.

import { eventually, go, of, test, texts } from "./stage.mjs";

test("anomalies", async ({ page, node }) => {
  await go(page, node, "anomalies");
  await eventually("anomalies", async () => {
    const [all, health] = await Promise.all([of(node, "anomalies"), of(node, "health")]);
    const shown = await texts(page, "#anomalies .finding");
    if (shown.filter((t) => t.includes("holds now")).length !== health.anomalies.length) return `${shown.length} shown`;
    return all.length === 0 || shown.some((t) => t.includes(all[0].description)) || shown.join("|");
  });
});
