/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe finds out about a node beside samples and restarts, at a pace of its own: lists of things, each of which takes the place of the last
 * one of its kind. A kind is one row here, a struct of its rows, its reader in beam/probe_survey.c, and its lines in the probe.
 */
#ifndef MODEL_SURVEY_H
#define MODEL_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"

#define SURVEY_PEER 256 /* bytes of a node's name, terminator included */
#define SURVEY_ALLOCATOR_ROWS 64
#define GROUPS_TOLD 20 /* of each way of grouping, as in the probe */

/* id, name (the probe's atom), struct of a row, most rows that are kept */
/* clang-format off */
#define SURVEY_TABLE(X) \
X(TABLES, "tables", survey_table, 50) \
X(LINKS, "links", survey_link, 100) \
X(ALLOCATORS, "allocators", survey_allocator, SURVEY_ALLOCATOR_ROWS) \
X(VM_EVENTS, "vm_events", survey_vm_event, 20) \
X(GROUPS, "groups", survey_group, 60) \
X(PORTS, "ports", survey_port_group, 60)
/* clang-format on */

enum survey_kind {
#define SURVEY_ENUM(id, ...) SURVEY_##id,
	SURVEY_TABLE(SURVEY_ENUM)
#undef SURVEY_ENUM
	    SURVEY_KIND_COUNT
};

/* An ETS table; unnamed ones go by their owner and name, and count together. */
struct survey_table {
	char name[SAMPLE_TEXT];
	bool named;
	char owner[SAMPLE_TEXT]; /* registered name or label, else the pid and its first call */
	double count;            /* tables that this row stands for */
	double size;             /* objects */
	double memory;           /* bytes */
	struct table_growth {    /* the engine's, see engine/growth.h */
		int64_t since_ms;
		double since_memory;
		int64_t mark_ms;
		double mark_memory;
		double per_hour; /* bytes; NaN: seen once only */
	} growth;
};

/* What is known of a link in numbers: id, the probe's atom, field in answers, name in Prometheus (prometheus.erl's, or ""), help. */
/* clang-format off */
#define LINK_NUMBERS(X) \
X(QUEUE, "queue_bytes", "queue_bytes", "erlang_vm_dist_node_queue_size_bytes", "Bytes that wait in the VM for the link") \
X(IN_PACKETS, "in_packets", "in_packets", "", "Packets that the VM took from the link") \
X(OUT_PACKETS, "out_packets", "out_packets", "", "Packets that the VM gave to the link") \
X(RECV_BYTES, "recv_oct", "recv_bytes", "erlang_vm_dist_recv_bytes", "Bytes received by the socket") \
X(RECV_COUNT, "recv_cnt", "recv_count", "erlang_vm_dist_recv_cnt", "Packets received by the socket") \
X(RECV_MAX, "recv_max", "recv_max_bytes", "erlang_vm_dist_recv_max_bytes", "Largest packet received by the socket") \
X(RECV_AVG, "recv_avg", "recv_avg_bytes", "erlang_vm_dist_recv_avg_bytes", "Average size of packets received by the socket") \
X(RECV_DVI, "recv_dvi", "recv_dvi_bytes", "erlang_vm_dist_recv_dvi_bytes", "Average deviation of the size of packets received by the socket") \
X(SEND_BYTES, "send_oct", "send_bytes", "erlang_vm_dist_send_bytes", "Bytes sent by the socket") \
X(SEND_COUNT, "send_cnt", "send_count", "erlang_vm_dist_send_cnt", "Packets sent by the socket") \
X(SEND_MAX, "send_max", "send_max_bytes", "erlang_vm_dist_send_max_bytes", "Largest packet sent by the socket") \
X(SEND_AVG, "send_avg", "send_avg_bytes", "erlang_vm_dist_send_avg_bytes", "Average size of packets sent by the socket") \
X(SEND_PENDING, "send_pend", "send_pending_bytes", "erlang_vm_dist_send_pend_bytes", "Bytes that wait in the socket's driver") \
X(PORT_INPUT, "port_input", "port_input_bytes", "erlang_vm_dist_port_input_bytes", "Bytes read from the port") \
X(PORT_OUTPUT, "port_output", "port_output_bytes", "erlang_vm_dist_port_output_bytes", "Bytes written to the port") \
X(PORT_MEMORY, "port_memory", "port_memory_bytes", "erlang_vm_dist_port_memory_bytes", "Memory that the VM holds for the port") \
X(PORT_QUEUE, "port_queue", "port_queue_bytes", "erlang_vm_dist_port_queue_size_bytes", "Bytes that wait in the port's queue")
/* clang-format on */

enum link_number {
#define LINK_ENUM(id, ...) LINK_##id,
	LINK_NUMBERS(LINK_ENUM)
#undef LINK_ENUM
	    LINK_NUMBER_COUNT
};

/* A link of the distribution. */
struct survey_link {
	char peer[SURVEY_PEER];
	char type[16];                    /* "normal", "hidden", "unknown" */
	char state[16];                   /* "up", "pending", "up_pending", "unknown" */
	char carrier[16];                 /* "tcp", "tls", "unknown", or what else the node uses */
	bool busy;                        /* more waits than +zdbbl allows: senders are suspended */
	bool ours;                        /* this is how the node is watched */
	double number[LINK_NUMBER_COUNT]; /* NaN: not observed */
};

/* Use of an allocator's carriers of one kind, over all its instances: id, the probe's atom, field in answers. */
#define ALLOCATOR_NUMBERS(X)                          \
	X(BLOCKS, "blocks", "blocks")                 \
	X(BLOCKS_SIZE, "blocks_size", "blocks_bytes") \
	X(CARRIERS, "carriers", "carriers")           \
	X(CARRIERS_SIZE, "carriers_size", "carriers_bytes")

enum allocator_number {
#define ALLOCATOR_ENUM(id, ...) ALLOCATOR_##id,
	ALLOCATOR_NUMBERS(ALLOCATOR_ENUM)
#undef ALLOCATOR_ENUM
	    ALLOCATOR_NUMBER_COUNT
};

struct survey_allocator {
	char name[32]; /* "eheap_alloc" */
	char kind[16]; /* "mbcs" (many blocks in a carrier), "mbcs_pool" (abandoned ones), "sbcs" (one each) */
	double number[ALLOCATOR_NUMBER_COUNT]; /* NaN: not observed */
};

struct survey_number {
	const char *atom;
	const char *field;
	const char *prometheus;
	const char *help;
};

extern const struct survey_number LINK_NUMBER[LINK_NUMBER_COUNT];
extern const struct survey_number ALLOCATOR_NUMBER[ALLOCATOR_NUMBER_COUNT];

/* Something that the VM told by itself: a collection, a scheduling or a queue that was long. */
struct survey_vm_event {
	char kind[32];          /* "long_gc", "long_schedule", "busy_dist_port", "long_message_queue" */
	char pid[32];           /* of the process, or the port */
	char name[SAMPLE_TEXT]; /* its registered name or label, else its initial call; "" if it was gone */
	double value;           /* milliseconds; of a queue, messages; 0 of a busy link */
	int64_t age_ms;         /* at the survey's time */
};

/* By what processes or ports are counted together. */
enum group_by {
	GROUP_BY_PARENT, /* who started the processes, or those that own the ports */
	GROUP_BY_CALL,   /* the function that the processes began with */
	GROUP_BY_OWNER   /* the process that owns the ports */
};

/* Processes that have something in common; the largest such groups, and those of which most wait for a scheduler. */
struct survey_group {
	enum group_by by;
	char pid[32];           /* of the parent; "" of a call */
	char name[SAMPLE_TEXT]; /* its registered name or label, else pid and first call; of a call, the function */
	double count;           /* processes; on large nodes estimated from a part of them */
	double runnable;        /* of them, run or wait to run */
	char one[SAMPLE_TEXT];  /* what one of them does: its first call and its current function; "": not asked */
};

struct survey_port_group {
	enum group_by by;
	char pid[32];           /* of the owner or the parent */
	char name[SAMPLE_TEXT]; /* as above */
	double count;           /* ports */
};

struct survey {
	enum survey_kind kind;
	int64_t time_ms; /* engine time */
	unsigned count;
	double total; /* rows that there are on the node; those given are the largest */
	void *rows;   /* an array of the kind's struct; NULL if empty */
};

struct survey_row {
	const char *name;
	size_t size; /* of the kind's struct */
	unsigned max;
};

extern const struct survey_row SURVEYS[SURVEY_KIND_COUNT];

/* survey_release gives up the rows. */
void survey_release(struct survey *s);

/* survey_tables(s)[i], and so on: the rows of a survey of that kind. */
#define SURVEY_ROWS(id, name, type, max)                                 \
	static inline const struct type *type##s(const struct survey *s) \
	{                                                                \
		return (const struct type *)s->rows;                     \
	}
SURVEY_TABLE(SURVEY_ROWS)
#undef SURVEY_ROWS

#endif
