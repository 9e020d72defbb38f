// SPDX-License-Identifier: Apache-2.0
// A server between the browser and the running arsenal, which tells what it is told to: answers are those of arsenal, turned into something else on the way.
// It serves the page itself, as arsenal does (the same policy), can go away and come back, and has a stream of events of its own.

import { createServer } from "node:http";
import { BASE, headers } from "./stage.mjs";

const EVENT_HEAD = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };

/**
 * fake(node, turn): turn(what, value) gets the resource ("nodes", "health", "top" …; the last word of the path) and arsenal's answer, and returns what is
 * sent instead: a value as JSON, { raw, status } as it is, or { wait } in ms before arsenal's own. Whatever node is asked for, arsenal is asked for `node`.
 */
export async function fake(node, turn = (what, value) => value) {
  const state = { turn, tag: null, streams: new Set(), events: () => [], date: null };
  const server = createServer((request, response) => answer(node, state, request, response).catch((error) => {
    if (!response.headersSent) response.writeHead(502);
    response.end(String(error));
  }));
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address();
  return Object.assign(state, {
    base: `http://127.0.0.1:${port}`,
    async close() {
      for (const s of state.streams) s.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    reopen: () => listen(port),
    /** say(text): into the streams of events, as it is. */
    say(text) {
      for (const s of state.streams) s.write(text);
    },
    cut() {
      for (const s of state.streams) s.destroy();
    },
  });
}

async function answer(node, state, request, response) {
  const url = new URL(request.url, BASE);
  if (url.pathname === "/api/v1/events") return stream(state, response);
  if (!url.pathname.startsWith("/api/")) return page(state, request, response);
  const what = url.pathname.split("/").pop();
  const path = url.pathname.replace(/^(\/api\/v1\/nodes\/)[^/]+/, `$1${encodeURIComponent(node)}`);
  const given = await fetch(BASE + path + url.search, { headers });
  let turned = state.turn(url.pathname === "/api/v1/nodes" ? "nodes" : what, await given.json(), url);
  if (turned?.wait) {
    await new Promise((resolve) => setTimeout(resolve, turned.wait));
    turned = turned.value;
  }
  if (response.destroyed) return;
  response.writeHead(turned?.status ?? given.status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...(state.date ? { Date: state.date() } : {}) });
  response.end(turned?.raw ?? JSON.stringify(turned ?? null));
}

async function page(state, request, response) {
  const given = await fetch(BASE + request.url, { headers: { ...headers, "Accept-Encoding": "identity" } });
  const kept = ["content-type", "content-security-policy", "x-content-type-options", "etag"].filter((name) => given.headers.has(name));
  response.writeHead(given.status, { ...Object.fromEntries(kept.map((name) => [name, given.headers.get(name)])), ...(state.tag ? { ETag: state.tag } : {}), "Cache-Control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : Buffer.from(await given.arrayBuffer()));
}

function stream(state, response) {
  response.writeHead(200, EVENT_HEAD);
  response.write("retry: 300\n\n");
  state.streams.add(response);
  response.on("close", () => state.streams.delete(response));
  for (const text of state.events()) response.write(text);
}

/** event(id, type, node, data): as arsenal sends it. */
export const event = (id, type, node, data, timestamp = new Date().toISOString()) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, severity: "high", node, timestamp, data })}\n\n`;

/** everywhere(value, change): the value with each of its leaves changed by change(leaf, key). */
export function everywhere(value, change, key = "") {
  if (Array.isArray(value)) return value.map((v) => everywhere(v, change, key));
  if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, everywhere(v, change, k)]));
  return change(value, key);
}
