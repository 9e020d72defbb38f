/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/requests.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

static struct requests r;
static struct strbuf told;

static int
setup(void **state)
{
	(void)state;
	requests_init(&r, 1000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&told);
	return 0;
}

static void
on_end(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	strbuf_addf(&told, "%s %d ", (const char *)arg, result);
	if (answer)
		assert_true(etf_text(answer, 100, &told) && etf_done(answer));
	strbuf_addf(&told, "%s\n", why);
}

static int64_t
begin(int64_t now_ms, const char *name)
{
	static char names[64][16];
	static unsigned used;
	char *arg = names[used++ % 64];

	snprintf(arg, sizeof(names[0]), "%s", name);
	return requests_begin(&r, now_ms, on_end, arg);
}

static void
expect(const char *text)
{
	assert_string_equal(strbuf_cstr(&told), text);
	strbuf_reset(&told);
}

/* {How, What}, behind the id */
static bool
reply(int64_t id, const char *how, const char *what)
{
	struct strbuf sb = STRBUF_INIT;
	struct etf e;
	bool ok;

	etf_put_int(&sb, id);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, how);
	etf_put_atom(&sb, what);
	etf_init(&e, sb.data, sb.len);
	ok = requests_reply(&r, &e);
	strbuf_release(&sb);
	return ok;
}

static void
each_gets_its_answer(void **state)
{
	int64_t a = begin(0, "a"), b = begin(5, "b");

	(void)state;
	assert_int_equal(a, 1001);
	assert_int_equal(requests_deadline(&r), REQUEST_TIMEOUT_MS);
	assert_true(reply(b, "ok", "fine"));
	expect("b 1 fine\n");
	assert_true(reply(a, "error", "busy"));
	expect("a 2 the probe did not answer it: busy\n");
	assert_true(requests_deadline(&r) == INT64_MAX);
}

static void
an_answer_that_nobody_waits_for(void **state)
{
	int64_t a = begin(0, "a");

	(void)state;
	assert_true(reply(a - 1, "ok", "of_another_time"));
	assert_true(reply(a, "ok", "fine"));
	expect("a 1 fine\n");
	assert_true(reply(a, "ok", "again"));
	expect("");
}

static void
what_takes_too_long(void **state)
{
	int64_t a = begin(0, "a"), b = begin(10, "b");

	(void)state;
	requests_expire(&r, REQUEST_TIMEOUT_MS - 1);
	expect("");
	requests_expire(&r, REQUEST_TIMEOUT_MS);
	expect("a 3 the node did not answer in time\n");
	assert_true(reply(b, "error", "timeout"));
	expect("b 3 the probe did not answer it: timeout\n");
	assert_true(reply(a, "ok", "late"));
	expect("");
}

static void
malformed_answers(void **state)
{
	int64_t a = begin(0, "a");
	struct etf e;

	(void)state;
	assert_false(reply(a, "maybe", "fine"));
	expect("a 7 the probe's answer could not be read\n");
	assert_false(reply(0, "ok", "fine"));
	assert_false(reply(-1, "ok", "fine"));
	etf_init(&e, "", 0);
	assert_false(requests_reply(&r, &e));
	expect("");
}

static void
so_many_at_a_time(void **state)
{
	(void)state;
	for (int i = 0; i < REQUESTS_MAX; i++)
		assert_true(begin(0, "a") > 0);
	assert_int_equal(begin(0, "one more"), 0);
	requests_end(&r, REQUEST_LOST, "gone");
	expect("a 4 gone\na 4 gone\na 4 gone\na 4 gone\n");
	assert_true(begin(0, "again") > 0);
	requests_end(&r, REQUEST_LOST, "gone");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_gets_its_answer),
		TEST(an_answer_that_nobody_waits_for),
		TEST(what_takes_too_long),
		TEST(malformed_answers),
		TEST(so_many_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
