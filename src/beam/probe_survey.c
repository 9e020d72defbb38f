/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_survey.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* {Name, Named, Owner, Count, Size, MemoryBytes} */
static void
read_table(struct etf *e, void *row)
{
	struct survey_table *t = row;

	etf_tuple_of(e, 6);
	etf_chars(e, t->name, sizeof(t->name));
	t->named = etf_atom_is(e, "true");
	etf_chars(e, t->owner, sizeof(t->owner));
	t->count = etf_number(e);
	t->size = etf_number(e);
	t->memory = etf_number(e);
}

static void
read_word(struct etf *e, char *buf, size_t size)
{
	struct etf_atom atom;

	buf[0] = '\0';
	if (etf_atom(e, &atom))
		snprintf(buf, size, "%.*s", (int)etf_utf8_cut(atom.text, strlen(atom.text), size - 1), atom.text);
}

/* [{Name, Number}]; those that are not known here are passed by, those that are missing are NaN. */
static void
read_numbers(struct etf *e, const struct survey_number *known, size_t count, double *out)
{
	uint32_t n = etf_list(e);

	for (size_t i = 0; i < count; i++)
		out[i] = NAN;
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom name;
		double value;
		size_t k = 0;

		etf_tuple_of(e, 2);
		if (!etf_atom(e, &name))
			return;
		value = etf_number(e);
		while (k < count && strcmp(known[k].atom, name.text) != 0)
			k++;
		if (k < count)
			out[k] = value;
	}
	etf_list_end(e, n);
}

/* {Peer, Type, State, Carrier, Busy, Ours, Numbers} */
static void
read_link(struct etf *e, void *row)
{
	struct survey_link *l = row;

	etf_tuple_of(e, 7);
	etf_chars(e, l->peer, sizeof(l->peer));
	read_word(e, l->type, sizeof(l->type));
	read_word(e, l->state, sizeof(l->state));
	read_word(e, l->carrier, sizeof(l->carrier));
	l->busy = etf_atom_is(e, "true");
	l->ours = etf_atom_is(e, "true");
	read_numbers(e, LINK_NUMBER, LINK_NUMBER_COUNT, l->number);
}

/* {Name, Kind, Numbers} */
static void
read_allocator(struct etf *e, void *row)
{
	struct survey_allocator *a = row;

	etf_tuple_of(e, 3);
	etf_chars(e, a->name, sizeof(a->name));
	read_word(e, a->kind, sizeof(a->kind));
	read_numbers(e, ALLOCATOR_NUMBER, ALLOCATOR_NUMBER_COUNT, a->number);
}

/* {Kind, Pid, Name, Value, AgeMs} */
static void
read_vm_event(struct etf *e, void *row)
{
	struct survey_vm_event *v = row;

	etf_tuple_of(e, 5);
	read_word(e, v->kind, sizeof(v->kind));
	etf_chars(e, v->pid, sizeof(v->pid));
	etf_chars(e, v->name, sizeof(v->name));
	v->value = etf_number(e);
	v->age_ms = etf_int(e);
	if (v->age_ms < 0)
		etf_fail(e);
}

static enum group_by
read_by(struct etf *e)
{
	struct etf_atom by;

	if (etf_atom(e, &by)) {
		if (strcmp(by.text, "parent") == 0)
			return GROUP_BY_PARENT;
		if (strcmp(by.text, "call") == 0)
			return GROUP_BY_CALL;
		if (strcmp(by.text, "owner") == 0)
			return GROUP_BY_OWNER;
	}
	etf_fail(e);
	return GROUP_BY_PARENT;
}

/* {By, Pid, Name, Count, Runnable, One} */
static void
read_group(struct etf *e, void *row)
{
	struct survey_group *g = row;

	etf_tuple_of(e, 6);
	g->by = read_by(e);
	etf_chars(e, g->pid, sizeof(g->pid));
	etf_chars(e, g->name, sizeof(g->name));
	g->count = etf_number(e);
	g->runnable = etf_number(e);
	etf_chars(e, g->one, sizeof(g->one));
}

/* {By, Pid, Name, Count} */
static void
read_port_group(struct etf *e, void *row)
{
	struct survey_port_group *g = row;

	etf_tuple_of(e, 4);
	g->by = read_by(e);
	etf_chars(e, g->pid, sizeof(g->pid));
	etf_chars(e, g->name, sizeof(g->name));
	g->count = etf_number(e);
}

static void (*const READERS[SURVEY_KIND_COUNT])(struct etf *e, void *row) = {
	[SURVEY_TABLES] = read_table,
	[SURVEY_LINKS] = read_link,
	[SURVEY_ALLOCATORS] = read_allocator,
	[SURVEY_VM_EVENTS] = read_vm_event,
	[SURVEY_GROUPS] = read_group,
	[SURVEY_PORTS] = read_port_group,
};

static int
find_kind(const struct etf_atom *name)
{
	int kind = 0;

	while (kind < SURVEY_KIND_COUNT && strcmp(SURVEYS[kind].name, name->text) != 0)
		kind++;
	return kind;
}

static void
read_rows(struct etf *e, struct survey *s)
{
	const struct survey_row *row = &SURVEYS[s->kind];
	uint32_t n = etf_list(e);
	uint32_t kept = n < row->max ? n : row->max;

	s->rows = etf_ok(e) && kept > 0 ? xcalloc(kept, row->size) : NULL;
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		if (i >= kept) {
			etf_skip(e);
			continue;
		}
		READERS[s->kind](e, (char *)s->rows + i * row->size);
		s->count++;
	}
	etf_list_end(e, n);
}

bool
probe_read_survey(struct etf *e, bool *known, struct survey *s)
{
	struct etf_atom name;
	int kind;

	memset(s, 0, sizeof(*s));
	*known = false;
	s->time_ms = etf_int(e);
	if (!etf_atom(e, &name))
		return false;
	s->total = etf_number(e);
	kind = find_kind(&name);
	if (kind == SURVEY_KIND_COUNT)
		return etf_skip(e) && etf_done(e);
	*known = true;
	s->kind = (enum survey_kind)kind;
	read_rows(e, s);
	if (etf_done(e))
		return true;
	survey_release(s);
	return false;
}
