// SPDX-License-Identifier: Apache-2.0
// Asking the server.

const TIMEOUT_MS = 8000;

/** get(path below /api/v1): the answer, or an error whose message is for people. */
export async function get(path, timeout = TIMEOUT_MS) {
  const answer = await fetch(`/api/v1/${path}`, { signal: AbortSignal.timeout(timeout), cache: "no-store", headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw new Error(told?.error?.message || `the server answered ${answer.status}`);
  }
  return answer.json();
}

/** ofNode(name, what): the path of a node's resource. */
export const ofNode = (name, what = "") => `nodes/${encodeURIComponent(name)}${what && `/${what}`}`;

/** why(error): in words for people. */
export const why = (error) => (error.name === "TimeoutError" ? "it does not answer in time" : error instanceof TypeError ? "it cannot be reached" : error.message);
