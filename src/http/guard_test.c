/* SPDX-License-Identifier: Apache-2.0 */
#include "http/guard.h"

#include <string.h>

#include "base/testing.h"

static struct head
head_of(const struct header *headers, size_t count)
{
	struct head h = { .get_or_head = true, .host_needed = true, .count = count };

	memcpy(h.headers, headers, count * sizeof(*headers));
	return h;
}

#define HEAD(...) head_of((const struct header[]) { __VA_ARGS__ }, ARRAY_LEN(((const struct header[]) { __VA_ARGS__ })))
#define HOST                             \
	{                                \
		"Host", "127.0.0.1:4900" \
	}

static void
refused(struct head h)
{
	struct err err = { "" };

	assert_int_equal(guard_framing(&h, &err), 400);
	assert_true(*err.text);
}

static void
passed(struct head h)
{
	struct err err;

	assert_int_equal(guard_framing(&h, &err), 0);
}

static void
framing(void **state)
{
	(void)state;
	passed(HEAD(HOST, { "Accept", "a" }, { "Accept", "b" }));
	passed(HEAD(HOST, { "Content-Length", "0" }));
	refused(HEAD({ "Accept", "*/*" }));
	refused(HEAD(HOST, { "host", "x" }));
	refused(HEAD(HOST, { "Host ", "x" }));
	refused(HEAD(HOST, { "", "x" }));
	refused(HEAD(HOST, { "Content-Length", "5" }));
	refused(HEAD(HOST, { "Content-Length", "0" }, { "content-length", "0" }));
	refused(HEAD(HOST, { "Content-Length", "+0" }));
	refused(HEAD(HOST, { "Content-Length", "" }));
	refused(HEAD(HOST, { "Transfer-Encoding", "chunked" }));
	refused(HEAD(HOST, { "Transfer-Encoding", "gzip, chunked" }));
	refused(HEAD(HOST, { "Authorization", "a" }, { "Authorization", "b" }));
}

static void
framing_of_other_methods(void **state)
{
	struct head h = HEAD(HOST, { "Transfer-Encoding", "Chunked" });

	(void)state;
	h.get_or_head = false;
	passed(h);
	h = HEAD(HOST, { "Transfer-Encoding", "gzip, chunked" });
	h.get_or_head = false;
	refused(h);
	h = HEAD(HOST, { "Transfer-Encoding", "chunked" }, { "Content-Length", "3" });
	h.get_or_head = false;
	refused(h);
}

static void
old_clients_need_no_host(void **state)
{
	struct head h = HEAD({ "Accept", "*/*" });

	(void)state;
	h.host_needed = false;
	passed(h);
}

static bool
lets_in(const char *host, const char *uri_host)
{
	struct head h = HEAD({ "Host", host });
	struct err err;

	h.uri_host = uri_host;
	return guard_host(&h, "monitor.example", &err);
}

static void
hosts(void **state)
{
	(void)state;
	assert_true(lets_in("127.0.0.1:4900", NULL) && lets_in("10.1.2.3", NULL) && lets_in("[::1]:80", NULL));
	assert_true(lets_in("localhost:4900", NULL) && lets_in("LOCALHOST", NULL));
	assert_true(lets_in("Monitor.Example:1", NULL) && lets_in("127.0.0.1", "localhost"));
	assert_false(lets_in("evil.example", NULL) || lets_in("evil.example:4900", NULL) || lets_in("", NULL));
	assert_false(
	    lets_in("127.0.0.1.evil.example", NULL) || lets_in("[::1", NULL) || lets_in("localhost.evil", NULL));
	assert_false(lets_in("127.0.0.1", "evil.example"));
}

static void
tokens(void **state)
{
	(void)state;
	assert_true(guard_token("Bearer s3cret", "s3cret"));
	assert_true(guard_token("bearer s3cret", "s3cret"));
	assert_true(guard_token("Basic YW55OnMzY3JldA==", "s3cret")); /* any:s3cret */
	assert_true(guard_token("Basic OnM6M2NyZXQ=", "s:3cret"));    /* :s:3cret */
	assert_false(guard_token(NULL, "s3cret") || guard_token("", "s3cret") || guard_token("s3cret", "s3cret"));
	assert_false(guard_token("Bearer ", "s3cret") || guard_token("Bearer s3cre", "s3cret"));
	assert_false(guard_token("Bearer s3cretx", "s3cret") || guard_token("Bearer s3crets3cret", "s3cret"));
	assert_false(guard_token("Basic s3cret", "s3cret") || guard_token("Basic ", "s3cret"));
	assert_false(guard_token("Basic czNjcmV0", "s3cret")); /* no user, no colon */
	assert_false(guard_token("Bearer ", ""));
}

static void
long_authorizations_are_cut(void **state)
{
	char text[8192] = "Basic ";

	(void)state;
	memset(text + 6, 'A', sizeof(text) - 7);
	text[sizeof(text) - 1] = '\0';
	assert_false(guard_token(text, "s3cret"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing),
		cmocka_unit_test(framing_of_other_methods),
		cmocka_unit_test(old_clients_need_no_host),
		cmocka_unit_test(hosts),
		cmocka_unit_test(tokens),
		cmocka_unit_test(long_authorizations_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
