/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/novelty.h"

#include <string.h>

#include "base/testing.h"

static const struct novelty_window FOUR = { .length = 4, .stride = 1 },
				   FORM = { .length = 8, .stride = 1, .centred = true },
				   WIDE = { .length = 4, .stride = 4 };

struct feed {
	struct novelty n;
	const struct novelty_window *window;
	float recent[NOVELTY_RECENT];
	unsigned count;
};

static struct feed
feed_of(const struct novelty_window *window)
{
	struct feed f = { .window = window };

	novelty_init(&f.n);
	return f;
}

static double
feed(struct feed *f, float value, double least)
{
	memmove(f->recent, f->recent + 1, (NOVELTY_RECENT - 1) * sizeof(f->recent[0]));
	f->recent[NOVELTY_RECENT - 1] = value;
	f->count += f->count < NOVELTY_RECENT;
	return novelty_feed(&f->n, f->window, f->recent, f->count, least);
}

static void
distance_is_to_the_nearest(void **state)
{
	struct feed f = feed_of(&FOUR);

	(void)state;
	/* Nothing to compare with, until the first window does not overlap with the present one any more. */
	for (int i = 0; i < 8; i++)
		assert_true(feed(&f, 1, 0) == -1);
	assert_true(feed(&f, 1, 0) == 0);
	assert_true(feed(&f, 3, 0) == 2);
	assert_true(feed(&f, 2, 0) == 3);
	assert_true(feed(&f, -1, 0) == 5);
}

static void
a_shape_is_novel_until_it_is_past(void **state)
{
	struct feed f = feed_of(&FOUR);
	double evidence = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		feed(&f, 0, 0.5);
	/* A new level: its windows are novel as long as the first of them is not in memory. */
	for (int i = 0; i < 8; i++) {
		evidence = feed(&f, 10, 0.5);
		assert_true(evidence >= 10);
	}
	for (int i = 0; i < 8; i++)
		evidence = feed(&f, 10, 0.5);
	assert_true(evidence == 0);
}

static void
what_is_not_novel_is_not_remembered(void **state)
{
	struct feed f = feed_of(&FOUR);

	(void)state;
	for (int i = 0; i < 50; i++)
		feed(&f, 0, 0.5);
	assert_int_equal(f.n.count, 1);
	for (int i = 0; i < 50; i++)
		feed(&f, 0.1F, 0.5);
	assert_int_equal(f.n.count, 1);
	for (int i = 0; i < 50; i++)
		feed(&f, 10, 0.5);
	assert_true(f.n.count > 1 && f.n.count <= 9);
}

static void
form_has_no_level(void **state)
{
	static const float form[] = { 0, 2, 4, 6, 6, 4, 2, 0 };
	struct feed f = feed_of(&FORM);

	(void)state;
	for (int i = 0; i < 80; i++)
		feed(&f, form[i % 8], 0.5);
	for (int i = 0; i < 8; i++)
		feed(&f, 100 + form[i], 1e9);
	assert_true(feed(&f, 100 + form[0], 1e9) < 1e-4);
}

static void
stride_skips_values(void **state)
{
	struct feed f = feed_of(&WIDE);

	(void)state;
	for (int i = 0; i < 64; i++)
		feed(&f, i % 4 == 0 ? 0 : 7, 0.5);
	/* What lies between the values of the window does not count. */
	f.recent[NOVELTY_RECENT - 1] = 1e6F;
	assert_true(feed(&f, 0, 0.5) == 0);
}

/* least_recently_matched: a full memory forgets what was not met for longest, and keeps what is. */
static void
least_recently_matched_goes(void **state)
{
	struct feed f = feed_of(&FOUR);

	(void)state;
	for (int i = 0; i < 20; i++)
		feed(&f, 0, 0.5);
	for (int level = 1; level <= 400; level++) {
		for (int i = 0; i < 10; i++)
			feed(&f, (float)level * 100, 0.5);
		for (int i = 0; i < 10; i++)
			feed(&f, 0, 0.5);
	}
	assert_int_equal(f.n.count, NOVELTY_MOST);
	assert_true(feed(&f, 0, 1e9) == 0);
	for (int i = 0; i < 4; i++)
		feed(&f, 100, 1e9);
	assert_true(feed(&f, 100, 1e9) > 0);
}

/* The order lists each window once, whatever came. */
static void
order_stays_a_permutation(void **state)
{
	struct feed f = feed_of(&FORM);
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned seen[NOVELTY_MOST] = { 0 };

		seed = seed * 1664525U + 1013904223U;
		feed(&f, (float)(seed >> 8), 1e6);
		for (unsigned k = 0; k < f.n.count; k++)
			assert_int_equal(++seen[f.n.order[k]], 1);
	}
	assert_int_equal(f.n.count, NOVELTY_VALUES / 8);
}

static void
range_is_kept(void **state)
{
	struct feed f = feed_of(&FORM);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double evidence = feed(&f, i % 3 == 0 ? NOVELTY_RANGE : -NOVELTY_RANGE, 0);

		assert_true(isfinite(evidence));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_is_to_the_nearest),
		cmocka_unit_test(a_shape_is_novel_until_it_is_past),
		cmocka_unit_test(what_is_not_novel_is_not_remembered),
		cmocka_unit_test(form_has_no_level),
		cmocka_unit_test(stride_skips_values),
		cmocka_unit_test(least_recently_matched_goes),
		cmocka_unit_test(order_stays_a_permutation),
		cmocka_unit_test(range_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
