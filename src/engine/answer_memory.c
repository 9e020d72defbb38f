/* SPDX-License-Identifier: Apache-2.0 */
/* The account of a node's memory, and who owns the most of its parts. */
#include <math.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/memory_account.h"

#define OWNERS_MAX 5

/* An allocator's own account: of all kinds of its carriers. */
struct allocator_sum {
	const char *name;
	double carriers;
	double blocks;
};

static double
share_of(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : (double)NAN;
}

/* ---- who owns the most ---- */

static void
ranked_processes(struct answer *a, const struct engine *e, enum top_kind kind)
{
	unsigned count;
	const struct top_process *top = engine_top(e, kind, &count);

	for (unsigned i = 0; i < count && i < OWNERS_MAX; i++)
		part_process(a, &top[i]);
}

static void
process_owners(struct answer *a, const struct engine *e)
{
	ranked_processes(a, e, TOP_MEMORY);
}

/* Several may refer to the same binary: together they can have more than there is. */
static void
binary_owners(struct answer *a, const struct engine *e)
{
	ranked_processes(a, e, TOP_BINARY);
}

static void
table_owners(struct answer *a, const struct engine *e)
{
	const struct survey *s = engine_last_survey(e, SURVEY_TABLES);

	for (unsigned i = 0; s && i < s->count && i < OWNERS_MAX; i++)
		part_table(a, &survey_tables(s)[i]);
}

static unsigned
sum_allocators(const struct survey *s, struct allocator_sum *sums)
{
	unsigned n = 0;

	for (unsigned i = 0; s && i < s->count; i++) {
		const struct survey_allocator *row = &survey_allocators(s)[i];
		unsigned k = 0;

		while (k < n && strcmp(sums[k].name, row->name) != 0)
			k++;
		if (k == n)
			sums[n++] = (struct allocator_sum) { row->name, 0, 0 };
		sums[k].carriers += row->number[ALLOCATOR_CARRIERS_SIZE];
		sums[k].blocks += row->number[ALLOCATOR_BLOCKS_SIZE];
	}
	return n;
}

/* NaN: not observed. */
static double
free_in(const struct allocator_sum *sum)
{
	double bytes = sum->carriers - sum->blocks;

	return bytes < 0 ? 0 : bytes;
}

static bool
has_more_free(const struct allocator_sum *a, const struct allocator_sum *b)
{
	return free_in(a) > free_in(b) || (isnan(free_in(b)) && !isnan(free_in(a)));
}

/* The allocators with the most free inside their carriers, most first. */
static void
allocator_owners(struct answer *a, const struct engine *e)
{
	struct allocator_sum sums[SURVEY_ALLOCATOR_ROWS];
	unsigned n = sum_allocators(engine_last_survey(e, SURVEY_ALLOCATORS), sums);

	for (unsigned shown = 0; shown < OWNERS_MAX && shown < n; shown++) {
		struct allocator_sum *most = &sums[shown];
		struct allocator_sum swapped;

		for (unsigned i = shown + 1; i < n; i++)
			if (has_more_free(&sums[i], most))
				most = &sums[i];
		swapped = *most;
		*most = sums[shown];
		sums[shown] = swapped;
		a->ops->object(a);
		part_text(a, "allocator", swapped.name);
		part_integer(a, "bytes", free_in(&swapped));
		part_integer(a, "carriers_bytes", swapped.carriers);
		part_integer(a, "blocks_bytes", swapped.blocks);
		put_end(a);
	}
}

static const struct {
	const char *part;
	void (*owners)(struct answer *a, const struct engine *e);
} OWNERS[] = {
	{ "processes", process_owners },
	{ "binary", binary_owners },
	{ "ets", table_owners },
	{ "free_in_carriers", allocator_owners },
};

static void
owners_of(struct answer *a, const struct engine *e, const char *part)
{
	for (size_t i = 0; i < ARRAY_LEN(OWNERS); i++)
		if (strcmp(OWNERS[i].part, part) == 0) {
			put_array(a, "owners");
			OWNERS[i].owners(a, e);
			put_end(a);
		}
}

/* ---- the account ---- */

static void
part_of_level(struct answer *a, const struct engine *e, const struct memory_level_account *level, unsigned i)
{
	const struct memory_part *part = &level->parts[i];

	a->ops->object(a);
	part_word(a, "name", part->name);
	part_integer(a, "bytes", part->bytes);
	part_real(a, "share", share_of(part->bytes, level->bytes));
	part_bool(a, "rest", i + 1 == level->part_count);
	part_text(a, "help", part->help);
	owners_of(a, e, part->name);
	put_end(a);
}

static void
level_of(struct answer *a, const struct engine *e, const struct memory_account *account, unsigned i)
{
	const struct memory_level_account *level = &account->levels[i];

	a->ops->object(a);
	part_word(a, "name", level->name);
	part_integer(a, "bytes", level->bytes);
	part_real(a, "share", i > 0 ? share_of(level->bytes, account->levels[i - 1].bytes) : (double)NAN);
	part_text(a, "help", level->help);
	put_array(a, "parts");
	for (unsigned k = 0; k < level->part_count; k++)
		part_of_level(a, e, level, k);
	put_end(a);
	part_integer(a, "excess", level->excess);
	part_text(a, "excess_help", level->excess > 0 ? level->excess_help : NULL);
	put_end(a);
}

void
answer_memory(struct answer *a, const struct engine *e)
{
	const struct sample *s = engine_last(e);
	struct memory_account account;

	memory_account(&account, s);
	a->ops->object(a);
	part_time(a, "timestamp", s ? s->time_ms : 0);
	put_array(a, "levels");
	for (unsigned i = 0; i < MEMORY_LEVEL_COUNT; i++)
		level_of(a, e, &account, i);
	put_end(a);
	put_end(a);
}
