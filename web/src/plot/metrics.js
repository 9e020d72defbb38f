// SPDX-License-Identifier: Apache-2.0
// What the charts are called and how they stand together: the one table. Unit and kind come with the answers; a metric that the server has and this table has
// not is under "Other", by its own name.

import { spoken } from "../format.js";

// What the marks of a time give: it is drawn as the metrics are, but is none.
export const RESTARTS = "restarts_per_minute";

const TABLE = [
  ["cpu", "CPU and schedulers", {
    cpu_utilization: "CPU: busy schedulers", cpu_time_utilization: "CPU time had", run_queue: "Run queue", active_tasks: "Active tasks", running: "Running now",
    dirty_cpu_utilization: "Dirty CPU schedulers busy", dirty_io_utilization: "Dirty I/O schedulers busy", dirty_cpu_run_queue: "Dirty CPU run queue", dirty_io_run_queue: "Dirty I/O run queue",
    context_switches: "Context switches", runtime_ms: "CPU time of the VM", load1: "Host's load, 1 min", load5: "Host's load, 5 min", load15: "Host's load, 15 min",
  }],
  ["memory", "Memory", {
    memory_utilization: "Memory in use", memory_used: "Memory used", memory_available: "Memory available", rss_bytes: "Resident set (RSS)", vm_memory_total: "VM: total", vm_memory_processes: "VM: processes",
    vm_memory_processes_used: "VM: processes, used", vm_memory_processes_free: "VM: processes, free", vm_memory_system: "VM: system", vm_memory_binary: "VM: binaries", vm_memory_ets: "VM: ETS tables",
    vm_memory_code: "VM: code", vm_memory_atom: "VM: atoms", vm_memory_atom_used: "VM: atoms, used", vm_memory_atom_free: "VM: atoms, free", vm_memory_other: "VM: other", persistent_term_memory: "Persistent terms",
    alloc_carriers_bytes: "Allocators: carriers", alloc_blocks_bytes: "Allocators: blocks", alloc_external_bytes: "Outside allocators",
  }],
  ["processes", "Processes", { process_count: "Processes", process_utilization: "Process table used", module_count: "Modules loaded" }],
  ["queues", "Message queues", {
    mq_max: "Longest message queue", mq_total: "Processes at the walk", mq_average: "Mean message queue", mq_long: "Processes with long queues", mq_fill_rate: "Filling of the longest", mq_scanned: "Processes looked at", logger_queue: "Logger's queue",
  }],
  ["gc", "Reductions and garbage collection", {
    reductions: "Reductions", gc_collections: "Garbage collections", gc_bytes_reclaimed: "Reclaimed by GC", gc_words_reclaimed: "Words reclaimed by GC", gc_time_ms: "Time in GC", long_gc_count: "Long collections", long_schedule_count: "Long schedules",
  }],
  ["io", "I/O and distribution", { io_input: "Input", io_output: "Output", busy_dist_port_count: "Busy distribution ports", dist_links: "Distribution links", socket_count: "Sockets", open_fds: "Open file descriptors" }],
  ["tables", "Ports, atoms, tables", { port_count: "Ports", atom_count: "Atoms", ets_count: "ETS tables", persistent_term_count: "Persistent terms, number" }],
  ["restarts", "Restarts", { [RESTARTS]: "Restarts per minute", restart_capture: "Restarts are seen whole", restart_capture_partial: "Restarts are seen in part" }],
  ["limits", "Limits and settings", {
    memory_limit: "Memory limit", process_limit: "Process limit", port_limit: "Port limit", atom_limit: "Atom limit", ets_limit: "ETS table limit", max_fds: "File descriptor limit", schedulers: "Schedulers", schedulers_online: "Schedulers online",
    dirty_cpu_schedulers: "Dirty CPU schedulers", dirty_cpu_schedulers_online: "Dirty CPU schedulers online", dirty_io_schedulers: "Dirty I/O schedulers", logical_processors: "Logical processors", thread_pool_size: "Async threads", wordsize: "Word size",
  }],
  ["probe", "The probe itself", {
    probe_reductions: "Probe: reductions", probe_memory: "Probe: memory", probe_collect_us: "Probe: time to collect", probe_busy_us: "Probe: busy", probe_walk_us: "Probe: time to walk",
    wallclock_ms: "Clock of the VM", dirty_cpu_active: "Dirty CPU clock, busy", dirty_cpu_total: "Dirty CPU clock, all", dirty_io_active: "Dirty I/O clock, busy", dirty_io_total: "Dirty I/O clock, all",
  }],
];

const FIRST = [
  "cpu_utilization", "run_queue", "reductions", "memory_utilization", "vm_memory_total", "vm_memory_binary", "process_count", "mq_max", RESTARTS, "gc_collections", "io_input", "io_output",
];

const TITLES = Object.assign({}, ...TABLE.map(([, , titles]) => titles));

/** metricTitle(name): for people. */
export const metricTitle = (name) => TITLES[name] || spoken(name);

/** groupsOf(known): [{ id, title, metrics }] of the metrics that a node has; without that, of all that the table has. */
export function groupsOf(known) {
  const has = (name) => !known || name === RESTARTS || known.includes(name);
  const groups = [["first", "At a glance", FIRST], ...TABLE.map(([id, title, titles]) => [id, title, Object.keys(titles)])].map(([id, title, metrics]) => ({ id, title, metrics: metrics.filter(has) }));
  const other = (known || []).filter((name) => !Object.hasOwn(TITLES, name));
  return [...groups, { id: "other", title: "Other", metrics: other }].filter((g) => g.metrics.length);
}

// The criterion of health whose limits are drawn in a metric's chart; of shares of a table in how many that is.
const LIMITED = {
  cpu_utilization: ["cpu"], memory_utilization: ["memory"], process_utilization: ["processes"], mq_max: ["message_queue"], process_count: ["processes", "process_limit"], port_count: ["ports", "port_limit"],
  atom_count: ["atoms", "atom_limit"], open_fds: ["file_descriptors", "max_fds"], memory_used: ["memory", "memory_limit"],
};

/** limitsOf(name, criteria, sample): [{ level, value }] in the metric's unit; none if they are not known. */
export function limitsOf(name, criteria, sample) {
  const [criterion, whole] = LIMITED[name] || [];
  const c = criteria?.[criterion];
  const scale = whole ? sample?.[whole] / 100 : 1;
  if (!c || !Number.isFinite(scale)) return [];
  return ["warning", "critical"].map((level) => ({ level, value: c[level] * scale }));
}
