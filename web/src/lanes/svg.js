// SPDX-License-Identifier: Apache-2.0
// Making pictures of lines and shapes. As in dom.js, text gets in as text only.

import { visible } from "../dom.js";

const NS = "http://www.w3.org/2000/svg";

const NOWHERE = /NaN|Infinity/;
const isNone = (key, v) => v === null || v === undefined || v === false || Number.isNaN(v) || (PLACES.has(key) && NOWHERE.test(v));
const PLACES = new Set(["d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "points", "transform"]);

/** svg(tag, attributes, ...children): attributes that are null, undefined, false, or a place that is none, are left out. */
export function svg(tag, attributes, ...children) {
  const e = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attributes || {})) if (!isNone(key, value)) e.setAttribute(key, value);
  for (const child of children.flat(4)) if (child !== null && child !== undefined && child !== false) e.append(child instanceof Node ? child : visible(String(child)));
  return e;
}

/** px(x): a coordinate, with one digit; 0 of what has none. */
export const px = (x) => (Number.isFinite(x) ? Math.round(x * 10) / 10 : 0);

/** label(x, y, text, attributes) */
export const label = (x, y, text, attributes) => svg("text", { x: px(x), y: px(y), ...attributes }, text);
