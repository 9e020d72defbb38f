/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the room: the reader's state, and the sections that its files know. */
#ifndef CRASHDUMP_STATE_H
#define CRASHDUMP_STATE_H

#include "base/map.h"
#include "crashdump/crashdump.h"
#include "crashdump/fields.h"
#include "crashdump/kinds.h"
#include "crashdump/lines.h"
#include "crashdump/terms.h"

#define NAMES_MAX 16384   /* registered names that are kept */
#define REFERENCES_MAX 64 /* large binaries whose holders are kept */
#define HEAD_MAX 16

/* A term that has parts among the literals of modules, which come last in the dump. */
struct late_term {
	char element[32]; /* "": nothing is missing */
	struct strbuf lines;
};

/* A process in at least one ranking. */
struct ranked {
	struct crash_process p; /* first: the summary has pointers to it */
	unsigned rankings;
	struct late_term label, message;
};

/* Messages, dictionary, stack and heap of one process, which stand together. */
struct details {
	char pid[CRASH_PID];
	struct ranked *ranked; /* or NULL */
	char message[32];      /* the element of its oldest message */
	bool done;
};

struct crash_reference {
	uint64_t address, size_bytes, count;
	char holder[CRASH_PID];
};

/* A section "=name:argument". Without `line` its lines are passed over; lines_skip may do so from any line on. */
struct section {
	const char *name;
	void (*begin)(struct crashdump *c, const char *argument, size_t len);
	void (*line)(struct crashdump *c, const char *line, size_t len);
	void (*end)(struct crashdump *c);
};

struct crashdump {
	struct crashdump_summary s;
	struct lines lines;
	const struct section *section;
	char argument[CRASH_TEXT]; /* of the section */
	unsigned long line_number; /* in the section, from 0 */
	char head[HEAD_MAX];       /* the first bytes of the file */
	size_t head_len;
	struct map ranked; /* pid → struct ranked */
	struct map names;  /* pid → registered name */
	struct kinds kinds;
	struct terms terms;
	struct details details;
	struct crash_reference references[REFERENCES_MAX];
	size_t reference_count;
	uint64_t reference_floor;               /* the smallest of them when all places are taken */
	uint64_t binary_address[CRASH_TOP_MAX]; /* of s.binary[] */
	/* what the section at hand is about */
	struct crash_process process;
	char spawned_as[CRASH_TEXT];
	uint64_t heap_words, old_heap_words, binaries_words, old_binaries_words;
	unsigned node_state;
	struct crash_table table;
	uint64_t table_words;
	struct crash_port port;
	struct crash_scheduler scheduler;
};

/* ranked_free_all frees the processes of all rankings. */
void ranked_free_all(struct crashdump *c);

void begin_argument(struct crashdump *c, const char *argument, size_t len);

void header_line(struct crashdump *c, const char *line, size_t len);
void memory_line(struct crashdump *c, const char *line, size_t len);
void atom_table_line(struct crashdump *c, const char *line, size_t len);
void atoms_line(struct crashdump *c, const char *line, size_t len);
void areas_line(struct crashdump *c, const char *line, size_t len);
void allocator_line(struct crashdump *c, const char *line, size_t len);
void code_line(struct crashdump *c, const char *line, size_t len);
void begin_module(struct crashdump *c, const char *argument, size_t len);
void begin_timer(struct crashdump *c, const char *argument, size_t len);
void persistent_line(struct crashdump *c, const char *line, size_t len);
void begin_node(struct crashdump *c, const char *argument, size_t len);
void begin_no_distribution(struct crashdump *c, const char *argument, size_t len);
void begin_visible(struct crashdump *c, const char *argument, size_t len);
void begin_hidden(struct crashdump *c, const char *argument, size_t len);
void begin_lost(struct crashdump *c, const char *argument, size_t len);
void other_node_line(struct crashdump *c, const char *line, size_t len);

void begin_scheduler(struct crashdump *c, const char *argument, size_t len);
void begin_dirty_cpu(struct crashdump *c, const char *argument, size_t len);
void begin_dirty_io(struct crashdump *c, const char *argument, size_t len);
void scheduler_line(struct crashdump *c, const char *line, size_t len);
void scheduler_end(struct crashdump *c);
void run_queue_line(struct crashdump *c, const char *line, size_t len);
/* stack_line takes the function of a "SReturn addr 0x… (mod:fun/1 + 8)" line; others do nothing. */
void stack_line(struct crash_stack *s, const char *line, size_t len);

void begin_process(struct crashdump *c, const char *argument, size_t len);
void process_line(struct crashdump *c, const char *line, size_t len);
void process_end(struct crashdump *c);

void begin_details(struct crashdump *c, const char *argument, size_t len);
void message_line(struct crashdump *c, const char *line, size_t len);
void dictionary_line(struct crashdump *c, const char *line, size_t len);
void begin_process_stack(struct crashdump *c, const char *argument, size_t len);
void process_stack_line(struct crashdump *c, const char *line, size_t len);
void heap_line(struct crashdump *c, const char *line, size_t len);
void heap_end(struct crashdump *c);
/* heaps_finish names the funs in the rankings. */
void heaps_finish(struct crashdump *c);
void begin_literals(struct crashdump *c, const char *argument, size_t len);
void literal_line(struct crashdump *c, const char *line, size_t len);
void literals_end(struct crashdump *c);

void begin_table(struct crashdump *c, const char *argument, size_t len);
void table_line(struct crashdump *c, const char *line, size_t len);
void table_end(struct crashdump *c);
void begin_port(struct crashdump *c, const char *argument, size_t len);
void port_line(struct crashdump *c, const char *line, size_t len);
void port_end(struct crashdump *c);
void binary_line(struct crashdump *c, const char *line, size_t len);
/* binaries_finish joins the largest binaries with who refers to them. */
void binaries_finish(struct crashdump *c);
/* refer notes that the process of the details at hand refers to a binary. */
void refer(struct crashdump *c, const char *body, size_t len);

/* causes_find fills the summary's causes from the rest of it. */
void causes_find(struct crashdump_summary *s);

#endif
