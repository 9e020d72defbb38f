// SPDX-License-Identifier: Apache-2.0
// The address says what is shown, so that a link to any moment can be shared:
//
//   #/                                        all nodes; the node, where there is but one
//   #/nodes?state=critical&q=shop             all nodes, some of them
//   #/events  #/reports  #/self               views of all nodes
//   #/node/shop@host                          a node
//   #/node/shop@host/charts?from=2026-11-26T05:00:00Z&to=2026-11-26T05:10:00Z
//
// `from` and `to`, or `span` (the last 24h, which goes on with the clock), are common to the views over time, and stay while one goes from one to another.

const KEPT = ["from", "to", "span"];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not encoded by us: take it as it is
  }
}

/** readRoute(hash): { node: name or null, view: id or null (the first one), params }. "#shop@host", as links of former days are, is a node. */
export function readRoute(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?", 2);
  const params = new URLSearchParams(query);
  if (!path.startsWith("/")) return { node: path ? decoded(path) : null, view: null, params };
  const [first, second, third] = path.slice(1).split("/");
  if (first === "node" && second) return { node: decoded(second), view: third || null, params };
  return { node: null, view: first || null, params };
}

/** linkTo({ node, view, params }): the address, with what of `route` is kept of times. */
export function linkTo({ node = null, view = null, params = {} }, route = null) {
  const all = new URLSearchParams();
  if (node && route?.node === node && !KEPT.some((key) => key in params)) for (const key of KEPT) if (route.params.has(key)) all.set(key, route.params.get(key));
  for (const [key, value] of Object.entries(params)) if (value !== null && value !== undefined) all.set(key, value);
  const path = node ? `/node/${encodeURIComponent(node.toWellFormed())}${view ? `/${view}` : ""}` : `/${view || ""}`;
  // Colons and @ may stand in a fragment, and addresses are read by people.
  const query = all.toString().replaceAll("%3A", ":");
  return `#${path.replaceAll("%40", "@")}${query ? `?${query}` : ""}`;
}
