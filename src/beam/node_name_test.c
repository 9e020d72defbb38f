/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/node_name.h"
#include "beam/watch.h"

static void
splits_names(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		const char *host;
		uint16_t port;
	} cases[] = {
		{ "rabbit@localhost", "rabbit@localhost", "localhost", 0 },
		{ "a-b_1@h.example.org", "a-b_1@h.example.org", "h.example.org", 0 },
		{ "a@10.0.0.1:9100", "a@10.0.0.1", "10.0.0.1", 9100 },
		{ "a@h:65535", "a@h", "h", 65535 },
		{ "a@[::1]", "a@::1", "::1", 0 },
		{ "a@[fe80::1%eth0]:1", "a@fe80::1%eth0", "fe80::1%eth0", 1 },
		{ "a@fd00::2", "a@fd00::2", "fd00::2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct node_name n;
		struct err err;

		assert_true(node_name_parse(cases[i].text, &n, &err));
		assert_string_equal(n.name, cases[i].name);
		assert_string_equal(node_name_host(&n), cases[i].host);
		assert_int_equal(n.port, cases[i].port);
	}
}

static void
refuses_what_is_no_name(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{ "", "no node name" },
		{ "rabbit", "no node name" },
		{ "@h", "no name before" },
		{ "a@", "no host behind" },
		{ "a@:5", "no host behind" },
		{ "a@[]", "no host behind" },
		{ "a b@h", "letters, digits" },
		{ "a.b@h", "letters, digits" },
		{ "a@h h", "no host name" },
		{ "a@h@i", "no host name" },
		{ "a@h:", "the port \"\"" },
		{ "a@h:0", "the port \"0\"" },
		{ "a@h:65536", "the port" },
		{ "a@h:99999999999999999999", "the port" },
		{ "a@h:1x", "the port" },
		{ "a@h:-1", "the port" },
		{ "a@[::1", "IPv6" },
		{ "a@[::1]x", "IPv6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[NODE_NAME_MAX + 1];
		uint16_t port;
		struct err err;

		assert_false(beam_parse_node(cases[i].text, name, &port, &err));
		assert_non_null(strstr(err.text, cases[i].reason));
	}
}

static void
holds_the_longest_name_and_no_longer_one(void **state)
{
	char text[NODE_NAME_MAX + 2];
	struct node_name n;
	struct err err;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[100] = '@';
	text[NODE_NAME_MAX] = '\0';
	assert_true(node_name_parse(text, &n, &err));
	text[NODE_NAME_MAX] = 'x';
	text[NODE_NAME_MAX + 1] = '\0';
	assert_false(node_name_parse(text, &n, &err));
	assert_non_null(strstr(err.text, "longer than 255"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_names),
		cmocka_unit_test(refuses_what_is_no_name),
		cmocka_unit_test(holds_the_longest_name_and_no_longer_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
