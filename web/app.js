// SPDX-License-Identifier: Apache-2.0
// The dashboard: asks the API every two seconds, takes events as they come, and shows what it has been told, nothing else. Text that comes
// from a node gets on the page as text only (textContent), never as markup.

const POLL_MS = 2000;
const POLL_HIDDEN_MS = 10000;
const TIMEOUT_MS = 8000;
const TREE_TIMEOUT_MS = 15000; // the server gives up before
const BACKLOG = 300; // events from before the page was opened
const KEPT_EVENTS = 400;
const SHOWN_EVENTS = 150;
const WINDOW_MS = 10 * 60 * 1000;

const state = {
  nodes: [],
  selected: null, // name
  health: null,
  performance: null,
  restarts: null,
  anomalies: null,
  top: null,
  memory: null,
  topBy: "queue",
  tree: { node: null }, // { node, asking, answer, error }: asked for when somebody wants to see it
  shownFor: null, // the node that the six above are of
  lostSince: null,
  answeredAt: null,
  series: new Map(), // node → { points: [{t, …}], totals: [{t, total}] }
  events: [], // newest first
  types: new Set(["restart", "anomaly", "incident", "health_alert", "node"]),
  allNodes: true,
  levels: new Map(), // node → { overall: {level, since}, criteria: Map(name → since) }, as told by events
};

const $ = (id) => document.getElementById(id);

// ---- making elements ------------------------------------------------------------------------------------------------

function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") e.className = value;
    else e.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) e.append(child);
  return e;
}

const drawn = new WeakMap(); // container → what it was made from

// Replaces the content if what it is made from has changed; the keyboard's focus stays where it was.
function draw(container, source, make) {
  const signature = JSON.stringify(source);
  if (drawn.get(container) === signature) return;
  drawn.set(container, signature);
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const top = container.scrollTop;
  container.replaceChildren(...[make()].flat());
  container.scrollTop = top;
  if (focused) container.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  tickAges();
}

// ---- words and numbers ----------------------------------------------------------------------------------------------

const clock = (t) => new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

function age(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const sinceText = (t) => `since ${sameDay(t) ? clock(t) : new Date(t).toLocaleString([], { hour12: false })}`;
const sameDay = (t) => new Date(t).toDateString() === new Date().toDateString();

// A time that grows older by itself: "3 min ago".
const ago = (t, suffix = " ago") => el("time", { datetime: t, title: new Date(t).toLocaleString(), "data-t": Date.parse(t), "data-suffix": suffix });

function tickAges() {
  const now = Date.now();
  for (const e of document.querySelectorAll("[data-t]")) {
    const text = age(now - Number(e.dataset.t)) + e.dataset.suffix;
    if (e.textContent !== text) e.textContent = text;
  }
}

function scaled(v, step, units, digits = 1) {
  let i = 0;
  while (i < units.length - 1 && Math.abs(v) >= step) {
    v /= step;
    i++;
  }
  const text = Number.isInteger(v) ? String(v) : Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(digits);
  return text + units[i];
}

const count = (v) => (Math.abs(v) < 10000 ? (Number.isInteger(v) ? String(v) : Math.abs(v) < 0.1 && v !== 0 ? v.toPrecision(2) : v.toFixed(1)) : scaled(v, 1000, ["", " k", " M", " G", " T"]));
const bytes = (v) => scaled(v, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);

function quantity(v, unit) {
  if (v === null || v === undefined) return "not observed";
  const perSecond = unit?.endsWith("/s") ? "/s" : "";
  const base = unit?.replace("/s", "");
  if (base === "bytes") return bytes(v) + perSecond;
  if (base === "percent" || base === "%") return `${v.toFixed(Math.abs(v) < 10 ? 1 : 0)} %${perSecond}`;
  if (base === "count" || !base) return count(v) + perSecond;
  return `${count(v)} ${base}${perSecond}`;
}

// A term: it may break after its commas, and a very long one is cut (the whole is in the title).
function term(text, max = 300) {
  const shown = text.length > max ? `${text.slice(0, max)}…` : text;
  const pieces = shown.split(/(?<=,)/).flatMap((piece, i) => (i ? [el("wbr"), piece] : [piece]));
  return el("span", { title: shown === text ? null : text }, pieces);
}

const plural = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
const nth = (n) => n + (n % 100 >= 11 && n % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th");

const TITLES = {
  memory: "Memory", processes: "Processes", cpu: "CPU", restarts: "Restarts", ports: "Ports", atoms: "Atoms",
  file_descriptors: "File descriptors", message_queue: "Message queue", restart_budget: "Restart budget",
};
const spoken = (name) => name.replaceAll("_", " ");
const title = (criterion) => TITLES[criterion] || spoken(criterion);

// How a node stands, in one word: what is wrong with the link comes before what is wrong with the node.
const RANK = ["down", "critical", "warning", "unknown", "healthy"];
const standing = (n) => (n.state === "up" ? n.overall_status : n.state === "connecting" ? "unknown" : "down");
const standingWord = (n) => (n.state === "up" ? (n.overall_status === "unknown" ? "not judged yet" : n.overall_status) : n.state);

const mark = (kind, word) => el("span", { class: `word ${kind}` }, el("span", { class: `shape shape-${kind}`, "aria-hidden": "true" }), word);
const severityKind = { high: "critical", medium: "warning", low: "low" };

// ---- the API --------------------------------------------------------------------------------------------------------

async function get(path, timeout = TIMEOUT_MS) {
  const answer = await fetch(`/api/v1/${path}`, { signal: AbortSignal.timeout(timeout), cache: "no-store", headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw new Error(told?.error?.message || `the server answered ${answer.status}`);
  }
  return answer.json();
}

async function askNode(name) {
  const path = `nodes/${encodeURIComponent(name)}`;
  const by = state.topBy;
  const [health, performance, restarts, anomalies, top, memory] = await Promise.all([
    get(`${path}/health`), get(`${path}/performance`), get(`${path}/restarts`), get(`${path}/anomalies`), get(`${path}/top?by=${by}`), get(`${path}/memory`),
  ]);
  keepPoint(name, performance, restarts);
  if (state.selected !== name || state.topBy !== by) return;
  Object.assign(state, { health, performance, restarts, anomalies, top, memory, shownFor: name });
}

async function ask() {
  state.nodes = await get("nodes");
  if (state.selected === null && state.nodes.length) choose(sorted()[0].name);
  if (state.nodes.some((n) => n.name === state.selected)) await askNode(state.selected);
}

let timer = null;
let asking = false;
let again = false; // something changed while the answers were under way

async function poll() {
  clearTimeout(timer);
  again = asking;
  if (asking) return;
  asking = true;
  try {
    await ask();
    state.lostSince = null;
    state.answeredAt = Date.now();
  } catch (error) {
    state.lostSince ??= Date.now();
    state.lostWhy = error.name === "TimeoutError" ? "it does not answer in time" : error instanceof TypeError ? "it cannot be reached" : error.message;
  }
  asking = false;
  show();
  timer = setTimeout(poll, again ? 0 : document.hidden ? POLL_HIDDEN_MS : POLL_MS);
}

// ---- what the charts stand on: what is kept of the minutes before the page was opened, and samples seen since ----------

const CHARTS = [
  { key: "cpu", title: "CPU", unit: "%", metric: "cpu_utilization", criterion: "cpu", top: 100 },
  { key: "memory", title: "Memory in use", unit: "%", metric: "memory_utilization", criterion: "memory", top: 100 },
  { key: "processes", title: "Processes", unit: "count", metric: "process_count", floating: true },
  { key: "run_queue", title: "Run queue", unit: "count", metric: "run_queue", top: 4 },
  { key: "queue", title: "Longest message queue", unit: "count", metric: "mq_max", criterion: "message_queue", top: 10 },
  { key: "restarts", title: "Restarts per minute", unit: "count", top: 4 },
];

// Restarts in the minute before t, from the growing total.
function perMinute(totals, t, total) {
  const from = totals.findLast((p) => p.t <= t - 60000) || totals[0];
  return from && t > from.t ? ((total - from.total) * 60000) / Math.max(60000, t - from.t) : 0;
}

// The columns of /history as points. Restarts per minute are not among the metrics.
function pastPoints(metrics) {
  const points = new Map();
  for (const c of CHARTS) {
    const { time = [], mean = [] } = metrics[c.metric] || {};
    time.forEach((t, i) => points.set(t, { ...points.get(t), t, [c.key]: mean[i] }));
  }
  const missing = Object.fromEntries(CHARTS.map((c) => [c.key, null]));
  return [...points.values()].sort((a, b) => a.t - b.t).map((p) => ({ ...missing, ...p }));
}

// Asked for once a node, by its own clock. Without an answer the charts begin with now.
async function fillPast(name, s, end) {
  const metrics = CHARTS.flatMap((c) => c.metric || []).join(",");
  try {
    const past = await get(`nodes/${encodeURIComponent(name)}/history?start=${end - WINDOW_MS}&end=${end}&step=5s&metric=${metrics}`);
    s.points.unshift(...pastPoints(past.metrics).filter((p) => p.t < s.points[0].t));
  } catch {
    return;
  }
  showCharts();
}

function keepPoint(name, performance, restarts) {
  const s = state.series.get(name) || { points: [], totals: [] };
  const t = performance.timestamp && Date.parse(performance.timestamp);
  if (!t || (s.points.length && t <= s.points.at(-1).t)) return;
  if (!state.series.has(name)) fillPast(name, s, t);
  state.series.set(name, s);
  const point = { t };
  for (const c of CHARTS) if (c.metric) point[c.key] = performance.metrics[c.metric] ?? null;
  point.restarts = restarts.observed ? perMinute(s.totals, t, restarts.total_restarts) : null;
  s.totals.push({ t, total: restarts.total_restarts });
  s.points.push(point);
  while (s.points.length && s.points[0].t < t - WINDOW_MS) s.points.shift();
  while (s.totals.length > 2 && s.totals[1].t < t - 60000) s.totals.shift();
}

// ---- events ---------------------------------------------------------------------------------------------------------

let source = null;
let lastEventId = null;

async function follow() {
  try {
    if (lastEventId === null) {
      const stats = await get("stats");
      lastEventId = Math.max(0, (stats.last_event_id || 0) - BACKLOG);
    }
  } catch {
    setTimeout(follow, 3000);
    return;
  }
  source = new EventSource(`/api/v1/events?last_event_id=${lastEventId}`);
  for (const type of ["restart", "anomaly", "incident", "health_alert", "performance_alert", "node"]) source.addEventListener(type, onEvent);
  source.onopen = () => showEventsState("live");
  source.onerror = () => {
    showEventsState("reconnecting…");
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    source.close();
    setTimeout(follow, 5000);
  };
}

function onEvent(message) {
  const ev = JSON.parse(message.data);
  lastEventId = ev.id;
  if (ev.type === "incident" && ev.data.change === "joined") return; // the incident was told already
  state.events.unshift(ev);
  state.events.length = Math.min(state.events.length, KEPT_EVENTS);
  if (ev.type === "health_alert") keepLevel(ev);
  scheduleEvents();
  // What an event tells shows at once in the figures as well.
  if (ev.node === state.selected || ev.type === "node") soon();
}

function keepLevel(ev) {
  const l = state.levels.get(ev.node) || { overall: null, criteria: new Map() };
  state.levels.set(ev.node, l);
  if (l.overall?.level !== ev.data.overall_status) l.overall = { level: ev.data.overall_status, since: ev.timestamp };
  if (ev.data.changed) l.criteria.set(ev.data.changed, { level: ev.data.criteria?.[ev.data.changed]?.level, since: ev.timestamp });
}

let soonTimer = null;
function soon() {
  soonTimer ??= setTimeout(() => {
    soonTimer = null;
    poll();
  }, 250);
}

let eventsTimer = null;
function scheduleEvents() {
  eventsTimer ??= requestAnimationFrame(() => {
    eventsTimer = null;
    showEvents();
  });
}

// ---- the bar and the nodes --------------------------------------------------------------------------------------------

const sorted = () => state.nodes.toSorted((a, b) => RANK.indexOf(standing(a)) - RANK.indexOf(standing(b)) || a.name.localeCompare(b.name));

// Since when a node stands as it does: of the link it is known; of its health, if the change is among the events.
function standingSince(n) {
  if (n.state !== "up") return n.since;
  const told = state.levels.get(n.name)?.overall;
  return told && told.level === n.overall_status ? told.since : null;
}

function showBar() {
  const counts = new Map();
  for (const n of state.nodes) counts.set(standing(n), (counts.get(standing(n)) || 0) + 1);
  const words = { down: "not linked", critical: "critical", warning: "warning", unknown: "not judged", healthy: "healthy" };
  draw($("summary"), [state.nodes.length, [...counts]], () => [
    el("span", {}, plural(state.nodes.length, "node")),
    RANK.filter((k) => counts.get(k)).map((k) => mark(k, `${counts.get(k)} ${words[k]}`)),
  ].flat());
  const worst = sorted()[0];
  const kind = worst && standing(worst);
  document.title = kind && kind !== "healthy" && kind !== "unknown" ? `${standingWord(worst)}: ${worst.name} – arsenal` : "arsenal";
  $("live").textContent = state.answeredAt ? `answered ${clock(state.answeredAt)}` : "";
}

function showNodes() {
  const list = sorted();
  draw($("nodes"), [list.map((n) => [n.name, n.state, n.overall_status, standingSince(n)]), state.selected], () =>
    list.map((n) => {
      const since = standingSince(n);
      return el("li", {},
        el("a", { href: `#${encodeURIComponent(n.name)}`, "data-key": n.name, "aria-current": n.name === state.selected ? "true" : null },
          el("span", { class: "name" }, n.name),
          el("span", { class: "line" }, mark(standing(n), standingWord(n)), since && el("span", { class: "dim nowrap" }, ago(since, "")))));
    }));
}

function showLost() {
  const lost = state.lostSince !== null;
  document.body.classList.toggle("is-lost", lost);
  $("lost").hidden = !lost;
  if (!lost) return;
  const from = state.answeredAt ? ` What is shown is from ${clock(state.answeredAt)}.` : "";
  $("lost").textContent = `No answer from arsenal since ${clock(state.lostSince)}: ${state.lostWhy}.${from} Trying again by itself.`;
}

// ---- the verdict: which node, since when, who, what next ---------------------------------------------------------------

const processName = (p) => p.name || p.initial_call || p.pid;
const culpritKinds = {
  table: () => "table ", parent: (p) => `${count(p.count)} processes started by `, initial_call: (p) => `${count(p.count)} processes that began with `,
  port_owner: (p) => `${count(p.count)} ports of `, port_parent: (p) => `${count(p.count)} ports of processes started by `,
};
const culprit = (p) => [culpritKinds[p.kind]?.(p), el("strong", { class: "mono" }, processName(p)), p.pid && (p.name || p.initial_call) ? el("span", { class: "dim mono" }, ` ${p.pid}`) : null];
const list = (items) => items.flatMap((item, i) => (i ? [", ", item] : [item]));

const isStorm = (p) => p.type === "restart_storm";

function who() {
  const lines = [];
  const storms = (state.restarts?.patterns || []).filter((p) => p.active && isStorm(p));
  for (const p of storms) lines.push([mark("critical", "storm"), " ", el("strong", { class: "mono" }, p.child_id), " under ", el("span", { class: "mono" }, p.supervisor), ` (${p.pattern.split(":")[0]})`]);
  const named = new Set(storms.map((p) => `${p.supervisor} ${p.child_id}`));
  for (const a of state.health?.anomalies || []) {
    const child = `${a.supervisor} ${a.child_id}`;
    if (a.culprits?.length) lines.push([`${spoken(a.type)}: `, list(a.culprits.slice(0, 3).map(culprit))]);
    else if (a.type === "restart_anomaly" && !named.has(child)) {
      named.add(child);
      lines.push([`${spoken(a.type)}: `, el("strong", { class: "mono" }, a.child_id || "?"), " under ", el("span", { class: "mono" }, a.supervisor || "?")]);
    }
  }
  return lines.length > 5 ? [...lines.slice(0, 4), `and ${lines.length - 4} more, below`] : lines;
}

// Recommendations begin with the criterion that they are for: the critical ones come first.
function nextSteps(health) {
  const order = worstCriteria(health).map(([name]) => spoken(name).toLowerCase());
  const place = (text) => (order.findIndex((name) => text.toLowerCase().startsWith(name)) + order.length + 1) % (order.length + 1);
  return health.recommendations.toSorted((a, b) => place(a) - place(b));
}

function unseen(n) {
  const words = [];
  if (n.info.note) words.push(n.info.note);
  const missing = state.health?.observed?.missing || [];
  if (missing.length && n.state === "up") words.push(`not observed: ${missing.map((m) => title(m).toLowerCase()).join(", ")}`);
  return words;
}

function worstCriteria(health) {
  return Object.entries(health?.criteria || {}).filter(([, c]) => c.level === "critical" || c.level === "warning")
    .toSorted(([, a], [, b]) => RANK.indexOf(a.level) - RANK.indexOf(b.level));
}

function whatLine(n, health) {
  if (n.state !== "up") return [n.detail || "no reason known"];
  const worst = worstCriteria(health);
  if (!worst.length) return null;
  return list(worst.map(([name, c]) => `${title(name)} ${quantity(c.value, c.unit)} (${c.level} above ${count(c.level === "critical" ? c.critical : c.warning)})`));
}

function facts(n) {
  const i = n.info;
  return [i.otp_release && `OTP ${i.otp_release}`, i.elixir && `Elixir ${i.elixir}`, i.schedulers_online && plural(i.schedulers_online, "scheduler"),
    n.state === "up" && (i.injected ? "probe loaded" : "plain calls only")].filter(Boolean).join(" · ");
}

const row = (word, ...content) => [el("dt", {}, word), el("dd", {}, ...content)];
const lines = (items) => items.map((item) => el("p", {}, item));

function showVerdict(n, health) {
  const box = $("verdict");
  const kind = standing(n);
  const since = standingSince(n);
  const names = health && n.state === "up" ? who() : [];
  box.className = `verdict is-${kind}`;
  draw(box, [n, since, health && [health.criteria, health.recommendations, health.anomalies, health.observed], state.restarts?.patterns], () => {
    const what = whatLine(n, health);
    const next = n.state === "up" && health ? nextSteps(health) : [];
    const blind = unseen(n);
    return [
      el("div", { class: "head" },
        el("h2", {}, n.name),
        mark(kind, standingWord(n)),
        since && el("span", { class: "nowrap" }, sinceText(since), " (", ago(since, ""), ")"),
        el("span", { class: "facts" }, facts(n))),
      el("dl", {},
        what && row("What", what),
        names.length > 0 && row("Who", lines(names)),
        next.length > 0 && row("Next", lines(next)),
        !what && !names.length && n.state === "up" && row("What", health?.overall_status === "healthy" ? "Nothing stands out." : "Not enough is known yet to judge."),
        n.state !== "up" && n.last_sample && row("Figures", "last seen ", ago(n.last_sample)),
        blind.length > 0 && row("Not seen", lines(blind))),
    ];
  });
}

// ---- health ---------------------------------------------------------------------------------------------------------

function gauge(c) {
  const full = c.unit === "%" ? 100 : c.critical * 1.25;
  const bar = el("i");
  const limits = [c.warning, c.critical].map((limit) => {
    const b = el("b");
    b.style.left = `${Math.min(100, (limit / full) * 100)}%`;
    return b;
  });
  bar.style.width = `${Math.max(0, Math.min(100, (c.value / full) * 100))}%`;
  return el("div", { class: `gauge ${c.level}`, "aria-hidden": "true" }, bar, limits);
}

function criterionItem(name, c, since) {
  const known = c.level !== "unknown";
  return el("li", { class: `is-${c.level}` },
    el("div", { class: "title" }, el("span", {}, title(name)), mark(c.level, known ? c.level : "not observed")),
    el("div", { class: "value" }, known ? quantity(c.value, c.unit === "%" ? "%" : "count") : "–", known && c.unit !== "%" && el("small", {}, ` ${c.unit}`)),
    known ? gauge(c) : el("div", { class: "gauge" }),
    el("div", { class: "limits" }, `warning ${count(c.warning)}, critical ${count(c.critical)}`, since && [" · ", ago(since, "")]));
}

function showCriteria(n, health) {
  const told = state.levels.get(n.name)?.criteria;
  const since = (name, c) => (c.level !== "healthy" && told?.get(name)?.level === c.level ? told.get(name).since : null);
  draw($("criteria"), [health?.criteria, Object.entries(health?.criteria || {}).map(([name, c]) => since(name, c))], () =>
    Object.entries(health?.criteria || {}).map(([name, c]) => criterionItem(name, c, since(name, c))));
}

// ---- charts ---------------------------------------------------------------------------------------------------------

const charts = CHARTS.map((c) => {
  const now = el("span", { class: "now" }, "–");
  const canvas = el("canvas", { role: "img" });
  const figure = el("figure", { class: "chart" }, el("figcaption", {}, el("span", {}, c.title), now), canvas);
  const chart = { ...c, now, canvas, at: null };
  canvas.addEventListener("pointermove", (e) => {
    chart.at = e.offsetX / canvas.clientWidth;
    drawChart(chart);
  });
  canvas.addEventListener("pointerleave", () => {
    chart.at = null;
    drawChart(chart);
  });
  $("charts").append(figure);
  return chart;
});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function niceTop(v) {
  const step = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((k) => k * step).find((k) => k >= v * 0.999) || v;
}

function range(chart, values) {
  if (!chart.floating) return [0, Math.max(chart.top, niceTop(Math.max(...values, 1e-9)))];
  const low = Math.min(...values), high = Math.max(...values);
  const pad = Math.max((high - low) * 0.25, high * 0.02, 2);
  return [Math.max(0, Math.floor(low - pad)), Math.ceil(high + pad)];
}

// The stretches without a gap: a missed sample is not drawn over.
function stretches(points, key) {
  const out = [];
  let last = null;
  for (const p of points) {
    if (p[key] === null) last = null;
    else if (last && p.t - last.t < 30000) out.at(-1).push(p);
    else out.push([p]);
    if (p[key] !== null) last = p;
  }
  return out;
}

function drawLimit(ctx, y, width, name) {
  ctx.strokeStyle = colour(name);
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(0, y);
  ctx.lineTo(width, y);
  ctx.stroke();
  ctx.setLineDash([]);
}

function drawStretch(ctx, points, x, y, bottom) {
  ctx.beginPath();
  for (const [px, py] of points.map((p) => [x(p), y(p)])) ctx.lineTo(px, py);
  ctx.strokeStyle = colour("--chart");
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.lineTo(x(points.at(-1)), bottom);
  ctx.lineTo(x(points[0]), bottom);
  ctx.fillStyle = colour("--chart-fill");
  ctx.fill();
  ctx.lineWidth = 1;
}

function drawDot(ctx, px, py) {
  ctx.fillStyle = colour("--chart");
  ctx.beginPath();
  ctx.arc(px, py, 2.5, 0, 7);
  ctx.fill();
}

function drawChart(chart) {
  const { canvas } = chart;
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const all = state.series.get(state.selected)?.points || [];
  const points = all.filter((p) => p[chart.key] !== null && p[chart.key] !== undefined);
  const last = points.at(-1);
  if (!width) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  if (!last) {
    chart.now.textContent = all.length ? "not observed" : "–";
    canvas.setAttribute("aria-label", `${chart.title}: not observed`);
    return;
  }
  const values = points.map((p) => p[chart.key]);
  const [low, high] = range(chart, values);
  const end = all.at(-1).t, span = Math.max(120000, end - all[0].t);
  const x = (p) => width - ((end - p.t) / span) * (width - 4) - 3;
  const at = (v) => height - 2 - ((v - low) / (high - low)) * (height - 14);
  const y = (p) => at(p[chart.key]);
  const limits = state.shownFor === state.selected && state.health?.criteria?.[chart.criterion];
  if (limits && limits.warning <= high) drawLimit(ctx, at(limits.warning), width, "--warn");
  if (limits && limits.critical <= high) drawLimit(ctx, at(limits.critical), width, "--bad");
  for (const s of stretches(all, chart.key)) drawStretch(ctx, s, x, y, height);
  const pointed = chart.at === null ? last : points.reduce((a, b) => (Math.abs(x(b) - chart.at * width) < Math.abs(x(a) - chart.at * width) ? b : a));
  drawDot(ctx, x(pointed), y(pointed));
  ctx.fillStyle = colour("--dim");
  ctx.font = "10px system-ui, sans-serif";
  ctx.fillText(quantity(high, chart.unit), 2, 10);
  if (low > 0) ctx.fillText(quantity(low, chart.unit), 2, height - 4);
  const text = quantity(pointed[chart.key], chart.unit);
  chart.now.textContent = pointed === last ? text : `${text} at ${clock(pointed.t)}`;
  canvas.setAttribute("aria-label", `${chart.title}: now ${quantity(last[chart.key], chart.unit)}, from ${quantity(Math.min(...values), chart.unit)} to ${quantity(Math.max(...values), chart.unit)} in ${age(span)}`);
}

function showCharts() {
  const all = state.series.get(state.selected)?.points || [];
  $("charts-span").textContent = all.length > 1 ? `the last ${age(all.at(-1).t - all[0].t)}` : "";
  charts.forEach(drawChart);
}

// ---- restarts -------------------------------------------------------------------------------------------------------

// Supervisors with their children: counts from the statistics, the last reason from the newest restarts, and the patterns.
function bySupervisor(r) {
  const groups = new Map();
  const child = (supervisor, id) => {
    const g = groups.get(supervisor) || groups.set(supervisor, { supervisor, budget: r.budgets?.find((b) => b.supervisor === supervisor), count: 0, last: "", storm: false, children: new Map() }).get(supervisor);
    return [g, g.children.get(id) || g.children.set(id, { id, count: null, last: null, storm: false, patterns: [] }).get(id)];
  };
  for (const c of r.most_restarted_children) {
    const [g, entry] = child(c.supervisor, c.child_id);
    entry.count = c.count;
    g.count += c.count;
  }
  for (const one of r.recent) {
    const [g, entry] = child(one.supervisor, one.child_id);
    entry.last ??= one;
    if (one.timestamp > g.last) g.last = one.timestamp;
  }
  for (const p of r.patterns) {
    const [g, entry] = child(p.supervisor, p.child_id);
    const types = entry.patterns.map((known) => known.type); // the latest come first
    if (!types.includes(p.type)) entry.patterns.push(p);
    entry.storm ||= p.active && isStorm(p);
    g.storm ||= entry.storm;
  }
  const order = (a, b) => b.storm - a.storm || (b.count || 0) - (a.count || 0);
  return [...groups.values()].toSorted(order).map((g) => ({ ...g, children: [...g.children.values()].toSorted(order) }));
}

const KINDS = { restart: "", start_error: "failed to start: ", gave_up: "supervisor gave up: " };

const PATTERNS = { restart_storm: "storm", cascading_failure: "cascade", periodic_restart: "periodic", resource_correlated: "after spikes" };

function patternTag(p) {
  const level = !p.active ? "unknown" : isStorm(p) ? "critical" : "warning";
  return el("span", { class: `tag ${level}`, title: p.pattern }, `${PATTERNS[p.type]}${p.active ? "" : ", over"} ×${p.frequency}`);
}

const lastReason = (c) => (c.last ? term((c.last.restarted === false ? "not restarted: " : KINDS[c.last.kind]) + (c.last.reason ?? "")) : null);

// What is left of a supervisor's restart budget, once some of it is used.
function budgetText(b) {
  if (!b?.used) return null;
  return el("span", { class: b.left || b.used < 2 ? "dim" : "tag critical", title: `${b.strategy}: gives up at more than ${b.intensity} in ${b.period / 1000} s` },
    `${b.used} of ${b.intensity} restarts in ${b.period / 1000} s, ${b.left} left`);
}

function restartRows(g) {
  return [
    el("tr", { class: "group" }, el("td", { class: "mono" }, g.supervisor, el("div", { class: "only-small" }, budgetText(g.budget))), el("td", { class: "hide-small" }, budgetText(g.budget)), el("td", { class: "number" }, g.count ? String(g.count) : ""), el("td", { class: "number" }, g.last ? ago(g.last, "") : "")),
    g.children.map((c) => el("tr", { class: "child" },
      el("td", { class: "mono" }, c.id, c.patterns.map((p) => [" ", patternTag(p)]).flat(), el("div", { class: "reason only-small" }, lastReason(c))),
      el("td", { class: "mono reason hide-small" }, lastReason(c)),
      el("td", { class: "number" }, c.count === null ? "" : String(c.count)),
      el("td", { class: "number dim" }, c.last ? ago(c.last.timestamp, "") : ""))),
  ].flat();
}

function showRestarts(r) {
  const observed = r?.observed;
  $("restarts-total").textContent = !r ? "" : observed || r.total_restarts
    ? [`${r.total_restarts} since the watch began`, `${count(r.restart_rate ?? 0)} in the last hour`, r.gave_up && `${plural(r.gave_up, "supervisor")} gave up`,
      r.failed_attempts && `${r.failed_attempts} failed to start`, r.collateral && `${plural(r.collateral, "sibling")} restarted along`, r.undescribed && `${r.undescribed} only counted`].filter(Boolean).join(" · ")
    : "";
  draw($("restarts"), r && [r.total_restarts, r.failed_attempts, r.gave_up, r.patterns, r.budgets, r.observed, r.recent[0]], () => {
    if (!r) return [];
    if (!r.recent.length && !r.most_restarted_children.length)
      return el("p", { class: "empty" }, observed ? "No supervisor has restarted a child since the watch began." : "Restarts are not observed on this node.");
    return el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Supervisor and child"), el("th", { scope: "col", class: "hide-small" }, "Last reason"), el("th", { scope: "col", class: "number" }, "Restarts"), el("th", { scope: "col", class: "number" }, "Ago"))),
      el("tbody", {}, bySupervisor(r).map(restartRows)));
  });
}

// ---- anomalies ------------------------------------------------------------------------------------------------------

const sameAnomaly = (a, b) => a.type === b.type && a.metric === b.metric && a.timestamp === b.timestamp && a.child_id === b.child_id;

function finding(a, holds) {
  const values = a.current_value === undefined ? null
    : el("p", {}, el("span", { class: "mono" }, a.metric), ` ${quantity(a.current_value, a.unit)}, usually ${quantity(a.baseline_value, a.unit)}`);
  const place = a.type === "restart_anomaly" ? el("p", {}, el("span", { class: "mono" }, a.child_id || "?"), " under ", el("span", { class: "mono" }, a.supervisor || "?"), a.restart_count && `, ${plural(a.restart_count, "restart")}`) : null;
  return el("div", { class: "finding" },
    el("div", { class: "head" },
      mark(severityKind[a.severity], a.severity), el("strong", {}, spoken(a.type)),
      holds ? el("span", { class: "tag critical" }, "holds now") : el("span", { class: "dim" }, "over"),
      el("span", { class: "when" }, ago(a.timestamp))),
    el("p", {}, a.description), values, place,
    a.culprits?.length ? el("p", { class: "who" }, "Culprits: ", list(a.culprits.map((p) => el("span", {}, culprit(p))))) : null);
}

function showAnomalies(anomalies, health) {
  const now = health?.anomalies || [];
  const past = (anomalies || []).filter((a) => !now.some((b) => sameAnomaly(a, b)));
  $("anomalies-total").textContent = anomalies ? `${now.length} now, ${past.length} before` : "";
  draw($("anomalies"), [now, past.slice(0, 50)], () =>
    now.length + past.length ? [now.map((a) => finding(a, true)), past.slice(0, 50).map((a) => finding(a, false))].flat() : el("p", { class: "empty" }, "None found since the watch began."));
}

// ---- processes ------------------------------------------------------------------------------------------------------

function noRanking() {
  const walked = Number.isFinite(state.performance?.metrics?.mq_scanned);
  if (walked && state.topBy === "queue") return "No process had messages waiting in the last walk.";
  return "No ranking yet: it comes with the first finished walk over the processes, and not in every mode.";
}

// Of a process with a deep queue not everything is asked, and only long queues are followed.
const known = (v, unit) => (Number.isFinite(v) ? quantity(v, unit) : "–");

function showTop(top) {
  for (const b of document.querySelectorAll("[data-by]")) b.setAttribute("aria-pressed", String(b.dataset.by === state.topBy));
  draw($("top"), [top, noRanking()], () => {
    if (!top?.processes?.length) return el("p", { class: "empty" }, top ? noRanking() : "");
    return el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Process"), el("th", { scope: "col", class: "hide-small" }, "Started as"), el("th", { scope: "col", class: "hide-small" }, "Now in"),
        el("th", { scope: "col", class: "hide-small" }, "Application"),
        el("th", { scope: "col", class: "number" }, "Queue"), el("th", { scope: "col", class: "number hide-small" }, "Growth/s"), el("th", { scope: "col", class: "number" }, "Memory"),
        el("th", { scope: "col", class: "number" }, "Binaries"), el("th", { scope: "col", class: "number" }, "Reductions/s"))),
      el("tbody", {}, top.processes.map((p) => el("tr", {},
        el("td", { class: "mono", title: p.ancestors?.length ? `started under ${p.ancestors.join(" < ")}` : null }, p.name ? [el("strong", {}, p.name), el("span", { class: "dim" }, ` ${p.pid}`)] : p.pid),
        el("td", { class: "mono hide-small" }, p.initial_call || "–"), el("td", { class: "mono hide-small" }, p.current_function || "–"),
        el("td", { class: "mono hide-small" }, p.application || "–"),
        el("td", { class: "number" }, quantity(p.message_queue_len, "count")), el("td", { class: "number hide-small" }, known(p.message_queue_fill_rate, "count")),
        el("td", { class: "number" }, known(p.memory, "bytes")), el("td", { class: "number" }, known(p.binary_memory, "bytes")),
        el("td", { class: "number" }, quantity(p.reductions_per_second, "count"))))));
  });
}

// ---- memory ---------------------------------------------------------------------------------------------------------

const LEVELS = { limit: "May be used", resident: "Resident in memory", carriers: "Allocators’ carriers", blocks: "In use" };
const share = (v) => (v === null ? null : `${v.toFixed(v < 10 ? 1 : 0)} %`);

// Allocators, tables and processes name themselves by different fields.
const ownerName = (o) => o.allocator || o.name || o.pid || "?";
const ownerBytes = (part, o) => (part.name === "binary" ? o.binary_memory : (o.bytes ?? o.memory));

function memoryOwners(part) {
  const most = (part.owners || []).filter((o) => ownerBytes(part, o) > 0).slice(0, 3);
  if (!most.length) return null;
  return el("p", { class: "owners" }, `Most of ${spoken(part.name)}: `,
    list(most.map((o) => el("span", {}, el("span", { class: "mono" }, term(ownerName(o), 80)), ` ${bytes(ownerBytes(part, o))}`,
      o.growth_per_hour > 0 && ` (+${bytes(o.growth_per_hour)} an hour)`))));
}

function memoryBar(level, next) {
  return el("div", { class: "stack", "aria-hidden": "true" }, level.parts.map((part) => {
    const piece = el("i", { class: part.name === next ? "below" : null, title: `${spoken(part.name)} ${bytes(part.bytes)}` });
    piece.style.width = `${(100 * part.bytes) / (level.bytes + level.excess)}%`;
    return piece;
  }));
}

function memoryLevel(level, next) {
  const known = level.bytes > 0 && level.excess !== null;
  return el("li", { class: "level" },
    el("div", { class: "head" },
      el("strong", { title: level.help }, LEVELS[level.name] || spoken(level.name)), el("span", {}, quantity(level.bytes, "bytes")),
      level.share !== null && el("span", { class: "dim" }, `${share(level.share)} of the above`)),
    known && memoryBar(level, next),
    el("div", { class: "parts" }, level.parts.map((part) => el("span", { title: part.help }, `${spoken(part.name)} `, el("span", { class: "nowrap" }, quantity(part.bytes, "bytes")),
      part.share !== null && el("span", { class: "dim" }, ` ${share(part.share)}`)))),
    level.parts.map(memoryOwners),
    level.excess > 0 && el("p", { class: "dim" }, `The parts are ${bytes(level.excess)} more than the whole: they were read at different moments, or ${level.excess_help}.`));
}

function showMemory(memory) {
  draw($("memory"), memory?.levels, () => (memory?.levels || []).map((level, i) => memoryLevel(level, memory.levels[i + 1]?.name)));
}

// ---- the supervision tree -------------------------------------------------------------------------------------------

async function askTree() {
  const node = state.selected;
  const tree = { node, asking: true, answer: state.tree.node === node ? state.tree.answer : null };
  state.tree = tree;
  showTree();
  try {
    tree.answer = await get(`nodes/${encodeURIComponent(node)}/tree`, TREE_TIMEOUT_MS);
    tree.error = null;
  } catch (error) {
    tree.answer = null;
    tree.error = error.name === "TimeoutError" ? "No answer in time." : error.message;
  }
  tree.asking = false;
  showTree();
}

// What is not as plain as a list of all children.
const LISTINGS = {
  sampled: "not all are listed", no_room: "not listed: the tree has as many rows as it may have", too_deep: "not listed: too deep", no_time: "not asked: the time was over",
  no_answer: "did not answer; left alone for a while", busy: "not asked: its message queue is long", no_supervisor: "said to be a supervisor, but is none: not asked",
  bridge: "a bridge, which lists nothing", seen_already: "listed elsewhere in this tree",
};

const treeName = (p) => p.name || (p.id !== null && p.id !== "undefined" ? p.id : null) || p.label || p.pid || p.id || "?";

// Of a supervisor, that of all below it. What a node tells need not make sense: somebody may be below a worker.
const treeLevel = (p) => (p.branch || p).level;

function treeFigures(p) {
  const b = p.branch;
  const restarts = b ? b.restarts : p.restarts;
  const queue = b ? b.message_queue_len : p.message_queue_len;
  const heap = b ? b.heap_bytes : p.heap_bytes;
  return el("span", { class: "figures" },
    restarts ? el("span", {}, `${plural(restarts, "restart")}${b?.restarts_in_5_min ? `, ${b.restarts_in_5_min} in 5 min` : ""}`) : null,
    queue ? el("span", {}, `${count(queue)} queued`) : null,
    heap === null ? null : el("span", { class: "dim" }, bytes(heap)));
}

function treeLine(p) {
  const name = treeName(p);
  const level = treeLevel(p);
  const about = [name === p.pid ? null : p.pid, p.parent === null && p.application && p.application !== name ? `application ${p.application}` : null,
    p.module && p.module !== name && !(p.parent === null && p.module === p.application) ? p.module : null].filter(Boolean);
  return [
    el("span", { class: "what" },
      level === "warning" || level === "critical" ? mark(level, level) : null,
      el(p.type === "supervisor" ? "strong" : "span", { class: "mono" }, term(name, 120)),
      el("span", { class: "dim mono" }, about.join(" ")),
      p.children !== undefined && p.children !== null ? el("span", { class: "dim" }, p.children === 1 ? "1 child" : `${count(p.children)} children`) : null,
      LISTINGS[p.listing] ? el("span", { class: "tag" }, LISTINGS[p.listing]) : null,
      p.budget ? budgetText({ ...p.budget, strategy: p.strategy }) : null,
      p.status === "running" ? null : el("span", { class: "tag" }, p.status)),
    treeFigures(p)];
}

// Rows are in the order of drawing; open are the upper ones and whatever leads to trouble.
function treeList(processes, below, parent) {
  return el("ul", {}, (below.get(parent) || []).map((i) => {
    const p = processes[i];
    if (!below.has(i)) return el("li", { class: "line" }, treeLine(p));
    const level = treeLevel(p);
    const open = p.depth === 0 || level === "warning" || level === "critical";
    return el("li", {}, el("details", { open }, el("summary", { class: "line", "data-key": `tree ${i}` }, treeLine(p)), treeList(processes, below, i)));
  }));
}

function treeBelow(processes) {
  const below = new Map();
  for (const p of processes) {
    if (!below.has(p.parent)) below.set(p.parent, []);
    below.get(p.parent).push(p.index);
  }
  return below;
}

function showTree() {
  const { node, asking, answer, error } = state.tree.node === state.selected ? state.tree : {};
  $("tree-ask").disabled = Boolean(asking);
  $("tree-ask").textContent = answer ? "Ask again" : "Ask the node for it";
  $("tree-state").textContent = asking ? "asking…"
    : answer ? [`${plural(answer.processes.length, "process", "processes")} at ${clock(answer.timestamp)}`, answer.complete ? null : "not complete"].filter(Boolean).join(", ") : "";
  draw($("tree"), [node, answer?.timestamp, error], () => {
    if (error) return el("p", { class: "empty" }, error);
    return answer ? treeList(answer.processes, treeBelow(answer.processes), null) : [];
  });
}

// ---- the feed -------------------------------------------------------------------------------------------------------

function told(ev) {
  const d = ev.data || {};
  const mono = (text) => el("span", { class: "mono" }, text ?? "?");
  switch (ev.type) {
    case "restart":
      return [mono(d.supervisor), " / ", mono(d.child_id), " ", el("span", { class: "mono dim" }, term(d.reason ?? "")),
        d.kind === "start_error" ? " (failed to start)" : d.kind === "gave_up" ? " (the supervisor gave up)" : d.restart_count ? ` (${nth(d.restart_count)} restart)` : ""];
    case "health_alert": {
      const c = d.criteria?.[d.changed];
      const name = d.changed && title(d.changed);
      const advice = c && c.level !== "healthy" && d.recommendations?.find((r) => r.toLowerCase().startsWith(spoken(d.changed)));
      return [c ? `${name} ${c.level} at ${quantity(c.value, c.unit === "%" ? "%" : "count")}${c.unit === "%" ? "" : ` ${c.unit}`}` : name || "",
        ` (the node is ${d.overall_status})`, advice && el("span", { class: "dim" }, ` ${advice}`)];
    }
    case "anomaly":
    case "performance_alert":
      return [d.description, d.current_value !== undefined && `: ${quantity(d.current_value, d.unit)}, usually ${quantity(d.baseline_value, d.unit)}`,
        d.culprits?.length ? [" — ", list(d.culprits.map((p) => mono(processName(p))))] : null];
    case "incident":
      return [`${d.change}: `, d.title, d.restarts ? ` (${plural(d.restarts, "restart")})` : "", d.change !== "ended" && d.next_step && el("span", { class: "dim" }, ` ${d.next_step}`)];
    default:
      return [`${d.state || ""}${d.detail ? `: ${d.detail}` : ""}`];
  }
}

const TYPE_WORDS = { restart: "restart", anomaly: "anomaly", incident: "incident", health_alert: "health", performance_alert: "performance", node: "link" };

function showEvents() {
  const shown = state.events.filter((ev) => state.types.has(ev.type) && (state.allNodes || ev.node === state.selected)).slice(0, SHOWN_EVENTS);
  draw($("events"), shown.map((ev) => ev.id), () =>
    shown.length ? shown.map((ev) => el("li", { "data-event": ev.type },
      el("time", { class: "dim", datetime: ev.timestamp, title: new Date(ev.timestamp).toLocaleString() }, clock(ev.timestamp)),
      mark(severityKind[ev.severity], TYPE_WORDS[ev.type]),
      el("span", { class: "node" }, ev.node),
      el("span", { class: "what" }, told(ev), ev.dropped && el("span", { class: "tag warning" }, `${plural(ev.dropped, "event")} before this lost`))))
    : el("li", { class: "empty" }, "None of these types yet."));
}

function showEventsState(word) {
  $("events-state").textContent = word;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

function show() {
  const n = state.nodes.find((one) => one.name === state.selected);
  const mine = n && state.shownFor === n.name;
  showLost();
  showBar();
  showNodes();
  $("node").hidden = !n;
  $("nothing").hidden = Boolean(n) || state.answeredAt === null;
  if (!n) {
    $("nothing").textContent = state.selected ? `Node “${state.selected}” is not watched here.` : "No node is watched here.";
    return;
  }
  document.body.classList.toggle("is-old", n.state !== "up");
  for (const block of document.querySelectorAll('[data-needs="sample"]')) block.hidden = !n.last_sample;
  showVerdict(n, mine ? state.health : null);
  showCriteria(n, mine ? state.health : null);
  showCharts();
  showRestarts(mine ? state.restarts : null);
  showAnomalies(mine ? state.anomalies : null, mine ? state.health : null);
  showMemory(mine ? state.memory : null);
  showTop(mine ? state.top : null);
  showTree();
  tickAges();
}

function choose(name) {
  state.selected = name;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
}

function fromHash() {
  let name = location.hash.slice(1);
  if (name === "main") return false;
  try {
    name = decodeURIComponent(name);
  } catch {
    // Not encoded by us: take it as it is.
  }
  if (!name || name === state.selected) return false;
  state.selected = name;
  return true;
}

window.addEventListener("hashchange", () => {
  if (!fromHash()) return;
  show();
  showEvents();
  poll();
});

$("main").addEventListener("click", (e) => {
  const button = e.target.closest("button");
  if (!button) return;
  if (button.id === "tree-ask") {
    askTree();
  } else if (button.dataset.by) {
    state.topBy = button.dataset.by;
    state.top = null;
    show();
    poll();
  } else if (button.dataset.type || button.id === "all-nodes") {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (button.id === "all-nodes") state.allNodes = on;
    else if (on) state.types.add(button.dataset.type);
    else state.types.delete(button.dataset.type);
    showEvents();
  }
});

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showCharts);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
new ResizeObserver(showCharts).observe($("charts"));
setInterval(tickAges, 1000);

fromHash();
showEvents();
poll();
follow();
