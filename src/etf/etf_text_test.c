/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/testing.h"
#include "etf/etf_canonical.h"
#include "etf/etf_term.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

#define BYTES(s) s, sizeof(s) - 1

/* Texts as printed by OTP 25's io_lib:format("~0tp"); thousands more are compared in test/system/etf_differential.sh. */
static void
prints_as_the_vm_does(void **state)
{
	static const struct {
		const char *ext;
		size_t len;
		const char *text;
	} cases[] = {
		{ BYTES("\x77\x02ok"), "ok" },
		{ BYTES("\x77\x0f"
			"Elixir.Foo.Bar!"),
		    "'Elixir.Foo.Bar!'" },
		{ BYTES("\x77\x03"
			"end"),
		    "'end'" },
		{ BYTES("\x77\x00"), "''" },
		{ BYTES("\x77\x04it's"), "'it\\'s'" },
		{ BYTES("\x77\x04\xd0\xbf\xd0\xb0"), "'\xd0\xbf\xd0\xb0'" },
		{ BYTES("\x61\x07"), "7" },
		{ BYTES("\x6e\x0a\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40"), "-302231454903657293676544" },
		{ BYTES("\x46\x40\x8f\x40\x00\x00\x00\x00\x00"), "1.0e3" },
		{ BYTES("\x46\x40\x59\x00\x00\x00\x00\x00\x00"), "100.0" },
		{ BYTES("\x46\x80\x00\x00\x00\x00\x00\x00\x00"), "-0.0" },
		{ BYTES("\x46\x3f\x1a\x36\xe2\xeb\x1c\x43\x2d"), "0.0001" },
		{ BYTES("\x46\x3e\x70\x00\x00\x00\x00\x00\x00"), "5.960464477539063e-8" }, /* 2^-24 */
		{ BYTES("\x46\x43\x40\x00\x00\x00\x00\x00\x00"), "9.007199254740992e15" }, /* 2^53 */
		{ BYTES("\x6b\x00\x03"
			"a\"b"),
		    "\"a\\\"b\"" },
		{ BYTES("\x6b\x00\x02\x01\x02"), "[1,2]" },
		{ BYTES("\x6a"), "[]" },
		{ BYTES("\x6c\x00\x00\x00\x01\x77\x01"
			"a"
			"\x77\x01"
			"b"),
		    "[a|b]" },
		{ BYTES("\x6c\x00\x00\x00\x02\x61"
			"a\x62\x00\x00\x04\x3f\x6a"),
		    "\"a\xd0\xbf\"" },
		{ BYTES("\x6d\x00\x00\x00\x03"
			"abc"),
		    "<<\"abc\">>" },
		{ BYTES("\x6d\x00\x00\x00\x02\xc3\xa5"), "<<\"\xc3\xa5\"/utf8>>" },
		{ BYTES("\x6d\x00\x00\x00\x01\xe5"), "<<\"\xc3\xa5\">>" },
		{ BYTES("\x6d\x00\x00\x00\x02\x00\xff"), "<<0,255>>" },
		{ BYTES("\x6d\x00\x00\x00\x00"), "<<>>" },
		{ BYTES("\x4d\x00\x00\x00\x02\x03\xff\xe0"), "<<255,7:3>>" },
		{ BYTES("\x74\x00\x00\x00\x02\x77\x01"
			"a\x61\x01\x77\x01"
			"b\x68\x00"),
		    "#{a => 1,b => {}}" },
		{ BYTES("\x58\x77\x03"
			"a@h\x00\x00\x00\x57\x00\x00\x00\x02\x00\x00\x00\x09"),
		    "<0.87.2>" },
		{ BYTES("\x5a\x00\x03\x77\x03"
			"a@h\x00\x00\x00\x09\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"),
		    "#Ref<0.3.2.1>" },
		{ BYTES("\x78\x77\x03"
			"a@h\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x09"),
		    "#Port<0.5>" },
		{ BYTES("\x71\x77\x05lists\x77\x03map\x61\x02"), "fun lists:map/2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct etf e;

		etf_init(&e, cases[i].ext, cases[i].len);
		assert_true(etf_text(&e, 1024, &out));
		assert_true(etf_done(&e));
		assert_string_equal(strbuf_cstr(&out), cases[i].text);
		strbuf_release(&out);
	}
}

static void
cuts_on_a_character(void **state)
{
	struct strbuf ext = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct etf e;

	(void)state;
	etf_put_binary(&ext, "abcdefgh\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5", 16);
	etf_put_atom(&ext, "next");
	etf_init(&e, ext.data, ext.len);
	assert_true(etf_text(&e, 15, &out));
	assert_string_equal(out.data, "<<\"abcdefgh...");
	assert_true(etf_atom_is(&e, "next"));
	strbuf_release(&ext);
	strbuf_release(&out);
}

static void
stops_at_absurd_depth(void **state)
{
	struct strbuf ext = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct etf e;

	(void)state;
	for (int i = 0; i < 100000; i++)
		etf_put_tuple(&ext, 1);
	etf_put_nil(&ext);
	etf_init(&e, ext.data, ext.len);
	assert_true(etf_text(&e, 1 << 20, &out));
	assert_true(out.len < 3 * ETF_MAX_DEPTH);
	assert_non_null(strstr(out.data, "..."));
	etf_init(&e, ext.data, ext.len);
	assert_false(etf_canonical(&e, SIZE_MAX / 2, &out));
	strbuf_release(&ext);
	strbuf_release(&out);
}

static void
leaves_nothing_of_a_bad_term(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct etf e;

	(void)state;
	strbuf_adds(&out, "before");
	etf_init(&e, "\x68\x02\x77\x02ok", 6);
	assert_false(etf_text(&e, 100, &out));
	assert_string_equal(out.data, "before");
	etf_init(&e, "\x68\x02\x77\x02ok", 6);
	assert_false(etf_canonical(&e, 100, &out));
	assert_string_equal(out.data, "before");
	strbuf_release(&out);
}

static struct strbuf
canonical(const char *ext, size_t len)
{
	struct strbuf out = STRBUF_INIT;
	struct etf e;

	etf_init(&e, ext, len);
	assert_true(etf_canonical(&e, 1000, &out));
	assert_true(etf_done(&e));
	return out;
}

static void
gives_equal_terms_one_form(void **state)
{
	static const struct {
		const char *a;
		size_t a_len;
		const char *b;
		size_t b_len;
	} pairs[] = {
		{ BYTES("\x64\x00\x02ok"), BYTES("\x77\x02ok") },
		{ BYTES("\x76\x00\x02ok"), BYTES("\x77\x02ok") },
		{ BYTES("\x62\x00\x00\x00\x05"), BYTES("\x61\x05") },
		{ BYTES("\x6e\x02\x00\x05\x00"), BYTES("\x61\x05") },
		{ BYTES("\x6c\x00\x00\x00\x02\x61\x01\x61\x02\x6a"), BYTES("\x6b\x00\x02\x01\x02") },
		{ BYTES("\x69\x00\x00\x00\x01\x6a"), BYTES("\x68\x01\x6a") },
		/* #{b => 1, 1 => 2, a => 3} in any order */
		{ BYTES("\x74\x00\x00\x00\x03\x77\x01"
			"b\x61\x01\x61\x01\x61\x02\x77\x01"
			"a\x61\x03"),
		    BYTES("\x74\x00\x00\x00\x03\x61\x01\x61\x02\x77\x01"
			  "a\x61\x03\x77\x01"
			  "b\x61\x01") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct strbuf a = canonical(pairs[i].a, pairs[i].a_len);
		struct strbuf b = canonical(pairs[i].b, pairs[i].b_len);

		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		strbuf_release(&a);
		strbuf_release(&b);
	}
}

static void
refuses_a_form_that_is_too_long(void **state)
{
	struct strbuf ext = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	char big[500] = { 1 };
	struct etf e;

	(void)state;
	etf_put_binary(&ext, big, sizeof(big));
	etf_init(&e, ext.data, ext.len);
	assert_false(etf_canonical(&e, 400, &out));
	assert_int_equal(out.len, 0);
	strbuf_release(&ext);
}

static void
keeps_a_large_term_as_its_text(void **state)
{
	char large[ETF_TERM_MAX + 1];
	struct strbuf ext = STRBUF_INIT;
	struct term *t;
	struct etf e;

	(void)state;
	memset(large, 'x', sizeof(large));
	etf_put_binary(&ext, large, sizeof(large));
	etf_init(&e, ext.data, ext.len);
	t = etf_term(&e);
	assert_true(t->truncated);
	assert_int_equal(strlen(t->text), TERM_TEXT_MAX);
	assert_int_equal(t->ext[0], ETF_BINARY);
	assert_int_equal(t->ext_len, 5 + TERM_TEXT_MAX);
	term_unref(t);
	strbuf_release(&ext);
}

static void
keeps_a_term_whole(void **state)
{
	struct term *t;
	struct etf e;

	(void)state;
	etf_init(&e, "\x68\x02\x64\x00\x02ok\x61\x01", 9);
	t = etf_term(&e);
	assert_false(t->truncated);
	assert_string_equal(t->text, "{ok,1}");
	assert_memory_equal(t->ext, "\x68\x02\x77\x02ok\x61\x01", 8);
	term_unref(t);
	etf_init(&e,
	    "\x6d\x00\x00\x00\x02"
	    "a\xff",
	    7);
	t = etf_term_cut(&e);
	assert_true(t->truncated);
	assert_string_equal(t->text, "a\xef\xbf\xbd");
	term_unref(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_the_vm_does),
		cmocka_unit_test(cuts_on_a_character),
		cmocka_unit_test(stops_at_absurd_depth),
		cmocka_unit_test(leaves_nothing_of_a_bad_term),
		cmocka_unit_test(gives_equal_terms_one_form),
		cmocka_unit_test(refuses_a_form_that_is_too_long),
		cmocka_unit_test(keeps_a_large_term_as_its_text),
		cmocka_unit_test(keeps_a_term_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
