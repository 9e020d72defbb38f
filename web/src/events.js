// SPDX-License-Identifier: Apache-2.0
// The events of all nodes as they come (server-sent events), the newest first; some from before the page was opened.

import { get } from "./api.js";
import { app } from "./app.js";

const BACKLOG = 300;
const KEPT = 400;
export const TYPES = { restart: "restart", anomaly: "anomaly", incident: "incident", health_alert: "health", performance_alert: "performance alert", node: "link" };

let source = null;
let last = null; // id
let timer = null;

export async function follow() {
  try {
    if (last === null) last = Math.max(0, ((await get("stats")).last_event_id || 0) - BACKLOG);
  } catch {
    setTimeout(follow, 3000);
    return;
  }
  source = new EventSource(`/api/v1/events?last_event_id=${last}`);
  for (const type of Object.keys(TYPES)) source.addEventListener(type, take);
  source.onopen = () => stands("live");
  source.onerror = () => {
    stands("reconnecting…");
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    source.close();
    setTimeout(follow, 5000);
  };
}

function stands(word) {
  app.live = word;
  app.show();
}

function read(text) {
  try {
    const ev = JSON.parse(text);
    return Number.isFinite(ev?.id) && typeof ev.type === "string" && typeof ev.node === "string" ? ev : null;
  } catch {
    return null; // it was cut off, or is none of arsenal's
  }
}

function take(message) {
  const ev = read(message.data);
  if (!ev) return;
  last = ev.id;
  if (ev.type === "incident" && ev.data?.change === "joined") return; // the incident was told already
  app.events.unshift(ev);
  app.events.length = Math.min(app.events.length, KEPT);
  app.view?.event?.(ev, app);
  timer ??= requestAnimationFrame(() => {
    timer = null;
    app.show();
  });
  // What an event tells shows at once in the figures as well.
  if (!app.route.node || ev.node === app.route.node || ev.type === "node") app.soon();
}
