/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"

static void
reads(const char *text, const char *host, unsigned port)
{
	struct address a;
	struct err err;

	assert_true(address_parse(&a, text, &err));
	assert_string_equal(a.host, host);
	assert_int_equal(a.port, port);
}

static void
addresses(void **state)
{
	(void)state;
	reads("127.0.0.1:4900", "127.0.0.1", 4900);
	reads("localhost:0", "localhost", 0);
	reads("[::1]:65535", "::1", 65535);
	reads("[fe80::1%eth0]:1", "fe80::1%eth0", 1);
}

static void
bad_addresses(void **state)
{
	static const char *const bad[] = { "", ":", "127.0.0.1", ":4900", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:80 ", "::1:80", "[::1]", "[::1]80", "[]:80", "[127.0.0.1]:80",
		"[::1:80", "a b:80", "http://127.0.0.1:80", "\n:80" };
	char long_one[400];
	struct address a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { "" };

		assert_false(address_parse(&a, bad[i], &err));
		assert_true(*err.text);
	}
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one + 390, ":80", 4);
	assert_false(address_parse(&a, long_one, NULL));
}

static bool
loopback4(const char *ip)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, ip, &in.sin_addr), 1);
	return address_is_loopback((struct sockaddr *)&in);
}

static bool
loopback6(const char *ip)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
	return address_is_loopback((struct sockaddr *)&in6);
}

static void
loopback(void **state)
{
	(void)state;
	assert_true(loopback4("127.0.0.1") && loopback4("127.8.9.1") && loopback6("::1"));
	assert_true(loopback6("::ffff:127.0.0.1"));
	assert_false(loopback4("0.0.0.0") || loopback4("10.0.0.1") || loopback4("128.0.0.1"));
	assert_false(loopback6("::") || loopback6("fe80::1") || loopback6("::ffff:10.0.0.1"));
}

static void
others_need_a_token(void **state)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address a = { "0.0.0.0", 0 };
	struct err err = { "" };
	int fd;

	(void)state;
	assert_int_equal(address_listen(&a, false, text, &err), -1);
	assert_non_null(strstr(err.text, "--token-file"));
	fd = address_listen(&a, true, text, &err);
	assert_true(fd >= 0);
	close(fd);
}

static void
says_where(void **state)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address a = { "127.0.0.1", 0 };
	struct address again;
	struct err err = { "" };
	int fd = address_listen(&a, false, text, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_true(address_parse(&again, text, &err));
	assert_true(again.port > 0);
	assert_int_equal(address_listen(&again, false, text, &err), -1);
	assert_non_null(strstr(err.text, "Address already in use"));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(loopback),
		cmocka_unit_test(others_need_a_token),
		cmocka_unit_test(says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
