// SPDX-License-Identifier: Apache-2.0
// The largest processes, by one ranking or another.

import { block, choice, draw, el, empty } from "../dom.js";
import { known, quantity } from "../format.js";

const RANKINGS = { queue: "message queue", memory: "memory", reductions: "reductions", binary: "binaries" };
let by = "queue";
let box, buttons;

function noRanking(performance) {
  const walked = Number.isFinite(performance?.metrics?.mq_scanned);
  if (walked && by === "queue") return "No process had messages waiting in the last walk.";
  return "No ranking yet: it comes with the first finished walk over the processes, and not in every mode.";
}

const head = (text, css) => el("th", { scope: "col", class: css }, text);

// Of a process with a deep queue not everything is asked, and only long queues are followed.
const line = (p) => el("tr", {},
  el("td", { class: "mono", title: p.ancestors?.length ? `started under ${p.ancestors.join(" < ")}` : null }, p.name ? [el("strong", {}, p.name), el("span", { class: "dim" }, ` ${p.pid}`)] : p.pid),
  el("td", { class: "mono hide-small" }, p.initial_call || "–"), el("td", { class: "mono hide-small" }, p.current_function || "–"),
  el("td", { class: "mono hide-small" }, p.application || "–"),
  el("td", { class: "number" }, quantity(p.message_queue_len, "count")), el("td", { class: "number hide-small" }, known(p.message_queue_fill_rate, "count")),
  el("td", { class: "number" }, known(p.memory, "bytes")), el("td", { class: "number" }, known(p.binary_memory, "bytes")),
  el("td", { class: "number" }, quantity(p.reductions_per_second, "count")));

function choose(app, ranking) {
  by = ranking;
  for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.by === by));
  app.soon();
}

export const processes = {
  id: "processes",
  title: "Processes",
  scope: "node",
  asks: (app) => ({ top: app.of(`top?by=${by}`), performance: app.of("performance") }),
  open(root, app) {
    buttons = Object.entries(RANKINGS).map(([ranking, words]) => {
      const b = choice(words, ranking === by, { "data-by": ranking });
      b.addEventListener("click", () => choose(app, ranking));
      return b;
    });
    box = el("div", { id: "top" });
    root.append(block("Largest processes", {}, el("div", { class: "choices", role: "group", "aria-label": "Rank processes by" }, buttons), box));
  },
  show({ data: { top, performance } }) {
    draw(box, [top, noRanking(performance)], () => {
      if (!top?.processes?.length) return empty(top ? noRanking(performance) : "");
      return el("table", {},
        el("thead", {}, el("tr", {}, head("Process"), head("Started as", "hide-small"), head("Now in", "hide-small"), head("Application", "hide-small"), head("Queue", "number"),
          head("Growth/s", "number hide-small"), head("Memory", "number"), head("Binaries", "number"), head("Reductions/s", "number"))),
        el("tbody", {}, top.processes.map(line)));
    });
  },
};
