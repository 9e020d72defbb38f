/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/epmd.h"

static const char REPLY[] = "w\0\x12\x34M\0\0\6\0\5\0\1a\0\0";

static void
asks(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	epmd_ask_port(&out, "rabbit@h", 6);
	assert_int_equal(out.len, 9);
	assert_memory_equal(out.data, "\0\7zrabbit", 9);
	strbuf_reset(&out);
	epmd_ask_names(&out);
	assert_memory_equal(out.data, "\0\1n", 3);
	strbuf_release(&out);
}

static void
reads_a_port_as_it_comes(void **state)
{
	uint16_t port = 0;

	(void)state;
	for (size_t len = 0; len < 10; len++)
		assert_int_equal(epmd_read_port(REPLY, len, &port), EPMD_MORE);
	assert_int_equal(epmd_read_port(REPLY, sizeof(REPLY) - 1, &port), EPMD_PORT_IS);
	assert_int_equal(port, 0x1234);
}

static void
tells_other_answers_apart(void **state)
{
	uint16_t port;

	(void)state;
	assert_int_equal(epmd_read_port("w\1", 2, &port), EPMD_UNKNOWN);
	assert_int_equal(epmd_read_port("w\0\x12\x34M\0\0\5\0\5", 10, &port), EPMD_TOO_OLD);
	assert_int_equal(epmd_read_port("w\0\0\0M\0\0\6\0\5", 10, &port), EPMD_BAD);
	assert_int_equal(epmd_read_port("HTTP", 4, &port), EPMD_BAD);
}

static void
reads_names(void **state)
{
	static const char reply[] = "\0\0\x11\x11name a at port 1\nname b-c at port 22\nname d at port 3\n";
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_true(epmd_read_names(reply, sizeof(reply) - 1, 20, &out));
	assert_string_equal(strbuf_cstr(&out), "a, b-c, d");
	strbuf_reset(&out);
	assert_true(epmd_read_names(reply, sizeof(reply) - 1, 2, &out));
	assert_string_equal(strbuf_cstr(&out), "a, b-c, …");
	strbuf_reset(&out);
	assert_true(epmd_read_names(reply, 4, 2, &out));
	assert_string_equal(strbuf_cstr(&out), "");
	assert_false(epmd_read_names("\0\0", 2, 2, &out));
	assert_false(epmd_read_names("\0\0\0\0nonsense\n", 13, 2, &out));
	strbuf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(reads_a_port_as_it_comes),
		cmocka_unit_test(tells_other_answers_apart),
		cmocka_unit_test(reads_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
