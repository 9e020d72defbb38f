/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/consult.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"

static void
print(const struct consult_term *t, struct strbuf *out)
{
	switch (t->type) {
	case CONSULT_ATOM:
		strbuf_addf(out, "a:%s", t->text);
		return;
	case CONSULT_INTEGER:
		strbuf_addf(out, "%lld", (long long)t->number);
		return;
	case CONSULT_STRING:
		strbuf_addf(out, "s%zu:%s", t->len, t->text);
		return;
	case CONSULT_BINARY:
		strbuf_addf(out, "b%zu:%s", t->len, t->text);
		return;
	case CONSULT_TUPLE:
	case CONSULT_LIST:
	case CONSULT_MAP:
		break;
	}
	strbuf_addc(out, "{[#"[t->type - CONSULT_TUPLE]);
	for (const struct consult_term *c = t->first; c; c = c->next) {
		print(c, out);
		strbuf_addc(out, ' ');
	}
	strbuf_addf(out, "/%u", t->count);
}

static void
expect(const char *text, const char *wanted)
{
	struct strbuf out = STRBUF_INIT;
	struct consult c;
	struct err err;

	assert_true(consult_read(&c, "f", text, strlen(text), &err));
	print(c.term, &out);
	assert_string_equal(strbuf_cstr(&out), wanted);
	strbuf_release(&out);
	consult_release(&c);
}

static void
expect_error(const char *text, size_t len, const char *wanted)
{
	struct consult c;
	struct err err;

	assert_false(consult_read(&c, "f", text, len, &err));
	if (strncmp(err.text, wanted, strlen(wanted)) != 0)
		fail_msg("\"%s\" is said, not \"%s\"", err.text, wanted);
	consult_release(&c);
}

static void
reads_what_an_optfile_has(void **state)
{
	(void)state;
	expect("[{server, [{certfile, \"/a b\"}]}, % a comment }\n {client,[]}].\n",
	    "[{a:server [{a:certfile s4:/a b /2 /1 /2 {a:client [/0 /2 /2");
	expect("'tlsv1.3'.", "a:tlsv1.3");
	expect("#{a => 1, 'b c' => {}}.", "#a:a 1 a:b c {/0 /4");
	expect("ok@x_1 .%", "a:ok@x_1");
}

static void
reads_texts(void **state)
{
	(void)state;
	expect("\"a\" \"b\"\n\"c\".", "s3:abc");
	expect("\"\\n\\\\\\\"\\x41\\x{42}\\103\\^j\\q\".", "s8:\n\\\"ABC\nq");
	expect("\"\\351\\x{20AC}\".", "s5:\xc3\xa9\xe2\x82\xac");
	expect("\"\xc3\xa9\".", "s2:\xc3\xa9");
	expect("<<\"ab\">>.", "b2:ab");
	expect("<<\"ab\"/utf8, 99, $d, \"e\">>.", "b5:abcde");
	expect("<<>>.", "b0:");
	expect("\"\".", "s0:");
	expect("'it\\'s'.", "a:it's");
}

static void
reads_numbers(void **state)
{
	(void)state;
	expect("[0, -12, 16#fF, 1_000_5, $a, $\\n, $%, 9223372036854775807].",
	    "[0 -12 255 10005 97 10 37 9223372036854775807 /8");
}

static void
says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} bad[] = {
		{ "", "f:1: the file ends where a term should come" },
		{ "\n% only a comment", "f:2: the file ends where a term" },
		{ "[a,\nb", "f:2: the file ends where , or ] should come" },
		{ "[a,\n\n,b].", "f:3: ',' where a term should come" },
		{ "{a b}.", "f:1: 'b' where , or } should come" },
		{ "[a].\n[b].", "f:2: more than one term" },
		{ "[a]", "f:1: the file ends where a full stop" },
		{ "[{a, Var}].", "f:1: a variable" },
		{ "[fun m:f/1].", "f:1: a fun" },
		{ "[\"abc\n].", "f:2: the string of line 1 is not closed" },
		{ "['abc].", "f:1: the atom of line 1 is not closed" },
		{ "\"\"\"\nx\n\"\"\".", "f:1: a triple-quoted string" },
		{ "1.5.", "f:1: a floating point number" },
		{ "99999999999999999999.", "f:1: a number that is none, or too large" },
		{ "37#1.", "f:1: a number that is none" },
		{ "-.", "f:1: a number that is none" },
		{ "1_99999999999999999999.", "f:1: a number that is none, or too large" },
		{ "<<300>>.", "f:1: a byte larger than 255" },
		{ "<<a>>.", "f:1: 'a' where a string or a byte" },
		{ "\"\\x{110000000}\".", "f:1: an escape" },
		{ "\"\\xz1\".", "f:1: \\x needs two digits" },
		{ "\"\\", "f:1: the file ends where an escaped" },
		{ "#{a, b}.", "f:1: ',' where => should come" },
		{ "\x01.", "f:1: byte 0x01 where a term" },
		{ "$", "f:1: the file ends where a character" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_error(bad[i].text, strlen(bad[i].text), bad[i].wanted);
}

static void
is_bounded(void **state)
{
	size_t len = 4 * CONSULT_TERMS_MAX;
	char *text = xcalloc(1, CONSULT_TEXT_MAX + 1);

	(void)state;
	memset(text, '[', len);
	expect_error(text, len, "f:1: nested deeper than 32");
	text[0] = '[';
	for (size_t i = 1; i < len; i++)
		text[i] = i % 2 ? 'a' : ',';
	expect_error(text, len, "f:1: more than 16384 terms");
	expect_error(text, CONSULT_TEXT_MAX + 1, "f: larger than");
	free(text);
}

static void
takes_texts_in_all_their_forms(void **state)
{
	static const char *const good[] = { "\"abc\".", "<<\"abc\">>.", "[97,98,$c]." };
	static const char *const none[] = { "abc.", "[97,0].", "[97,256].", "[a].", "\"a\\0b\".", "{}.", "7." };
	struct strbuf out = STRBUF_INIT;
	struct consult c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(consult_read(&c, "f", good[i], strlen(good[i]), &err));
		assert_true(consult_chars(c.term, &out));
		assert_string_equal(strbuf_cstr(&out), "abc");
		strbuf_reset(&out);
		consult_release(&c);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		assert_true(consult_read(&c, "f", none[i], strlen(none[i]), &err));
		assert_false(consult_chars(c.term, &out));
		consult_release(&c);
	}
	strbuf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_an_optfile_has),
		cmocka_unit_test(reads_texts),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(takes_texts_in_all_their_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
