// SPDX-License-Identifier: Apache-2.0
// Reading answers such that the page can rely on them whatever came: each is the value, or null if it is of another kind.

export const object = (v) => (v !== null && typeof v === "object" && !Array.isArray(v) ? v : null);
export const text = (v) => (typeof v === "string" ? v : null);
export const time = (v) => (typeof v === "string" && Number.isFinite(Date.parse(v)) ? v : null);
export const number = (v) => (Number.isFinite(v) ? v : null);

/** objects(v): those of a list that are objects. */
export const objects = (v) => (Array.isArray(v) ? v.filter(object) : []);
/** numbers(v): those of a list that are numbers. */
export const numbers = (v) => (Array.isArray(v) ? v.filter(Number.isFinite) : []);
/** each(v, keys, read): the named fields of an object, read. */
export const each = (v, keys, read) => Object.fromEntries(keys.map((key) => [key, read(v[key])]));
