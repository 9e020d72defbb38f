// SPDX-License-Identifier: Apache-2.0
// Pointing, and ways to zoom and to move beside dragging with a mouse, which uPlot sees to: keys, the wheel with Ctrl (so do touchpads tell a pinch), fingers, a double click.
//
// `hands` is { range(): { from, to }, look(from, to): shows that for now, settle(): what is shown now becomes the address, back(), point(t) }.

const SETTLE_MS = 250;
const NEARER = 0.5, STEP = 0.25;

function scaled({ from, to }, factor, at) {
  return [at - (at - from) * factor, at + (to - at) * factor];
}

/** onKey(e, hands, t): a key on a chart; t is where its cursor is, or null. True if it means something. */
export function onKey(e, hands, t) {
  if (e.ctrlKey || e.metaKey || e.altKey) return false;
  const range = hands.range(), width = range.to - range.from;
  const at = t ?? (range.from + range.to) / 2;
  const go = (from, to) => {
    hands.look(from, to);
    hands.settle();
  };
  const sideways = (by) => (e.shiftKey ? hands.step(Math.sign(by)) : go(range.from + width * by, range.to + width * by));
  const does = {
    "+": () => go(...scaled(range, NEARER, at)), "=": () => go(...scaled(range, NEARER, at)), "-": () => go(...scaled(range, 1 / NEARER, at)), ArrowLeft: () => sideways(-STEP), ArrowRight: () => sideways(STEP),
    0: () => hands.whole(), Backspace: () => hands.back(), Escape: () => hands.point(null),
  }[e.key];
  if (!does) return false;
  e.preventDefault();
  does();
  return true;
}

/** gestures(u, hands): on the plot of a uPlot. */
export function gestures(u, hands) {
  const { over } = u;
  const timeAt = (clientX) => u.posToVal(clientX - over.getBoundingClientRect().left, "x");
  let timer = null;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(hands.settle, SETTLE_MS);
  };
  over.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    hands.look(...scaled(hands.range(), Math.exp(Math.max(-50, Math.min(50, e.deltaY)) / 100), timeAt(e.clientX)));
    later();
  }, { passive: false });
  over.addEventListener("dblclick", () => hands.back());
  over.addEventListener("pointermove", (e) => e.pointerType !== "touch" && hands.point(timeAt(e.clientX)));
  over.addEventListener("pointerleave", (e) => e.pointerType !== "touch" && !e.buttons && hands.point(null)); // a drag may go on beyond the edge
  fingers(over, timeAt, hands);
}

// One finger sideways points, two zoom and move; up and down the page scrolls (touch-action in plot.css).
function fingers(over, timeAt, hands) {
  const down = new Map(); // pointer → clientX
  let pinch = null; // { a, b: the times under the two fingers }
  over.addEventListener("pointerdown", (e) => {
    if (e.pointerType !== "touch") return;
    down.set(e.pointerId, e.clientX);
    over.setPointerCapture(e.pointerId);
    if (down.size === 2) pinch = [...down.values()].map(timeAt);
    else hands.point(timeAt(e.clientX));
  });
  over.addEventListener("pointermove", (e) => {
    if (!down.has(e.pointerId)) return;
    down.set(e.pointerId, e.clientX);
    if (!pinch) hands.point(timeAt(e.clientX));
    else if (down.size === 2) hands.look(...under(pinch, [...down.values()], over));
  });
  for (const kind of ["pointerup", "pointercancel"]) over.addEventListener(kind, (e) => {
    if (!down.delete(e.pointerId) || !pinch) return;
    if (down.size === 0) pinch = null;
    if (down.size === 1) hands.settle();
  });
}

/** under: the range that has the moments of `times` where the fingers are now. */
function under([a, b], [xa, xb], over) {
  const { left, width } = over.getBoundingClientRect();
  const apart = Math.abs(xb - xa) < 20 ? 20 * Math.sign(xb - xa || 1) : xb - xa;
  const perPixel = (b - a) / apart;
  const from = a - (xa - left) * perPixel;
  return [from, from + width * perPixel];
}
