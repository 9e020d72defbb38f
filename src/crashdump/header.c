/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that stand once: the header, sums, sizes of tables, allocators, code, nodes. */
#include <stdio.h>
#include <string.h>

#include "crashdump/state.h"

/* Bytes of a process or port table per place: a pointer and half a one for the places that are free, as erl_ptab lays it out. */
#define TABLE_PLACE_BYTES(c) ((c)->s.word_bytes * 3u / 2u)

void
begin_argument(struct crashdump *c, const char *argument, size_t len)
{
	field_copy(c->argument, sizeof(c->argument), argument, len);
}

static void
add_to_slogan(struct crashdump *c, const char *line, size_t len)
{
	size_t n = strlen(c->s.slogan);

	if (n + 1 < sizeof(c->s.slogan) && len > 0) {
		c->s.slogan[n++] = '\n';
		field_copy(c->s.slogan + n, sizeof(c->s.slogan) - n, line, len);
	}
}

static void
take_version(struct crashdump *c)
{
	const char *otp = strstr(c->s.system_version, "OTP ");

	c->s.otp_release = otp ? (unsigned)(field_number(otp + 4, strlen(otp + 4)) % 1000) : 0;
	/* Those of 32 bits say nothing. */
	c->s.word_bytes = strstr(c->s.system_version, "64-bit") ? 8 : 4;
}

static const struct field_row HEADER[] = {
	FIELD_TEXT(struct crashdump_summary, "System version", system_version),
	FIELD_TEXT(struct crashdump_summary, "Compiled", compiled),
	FIELD_TEXT(struct crashdump_summary, "Taints", taints),
	FIELD_NUMBER(struct crashdump_summary, "Atoms", atoms),
	FIELD_TEXT(struct crashdump_summary, "Calling Thread", calling_thread),
	FIELD_TEXT(struct crashdump_summary, "Node name", node),
};

/* A slogan may have several lines; it ends where the system's version begins. */
void
header_line(struct crashdump *c, const char *line, size_t len)
{
	const char *slogan;
	size_t n;

	if (c->line_number == 0) {
		field_copy(c->s.time, sizeof(c->s.time), line, len);
	} else if (fields_take(HEADER, ARRAY_LEN(HEADER), &c->s, line, len)) {
		take_version(c);
	} else if (c->line_number == 1 && (slogan = field_value(line, len, "Slogan", &n)) != NULL) {
		field_copy(c->s.slogan, sizeof(c->s.slogan), slogan, n);
	} else if (*c->s.system_version == '\0') {
		add_to_slogan(c, line, len);
	}
}

void
memory_line(struct crashdump *c, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	struct crash_count *m = &c->s.memory[c->s.memory_kinds];

	if (colon == NULL || c->s.memory_kinds == ARRAY_LEN(c->s.memory) || colon + 2 > line + len)
		return;
	field_copy(m->name, sizeof(m->name), line, (size_t)(colon - line));
	m->count = field_number(colon + 2, (size_t)(line + len - colon) - 2);
	c->s.memory_kinds++;
}

void
atom_table_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n;
	const char *limit = field_value(line, len, "limit", &n);

	if (limit && strcmp(c->argument, "atom_tab") == 0)
		c->s.atoms_limit = field_number(limit, n);
}

/* The newest atoms come first. */
void
atoms_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n = strlen(c->s.newest_atoms);

	if (c->line_number >= 5 || n + 3 + len > sizeof(c->s.newest_atoms)) {
		lines_skip(&c->lines, true);
		return;
	}
	if (n > 0)
		n += (size_t)snprintf(c->s.newest_atoms + n, sizeof(c->s.newest_atoms) - n, ", ");
	field_copy(c->s.newest_atoms + n, sizeof(c->s.newest_atoms) - n, line, len);
}

/* The limits of processes and ports stand nowhere, but the sizes of their tables do. */
void
areas_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n;
	const char *value;

	if ((value = field_value(line, len, "process_table", &n)) != NULL)
		c->s.processes.limit = field_number(value, n) / TABLE_PLACE_BYTES(c);
	else if ((value = field_value(line, len, "port_table", &n)) != NULL)
		c->s.ports_limit = field_number(value, n) / TABLE_PLACE_BYTES(c);
}

/*
 * "mbcs carriers size: 32768 32768 32768" and "mbcs blocks[eheap_alloc] size: 104 104 104" (before OTP 23: "mbcs blocks size: …"); the same with sbcs (carriers of a single
 * block) and mbcs_pool. "mbcs mseg carriers size: …" and the like are parts of what was counted.
 */
void
allocator_line(struct crashdump *c, const char *line, size_t len)
{
	const char *kind = memchr(line, ' ', len);
	const char *colon = memchr(line, ':', len);
	uint64_t *bytes;

	if (len < 6 || memcmp(line + 1, "bcs", 3) != 0 || kind == NULL || colon == NULL || colon - kind < 12 ||
	    memcmp(colon - 5, " size", 5) != 0)
		return;
	if (memcmp(kind, " carriers", 9) == 0)
		bytes = &c->s.carriers_bytes;
	else if (memcmp(kind, " blocks", 7) == 0)
		bytes = &c->s.blocks_bytes;
	else
		return;
	colon++;
	while (colon < line + len && *colon == ' ')
		colon++;
	*bytes = saturated_sum(*bytes, field_number(colon, (size_t)(line + len - colon)));
}

void
code_line(struct crashdump *c, const char *line, size_t len)
{
	static const struct field_row rows[] = {
		FIELD_NUMBER(struct crashdump_summary, "Current code", code_bytes),
		FIELD_NUMBER(struct crashdump_summary, "Old code", old_code_bytes),
	};

	fields_take(rows, ARRAY_LEN(rows), &c->s, line, len);
}

void
begin_module(struct crashdump *c, const char *argument, size_t len)
{
	(void)argument;
	(void)len;
	c->s.modules++;
}

void
begin_timer(struct crashdump *c, const char *argument, size_t len)
{
	(void)argument;
	(void)len;
	c->s.timers++;
}

void
persistent_line(struct crashdump *c, const char *line, size_t len)
{
	(void)line;
	(void)len;
	c->s.persistent_terms++;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------ */

static void
unquote(char *to, size_t size, const char *text, size_t len)
{
	if (len >= 2 && *text == '\'' && text[len - 1] == '\'') {
		text++;
		len -= 2;
	}
	field_copy(to, size, text, len);
}

void
begin_node(struct crashdump *c, const char *argument, size_t len)
{
	unquote(c->s.node, sizeof(c->s.node), argument, len);
	c->s.distributed = true;
}

void
begin_no_distribution(struct crashdump *c, const char *argument, size_t len)
{
	(void)argument;
	(void)len;
	c->s.distributed = false;
}

void
begin_visible(struct crashdump *c, const char *argument, size_t len)
{
	begin_argument(c, argument, len);
	c->s.visible_nodes++;
	c->node_state = 2;
}

void
begin_hidden(struct crashdump *c, const char *argument, size_t len)
{
	begin_argument(c, argument, len);
	c->s.hidden_nodes++;
	c->node_state = 1;
}

void
begin_lost(struct crashdump *c, const char *argument, size_t len)
{
	begin_argument(c, argument, len);
	c->node_state = 0;
}

/* A node without distribution knows itself as one that is not connected. */
void
other_node_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n;
	const char *name = field_value(line, len, "Name", &n);
	struct crash_count *node = &c->s.nodes[c->s.node_count];
	char text[sizeof(node->name)];

	if (name == NULL)
		return;
	lines_skip(&c->lines, true);
	unquote(text, sizeof(text), name, n);
	if (strcmp(text, "nonode@nohost") == 0)
		return;
	c->s.lost_nodes += c->node_state == 0;
	if (c->s.node_count == CRASH_NODES)
		return;
	memcpy(node->name, text, sizeof(text));
	node->count = c->node_state;
	c->s.node_count++;
}
