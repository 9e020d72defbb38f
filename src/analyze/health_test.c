/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/health.h"

#include <string.h>

#include "analyze/advice.h"
#include "base/attr.h"
#include "base/testing.h"

static struct health_judge h;

static int
setup(void **state)
{
	double warning[CRITERION_COUNT], critical[CRITERION_COUNT];

	(void)state;
	for (int i = 0; i < CRITERION_COUNT; i++) {
		warning[i] = CRITERIA[i].warning;
		critical[i] = CRITERIA[i].critical;
	}
	health_judge_init(&h, warning, critical);
	return 0;
}

static enum level
observe(enum criterion c, double value)
{
	health_judge_observe(&h, c, value);
	return health_judge_state(&h, c)->level;
}

static void
thresholds_are_the_seeds(void **state)
{
	static const struct {
		enum criterion c;
		double value;
		enum level level;
	} table[] = {
		{ CRITERION_MEMORY, 75, LEVEL_HEALTHY },
		{ CRITERION_MEMORY, 75.1, LEVEL_WARNING },
		{ CRITERION_MEMORY, 90, LEVEL_WARNING },
		{ CRITERION_MEMORY, 90.1, LEVEL_CRITICAL },
		{ CRITERION_CPU, 90.1, LEVEL_CRITICAL },
		{ CRITERION_PROCESSES, 76, LEVEL_WARNING },
		{ CRITERION_RESTARTS, 5, LEVEL_HEALTHY },
		{ CRITERION_RESTARTS, 6, LEVEL_WARNING },
		{ CRITERION_RESTARTS, 11, LEVEL_CRITICAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		setup(NULL);
		assert_int_equal(observe(table[i].c, table[i].value), table[i].level);
	}
}

static void
not_observed_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(health_judge_state(&h, CRITERION_FDS)->level, LEVEL_UNKNOWN);
	assert_int_equal(observe(CRITERION_FDS, 10), LEVEL_HEALTHY);
	assert_int_equal(observe(CRITERION_FDS, NAN), LEVEL_UNKNOWN);
	assert_int_equal(health_judge_due(&h, 0), CRITERION_COUNT);
}

static void
level_is_left_only_well_below_and_twice(void **state)
{
	(void)state;
	assert_int_equal(observe(CRITERION_MEMORY, 76), LEVEL_WARNING);
	for (int i = 0; i < 10; i++)
		assert_int_equal(observe(CRITERION_MEMORY, 72), LEVEL_WARNING);
	assert_int_equal(observe(CRITERION_MEMORY, 70), LEVEL_WARNING);
	assert_int_equal(observe(CRITERION_MEMORY, 72), LEVEL_WARNING);
	assert_int_equal(observe(CRITERION_MEMORY, 70), LEVEL_WARNING);
	assert_int_equal(observe(CRITERION_MEMORY, 70), LEVEL_HEALTHY);
}

static void
one_busy_moment_is_no_cpu_alert(void **state)
{
	(void)state;
	observe(CRITERION_CPU, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(observe(CRITERION_CPU, 99), LEVEL_HEALTHY);
		assert_int_equal(observe(CRITERION_CPU, 50), LEVEL_HEALTHY);
	}
	observe(CRITERION_CPU, 95);
	assert_int_equal(observe(CRITERION_CPU, 95), LEVEL_CRITICAL);
}

static void
alerts_come_on_change_and_every_quarter_of_an_hour(void **state)
{
	(void)state;
	observe(CRITERION_MEMORY, 50);
	assert_int_equal(health_judge_due(&h, 0), CRITERION_COUNT);
	observe(CRITERION_MEMORY, 95);
	observe(CRITERION_PORTS, 80);
	assert_int_equal(health_judge_due(&h, 1000), CRITERION_MEMORY);
	assert_int_equal(health_judge_due(&h, 1000), CRITERION_PORTS);
	assert_int_equal(health_judge_due(&h, 1000), CRITERION_COUNT);
	assert_int_equal(health_judge_due(&h, 1000 + HEALTH_REPEAT_MS - 1), CRITERION_COUNT);
	assert_int_equal(health_judge_due(&h, 1000 + HEALTH_REPEAT_MS), CRITERION_MEMORY);
	assert_int_equal(health_judge_due(&h, 1000 + HEALTH_REPEAT_MS), CRITERION_COUNT);
	observe(CRITERION_MEMORY, NAN);
	assert_int_equal(health_judge_due(&h, 10000000), CRITERION_COUNT);
	observe(CRITERION_MEMORY, 50);
	assert_int_equal(health_judge_due(&h, 10000000), CRITERION_MEMORY);
}

static void
overall_is_the_worst_known(void **state)
{
	struct criterion_state c[CRITERION_COUNT] = { 0 };

	(void)state;
	assert_int_equal(health_worst(c), LEVEL_UNKNOWN);
	c[2].level = LEVEL_HEALTHY;
	assert_int_equal(health_worst(c), LEVEL_HEALTHY);
	c[0].level = LEVEL_CRITICAL;
	assert_int_equal(health_worst(c), LEVEL_CRITICAL);
	assert_int_equal(health_severity(LEVEL_CRITICAL), SEVERITY_HIGH);
	assert_int_equal(health_severity(LEVEL_WARNING), SEVERITY_MEDIUM);
	assert_int_equal(health_severity(LEVEL_HEALTHY), SEVERITY_LOW);
}

static void
advice_names_thing_number_and_step(void **state)
{
	static struct sample s;
	struct top_process p = { .pid = "<0.7.0>", .name = "cache", .memory = 300 * 1048576.0, .queue_len = 1234 };
	struct advice_facts facts = { &s, { [TOP_MEMORY] = &p, [TOP_MESSAGE_QUEUE] = &p }, "rabbit_sup", 9, "pool_sup",
		9, 10, 60000 };
	struct criterion_state st = { LEVEL_CRITICAL, 95.5, 75, 90 };
	char text[ADVICE_SIZE];

	(void)state;
	sample_set(&s, METRIC_MEMORY_USED, 955 * 1048576.0);
	sample_set(&s, METRIC_MEMORY_LIMIT, 1000 * 1048576.0);
	advise(CRITERION_MEMORY, &st, &facts, text);
	assert_string_equal(text,
	    "Memory: 95.5 % (955.0 MiB of 1000.0 MiB), critical above 90. Most: cache <0.7.0> with 300.0 MiB. "
	    "Look at what it holds, or give the VM more memory.");
	st = (struct criterion_state) { LEVEL_WARNING, 6, 5, 10 };
	advise(CRITERION_RESTARTS, &st, &facts, text);
	assert_string_equal(text,
	    "Restarts: 6 in 5 min, warning above 5. Most under rabbit_sup (9). Read its children's exit reasons.");
	st = (struct criterion_state) { LEVEL_WARNING, 90, 75, 90 };
	advise(CRITERION_RESTART_BUDGET, &st, &facts, text);
	assert_string_equal(text,
	    "Restart budget: 90.0 %, warning above 75. pool_sup used 9 of 10 restarts in 60 s, 1 left. "
	    "Read its children's exit reasons; it gives up with all of them when the budget is spent.");
	for (int c = 0; c < CRITERION_COUNT; c++) {
		advise((enum criterion)c, &st, &facts, text);
		assert_true(strlen(text) > 20 && strlen(text) < ADVICE_SIZE - 1);
	}
}

static void
advice_bears_foreign_names(void **state)
{
	struct top_process p = { .pid = "<0.7.0>" };
	struct advice_facts facts = { NULL, { [TOP_MEMORY] = &p }, "", 0, "", 0, 0, 0 };
	struct criterion_state st = { LEVEL_WARNING, 80, 75, 90 };
	char text[ADVICE_SIZE];

	(void)state;
	memset(p.name, 0xFF, sizeof(p.name) - 1);
	advise(CRITERION_MEMORY, &st, &facts, text);
	assert_true(strlen(text) < ADVICE_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(thresholds_are_the_seeds, setup),
		cmocka_unit_test_setup(not_observed_is_unknown, setup),
		cmocka_unit_test_setup(level_is_left_only_well_below_and_twice, setup),
		cmocka_unit_test_setup(one_busy_moment_is_no_cpu_alert, setup),
		cmocka_unit_test_setup(alerts_come_on_change_and_every_quarter_of_an_hour, setup),
		cmocka_unit_test_setup(overall_is_the_worst_known, setup),
		cmocka_unit_test_setup(advice_names_thing_number_and_step, setup),
		cmocka_unit_test_setup(advice_bears_foreign_names, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
