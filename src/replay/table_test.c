/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/table.h"

#include "base/strbuf.h"
#include "base/testing.h"
#include "replay/fixture.h"

/* read_table writes what the reader makes of the text: a line for each row, then the flaws, or the error. */
static void
read_table(const char *text, size_t size, bool strict, struct strbuf *out)
{
	struct pieces p = pieces_of(text, size);
	struct flaws flaws;
	struct err err;
	struct table *t;
	const struct table_row *row;
	enum read_result result = READ_ERROR;

	flaws_init(&flaws, "f", strict);
	t = table_new(line_reader_new(source_from(pieces_read, &p, "f", &err)), &flaws, &err);
	while (t && (result = table_next(t, &row, &err)) == READ_OK) {
		strbuf_addf(out, "%s%s %s", row->usable ? "" : "-", row->time_text, row->value_text);
		for (size_t i = 0; row->usable && i < row->count; i++)
			strbuf_addf(out, " %s=%g", table_column(t, i), row->cells[i]);
		if (row->usable)
			strbuf_addf(out, " @%lld%s", (long long)row->time_ms, row->gap ? " gap" : "");
		strbuf_addc(out, '\n');
	}
	if (result == READ_ERROR)
		strbuf_addf(out, "! %s\n", err.text);
	flaws_add(&flaws, out);
	table_free(t);
}

static void
check(const char *text, const char *expected)
{
	for (size_t size = 0; size < 4; size++) {
		struct strbuf out = STRBUF_INIT;

		read_table(text, size, false, &out);
		assert_string_equal(strbuf_cstr(&out), expected);
		strbuf_release(&out);
	}
}

static void
check_strict(const char *text, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	read_table(text, 0, true, &out);
	assert_non_null(strstr(strbuf_cstr(&out), expected));
	strbuf_release(&out);
}

static void
series_are_read(void **state)
{
	(void)state;
	check("timestamp,value\n1970-01-01 00:00:01,20.5\n1970-01-01 00:00:02,-1e3\n",
	    "1970-01-01 00:00:01 20.5 value=20.5 @1000\n1970-01-01 00:00:02 -1e3 value=-1000 @2000\n");
	/* A byte order mark, CRLF, quotes, no end of the last line, no header. */
	check("\xef\xbb\xbf\"1\",\"20\"\r\n\r\n2,21", "1 20 value=20 @1000\n2 21 value=21 @2000\n");
	check("value;t_ms\n7;5\n8;6\n", "5 7 value=7 @5\n6 8 value=8 @6\n");
}

static void
tables_of_many_columns_are_read(void **state)
{
	(void)state;
	check("time_ms,a,b\n1,5,\n2,,6\n3,,\n", "1 5 a=5 b=nan @1\n2  a=nan b=6 @2\n-3 \n");
	check("1,5,6\n", "1 5 column 2=5 column 3=6 @1000\n");
	/* Names may be numbers, if that of the times is a name. */
	check("t,7,8\n1,5,6\n", "1 5 7=5 8=6 @1000\n");
}

static void
json_lines_are_read(void **state)
{
	(void)state;
	check("{\"time\":1,\"value\":20.5}\n{\"value\":21,\"time\":\"1970-01-01T00:00:02Z\"}\n",
	    "1 20.5 value=20.5 @1000\n1970-01-01T00:00:02Z 21 value=21 @2000\n");
	check("{\"t_ms\":1,\"a\":1}\n{\"t_ms\":2,\"b\":2}\n{\"t_ms\":3,\"b\":3,\"a\":null}\n",
	    "1 1 a=1 @1\n2  a=nan b=2 @2\n3  a=nan b=3 @3\n");
}

static void
broken_values_are_counted(void **state)
{
	(void)state;
	check("t,v\n1,NaN\n2,inf\n3,0x10\n4,\n5,1e999\n6,1 2\n7,8\n",
	    "-1 NaN\n-2 inf\n-3 0x10\n-4 \n-5 1e999\n-6 1 2\n7 8 v=8 @7000\n"
	    "f: 6 values that are no finite numbers: taken as missing (the first: line 2, column 3: \"NaN\")\n");
	check("t,v\n1,5,6\n2\nx,7\n8,8\n9,\"8\n",
	    "-1 \n-2 \n-x 7\n8 8 v=8 @8000\n- \n"
	    "f: 1 lines that cannot be read: left out (the first: line 6, column 3: a quote that does not end)\n"
	    "f: 2 rows with a wrong number of columns: left out (the first: line 2: 3 instead of 2)\n"
	    "f: 1 times that cannot be read: left out (the first: line 4, column 1: \"x\")\n");
	/* No header, and the first time is broken. */
	check("x,7\n8,8\n",
	    "-x 7\n8 8 value=8 @8000\n"
	    "f: 1 times that cannot be read: left out (the first: line 1, column 1: \"x\")\n");
	check("{\"time\":1,\"v\":1}\n{\"time\":2,\"v\":NaN}\n[]\n{\"v\":3}\n{\"time\":4,\"v\":\"x\",\"host\":\"a\"}\n",
	    "1 1 v=1 @1000\n- \n- \n- \n-4 x\n"
	    "f: 2 lines that cannot be read: left out (the first: line 2, column 17: no JSON: invalid token near "
	    "'NaN')\n"
	    "f: 1 times that cannot be read: left out (the first: line 4: there is no \"time\")\n"
	    "f: 1 values that are no finite numbers: taken as missing (the first: line 5: \"v\" is no number)\n"
	    "f: 1 columns or fields that are no metrics: left out (the first: line 5: \"host\" is no number)\n");
}

static void
times_must_go_on(void **state)
{
	(void)state;
	check("t,v\n10,1\n10,2\n9,3\n11,4\n",
	    "10 1 v=1 @10000\n-10 2\n-9 3\n11 4 v=4 @11000\n"
	    "f: 1 rows with the time of the one before: left out (the first: line 3, column 1: 10 again)\n"
	    "f: 1 rows whose time is before that of an earlier one: left out (the first: line 4, column 1: 9 goes "
	    "back)\n");
	/* The column is that of the row itself. */
	check("v,t\n1,10\n100000,10\n",
	    "10 1 v=1 @10000\n-10 100000\n"
	    "f: 1 rows with the time of the one before: left out (the first: line 3, column 8: 10 again)\n");
	/* A time that is years off, alone, and one from which the recording goes on. */
	check("t,v\n1000000000,1\n2000000000,2\n1000000010,3\n",
	    "1000000000 1 v=1 @1000000000000\n-2000000000 2\n1000000010 3 v=3 @1000000010000\n"
	    "f: 1 times that jump by more than a year: left out, unless what follows goes on from there (the first: "
	    "line 3, column "
	    "1: 2000000000)\n");
	check("t,v\n1000000000,1\n2000000000,2\n2000000010,3\n",
	    "1000000000 1 v=1 @1000000000000\n-2000000000 2\n2000000010 3 v=3 @2000000010000 gap\n"
	    "f: 1 times that jump by more than a year: left out, unless what follows goes on from there (the first: "
	    "line 3, column "
	    "1: 2000000000)\n"
	    "f: 1 gaps, in which samples are missing: passed over; one of twelve samples or more ends what was under "
	    "way (the "
	    "first: line 4: before 2000000010)\n");
	check("t,v\n2000000000,1\n1000000000,2\n1000000010,3\n",
	    "2000000000 1 v=1 @2000000000000\n-1000000000 2\n"
	    "! f: line 4, column 1: 1000000010: time goes back by more than a year, and stays there\n"
	    "f: 1 times that jump by more than a year: left out, unless what follows goes on from there (the first: "
	    "line 3, column "
	    "1: 1000000000)\n");
}

static void
missing_samples_are_seen(void **state)
{
	(void)state;
	check("t,v\n1,1\n2,1\n3,1\n4,1\n6,1\n7,1\n30,1\n31,1\n",
	    "1 1 v=1 @1000\n2 1 v=1 @2000\n3 1 v=1 @3000\n4 1 v=1 @4000\n6 1 v=1 @6000\n7 1 v=1 @7000\n30 1 v=1 @30000 "
	    "gap\n31 1 "
	    "v=1 @31000\n"
	    "f: 2 gaps, in which samples are missing: passed over; one of twelve samples or more ends what was under "
	    "way (the "
	    "first: line 6: before 6)\n");
	/* It is told of the first row that can be used. */
	check("t,v\n1,1\n2,1\n3,1\n4,1\n30,x\n31,1\n",
	    "1 1 v=1 @1000\n2 1 v=1 @2000\n3 1 v=1 @3000\n4 1 v=1 @4000\n-30 x\n31 1 v=1 @31000 gap\n"
	    "f: 1 values that are no finite numbers: taken as missing (the first: line 6, column 4: \"x\")\n"
	    "f: 1 gaps, in which samples are missing: passed over; one of twelve samples or more ends what was under "
	    "way (the "
	    "first: line 6: before 30)\n");
}

static void
what_is_no_table_is_refused(void **state)
{
	(void)state;
	check("", "! f: is empty\n");
	check("\n \n\n", "! f: is empty\n");
	check("hello\nworld\n", "! f: line 1: 1 columns: there must be one of times and 1 to 1024 of values\n");
	check("a,\"b\n", "! f: line 1, column 3: a quote that does not end\n");
	check("a,\"b\"c\n", "! f: line 1, column 3: something behind a quoted field\n");
	check("t,v\n1,\001\n", "! f: line 2, column 3: byte 0x01: this is no text, but binary data\n");
	check("\xff\xfe"
	      "abc",
	    "! f: is UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)\n");
}

static void
strict_makes_errors_of_all(void **state)
{
	(void)state;
	check_strict("t,v\n1,NaN\n", "! f: line 2, column 3: \"NaN\"\n");
	check_strict("t,v\n1,1\n1,1\n", "! f: line 3, column 1: 1 again\n");
	check_strict("t,v\n2,1\n1,1\n", "! f: line 3, column 1: 1 goes back\n");
	check_strict("t,v\n1,1,1\n", "! f: line 2: 3 instead of 2\n");
	check_strict("t,v\n1,1\n2,1\n3,1\n4,1\n6,1\n", "! f: line 6: before 6\n");
}

static void
lines_have_a_bound(void **state)
{
	size_t len = LINE_MAX_BYTES + 100;
	char *text = malloc(len + 1);
	struct strbuf out = STRBUF_INIT;

	(void)state;
	memset(text, '1', len);
	memcpy(text, "t,v\n1,", 6);
	text[len] = '\0';
	read_table(text, 100000, false, &out);
	assert_string_equal(strbuf_cstr(&out), "! f: line 2: longer than 8388608 bytes\n");
	strbuf_release(&out);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_are_read),
		cmocka_unit_test(tables_of_many_columns_are_read),
		cmocka_unit_test(json_lines_are_read),
		cmocka_unit_test(broken_values_are_counted),
		cmocka_unit_test(times_must_go_on),
		cmocka_unit_test(missing_samples_are_seen),
		cmocka_unit_test(what_is_no_table_is_refused),
		cmocka_unit_test(strict_makes_errors_of_all),
		cmocka_unit_test(lines_have_a_bound),
	};

	return cmocka_run_group_tests_name("replay/table", tests, NULL, NULL);
}
