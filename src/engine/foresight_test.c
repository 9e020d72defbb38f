/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/foresight.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/chance.h"
#include "base/testing.h"

#define START_MS INT64_C(1700000000000)
#define STEP_MS 5000

/* A node whose atoms, memory and so on are given, sample by sample. */
struct node {
	struct engine *engine;
	int64_t now_ms;
	struct chance chance;
};

static void
begin(struct node *n)
{
	struct engine_options o = engine_defaults();

	n->engine = engine_new("n@h", &o);
	n->now_ms = START_MS;
	n->chance = (struct chance) { 1 };
}

static void
feed(struct node *n, double atoms, double limit, double uptime_ms)
{
	struct sample s = { .time_ms = n->now_ms };

	sample_set(&s, METRIC_ATOM_COUNT, atoms);
	if (limit > 0)
		sample_set(&s, METRIC_ATOM_LIMIT, limit);
	sample_set(&s, METRIC_WALLCLOCK, uptime_ms);
	engine_feed(n->engine, n->now_ms, &s);
	n->now_ms += STEP_MS;
}

static struct capacity
atoms_of(struct node *n)
{
	struct capacity all[RESOURCE_COUNT];

	assert_int_equal(engine_capacity(n->engine, n->now_ms, all, RESOURCE_COUNT), RESOURCE_COUNT);
	assert_int_equal(all[RESOURCE_ATOMS].resource, RESOURCE_ATOMS);
	return all[RESOURCE_ATOMS];
}

static void
test_nothing_is_known(void **state)
{
	struct capacity all[RESOURCE_COUNT];
	struct prediction one = { .confidence = 0 };
	struct node n;

	(void)state;
	begin(&n);
	assert_int_equal(engine_capacity(n.engine, START_MS, all, RESOURCE_COUNT), RESOURCE_COUNT);
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		assert_true(isnan(all[i].current));
		assert_false(all[i].trend);
		assert_int_equal(all[i].full_ms, 0);
		assert_non_null(strstr(all[i].text, "not observed"));
	}
	assert_int_equal(engine_capacity(n.engine, START_MS, all, 2), 2);
	assert_int_equal(engine_predictions(n.engine, START_MS, &one, 1), 0);
	feed(&n, 1000, 5000, 1);
	assert_non_null(strstr(atoms_of(&n).text, "atoms: 1,000 of 5,000 (20 %); too little history"));
	engine_free(n.engine);
}

/* A thousand an hour, and noise: full in an hour. */
static void
test_growth_has_a_date(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 1440; i++)
		feed(&n, rint(1000 + i * STEP_MS / 3600.0 + 20 * chance_normal(&n.chance)), 4000, i * STEP_MS);
	c = atoms_of(&n);
	assert_true(c.trend);
	ASSERT_NEAR(c.growth_per_hour, 1000, 50);
	assert_true(c.growth_low < c.growth_per_hour && c.growth_per_hour < c.growth_high);
	ASSERT_NEAR(c.full_ms - n.now_ms, 3600000, 300000);
	assert_true(c.full_earliest_ms < c.full_ms && c.full_ms < c.full_latest_ms);
	assert_non_null(strstr(c.text, "full in "));
	assert_non_null(strstr(c.text, "list_to_atom"));
	engine_free(n.engine);
}

/* A clock that makes no sense says nothing of when the node began. */
static void
test_an_uptime_beyond_all_time(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 1440; i++)
		feed(&n, rint(1000 + i * STEP_MS / 3600.0 + 20 * chance_normal(&n.chance)), 4000, 1e300);
	c = atoms_of(&n);
	assert_true(c.trend);
	ASSERT_NEAR(c.growth_per_hour, 1000, 50);
	engine_free(n.engine);
}

static void
test_no_trend_no_date(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 1440; i++)
		feed(&n, rint(1000 + 20 * chance_normal(&n.chance)), 4000, i * STEP_MS);
	c = atoms_of(&n);
	assert_false(c.trend);
	assert_int_equal(c.full_ms, 0);
	assert_non_null(strstr(c.text, "no trend in the last "));
	engine_free(n.engine);
}

/* Growth is told of, but when it ends is not made up. */
static void
test_no_limit_no_date(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 720; i++)
		feed(&n, 1000 + i, 0, i * STEP_MS);
	c = atoms_of(&n);
	assert_true(c.trend);
	assert_true(isnan(c.limit) && isnan(c.utilization));
	assert_int_equal(c.full_ms, 0);
	assert_non_null(strstr(c.text, "limit not observed"));
	engine_free(n.engine);
}

static void
test_a_new_boot_starts_over(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 720; i++)
		feed(&n, 1000 + i, 4000, i * STEP_MS);
	feed(&n, 1000, 4000, 1);
	c = atoms_of(&n);
	assert_int_equal(c.span_ms, 0);
	assert_int_equal(c.full_ms, 0);
	engine_free(n.engine);
}

/* What was last seen an hour ago is not what is there now. */
static void
test_an_old_sample_is_no_observation(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 720; i++)
		feed(&n, 1000 + i, 3000, i * STEP_MS);
	assert_true(atoms_of(&n).full_ms > 0);
	n.now_ms += 3600000;
	c = atoms_of(&n);
	assert_true(isnan(c.current) && isnan(c.limit));
	assert_int_equal(c.full_ms, 0);
	assert_string_equal(c.text, "atoms: not observed");
	engine_free(n.engine);
}

static void
test_a_hole_and_odd_values_are_passed_over(void **state)
{
	struct capacity c;
	struct node n;

	(void)state;
	begin(&n);
	for (int i = 0; i < 1440; i++) {
		double odd = i % 97 == 5 ? NAN : i % 97 == 6 ? INFINITY : 1000 + i;

		if (i < 500 || i > 800)
			feed(&n, odd, 4000, i * STEP_MS);
		else
			n.now_ms += STEP_MS;
	}
	c = atoms_of(&n);
	assert_true(c.trend);
	ASSERT_NEAR(c.growth_per_hour, 720, 20);
	assert_true(c.full_ms > n.now_ms);
	engine_free(n.engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_known),
		cmocka_unit_test(test_growth_has_a_date),
		cmocka_unit_test(test_an_uptime_beyond_all_time),
		cmocka_unit_test(test_no_trend_no_date),
		cmocka_unit_test(test_no_limit_no_date),
		cmocka_unit_test(test_a_new_boot_starts_over),
		cmocka_unit_test(test_an_old_sample_is_no_observation),
		cmocka_unit_test(test_a_hole_and_odd_values_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
