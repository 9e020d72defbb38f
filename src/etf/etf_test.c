/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "etf/etf.h"
#include "etf/etf_write.h"

/* A copy of exactly that size, so that ASan sees one byte too many. */
static struct etf
at(const char *bytes, size_t len, uint8_t **copy)
{
	struct etf e;

	*copy = xmemdup(bytes, len);
	etf_init(&e, *copy, len);
	return e;
}

#define AT(bytes) at(bytes, sizeof(bytes) - 1, &copy)

static void
reads_integers_of_every_encoding(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int64_t value;
	} cases[] = {
		{ "\x61\xff", 2, 255 },
		{ "\x62\xff\xff\xff\xff", 5, -1 },
		{ "\x62\x7f\xff\xff\xff", 5, INT32_MAX },
		{ "\x6e\x08\x00\xff\xff\xff\xff\xff\xff\xff\x7f", 11, INT64_MAX },
		{ "\x6e\x08\x01\x00\x00\x00\x00\x00\x00\x00\x80", 11, INT64_MIN },
		{ "\x6e\x09\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", 12, 1 },
		{ "\x6f\x00\x00\x00\x02\x01\x00\x01", 8, -256 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t *copy;
		struct etf e = at(cases[i].bytes, cases[i].len, &copy);

		assert_int_equal(etf_int(&e), cases[i].value);
		assert_true(etf_done(&e));
		free(copy);
	}
}

static void
refuses_integers_that_do_not_fit(void **state)
{
	uint8_t *copy;
	struct etf e = AT("\x6e\x08\x00\x00\x00\x00\x00\x00\x00\x00\x80");

	(void)state;
	assert_int_equal(etf_int(&e), 0);
	assert_false(etf_ok(&e));
	etf_init(&e, copy, 11);
	assert_true(etf_number(&e) == 9223372036854775808.0);
	free(copy);
}

static void
reads_numbers(void **state)
{
	uint8_t *copy;
	struct etf e = AT("\x46\x3f\xf8\x00\x00\x00\x00\x00\x00");

	(void)state;
	assert_true(etf_number(&e) == 1.5);
	free(copy);
	/* NaN cannot come from a VM */
	e = AT("\x46\x7f\xf8\x00\x00\x00\x00\x00\x00");
	etf_number(&e);
	assert_false(etf_ok(&e));
	free(copy);
}

static void
reads_atoms_of_both_encodings(void **state)
{
	struct etf_atom atom;
	uint8_t *copy;
	struct etf e = AT("\x64\x00\x02\xe5g");

	(void)state;
	assert_true(etf_atom(&e, &atom));
	assert_string_equal(atom.text, "\xc3\xa5g");
	free(copy);
	e = AT("\x77\x03\xc3\xa5g");
	assert_true(etf_atom_is(&e, "\xc3\xa5g"));
	free(copy);
	e = AT("\x77\x02\xc3g");
	assert_false(etf_atom(&e, &atom));
	assert_string_equal(atom.text, "");
	free(copy);
}

static void
is_sticky_about_errors(void **state)
{
	uint8_t *copy;
	struct etf e = AT("\x68\x02\x61\x01\x61\x02");

	(void)state;
	assert_true(etf_tuple_of(&e, 2));
	assert_false(etf_atom_is(&e, "a"));
	assert_int_equal(etf_int(&e), 0);
	assert_false(etf_ok(&e));
	assert_int_equal(etf_peek(&e), 0);
	assert_false(etf_skip(&e));
	free(copy);
}

static void
never_believes_a_count(void **state)
{
	/* a list, a tuple, a map of 2^32 - 1 elements in a few bytes */
	static const char *const lies[] = { "\x6c\xff\xff\xff\xff\x61", "\x69\xff\xff\xff\xff\x61",
		"\x74\xff\xff\xff\xff\x61", "\x6d\xff\xff\xff\xff\x61", "\x6f\xff\xff\xff\xff\x61" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		uint8_t *copy;
		struct etf e = at(lies[i], 6, &copy);

		assert_false(etf_skip(&e));
		free(copy);
	}
}

static void
skips_a_deep_term_without_recursion(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct etf e;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		strbuf_add(&sb, "\x68\x01", 2);
	etf_put_nil(&sb);
	etf_init(&e, sb.data, sb.len);
	assert_true(etf_skip(&e));
	assert_true(etf_done(&e));
	etf_init(&e, sb.data, sb.len - 1);
	assert_false(etf_skip(&e));
	strbuf_release(&sb);
}

static void
calls_a_term_of_too_many_parts_absurd(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct etf e;

	(void)state;
	etf_put_list(&sb, ETF_MAX_TERMS);
	strbuf_reserve(&sb, ETF_MAX_TERMS);
	for (int i = 0; i <= ETF_MAX_TERMS; i++)
		etf_put_nil(&sb);
	etf_init(&e, sb.data, sb.len);
	assert_false(etf_skip(&e));
	strbuf_release(&sb);
}

static void
refuses_every_truncation(void **state)
{
	const uint32_t words[3] = { 1, 2, 3 };
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	etf_put_tuple(&sb, 8);
	etf_put_int(&sb, -70000);
	etf_put_int(&sb, INT64_MIN);
	etf_put_float(&sb, 0.5);
	etf_put_pid(&sb, "a@h", 1, 2, 3);
	etf_put_ref(&sb, "a@h", 4, words);
	etf_put_export(&sb, "m", "f", 3);
	etf_put_string(&sb, "xyz", 3);
	etf_put_map(&sb, 1);
	etf_put_atom(&sb, "k");
	etf_put_binary(&sb, "v", 1);
	for (size_t len = 0; len <= sb.len; len++) {
		uint8_t *copy;
		struct etf e = at(sb.data, len, &copy);

		assert_int_equal(etf_skip(&e), len == sb.len);
		free(copy);
	}
	strbuf_release(&sb);
}

static void
reads_strings_as_utf8(void **state)
{
	char buf[6];
	uint8_t *copy;
	struct etf e = AT("\x6b\x00\x03"
			  "13\xe5");

	(void)state;
	assert_true(etf_chars(&e, buf, sizeof(buf)));
	assert_string_equal(buf, "13\xc3\xa5");
	free(copy);
	e = AT("\x6c\x00\x00\x00\x01\x62\x00\x00\x04\x3f\x6a");
	assert_true(etf_chars(&e, buf, sizeof(buf)));
	assert_string_equal(buf, "\xd0\xbf");
	free(copy);
	/* cut between two characters */
	e = AT("\x6d\x00\x00\x00\x06"
	       "abcd\xc3\xa5");
	assert_true(etf_chars(&e, buf, sizeof(buf)));
	assert_string_equal(buf, "abcd");
	free(copy);
}

static void
reads_what_it_writes(void **state)
{
	static const int64_t values[] = { 0, 255, 256, -1, INT32_MAX, INT32_MIN, 2147483648, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct strbuf sb = STRBUF_INIT;
		struct etf e;

		etf_put_int(&sb, values[i]);
		etf_init(&e, sb.data, sb.len);
		assert_int_equal(etf_int(&e), values[i]);
		assert_true(etf_done(&e));
		strbuf_release(&sb);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_integers_of_every_encoding),
		cmocka_unit_test(refuses_integers_that_do_not_fit),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_atoms_of_both_encodings),
		cmocka_unit_test(is_sticky_about_errors),
		cmocka_unit_test(never_believes_a_count),
		cmocka_unit_test(skips_a_deep_term_without_recursion),
		cmocka_unit_test(calls_a_term_of_too_many_parts_absurd),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(reads_strings_as_utf8),
		cmocka_unit_test(reads_what_it_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
