/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"

static size_t
key_of(int i, char key[16])
{
	return (size_t)snprintf(key, 16, "key-%d", i);
}

static void
empty_map_has_nothing(void **state)
{
	struct map m;
	size_t it = 0;

	(void)state;
	map_init(&m);
	assert_null(map_get(&m, "a", 1));
	assert_null(map_remove(&m, "a", 1));
	assert_null(map_next(&m, &it));
	assert_int_equal(map_len(&m), 0);
	map_release(&m, NULL);
}

static void
put_get_replace(void **state)
{
	struct map m;
	int a, b;

	(void)state;
	map_init(&m);
	assert_null(map_put(&m, "k", 1, &a));
	assert_null(map_put(&m, "k\0", 2, &b));
	assert_null(map_put(&m, "", 0, &b));
	assert_ptr_equal(map_put(&m, "k", 1, &b), &a);
	assert_ptr_equal(map_get(&m, "k", 1), &b);
	assert_ptr_equal(map_get(&m, "", 0), &b);
	assert_int_equal(map_len(&m), 3);
	map_release(&m, NULL);
}

/* Random puts and removes against an array that knows the truth: removal must not break probe sequences. */
static void
agrees_with_an_array(void **state)
{
	static int truth[500];
	unsigned seed = 7;
	struct map m;
	char key[16];

	(void)state;
	map_init(&m);
	for (int step = 0; step < 50000; step++) {
		int i = (int)((seed = seed * 1103515245 + 12345) >> 16) % 500;
		size_t len = key_of(i, key);

		if (seed & 0x4000)
			assert_int_equal(map_put(&m, key, len, &truth[i]) != NULL, truth[i]);
		else
			assert_int_equal(map_remove(&m, key, len) != NULL, truth[i]);
		truth[i] = (seed & 0x4000) != 0;
	}
	for (int i = 0; i < 500; i++)
		assert_int_equal(map_get(&m, key, key_of(i, key)) != NULL, truth[i]);
	map_release(&m, NULL);
}

static void
walk_meets_each_once_and_release_frees(void **state)
{
	struct map m;
	char key[16];
	size_t it = 0;
	int sum = 0;
	int *v;

	(void)state;
	map_init(&m);
	for (int i = 1; i <= 100; i++) {
		v = xmalloc(sizeof(*v));
		*v = i;
		map_put(&m, key, key_of(i, key), v);
	}
	while ((v = map_next(&m, &it)) != NULL)
		sum += *v;
	assert_int_equal(sum, 5050);
	map_release(&m, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_map_has_nothing),
		cmocka_unit_test(put_get_replace),
		cmocka_unit_test(agrees_with_an_array),
		cmocka_unit_test(walk_meets_each_once_and_release_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
