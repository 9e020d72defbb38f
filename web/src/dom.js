// SPDX-License-Identifier: Apache-2.0
// Making elements. Text that comes from a node gets on the page as text only (textContent), never as markup, and cut to a length that a page can bear;
// characters that are not seen, or that turn the text around, are shown as such (visible).

import { serverNow } from "./servertime.js";

const SHOWN = new Set(["title", "aria-label", "placeholder"]);

/** el(tag, attributes, ...children): attributes that are null, undefined or false are left out; children may be nested arrays. */
export function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") e.className = value;
    else e.setAttribute(key, value === true ? "" : SHOWN.has(key) ? visible(String(value)) : String(value));
  }
  append(e, children);
  return e;
}

// Control characters, what changes the direction of text (right-to-left marks, overrides, isolates), what has no width, lone surrogates.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;
const TEXT_MAX = 2000; // of any single piece; who shows terms has closer bounds (term)

/** cut(text, max): with an ellipsis where it is longer. */
export const cut = (text, max) => (text.length > max ? `${text.slice(0, max).replace(/[\ud800-\udbff]$/, "")}…` : text);

/** visible(text): with the characters that are not seen written as "\u{202e}" (line ends and tabs as a space), and bounded. */
export function visible(text, max = TEXT_MAX) {
  const bounded = cut(text, max);
  return bounded.replace(UNSEEN, (c) => (c === "\n" || c === "\t" ? " " : `\\u{${c.codePointAt(0).toString(16)}}`));
}

function append(parent, children) {
  for (const child of children.flat(4)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : visible(String(child)));
  }
}

const drawn = new WeakMap(); // container → what it was made from
// Those that were ever scrolled: to ask the others for where they are would have the browser lay out the page, once for every cell of a table.
const scrolled = new WeakSet();
document.addEventListener("scroll", (e) => scrolled.add(e.target), { capture: true, passive: true });

/**
 * draw(container, source, make) replaces the content if `source`, what it is made from, has changed. What has the keyboard's focus keeps it, by its
 * data-key, or where it leads; what the user has opened or closed (details with a data-key) stays as it is.
 */
export function draw(container, source, make) {
  const signature = JSON.stringify(source);
  if (drawn.get(container) === signature) return;
  drawn.set(container, signature);
  const focused = container.contains(document.activeElement) ? lasting(document.activeElement) : null;
  const top = scrolled.has(container) ? container.scrollTop : null;
  const folds = new Map([...container.querySelectorAll("details[data-key]")].map((d) => [d.dataset.key, d.open]));
  container.replaceChildren();
  append(container, [make()].flat());
  for (const d of container.querySelectorAll("details[data-key]")) if (folds.has(d.dataset.key)) d.open = folds.get(d.dataset.key);
  if (top !== null) container.scrollTop = top;
  if (focused) container.querySelector(focused)?.focus({ preventScroll: true });
}

// What an element is known by when the page around it is made anew: its key, else where it leads.
function lasting(e) {
  if (e.dataset.key) return `[data-key="${CSS.escape(e.dataset.key)}"]`;
  return e.hasAttribute("href") ? `a[href="${CSS.escape(e.getAttribute("href"))}"]` : null;
}

/** block(title, attributes, ...content): a titled part of a page; `aside` stands beside the title. */
let blocks = 0;
export function block(title, { id, aside, level = 3, ...attributes } = {}, ...content) {
  const heading = `block-${++blocks}`;
  return el("section", { id, class: "block", "aria-labelledby": heading, ...attributes },
    el(`h${level}`, { id: heading }, title, aside && el("span", { class: "aside" }, aside)), content);
}

export const empty = (text) => el("p", { class: "empty" }, text);

/** term(text): a term of a node's; it may break after its commas, and a very long one is cut (more of it is in the title). */
export function term(value, max = 300) {
  const text = typeof value === "string" ? value : String(value ?? "?");
  const shown = cut(text, max);
  const pieces = shown.split(/(?<=,)/).flatMap((piece, i) => (i ? [el("wbr"), piece] : [piece]));
  return el("span", { title: shown === text ? null : text.slice(0, 2000) }, pieces);
}

export const mono = (text, max) => el("span", { class: "mono" }, text === null || text === undefined ? "?" : term(String(text), max));

/** list(items): with commas between. */
export const list = (items) => items.flatMap((item, i) => (i ? [", ", item] : [item]));

/** choice(label, pressed, data): a button that is on or off. */
export const choice = (label, pressed, attributes = {}) => el("button", { type: "button", "aria-pressed": String(Boolean(pressed)), ...attributes }, label);

// ---- times that grow older by themselves -----------------------------------------------------------------------------

/** age(ms): "3 min". */
export function age(ms) {
  if (!Number.isFinite(ms)) return "?";
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const ageing = new WeakMap(); // time element → { ms, suffix, shown }

/** ago(t): "3 min ago"; of RFC 3339 or milliseconds. Null where t is no time. */
export function ago(t, suffix = " ago") {
  const ms = new Date(t ?? NaN).getTime();
  if (!Number.isFinite(ms)) return null;
  const shown = age(serverNow() - ms) + suffix;
  const e = el("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toLocaleString() }, shown);
  ageing.set(e, { ms, suffix, shown });
  return e;
}

export function tickAges() {
  const now = serverNow();
  for (const e of document.getElementsByTagName("time")) {
    const a = ageing.get(e);
    const text = a && age(now - a.ms) + a.suffix;
    if (a && text !== a.shown) e.textContent = a.shown = text;
  }
}
