/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/deploys.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "engine/past.h"

#define T0 INT64_C(1705573800000)

static void
compares(const char *before, const char *after, unsigned count, const char *text)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(deploys_compare(&out, before, after), count);
	assert_string_equal(strbuf_cstr(&out), text);
	strbuf_release(&out);
}

static void
what_changed(void **state)
{
	(void)state;
	compares("kernel 8.5\nshop 1.4.2\n", "kernel 8.5\nshop 1.4.2\n", 0, "");
	compares("kernel 8.5\nshop 1.4.2\n", "kernel 8.5\nshop 1.5.0\n", 1, "shop 1.4.2 -> 1.5.0");
	compares("a 1\nshop 1\nz 1\n", "b 1\nshop 2\nz 1\n", 3, "shop 1 -> 2, b 1 (new), a 1 (gone)");
	compares("a 1\nb 1\nc 1\nd 1\ne 1\nf 1\n", "a 2\nb 2\nc 2\nd 2\ne 2\nf 2\n", 6,
	    "a 1 -> 2, b 1 -> 2, c 1 -> 2, d 1 -> 2 and 2 more");
	/* a name that begins like another one */
	compares("shop 1\nshop_web 1\n", "shop 2\nshop_web 1\n", 1, "shop 1 -> 2");
}

/* One version becomes longer, and the last one in a full list has no room any more: it is not gone. */
static void
what_does_not_fit_is_neither_new_nor_gone(void **state)
{
	(void)state;
	compares("a 9\nb 1\nc 1\n\n", "a 10\nb 1\n\n", 1, "a 9 -> 10");
	compares("a 10\nb 1\n\n", "a 9\nb 1\nc 1\n\n", 1, "a 10 -> 9");
	compares("b 1\nba 1\n\n", "aa 1\nb 1\n\n", 1, "aa 1 (new)");
	compares("a 1\nb 1\nc 1\n", "a 1\nb 1\n", 1, "c 1 (gone)");
	compares("a 1\nb 1\nd 1\n\n", "a 1\nd 1\n\n", 1, "b 1 (gone)");
}

/* Whatever a node says: lines without a version, empty ones, no end, control characters, long ones. */
static void
whatever_comes(void **state)
{
	char longest[4096], other[4096];
	struct strbuf out = STRBUF_INIT;

	(void)state;
	compares("", "", 0, "");
	compares("\n", "a", 1, "a  (new)");
	compares("\n\n", "a", 0, "");
	compares("a", "a 1", 1, "a  -> 1");
	compares("a 1\n\n", "a \033[2J\n", 1, "a 1 -> ?[2J");
	memset(longest, 'x', sizeof(longest) - 1);
	memset(other, 'x', sizeof(other) - 1);
	longest[sizeof(longest) - 1] = other[sizeof(other) - 1] = '\0';
	other[100] = ' ';
	assert_int_equal(deploys_compare(&out, longest, other), 2);
	assert_true(out.len < DEPLOY_TEXT);
	strbuf_release(&out);
}

static void
inform(struct engine *e, const char *applications)
{
	struct node_info info = { .otp_release = "26" };

	strcpy(info.applications, applications);
	engine_info(e, &info);
}

static const struct past_deploy *
deploy(const struct engine *e, size_t *it)
{
	return engine_past_deploy(e, INT64_MIN, INT64_MAX, it);
}

static void
the_engine_remembers(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	char list[32];
	size_t it = 0, n = 0;

	(void)state;
	engine_tick(e, T0);
	inform(e, "shop 1\n");
	inform(e, "shop 1\n");
	inform(e, "");
	assert_null(deploy(e, &it));
	engine_tick(e, T0 + 5);
	inform(e, "shop 2\n");
	it = 0;
	assert_string_equal(deploy(e, &it)->text, "shop 1 -> 2");
	assert_null(deploy(e, &it));
	it = 0;
	assert_int_equal(engine_past_deploy(e, T0 + 5, T0 + 5, &it)->time_ms, T0 + 5);
	it = 0;
	assert_null(engine_past_deploy(e, T0 + 6, T0 + 9, &it));
	for (int i = 0; i < 3 * PAST_DEPLOYS; i++) {
		snprintf(list, sizeof(list), "shop %d\n", 100 + i);
		inform(e, list);
	}
	it = 0;
	while (deploy(e, &it))
		n++;
	assert_int_equal(n, PAST_DEPLOYS);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changed),
		cmocka_unit_test(what_does_not_fit_is_neither_new_nor_gone),
		cmocka_unit_test(whatever_comes),
		cmocka_unit_test(the_engine_remembers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
