// SPDX-License-Identifier: Apache-2.0
// The dashboard in a real browser, against a running arsenal: what it shows is what the API says.
//
//   BASE_URL=http://127.0.0.1:4900 [SCREENSHOTS=folder] [NODE=name@host] [TOKEN=…] [CHROMIUM=/usr/bin/chromium] node run.mjs [NAME…]
//
// NODE is a node that is up; without it the first one that is. NAME picks the tests that have it in their name. A line for each test, and the counts at
// the end. Tests are the files *_test.mjs beside.

import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { api, BASE, clean, launch, open, test, tests } from "./stage.mjs";

if (!BASE) {
  console.error("BASE_URL is not set: where does arsenal listen? For example BASE_URL=http://127.0.0.1:4900");
  process.exit(2);
}

async function liveNode() {
  if (process.env.NODE) return process.env.NODE;
  const up = (await api("nodes")).find((n) => n.state === "up" && n.last_sample);
  if (!up) throw new Error("no node is up");
  return up.name;
}

for (const file of readdirSync(dirname(fileURLToPath(import.meta.url))).filter((name) => name.endsWith("_test.mjs")).sort()) await import(`./${file}`);
test("no console error, no request to others", async ({ seen }) => clean(seen));

const wanted = process.argv.slice(2);
let passed = 0;
let failed = 0;
const browser = await launch();
try {
  const stage = { browser, node: await liveNode(), ...(await open(browser)) };
  for (const { name, run } of tests().filter((t) => !wanted.length || wanted.some((w) => t.name.includes(w)))) {
    const began = Date.now();
    try {
      await run(stage);
      passed++;
      console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}: ${error.message}`);
    }
  }
} catch (error) {
  failed++;
  console.log(`FAIL ${error.message}`);
} finally {
  await browser.close();
}
console.log(`web: ${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
