/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_survey.h"

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

static void (*const READERS[SURVEY_KIND_COUNT])(struct etf *e, void *row) = {
	[SURVEY_TABLES] = read_table,
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
