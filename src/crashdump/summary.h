/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a crash dump says, in bounded space: the header, sums, the leaders of some rankings, and the likely causes. Texts are as they stand in the dump,
 * cut to their fields: foreign bytes, which the renderings make printable. A text that the dump does not have is "", a number 0. A *_name is the
 * registered name of the pid beside it.
 */
#ifndef CRASHDUMP_SUMMARY_H
#define CRASHDUMP_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/jsonw.h"

#define CRASH_TEXT 256
#define CRASH_PID 48
#define CRASH_TOP_MAX 100
#define CRASH_FRAMES 8
#define CRASH_STATES 12
#define CRASH_BUSY_MAX 64
#define CRASH_NODES 16
#define CRASH_CAUSES 8

/* By what processes are ranked. */
enum crash_rank { CRASH_BY_MEMORY, CRASH_BY_QUEUE, CRASH_BY_BINARIES, CRASH_BY_REDUCTIONS, CRASH_RANKS };

/* What a heap consists of, as the dump lists it. */
enum crash_term { CRASH_LIST_CELLS, CRASH_TUPLES, CRASH_MAPS, CRASH_BINARIES, CRASH_OTHER_TERMS, CRASH_TERMS };

/* Return addresses, innermost first: "mod:fun/1". */
struct crash_stack {
	char frame[CRASH_FRAMES][128];
	size_t count;
	char outermost[128]; /* also where it is deeper than that */
};

struct crash_process {
	char pid[CRASH_PID];
	char name[CRASH_TEXT];  /* registered */
	char label[CRASH_TEXT]; /* $process_label, as a term */
	char initial_call
	    [CRASH_TEXT]; /* $initial_call, else what it was spawned as; of a fun, the outermost function on its stack */
	char current[CRASH_TEXT]; /* the function it was in */
	char state[64];
	char parent[CRASH_PID]; /* who spawned it */
	char parent_name[CRASH_TEXT];
	char ancestors[CRASH_TEXT]; /* $ancestors, the nearest first, ", " between them */
	char message[CRASH_TEXT];   /* the oldest message in its queue, as a term */
	struct crash_stack stack;
	uint64_t memory_bytes;   /* heaps, messages, all that the VM counts as the process's own */
	uint64_t heap_bytes;     /* of that: the young heap with the stack, and the old heap */
	uint64_t binaries_bytes; /* binaries outside of its heap that it refers to, counted once a reference */
	uint64_t queue;          /* messages */
	uint64_t reductions;
	uint64_t links; /* links and monitors */
	uint64_t terms[CRASH_TERMS];
	bool
	    heap_seen; /* terms[] are counted: the dump has its heap, as it has not for a process in a garbage collection */
	bool collecting; /* a garbage collection was going on */
};

/* Processes of one initial call (or, where the dump does not tell it, of one current function). */
struct crash_kind {
	char call[CRASH_TEXT];
	uint64_t count, memory_bytes, queue, biggest_bytes;
};

struct crash_table {
	char name[CRASH_TEXT];
	char owner[CRASH_PID];
	char owner_name[CRASH_TEXT];
	char type[32];
	uint64_t objects, memory_bytes;
};

struct crash_binary {
	uint64_t size_bytes;
	uint64_t references;    /* from heaps in the dump; 0: none was found */
	char holder[CRASH_PID]; /* the first process that refers to it */
	char holder_name[CRASH_TEXT];
};

struct crash_port {
	char id[CRASH_PID];
	char what[CRASH_TEXT];
	char connected[CRASH_PID]; /* its owner */
	char connected_name[CRASH_TEXT];
	uint64_t queue_bytes; /* waiting to be written */
};

/* A scheduler that ran something at the crash. */
struct crash_scheduler {
	char name[48]; /* "scheduler:1", "dirty_cpu_scheduler:3", "dirty_io_scheduler:5" */
	char process[CRASH_PID];
	char process_name[CRASH_TEXT];
	char state[64];
	char current[CRASH_TEXT];
	char port[CRASH_PID];
	struct crash_stack stack;
};

struct crash_count {
	char name[64];
	uint64_t count;
};

enum crash_confidence { CRASH_LOW, CRASH_MEDIUM, CRASH_HIGH };

struct crash_cause {
	enum crash_confidence confidence;
	double share;        /* of the VM's memory, in %; 0: it is not about that */
	char what[768];      /* a sentence that names the thing */
	char why[768];       /* the figures it rests on */
	char next[512];      /* the next step */
	char pid[CRASH_PID]; /* of the process in question; "" if it is none */
};

struct crashdump_summary {
	/* the file */
	uint64_t bytes;
	char format[16];   /* "0.5" */
	bool complete;     /* it has its end */
	char aborted[128]; /* why the VM stopped writing */

	/* its header */
	char time[64]; /* local time of that machine, as it stands there */
	char slogan[2048];
	char system_version[CRASH_TEXT];
	unsigned otp_release; /* 27; 0 if the version does not say */
	unsigned word_bytes;  /* 8 or 4 */
	char compiled[64];
	char taints[CRASH_TEXT];
	char calling_thread[48];
	char node[CRASH_TEXT];
	bool distributed;
	struct crash_count nodes[CRASH_NODES]; /* other nodes; count: 2 visible, 1 hidden, 0 not connected */
	size_t node_count;
	uint64_t visible_nodes, hidden_nodes, lost_nodes;

	/* sums */
	struct crash_count memory[16]; /* "total", "processes", …: bytes by kind, in the dump's order */
	size_t memory_kinds;
	uint64_t blocks_bytes, carriers_bytes; /* of all allocators: used, and taken from the system for it */
	uint64_t atoms, atoms_limit;
	char newest_atoms[CRASH_TEXT]; /* some, ", " between them */
	uint64_t modules, code_bytes, old_code_bytes;
	uint64_t ports, ports_limit;
	uint64_t timers;
	uint64_t persistent_terms;
	uint64_t tables, tables_bytes;
	uint64_t binaries, binaries_bytes;
	uint64_t schedulers, dirty_schedulers,
	    run_queue; /* run_queue: processes and ports that waited for a scheduler */
	struct {
		uint64_t count, limit, memory_bytes, queued, long_queues, kinds;
		struct crash_count states[CRASH_STATES];
		size_t state_count;
	} processes; /* long_queues: of 1,000 messages and more */

	/* leaders, the biggest first; at most `top` of each */
	size_t top;
	struct crash_process *by[CRASH_RANKS][CRASH_TOP_MAX]; /* one may be in several */
	size_t by_count[CRASH_RANKS];
	struct crash_kind kinds[CRASH_TOP_MAX]; /* of two processes and more */
	size_t kind_count;
	struct crash_table table[CRASH_TOP_MAX];
	size_t table_count;
	struct crash_binary binary[CRASH_TOP_MAX];
	size_t binary_count;
	struct crash_port port[CRASH_TOP_MAX]; /* those with something queued */
	size_t port_count;
	struct crash_scheduler busy[CRASH_BUSY_MAX];
	size_t busy_count;

	/* the likely causes, the likeliest first; none: not clear */
	struct crash_cause causes[CRASH_CAUSES];
	size_t cause_count;
};

/* crash_memory is the bytes of one kind of memory ("total", "ets", …); 0 if the dump does not have it. */
uint64_t crash_memory(const struct crashdump_summary *s, const char *kind);
/* crash_find is the ranked process of that pid, or NULL. */
const struct crash_process *crash_find(const struct crashdump_summary *s, const char *pid);
/* crash_caller is what ran on the thread that wrote the dump, or NULL if that is not known. */
const struct crash_scheduler *crash_caller(const struct crashdump_summary *s);

/* crashdump_text appends the whole as text for a terminal: lines ended by '\n', no control characters. */
void crashdump_text(const struct crashdump_summary *s, struct strbuf *out);
/* crashdump_causes_text appends slogan and causes only, each line indented by `indent`: for a larger report. */
void crashdump_causes_text(const struct crashdump_summary *s, const char *indent, struct strbuf *out);
/* crashdump_json writes the whole as one object (a value: write the key before it). */
void crashdump_json(const struct crashdump_summary *s, struct jsonw *j);

#endif
