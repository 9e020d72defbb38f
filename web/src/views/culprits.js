// SPDX-License-Identifier: Apache-2.0
// Culprits as links to where more is told of them.

import { el, list } from "../dom.js";
import { culprit } from "../words.js";

const LISTS = { table: "tables", parent: "groups", initial_call: "groups", port_owner: "ports", port_parent: "ports" };

function paramsOf(c) {
  if (LISTS[c.kind]) return { list: LISTS[c.kind], find: (c.name || c.pid || "").slice(0, 200) || null };
  return c.pid ? { by: "all", pid: c.pid } : { find: (c.name || "").slice(0, 200) || null };
}

/** culpritLinks(app, node, culprits): with commas between. */
export const culpritLinks = (app, node, all, max = 5) => list(all.slice(0, max).map((c, i) => el("a", { href: app.link({ node, view: "processes", params: paramsOf(c) }), "data-key": `culprit ${i} ${c.pid} ${c.name}` }, culprit(c))));
