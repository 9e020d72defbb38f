/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/derive.h"

#include <string.h>

#include "base/testing.h"

static struct sample s, before;

static int
setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	memset(&before, 0, sizeof(before));
	return 0;
}

static void
schedulers(struct sample *to, uint64_t active0, uint64_t total0, uint64_t active1, uint64_t total1)
{
	to->scheduler_count = 2;
	to->scheduler_active[0] = active0;
	to->scheduler_total[0] = total0;
	to->scheduler_active[1] = active1;
	to->scheduler_total[1] = total1;
}

static void
differences_and_shares(void **state)
{
	(void)state;
	sample_set(&s, METRIC_ACTIVE_TASKS, 5);
	sample_set(&s, METRIC_RUN_QUEUE, 2);
	sample_set(&s, METRIC_MEMORY_LIMIT, 1000);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 250);
	sample_set(&s, METRIC_PROCESS_COUNT, 50);
	sample_set(&s, METRIC_PROCESS_LIMIT, 200);
	sample_set(&s, METRIC_GC_WORDS_RECLAIMED, 10);
	sample_set(&s, METRIC_WORDSIZE, 8);
	derive(&s, NULL);
	ASSERT_NEAR(s.value[METRIC_RUNNING], 3, 0);
	ASSERT_NEAR(s.value[METRIC_MEMORY_USED], 750, 0);
	ASSERT_NEAR(s.value[METRIC_MEMORY_UTILIZATION], 75, 1e-9);
	ASSERT_NEAR(s.value[METRIC_PROCESS_UTILIZATION], 25, 1e-9);
	ASSERT_NEAR(s.value[METRIC_GC_BYTES_RECLAIMED], 80, 0);
	assert_false(s.present[METRIC_VM_MEMORY_OTHER]);
	assert_false(s.present[METRIC_CPU_UTILIZATION]);
}

static void
other_memory_needs_all_parts(void **state)
{
	(void)state;
	sample_set(&s, METRIC_VM_MEMORY_SYSTEM, 100);
	sample_set(&s, METRIC_VM_MEMORY_ATOM, 10);
	sample_set(&s, METRIC_VM_MEMORY_BINARY, 20);
	sample_set(&s, METRIC_VM_MEMORY_CODE, 30);
	derive(&s, NULL);
	assert_false(s.present[METRIC_VM_MEMORY_OTHER]);
	sample_set(&s, METRIC_VM_MEMORY_ETS, 45);
	derive(&s, NULL);
	assert_true(s.present[METRIC_VM_MEMORY_OTHER]);
	ASSERT_NEAR(s.value[METRIC_VM_MEMORY_OTHER], 0, 0);
}

static void
cpu_is_a_difference(void **state)
{
	(void)state;
	schedulers(&before, 100, 1000, 500, 1000);
	schedulers(&s, 125, 1100, 575, 1100);
	derive(&s, &before);
	ASSERT_NEAR(s.scheduler_utilization[0], 25, 1e-6);
	ASSERT_NEAR(s.scheduler_utilization[1], 75, 1e-6);
	ASSERT_NEAR(s.value[METRIC_CPU_UTILIZATION], 50, 1e-6);
}

static void
cpu_is_not_observed_without_progress(void **state)
{
	(void)state;
	schedulers(&s, 100, 1000, 100, 1000);
	derive(&s, NULL);
	assert_false(s.present[METRIC_CPU_UTILIZATION]);
	assert_true(isnan(s.scheduler_utilization[0]));
	/* unchanged; switched off and on; one of them was offline */
	before = s;
	derive(&s, &before);
	assert_false(s.present[METRIC_CPU_UTILIZATION]);
	schedulers(&s, 5, 10, 5, 10);
	derive(&s, &before);
	assert_false(s.present[METRIC_CPU_UTILIZATION]);
	schedulers(&before, 0, 0, 100, 1000);
	schedulers(&s, 50, 100, 150, 1100);
	derive(&s, &before);
	assert_true(s.present[METRIC_CPU_UTILIZATION]);
	ASSERT_NEAR(s.value[METRIC_CPU_UTILIZATION], 50, 1e-6);
	assert_true(isnan(s.scheduler_utilization[0]));
}

static void
dirty_schedulers_are_a_difference(void **state)
{
	(void)state;
	sample_set(&before, METRIC_DIRTY_CPU_ACTIVE, 100);
	sample_set(&before, METRIC_DIRTY_CPU_TOTAL, 1000);
	sample_set(&s, METRIC_DIRTY_CPU_ACTIVE, 150);
	sample_set(&s, METRIC_DIRTY_CPU_TOTAL, 1200);
	sample_set(&s, METRIC_DIRTY_IO_ACTIVE, 1);
	sample_set(&s, METRIC_DIRTY_IO_TOTAL, 2);
	derive(&s, NULL);
	assert_false(s.present[METRIC_DIRTY_CPU_UTILIZATION]);
	derive(&s, &before);
	ASSERT_NEAR(s.value[METRIC_DIRTY_CPU_UTILIZATION], 25, 1e-6);
	assert_false(s.present[METRIC_DIRTY_IO_UTILIZATION]);
	/* the node began anew */
	derive(&before, &s);
	assert_false(before.present[METRIC_DIRTY_CPU_UTILIZATION]);
}

static void
absurd_scheduler_counts_are_bounded(void **state)
{
	(void)state;
	s.scheduler_count = before.scheduler_count = UINT16_MAX;
	derive(&s, &before);
	assert_int_equal(s.scheduler_count, SAMPLE_MAX_SCHEDULERS);
}

static void
given_values_stay_where_sources_are_missing(void **state)
{
	(void)state;
	sample_set(&s, METRIC_CPU_UTILIZATION, 33);
	sample_set(&s, METRIC_MEMORY_UTILIZATION, 44);
	derive(&s, NULL);
	ASSERT_NEAR(s.value[METRIC_CPU_UTILIZATION], 33, 0);
	ASSERT_NEAR(s.value[METRIC_MEMORY_UTILIZATION], 44, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(differences_and_shares, setup),
		cmocka_unit_test_setup(other_memory_needs_all_parts, setup),
		cmocka_unit_test_setup(cpu_is_a_difference, setup),
		cmocka_unit_test_setup(cpu_is_not_observed_without_progress, setup),
		cmocka_unit_test_setup(dirty_schedulers_are_a_difference, setup),
		cmocka_unit_test_setup(absurd_scheduler_counts_are_bounded, setup),
		cmocka_unit_test_setup(given_values_stay_where_sources_are_missing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
