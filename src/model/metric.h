/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric table: the one place where a metric has its name, unit, kind, the seed's path, both Prometheus names, its
 * limit, and whether and how it is watched. To add a metric is one row here and one line in the probe.
 *
 *  id, name        METRIC_<id>; the name is the atom in the probe's tick, the JSON field and `arsenal_<name>` in
 * Prometheus unit, kind      UNIT_*, and GAUGE or COUNTER (grows since the node's boot, falls to 0 when it restarts)
 *  seed            path in the seed's performance_metrics ("memory.total"), or ""
 *  old, new        names of prometheus.erl up to 5 and from 6 on, or "" (seconds in a name whose unit here is ms are
 * converted) labels          their labels, or "" limit           id of the metric that bounds this one, or NONE watch
 * NONE; LEVEL: its value is watched for anomalies; RATE: its change per second is anomaly         the anomaly type that
 * it raises (model/anomaly.h); with watch NONE it does not matter floor, share    a change is significant only if it is
 * larger than floor (in the unit, or unit/s) and than share × baseline help            one line, for Prometheus HELP
 * and the documentation
 *
 * Rows marked "derived" are computed by the engine from other rows (engine/derive.c).
 */
#ifndef MODEL_METRIC_H
#define MODEL_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "model/anomaly_type.h"

enum metric_unit { UNIT_COUNT, UNIT_BYTES, UNIT_PERCENT, UNIT_MS, UNIT_US, UNIT_WORDS, UNIT_LOAD, UNIT_BOOL };
enum metric_kind { KIND_GAUGE, KIND_COUNTER };
enum metric_watch { WATCH_NONE, WATCH_LEVEL, WATCH_RATE };

/* clang-format off */
#define METRIC_TABLE(X) \
/* CPU */ \
X(CPU_UTILIZATION, "cpu_utilization", PERCENT, GAUGE, "cpu.utilization", "", "", "", NONE, LEVEL, CPU, 10, 0.15, "Mean busy share of the online normal schedulers over the last interval (derived)") \
X(CPU_TIME_UTILIZATION, "cpu_time_utilization", PERCENT, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "CPU time that the VM got over the last interval, of what its online schedulers could use; less than cpu_utilization where the host is short of CPU, for who waits for a processor counts as busy (derived)") \
X(DIRTY_CPU_UTILIZATION, "dirty_cpu_utilization", PERCENT, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Mean busy share of the online dirty CPU schedulers over the last interval (derived)") \
X(DIRTY_IO_UTILIZATION, "dirty_io_utilization", PERCENT, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Mean busy share of the dirty I/O schedulers over the last interval (derived)") \
X(DIRTY_CPU_ACTIVE, "dirty_cpu_active", COUNT, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "Busy time of the online dirty CPU schedulers, in the VM's unit, since it is measured") \
X(DIRTY_CPU_TOTAL, "dirty_cpu_total", COUNT, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "All the time of the online dirty CPU schedulers, in the same unit") \
X(DIRTY_IO_ACTIVE, "dirty_io_active", COUNT, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "Busy time of the dirty I/O schedulers, in the VM's unit, since it is measured") \
X(DIRTY_IO_TOTAL, "dirty_io_total", COUNT, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "All the time of the dirty I/O schedulers, in the same unit") \
X(LOAD1, "load1", LOAD, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Load average of the host, 1 minute") \
X(LOAD5, "load5", LOAD, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Load average of the host, 5 minutes") \
X(LOAD15, "load15", LOAD, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Load average of the host, 15 minutes") \
X(RUN_QUEUE, "run_queue", COUNT, GAUGE, "processes.runnable", "erlang_vm_statistics_run_queues_length_total", "erlang_vm_statistics_run_queues_length", "", NONE, LEVEL, RUN_QUEUE, 20, 1.0, "Processes and ports waiting in the run queues of the normal schedulers") \
X(DIRTY_CPU_RUN_QUEUE, "dirty_cpu_run_queue", COUNT, GAUGE, "", "erlang_vm_statistics_dirty_cpu_run_queue_length", "erlang_vm_statistics_dirty_cpu_run_queue_length", "", NONE, NONE, RUN_QUEUE, 0, 0, "Length of the dirty CPU run queue") \
X(DIRTY_IO_RUN_QUEUE, "dirty_io_run_queue", COUNT, GAUGE, "", "erlang_vm_statistics_dirty_io_run_queue_length", "erlang_vm_statistics_dirty_io_run_queue_length", "", NONE, NONE, RUN_QUEUE, 0, 0, "Length of the dirty I/O run queue") \
X(ACTIVE_TASKS, "active_tasks", COUNT, GAUGE, "", "", "", "", NONE, NONE, RUN_QUEUE, 0, 0, "Processes and ports running or waiting to run on the normal schedulers") \
X(RUNNING, "running", COUNT, GAUGE, "processes.running", "", "", "", NONE, NONE, RUN_QUEUE, 0, 0, "Processes and ports executing now (derived: active tasks less run queue)") \
X(REDUCTIONS, "reductions", COUNT, COUNTER, "", "erlang_vm_statistics_reductions_total", "erlang_vm_statistics_reductions_total", "", NONE, RATE, REDUCTIONS, 5e6, 0.5, "Reductions since boot") \
X(CONTEXT_SWITCHES, "context_switches", COUNT, COUNTER, "", "erlang_vm_statistics_context_switches", "erlang_vm_statistics_context_switches_total", "", NONE, NONE, CPU, 0, 0, "Context switches since boot") \
X(RUNTIME, "runtime_ms", MS, COUNTER, "", "erlang_vm_statistics_runtime_milliseconds", "erlang_vm_statistics_runtime_seconds_total", "", NONE, NONE, CPU, 0, 0, "CPU time of the VM since boot") \
X(WALLCLOCK, "wallclock_ms", MS, COUNTER, "", "erlang_vm_statistics_wallclock_time_milliseconds", "erlang_vm_statistics_wallclock_time_seconds_total", "", NONE, NONE, CPU, 0, 0, "Time since the VM's boot") \
/* memory of the machine or container */ \
X(MEMORY_LIMIT, "memory_limit", BYTES, GAUGE, "memory.total", "", "", "", NONE, NONE, MEMORY, 0, 0, "Memory that the VM may use: the cgroup's limit, else the host's memory") \
X(MEMORY_AVAILABLE, "memory_available", BYTES, GAUGE, "memory.available", "", "", "", NONE, NONE, MEMORY, 0, 0, "What is left of memory_limit") \
X(MEMORY_USED, "memory_used", BYTES, GAUGE, "memory.used", "", "", "", MEMORY_LIMIT, NONE, MEMORY, 0, 0, "memory_limit less memory_available (derived)") \
X(MEMORY_UTILIZATION, "memory_utilization", PERCENT, GAUGE, "", "", "", "", NONE, LEVEL, MEMORY, 10, 0.1, "memory_used in percent of memory_limit (derived)") \
X(RSS, "rss_bytes", BYTES, GAUGE, "", "process_resident_memory_bytes", "process_resident_memory_bytes", "", NONE, LEVEL, MEMORY, 128e6, 0.25, "Resident set size of the VM") \
/* memory as the VM accounts for it */ \
X(VM_MEMORY_TOTAL, "vm_memory_total", BYTES, GAUGE, "", "", "", "", NONE, LEVEL, MEMORY, 64e6, 0.25, "erlang:memory(total)") \
X(VM_MEMORY_PROCESSES, "vm_memory_processes", BYTES, GAUGE, "memory.processes", "erlang_vm_memory_bytes_total", "erlang_vm_memory_bytes", "kind=\"processes\"", NONE, NONE, MEMORY, 0, 0, "erlang:memory(processes)") \
X(VM_MEMORY_SYSTEM, "vm_memory_system", BYTES, GAUGE, "memory.system", "erlang_vm_memory_bytes_total", "erlang_vm_memory_bytes", "kind=\"system\"", NONE, NONE, MEMORY, 0, 0, "erlang:memory(system)") \
X(VM_MEMORY_PROCESSES_USED, "vm_memory_processes_used", BYTES, GAUGE, "", "erlang_vm_memory_processes_bytes_total", "erlang_vm_memory_processes_bytes", "usage=\"used\"", NONE, NONE, MEMORY, 0, 0, "erlang:memory(processes_used)") \
X(VM_MEMORY_PROCESSES_FREE, "vm_memory_processes_free", BYTES, GAUGE, "", "erlang_vm_memory_processes_bytes_total", "erlang_vm_memory_processes_bytes", "usage=\"free\"", NONE, NONE, MEMORY, 0, 0, "Allocated for processes and not used (derived)") \
X(VM_MEMORY_ATOM, "vm_memory_atom", BYTES, GAUGE, "", "erlang_vm_memory_system_bytes_total", "erlang_vm_memory_system_bytes", "usage=\"atom\"", NONE, NONE, ATOM, 0, 0, "erlang:memory(atom)") \
X(VM_MEMORY_BINARY, "vm_memory_binary", BYTES, GAUGE, "", "erlang_vm_memory_system_bytes_total", "erlang_vm_memory_system_bytes", "usage=\"binary\"", NONE, LEVEL, BINARY, 32e6, 0.5, "erlang:memory(binary)") \
X(VM_MEMORY_CODE, "vm_memory_code", BYTES, GAUGE, "", "erlang_vm_memory_system_bytes_total", "erlang_vm_memory_system_bytes", "usage=\"code\"", NONE, NONE, MEMORY, 0, 0, "erlang:memory(code)") \
X(VM_MEMORY_ETS, "vm_memory_ets", BYTES, GAUGE, "", "erlang_vm_memory_system_bytes_total", "erlang_vm_memory_system_bytes", "usage=\"ets\"", NONE, LEVEL, ETS, 32e6, 0.5, "erlang:memory(ets)") \
X(VM_MEMORY_OTHER, "vm_memory_other", BYTES, GAUGE, "", "erlang_vm_memory_system_bytes_total", "erlang_vm_memory_system_bytes", "usage=\"other\"", NONE, NONE, MEMORY, 0, 0, "System memory that is none of atom, binary, code, ets (derived)") \
X(VM_MEMORY_ATOM_USED, "vm_memory_atom_used", BYTES, GAUGE, "", "erlang_vm_memory_atom_bytes_total", "erlang_vm_memory_atom_bytes", "usage=\"used\"", NONE, NONE, ATOM, 0, 0, "erlang:memory(atom_used)") \
X(VM_MEMORY_ATOM_FREE, "vm_memory_atom_free", BYTES, GAUGE, "", "erlang_vm_memory_atom_bytes_total", "erlang_vm_memory_atom_bytes", "usage=\"free\"", NONE, NONE, ATOM, 0, 0, "Allocated for atoms and not used (derived)") \
X(PERSISTENT_TERM_MEMORY, "persistent_term_memory", BYTES, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "Memory of the persistent terms") \
X(ALLOC_CARRIERS, "alloc_carriers_bytes", BYTES, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "What the allocators took from the operating system (carriers)") \
X(ALLOC_BLOCKS, "alloc_blocks_bytes", BYTES, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "What is in use of alloc_carriers_bytes (blocks); the difference is free inside the carriers") \
X(ALLOC_EXTERNAL, "alloc_external_bytes", BYTES, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "What erlang:memory() counts outside the allocators: code that the JIT compiled") \
/* tables of the VM and their limits */ \
X(PROCESS_COUNT, "process_count", COUNT, GAUGE, "processes.count", "erlang_vm_process_count", "erlang_vm_processes", "", PROCESS_LIMIT, LEVEL, PROCESS_COUNT, 50, 0.2, "Processes") \
X(PROCESS_LIMIT, "process_limit", COUNT, GAUGE, "processes.limit", "erlang_vm_process_limit", "erlang_vm_process_limit", "", NONE, NONE, PROCESS_COUNT, 0, 0, "Size of the process table") \
X(PROCESS_UTILIZATION, "process_utilization", PERCENT, GAUGE, "processes.utilization", "", "", "", NONE, NONE, PROCESS_COUNT, 0, 0, "Processes in percent of the process table (derived)") \
X(PORT_COUNT, "port_count", COUNT, GAUGE, "", "erlang_vm_port_count", "erlang_vm_ports", "", PORT_LIMIT, LEVEL, PORT, 30, 0.3, "Ports") \
X(PORT_LIMIT, "port_limit", COUNT, GAUGE, "", "erlang_vm_port_limit", "erlang_vm_port_limit", "", NONE, NONE, PORT, 0, 0, "Size of the port table") \
X(ATOM_COUNT, "atom_count", COUNT, GAUGE, "", "erlang_vm_atom_count", "erlang_vm_atoms", "", ATOM_LIMIT, LEVEL, ATOM, 1000, 0.1, "Atoms") \
X(ATOM_LIMIT, "atom_limit", COUNT, GAUGE, "", "erlang_vm_atom_limit", "erlang_vm_atom_limit", "", NONE, NONE, ATOM, 0, 0, "Size of the atom table") \
X(ETS_COUNT, "ets_count", COUNT, GAUGE, "", "erlang_vm_ets_tables", "erlang_vm_memory_ets_tables", "", NONE, LEVEL, ETS, 50, 0.3, "ETS tables") \
X(ETS_LIMIT, "ets_limit", COUNT, GAUGE, "", "erlang_vm_ets_limit", "erlang_vm_ets_limit", "", NONE, NONE, ETS, 0, 0, "ETS table limit as configured (the VM has not enforced it since OTP 20)") \
X(OPEN_FDS, "open_fds", COUNT, GAUGE, "", "process_open_fds", "process_open_fds", "", MAX_FDS, LEVEL, PORT, 30, 0.3, "Open file descriptors of the VM") \
X(MAX_FDS, "max_fds", COUNT, GAUGE, "", "process_max_fds", "process_max_fds", "", NONE, NONE, PORT, 0, 0, "Limit of open file descriptors") \
X(DIST_LINKS, "dist_links", COUNT, GAUGE, "", "", "", "", NONE, NONE, IO, 0, 0, "Connected nodes, hidden ones too") \
X(SOCKET_COUNT, "socket_count", COUNT, GAUGE, "", "", "", "", NONE, NONE, PORT, 0, 0, "Sockets of the module socket, which are no ports") \
X(PERSISTENT_TERM_COUNT, "persistent_term_count", COUNT, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "Persistent terms") \
X(MODULE_COUNT, "module_count", COUNT, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "Loaded modules") \
/* I/O and garbage collection */ \
X(IO_INPUT, "io_input", BYTES, COUNTER, "io.input", "erlang_vm_statistics_bytes_received_total", "erlang_vm_statistics_bytes_received_total", "", NONE, RATE, IO, 1e6, 1.0, "Bytes received through ports since boot") \
X(IO_OUTPUT, "io_output", BYTES, COUNTER, "io.output", "erlang_vm_statistics_bytes_output_total", "erlang_vm_statistics_bytes_output_total", "", NONE, RATE, IO, 1e6, 1.0, "Bytes sent through ports since boot") \
X(GC_COLLECTIONS, "gc_collections", COUNT, COUNTER, "gc.collections", "erlang_vm_statistics_garbage_collection_number_of_gcs", "erlang_vm_statistics_garbage_collection_number_of_gcs_total", "", NONE, RATE, GC, 500, 1.0, "Garbage collections since boot") \
X(GC_WORDS_RECLAIMED, "gc_words_reclaimed", WORDS, COUNTER, "gc.words_reclaimed", "erlang_vm_statistics_garbage_collection_words_reclaimed", "erlang_vm_statistics_garbage_collection_words_reclaimed_total", "", NONE, NONE, GC, 0, 0, "Words reclaimed by garbage collection since boot") \
X(GC_BYTES_RECLAIMED, "gc_bytes_reclaimed", BYTES, COUNTER, "", "erlang_vm_statistics_garbage_collection_bytes_reclaimed", "erlang_vm_statistics_garbage_collection_bytes_reclaimed_total", "", NONE, NONE, GC, 0, 0, "Bytes reclaimed by garbage collection since boot (derived)") \
X(GC_TIME, "gc_time_ms", MS, COUNTER, "gc.time_spent", "", "", "", NONE, NONE, GC, 0, 0, "Time in garbage collection since boot; only where microstate accounting is on") \
/* message queues, from the process walk */ \
X(MQ_MAX, "mq_max", COUNT, GAUGE, "", "", "", "", NONE, LEVEL, MESSAGE_QUEUE, 500, 1.0, "Longest message queue: of the last walk, or now if it is followed") \
X(MQ_FILL_RATE, "mq_fill_rate", COUNT, GAUGE, "", "", "", "", NONE, NONE, MESSAGE_QUEUE, 0, 0, "Messages a second by which the fastest growing of the long message queues grows") \
X(MQ_AVERAGE, "mq_average", COUNT, GAUGE, "", "", "", "", NONE, NONE, MESSAGE_QUEUE, 0, 0, "Mean message queue length of the last walk") \
X(MQ_LONG, "mq_long", COUNT, GAUGE, "", "", "", "", NONE, NONE, MESSAGE_QUEUE, 0, 0, "Message queues longer than 100 in the last walk") \
X(MQ_SCANNED, "mq_scanned", COUNT, GAUGE, "", "", "", "", NONE, NONE, MESSAGE_QUEUE, 0, 0, "Processes that the last walk looked at") \
X(MQ_TOTAL, "mq_total", COUNT, GAUGE, "", "", "", "", NONE, NONE, MESSAGE_QUEUE, 0, 0, "Processes that there were at the last walk") \
X(LOGGER_QUEUE, "logger_queue", COUNT, GAUGE, "", "", "", "", NONE, LEVEL, MESSAGE_QUEUE, 500, 1.0, "Longest message queue of the logger and its handlers") \
/* what the VM tells by itself; only while the probe can listen */ \
X(LONG_GC_COUNT, "long_gc_count", COUNT, COUNTER, "", "", "", "", NONE, NONE, GC, 0, 0, "Garbage collections of a process that took 1 s or longer, since the probe listens") \
X(LONG_SCHEDULE_COUNT, "long_schedule_count", COUNT, COUNTER, "", "", "", "", NONE, NONE, RUN_QUEUE, 0, 0, "Processes and ports that ran for 500 ms or longer without a break, since the probe listens") \
X(BUSY_DIST_PORT_COUNT, "busy_dist_port_count", COUNT, COUNTER, "", "", "", "", NONE, NONE, IO, 0, 0, "Processes that were suspended as a link to another node was busy, since the probe listens") \
/* facts of the VM */ \
X(SCHEDULERS, "schedulers", COUNT, GAUGE, "", "erlang_vm_schedulers", "erlang_vm_schedulers", "", NONE, NONE, CPU, 0, 0, "Scheduler threads") \
X(SCHEDULERS_ONLINE, "schedulers_online", COUNT, GAUGE, "", "erlang_vm_schedulers_online", "erlang_vm_schedulers_online", "", NONE, NONE, CPU, 0, 0, "Schedulers online") \
X(DIRTY_CPU_SCHEDULERS, "dirty_cpu_schedulers", COUNT, GAUGE, "", "erlang_vm_dirty_cpu_schedulers", "erlang_vm_dirty_cpu_schedulers", "", NONE, NONE, CPU, 0, 0, "Dirty CPU schedulers") \
X(DIRTY_CPU_SCHEDULERS_ONLINE, "dirty_cpu_schedulers_online", COUNT, GAUGE, "", "erlang_vm_dirty_cpu_schedulers_online", "erlang_vm_dirty_cpu_schedulers_online", "", NONE, NONE, CPU, 0, 0, "Dirty CPU schedulers online") \
X(DIRTY_IO_SCHEDULERS, "dirty_io_schedulers", COUNT, GAUGE, "", "erlang_vm_dirty_io_schedulers", "erlang_vm_dirty_io_schedulers", "", NONE, NONE, CPU, 0, 0, "Dirty I/O schedulers") \
X(LOGICAL_PROCESSORS, "logical_processors", COUNT, GAUGE, "", "erlang_vm_logical_processors", "erlang_vm_logical_processors", "", NONE, NONE, CPU, 0, 0, "Logical processors of the machine") \
X(WORDSIZE, "wordsize", BYTES, GAUGE, "", "erlang_vm_wordsize_bytes", "erlang_vm_wordsize_bytes", "", NONE, NONE, CPU, 0, 0, "Size of a machine word") \
X(THREAD_POOL_SIZE, "thread_pool_size", COUNT, GAUGE, "", "erlang_vm_thread_pool_size", "erlang_vm_thread_pool_size", "", NONE, NONE, CPU, 0, 0, "Async threads") \
/* arsenal's own footprint on the node */ \
X(RESTART_CAPTURE, "restart_capture", BOOL, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "1 if all supervisor restarts are seen as they happen, 0 if the capture is blind or partial") \
X(RESTART_CAPTURE_PARTIAL, "restart_capture_partial", BOOL, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "1 if the restarts of one kind of supervisor are seen and those of another are not") \
X(PROBE_REDUCTIONS, "probe_reductions", COUNT, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "Reductions of the probe since attach") \
X(PROBE_MEMORY, "probe_memory", BYTES, GAUGE, "", "", "", "", NONE, NONE, MEMORY, 0, 0, "Memory of the probe's processes") \
X(PROBE_COLLECT_US, "probe_collect_us", US, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Duration of the last collection") \
X(PROBE_BUSY_US, "probe_busy_us", US, COUNTER, "", "", "", "", NONE, NONE, CPU, 0, 0, "Wall time that the probe's processes were busy since attach") \
X(PROBE_WALK_US, "probe_walk_us", US, GAUGE, "", "", "", "", NONE, NONE, CPU, 0, 0, "Busy time of the last process walk")
/* clang-format on */

enum metric_id {
#define METRIC_ENUM(id, ...) METRIC_##id,
	METRIC_TABLE(METRIC_ENUM)
#undef METRIC_ENUM
	    METRIC_COUNT,
	METRIC_NONE = METRIC_COUNT
};

struct metric {
	const char *name;
	enum metric_unit unit;
	enum metric_kind kind;
	const char *seed_path;
	const char *prom_old;
	const char *prom_new;
	const char *prom_labels;
	enum metric_id limit;
	enum metric_watch watch;
	enum anomaly_type anomaly;
	double floor;
	double share;
	const char *help;
};

/* METRICS[METRIC_x] is the row of x. */
extern const struct metric METRICS[METRIC_COUNT];

/* metric_find returns the id of a name of len bytes, or METRIC_NONE. It looks through the whole table: some 5 us for a
 * tick of all metrics. */
enum metric_id metric_find(const char *name, size_t len);
/* metric_unit_name: "count", "bytes", "percent", "ms", "us", "words", "load", "bool". */
const char *metric_unit_name(enum metric_unit unit);

#endif
