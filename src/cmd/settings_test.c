/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/settings.h"

#include <string.h>

#include "base/testing.h"

static const struct command WATCH = {
	.name = "watch", .options = FOR_WATCH, .usage_exit = EXIT_USAGE, .min_nodes = 1, .max_nodes = 2
};

/* parse runs settings_parse over a NULL-terminated list of words. */
static bool
parse(struct settings *s, struct err *err, const char *const *argv)
{
	int argc = 0;
	bool help;

	while (argv[argc])
		argc++;
	return settings_parse(s, &WATCH, argc, argv, &help, err);
}

#define PARSE(s, err, ...) parse(s, err, (const char *const[]) { "watch", __VA_ARGS__, NULL })

static void
defaults_come_from_the_table(void **state UNUSED)
{
	struct settings s;
	struct err err;

	assert_true(PARSE(&s, &err, "a@h"));
	assert_int_equal(s.interval_ms, 5000);
	assert_string_equal(s.http, "127.0.0.1:4900");
	assert_false(s.http_given);
	assert_false(s.no_inject);
	assert_int_equal(s.node_count, 1);
}

static void
both_spellings_are_understood(void **state UNUSED)
{
	struct settings s;
	struct err err;

	assert_true(PARSE(&s, &err, "--interval", "250", "--http=off", "a@h", "--no-inject", "b@h"));
	assert_int_equal(s.interval_ms, 250);
	assert_string_equal(s.http, "off");
	assert_true(s.http_given);
	assert_true(s.no_inject);
	assert_string_equal(s.nodes[1], "b@h");
}

static void
wrong_words_are_named(void **state UNUSED)
{
	static const char *const bad[][5] = {
		{ "watch", "--intervall", "5", "a@h", NULL },
		{ "watch", "--interval", "abc", "a@h", NULL },
		{ "watch", "--interval", "99", "a@h", NULL },
		{ "watch", "--interval=3600001", "a@h", NULL },
		{ "watch", "--interval=99999999999999999999", "a@h", NULL },
		{ "watch", "a@h", "--cookie-file", NULL },
		{ "watch", "--cookie-file=", "a@h", NULL },
		{ "watch", "--json=yes", "a@h", NULL },
		{ "watch", "--timeout", "500", "a@h", NULL },
		{ "watch", "-n", "a@h", NULL },
		{ "watch", "--store-max", "1023K", "a@h", NULL },
		{ "watch", "--store-max", "9000000T", "a@h", NULL },
		{ "watch", "--store-max", "5X", "a@h", NULL },
		{ "watch", "--store-max", "M", "a@h", NULL },
		{ "watch", "--retention", "24", "a@h", NULL },
		{ "watch", "--retention", "31d", "a@h", NULL },
		{ "watch", "--retention=-1h", "a@h", NULL },
		{ "watch", "a@h", "b@h", "c@h", NULL },
		{ "watch", NULL },
	};
	static const char *const names[] = { "--intervall", "--interval abc", "--interval 99", "--interval 3600001",
		"--interval", "--cookie-file", "--cookie-file", "--json", "--timeout", "-n",
		"--store-max 1023K: not a whole number with nothing, K, M, G or T behind it, from 1M to 1024T",
		"--store-max 9000000T", "--store-max 5X", "--store-max M",
		"--retention 24: not a whole number with s, m, h or d behind it, from 10m to 30d", "--retention 31d",
		"--retention -1h", "c@h", "which node" };
	struct settings s;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *argv[5];

		memcpy(argv, bad[i], sizeof(argv));
		assert_false(parse(&s, &err, argv));
		assert_non_null(strstr(err.text, names[i]));
	}
}

static void
sizes_and_times_have_units(void **state UNUSED)
{
	struct settings s;
	struct err err;

	assert_true(PARSE(&s, &err, "a@h"));
	assert_null(s.store);
	assert_int_equal(s.store_max, 1 << 30);
	assert_int_equal(s.retention_ms, 86400000);
	assert_true(PARSE(&s, &err, "--store", "f", "--store-max", "1500000", "--retention", "90m", "a@h"));
	assert_string_equal(s.store, "f");
	assert_int_equal(s.store_max, 1500000);
	assert_int_equal(s.retention_ms, 5400000);
	assert_true(PARSE(&s, &err, "--store-max=2T", "--retention=7d", "a@h"));
	assert_int_equal(s.store_max, INT64_C(2) << 40);
	assert_int_equal(s.retention_ms, 7 * 86400000);
}

static void
two_dashes_end_the_options(void **state UNUSED)
{
	struct settings s;
	struct err err;

	assert_true(PARSE(&s, &err, "--", "--json"));
	assert_string_equal(s.nodes[0], "--json");
	assert_false(s.json);
}

static void
decimals_are_kept_in_hundredths(void **state UNUSED)
{
	static const struct command replay = {
		.name = "replay", .options = FOR_REPLAY, .usage_exit = EXIT_USAGE, .min_nodes = 1, .max_nodes = 2
	};
	static const struct {
		const char *text;
		int64_t value; /* 0: refused */
	} table[] = { { "2", 200 }, { "2.5", 250 }, { "0.1", 10 }, { "100", 10000 }, { "2.345", 235 }, { "0", 0 },
		{ "0.09", 0 }, { "100.01", 0 }, { "-1", 0 }, { "nan", 0 }, { "1e1", 0 }, { "1.2.3", 0 }, { "x", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *const argv[] = { "replay", "--threshold", table[i].text, "f" };
		struct settings s;
		struct err err;
		bool help;

		assert_int_equal(settings_parse(&s, &replay, 4, argv, &help, &err), table[i].value > 0);
		if (table[i].value > 0)
			assert_int_equal(s.threshold_hundredths, table[i].value);
		else
			assert_non_null(strstr(err.text, "not a number from 0.10 to 100.00"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_come_from_the_table),
		cmocka_unit_test(both_spellings_are_understood),
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(sizes_and_times_have_units),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(decimals_are_kept_in_hundredths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
