/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/memory_account.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static struct sample s;
static struct memory_account account;

static const struct {
	enum metric_id id;
	double value;
} USUAL[] = {
	{ METRIC_MEMORY_LIMIT, 1000e6 },
	{ METRIC_MEMORY_AVAILABLE, 600e6 },
	{ METRIC_RSS, 300e6 },
	{ METRIC_ALLOC_CARRIERS, 250e6 },
	{ METRIC_ALLOC_EXTERNAL, 10e6 },
	{ METRIC_ALLOC_BLOCKS, 200e6 },
	{ METRIC_VM_MEMORY_PROCESSES, 100e6 },
	{ METRIC_VM_MEMORY_BINARY, 40e6 },
	{ METRIC_VM_MEMORY_ETS, 30e6 },
	{ METRIC_VM_MEMORY_CODE, 15e6 },
	{ METRIC_VM_MEMORY_ATOM, 1e6 },
	{ METRIC_VM_MEMORY_OTHER, 20e6 },
};

static int
setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	for (size_t i = 0; i < ARRAY_LEN(USUAL); i++)
		sample_set(&s, USUAL[i].id, USUAL[i].value);
	return 0;
}

static double
part(enum memory_level level, const char *name)
{
	const struct memory_level_account *l = &account.levels[level];

	for (unsigned i = 0; i < l->part_count; i++)
		if (strcmp(l->parts[i].name, name) == 0)
			return l->parts[i].bytes;
	fail_msg("%s has no %s", l->name, name);
	return NAN;
}

static void
it_adds_up(void)
{
	for (int i = 0; i < MEMORY_LEVEL_COUNT; i++) {
		const struct memory_level_account *l = &account.levels[i];
		double sum = 0;

		for (unsigned k = 0; k < l->part_count; k++) {
			assert_true(l->parts[k].bytes >= 0);
			sum += l->parts[k].bytes;
		}
		assert_true(l->excess >= 0);
		assert_true(l->bytes + l->excess == sum);
		assert_true(l->excess == 0 || l->parts[l->part_count - 1].bytes == 0);
	}
}

static void
differences_are_named(void **state)
{
	(void)state;
	memory_account(&account, &s);
	it_adds_up();
	assert_true(part(MEMORY_LIMIT, "other_use") == 100e6);
	assert_true(part(MEMORY_RESIDENT, "outside_allocators") == 40e6);
	assert_true(part(MEMORY_CARRIERS, "free_in_carriers") == 50e6);
	assert_true(part(MEMORY_BLOCKS, "code") == 5e6);
	assert_true(part(MEMORY_BLOCKS, "unattributed") == 4e6);
}

/* Each level is a part of the one above, by the same figure. */
static void
levels_hang_together(void **state)
{
	(void)state;
	memory_account(&account, &s);
	for (int i = 1; i < MEMORY_LEVEL_COUNT; i++)
		assert_true(part((enum memory_level)(i - 1), account.levels[i].name) == account.levels[i].bytes);
}

static void
too_much_is_told_as_excess(void **state)
{
	(void)state;
	sample_set(&s, METRIC_ALLOC_CARRIERS, 320e6);
	sample_set(&s, METRIC_ALLOC_BLOCKS, 330e6);
	sample_set(&s, METRIC_ALLOC_EXTERNAL, 20e6);
	memory_account(&account, &s);
	it_adds_up();
	assert_true(account.levels[MEMORY_RESIDENT].excess == 40e6);
	assert_true(account.levels[MEMORY_CARRIERS].excess == 10e6);
	assert_true(part(MEMORY_BLOCKS, "code") == 0);
}

/* Whatever the figures: integers of bytes as the probe reads them. */
static void
it_adds_up_whatever_comes(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		for (size_t i = 0; i < ARRAY_LEN(USUAL); i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			sample_set(&s, USUAL[i].id, (double)(random >> (20 + random % 40)));
		}
		memory_account(&account, &s);
		it_adds_up();
	}
}

static void
what_is_not_observed_is_not_zero(void **state)
{
	(void)state;
	s.present[METRIC_ALLOC_CARRIERS] = false;
	memory_account(&account, &s);
	assert_true(isnan(account.levels[MEMORY_CARRIERS].bytes));
	assert_true(isnan(part(MEMORY_RESIDENT, "carriers")));
	assert_true(isnan(part(MEMORY_RESIDENT, "outside_allocators")));
	assert_true(isnan(part(MEMORY_CARRIERS, "free_in_carriers")));
	assert_true(isnan(account.levels[MEMORY_CARRIERS].excess));
	assert_true(part(MEMORY_LIMIT, "other_use") == 100e6);
	/* Nor where it is taken from another figure. */
	s.present[METRIC_ALLOC_EXTERNAL] = false;
	memory_account(&account, &s);
	assert_true(isnan(part(MEMORY_BLOCKS, "code")));
	assert_true(isnan(part(MEMORY_BLOCKS, "unattributed")));
	assert_true(part(MEMORY_BLOCKS, "ets") == 30e6);
	memory_account(&account, NULL);
	assert_true(isnan(account.levels[MEMORY_LIMIT].bytes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(differences_are_named, setup),
		cmocka_unit_test_setup(levels_hang_together, setup),
		cmocka_unit_test_setup(too_much_is_told_as_excess, setup),
		cmocka_unit_test_setup(it_adds_up_whatever_comes, setup),
		cmocka_unit_test_setup(what_is_not_observed_is_not_zero, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
