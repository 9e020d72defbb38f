/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

#include "base/testing.h"

static size_t
decode(const char *s, uint32_t *cp)
{
	*cp = 0xFFFFFFFF;
	return utf8_decode((const uint8_t *)s, strlen(s), cp);
}

static void
decodes_every_length(void **state)
{
	uint32_t cp;

	(void)state;
	assert_int_equal(decode("A", &cp), 1);
	assert_int_equal(cp, 'A');
	assert_int_equal(decode("\xC3\xA9", &cp), 2);
	assert_int_equal(cp, 0xE9);
	assert_int_equal(decode("\xE2\x82\xAC", &cp), 3);
	assert_int_equal(cp, 0x20AC);
	assert_int_equal(decode("\xF4\x8F\xBF\xBF", &cp), 4);
	assert_int_equal(cp, 0x10FFFF);
}

static void
refuses_what_is_no_utf8(void **state)
{
	static const char *const bad[] = { "\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE2\x82", "\xE0\x80\x80",
		"\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\x28" };
	uint32_t cp;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(decode(bad[i], &cp), 0);
}

static void
every_code_point_goes_round(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (uint32_t cp = 1; cp <= 0x10FFFF; cp += 7) {
		uint32_t back;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		strbuf_reset(&sb);
		utf8_add(&sb, cp);
		assert_int_equal(utf8_decode((const uint8_t *)sb.data, sb.len, &back), sb.len);
		assert_int_equal(back, cp);
	}
	strbuf_release(&sb);
}

static void
cleaning_replaces_byte_by_byte(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	utf8_add_clean(&sb, "a\xFF\xC3\xA9\xE2\x82z", 7);
	assert_string_equal(sb.data, "a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBDz");
	strbuf_reset(&sb);
	utf8_add(&sb, 0xD800);
	assert_string_equal(sb.data, "\xEF\xBF\xBD");
	strbuf_release(&sb);
}

static void
nothing_printable_moves_the_cursor(void **state)
{
	static const char text[] = "a\n\0\x1b[2J\x7F\xC2\x9B\xC2\xA0\xFF";
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	utf8_add_printable(&sb, text, sizeof(text) - 1);
	assert_string_equal(sb.data, "a...[2J..\xC2\xA0\xEF\xBF\xBD");
	strbuf_release(&sb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_length),
		cmocka_unit_test(refuses_what_is_no_utf8),
		cmocka_unit_test(every_code_point_goes_round),
		cmocka_unit_test(cleaning_replaces_byte_by_byte),
		cmocka_unit_test(nothing_printable_moves_the_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
