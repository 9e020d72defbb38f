/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/terms.h"

#include <string.h>

#include "base/testing.h"
#include "crashdump/fields.h"

/* Takes a heap as it stands in a dump. */
static void
take(struct terms *t, const char *heap)
{
	while (*heap) {
		size_t len = strcspn(heap, "\n");
		size_t digits;
		uint64_t address = field_hex(heap, len, &digits);

		terms_line(t, address, heap + digits + 1, len - digits - 1);
		heap += len + (heap[len] == '\n');
	}
}

static void
check(const char *element, const char *heap, const char *expected)
{
	struct terms t = { .count = 0 };
	struct strbuf out = STRBUF_INIT;

	if (terms_pointer(element, strlen(element)))
		terms_want(&t, terms_pointer(element, strlen(element)), 4);
	take(&t, heap);
	terms_print(&t, element, strlen(element), 100, &out);
	assert_string_equal(strbuf_cstr(&out), expected);
	strbuf_release(&out);
	terms_release(&t);
}

static void
test_terms_are_printed(void **state)
{
	(void)state;
	check("A5:hello", "", "hello");
	check("AE:Elixir.Foo.Bar", "", "'Elixir.Foo.Bar'");
	check("A3:a@1", "", "a@1");
	check("A3:a-1", "", "'a-1'");
	check("A0:", "", "''");
	check("I-17", "", "-17");
	check("N", "", "[]");
	check("P<0.10.0>", "", "<0.10.0>");
	check("p<0.5>", "", "#Port<0.5>");
	check("H10", "10:t3:A3:hog,H20,I17\n20:Yh5:bGFiZWw=", "{hog, <<\"label\">>, 17}");
	check("H10", "10:lI104|H20\n20:lI105|N", "\"hi\"");
	check("H10", "10:lI104|H20\n20:lA1:x|N", "[104, x]");
	check("H10", "10:lI1|I2", "[1|2]");
	check("H10", "10:t0:", "{}");
	check("H10", "10:F16:1.50000000000000000000e+00", "1.50000000000000000000e+00");
	check("H10", "10:B18446744073709551616", "18446744073709551616");
	check("H10", "10:Mf2:H20:I1,I2", "#{\xe2\x80\xa6}");
	check("H10", "10:E2:g1o=", "#Ref");
	check("H10", "10:Yc7FD47F250028:0:2FAF080", "<<\xe2\x80\xa6>>");
	check("H10", "10:Yh2:AAE=", "<<2 bytes>>");
}

static void
test_what_is_missing_is_said(void **state)
{
	(void)state;
	check("H10", "", "\xe2\x80\xa6");
	check("H10", "10:t2:I1,H20", "{1, \xe2\x80\xa6}");
	/* A part that came before it was wanted */
	check("H10", "20:lI1|N\n10:t2:I1,H20", "{1, \xe2\x80\xa6}");
	check("H10", "10:lI1|H20", "[1, \xe2\x80\xa6]");
}

static void
test_hostile_bodies_are_survived(void **state)
{
	static const char *const bodies[] = { "", "l", "l|", "lH", "lI1", "lI1|", "t2", "t2:", "t2:A",
		"t2:AFFFFFFFFFFFFFFFF:x", "t2:A3:ab", "t1:H10", "lH10|H10", "M", "Mf", "F", "Y", "Yh", "Yh5",
		"Yh5:", "Yh5:%%", "P", "tP<0.1", "t1:Z", "t1:P<", "H", "A", "t3:A1:a,A1:b,I" };
	struct terms t = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const char *key;
		const char *value;
		size_t key_len;
		size_t value_len;
		struct strbuf out = STRBUF_INIT;

		terms_reset(&t);
		terms_want(&t, 0x10, 4);
		terms_line(&t, 0x10, bodies[i], strlen(bodies[i]));
		terms_print(&t, "H10", 3, 200, &out);
		assert_true(out.len < 400);
		assert_false(terms_pair(bodies[i], strlen(bodies[i]), &key, &key_len, &value, &value_len));
		assert_false(terms_mfa(&t, "H10", 3, &out));
		strbuf_release(&out);
	}
	terms_release(&t);
}

static void
test_functions_and_lists(void **state)
{
	struct terms t = { .count = 0 };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	terms_want(&t, 0x10, 4);
	terms_want(&t, 0x40, 4);
	take(&t, "10:t3:A2:mk,A3:hog,I0\n40:lA6:my_sup|H50\n50:lP<0.9.0>|N");
	assert_true(terms_mfa(&t, "H10", 3, &out));
	strbuf_addc(&out, ' ');
	terms_list(&t, "H40", 3, 100, &out);
	assert_string_equal(out.data, "mk:hog/0 my_sup, <0.9.0>");
	strbuf_release(&out);
	terms_release(&t);
}

/* The binary is a literal: it comes when the heap is long forgotten. */
static void
test_parts_that_come_later(void **state)
{
	struct terms t = { .count = 0 };
	struct strbuf kept = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	terms_want(&t, 0x10, 4);
	take(&t, "10:t3:A1:a,HF00,H20\n20:lI1|HF10");
	assert_true(terms_export(&t, "H10", 3, 1000, &kept));
	terms_reset(&t);
	terms_import(&t, "H10", 3, 4, kept.data, kept.len);
	take(&t, "EF0:I1\nF00:Yh1:eA==\nF10:lI2|N");
	terms_print(&t, "H10", 3, 100, &out);
	assert_string_equal(out.data, "{a, <<\"x\">>, [1, 2]}");
	strbuf_reset(&kept);
	assert_false(terms_export(&t, "H10", 3, 1000, &kept));
	strbuf_release(&kept);
	strbuf_release(&out);
	terms_release(&t);
}

static void
test_what_is_wanted_is_bounded(void **state)
{
	struct terms t = { .count = 0 };

	(void)state;
	for (uint64_t i = 1; i < 10000; i++)
		terms_want(&t, i * 8, 4);
	assert_int_equal(t.count, TERMS_MAX);
	terms_reset(&t);
	assert_int_equal(t.count, 0);
	assert_false(terms_may_want(&t, 8));
	terms_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms_are_printed),
		cmocka_unit_test(test_what_is_missing_is_said),
		cmocka_unit_test(test_hostile_bodies_are_survived),
		cmocka_unit_test(test_functions_and_lists),
		cmocka_unit_test(test_parts_that_come_later),
		cmocka_unit_test(test_what_is_wanted_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
