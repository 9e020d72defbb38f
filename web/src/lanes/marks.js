// SPDX-License-Identifier: Apache-2.0
// What happened in the shown range of time, as /marks tells it: asked for when the range changes, soon after something happened in it, and now and then while
// it goes on with the clock. While an answer is under way the one before is shown.

import { get, ofNode, why } from "../api.js";
import { marksRows } from "../happenings.js";
import { readRange, SPANS } from "../range.js";
import { serverNow } from "../servertime.js";

const SOON_MS = 1000, LATER_MS = 15000;
const MANY = 2000, MANY_MS = 10000; // so many restarts: not as often

/** marksOf(): { take(app), dirty(), answer, error, version, range }; `version` changes with each answer. */
export function marksOf() {
  const m = { node: null, key: null, at: 0, asking: false, changed: false, answer: null, error: null, version: 0, range: null };
  m.dirty = () => (m.changed = true);
  m.take = (app) => take(m, app);
  return m;
}

function rangeKey(route) {
  const { params } = route;
  const r = readRange(params);
  return r.span ? `${route.node} ${r.span}` : `${route.node} ${r.from} ${r.to}`;
}

const restartsIn = (answer) => (answer ? answer.restarts.restart + answer.restarts.start_error : 0);

function isDue(m, range) {
  const since = serverNow() - m.at;
  if (m.error) return since > 5000;
  if (!range.span && range.to < m.at) return false; // it is over, and told
  return since > (m.changed ? (restartsIn(m.answer) > MANY ? MANY_MS : SOON_MS) : LATER_MS);
}

function take(m, app) {
  const range = readRange(app.route.params), key = rangeKey(app.route);
  if (m.node !== app.route.node) Object.assign(m, { node: app.route.node, answer: null, error: null, version: m.version + 1 });
  m.range = range;
  if (m.asking || (m.key === key && !isDue(m, range))) return;
  ask(m, app, range, key);
}

async function ask(m, app, range, key) {
  const node = app.route.node;
  Object.assign(m, { key, asking: true, changed: false, at: serverNow() });
  let answer = null, error = null;
  try {
    answer = marksRows(await get(`${ofNode(node, "marks")}?start=${Math.floor(range.from)}&end=${Math.ceil(range.span ? serverNow() : range.to)}`));
  } catch (e) {
    error = why(e);
  }
  m.asking = false;
  if (m.node === node) Object.assign(m, { answer: answer ?? m.answer, error, version: m.version + 1 });
  app.show();
}

// ---- the span to begin with -----------------------------------------------------------------------------------------

const earliest = (times) => Math.min(...times.filter(Boolean).map((t) => Date.parse(t)));

/**
 * fittingSpan(answer, node): the shortest span that has all that is known of the node, where the address names none: what has been watched for minutes only is
 * lost in a day. Null: a day it is.
 */
export function fittingSpan(answer, node) {
  const first = earliest([node.since, ...answer.restarts.rows.map((r) => r.first), ...answer.incidents.map((i) => i.opened), ...answer.boots.map((b) => b.lost ?? b.booted), ...answer.links.map((l) => l.timestamp)]);
  const [span] = Object.entries(SPANS).find(([, [, ms]]) => ms >= serverNow() - first) || [null];
  return span && SPANS[span][1] < SPANS["24h"][1] ? span : null;
}
