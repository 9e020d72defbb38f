/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
/* After the testing header, which brings what cmocka lacks. */
#include "base/attr.h"

#define T0 INT64_C(1700000000000)
#define EVIL "<b>evil\033[2J\"&"

/* In order: what had something, the worst first; what had not; what could not be asked. */
static struct report_brief briefs[] = {
	{ .node = "calm@h", .overall = LEVEL_HEALTHY, .calm = true, .samples = 9, .headline = "Healthy at the end." },
	{ .node = "gone@h", .trouble = "nobody watches it" },
	{ .node = "warm@h", .overall = LEVEL_WARNING, .samples = 9, .headline = "Warning at the end.", .restarts = 3 },
	{ .node = "empty@h", .headline = "No readings of the node." },
	{ .node = EVIL "@h",
	    .overall = LEVEL_CRITICAL,
	    .samples = 9,
	    .headline = "Critical " EVIL,
	    .incidents = 2,
	    .open_incidents = 1,
	    .restarts = 120 },
	{ .node = "back@h", .overall = LEVEL_HEALTHY, .samples = 9, .headline = "1 boot", .restarts = 1 },
};

static struct strbuf sections[2];
static struct strbuf out;

static const char *
write_as(enum report_format format)
{
	const struct fleet f = { .range = { T0, T0 + 3600000 },
		.made_ms = T0,
		.count = ARRAY_LEN(briefs),
		.briefs = briefs,
		.section_count = ARRAY_LEN(sections),
		.sections = sections };

	qsort(briefs, ARRAY_LEN(briefs), sizeof(briefs[0]), brief_compare);
	strbuf_reset(&out);
	fleet_write(&f, format, &out);
	return out.data;
}

static int
setup(void **state)
{
	(void)state;
	strbuf_adds(&sections[0], "\"first\"");
	strbuf_adds(&sections[1], "\"second\"");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&sections[0]);
	strbuf_release(&sections[1]);
	strbuf_release(&out);
	return 0;
}

static void
test_the_worst_comes_first(void **state)
{
	static const char *const order[] = { EVIL "@h", "warm@h", "back@h", "calm@h", "empty@h", "gone@h" };

	(void)state;
	write_as(FORMAT_TEXT);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_string_equal(briefs[i].node, order[i]);
}

static void
test_text(void **state)
{
	const char *text = write_as(FORMAT_TEXT);

	(void)state;
	assert_non_null(strstr(text, "Report of 6 nodes, 2023-11-14 22:13:20 UTC to 2023-11-14 23:13:20 UTC (1 h)"));
	assert_non_null(strstr(text, "3 of 6 nodes had something. At the end 1 critical, 1 warning; 1 incident open."));
	assert_non_null(strstr(text, "nobody watches it"));
	assert_non_null(strstr(text, "1 more had something; ask for each by its name."));
	assert_non_null(strstr(text, "\"second\""));
	assert_null(strchr(text, '\033'));
	assert_true(strstr(text, "warm@h") < strstr(text, "calm@h"));
}

static void
test_html(void **state)
{
	const char *text = write_as(FORMAT_HTML);

	(void)state;
	assert_non_null(strstr(text, "<title>Report: 6 nodes</title>"));
	assert_non_null(strstr(text, "<a href=\"#n1\">warm@h</a>"));
	assert_non_null(strstr(text, "<section class=\"node\" id=\"n1\">\"second\"</section>"));
	assert_null(strstr(text, "#n2"));
	assert_non_null(strstr(text, "Critical &#60;b&#62;evil"));
	assert_null(strstr(text, "<b>evil"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "</html>"));
}

static void
test_json(void **state)
{
	const char *text = write_as(FORMAT_JSON);

	(void)state;
	assert_non_null(strstr(text, "{\"kind\":\"fleet\",\"time_range\":{\"start\":\"2023-11-14T22:13:20.000Z\""));
	assert_non_null(strstr(text,
	    "{\"node\":\"warm@h\",\"overall_status\":\"warning\",\"calm\":false,\"samples\":9,\"headline\":\"Warning "
	    "at "
	    "the end.\",\"incidents\":0,\"open_incidents\":0,\"restarts\":3,\"gave_up\":0,\"trouble\":null}"));
	assert_non_null(strstr(text, "\"reports\":[\"first\",\"second\"],\"reports_left_out\":1}"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_the_worst_comes_first),
		TEST(test_text),
		TEST(test_html),
		TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
