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
		cmocka_unit_test(release_frees_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
