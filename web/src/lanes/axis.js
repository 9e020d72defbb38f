// SPDX-License-Identifier: Apache-2.0
// Axes of time: one that runs evenly, for what happened, and one by powers, for what is ahead: there seconds and months stand side by side.

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * SECOND).concat([1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), [1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14, 28].map((n) => n * DAY));

// Steps of hours and days begin at local midnight, as people count them.
const offset = (t, step) => (step < HOUR ? 0 : new Date(t).getTimezoneOffset() * MINUTE);

function named(t, step) {
  const at = new Date(t);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (step >= DAY || midnight) return at.toLocaleDateString([], { day: "numeric", month: "short" });
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: step < MINUTE ? "2-digit" : undefined, hour12: false });
}

/** timeTicks(from, to, most): [{ t, text }], at most `most` of them. */
export function timeTicks(from, to, most) {
  const step = STEPS.find((s) => (to - from) / s <= most) || 28 * DAY * Math.ceil((to - from) / (28 * DAY * most));
  const shift = offset(from, step);
  const out = [];
  for (let t = Math.ceil((from - shift) / step) * step + shift; t <= to; t += step) out.push({ t, text: named(t, step) });
  return out;
}

// ---- by powers ------------------------------------------------------------------------------------------------------

const AHEAD = [[1, "1 s"], [10, "10 s"], [60, "1 min"], [600, "10 min"], [3600, "1 h"], [6 * 3600, "6 h"], [86400, "1 d"], [7 * 86400, "7 d"], [30 * 86400, "30 d"], [182 * 86400, "6 mo"], [730 * 86400, "2 y"]]
  .map(([s, text]) => ({ ms: s * SECOND, text }));

/** aheadScale(all): for spans of time in ms, of which those that are not finite do not count: { at(ms): 0 to 1, ticks: [{ at, text }] }. */
export function aheadScale(all) {
  const known = all.filter((ms) => Number.isFinite(ms) && ms > 0);
  const least = Math.min(...known, HOUR), most = Math.max(...known, MINUTE);
  const first = AHEAD.findLast((a) => a.ms <= least) || AHEAD[0];
  const last = AHEAD.find((a) => a.ms >= most && a.ms > first.ms) || AHEAD.at(-1);
  const width = Math.log(last.ms / first.ms);
  const at = (ms) => Math.min(1, Math.max(0, Math.log(Math.max(ms, 1) / first.ms) / width));
  return { at, ticks: AHEAD.filter((a) => a.ms >= first.ms && a.ms <= last.ms).map(({ ms, text }) => ({ at: at(ms), text })) };
}
