// SPDX-License-Identifier: Apache-2.0
// What time it is by the server's clock: all times on the page are of that clock, and this device's may be wrong.

const EXACT_MS = 1500; // the Date header knows seconds
export const TOLD_MS = 10000; // from here on the page says so

let ahead = 0; // of the server's clock, in ms

/** learnTime(date, sent, got): from the Date header of an answer to what was sent and got at these times of this device's clock. */
export function learnTime(date, sent, got) {
  const told = Date.parse(date);
  if (!Number.isFinite(told) || got - sent > 5000) return; // too slow to go by
  const found = told + 500 - (sent + got) / 2;
  if (Math.abs(found - ahead) > EXACT_MS) ahead = Math.abs(found) > EXACT_MS ? found : 0;
}

/** serverNow(): milliseconds since 1970. */
export const serverNow = () => Date.now() + ahead;

/** clockSkew(): by how many ms the server's clock is ahead of this device's. */
export const clockSkew = () => ahead;
