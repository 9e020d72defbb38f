/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/silence.h"

#include "base/testing.h"

#define MILD 2.0

static void
let_pass(struct silence *s, int samples)
{
	for (int i = 0; i < samples; i++)
		assert_false(silence_broken(s, 0, false));
}

/* silent_for tells after how many samples beyond the limit one is reported. */
static int
silent_for(struct silence *s, double surprise)
{
	int samples = 0;

	while (!silence_broken(s, surprise, true))
		samples++;
	return samples;
}

static void
silence_follows_a_report(void **state)
{
	struct silence s = { 0 };

	(void)state;
	assert_true(silence_broken(&s, MILD, true));
	assert_int_equal(silent_for(&s, MILD), SILENCE_LEAST);
}

static void
silence_grows_with_experience(void **state)
{
	struct silence s = { 0 };

	(void)state;
	let_pass(&s, 2000);
	assert_true(silence_broken(&s, MILD, true));
	assert_int_equal(silent_for(&s, MILD), 2001 / 50);
	let_pass(&s, 1000000);
	assert_true(silence_broken(&s, MILD, true));
	assert_int_equal(silent_for(&s, MILD), SILENCE_MOST);
}

/* While it is extreme it is one incident, though the silence is over; but not for ever. */
static void
an_extreme_incident_is_reported_once(void **state)
{
	struct silence s = { 0 };

	(void)state;
	assert_true(silence_broken(&s, SILENCE_EXTREME, true));
	assert_int_equal(silent_for(&s, SILENCE_EXTREME), SILENCE_INCIDENT - 1);
}

static void
a_second_incident_is_reported(void **state)
{
	struct silence s = { 0 };

	(void)state;
	assert_true(silence_broken(&s, SILENCE_EXTREME, true));
	let_pass(&s, SILENCE_LEAST);
	assert_true(silence_broken(&s, SILENCE_EXTREME, true));
}

static unsigned
reports_beyond(double limit)
{
	struct silence s = { 0 };
	uint32_t seed = 17;
	unsigned reports = 0;

	for (int i = 0; i < 20000; i++) {
		double surprise;

		seed = seed * 1664525U + 1013904223U;
		surprise = (seed >> 8) % 1000 / 200.0 * ((seed >> 20) % 40 == 0 ? 2 : 1);
		reports += silence_broken(&s, surprise, surprise >= limit);
	}
	return reports;
}

static void
larger_limit_never_gives_more(void **state)
{
	unsigned last = UINT32_MAX;

	(void)state;
	for (double limit = 0.5; limit < 12; limit += 0.05) {
		unsigned now = reports_beyond(limit);

		assert_true(now <= last);
		last = now;
	}
	assert_int_equal(last, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_follows_a_report),
		cmocka_unit_test(silence_grows_with_experience),
		cmocka_unit_test(an_extreme_incident_is_reported_once),
		cmocka_unit_test(a_second_incident_is_reported),
		cmocka_unit_test(larger_limit_never_gives_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
