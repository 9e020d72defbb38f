/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ring.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/testing.h"

static void
keeps_the_newest_in_order(void **state)
{
	struct ring r;
	int v[5] = { 0, 1, 2, 3, 4 };

	(void)state;
	ring_init(&r, 3);
	assert_null(ring_pop(&r));
	assert_null(ring_newest(&r, 0));
	for (int i = 0; i < 3; i++)
		assert_null(ring_push(&r, &v[i]));
	assert_ptr_equal(ring_push(&r, &v[3]), &v[0]);
	assert_ptr_equal(ring_push(&r, &v[4]), &v[1]);
	assert_int_equal(ring_len(&r), 3);
	assert_ptr_equal(ring_oldest(&r, 0), &v[2]);
	assert_ptr_equal(ring_newest(&r, 0), &v[4]);
	assert_ptr_equal(ring_newest(&r, 2), &v[2]);
	assert_null(ring_newest(&r, 3));
	assert_null(ring_oldest(&r, 3));
	assert_ptr_equal(ring_pop(&r), &v[2]);
	assert_int_equal(ring_len(&r), 2);
	ring_release(&r, NULL);
}

/* At every place of a ring that is filled to every extent and begins everywhere. */
static void
insert_puts_it_before_the_newest(void **state)
{
	int v[32];

	(void)state;
	for (int i = 0; i < 5 * 7 * 7; i++) {
		int cap = 5, begin = i % 7, pushed = begin + i / 7 % 7, age = i / 49;
		int len = pushed < cap ? pushed : cap, kept = len < cap ? len : cap - 1;
		struct ring r;

		ring_init(&r, (size_t)cap);
		for (int k = 0; k < pushed; k++)
			assert_true(ring_push(&r, &v[k]) != NULL || k < cap);
		assert_ptr_equal(ring_insert(&r, &v[31], (size_t)age), len == cap ? &v[pushed - cap] : NULL);
		assert_int_equal(ring_len(&r), kept + 1);
		age = age < kept ? age : kept;
		for (int k = 0, n = pushed - 1; k <= kept; k++)
			assert_ptr_equal(ring_newest(&r, (size_t)k), k == age ? &v[31] : &v[n--]);
		ring_release(&r, NULL);
	}
}

static void
release_frees_what_is_in_it(void **state)
{
	struct ring r;

	(void)state;
	ring_init(&r, 2);
	for (int i = 0; i < 5; i++)
		free(ring_push(&r, xmalloc(1)));
	ring_release(&r, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_newest_in_order),
		cmocka_unit_test(insert_puts_it_before_the_newest),
		cmocka_unit_test(release_frees_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
