/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/testing.h"

struct seen {
	struct lines lines;
	struct strbuf text; /* each line and a ';' */
	const char *skip_at;
	size_t longest;
};

static void
on_line(void *arg, const char *line, size_t len)
{
	struct seen *s = arg;

	if (len > s->longest)
		s->longest = len;
	strbuf_add(&s->text, line, len < 40 ? len : 40);
	strbuf_addc(&s->text, ';');
	if (s->skip_at && len == strlen(s->skip_at) && memcmp(line, s->skip_at, len) == 0)
		lines_skip(&s->lines, true);
	else if (len > 0 && *line == '=')
		lines_skip(&s->lines, false);
}

/* What comes of a text that is fed in pieces of that size. */
static void
check(const char *text, const char *skip_at, const char *expected)
{
	size_t len = strlen(text);

	for (size_t piece = 1; piece <= len; piece++) {
		struct seen s = { .skip_at = skip_at };

		lines_init(&s.lines, on_line, &s);
		for (size_t at = 0; at < len; at += piece) {
			/* A copy of its own, so that reading beyond it is seen. */
			size_t n = len - at < piece ? len - at : piece;
			char *copy = malloc(n);

			memcpy(copy, text + at, n);
			lines_feed(&s.lines, copy, n);
			free(copy);
		}
		lines_end(&s.lines);
		assert_string_equal(strbuf_cstr(&s.text), expected);
		lines_release(&s.lines);
		strbuf_release(&s.text);
	}
}

static void
test_lines_in_any_pieces(void **state)
{
	(void)state;
	check("a\n\nbc\r\n=d\nlast", NULL, "a;;bc;=d;last;");
	check("\n", NULL, ";");
	check("a\n", NULL, "a;");
}

static void
test_what_is_skipped(void **state)
{
	(void)state;
	check("=bulk\nx=y\n=\n= \nz=\n=next\nkept\n", "=bulk", "=bulk;=;= ;z=;=next;kept;");
	check("=bulk\nabc\nd=e==\nf\n=next:1\nkept\n=bulk\nq\n=end", "=bulk", "=bulk;=next:1;kept;=bulk;=end;");
	check("=bulk\nno end", "=bulk", "=bulk;");
	/* From the midst of a section on, too. */
	check("=a\nfirst\nsecond\nthird\n=b\nfirst\n", "first", "=a;first;=b;first;");
}

static void
test_long_lines_are_cut(void **state)
{
	static char text[3 * LINES_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	for (size_t piece = 100000; piece <= sizeof(text); piece += sizeof(text) - 100000) {
		struct seen s = { .longest = 0 };

		lines_init(&s.lines, on_line, &s);
		for (size_t at = 0; at < sizeof(text); at += piece)
			lines_feed(&s.lines, text + at, sizeof(text) - at < piece ? sizeof(text) - at : piece);
		lines_feed(&s.lines, "y\n", 2);
		lines_end(&s.lines);
		assert_int_equal(s.longest, LINES_MAX);
		assert_string_equal(strbuf_cstr(&s.text) + 40, ";y;");
		lines_release(&s.lines);
		strbuf_release(&s.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_in_any_pieces),
		cmocka_unit_test(test_what_is_skipped),
		cmocka_unit_test(test_long_lines_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
