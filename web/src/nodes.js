// SPDX-License-Identifier: Apache-2.0
// The rows of /nodes, such that the page can rely on them whatever came.

import { number, object, text, time } from "./read.js";

const LEVELS = ["critical", "warning", "healthy", "unknown"];

function incident(v) {
  const i = object(v);
  return i && { ...i, id: text(i.id) ?? "", title: text(i.title) ?? "an incident without a title", severity: text(i.severity) ?? "medium", opened: time(i.opened) };
}

function row(v) {
  return {
    ...v,
    name: v.name.toWellFormed(),
    state: text(v.state) ?? "unknown",
    detail: text(v.detail),
    since: time(v.since),
    last_sample: time(v.last_sample),
    overall_status: LEVELS.includes(v.overall_status) ? v.overall_status : "unknown",
    overall_since: time(v.overall_since),
    worst: text(object(v.worst)?.criterion) === null ? null : v.worst,
    incident: incident(v.incident),
    open_incidents: number(v.open_incidents) ?? (object(v.incident) ? 1 : 0),
    info: object(v.info) ?? {},
    ...Object.fromEntries(["anomalies", "restarts_5m", "cpu_utilization", "memory_utilization", "process_count", "longest_queue", "uptime"].map((key) => [key, number(v[key])])),
  };
}

/** nodeRows(answer): those of it that have a name. */
export const nodeRows = (answer) => answer.filter((v) => object(v) && text(v.name)).map(row);
