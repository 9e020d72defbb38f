// SPDX-License-Identifier: Apache-2.0
// The range of time that a view shows, as the address has it; and the bar to choose it with.

import { choice, draw, el } from "./dom.js";
import { moment } from "./format.js";
import { linkTo } from "./router.js";
import { serverNow } from "./servertime.js";

const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
export const SPANS = { "15m": ["15 min", 15 * MINUTE], "1h": ["1 h", HOUR], "6h": ["6 h", 6 * HOUR], "24h": ["24 h", DAY], "7d": ["7 days", 7 * DAY], "30d": ["30 days", 30 * DAY] };
const DEFAULT_SPAN = "24h";

/** readRange(params): { from, to } in ms; `span` names it if it goes on with the clock, then `to` is now. What makes no sense is the default. */
export function readRange(params, now = serverNow()) {
  const from = Date.parse(params.get("from")), to = Date.parse(params.get("to"));
  if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { from, to, span: null };
  const span = Object.hasOwn(SPANS, params.get("span") || "") ? params.get("span") : DEFAULT_SPAN;
  return { from: now - SPANS[span][1], to: now, span };
}

const iso = (t) => (!Number.isFinite(t) ? null : new Date(Math.round(t)).toISOString().replace(".000Z", "Z"));

/** rangeParams(from, to): for linkTo; of what is no time the range as it is. */
export const rangeParams = (from, to) => (Number.isFinite(from) && Number.isFinite(to) ? { from: iso(from), to: iso(to), span: null } : {});

/** around(t): the params of a range about a moment, to look at it closely. */
export const around = (t, width = 10 * MINUTE) => rangeParams(t - width * 0.7, t + width * 0.3);

/** rangeBar(container, app): choices of spans, a step back and forth, and the address to share. */
export function rangeBar(container, app) {
  const range = readRange(app.route.params);
  const go = (params) => () => app.go({ ...app.route, params: { ...Object.fromEntries(app.route.params), from: null, to: null, span: null, ...params } });
  const width = range.to - range.from;
  draw(container, [app.route.node, range.span, range.span ? null : [range.from, range.to]], () => {
    const button = (label, pressed, params, attributes) => {
      const b = choice(label, pressed, { "data-key": `range ${label}`, ...attributes });
      if (pressed === null) b.removeAttribute("aria-pressed");
      b.addEventListener("click", go(params));
      return b;
    };
    const share = el("button", { type: "button", "data-key": "range share", title: "Copies a link to exactly this range of time" }, "Copy link");
    share.addEventListener("click", () => copyLink(share, app));
    return [
      el("div", { class: "choices", role: "group", "aria-label": "Range of time" },
        button("←", null, rangeParams(range.from - width / 2, range.to - width / 2), { "aria-label": "Earlier" }),
        Object.entries(SPANS).map(([id, [label]]) => button(label, range.span === id, { span: id })),
        button("→", null, rangeParams(range.from + width / 2, range.to + width / 2), { "aria-label": "Later" }),
        el("span", { class: "range-text" }, range.span ? `the last ${SPANS[range.span][0]}, until now` : `${moment(range.from)} – ${moment(range.to)}`),
        share),
    ];
  });
}

// The link is to these very moments, also when the page goes on with the clock.
async function copyLink(button, app) {
  const { from, to } = readRange(app.route.params);
  const params = { ...Object.fromEntries(app.route.params), ...rangeParams(from, to) };
  const url = location.origin + location.pathname + linkTo({ ...app.route, params });
  try {
    await navigator.clipboard.writeText(url);
    button.textContent = "Copied";
  } catch {
    location.hash = linkTo({ ...app.route, params }); // no clipboard here: the address bar has it
    button.textContent = "It is the address";
  }
  setTimeout(() => (button.textContent = "Copy link"), 2000);
}
