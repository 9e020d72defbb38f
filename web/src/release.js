// SPDX-License-Identifier: Apache-2.0
// Whether this page is still the one that the server has: after an update of arsenal it is not.

let mine = null; // ETag of the script
let old = false;

/** checkPage(): asks; the first time it learns which one this is. */
export async function checkPage() {
  const answer = await fetch("/main.js", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(8000) }).catch(() => null);
  const tag = answer?.ok ? answer.headers.get("ETag") : null;
  if (!tag) return;
  mine ??= tag;
  old = tag !== mine;
}

/** isOldPage(): the server has another one. */
export const isOldPage = () => old;
