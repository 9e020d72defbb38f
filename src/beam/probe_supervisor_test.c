/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_supervisor.h"

#include <string.h>

#include "base/testing.h"
#include "etf/etf_write.h"

static struct strbuf message = STRBUF_INIT;
static struct supervisor_facts last;
static unsigned seen;
static char siblings[256];

static int
setup(void **state)
{
	(void)state;
	strbuf_reset(&message);
	memset(&last, 0, sizeof(last));
	seen = 0;
	siblings[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&message);
	return 0;
}

/* What points into the facts is not kept, but the ids are noted. */
static void
note(void *arg, const struct supervisor_facts *f)
{
	(void)arg;
	last = *f;
	seen++;
	for (unsigned i = 0; f->siblings && i < f->siblings->count; i++) {
		strncat(siblings, term_text(f->siblings->ids[i]), sizeof(siblings) - strlen(siblings) - 1);
		strncat(siblings, " ", sizeof(siblings) - strlen(siblings) - 1);
	}
}

static bool
parse(void)
{
	struct etf e;

	etf_init(&e, message.data, message.len);
	return probe_read_supervisors(&e, note, NULL);
}

static void
put_begin(uint32_t facts)
{
	etf_put_int(&message, 1700000000000);
	etf_put_list(&message, facts);
}

static void
put_whole(const char *what, const char *id)
{
	etf_put_tuple(&message, 2);
	etf_put_atom(&message, what);
	etf_put_atom(&message, id);
}

static void
put_head(const char *kind, const char *strategy)
{
	etf_put_tuple(&message, 10);
	etf_put_atom(&message, "my_sup");
	etf_put_pid(&message, "a@h", 7, 0, 1);
	etf_put_atom(&message, kind);
	etf_put_atom(&message, strategy);
}

static void
put_numbers(int64_t intensity, int64_t period, int64_t used)
{
	etf_put_int(&message, intensity);
	etf_put_int(&message, period);
	etf_put_int(&message, used);
}

static void
all_that_is_told_is_read(void **state)
{
	(void)state;
	put_begin(1);
	put_head("supervisor", "rest_for_one");
	put_numbers(3, 5, 2);
	etf_put_tuple(&message, 2);
	etf_put_int(&message, 0);
	etf_put_int(&message, 4);
	etf_put_int(&message, 200000);
	etf_put_list(&message, 2);
	put_whole("t", "b");
	put_whole("t", "a");
	etf_put_nil(&message);
	etf_put_nil(&message);
	assert_true(parse());
	assert_int_equal(seen, 1);
	assert_string_equal(last.kind, "supervisor");
	assert_int_equal(last.strategy, REST_FOR_ONE);
	assert_true(last.known);
	assert_int_equal(last.time_ms, 1700000000000);
	assert_int_equal(last.intensity, 3);
	assert_int_equal(last.period_ms, 5000);
	assert_int_equal(last.used, 2);
	assert_int_equal(last.age_count, 2);
	assert_int_equal(last.ages_ms[1], 4000);
	assert_int_equal(last.children, 200000);
	assert_string_equal(siblings, "b a ");
}

static void
put_unknown(const char *kind)
{
	put_head(kind, "undefined");
	for (int i = 0; i < 3; i++)
		etf_put_atom(&message, "undefined");
	etf_put_tuple(&message, 0);
	etf_put_atom(&message, "undefined");
	etf_put_nil(&message);
}

static void
what_was_not_understood_is_unknown(void **state)
{
	(void)state;
	put_begin(1);
	put_unknown("some_kind_of_a_later_probe");
	etf_put_nil(&message);
	assert_true(parse());
	assert_string_equal(last.kind, "other");
	assert_int_equal(last.strategy, STRATEGY_UNKNOWN);
	assert_false(last.known);
	assert_int_equal(last.children, -1);
	assert_null(last.siblings);
}

static void
lists_are_bounded(void **state)
{
	(void)state;
	put_begin(1);
	put_head("supervisor", "one_for_all");
	put_numbers(INT64_MAX, INT64_MAX, INT64_MAX);
	etf_put_tuple(&message, 255);
	for (int i = 0; i < 255; i++)
		etf_put_int(&message, i);
	etf_put_int(&message, 5);
	etf_put_list(&message, 1000);
	for (int i = 0; i < 1000; i++)
		put_whole("t", "x");
	etf_put_nil(&message);
	etf_put_nil(&message);
	assert_true(parse());
	assert_int_equal(last.age_count, SUPERVISOR_AGES_MAX);
	assert_int_equal(last.intensity, UINT32_MAX);
	assert_true(last.period_ms > 0);
	/* 2 bytes each. */
	assert_int_equal(strlen(siblings), 2 * SIBLINGS_MAX);
}

static void
a_malformed_one_ends_it(void **state)
{
	(void)state;
	put_begin(2);
	put_unknown("other");
	put_head("supervisor", "one_for_one");
	put_numbers(3, 5, -1);
	etf_put_tuple(&message, 0);
	etf_put_int(&message, 5);
	etf_put_nil(&message);
	etf_put_nil(&message);
	assert_false(parse());
	assert_int_equal(seen, 1);
	for (uint32_t len = message.len; len-- > 0;) {
		struct etf e;

		etf_init(&e, message.data, len);
		assert_false(probe_read_supervisors(&e, note, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_that_is_told_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_understood_is_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_malformed_one_ends_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
