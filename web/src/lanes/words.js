// SPDX-License-Identifier: Apache-2.0
// What is on the time line, in sentences.

import { age, cut, visible } from "../dom.js";
import { moment } from "../format.js";
import { KINDS, patternWordsOf, told } from "./model.js";

const NAME = 120, REASON = 160;
const short = (text, max) => visible(cut(text, max));

const reasonKey = (supervisor, child, t) => `${supervisor}\n${child}\n${t}`;

/** reasonsOf(recent, events, node): the reasons that are known of restarts, by whose and when. */
export function reasonsOf(recent, events, node) {
  const out = new Map();
  for (const one of [...recent, ...events.filter((ev) => ev.type === "restart" && ev.node === node).map((ev) => ev.data)])
    out.set(reasonKey(one.supervisor, one.child_id, Date.parse(one.timestamp)), one);
  return out;
}

function childWords(lane, item, reasons) {
  const child = lane.child?.id ?? item.child, supervisor = lane.group.supervisor;
  const who = `${short(child, NAME)} under ${short(supervisor, NAME)}`;
  if (item.until !== undefined) return `${who}: ${told({ gave_up: 0, start_error: 0, restart: 0, collateral: 0, [item.kind]: item.n })} from ${moment(item.t)} to ${moment(item.until)}.`;
  const one = reasons.get(reasonKey(supervisor, child, item.t));
  return `${who}: ${KINDS[item.kind][0]} at ${moment(item.t)}${one?.reason ? `: ${short(one.reason, REASON)}` : ""}.`;
}

function nodeWords(item) {
  if (item.kind === "boot") return `The VM booted at ${moment(item.t)}${item.boot.lost ? `; the one before was seen last at ${moment(item.boot.lost)}` : ""}.`;
  if (item.kind === "deploy") return `Deployed at ${moment(item.t)}: ${short(item.deploy.text ?? "other versions", 240)}.`;
  const { title, ended } = item.incident;
  return `Incident: ${short(title ?? "?", 240)}, ${ended ? `from ${moment(item.t)} to ${moment(ended)} (${age(item.until - item.t)})` : `open since ${moment(item.t)}`}.`;
}

/** itemWords(lane, item, reasons): a sentence or two. */
export function itemWords(lane, item, reasons) {
  if (lane.kind === "node") return nodeWords(item);
  const within = (lane.child?.patterns || []).filter((p) => item.t >= p.from - 1000 && item.t <= p.to + 1000);
  const tail = [...new Set(within.map(patternWordsOf))].slice(0, 3).map((text) => ` ${text[0].toUpperCase()}${text.slice(1)}.`).join("");
  return childWords(lane, item, reasons) + tail;
}

/** lineWords(groups, range): what the time line shows, in a sentence. */
export function lineWords(groups, marks) {
  const r = marks.restarts;
  const patterns = groups.flatMap((g) => g.children.flatMap((c) => c.patterns.filter((p) => p.active && !p.place).map((p) => `${short(c.id, NAME)}: ${patternWordsOf(p)}`)));
  return `Time line of restarts by supervisor from ${moment(marks.time_range.start)} to ${moment(marks.time_range.end)}: ${told(r)}, below ${groups.length} supervisor${groups.length === 1 ? "" : "s"}.`
    + (patterns.length ? ` Patterns that go on: ${patterns.slice(0, 8).join("; ")}.` : "");
}
