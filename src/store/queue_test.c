/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/past.h"

#define NODE 3

static void
add_samples(struct queue *q, size_t node, int from, int to)
{
	for (int i = from; i <= to; i++) {
		struct row *r = row_new(ROW_SAMPLE, i, "sample", 6, NULL, 0);

		r->node = node;
		queue_add(q, r);
	}
}

static void
add_block(struct queue *q, enum past_block_kind kind, int first, int last)
{
	struct row *r = row_new(ROW_BLOCK, first, "block", 5, NULL, 0);

	r->node = NODE;
	r->last_ms = last;
	r->a = kind;
	queue_add(q, r);
}

/* taken is the number of rows that the writer gets of a kind, and lets all go. */
static unsigned
taken(struct queue *q, enum row_kind kind)
{
	struct rows rows = { 0 };
	unsigned n = 0;

	queue_take(q, &rows);
	queue_written(q, rows.bytes);
	for (const struct row *r = rows.first; r; r = r->next)
		n += r->kind == kind;
	rows_free(&rows);
	return n;
}

/* The writer may take what is ready at any moment: also between a block's coming and its being ready. */
static void
samples_stay_until_their_block_is_ready(void **state)
{
	struct queue q = { .max_bytes = 1 << 20 };

	(void)state;
	add_samples(&q, NODE, 1, 12);
	queue_end_turn(&q);
	add_block(&q, PAST_SAMPLES, 1, 10);
	assert_int_equal(taken(&q, ROW_SAMPLE), 12);
	queue_end_turn(&q);
	assert_int_equal(taken(&q, ROW_BLOCK), 1);
	queue_release(&q);
}

static void
samples_go_when_their_block_is_ready(void **state)
{
	struct queue q = { .max_bytes = 1 << 20 };

	(void)state;
	add_samples(&q, NODE, 1, 11);
	queue_end_turn(&q);
	add_samples(&q, NODE, 12, 13);
	add_samples(&q, NODE + 1, 1, 5);
	add_block(&q, PAST_SAMPLES, 2, 12);
	add_block(&q, PAST_MINUTES, 0, 100);
	queue_end_turn(&q);
	assert_int_equal(taken(&q, ROW_SAMPLE), 2 + 5);
	queue_release(&q);
}

static void
when_there_is_no_room_the_oldest_samples_go(void **state)
{
	struct queue q = { .max_bytes = 20 * (sizeof(struct row) + 6) };
	bool fits;

	(void)state;
	add_samples(&q, NODE, 1, 20);
	queue_end_turn(&q);
	assert_int_equal(queue_room(&q, sizeof(struct row) + 5, &fits), 1);
	assert_true(fits);
	add_block(&q, PAST_MINUTES, 0, 100);
	queue_end_turn(&q);
	/* What the writer has taken is not given up. */
	assert_int_equal(queue_room(&q, q.max_bytes, &fits), 19);
	assert_false(fits);
	assert_int_equal(taken(&q, ROW_BLOCK), 1);
	queue_release(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_stay_until_their_block_is_ready),
		cmocka_unit_test(samples_go_when_their_block_is_ready),
		cmocka_unit_test(when_there_is_no_room_the_oldest_samples_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
