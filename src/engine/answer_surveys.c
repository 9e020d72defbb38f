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

/* group_name is the word for what the processes or ports have in common. */
static const char *
group_name(enum group_by by)
{
	static const char *const names[] = {
		[GROUP_BY_PARENT] = "parent", [GROUP_BY_CALL] = "initial_call", [GROUP_BY_OWNER] = "owner"
	};

	return names[by];
}

static void
group_row(struct answer *a, const struct survey *s, unsigned i)
{
	const struct survey_group *g = &survey_groups(s)[i];

	a->ops->object(a);
	part_word(a, "by", group_name(g->by));
	part_text(a, "pid", g->pid);
	part_text(a, "name", g->name);
	part_integer(a, "count", g->count);
	part_integer(a, "runnable", g->runnable);
	part_text(a, "one", g->one);
	put_end(a);
}

static void
port_row(struct answer *a, const struct survey *s, unsigned i)
{
	const struct survey_port_group *g = &survey_port_groups(s)[i];

	a->ops->object(a);
	part_word(a, "by", group_name(g->by));
	part_text(a, "pid", g->pid);
	part_text(a, "name", g->name);
	part_integer(a, "count", g->count);
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

void
answer_groups(struct answer *a, const struct engine *e)
{
	answer_survey(a, e, SURVEY_GROUPS, group_row);
}

void
answer_ports(struct answer *a, const struct engine *e)
{
	answer_survey(a, e, SURVEY_PORTS, port_row);
}
