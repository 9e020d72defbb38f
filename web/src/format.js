// SPDX-License-Identifier: Apache-2.0
// Numbers, times and words as people read them. What is no number or no time is "?".

const finite = (v) => typeof v === "number" && Number.isFinite(v);
const isTime = (t) => t !== null && t !== undefined && Number.isFinite(new Date(t).getTime());

export const clock = (t) => (!isTime(t) ? "?" : new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }));

const sameDay = (t) => new Date(t).toDateString() === new Date().toDateString();

/** moment(t): the time of day, with the date if it was not today. */
export const moment = (t) => (!isTime(t) ? "?" : sameDay(t) ? clock(t) : new Date(t).toLocaleString([], { hour12: false }));

function scaled(v, step, units, digits = 1) {
  if (!finite(v)) return "?";
  let i = 0;
  while (i < units.length - 1 && Math.abs(v) >= step) {
    v /= step;
    i++;
  }
  const text = Number.isInteger(v) ? String(v) : Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(digits);
  return text + units[i];
}

export const count = (v) => (!finite(v) ? "?" : Math.abs(v) < 10000 ? (Number.isInteger(v) ? String(v) : Math.abs(v) < 0.1 && v !== 0 ? v.toPrecision(2) : v.toFixed(1)) : scaled(v, 1000, ["", " k", " M", " G", " T"]));
export const bytes = (v) => scaled(v, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);

/** quantity(v, unit): with the units of the API: bytes, percent, count, ms, us, s, each with /s behind. */
export function quantity(v, unit) {
  if (v === null || v === undefined) return "not observed";
  if (!finite(v)) return "?";
  const perSecond = typeof unit === "string" && unit.endsWith("/s") ? "/s" : "";
  const base = typeof unit === "string" ? unit.replace("/s", "") : null;
  if (base === "bytes") return bytes(v) + perSecond;
  if (base === "percent" || base === "%") return `${v.toFixed(Math.abs(v) < 10 ? 1 : 0)} %${perSecond}`;
  if (base === "count" || !base) return count(v) + perSecond;
  return `${count(v)} ${base}${perSecond}`;
}

/** known(v, unit): a dash where nothing was observed, for tables. */
export const known = (v, unit) => (Number.isFinite(v) ? quantity(v, unit) : "–");

export const plural = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
export const nth = (n) => n + (n % 100 >= 11 && n % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th");
export const spoken = (name) => (typeof name === "string" ? name.replaceAll("_", " ") : "?");
