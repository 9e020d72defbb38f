// SPDX-License-Identifier: Apache-2.0
// Asking the server.

import { learnTime } from "./servertime.js";

const TIMEOUT_MS = 8000;

/** Refusal: the server answered, but not with what was asked for; status 0: with nonsense. The message is for people. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const WANTS_TOKEN = "it wants its token: reload the page, and give the token as the password (the user name may be anything)";

// What is a list of objects; all else is an object. Who gets something else from what calls itself arsenal is told so here, and no view need ask.
const LISTS = new Set(["nodes", "incidents", "predictions", "patterns", "anomalies", "reports"]);

function shaped(path, value) {
  const list = LISTS.has(path.split("?")[0].split("/").pop());
  if (list !== Array.isArray(value) || value === null || typeof value !== "object") throw new Refusal(0, `what it answered is no ${list ? "list" : "object"}`);
  return list ? value.filter((row) => row !== null && typeof row === "object") : value;
}

/** get(path below /api/v1): the answer, or an error; why() has it in words. `abort` is a signal that nobody waits for it any more. */
export async function get(path, timeout = TIMEOUT_MS, abort = null) {
  const sent = Date.now(), late = AbortSignal.timeout(timeout);
  const answer = await fetch(`/api/v1/${path}`, { signal: abort ? AbortSignal.any([late, abort]) : late, cache: "no-store", headers: { Accept: "application/json" } });
  learnTime(answer.headers.get("Date"), sent, Date.now());
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw new Refusal(answer.status, answer.status === 401 ? WANTS_TOKEN : String(told?.error?.message || `it answered ${answer.status}`).slice(0, 500));
  }
  try {
    return shaped(path, await answer.json());
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(0, "what it answered is no JSON");
    throw error;
  }
}

/** ofNode(name, what): the path of a node's resource. */
export const ofNode = (name, what = "") => `nodes/${encodeURIComponent(name.toWellFormed())}${what && `/${what}`}`;

/** why(error): in words for people. */
export const why = (error) => (error.name === "TimeoutError" ? "it does not answer in time" : error instanceof TypeError ? "it cannot be reached" : error.message);
