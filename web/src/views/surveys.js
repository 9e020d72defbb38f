// SPDX-License-Identifier: Apache-2.0
// What a node has beside its processes, as the last survey of each kind told it: groups of processes, tables, ports, links, what the VM said by itself.
// Each is { title, asks(app), show(app) } for processes.js; allocators are for memory.js.

import { finder } from "../address.js";
import { ago, el, empty, term } from "../dom.js";
import { bytes, clock, count, known, plural, quantity, spoken } from "../format.js";
import { facts, opener, readSort, table } from "../table.js";
import { inTree, ofProcess } from "./process.js";

const mono = (text, max = 160) => (text ? el("span", { class: "mono" }, term(String(text), max)) : "–");

/** survey(app, key, words, make): the answer's list by `make`, or why there is none; below it how much of the whole that is, and of when. */
function survey(app, key, words, make) {
  const answer = app.data[key];
  if (!answer) return empty(app.errors[key] ? `Not known: ${app.errors[key]}.` : "Asking…");
  if (!answer.timestamp) return empty(`${words.none} The first survey has not come yet, and without the probe none does.`);
  const rows = answer[key];
  const when = `As of ${clock(answer.timestamp)}`;
  if (!rows.length) return [empty(words.nothing), el("p", { class: "note" }, `${when}.`)];
  return [make(rows, answer), el("p", { class: "note" }, `${when}; ${words.told(rows, answer)}.`)];
}

// What is looked for may be in no row: that is said, instead of an empty table.
function found(app, rows, texts, make) {
  const has = finder(app);
  const shown = rows.filter((row) => has(...texts(row)));
  return shown.length ? make(shown) : empty(`None of these ${rows.length} has “${app.route.params.get("find").slice(0, 80)}”.`);
}

// ---- groups of processes, ports -------------------------------------------------------------------------------------

const nameOf = (app, g) => (g.pid ? inTree(app, g.name === g.pid || g.name.startsWith(`${g.pid} `) ? g.pid : g.name, mono(g.name)) : mono(g.name));
const texts = (g) => [g.name, g.pid, g.one];

function groupTable(app, rows, { by, title, what }, columns) {
  const cols = [{ key: "name", title, value: (g) => g.name, cell: (g) => nameOf(app, g) }, ...columns];
  const mine = rows.filter((g) => g.by === by);
  const heading = el("h4", {}, what);
  return mine.length ? [heading, found(app, mine, texts, (shown) => table(app, { label: what, columns: cols, rows: shown, sort: readSort(app, cols) }))] : [heading, empty("None.")];
}

const counted = { key: "count", number: true, value: (g) => g.count, cell: (g) => known(g.count, "count") };
const groupColumns = [
  { ...counted, title: "Processes" },
  { key: "runnable", title: "Run or wait to run", number: true, value: (g) => g.runnable, cell: (g) => known(g.runnable, "count") },
  { key: "one", title: "One of them", css: "hide-small", help: "What one of them does, where they have grown: its first call, and its current function", value: (g) => g.one, cell: (g) => mono(g.one) },
];

const groups = {
  title: "Groups",
  asks: (app) => ({ groups: app.of("groups"), performance: app.of("performance") }),
  show: (app) => survey(app, "groups", { none: "No groups.", nothing: "No groups were told.",
    told: (rows, all) => `${rows.length} of ${plural(all.total, "group")}, the largest and those of which most wait to run. On nodes of more than 2,000 processes the counts are estimated from a part of them` },
  (rows) => [
    groupTable(app, rows, { by: "parent", title: "Started by", what: "By who started them" }, groupColumns),
    groupTable(app, rows, { by: "initial_call", title: "Began with", what: "By the function that they began with" }, groupColumns),
  ]),
};

const portColumns = [{ ...counted, title: "Ports" }];

const ports = {
  title: "Ports",
  asks: (app) => ({ ports: app.of("ports"), performance: app.of("performance") }),
  show(app) {
    const m = app.data.performance?.metrics || {};
    return [
      el("p", { class: "note" }, Number.isFinite(m.port_count) ? `${plural(m.port_count, "port")} of at most ${count(m.port_limit)}; ${Number.isFinite(m.socket_count) ? `${plural(m.socket_count, "socket")}; ` : ""}${Number.isFinite(m.open_fds) ? `${count(m.open_fds)} file descriptors of ${count(m.max_fds)}.` : "file descriptors not observed."}` : ""),
      survey(app, "ports", { none: "No ports.", nothing: "No process owns enough ports to be told.", told: (rows, all) => `${rows.length} groups over ${plural(all.total, "port")}` }, (rows) => [
        groupTable(app, rows, { by: "owner", title: "Owner", what: "By the process that owns them" }, portColumns),
        groupTable(app, rows, { by: "parent", title: "Started by", what: "By who started the owner" }, portColumns),
      ]),
    ];
  },
};

// ---- tables ---------------------------------------------------------------------------------------------------------

const tableName = (t) => [mono(t.name), t.named ? null : el("span", { class: "dim" }, t.count > 1 ? ` unnamed ×${count(t.count)}` : " unnamed")];
const growth = (t) => (Number.isFinite(t.growth_per_hour) ? `${t.growth_per_hour > 0 ? "+" : ""}${bytes(t.growth_per_hour)}` : "–");

const tableColumns = (app) => [
  { key: "name", title: "Table", value: (t) => t.name, cell: tableName },
  { key: "owner", title: "Owner", css: "hide-small", value: (t) => t.owner, cell: (t) => inTree(app, t.owner.split(" ")[0], mono(t.owner)) },
  { key: "size", title: "Objects", number: true, css: "hide-small", value: (t) => t.size, cell: (t) => known(t.size, "count") },
  { key: "memory", title: "Memory", number: true, value: (t) => t.memory, cell: (t) => known(t.memory, "bytes") },
  { key: "growth", title: "Growth/h", number: true, help: "Over the last 10 to 20 minutes, or since the table is known", value: (t) => t.growth_per_hour, cell: growth },
  { key: "since", title: "Since", number: true, css: "hide-small", help: "What the growth is reckoned from", value: (t) => t.growth_since, cell: (t) => (t.growth_since ? ago(t.growth_since, "") : "–") },
];

const tables = {
  title: "Tables",
  asks: (app) => ({ tables: app.of("tables") }),
  show: (app) => survey(app, "tables", { none: "No tables.", nothing: "There is no ETS table.", told: (rows, all) => `the ${rows.length} largest of ${plural(all.total, "ETS table")}` }, (rows) => {
    const cols = tableColumns(app);
    return found(app, rows, (t) => [t.name, t.owner], (shown) => table(app, { label: "ETS tables", columns: cols, rows: shown, sort: readSort(app, cols) }));
  }),
};

// ---- links ----------------------------------------------------------------------------------------------------------

// Every number of a link, by its field's name: those in bytes end so.
const linkNumbers = (l) => facts(Object.entries(l).filter(([, v]) => typeof v === "number").map(([field, v]) => [spoken(field.replace(/_bytes$/, "")), quantity(v, field.endsWith("_bytes") ? "bytes" : "count")]));

const linkColumns = (app) => [
  { key: "peer", title: "Peer", value: (l) => l.peer, cell: (l) => [opener(app, "peer", l.peer, mono(l.peer)), l.ours && el("span", { class: "tag" }, "arsenal’s own"), " ", l.busy && el("span", { class: "tag critical" }, "busy: senders wait")] },
  { key: "state", title: "State", value: (l) => l.state },
  { key: "type", title: "Type", css: "hide-small", value: (l) => [l.type, l.carrier].filter(Boolean).join(", ") },
  { key: "queue", title: "Waits in the VM", number: true, value: (l) => l.queue_bytes, cell: (l) => known(l.queue_bytes, "bytes") },
  { key: "in", title: "Received", number: true, value: (l) => l.recv_bytes, cell: (l) => known(l.recv_bytes, "bytes") },
  { key: "out", title: "Sent", number: true, value: (l) => l.send_bytes, cell: (l) => known(l.send_bytes, "bytes") },
];

const links = {
  title: "Links",
  asks: (app) => ({ links: app.of("links") }),
  show: (app) => survey(app, "links", { none: "No links.", nothing: "The node is linked with no other.", told: (rows, all) => `${rows.length} of ${plural(all.total, "link")} of the distribution, those with the longest queue first` }, (rows) => {
    const cols = linkColumns(app);
    const open = app.route.params.get("peer");
    return found(app, rows, (l) => [l.peer, l.state, l.type, l.carrier], (shown) => table(app, { label: "Links of the distribution", columns: cols, rows: shown, sort: readSort(app, cols), more: (l) => l.peer === open && linkNumbers(l) }));
  }),
};

// ---- what the VM told -----------------------------------------------------------------------------------------------

const KINDS = { long_gc: "Long garbage collections", long_schedule: "Long schedulings", busy_dist_port: "Waits for a busy link" };
const vmValue = (v) => (v.kind === "busy_dist_port" ? null : v.value);

const vmColumns = (app) => [
  { key: "when", title: "Ago", value: (v) => v.timestamp, cell: (v) => ago(v.timestamp, "") },
  { key: "kind", title: "What", value: (v) => v.kind, cell: (v) => spoken(v.kind) },
  { key: "who", title: "Who", value: (v) => v.name || v.pid, cell: (v) => [ofProcess(app, v.pid, mono(v.name || v.pid)), v.name && el("span", { class: "dim mono" }, ` ${v.pid}`)] },
  { key: "value", title: "How long, how many", number: true, value: vmValue, cell: (v) => (vmValue(v) === null ? "–" : quantity(v.value, v.kind === "long_message_queue" ? "count" : "ms")) },
];

const vm_events = {
  title: "VM events",
  asks: (app) => ({ vm: app.of("vm_events") }),
  show(app) {
    const { vm } = app.data;
    if (!vm) return empty(app.errors.vm ? `Not known: ${app.errors.vm}.` : "Asking…");
    const cols = vmColumns(app);
    const heard = Object.values(vm.counts).some((v) => v !== null);
    return [
      heard ? facts(Object.entries(vm.counts).map(([kind, v]) => [KINDS[kind] || spoken(kind), known(v, "count")])) : el("p", { class: "note" }, "Not heard: another tool is this node’s system monitor, or no probe runs there."),
      vm.events.length ? found(app, vm.events, (v) => [v.name, v.pid, spoken(v.kind)], (shown) => table(app, { label: "What the VM told by itself", columns: cols, rows: shown, sort: readSort(app, cols) }))
        : empty(heard ? "The VM has told of nothing: no collection of 1 s, no scheduling of 500 ms, no queue above 10,000 messages, no busy link." : "Nothing was heard."),
      heard && el("p", { class: "note" }, "Counts are since the probe listens; of the events the newest 20."),
    ];
  },
};

export const SURVEYS = { groups, tables, ports, links, vm_events };

// ---- allocators -----------------------------------------------------------------------------------------------------

const CARRIERS = { mbcs: "of many blocks", mbcs_pool: "abandoned", sbcs: "of one block" };
const used = (a) => (a.carriers_bytes > 0 && Number.isFinite(a.blocks_bytes) ? (100 * a.blocks_bytes) / a.carriers_bytes : null);

const allocatorColumns = [
  { key: "allocator", title: "Allocator", value: (a) => a.allocator, cell: (a) => mono(a.allocator) },
  { key: "kind", title: "Carriers", css: "hide-small", value: (a) => CARRIERS[a.kind] || a.kind },
  { key: "carriers", title: "How many", number: true, css: "hide-small", value: (a) => a.carriers, cell: (a) => known(a.carriers, "count") },
  { key: "carriers_bytes", title: "Size", number: true, help: "What its carriers take of the system", value: (a) => a.carriers_bytes, cell: (a) => known(a.carriers_bytes, "bytes") },
  { key: "blocks_bytes", title: "In use", number: true, value: (a) => a.blocks_bytes, cell: (a) => known(a.blocks_bytes, "bytes") },
  { key: "blocks", title: "Blocks", number: true, css: "hide-small", value: (a) => a.blocks, cell: (a) => known(a.blocks, "count") },
  { key: "free", title: "Free", number: true, help: "Carriers that no block uses: fragmentation, and room for growth", value: (a) => a.carriers_bytes - a.blocks_bytes, cell: (a) => known(a.carriers_bytes - a.blocks_bytes, "bytes") },
  { key: "used", title: "Used", number: true, value: used, cell: (a) => known(used(a), "%") },
];

/** showAllocators(app): a row for each allocator and kind of carrier that holds anything. */
export const showAllocators = (app) => survey(app, "allocators", { none: "No allocators.", nothing: "No allocator was told.", told: (rows) => `over all instances of each; ${rows.filter((a) => !a.carriers_bytes).length} that hold nothing are left out` }, (rows) => {
  const sort = readSort(app, allocatorColumns) || { key: "carriers_bytes", down: true };
  return table(app, { label: "Allocators", columns: allocatorColumns, rows: rows.filter((a) => a.carriers_bytes), sort });
});
