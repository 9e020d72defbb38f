/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/crashdump.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "crashdump/state.h"

#define MAGIC "=erl_crash_dump:"

static void
end_of_file(struct crashdump *c, const char *argument, size_t len)
{
	(void)argument;
	(void)len;
	c->s.complete = true;
}

static void
aborted(struct crashdump *c, const char *argument, size_t len)
{
	field_copy(c->s.aborted, sizeof(c->s.aborted), argument, len);
}

static void
begin_dump(struct crashdump *c, const char *argument, size_t len)
{
	field_copy(c->s.format, sizeof(c->s.format), argument, len);
	/* "0.1" to "0.4" have them in hexadecimal. */
	c->terms.hex_binaries = strcmp(c->s.format, "0.5") < 0;
}

static const struct section SECTIONS[] = {
	{ "proc_heap", begin_details, heap_line, heap_end },
	{ "proc_stack", begin_process_stack, process_stack_line, NULL },
	{ "proc_dictionary", begin_details, dictionary_line, NULL },
	{ "proc_messages", begin_details, message_line, NULL },
	{ "proc", begin_process, process_line, process_end },
	{ "binary", begin_argument, binary_line, NULL },
	{ "mod", begin_module, NULL, NULL },
	{ "timer", begin_timer, NULL, NULL },
	{ "port", begin_port, port_line, port_end },
	{ "ets", begin_table, table_line, table_end },
	{ "allocator", NULL, allocator_line, NULL },
	{ "scheduler", begin_scheduler, scheduler_line, scheduler_end },
	{ "dirty_cpu_scheduler", begin_dirty_cpu, scheduler_line, scheduler_end },
	{ "dirty_io_scheduler", begin_dirty_io, scheduler_line, scheduler_end },
	{ "dirty_cpu_run_queue", NULL, run_queue_line, NULL },
	{ "dirty_io_run_queue", NULL, run_queue_line, NULL },
	{ "visible_node", begin_visible, other_node_line, NULL },
	{ "hidden_node", begin_hidden, other_node_line, NULL },
	{ "not_connected", begin_lost, other_node_line, NULL },
	{ "node", begin_node, NULL, NULL },
	{ "no_distribution", begin_no_distribution, NULL, NULL },
	{ "erl_crash_dump", begin_dump, header_line, NULL },
	{ "memory", NULL, memory_line, NULL },
	{ "index_table", begin_argument, atom_table_line, NULL },
	{ "allocated_areas", NULL, areas_line, NULL },
	{ "loaded_modules", NULL, code_line, NULL },
	{ "persistent_terms", NULL, persistent_line, NULL },
	{ "literals", begin_literals, literal_line, literals_end },
	{ "atoms", NULL, atoms_line, NULL },
	{ "abort", aborted, NULL, NULL },
	{ "end", end_of_file, NULL, NULL },
};

static const struct section UNKNOWN = { "", NULL, NULL, NULL };

static const struct section *
find_section(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++)
		if (strncmp(SECTIONS[i].name, name, len) == 0 && SECTIONS[i].name[len] == '\0')
			return &SECTIONS[i];
	return &UNKNOWN;
}

static void
end_section(struct crashdump *c)
{
	if (c->section->end)
		c->section->end(c);
	c->section = &UNKNOWN;
}

static void
enter_section(struct crashdump *c, const char *line, size_t len, size_t name_len)
{
	const char *argument = line + 1 + name_len;
	size_t argument_len = len - 1 - name_len;

	if (argument_len > 0)
		argument++, argument_len--;
	end_section(c);
	c->section = find_section(line + 1, name_len);
	c->line_number = 0;
	lines_skip(&c->lines, c->section->line == NULL);
	if (c->section->begin)
		c->section->begin(c, argument, argument_len);
}

static void
on_line(void *arg, const char *line, size_t len)
{
	struct crashdump *c = arg;
	size_t n = 1;

	if (len > 1 && *line == '=') {
		while (n < len && (islower((unsigned char)line[n]) || line[n] == '_'))
			n++;
		if (n > 1 && (n == len || line[n] == ':')) {
			enter_section(c, line, len, n - 1);
			return;
		}
	}
	if (c->section->line)
		c->section->line(c, line, len);
	c->line_number++;
}

struct crashdump *
crashdump_new(size_t top)
{
	struct crashdump *c = xcalloc(1, sizeof(*c));

	assert(top >= 1 && top <= CRASH_TOP_MAX);
	c->s.top = top;
	c->s.word_bytes = 8;
	c->section = &UNKNOWN;
	lines_init(&c->lines, on_line, c);
	map_init(&c->ranked);
	map_init(&c->names);
	kinds_init(&c->kinds);
	return c;
}

void
crashdump_free(struct crashdump *c)
{
	if (c == NULL)
		return;
	ranked_free_all(c);
	map_release(&c->ranked, NULL);
	map_release(&c->names, free);
	kinds_release(&c->kinds);
	terms_release(&c->terms);
	lines_release(&c->lines);
	free(c);
}

/* What people take for a dump. */
static const struct {
	const char *bytes;
	size_t len;
	const char *what;
} OTHERS[] = {
	{ "\x1f\x8b", 2, "it is compressed by gzip: gunzip -c FILE | arsenal crashdump -" },
	{ "\x28\xb5\x2f\xfd", 4, "it is compressed by zstd: zstd -dc FILE | arsenal crashdump -" },
	{ "\xfd"
	  "7zXZ",
	    5, "it is compressed by xz: xz -dc FILE | arsenal crashdump -" },
	{ "BZh", 3, "it is compressed by bzip2: bzip2 -dc FILE | arsenal crashdump -" },
	{ "PK\x03\x04", 4, "it is a ZIP archive" },
	{ "\x7f"
	  "ELF",
	    4, "it is a program or a core dump of the operating system" },
};

static bool
refuse(const struct crashdump *c, struct err *err)
{
	struct strbuf text = STRBUF_INIT;

	if (c->head_len == 0)
		return err_set(err, "not an Erlang crash dump: it is empty");
	for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++)
		if (c->head_len >= OTHERS[i].len && memcmp(c->head, OTHERS[i].bytes, OTHERS[i].len) == 0)
			return err_set(err, "not an Erlang crash dump: %s", OTHERS[i].what);
	utf8_add_printable(&text, c->head, c->head_len);
	err_set(err, "not an Erlang crash dump: it begins with \"%s\", not with \"%s\"", strbuf_cstr(&text), MAGIC);
	strbuf_release(&text);
	return false;
}

static bool
has_magic(const struct crashdump *c)
{
	return memcmp(c->head, MAGIC, c->head_len) == 0;
}

bool
crashdump_feed(struct crashdump *c, const void *data, size_t len, struct err *err)
{
	if (c->head_len < HEAD_MAX && len > 0) {
		size_t n = len < HEAD_MAX - c->head_len ? len : HEAD_MAX - c->head_len;

		memcpy(c->head + c->head_len, data, n);
		c->head_len += n;
		if (!has_magic(c))
			return refuse(c, err);
	}
	c->s.bytes += len;
	lines_feed(&c->lines, data, len);
	return true;
}

static void
name_of(const struct crashdump *c, const char *pid, char name[CRASH_TEXT])
{
	const char *known = map_get(&c->names, pid, strlen(pid));

	if (known)
		field_copy(name, CRASH_TEXT, known, strlen(known));
}

/* Of a process in a garbage collection the dump has the stack with its scheduler only. */
static void
fill_stacks(struct crashdump_summary *s)
{
	for (int by = 0; by < CRASH_RANKS; by++)
		for (size_t i = 0; i < s->by_count[by]; i++)
			for (size_t k = 0; k < s->busy_count && s->by[by][i]->stack.count == 0; k++)
				if (strcmp(s->busy[k].process, s->by[by][i]->pid) == 0)
					s->by[by][i]->stack = s->busy[k].stack;
}

/* Names may come behind those that they belong to. */
static void
fill_names(struct crashdump *c)
{
	struct crashdump_summary *s = &c->s;

	for (int by = 0; by < CRASH_RANKS; by++)
		for (size_t i = 0; i < s->by_count[by]; i++)
			name_of(c, s->by[by][i]->parent, s->by[by][i]->parent_name);
	for (size_t i = 0; i < s->table_count; i++)
		name_of(c, s->table[i].owner, s->table[i].owner_name);
	for (size_t i = 0; i < s->port_count; i++)
		name_of(c, s->port[i].connected, s->port[i].connected_name);
	for (size_t i = 0; i < s->binary_count; i++)
		name_of(c, s->binary[i].holder, s->binary[i].holder_name);
	for (size_t i = 0; i < s->busy_count; i++)
		name_of(c, s->busy[i].process, s->busy[i].process_name);
}

const struct crashdump_summary *
crashdump_finish(struct crashdump *c, struct err *err)
{
	if (c->head_len < HEAD_MAX) {
		refuse(c, err);
		return NULL;
	}
	lines_end(&c->lines);
	end_section(c);
	c->s.kind_count = kinds_finish(&c->kinds, c->s.kinds, c->s.top, &c->s.processes.kinds);
	binaries_finish(c);
	fill_names(c);
	fill_stacks(&c->s);
	heaps_finish(c);
	causes_find(&c->s);
	return &c->s;
}

bool
crashdump_is_written(const void *tail, size_t len)
{
	const char *p = tail;
	const char *line;

	while (len > 0 && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	line = memrchr(p, '\n', len);
	line = line ? line + 1 : p;
	len -= (size_t)(line - p);
	return (len == 4 && memcmp(line, "=end", 4) == 0) || (len >= 7 && memcmp(line, "=abort:", 7) == 0);
}

uint64_t
crash_memory(const struct crashdump_summary *s, const char *kind)
{
	for (size_t i = 0; i < s->memory_kinds; i++)
		if (strcmp(s->memory[i].name, kind) == 0)
			return s->memory[i].count;
	return 0;
}

const struct crash_process *
crash_find(const struct crashdump_summary *s, const char *pid)
{
	for (int by = 0; by < CRASH_RANKS; by++)
		for (size_t i = 0; i < s->by_count[by]; i++)
			if (strcmp(s->by[by][i]->pid, pid) == 0)
				return s->by[by][i];
	return NULL;
}

/*
 * "Calling Thread: scheduler:1". A dirty scheduler calls itself "scheduler:0"; then it is the one that was in a garbage collection, if only one was, for what else asks
 * for memory there is seldom.
 */
const struct crash_scheduler *
crash_caller(const struct crashdump_summary *s)
{
	const struct crash_scheduler *dirty = NULL;
	size_t candidates = 0;

	for (size_t i = 0; i < s->busy_count; i++) {
		const struct crash_scheduler *b = &s->busy[i];

		if (strcmp(b->name, s->calling_thread) == 0)
			return b;
		if (strncmp(b->name, "dirty", 5) == 0 && *b->process) {
			candidates++;
			dirty = b;
		}
	}
	return strcmp(s->calling_thread, "scheduler:0") == 0 && candidates == 1 ? dirty : NULL;
}
