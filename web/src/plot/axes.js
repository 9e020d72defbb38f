// SPDX-License-Identifier: Apache-2.0
// The axes: from where to where values go, where their marks are, and what these say.

import { quantity } from "../format.js";
import { extent, highest, lowest } from "./columns.js";

const UNITS = new Set(["count", "bytes", "percent", "ms", "us", "s", "load", "bool", "words"]);
const PLAIN = { load: "count", bool: "count", words: "count" };

/** worded(v, unit): a value with its unit, as the API names it. */
export function worded(v, unit) {
  if (unit === "bool" && Number.isFinite(v)) return v === 0 ? "no" : v === 1 ? "yes" : `${Math.round(v * 100)} % yes`;
  const base = unit?.replace("/s", "");
  if (unit && !UNITS.has(base)) return `${quantity(v, "count")} ${unit.slice(0, 12)}`;
  return quantity(v, Object.hasOwn(PLAIN, base) ? unit.replace(base, PLAIN[base]) : unit);
}

const NICE = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

function niceTop(v) {
  const step = 10 ** Math.floor(Math.log10(v));
  return NICE.map((k) => k * step).find((k) => k >= v * 0.9999) ?? v;
}

/**
 * valueRange(columns, from, to, limits): [low, high] of the value axis. It begins at 0 unless the values are large beside what they differ by, as of memory that leaks slowly;
 * it reaches up to a limit that is not far away.
 */
export function valueRange(c, from, to, limits) {
  const e = c && extent(c, from, to);
  if (!e) return [0, 1];
  const low = lowest(c, e.low), high = highest(c, e.high);
  const reach = limits.filter((l) => high >= l.value * 0.4).map((l) => l.value * 1.04);
  const spread = Math.max(high - low, high * 0.04);
  if (low > 0 && low > spread * 2 && !reach.length) return [Math.max(0, low - spread * 0.25), high + spread * 0.25];
  const top = Math.max(high * 1.05, ...reach, 1e-9);
  return [Math.min(0, low * 1.05), c.unit === "bool" ? 1.15 : c.unit === "percent" && high <= 100 ? Math.min(100, Math.max(1, niceTop(top))) : high === 0 ? 1 : niceTop(top)];
}

const decimal = [1, 2, 5].flatMap((k) => Array.from({ length: 22 }, (_, i) => k * 10 ** (i - 4))).sort((a, b) => a - b);
const binary = Array.from({ length: 56 }, (_, i) => 2 ** i);

/** increments(unit): what may lie between two marks. */
export const increments = (unit) => (unit?.startsWith("bytes") ? binary : decimal);

const two = (n) => String(n).padStart(2, "0");

/** timeMarks(increment ms, ts): the words at the marks of the time axis; where a day begins, its date. */
export const timeMarks = (increment, times) => times.map((t) => {
  const d = new Date(t);
  const day = `${d.toLocaleDateString([], { day: "numeric", month: "short" })}`;
  if (increment >= 86400000 || (d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0)) return day;
  return `${two(d.getHours())}:${two(d.getMinutes())}${increment < 60000 ? `:${two(d.getSeconds())}` : ""}`;
});
