// SPDX-License-Identifier: Apache-2.0
// What this browser keeps of how one likes the page. There may be no storage: then it is kept nowhere.

/** kept(key): text, or null. */
export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** keep(key, text): null forgets it. */
export function keep(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // it stays as it is until the page is closed
  }
}
