// SPDX-License-Identifier: Apache-2.0
// The colours of base.css for a canvas, which cannot read them by itself. Read once, and again when the scheme changes.

const NAMES = ["text", "dim", "line", "faint", "card", "chart", "chart-band", "usual", "warn", "bad", "none", "mark", "gap"];
let colours = null;
addEventListener("theme", () => (colours = null));

export function palette() {
  if (!colours) {
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return colours;
}

/** onScheme(f): f is called when light and dark change; gives what takes it back. */
export function onScheme(f) {
  addEventListener("theme", f);
  return () => removeEventListener("theme", f);
}
