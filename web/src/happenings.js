// SPDX-License-Identifier: Apache-2.0
// Incidents, marks and what is foretold, as the views may rely on them whatever came.

import { each, number, numbers, object, objects, text, time } from "./read.js";

const SEVERITIES = ["high", "medium", "low"];
const severity = (v) => (SEVERITIES.includes(v) ? v : "low");
const LEVELS = ["warning", "critical"];

// ---- incidents ------------------------------------------------------------------------------------------------------

const culprit = (v) => each(v, ["kind", "pid", "name", "initial_call"], text);

const finding = (v) => ({
  ...each(v, ["since", "timestamp", "ended"], time), ...each(v, ["metric", "unit", "supervisor", "child_id"], text), ...each(v, ["current_value", "baseline_value"], number),
  type: text(v.type) ?? "finding", description: text(v.description) ?? "", joined: text(v.joined) ?? "", severity: severity(v.severity), root: v.root === true,
  culprits: objects(v.culprits).map((c) => ({ ...culprit(c), count: number(c.count) })),
});

const incident = (v) => ({
  ...each(v, ["opened", "ended"], time),
  id: text(v.id), title: text(v.title) || "an incident without a title", severity: severity(v.severity), next_step: text(v.next_step), node_down: v.node_down === true,
  restarts: number(v.restarts) ?? 0, members_left_out: number(v.members_left_out) ?? 0,
  root: object(v.root) && finding(v.root), members: objects(v.members).map(finding),
  patterns: objects(v.patterns).map((p) => ({ ...each(p, ["supervisor", "pattern"], text), type: text(p.type) ?? "pattern" })),
  health: Object.fromEntries(Object.entries(object(v.health) ?? {}).filter(([, level]) => LEVELS.includes(level))),
});

/** incidentRows(answer): null while there is none. */
export const incidentRows = (answer) => answer && objects(answer).filter((v) => text(v.id)).map(incident);

/** anomalyRows(answer): likewise. */
export const anomalyRows = (answer) => answer && objects(answer).map((a) => ({ ...finding(a), incident: text(a.incident), restart_count: number(a.restart_count) ?? 0 }));

// ---- marks ----------------------------------------------------------------------------------------------------------

const KINDS = ["restart", "start_error", "gave_up", "collateral"];
const counts = (v) => each(v, KINDS, (n) => Math.max(0, number(n) ?? 0));
const named = (v) => ({ supervisor: text(v.supervisor) ?? "?", child_id: text(v.child_id) ?? "?" });

const row = (v) => ({
  ...named(v), ...counts(v), ...each(v, ["first", "last"], time),
  times: object(v.times) && each(v.times, KINDS, numbers), counts: object(v.counts) && each(v.counts, KINDS, numbers),
});

const pattern = (v) => ({
  ...named(v), ...each(v, ["first", "last"], time), type: v.type, pattern: text(v.pattern) ?? "", active: v.active === true, metric: text(v.metric) ?? "?",
  interval_ms: v.interval_ms > 0 ? v.interval_ms : null, delay_ms: Math.max(0, number(v.delay_ms) ?? 0), missed: number(v.missed) ?? 0, frequency: number(v.frequency) ?? 0, members: objects(v.members).map(named),
});

// What is needed to draw one of its type.
const isWhole = (p) => p.first && p.last && (p.type !== "periodic_restart" || p.interval_ms) && (p.type !== "cascading_failure" || p.members.length > 1);

const timed = (v, key, more = []) => objects(v).filter((one) => time(one[key])).map((one) => ({ ...one, ...each(one, more, time) }));

/** marksRows(answer): throws if it is none. */
export function marksRows(answer) {
  const range = object(object(answer)?.time_range), restarts = object(answer?.restarts);
  if (!range || !time(range.start) || !time(range.end) || !restarts) throw new Error("what it answered has neither a time nor restarts");
  return {
    time_range: range,
    boots: timed(answer.boots, "booted", ["lost"]), unseen: timed(answer.unseen, "start", ["end"]), links: timed(answer.links, "timestamp"), deploys: timed(answer.deploys, "timestamp").map((d) => ({ ...d, text: text(d.text) })),
    incidents: timed(answer.incidents, "opened", ["ended"]).filter((i) => text(i.id)).map((i) => ({ ...i, title: text(i.title) ?? i.id, severity: severity(i.severity) })),
    anomalies: timed(answer.anomalies, "timestamp"), health: timed(answer.health, "timestamp"),
    patterns: objects(answer.patterns).map(pattern).filter(isWhole),
    restarts: { ...counts(restarts), since: time(restarts.since), step: Math.max(1, number(restarts.step) ?? 1), rows: objects(restarts.rows).map(row), left_out: { rows: number(restarts.left_out?.rows) ?? 0 } },
  };
}

// ---- statistics of restarts ------------------------------------------------------------------------------------------

const told = (v) => ({ ...v, ...named(v), ...each(v, ["timestamp"], time), ...each(v, ["reason"], text) });

/** restartStatistics(answer): of /restarts; null while there is none. */
export const restartStatistics = (answer) => object(answer) && {
  ...answer, ...each(answer, ["total_restarts", "restart_rate", "gave_up", "failed_attempts", "collateral", "undescribed"], (n) => number(n) ?? 0), observed: answer.observed === true,
  most_restarted_children: objects(answer.most_restarted_children).map((c) => ({ ...named(c), count: number(c.count) ?? 0 })),
  recent: objects(answer.recent).map(told).filter((one) => one.timestamp), patterns: objects(answer.patterns).map((p) => ({ ...p, ...pattern(p) })),
  budgets: objects(answer.budgets).map((b) => ({ ...b, ...named(b) })),
};

// ---- what is foretold -----------------------------------------------------------------------------------------------

const times = (v, keys) => each(v, keys, time);

const prediction = (v) => ({
  ...times(v, ["next_failure", "earliest", "latest"]), ...each(v, ["trigger", "present", "distance"], number), ...each(v, ["left", "intensity", "period"], (n) => number(n) ?? 0),
  ...each(v, ["child_id", "supervisor", "metric", "unit"], text), type: text(v.type) ?? "failure", text: text(v.text) ?? "", confidence: number(v.confidence) ?? 0,
});

/** predictionRows(answer): null while there is none. */
export const predictionRows = (answer) => answer && objects(answer).map(prediction);

const resource = (v) => ({
  ...times(v, ["full_at", "earliest", "latest"]), ...each(v, ["current", "limit", "utilization", "growth_per_hour"], number), unit: text(v.unit), text: text(v.text) ?? "",
  growth_range: each(object(v.growth_range) ?? {}, ["low", "high"], number), span: number(v.span) ?? 0, horizon: number(v.horizon) ?? 0, confidence: number(v.confidence) ?? 0,
  trend: v.trend === true && number(v.growth_per_hour) !== null,
});

/** capacityRows(answer): [[name, row]]; null while there is none. */
export const capacityRows = (answer) => answer && Object.entries(object(answer) ?? {}).filter(([, v]) => object(v)).map(([name, v]) => [name, resource(v)]);
