/* SPDX-License-Identifier: Apache-2.0 */
#include "http/forecasts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/testing.h"
/* After the testing header, which brings what cmocka lacks. */
#include "model/term_fixture.h"

#define NOW INT64_C(1700000000000)

static void
feed(struct engine *e, int64_t time_ms, double processes)
{
	struct sample *s = calloc(1, sizeof(*s));

	s->time_ms = time_ms;
	sample_set(s, METRIC_WALLCLOCK, 1e9);
	sample_set(s, METRIC_PROCESS_COUNT, processes);
	sample_set(s, METRIC_PROCESS_LIMIT, 1000);
	engine_feed(e, time_ms, s);
	free(s);
}

static struct engine *
node(void)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);

	engine_link(e, NOW, NODE_UP, "linked");
	return e;
}

static void
each_is_kept_for_a_minute(void **state)
{
	struct forecasts f = { .count = 0 };
	struct engine *e = node();
	const struct forecast *c;

	(void)state;
	feed(e, NOW, 100);
	forecasts_begin(&f, NOW);
	c = forecasts_of(&f, e, NOW);
	ASSERT_NEAR(c->resources[RESOURCE_PROCESSES].utilization, 10, 0);
	assert_true(isnan(c->resources[RESOURCE_ATOMS].utilization));
	assert_int_equal(c->failure_count, 0);
	feed(e, NOW + 5000, 200);
	forecasts_begin(&f, NOW + 5000);
	c = forecasts_of(&f, e, NOW + 5000);
	ASSERT_NEAR(c->resources[RESOURCE_PROCESSES].utilization, 10, 0);
	feed(e, NOW + FORECAST_MAX_AGE_MS, 300);
	forecasts_begin(&f, NOW + FORECAST_MAX_AGE_MS);
	c = forecasts_of(&f, e, NOW + FORECAST_MAX_AGE_MS);
	ASSERT_NEAR(c->resources[RESOURCE_PROCESSES].utilization, 30, 0);
	forecasts_release(&f);
	engine_free(e);
}

/* scrape asks for all of them, and gives the number that have one, and how many were made now. */
static unsigned
scrape(struct forecasts *f, struct engine **nodes, size_t count, int64_t now_ms, unsigned *fresh)
{
	unsigned known = 0;

	*fresh = 0;
	forecasts_begin(f, now_ms);
	for (size_t i = 0; i < count; i++) {
		const struct forecast *c = forecasts_of(f, nodes[i], now_ms);

		known += c != NULL;
		*fresh += c && c->made_ms == now_ms;
	}
	return known;
}

#define NODES (3 * FORECASTS_A_SCRAPE)

static void
a_scrape_makes_a_few_of_the_oldest(void **state)
{
	struct forecasts f = { .count = 0 };
	struct engine *nodes[NODES];
	unsigned fresh;

	(void)state;
	for (size_t i = 0; i < NODES; i++)
		feed(nodes[i] = node(), NOW, 100);
	assert_int_equal(scrape(&f, nodes, NODES, NOW, &fresh), FORECASTS_A_SCRAPE);
	assert_int_equal(fresh, FORECASTS_A_SCRAPE);
	/* All come to their turn, also when the first ones are due again before: two minutes for three lots. */
	assert_int_equal(scrape(&f, nodes, NODES, NOW + 60000, &fresh), 2 * FORECASTS_A_SCRAPE);
	assert_int_equal(scrape(&f, nodes, NODES, NOW + 120000, &fresh), NODES);
	assert_int_equal(fresh, FORECASTS_A_SCRAPE);
	/* Those that are not asked for any more (their nodes are down) are not waited for. */
	scrape(&f, nodes + FORECASTS_A_SCRAPE, 2 * FORECASTS_A_SCRAPE, NOW + 180000, &fresh);
	scrape(&f, nodes + FORECASTS_A_SCRAPE, 2 * FORECASTS_A_SCRAPE, NOW + 240000, &fresh);
	assert_int_equal(fresh, FORECASTS_A_SCRAPE);
	forecasts_release(&f);
	for (size_t i = 0; i < NODES; i++)
		engine_free(nodes[i]);
}

static void
who_fails_next_is_copied(void **state)
{
	struct forecasts f = { .count = 0 };
	struct engine *e = node();
	const struct forecast *c;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct restart r = { .time_ms = NOW + i * INT64_C(60000), .kind = RESTART_DONE, .caught = true };

		r.supervisor = text_term("sup");
		r.child_id = text_term("w");
		r.reason = text_term("killed");
		engine_restart(e, r.time_ms, &r);
		restart_release(&r);
	}
	forecasts_begin(&f, NOW);
	c = forecasts_of(&f, e, NOW + 19 * INT64_C(60000) + 1000);
	assert_int_equal(c->failure_count, 1);
	assert_int_equal(c->failures[0].kind, PREDICTION_PERIODIC);
	assert_string_equal(c->failures[0].supervisor, "sup");
	assert_string_equal(c->failures[0].child, "w");
	assert_true(c->failures[0].earliest_ms <= c->failures[0].expected_ms);
	ASSERT_NEAR((double)(c->failures[0].expected_ms - NOW), 20 * 60000, 2000);
	forecasts_release(&f);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_kept_for_a_minute),
		cmocka_unit_test(a_scrape_makes_a_few_of_the_oldest),
		cmocka_unit_test(who_fails_next_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
