// SPDX-License-Identifier: Apache-2.0
// The last ten minutes in a few charts. Whoever zooms in them goes on in the view Charts.

import { age } from "../dom.js";
import { Board } from "../plot/board.js";
import { RESTARTS } from "../plot/metrics.js";
import { rangeParams } from "../range.js";
import { serverNow } from "../servertime.js";

const WINDOW_MS = 10 * 60 * 1000;
const SHOWN = ["cpu_utilization", "memory_utilization", "process_count", "run_queue", "mq_max", RESTARTS];
const HEIGHT = 92;
const LISTED = 100; // restarts that /restarts lists at most

// The newest restarts, as marks; of the time before a full list nothing is known.
function marksOf({ recent }, from, to) {
  const all = recent.map((r) => ({ lane: "restarts", kind: "restart", t: Date.parse(r.timestamp), n: 1 })).sort((a, b) => a.t - b.t);
  return { all, restarts: { from, to, since: all.length < LISTED ? from : all[0].t + 60000, step: 0 } };
}

/** liveCharts(root, span, app): makes them in `root`; `span` gets the words of how long they are. */
export function liveCharts(root, span, app) {
  const leave = (params) => app.go({ node: app.route.node, view: "charts", params });
  const board = new Board(app, root, {
    zoomed: (from, to) => leave(rangeParams(from, to)), back: () => leave({ span: "1h" }), whole: () => leave({ span: "24h" }), changed: () => {}, says: () => "",
    restartsSeen: () => app.data.restarts?.observed === true, restartWords: () => (app.data.restarts?.observed === false ? "Restarts are not seen on this node." : "…"),
  }, { height: HEIGHT, strip: false });
  root.append(...SHOWN.map((metric) => board.add(metric)));
  let seen = null; // the sample that is shown
  return {
    show({ performance, restarts, health }) {
      const to = serverNow(), from = to - WINDOW_MS;
      board.setRange(from, to, true);
      board.setSample(performance, health?.criteria);
      if (restarts && performance && performance.timestamp !== seen) board.setMarks(marksOf(restarts, from, to));
      seen = performance?.timestamp ?? null;
      board.tick();
      const first = board.past.best("process_count", from, to)?.t[0];
      span.textContent = first ? `the last ${age(to - Math.max(from, first))}` : "";
    },
    close: () => board.close(),
  };
}
