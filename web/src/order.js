// SPDX-License-Identifier: Apache-2.0
// The order of a list that changes while one reads it: as long as the pointer or the keyboard is in it, rows stay where they are.

/** steadyOrder(box, pinned): pinned(), if it is given, says that the list is being read although neither is in it. */
export function steadyOrder(box, pinned = () => false) {
  let kept = [];
  let inside = false;
  box.addEventListener("pointerenter", (e) => (inside = e.pointerType === "mouse"));
  box.addEventListener("pointerleave", () => (inside = false));
  const read = () => inside || pinned() || box.contains(document.activeElement);
  return {
    /** take(wanted, anew): the keys in the order to show; `moved` says that it is not the wanted one. */
    take(wanted, anew = false) {
      if (anew || !read()) kept = wanted;
      else {
        const now = new Set(wanted), before = new Set(kept);
        kept = [...kept.filter((key) => now.has(key)), ...wanted.filter((key) => !before.has(key))];
      }
      return { keys: kept, moved: kept.some((key, i) => key !== wanted[i]) };
    },
  };
}
