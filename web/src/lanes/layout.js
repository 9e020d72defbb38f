// SPDX-License-Identifier: Apache-2.0
// Where the lanes lie, and which moment is at which point. With little room a lane's name stands above it instead of beside it.

import { evenWords } from "./model.js";

export const AXIS = 22;
const NAMES = 230, NARROW = 620;
const LANE = 24, NOTE = 14, NAME_ABOVE = 17;
const FUTURE = 96, FUTURE_NARROW = 62;
export const SHORT = 13; // of a mark's height
export const BOTTOM = 5; // below it

const laneKey = (group, child) => (child ? `${group.supervisor}\n${child.id}` : group.supervisor);

function lanesInOrder(groups, isOpen, node) {
  const out = node.items.length ? [{ kind: "node", key: "", items: node.items }] : [];
  for (const group of groups) {
    out.push({ kind: "group", key: laneKey(group), group, items: group.items, open: isOpen(group) });
    if (isOpen(group)) for (const child of group.children) out.push({ kind: "child", key: laneKey(group, child), group, child, items: child.items, last: child === group.children.at(-1) });
  }
  return out;
}

/**
 * layout({ groups, isOpen, node, width, from, to, now, live }): { lanes, height, left, width, edge, x(t), time(x), … }. `node` is what happened to the node as a
 * whole. Lanes have y, height, base: where marks stand on; note: where words about their patterns stand. `edge` is where the range ends; beyond it, up to `width`, is
 * what is expected.
 */
export function layout({ groups, isOpen, node, width: all, from, to, now, live }) {
  const narrow = all < NARROW;
  const left = narrow ? 0 : NAMES;
  const width = Math.max(100, all - left);
  const edge = width - (live ? (narrow ? FUTURE_NARROW : FUTURE) : 0);
  const lanes = lanesInOrder(groups, isOpen, node);
  let y = AXIS;
  for (const lane of lanes) {
    const above = narrow ? NAME_ABOVE : 0;
    const note = lane.child && (lane.child.patterns.length || evenWords(lane.child)) ? NOTE : 0;
    lane.y = y;
    lane.height = LANE + above + note;
    lane.note = note ? y + above + NOTE - 2 : null;
    lane.base = y + lane.height - BOTTOM;
    y += lane.height;
  }
  const scale = edge / (to - from);
  return { lanes, height: y + 4, left, width, edge, narrow, from, to, now, live, x: (t) => (t - from) * scale, time: (x) => from + x / scale };
}

/** nearest(lane, l, x, reach): the index of its item at a point, or within reach of it; -1: none. */
export function nearest(lane, l, x, reach = 10) {
  let best = -1, least = reach;
  lane.items.forEach((item, i) => {
    const a = l.x(item.t), b = l.x(item.until ?? item.t);
    const far = x < a ? a - x : x > b ? x - b : 0;
    const apart = item.until === undefined ? far : far + 0.5; // a moment comes before a stretch that it is in
    if (apart < least) [best, least] = [i, apart];
  });
  return best;
}

/** inView(lane, l): the indices of the items that the range shows. */
export const inView = (lane, l) => lane.items.flatMap((item, i) => ((item.until ?? item.t) >= l.from && item.t <= l.to ? [i] : []));
