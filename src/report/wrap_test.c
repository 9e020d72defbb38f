/* SPDX-License-Identifier: Apache-2.0 */
#include "report/wrap.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"

#define W10 "123456789 "
#define W70 W10 W10 W10 W10 W10 W10 W10

static void
is_wrapped_as(const char *text, const char *wanted)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_adds(&out, "kept as it is, however long it may be: " W70 W10 "\n");
	size_t start = out.len;

	strbuf_adds(&out, text);
	wrap_lines(&out, start);
	assert_string_equal(out.data + start, wanted);
	strbuf_release(&out);
}

static void
test_what_fits_stays(void **state)
{
	(void)state;
	is_wrapped_as("a  b\n\n    c\n", "a  b\n\n    c\n");
	is_wrapped_as(W70 "123456789", W70 "123456789");
	is_wrapped_as(W70 "1234567890\n", W70 "1234567890\n");
}

static void
test_a_long_line_hangs(void **state)
{
	(void)state;
	is_wrapped_as("  " W70 "12345678 next  one", "  " W70 "12345678\n    next  one");
	is_wrapped_as(W70 W10 "x\ny", W70 "123456789\n  x\ny");
}

static void
test_a_long_word_stays_whole(void **state)
{
	char word[201], text[220], wanted[220];

	(void)state;
	memset(word, 'w', 200);
	word[200] = '\0';
	snprintf(text, sizeof(text), "a: %s b", word);
	snprintf(wanted, sizeof(wanted), "a:\n  %s\n  b", word);
	is_wrapped_as(text, wanted);
	is_wrapped_as(word, word);
}

/* 70 + 4 letters of two bytes each + 6: exactly as wide as a line may be. Colours take no room. */
static void
test_columns_are_counted_not_bytes(void **state)
{
	(void)state;
	is_wrapped_as(W70 "\u00e9\u00e9\u00e9\u00e9 12345", W70 "\u00e9\u00e9\u00e9\u00e9 12345");
	is_wrapped_as(W70 "\033[1m1234567890\033[0m", W70 "\033[1m1234567890\033[0m");
	is_wrapped_as(W70 "\u00e9\u00e9\u00e9\u00e9 1234567", W70 "\u00e9\u00e9\u00e9\u00e9\n  1234567");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits_stays),
		cmocka_unit_test(test_a_long_line_hangs),
		cmocka_unit_test(test_a_long_word_stays_whole),
		cmocka_unit_test(test_columns_are_counted_not_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
