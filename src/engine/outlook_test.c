/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/outlook.h"

#include <string.h>

#include "analyze/chance.h"
#include "base/testing.h"

#define MINUTE 60000
#define HOUR 3600000.0
#define CONFIDENCE 0.8

/* An hour of minutes before 6 hours of 5 minutes, of one function of time; no peaks. Times are in minutes from now, negative. */
struct past {
	struct outlook_scale scales[2];
	struct outlook_question question;
};

static void
begin(struct past *p, double limit)
{
	static const struct outlook_scale scales[2] = { { .block_ms = MINUTE, .count = 60 },
		{ .block_ms = 5 * MINUTE, .count = 72 } };

	memcpy(p->scales, scales, sizeof(scales));
	p->question = (struct outlook_question) {
		.scales = p->scales, .scale_count = 2, .limit = limit, .confidence = CONFIDENCE, .seed = 1
	};
}

static double
minutes_at(const struct outlook_scale *s, size_t block)
{
	return ((double)block - (double)(s->count - 1)) * (double)s->block_ms / MINUTE;
}

typedef double course(double minutes, struct chance *c);

static void
fill(struct past *p, course *value)
{
	struct chance c = { 2 };

	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < p->scales[k].count; i++)
			p->scales[k].level[i] = value(minutes_at(&p->scales[k], i), &c);
}

static struct outlook
look(course *value, double limit)
{
	struct outlook o;
	struct past p;

	begin(&p, limit);
	fill(&p, value);
	outlook_find(&p.question, &o);
	return o;
}

static double
steady(double minutes, struct chance *c)
{
	return 1000 + minutes + chance_normal(c);
}

static void
test_steady_growth(void **state)
{
	struct outlook o = look(steady, 1120);

	(void)state;
	assert_true(o.known && o.trend);
	/* Six hours might as well be a part of the day's rhythm: that costs precision. */
	ASSERT_NEAR(o.growth, 60, 4);
	assert_true(o.growth_low < o.growth && o.growth < o.growth_high);
	ASSERT_NEAR(o.full_ms, 2 * HOUR, 0.2 * HOUR);
	assert_true(o.full_low_ms <= o.full_ms && o.full_ms <= o.full_high_ms);
	assert_true(isinf(look(steady, 1e6).full_ms));
	assert_true(isnan(look(steady, NAN).full_ms));
}

static double
falling(double minutes, struct chance *c)
{
	return 1000 - minutes + chance_normal(c);
}

static void
test_what_falls_has_a_trend_and_no_date(void **state)
{
	struct outlook o = look(falling, 2000);

	(void)state;
	assert_true(o.trend && o.growth < 0);
	assert_true(isnan(o.full_ms));
}

static double
late(double minutes, struct chance *c)
{
	return 1000 + fmax(0, minutes + 40) * 10 + chance_normal(c);
}

static void
test_growth_that_began_lately(void **state)
{
	struct outlook o = look(late, 2000);

	(void)state;
	assert_true(o.trend);
	assert_true(o.span_ms <= 60 * MINUTE);
	ASSERT_NEAR(o.growth, 600, 60);
	ASSERT_NEAR(o.full_ms, HOUR, 0.2 * HOUR);
}

static double
ended(double minutes, struct chance *c)
{
	return 1000 + fmin(minutes, -120) + chance_normal(c);
}

static void
test_growth_that_ended(void **state)
{
	struct outlook o = look(ended, 1120);

	(void)state;
	assert_true(o.known);
	assert_false(o.trend);
	assert_true(isnan(o.full_ms));
}

static double
teeth(double minutes, struct chance *c)
{
	return 1000 + 100 * fmod(minutes + 3600, 50) / 50 + chance_normal(c);
}

static void
test_a_tooth_of_a_saw_is_no_trend(void **state)
{
	struct outlook o = look(teeth, 1300);

	(void)state;
	assert_true(o.known);
	assert_true(isnan(o.full_ms));
}

/* Eight days in blocks of two hours, with a rhythm of the day: it grew for five of them, then no more. */
static void
test_growth_that_ended_in_a_days_rhythm(void **state)
{
	struct chance c = { 2 };
	struct outlook o;
	struct past p;

	(void)state;
	begin(&p, 1700);
	p.question.scale_count = 1;
	p.scales[0].block_ms = 7200000;
	p.scales[0].count = 96;
	for (size_t i = 0; i < 96; i++)
		p.scales[0].level[i] =
		    1000 + 10 * fmin((double)i, 56) + 50 * sin((double)i / 12 * 6.283185307) + 40 * chance_normal(&c);
	outlook_find(&p.question, &o);
	assert_true(o.known);
	ASSERT_NEAR(o.span_ms, 48 * HOUR, 0);
	assert_false(o.trend);
	assert_true(isnan(o.full_ms));
}

/* As a cache that fills: every two hours, a third of what was left is left. */
static double
settling(double minutes, struct chance *c)
{
	return 1000 - 200 * exp(-(minutes + 360) / 120) + chance_normal(c);
}

static void
test_growth_that_settles(void **state)
{
	struct outlook o = look(settling, 1050);

	(void)state;
	assert_true(o.known);
	assert_false(isfinite(o.full_ms));
}

static double
unknown(double minutes, struct chance *c)
{
	(void)minutes;
	(void)c;
	return NAN;
}

static double
gaps(double minutes, struct chance *c)
{
	return fmod(-minutes, 50) > 30 ? NAN : steady(minutes, c);
}

static void
test_what_is_not_known(void **state)
{
	struct outlook o = look(unknown, 1000);

	(void)state;
	assert_false(o.known);
	assert_true(isnan(o.growth) && isnan(o.full_ms));
	o = look(gaps, 1120);
	assert_true(o.trend);
	ASSERT_NEAR(o.growth, 60, 2);
}

/* ---- calibration: what is said at 80 % comes true about four times in five (bench/detect/foresight.c has more of it) ---- */

struct counts {
	unsigned dated, held;
};

/* A line with AR(1) noise (memory 1: a walk), 60 blocks of it, and on until the limit. */
static void
try_one(double slope, double memory, struct chance *c, struct counts *n)
{
	double around = 0, value, limit = 1000 + slope * 60 + slope * 60 * 2 * chance_uniform(c) + 10;
	struct outlook o;
	struct past p;
	int came = 0;

	begin(&p, limit);
	p.question.scale_count = 1;
	for (size_t i = 0; i < 60; i++) {
		around = memory * around + chance_normal(c);
		p.scales[0].level[i] = 1000 + slope * (double)i + around;
	}
	outlook_find(&p.question, &o);
	if (!isfinite(o.full_ms))
		return;
	do {
		around = memory * around + chance_normal(c);
		value = 1000 + slope * (60 + came++) + around;
	} while (value < limit && came < 5000);
	n->dated++;
	n->held += came * MINUTE >= o.full_low_ms && (came - 1) * MINUTE <= o.full_high_ms;
}

static struct counts
calibrate(double slope, double memory)
{
	struct counts n = { 0, 0 };
	struct chance c = { 77 };

	for (int i = 0; i < 300; i++)
		try_one(slope, memory, &c, &n);
	return n;
}

static void
test_four_in_five_dates_hold(void **state)
{
	static const struct {
		double slope, memory;
	} kinds[] = { { 0.3, 0 }, { 1, 0.5 }, { 1, 0.9 }, { 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct counts n = calibrate(kinds[i].slope, kinds[i].memory);

		assert_true(n.dated > 100);
		assert_in_range(100 * n.held / n.dated, 72, 94);
	}
}

static void
test_noise_gets_no_date(void **state)
{
	(void)state;
	assert_in_range(calibrate(0, 0).dated, 0, 3);
	assert_in_range(calibrate(0, 0.9).dated, 0, 6);
	assert_in_range(calibrate(0, 1).dated, 0, 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady_growth),
		cmocka_unit_test(test_what_falls_has_a_trend_and_no_date),
		cmocka_unit_test(test_growth_that_began_lately),
		cmocka_unit_test(test_growth_that_ended),
		cmocka_unit_test(test_growth_that_ended_in_a_days_rhythm),
		cmocka_unit_test(test_a_tooth_of_a_saw_is_no_trend),
		cmocka_unit_test(test_growth_that_settles),
		cmocka_unit_test(test_what_is_not_known),
		cmocka_unit_test(test_four_in_five_dates_hold),
		cmocka_unit_test(test_noise_gets_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
