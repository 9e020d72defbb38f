/* SPDX-License-Identifier: Apache-2.0 */
/* The last survey of each kind, as it came. */
#include <math.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"

static void
numbers(struct answer *a, const struct survey_number *number, unsigned count, const double *values)
{
	for (unsigned i = 0; i < count; i++)
		part_integer(a, number[i].field, values[i]);
}

static void
table_row(struct answer *a, const struct survey *s, unsigned i)
{
	part_table(a, &survey_tables(s)[i]);
}

static void
link_row(struct answer *a, const struct survey *s, unsigned i)
{
	const struct survey_link *l = &survey_links(s)[i];

	a->ops->object(a);
	part_text(a, "peer", l->peer);
	part_text(a, "type", l->type);
	part_text(a, "state", l->state);
	part_text(a, "carrier", l->carrier);
	part_bool(a, "busy", l->busy);
	part_bool(a, "ours", l->ours);
	numbers(a, LINK_NUMBER, LINK_NUMBER_COUNT, l->number);
	put_end(a);
}

static void
allocator_row(struct answer *a, const struct survey *s, unsigned i)
{
	const struct survey_allocator *row = &survey_allocators(s)[i];

	a->ops->object(a);
	part_text(a, "allocator", row->name);
	part_text(a, "kind", row->kind);
	numbers(a, ALLOCATOR_NUMBER, ALLOCATOR_NUMBER_COUNT, row->number);
	put_end(a);
}

static void
answer_survey(struct answer *a, const struct engine *e, enum survey_kind kind,
    void (*row)(struct answer *a, const struct survey *s, unsigned i))
{
	const struct survey *s = engine_last_survey(e, kind);

	a->ops->object(a);
	part_time(a, "timestamp", s ? s->time_ms : 0);
	part_integer(a, "total", s ? s->total : (double)NAN);
	put_array(a, SURVEYS[kind].name);
	for (unsigned i = 0; s && i < s->count; i++)
		row(a, s, i);
	put_end(a);
	put_end(a);
}

void
answer_tables(struct answer *a, const struct engine *e)
{
	answer_survey(a, e, SURVEY_TABLES, table_row);
}

void
answer_links(struct answer *a, const struct engine *e)
{
	answer_survey(a, e, SURVEY_LINKS, link_row);
}

void
answer_allocators(struct answer *a, const struct engine *e)
{
	answer_survey(a, e, SURVEY_ALLOCATORS, allocator_row);
}
